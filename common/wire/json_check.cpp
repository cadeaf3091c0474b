// SPDX-License-Identifier: Apache-2.0
#include "common/wire/json_check.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cstring>

#include "common/base/out_buffer.hpp"
#include "common/wire/json_grammar.hpp"
#include "common/wire/json_text.hpp"

static_assert(kpipe::OutBuffer::kPadding >= simdjson::SIMDJSON_PADDING);

namespace kpipe {
struct JsonChecker::Parser {
  simdjson::dom::parser dom;
  std::size_t capacity = 0;

  bool accepts(const char* text, std::size_t size) {
    if (size > capacity) {
      capacity = std::max<std::size_t>(2 * size, 65536);
      if (dom.allocate(capacity, kMaxDepth) != simdjson::SUCCESS) {
        capacity = 0;
        return false;
      }
    }
    return dom.parse(text, size, /*realloc_if_needed=*/false).error() == simdjson::SUCCESS;
  }
};

JsonChecker::JsonChecker() : parser_(std::make_unique<Parser>()) {}
JsonChecker::~JsonChecker() = default;

bool JsonChecker::check_line(char* text, std::size_t size) {
  if (size == 0) return false;
  if (!parser_->accepts(text, size) &&
      !(is_valid_utf8({text, size}) && is_json_text({text, size}, kMaxDepth))) {
    return false;
  }
  for (const char line_break : {'\n', '\r'}) {
    char* const end = text + size;
    for (char* at = text; (at = static_cast<char*>(std::memchr(
                               at, line_break, static_cast<std::size_t>(end - at)))) != nullptr;) {
      *at++ = ' ';
    }
  }
  return true;
}

}  // namespace kpipe
