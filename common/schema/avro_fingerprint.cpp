// SPDX-License-Identifier: Apache-2.0
#include "common/schema/avro_fingerprint.hpp"

#include <array>
#include <set>
#include <utility>

namespace kpipe {
namespace {

constexpr std::uint64_t empty_fingerprint = 0xc15d213aa4d7a795;

constexpr std::array<std::uint64_t, 256> make_table() {
  std::array<std::uint64_t, 256> table{};
  for (std::uint64_t i = 0; i < 256; ++i) {
    std::uint64_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ (empty_fingerprint & (0 - (value & 1)));
    table[i] = value;
  }
  return table;
}
constexpr std::array<std::uint64_t, 256> table = make_table();

class Canonical {
 public:
  std::string take() { return std::move(out_); }

  void add(const AvroNode& node) {
    switch (node.type) {
      case AvroType::array:
        out_ += R"({"type":"array","items":)";
        add(*node.inner.front());
        out_ += '}';
        break;
      case AvroType::map:
        out_ += R"({"type":"map","values":)";
        add(*node.inner.front());
        out_ += '}';
        break;
      case AvroType::union_: {
        out_ += '[';
        const char* comma = "";
        for (const AvroNode* branch : node.inner) {
          out_ += std::exchange(comma, ",");
          add(*branch);
        }
        out_ += ']';
        break;
      }
      case AvroType::record:
      case AvroType::enum_:
      case AvroType::fixed:
        named(node);
        break;
      default:
        quote(avro_type_name(node.type));
    }
  }

 private:
  /// Names and symbols are letters and digits; the form has no escapes.
  void quote(std::string_view text) {
    out_ += '"';
    out_ += text;
    out_ += '"';
  }

  void named(const AvroNode& node) {
    if (!defined_.insert(&node).second) return quote(node.name);
    out_ += "{\"name\":";
    quote(node.name);
    out_ += ",\"type\":";
    quote(avro_type_name(node.type));
    const char* comma = "";
    if (node.type == AvroType::fixed) {
      out_ += ",\"size\":" + std::to_string(node.size) + "}";
      return;
    }
    out_ += node.type == AvroType::record ? ",\"fields\":[" : ",\"symbols\":[";
    for (const AvroField& field : node.fields) {
      out_ += std::exchange(comma, ",");
      out_ += "{\"name\":";
      quote(field.name);
      out_ += ",\"type\":";
      add(*field.type);
      out_ += '}';
    }
    for (const std::string& symbol : node.symbols) {
      out_ += std::exchange(comma, ",");
      quote(symbol);
    }
    out_ += "]}";
  }

  std::string out_;
  std::set<const AvroNode*> defined_;
};

}  // namespace

std::string avro_canonical_form(const AvroSchema& schema) {
  Canonical canonical;
  canonical.add(schema.root());
  return canonical.take();
}

std::uint64_t avro_fingerprint(std::string_view canonical_form) noexcept {
  std::uint64_t value = empty_fingerprint;
  for (const char c : canonical_form)
    value = value >> 8 ^ table[(value ^ static_cast<std::uint8_t>(c)) & 0xFF];
  return value;
}

}  // namespace kpipe
