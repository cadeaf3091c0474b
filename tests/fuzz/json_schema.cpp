// SPDX-License-Identifier: Apache-2.0
// A JSON Schema and a value, a NUL between them. Neither may crash or hold up the reader; what is
// learned of a value is satisfied by it; numbers are ordered in one way only.
#include <stdexcept>

#include "common/schema/json_schema.hpp"
#include "common/schema/json_schema_learn.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using namespace kpipe;

void collect_numbers(const JsonTree& tree, std::vector<JsonNumber>& numbers) {
  if (tree.kind == JsonKind::number && numbers.size() < 20) numbers.emplace_back(tree.text);
  for (const JsonTree& item : tree.items) collect_numbers(item, numbers);
}

void check_numbers(const JsonTree& tree) {
  std::vector<JsonNumber> numbers;
  collect_numbers(tree, numbers);
  for (const JsonNumber& a : numbers) {
    for (const JsonNumber& b : numbers) {
      fuzz::require(((a <=> b) == 0) == (a == b), "equal numbers are neither less nor more");
      fuzz::require((a < b) == (b > a), "less one way is more the other way");
      for (const JsonNumber& c : numbers)
        fuzz::require(!(a < b && b < c) || a < c, "numbers have one order");
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = fuzz::as_text(data, size);
  const std::size_t nul = std::min(input.find('\0'), size);
  const std::string_view schema = input.substr(0, nul);
  JsonTree value;
  try {
    value = parse_json_tree(input.substr(std::min(nul + 1, size)), 256);
  } catch (const std::invalid_argument&) {
    return 0;
  }
  check_numbers(value);
  JsonSchemaLearner learner;
  learner.add(input.substr(nul + 1));
  const std::string learned = learner.schema();
  fuzz::require(JsonSchema(learned, {}).check(value).empty(), "a value satisfies what it taught",
                {learned});
  try {
    const JsonSchema read(schema, {{"other.json", R"({"type":"integer"})"}});
    const std::string fault = read.check(value);
    fuzz::require(fault == read.check(value), "a check has one answer", {fault});
  } catch (const std::invalid_argument& error) {
    fuzz::require(*error.what() != '\0', "a schema is refused for a reason");
  }
  return 0;
}
