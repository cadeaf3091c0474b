// SPDX-License-Identifier: Apache-2.0
#include "common/base/line_reader.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "common/base/error.hpp"
#include "common/base/out_buffer.hpp"

namespace kpipe {

LineReader::LineReader(int fd, std::size_t max_line)
    : fd_(fd),
      max_line_(max_line),
      buffer_(new char[2 * kReadSize + OutBuffer::kPadding]),
      capacity_(2 * kReadSize),
      ahead_(fd) {}

bool LineReader::next(std::string_view& line) noexcept {
  const void* newline = std::memchr(buffer_.get() + scanned_, '\n', end_ - scanned_);
  if (newline == nullptr) {
    scanned_ = end_;
    return false;
  }
  const std::size_t at =
      static_cast<std::size_t>(static_cast<const char*>(newline) - buffer_.get());
  line = {buffer_.get() + begin_, at - begin_};
  consumed_ += at + 1 - begin_;
  ++lines_;
  begin_ = scanned_ = at + 1;
  return true;
}

/// As read(2) of kReadSize bytes, whose result this is.
ssize_t LineReader::read_into(char* at) {
  const std::string_view ready = ahead_.bytes().substr(0, kReadSize);
  if (ready.empty()) return ahead_.at_eof() ? 0 : ::read(fd_, at, kReadSize);
  std::memcpy(at, ready.data(), ready.size());
  ahead_.take(ready.size());
  return static_cast<ssize_t>(ready.size());
}

LineReader::Fill LineReader::fill() {
  if (eof_) return Fill::eof;
  const std::size_t kept = end_ - begin_;
  if (kept > max_line_) {
    throw Error(Exit::data, "stdin: line " + std::to_string(lines_ + 1) + ": longer than " +
                                std::to_string(max_line_) +
                                " bytes. Is this newline-delimited JSON?");
  }
  if (capacity_ - kept < kReadSize) {
    const std::size_t capacity = capacity_ * 2;
    std::unique_ptr<char[]> bigger(new char[capacity + OutBuffer::kPadding]);
    std::memcpy(bigger.get(), buffer_.get() + begin_, kept);
    buffer_ = std::move(bigger);
    capacity_ = capacity;
  } else if (begin_ > 0 && kept > 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, kept);
  }
  scanned_ -= begin_;
  begin_ = 0;
  end_ = kept;
  for (;;) {
    const ssize_t n = read_into(buffer_.get() + end_);
    if (n > 0) {
      end_ += static_cast<std::size_t>(n);
      return Fill::data;
    }
    if (n == 0) {
      eof_ = true;
      return Fill::eof;
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN) return Fill::would_block;
    throw system_error("stdin", errno);
  }
}

}  // namespace kpipe
