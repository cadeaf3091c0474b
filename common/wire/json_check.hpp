// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>

namespace kpipe {

/// Decides whether bytes are one JSON text (RFC 8259, valid UTF-8), without changing its meaning or
/// its digits. simdjson decides in the common case; what it refuses for reasons of its own (numbers
/// beyond a double, escapes of lone surrogates) is judged by the grammar, which has the last word.
class JsonChecker {
 public:
  /// Deeper nesting is refused: a hostile record must not exhaust the stack of a reader downstream.
  static constexpr std::size_t kMaxDepth = 256;

  JsonChecker();
  ~JsonChecker();

  /// `text` must have OutBuffer::kPadding readable bytes behind it. On success line breaks between
  /// tokens have become spaces (inside strings JSON has none), so that the text is one line.
  bool check_line(char* text, std::size_t size);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace kpipe
