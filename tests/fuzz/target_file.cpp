// SPDX-License-Identifier: Apache-2.0
// kseek --from-file: offsets that somebody else wrote, which are about to be committed.
#include "tools/kseek/target_file.hpp"

#include <map>

#include "common/base/error.hpp"
#include "common/wire/json_text.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/reference_lines.hpp"

namespace {

using namespace kpipe;
using namespace kpipe::fuzz;

constexpr const char* kGroup = "g";

struct Outcome {
  std::string refusal;
  kseek::Places places;
};

Outcome read(std::string_view text) {
  Outcome outcome;
  try {
    kseek::TargetFile file("file");
    std::uint64_t number = 0;
    while (!text.empty()) {
      const std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(text.size(), line.size() + 1));
      file.add_line(line, ++number);
    }
    outcome.places = file.for_groups({kGroup}).at(kGroup);
  } catch (const Error& error) {
    outcome.refusal = error.what();
    require(error.exit() == Exit::data && outcome.refusal.starts_with("file:"),
            "a refusal names the line", {text, outcome.refusal});
    outcome.refusal.erase(0, 5);
  }
  return outcome;
}

/// What must come out, as long as every line up to the first bad one is a clear checkpoint line.
struct Expected {
  bool known = true;
  std::uint64_t bad_line = 0;  ///< 0: none
  std::map<TopicPartition, std::int64_t> offsets;
};

Expected expected(std::string_view text) {
  Expected all;
  std::uint64_t number = 0;
  while (!text.empty() && all.known && all.bad_line == 0) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    ++number;
    line.remove_prefix(std::min(line.size(), line.find_first_not_of(" \t\r")));
    if (line.empty() || line.starts_with("kseek:")) continue;
    const auto value = parse_json(line);
    if (!is_clear(value) || value->last("group") != nullptr || value->last("delete") != nullptr) {
      all.known = false;
      continue;
    }
    const Json* offset = value->last("offset");
    if (offset != nullptr && offset->kind == JsonKind::null) continue;
    const auto target = expected_checkpoint(*value);
    if (!target) {
      all.bad_line = number;
      continue;
    }
    const auto [found, is_new] = all.offsets.try_emplace(target->tp, target->offset);
    if (!is_new && found->second != target->offset) all.bad_line = number;
  }
  return all;
}

/// As kseek itself prints prior offsets.
void write(OutBuffer& out, const kseek::Places& places) {
  for (const auto& [tp, place] : places) {
    out.append("{\"group\":\"g\",\"topic\":");
    append_json_string(out, tp.topic);
    out.append(",\"partition\":" + std::to_string(tp.partition));
    out.append(place.offset ? ",\"offset\":" + std::to_string(*place.offset)
                            : ",\"offset\":null,\"delete\":true");
    out.append(",\"gen\":" + std::to_string(place.generation));
    out.append(",\"sink\":");
    append_json_string(out, place.sink);
    out.append("}\r\n\n");
  }
}

bool same(const kseek::Places& a, const kseek::Places& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.first == y.first && x.second.offset == y.second.offset &&
           (!x.second.offset ||
            (x.second.generation == y.second.generation && x.second.sink == y.second.sink));
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text(data, size);
  const Outcome got = read(text);
  const Expected wanted = expected(text);
  if (wanted.known && wanted.bad_line > 0) {
    require(got.refusal.starts_with(std::to_string(wanted.bad_line) + ": "),
            "the first bad line is refused", {text, got.refusal});
  } else if (wanted.known) {
    std::map<TopicPartition, std::int64_t> offsets;
    for (const auto& [tp, place] : got.places) {
      require(place.offset.has_value(), "nothing is deleted that nobody named", {text});
      offsets[tp] = *place.offset;
    }
    require(got.refusal.empty() != wanted.offsets.empty() && offsets == wanted.offsets,
            "the targets of a good file", {text, got.refusal});
  }
  if (!got.refusal.empty()) return 0;
  OutBuffer anew;
  write(anew, got.places);
  require(same(read(anew.view()).places, got.places), "targets written anew are the same",
          {text, anew.view()});
  return 0;
}
