// SPDX-License-Identifier: Apache-2.0
#include "common/schema/avro_default.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "common/base/parse.hpp"

namespace kpipe {
namespace {

/// A default is a constant of a few bytes. But records whose fields have records for defaults, and
/// unions of such, double with each level.
constexpr std::size_t max_size = 1 << 20;
constexpr std::size_t max_values = 1 << 17;

class Encoder {
 public:
  explicit Encoder(std::string& out) : out_(out), limit_(out.size() + max_size) {}

  bool encode(const JsonTree& json, const AvroNode& type, std::size_t depth = 0) {
    if (depth > AvroSchema::kMaxDepth || out_.size() > limit_ || ++values_ > max_values)
      return false;
    switch (type.type) {
      case AvroType::null:
        return json.kind == JsonKind::null;
      case AvroType::boolean:
        if (json.kind != JsonKind::boolean) return false;
        out_ += json.text == "true" ? '\1' : '\0';
        return true;
      case AvroType::int_:
        return number(json, std::numeric_limits<std::int32_t>::min(),
                      std::numeric_limits<std::int32_t>::max());
      case AvroType::long_:
        return number(json, std::numeric_limits<std::int64_t>::min(),
                      std::numeric_limits<std::int64_t>::max());
      case AvroType::float_:
        return floating<float>(json);
      case AvroType::double_:
        return floating<double>(json);
      case AvroType::string:
        if (!json.is_string()) return false;
        append_avro_long(out_, static_cast<std::int64_t>(json.text.size()));
        out_ += json.text;
        return true;
      case AvroType::bytes:
      case AvroType::fixed:
        return bytes(json, type);
      case AvroType::enum_: {
        const auto at = std::find(type.symbols.begin(), type.symbols.end(), json.text);
        if (!json.is_string() || at == type.symbols.end()) return false;
        append_avro_long(out_, at - type.symbols.begin());
        return true;
      }
      case AvroType::array:
        return items(json, type, depth);
      case AvroType::map:
        return entries(json, type, depth);
      case AvroType::record:
        return record(json, type, depth);
      case AvroType::union_:
        return branch(json, type, depth);
    }
    return false;
  }

 private:
  bool number(const JsonTree& json, std::int64_t least, std::int64_t most) {
    if (json.kind != JsonKind::number) return false;
    const auto value = parse_int(json.text);
    if (!value || *value < least || *value > most) return false;
    append_avro_long(out_, *value);
    return true;
  }

  template <typename Float>
  bool floating(const JsonTree& json) {
    Float value{};
    if (json.kind == JsonKind::number) {
      const char* const end = json.text.data() + json.text.size();
      if (std::from_chars(json.text.data(), end, value).ec != std::errc{}) return false;
    } else if (json.is_string()) {
      // JSON has no numbers for these; the names are those of Java and of JavaScript.
      if (json.text == "NaN") {
        value = std::numeric_limits<Float>::quiet_NaN();
      } else if (json.text == "Infinity" || json.text == "INF") {
        value = std::numeric_limits<Float>::infinity();
      } else if (json.text == "-Infinity" || json.text == "-INF") {
        value = -std::numeric_limits<Float>::infinity();
      } else {
        return false;
      }
    } else {
      return false;
    }
    char raw[sizeof value];
    std::memcpy(raw, &value, sizeof value);
    out_.append(raw, sizeof raw);
    return true;
  }

  /// Characters U+0000 to U+00FF are the bytes 0 to 255.
  bool bytes(const JsonTree& json, const AvroNode& type) {
    if (!json.is_string()) return false;
    std::string raw;
    for (std::size_t i = 0; i < json.text.size(); ++i) {
      auto c = static_cast<std::uint8_t>(json.text[i]);
      if (c >= 0x80) {
        if (c > 0xC3) return false;
        c = static_cast<std::uint8_t>((c & 3) << 6 |
                                      (static_cast<std::uint8_t>(json.text[++i]) & 0x3F));
      }
      raw += static_cast<char>(c);
    }
    if (type.type == AvroType::fixed) {
      if (raw.size() != type.size) return false;
    } else {
      append_avro_long(out_, static_cast<std::int64_t>(raw.size()));
    }
    out_ += raw;
    return true;
  }

  bool items(const JsonTree& json, const AvroNode& type, std::size_t depth) {
    if (json.kind != JsonKind::array) return false;
    if (!json.items.empty()) append_avro_long(out_, static_cast<std::int64_t>(json.items.size()));
    for (const JsonTree& item : json.items)
      if (!encode(item, *type.inner.front(), depth + 1)) return false;
    out_ += '\0';
    return true;
  }

  bool entries(const JsonTree& json, const AvroNode& type, std::size_t depth) {
    if (json.kind != JsonKind::object) return false;
    if (!json.items.empty()) append_avro_long(out_, static_cast<std::int64_t>(json.items.size()));
    for (std::size_t i = 0; i < json.items.size(); ++i) {
      append_avro_long(out_, static_cast<std::int64_t>(json.names[i].size()));
      out_ += json.names[i];
      if (!encode(json.items[i], *type.inner.front(), depth + 1)) return false;
    }
    out_ += '\0';
    return true;
  }

  bool record(const JsonTree& json, const AvroNode& type, std::size_t depth) {
    if (json.kind != JsonKind::object) return false;
    for (const AvroField& field : type.fields) {
      const JsonTree* value = json.find(field.name);
      if (value == nullptr && field.default_value) value = &*field.default_value;
      if (value == nullptr || !encode(*value, *field.type, depth + 1)) return false;
    }
    return true;
  }

  /// The first branch that takes it. Before Avro 1.12 it had to be the very first.
  bool branch(const JsonTree& json, const AvroNode& type, std::size_t depth) {
    const std::size_t begin = out_.size();
    for (std::size_t i = 0; i < type.inner.size(); ++i) {
      append_avro_long(out_, static_cast<std::int64_t>(i));
      if (encode(json, *type.inner[i], depth + 1)) return true;
      out_.resize(begin);
    }
    return false;
  }

  std::string& out_;
  std::size_t limit_;
  std::size_t values_ = 0;
};

}  // namespace

void append_avro_long(std::string& out, std::int64_t value) {
  std::uint64_t bits =
      static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
  for (; bits >= 0x80; bits >>= 7) out += static_cast<char>(bits | 0x80);
  out += static_cast<char>(bits);
}

std::string encode_avro_default(const JsonTree& value, const AvroNode& type, std::string& out) {
  return Encoder(out).encode(value, type) ? "" : "is no " + type.describe();
}

}  // namespace kpipe
