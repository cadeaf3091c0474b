// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/base/fd.hpp"

namespace kpipe {

/// Names a pipe the same way at both of its ends.
struct PipeId {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;

  bool operator==(const PipeId&) const = default;
};

/// nullopt when `fd` is not a pipe.
std::optional<PipeId> pipe_id(int fd);

/// Where kconsume listens for the process that reads this pipe: a path Unix socket (an abstract one
/// would ignore file modes and cross containers) in the first usable of $RUNTIME_DIRECTORY,
/// $XDG_RUNTIME_DIR, /run/user/UID, /tmp/kpipe-UID. The boot id is in the name because inode
/// numbers start anew after a boot. Empty when no directory is usable; `create` makes
/// /tmp/kpipe-UID.
std::string pipe_socket_path(const PipeId& pipe, bool create);

/// How the two ends find each other. Both empty: by the pipe between them.
struct AckChannel {
  std::string path{};  ///< `--acks`: a FIFO or file of lines, one-way
  std::string name{};  ///< `--pipe`: a socket of this name
};

/// The socket of `--pipe NAME`, in the same directory. Empty when no directory is usable. Throws
/// Error(usage) for a name that is no plain file name.
std::string named_socket_path(const std::string& name, bool create);

/// Binds and listens, replacing a socket file that nobody answers on. The path is removed by the
/// caller. Throws Error(io), or Error(temp_fail) when another process listens there.
UniqueFd listen_on(const std::string& path);

/// A connected non-blocking socket, or empty when nobody listens.
UniqueFd connect_to(const std::string& path);

/// The peer has our uid (or is root): acknowledgements are the power to lose data.
bool peer_is_trusted(int socket_fd);

}  // namespace kpipe
