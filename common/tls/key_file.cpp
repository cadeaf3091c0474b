// SPDX-License-Identifier: Apache-2.0
#include "common/tls/key_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "common/base/fd.hpp"
#include "common/tls/fault.hpp"

namespace kpipe::tls {
namespace {

Fault system_fault(int error) {
  return Fault(Fault::Kind::format, std::generic_category().message(error));
}

}  // namespace

Secret read_key_file(const std::string& path) {
  // All authorities of the web together have a quarter of a MiB.
  constexpr off_t most = off_t{16} << 20;
  // A FIFO that nobody writes to must not hold us up.
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0) throw system_fault(errno);
  if (S_ISDIR(status.st_mode)) throw system_fault(EISDIR);
  if (!S_ISREG(status.st_mode)) throw Fault(Fault::Kind::format, "it is no regular file");
  if (status.st_size > most) {
    throw Fault(Fault::Kind::format, "it has " + std::to_string(status.st_size) +
                                         " bytes, which no file of keys or certificates has");
  }
  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t size = 0;
  while (size < bytes.size()) {
    const ssize_t n = ::read(fd.get(), bytes.data() + size, bytes.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw system_fault(errno);
    if (n == 0) break;
    size += static_cast<std::size_t>(n);
  }
  bytes.resize(size);
  return Secret(std::move(bytes));
}

}  // namespace kpipe::tls
