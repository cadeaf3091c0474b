// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

namespace kpipe {

/// An append-only byte buffer for building rows: append, remember size() as a mark, truncate() back
/// to it when a half-built row must go. Behind the content there are always at least kPadding
/// readable bytes, so that SIMD parsers may read past the end of a row in place.
class OutBuffer {
 public:
  /// simdjson's SIMDJSON_PADDING.
  static constexpr std::size_t kPadding = 64;

  OutBuffer() = default;
  explicit OutBuffer(std::size_t capacity) { grow(capacity); }

  const char* data() const noexcept { return bytes_.get(); }
  char* data() noexcept { return bytes_.get(); }
  std::size_t size() const noexcept { return size_; }
  std::size_t capacity() const noexcept { return capacity_; }
  bool empty() const noexcept { return size_ == 0; }
  std::string_view view() const noexcept { return {bytes_.get(), size_}; }
  void clear() noexcept { size_ = 0; }
  void truncate(std::size_t size) noexcept { size_ = size; }

  /// Room for `n` more bytes at the returned address; commit what was written with advance().
  char* reserve(std::size_t n) {
    if (n > capacity_ - size_) grow(size_ + n);
    return bytes_.get() + size_;
  }
  void advance(std::size_t n) noexcept { size_ += n; }

  void append(char c) {
    *reserve(1) = c;
    ++size_;
  }
  void append(std::string_view text) {
    if (text.empty()) return;
    std::memcpy(reserve(text.size()), text.data(), text.size());
    size_ += text.size();
  }
  void append_int(std::int64_t value);

 private:
  struct Free {
    void operator()(char* bytes) const noexcept { std::free(bytes); }
  };
  void grow(std::size_t needed);

  std::unique_ptr<char[], Free> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace kpipe
