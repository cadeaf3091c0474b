// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <thread>

#include "common/base/fd.hpp"

namespace kpipe {

/// Reads a descriptor in a thread of its own while the caller is busy with something else, so that
/// the writer of a pipe does not stand still meanwhile. Between start() and stop() the descriptor
/// and this object belong to that thread; before and after it there is no thread, so nothing here
/// needs a lock.
class ReadAhead {
 public:
  /// As much as a pipeline at full speed brings while a batch is written and flushed.
  static constexpr std::size_t kMost = std::size_t{4} << 20;

  explicit ReadAhead(int fd) : fd_(fd) {}
  ~ReadAhead() { stop(); }
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  /// Nothing happens when there is no room, or no thread to be had: it is for speed alone.
  void start();
  /// Waits for the thread. An error it met is found again by the next read(2) of the caller.
  void stop() noexcept;

  /// What was read and not taken yet.
  std::string_view bytes() const noexcept { return {buffer_.get() + begin_, end_ - begin_}; }
  void take(std::size_t size) noexcept { begin_ += size; }
  /// Behind bytes() there is nothing more.
  bool at_eof() const noexcept { return eof_; }

 private:
  void run() noexcept;

  int fd_;
  UniqueFd wake_;  ///< eventfd(2): readable when the thread is to end
  std::thread thread_;
  std::unique_ptr<char[]> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool eof_ = false;
};

/// start() and stop() around a scope.
class ReadingAhead {
 public:
  /// `ahead` may be null.
  explicit ReadingAhead(ReadAhead* ahead) : ahead_(ahead) {
    if (ahead_ != nullptr) ahead_->start();
  }
  ~ReadingAhead() {
    if (ahead_ != nullptr) ahead_->stop();
  }
  ReadingAhead(const ReadingAhead&) = delete;
  ReadingAhead& operator=(const ReadingAhead&) = delete;

 private:
  ReadAhead* ahead_;
};

}  // namespace kpipe
