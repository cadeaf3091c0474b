// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "common/base/read_ahead.hpp"

namespace kpipe {

/// Splits a descriptor's bytes into lines without copying them: a line is a view into the buffer,
/// valid until the next fill(). The caller decides when to read (poll first, then fill), so that
/// one thread can wait for input, acknowledgements and signals together.
class LineReader {
 public:
  /// Longer lines are an error, not a reason to take all memory: Kafka's own ceiling for a record
  /// is far below.
  static constexpr std::size_t kDefaultMaxLine = std::size_t{128} << 20;
  /// One read(2): as much as a pipe enlarged by F_SETPIPE_SZ may hold.
  static constexpr std::size_t kReadSize = std::size_t{1} << 20;

  explicit LineReader(int fd, std::size_t max_line = kDefaultMaxLine);

  /// The next whole line without its '\n', if one is buffered. At least OutBuffer::kPadding bytes
  /// behind it may be read.
  bool next(std::string_view& line) noexcept;

  enum class Fill { data, eof, would_block };
  /// One read(2), or what was read ahead. Call it only when next() returned false. Throws
  /// Error(io), or Error(data) for a line above the maximum.
  Fill fill();

  /// Bytes for fill() may be read here while the caller does not read; what is there afterwards
  /// comes without a read(2) and without a poll(2) that would say so.
  ReadAhead& ahead() noexcept { return ahead_; }
  bool has_ahead() const noexcept { return !ahead_.bytes().empty() || (ahead_.at_eof() && !eof_); }

  bool at_eof() const noexcept { return eof_; }
  /// Bytes after the last '\n': at EOF, a torn line.
  std::string_view remainder() const noexcept { return {buffer_.get() + begin_, end_ - begin_}; }
  /// Bytes of the input up to the end of the last line returned, for ordering against control
  /// messages.
  std::uint64_t consumed() const noexcept { return consumed_; }
  std::uint64_t lines() const noexcept { return lines_; }

 private:
  ssize_t read_into(char* at);

  int fd_;
  std::size_t max_line_;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_;
  std::size_t begin_ = 0;    ///< first byte of the next line
  std::size_t scanned_ = 0;  ///< no '\n' in [begin_, scanned_)
  std::size_t end_ = 0;      ///< end of what was read
  std::uint64_t consumed_ = 0;
  std::uint64_t lines_ = 0;
  bool eof_ = false;
  ReadAhead ahead_;
};

}  // namespace kpipe
