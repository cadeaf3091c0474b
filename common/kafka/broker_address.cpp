// SPDX-License-Identifier: Apache-2.0
#include "common/kafka/broker_address.hpp"

#include <algorithm>

namespace kpipe {
namespace {

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace

std::string BrokerAddress::text() const {
  return contains(host, ":") ? "[" + host + "]:" + port : host + ":" + port;
}

std::vector<BrokerAddress> parse_brokers(std::string_view list) {
  constexpr std::string_view blanks = " \t";
  std::vector<BrokerAddress> brokers;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    std::string_view one = list.substr(0, comma);
    list.remove_prefix(std::min(comma + 1, list.size()));
    while (!one.empty() && contains(blanks, one.substr(0, 1))) one.remove_prefix(1);
    while (!one.empty() && contains(blanks, one.substr(one.size() - 1))) one.remove_suffix(1);
    if (const std::size_t scheme = one.find("://"); scheme != std::string_view::npos)
      one.remove_prefix(scheme + 3);
    if (one.empty()) continue;
    BrokerAddress broker{{}, "9092"};
    const bool bracketed = one.front() == '[' && contains(one, "]");
    const std::size_t host_end =
        bracketed ? one.find(']') + 1 : std::min(one.find(':'), one.size());
    // More than one colon without brackets: an IPv6 address and nothing else.
    const bool bare_v6 = !bracketed && std::count(one.begin(), one.end(), ':') > 1;
    if (bare_v6) {
      broker.host = one;
    } else {
      broker.host = bracketed ? one.substr(1, host_end - 2) : one.substr(0, host_end);
      if (host_end + 1 < one.size() && one[host_end] == ':') broker.port = one.substr(host_end + 1);
    }
    brokers.push_back(std::move(broker));
  }
  return brokers;
}

bool is_loopback(std::string_view host) {
  return host == "localhost" || host.ends_with(".localhost") ||
         host.starts_with("localhost.localdomain") || host.starts_with("127.") || host == "::1";
}

}  // namespace kpipe
