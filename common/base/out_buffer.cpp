// SPDX-License-Identifier: Apache-2.0
#include "common/base/out_buffer.hpp"

#include <algorithm>
#include <charconv>

namespace kpipe {

void OutBuffer::append_int(std::int64_t value) {
  constexpr std::size_t longest = 20;  // "-9223372036854775808"
  char* at = reserve(longest);
  size_ += static_cast<std::size_t>(std::to_chars(at, at + longest, value).ptr - at);
}

void OutBuffer::grow(std::size_t needed) {
  const std::size_t capacity = std::max(needed, capacity_ * 2);
  std::unique_ptr<char[]> bigger(new char[capacity + kPadding]);
  if (size_ > 0) std::memcpy(bigger.get(), bytes_.get(), size_);
  std::memset(bigger.get() + capacity, 0, kPadding);
  bytes_ = std::move(bigger);
  capacity_ = capacity;
}

}  // namespace kpipe
