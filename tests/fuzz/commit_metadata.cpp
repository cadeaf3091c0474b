// SPDX-License-Identifier: Apache-2.0
// The metadata of a committed offset: ours comes back as it was, another tool's is never taken for
// ours with a number that it does not have.
#include "common/kafka/offsets.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/made_up.hpp"

namespace {

using namespace kpipe;
using namespace kpipe::fuzz;

void read_foreign(std::string_view text) {
  CommitMetadata metadata;
  const bool ours = CommitMetadata::parse(text, metadata);
  constexpr std::string_view head = "kpipe gen=";
  if (!text.starts_with(head)) {
    require(!ours, "other metadata is not ours", {text});
    return;
  }
  std::string_view number = text.substr(head.size());
  while (number.ends_with('\0')) number.remove_suffix(1);
  number = number.substr(0, number.find(' '));
  const bool negative_zero =
      number.starts_with("-0") && number.find_first_not_of("0", 1) == std::string_view::npos;
  if (!negative_zero) {  // which nobody writes, and which is 0
    Json value;
    value.kind = JsonKind::number;
    value.raw = number;
    const bool digits =
        !number.empty() && number.find_first_not_of("0123456789") == std::string_view::npos;
    while (value.raw.size() > 1 && value.raw.front() == '0') value.raw.remove_prefix(1);
    const auto generation = digits ? as_int(value) : std::nullopt;
    require(ours == generation.has_value(), "a generation or not", {text});
    if (ours) require(metadata.generation == *generation, "the generation", {text});
  }
  if (!ours) return;
  CommitMetadata again;
  const std::string anew = metadata.text();
  require(CommitMetadata::parse(anew, again) && again.generation == metadata.generation &&
              again.sink == metadata.sink,
          "metadata written anew is the same", {text, anew});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text(data, size);
  read_foreign(text);
  read_foreign("kpipe gen=" + std::string(text));

  MadeUp made(data, size);
  CommitMetadata metadata;
  metadata.generation = made.from_zero_to(std::numeric_limits<std::int64_t>::max());
  metadata.sink = made.text();
  while (metadata.sink.ends_with('\0')) metadata.sink.pop_back();  // no name ends like this
  for (const char* end : {"", "\0"}) {
    CommitMetadata read;
    const std::string written = metadata.text() + std::string(end, *end == '\0' ? 1 : 0);
    require(CommitMetadata::parse(written, read) && read.generation == metadata.generation &&
                read.sink == metadata.sink,
            "metadata comes back", {written});
  }
  return 0;
}
