// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/kafka/contact.hpp"
#include "common/kafka/diagnosis.hpp"
#include "tools/kgroups/check_step.hpp"

namespace kpipe::kgroups {

/// How brokers are reached, from the configuration as librdkafka understood it.
struct Route {
  ConnectionOptions connection;
  Security security;
  std::string user;  ///< sasl.username
  bool checks_certificate = true;
  int family = 0;  ///< AF_UNSPEC, AF_INET or AF_INET6: broker.address.family
};

struct BrokerCheck {
  std::vector<Step> steps;
  std::optional<Contact> contact;  ///< when the broker answered
};

/// resolve, connect, tls, login and api of one broker of -b, in this order; what comes after a
/// failure is skipped. Each step blocks for the timeout of the connection at most.
BrokerCheck check_listed_broker(const BrokerAddress& broker, const Route& route);

/// Whether a broker can be reached at the address where Kafka tells clients to go. `loopback`:
/// the broker that said so was itself reached on this machine.
Step check_advertised_broker(const Broker& broker, const Route& route, bool loopback);

/// The steps tls, login and api, from what a contact came to. Pure but for the clock of `now_s`.
std::vector<Step> contact_steps(const BrokerAddress& broker, const Contact& contact,
                                const Route& route, std::int64_t now_s);

}  // namespace kpipe::kgroups
