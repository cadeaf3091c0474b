// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tools/ksink-pg/pg_tls.hpp"

namespace kpipe {
namespace {

TEST(KsinkPgHosts, what_stays_on_this_machine) {
  for (const char* hosts : {"", "/run/postgresql", "@abstract", "localhost", "127.0.0.1",
                            "127.200.0.9", "::1", "/run/postgresql,localhost", "127.0.0.1,"}) {
    EXPECT_TRUE(stays_on_this_machine(hosts, "")) << hosts;
  }
  for (const char* hosts : {"db", "127.example.com", "128.0.0.1", "10.0.0.1", "fe80::1", "::2",
                            "localhost,db", "db,localhost", "/run/postgresql,10.0.0.1", ",db"}) {
    EXPECT_FALSE(stays_on_this_machine(hosts, "")) << hosts;
  }
}

TEST(KsinkPgHosts, an_address_counts_instead_of_its_host) {
  EXPECT_TRUE(stays_on_this_machine("db", "127.0.0.1"));
  EXPECT_TRUE(stays_on_this_machine("", "::1"));
  EXPECT_FALSE(stays_on_this_machine("localhost", "10.0.0.1"));
  EXPECT_FALSE(stays_on_this_machine("db,db", "127.0.0.1,"));
  EXPECT_TRUE(stays_on_this_machine("db,localhost", "127.0.0.1,"));
}

TEST(KsinkPgHosts, refusals_of_tls) {
  const std::string at = "connection to server at \"db\" (10.0.0.1), port 5432 failed: ";
  for (const char* what :
       {"SSL error: certificate verify failed",
        "server certificate for \"a\" does not match host name \"db\"",
        "server certificate for \"a\" (and 2 other names) does not match host name \"db\"",
        "server does not support SSL, but SSL was required",
        "root certificate file \"/x/root.crt\" does not exist"}) {
    EXPECT_TRUE(is_tls_refusal(at + what)) << what;
    EXPECT_TRUE(is_tls_refusal(at + what + ". " + at + what)) << what;
    EXPECT_FALSE(is_tls_refusal(at + what + ". " + at + "Connection refused"))
        << "another host may come back";
  }
  EXPECT_FALSE(is_tls_refusal(at + "Connection refused"));
  EXPECT_FALSE(is_tls_refusal(at + "SSL SYSCALL error: EOF detected"));
  EXPECT_FALSE(is_tls_refusal(""));
}

}  // namespace
}  // namespace kpipe
