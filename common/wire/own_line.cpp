// SPDX-License-Identifier: Apache-2.0
#include "common/wire/own_line.hpp"

#include <cstddef>
#include <cstring>
#include <limits>

#include "common/wire/json_scan.hpp"
#include "common/wire/json_text.hpp"

namespace kpipe {
namespace {

class Cursor {
 public:
  explicit Cursor(std::string_view line) : at_(line.data()), end_(line.data() + line.size()) {}

  template <std::size_t N>
  bool take(const char (&text)[N]) noexcept {
    if (end_ - at_ < static_cast<std::ptrdiff_t>(N - 1)) return false;
    if (std::memcmp(at_, text, N - 1) != 0) return false;
    at_ += N - 1;
    return true;
  }

  bool take_count(std::int64_t& number) noexcept {
    constexpr std::ptrdiff_t cannot_overflow = 18;
    const char* const begin = at_;
    number = 0;
    while (at_ != end_ && *at_ >= '0' && *at_ <= '9' && at_ - begin < cannot_overflow) {
      number = number * 10 + (*at_++ - '0');
    }
    const std::ptrdiff_t digits = at_ - begin;
    return digits == 1 || (digits > 1 && *begin != '0');  // what follows says where it ends
  }

  /// `at` is behind the opening quote.
  bool take_topic(std::string_view& topic) noexcept {
    const JsonStringEnd string = json_string_end(at_, end_);
    if (string.end == nullptr || string.has_escapes || string.end - at_ < 2) return false;
    topic = {at_, static_cast<std::size_t>(string.end - at_ - 1)};
    at_ = string.end;
    return true;
  }

  bool take_value(JsonText& value) noexcept {
    if (at_ == end_) return false;
    switch (*at_) {
      case '{':
        return ends(JsonKind::object, json_nested_end(at_ + 1, end_, '}'), value);
      case '[':
        return ends(JsonKind::array, json_nested_end(at_ + 1, end_, ']'), value);
      case '"':
        return ends(JsonKind::string, json_string_end(at_ + 1, end_).end, value);
      case 'n':
        return take("null") && ends_null(value);
      default:
        return false;
    }
  }

  bool at_last_brace() const noexcept { return end_ - at_ == 1 && *at_ == '}'; }

 private:
  bool ends(JsonKind kind, const char* end, JsonText& value) noexcept {
    if (end == nullptr) return false;
    value = {kind, {at_, static_cast<std::size_t>(end - at_)}};
    at_ = end;
    return true;
  }
  bool ends_null(JsonText& value) const noexcept {
    value = {JsonKind::null, {at_ - 4, 4}};
    return true;
  }

  const char* at_;
  const char* end_;
};

}  // namespace

bool read_own_line(std::string_view line, Record& record) noexcept {
  record = Record{};
  Cursor cursor(line);
  std::int64_t partition = 0;
  std::int64_t timestamp = 0;
  const bool is_own = cursor.take("{\"topic\":\"") && cursor.take_topic(record.topic) &&
                      cursor.take(",\"partition\":") && cursor.take_count(partition) &&
                      cursor.take(",\"offset\":") && cursor.take_count(record.offset) &&
                      (!cursor.take(",\"gen\":") || cursor.take_count(record.generation)) &&
                      cursor.take(",\"timestamp\":") && cursor.take_count(timestamp) &&
                      cursor.take(",\"key\":") && cursor.take_value(record.key) &&
                      cursor.take(",\"headers\":") && cursor.take_value(record.headers) &&
                      cursor.take(",\"value\":") && cursor.take_value(record.value) &&
                      cursor.at_last_brace();
  if (!is_own || partition > std::numeric_limits<std::int32_t>::max()) return false;
  record.partition = static_cast<std::int32_t>(partition);
  record.timestamp_ms = timestamp;
  return is_valid_utf8(line);
}

}  // namespace kpipe
