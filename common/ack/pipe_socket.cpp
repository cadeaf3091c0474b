// SPDX-License-Identifier: Apache-2.0
#include "common/ack/pipe_socket.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "common/base/error.hpp"

namespace kpipe {
namespace {

/// A directory is usable when it is a real directory of ours that nobody else can enter.
bool is_private_directory(const std::string& path) {
  struct stat st {};
  return ::lstat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == ::geteuid() &&
         (st.st_mode & 077) == 0;
}

std::string boot_id() {
  try {
    return read_file("/proc/sys/kernel/random/boot_id").substr(0, 8);
  } catch (const Error&) {
    return "0";  // not Linux: the inode alone must do
  }
}

std::string socket_directory(bool create) {
  std::vector<std::string> candidates;
  for (const char* variable : {"RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR"}) {
    const char* value = std::getenv(variable);
    if (value != nullptr && value[0] == '/') candidates.emplace_back(value);
  }
  const std::string uid = std::to_string(::geteuid());
  candidates.push_back("/run/user/" + uid);
  for (const std::string& candidate : candidates) {
    if (is_private_directory(candidate)) return candidate;
  }
  std::string fallback = "/tmp/kpipe-" + uid;
  if (create) ::mkdir(fallback.c_str(), 0700);
  // Checked after mkdir, whoever made it: another user may have put a trap there.
  return is_private_directory(fallback) ? fallback : std::string();
}

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

}  // namespace

std::optional<PipeId> pipe_id(int fd) {
  struct stat st {};
  if (::fstat(fd, &st) != 0 || !S_ISFIFO(st.st_mode)) return std::nullopt;
  return PipeId{st.st_dev, st.st_ino};
}

std::string pipe_socket_path(const PipeId& pipe, bool create) {
  static const std::string boot = boot_id();
  const std::string directory = socket_directory(create);
  if (directory.empty()) return {};
  std::string path = directory + "/kpipe-" + boot + "-" + std::to_string(pipe.device) + "-" +
                     std::to_string(pipe.inode);
  return path.size() < sizeof(sockaddr_un::sun_path) ? path : std::string();
}

std::string named_socket_path(const std::string& name, bool create) {
  constexpr std::size_t longest = 64;  // with the directory it must fit into sun_path
  const bool plain = !name.empty() && name.size() <= longest && name[0] != '.' &&
                     std::all_of(name.begin(), name.end(), [](unsigned char c) {
                       return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-';
                     });
  if (!plain) {
    throw Error(Exit::usage, "--pipe: '" + name +
                                 "': not a name (letters, digits, '.', '_' and '-', at most 64)");
  }
  const std::string directory = socket_directory(create);
  if (directory.empty()) return {};
  std::string path = directory + "/kpipe-named-" + name;
  return path.size() < sizeof(sockaddr_un::sun_path) ? path : std::string();
}

UniqueFd listen_on(const std::string& path) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) throw system_error("acknowledgements: socket", errno);
  if (connect_to(path)) {
    throw Error(Exit::temp_fail, "acknowledgements: " + path +
                                     ": another kconsume listens there. Is it running "
                                     "already? Each pipeline needs its own --pipe NAME");
  }
  // What nobody answers on is left over from a process that was killed.
  ::unlink(path.c_str());
  const sockaddr_un address = address_of(path);
  const mode_t mask = ::umask(077);
  const int bound = ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int cause = errno;
  ::umask(mask);
  if (bound != 0) throw system_error("acknowledgements: " + path, cause);
  if (::listen(fd.get(), 4) != 0) throw system_error("acknowledgements: " + path, errno);
  return fd;
}

UniqueFd connect_to(const std::string& path) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) throw system_error("acknowledgements: socket", errno);
  const sockaddr_un address = address_of(path);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return {};
  return fd;
}

bool peer_is_trusted(int socket_fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket_fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == ::geteuid() || peer.uid == 0;
}

}  // namespace kpipe
