// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/out_buffer.hpp"

// What every target shares. A target is one LLVMFuzzerTestOneInput() that feeds foreign bytes to a
// reader and holds what comes out against an oracle; a broken promise is require()d to end the
// process, so that libFuzzer keeps the input.

namespace kpipe::fuzz {

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Ends the process, naming the promise and the texts that break it.
inline void require(bool holds, const char* promise,
                    std::initializer_list<std::string_view> texts = {}) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", promise);
  for (const std::string_view text : texts) {
    std::fputs("  [", stderr);
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte >= 0x20 && byte < 0x7F && c != '\\') {
        std::fputc(c, stderr);
      } else {
        std::fprintf(stderr, "\\x%02x", byte);
      }
    }
    std::fputs("]\n", stderr);
  }
  std::abort();
}

/// A text in memory of exactly its size and the bytes that readers may read behind it, so that
/// AddressSanitizer sees one byte more. `behind` fills these: what a reader says must not depend
/// on them.
class Padded {
 public:
  explicit Padded(std::string_view text, char behind = '\0')
      : size_(text.size()), bytes_(new char[text.size() + OutBuffer::kPadding]) {
    if (!text.empty()) std::memcpy(bytes_.get(), text.data(), text.size());
    std::memset(bytes_.get() + size_, behind, OutBuffer::kPadding);
  }
  char* data() noexcept { return bytes_.get(); }
  std::string_view view() const noexcept { return {bytes_.get(), size_}; }

 private:
  std::size_t size_;
  std::unique_ptr<char[]> bytes_;
};

}  // namespace kpipe::fuzz
