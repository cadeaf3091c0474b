// SPDX-License-Identifier: Apache-2.0
// kseek --from-file: offsets that somebody else wrote, which are about to be committed.
#include "tools/kseek/target_file.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <map>

#include "common/base/error.hpp"
#include "common/base/fd.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/reference_lines.hpp"

namespace {

using namespace kpipe;
using namespace kpipe::fuzz;

struct Outcome {
  std::string refusal;
  std::vector<Checkpoint> targets;
};

Outcome read(std::string_view text) {
  static const UniqueFd file(::memfd_create("targets", MFD_CLOEXEC));
  static const std::string path = "/proc/self/fd/" + std::to_string(file.get());
  require(::ftruncate(file.get(), 0) == 0 && ::pwrite(file.get(), text.data(), text.size(), 0) ==
                                                 static_cast<ssize_t>(text.size()),
          "(the file can be written)");
  Outcome outcome;
  try {
    outcome.targets = kseek::read_target_file(path);
  } catch (const Error& error) {
    outcome.refusal = error.what();
    require(error.exit() == Exit::data && outcome.refusal.starts_with(path + ":"),
            "a refusal names the line", {text, outcome.refusal});
    outcome.refusal.erase(0, path.size() + 1);
  }
  return outcome;
}

/// What must come out, as long as every line up to the first bad one is clear.
struct Expected {
  bool known = true;
  std::uint64_t bad_line = 0;  ///< 0: none
  std::map<TopicPartition, Checkpoint> targets;
};

Expected expected(std::string_view text) {
  Expected all;
  std::uint64_t number = 0;
  while (!text.empty() && all.known && all.bad_line == 0) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const auto value = parse_json(line);
    if (!is_clear(value)) {
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
    const auto [found, is_new] = all.targets.try_emplace(target->tp, *target);
    if (!is_new && found->second.offset != target->offset) all.bad_line = number;
  }
  return all;
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
    std::vector<Checkpoint> targets;
    for (const auto& [tp, target] : wanted.targets) targets.push_back(target);
    require(got.refusal.empty() && got.targets == targets, "the targets of a good file",
            {text, got.refusal});
  }
  if (!got.refusal.empty()) return 0;
  OutBuffer anew;
  for (const Checkpoint& target : got.targets) {
    append_checkpoint(anew, target);
    anew.append("\r\n\n");
  }
  require(read(anew.view()).targets == got.targets, "targets written anew are the same",
          {text, anew.view()});
  return 0;
}
