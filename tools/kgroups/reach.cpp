// SPDX-License-Identifier: Apache-2.0
#include "tools/kgroups/reach.hpp"

#include <netdb.h>
#include <poll.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <thread>

#include "common/base/fd.hpp"
#include "common/base/stop.hpp"

namespace kpipe::kgroups {
namespace {

/// Outlives the one who asked.
struct Question {
  std::mutex mutex;
  std::condition_variable answered;
  Resolution resolution;
};

std::vector<NetAddress> to_addresses(const addrinfo* list) {
  std::vector<NetAddress> addresses;
  for (const addrinfo* info = list; info != nullptr; info = info->ai_next) {
    NetAddress address;
    std::memcpy(&address.storage, info->ai_addr, info->ai_addrlen);
    address.size = info->ai_addrlen;
    addresses.push_back(address);
  }
  return addresses;
}

}  // namespace

std::string NetAddress::text() const {
  std::array<char, NI_MAXHOST> host{};
  const int code = ::getnameinfo(reinterpret_cast<const sockaddr*>(&storage), size, host.data(),
                                 host.size(), nullptr, 0, NI_NUMERICHOST);
  return code == 0 ? host.data() : "?";
}

Resolution resolve(const BrokerAddress& broker, int family, std::chrono::milliseconds timeout) {
  const auto question = std::make_shared<Question>();
  std::thread([question, broker, family] {
    addrinfo hints{};
    hints.ai_family = family;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    addrinfo* list = nullptr;
    const int code = ::getaddrinfo(broker.host.c_str(), broker.port.c_str(), &hints, &list);
    const std::lock_guard lock(question->mutex);
    question->resolution.code = code;
    if (code == 0) {
      question->resolution.addresses = to_addresses(list);
      ::freeaddrinfo(list);
    }
    question->resolution.answered = true;
    question->answered.notify_one();
  }).detach();
  std::unique_lock lock(question->mutex);
  question->answered.wait_for(lock, timeout, [&] { return question->resolution.answered; });
  return question->resolution;
}

Connection try_connect(const NetAddress& address, std::chrono::milliseconds timeout) {
  Connection connection;
  const UniqueFd fd(
      ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return {errno, {}};
  const auto* const where = reinterpret_cast<const sockaddr*>(&address.storage);
  if (::connect(fd.get(), where, address.size) != 0) {
    if (errno != EINPROGRESS) return {errno, {}};
    std::array<pollfd, 2> waits{{{fd.get(), POLLOUT, 0}, {stop::fd(), POLLIN, 0}}};
    const int ready = ::poll(waits.data(), waits.size(), static_cast<int>(timeout.count()));
    if (ready < 0 || waits[1].revents != 0) return {EINTR, {}};
    if (ready == 0) return {ETIMEDOUT, {}};
    socklen_t size = sizeof connection.error;
    if (::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &connection.error, &size) != 0)
      return {errno, {}};
  }
  NetAddress ours;
  ours.size = sizeof ours.storage;
  if (connection.error == 0 &&
      ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&ours.storage), &ours.size) == 0)
    connection.our_text = ours.text();
  return connection;
}

}  // namespace kpipe::kgroups
