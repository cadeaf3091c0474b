// SPDX-License-Identifier: Apache-2.0
#include "common/wire/json_check.hpp"

#include <rapidjson/error/error.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "common/base/out_buffer.hpp"
#include "common/wire/json_text.hpp"

static_assert(kpipe::OutBuffer::kPadding >= simdjson::SIMDJSON_PADDING);

namespace kpipe {
namespace {

/// Accepts every event and stops at kMaxDepth; rapidjson itself recurses without a limit otherwise.
struct DepthLimit : rapidjson::BaseReaderHandler<rapidjson::UTF8<>, DepthLimit> {
  std::size_t depth = 0;
  bool StartObject() { return ++depth <= JsonChecker::kMaxDepth; }
  bool StartArray() { return ++depth <= JsonChecker::kMaxDepth; }
  bool EndObject(rapidjson::SizeType) { return depth-- > 0; }
  bool EndArray(rapidjson::SizeType) { return depth-- > 0; }
};

bool rapidjson_accepts(const char* text, std::size_t size) {
  if (!is_valid_utf8({text, size})) return false;
  rapidjson::MemoryStream stream(text, size);
  rapidjson::Reader reader;
  DepthLimit handler;
  constexpr unsigned flags =
      rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseValidateEncodingFlag;
  if (!reader.Parse<flags>(stream, handler)) return false;
  // MemoryStream reads '\0' at its end, so rapidjson takes a NUL inside the text for the end of it.
  return stream.Tell() == size;
}

}  // namespace

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
  if (!parser_->accepts(text, size) && !rapidjson_accepts(text, size)) return false;
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
