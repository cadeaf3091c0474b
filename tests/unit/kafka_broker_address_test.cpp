// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "common/kafka/broker_address.hpp"

namespace kpipe {
namespace {

TEST(BrokerAddresses, isReadAsLibrdkafkaReadsIt) {
  std::string text;
  for (const BrokerAddress& broker :
       parse_brokers("a, b:1 ,ssl://c.example:9093,[::1]:9094,fe80::2,[::3],,SASL_SSL://d"))
    text += broker.text() + " ";
  EXPECT_EQ(text, "a:9092 b:1 c.example:9093 [::1]:9094 [fe80::2]:9092 [::3]:9092 d:9092 ");
  EXPECT_TRUE(parse_brokers("").empty());
}

TEST(BrokerLoopback, isAnotherMachineToEachReader) {
  EXPECT_TRUE(is_loopback("localhost"));
  EXPECT_TRUE(is_loopback("127.0.1.1"));
  EXPECT_TRUE(is_loopback("::1"));
  EXPECT_FALSE(is_loopback("localhost-1.example"));
  EXPECT_FALSE(is_loopback("10.0.0.127"));
}

}  // namespace
}  // namespace kpipe
