// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <string_view>

#include "common/base/out_buffer.hpp"

namespace kpipe::unit {

/// A text with the readable bytes behind it that the parsers ask for, each of them `behind`.
class Padded {
 public:
  explicit Padded(std::string_view text, char behind = '\0') : buffer_(text.size()) {
    buffer_.append(text);
    std::memset(buffer_.data() + text.size(), behind, OutBuffer::kPadding);
  }
  std::string_view view() const noexcept { return buffer_.view(); }
  char* data() noexcept { return buffer_.data(); }

 private:
  OutBuffer buffer_;
};

}  // namespace kpipe::unit
