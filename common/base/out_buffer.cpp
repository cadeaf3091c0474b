// SPDX-License-Identifier: Apache-2.0
#include "common/base/out_buffer.hpp"

#include <algorithm>
#include <charconv>
#include <new>

namespace kpipe {

void OutBuffer::append_int(std::int64_t value) {
  constexpr std::size_t longest = 20;  // "-9223372036854775808"
  char* at = reserve(longest);
  size_ += static_cast<std::size_t>(std::to_chars(at, at + longest, value).ptr - at);
}

void OutBuffer::grow(std::size_t needed) {
  const std::size_t capacity = std::max(needed, capacity_ * 2);
  // Large blocks are moved by the kernel: not copied, and never there twice.
  char* const bigger = static_cast<char*>(std::realloc(bytes_.get(), capacity + kPadding));
  if (bigger == nullptr) throw std::bad_alloc();
  static_cast<void>(bytes_.release());
  bytes_.reset(bigger);
  std::memset(bigger + capacity, 0, kPadding);
  capacity_ = capacity;
}

}  // namespace kpipe
