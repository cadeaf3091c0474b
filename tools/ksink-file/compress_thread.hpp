// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "common/base/out_buffer.hpp"
#include "tools/ksink-file/compressor.hpp"

namespace kpipe {

/// Compresses what it is given in a thread of its own, in order, while the caller reads and decodes
/// what comes next. From give() to wait() the compressor and the output belong to the thread.
class CompressThread {
 public:
  CompressThread() = default;
  ~CompressThread();
  CompressThread(const CompressThread&) = delete;
  CompressThread& operator=(const CompressThread&) = delete;

  /// Appends the compressed `bytes` to `out`, sooner or later; leaves an empty buffer in their
  /// place. Waits while too much is given and not done. `compressor` and `out` are the same from
  /// one wait() to the next.
  void give(OutBuffer& bytes, Compressor& compressor, OutBuffer& out);

  /// Until all that was given is done; throws what went wrong with it.
  void wait();
  /// Forgets what was given; some of it is in the compressor and the output.
  void abandon() noexcept;

 private:
  /// Of a few hundred KiB each: enough to bridge what the other side does in one piece.
  static constexpr std::size_t kMostWaiting = 4;

  bool start();
  void run() noexcept;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<OutBuffer> waiting_;
  std::vector<OutBuffer> spare_;
  std::exception_ptr failure_;
  bool busy_ = false;
  bool ends_ = false;
  Compressor* compressor_ = nullptr;
  OutBuffer* out_ = nullptr;
  std::thread thread_;  ///< from the first give() on
};

}  // namespace kpipe
