// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "common/kafka/broker_address.hpp"

namespace kpipe::kgroups {

/// One address of a name, with its port.
struct NetAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  std::string text() const;  ///< without the port
};

struct Resolution {
  std::vector<NetAddress> addresses;
  bool answered = false;  ///< within the time
  int code = 0;           ///< getaddrinfo(3)'s; 0: found
};

/// All addresses of the broker's name, of one family where AF_INET or AF_INET6 is asked for. A name
/// server that does not answer is left behind after `timeout`, in a thread that ends some day.
Resolution resolve(const BrokerAddress& broker, int family, std::chrono::milliseconds timeout);

struct Connection {
  int error = 0;  ///< an errno; ETIMEDOUT after `timeout`, EINTR after a signal; 0: connected
  std::string our_text;  ///< our own address, which a firewall must let through
};

/// Opens a TCP connection and closes it.
Connection try_connect(const NetAddress& address, std::chrono::milliseconds timeout);

}  // namespace kpipe::kgroups
