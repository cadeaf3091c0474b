// SPDX-License-Identifier: Apache-2.0
// One level of a foreign object or array, taken apart.
#include "common/wire/json_reader.hpp"

#include "common/wire/json_check.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/reference_json.hpp"

namespace {

using namespace kpipe;
using namespace kpipe::fuzz;

struct Part {
  std::string name, raw;
  JsonKind kind = JsonKind::null;

  bool operator==(const Part&) const = default;
};
using Parts = std::optional<std::vector<Part>>;

Parts read_object(std::string_view text, char behind) {
  static JsonReader reader;
  const Padded padded(text, behind);
  std::vector<JsonField> fields;
  if (!reader.object(padded.view(), fields)) return std::nullopt;
  std::vector<Part> parts;
  for (const JsonField& field : fields)
    parts.push_back({std::string(field.name), std::string(field.value.raw), field.value.kind});
  return parts;
}

Parts read_array(std::string_view text, char behind) {
  static JsonReader reader;
  const Padded padded(text, behind);
  std::vector<JsonText> elements;
  if (!reader.array(padded.view(), elements)) return std::nullopt;
  std::vector<Part> parts;
  for (const JsonText& element : elements)
    parts.push_back({"", std::string(element.raw), element.kind});
  return parts;
}

Parts expected(const Json& value) {
  std::vector<Part> parts;
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    if (i < value.names.size() && !value.names[i].text) return std::nullopt;
    parts.push_back({i < value.names.size() ? *value.names[i].text : "",
                     std::string(value.items[i].raw), value.items[i].kind});
  }
  return parts;
}

/// Scalars are read to the end, apart from the escapes in strings; of what is nested only that it
/// is closed.
void require_sound(const Part& part, std::string_view text) {
  const auto value = parse_json(part.raw);
  const JsonText read{part.kind, part.raw};
  switch (part.kind) {
    case JsonKind::object:
    case JsonKind::array: {
      const bool object = part.kind == JsonKind::object;
      require(part.raw.size() > 1 && part.raw.front() == (object ? '{' : '[') &&
                  part.raw.back() == (object ? '}' : ']'),
              "what is nested is closed", {text, part.raw});
      break;
    }
    case JsonKind::string: {
      std::string characters;
      const bool good = append_unescaped(characters, part.raw);
      require(good == (value && value->text), "a string or not", {text, part.raw});
      require(!good || characters == *value->text, "a string's characters", {text, part.raw});
      require(plain_string(read).value_or(characters) == characters, "a plain string's characters",
              {text, part.raw});
      break;
    }
    default:
      require(value && value->kind == part.kind && value->raw == part.raw, "a scalar is one",
              {text, part.raw});
      require(json_int(read) == as_int(*value), "a whole number", {text, part.raw});
  }
}

template <typename Read>
void examine(std::string_view text, const std::optional<Json>& value, JsonKind kind, Read read) {
  const Parts got = read(text, '\0');
  for (const char behind : {'"', '}', ',', '1', '\\'}) {
    require(read(text, behind) == got, "what stands behind a text does not matter", {text});
  }
  if (value && value->depth <= JsonChecker::kMaxDepth) {
    require(got == (value->kind == kind ? expected(*value) : std::nullopt), "one level of JSON",
            {text});
  }
  if (!got) return;
  for (const Part& part : *got) require_sound(part, text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text(data, size);
  const auto value = parse_json(text);
  examine(text, value, JsonKind::object, read_object);
  examine(text, value, JsonKind::array, read_array);
  return 0;
}
