// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kpipe {

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

}  // namespace kpipe
