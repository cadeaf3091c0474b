// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

namespace kpipe {

/// What both sinks let the user choose about batches and acknowledgements.
struct SinkOptions {
  /// Most records in one transaction (or one synced write).
  std::size_t batch_size = 50'000;
  /// Most bytes of lines held before they are stored.
  std::size_t batch_bytes = std::size_t{16} << 20;
  /// Longest time between a batch's first record and its storing. When the user gave none it is one
  /// second, and a batch is also stored as soon as the input goes idle.
  std::optional<std::chrono::milliseconds> batch_timeout;
  /// A FIFO or file that takes the acknowledgements instead of the socket. Empty: the socket.
  std::string acks;
  /// Name of the socket, where the pipe does not lead to it. Empty: by the pipe.
  std::string pipe_name;
  /// Name of this sink in its stored offsets. Empty: the sink derives it from its target.
  std::string sink_id;
};

}  // namespace kpipe
