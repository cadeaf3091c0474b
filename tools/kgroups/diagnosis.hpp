// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.hpp"

namespace kpipe::kgroups {

// What failures mean and what helps. Pure: nothing is asked of anybody here.

struct BrokerAddress {
  std::string host;
  std::string port;

  std::string text() const;  ///< host:port, an IPv6 address in brackets
};

/// As librdkafka reads bootstrap.servers: "host", "host:port", "[::1]:9092", "ssl://host:9093",
/// separated by commas; without a port 9092.
std::vector<BrokerAddress> parse_brokers(std::string_view list);

/// "localhost" or an address of the loopback network, which means another machine to each reader.
bool is_loopback(std::string_view host);

/// security.protocol and sasl.mechanism as librdkafka has them.
struct Security {
  std::string protocol;  ///< plaintext, ssl, sasl_plaintext, sasl_ssl; in any case of letters
  std::string mechanism;

  bool tls() const;
  bool sasl() const;
};

struct Diagnosis {
  std::string step;
  Exit exit = Exit::ok;
  std::string cause;
  std::string remedy;
};

/// What librdkafka's account of a failed contact means (see Contact::failure). `certificate_error`
/// is X509_V_ERR_* of the certificate that was refused, 0: none; `shown`: the broker showed one.
Diagnosis diagnose_contact(const std::string& failure, const Security& security,
                           int certificate_error, bool shown, std::chrono::milliseconds timeout);

/// getaddrinfo(3)'s failure for a listed broker; no code: no answer within `timeout`.
Diagnosis diagnose_name(std::optional<int> code, std::chrono::milliseconds timeout);

/// The errno of a connect(2); ETIMEDOUT also when our own `timeout` was over.
Diagnosis diagnose_connect(int error, std::chrono::milliseconds timeout);

/// The name in `names` that was probably meant: few letters differ. Empty: none is near.
std::string closest_name(const std::string& name, const std::vector<std::string>& names);

}  // namespace kpipe::kgroups
