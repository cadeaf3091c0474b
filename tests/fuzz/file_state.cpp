// SPDX-License-Identifier: Apache-2.0
// ksink-file's checkpoint: a line that is whole and sealed says what it said when it was written,
// one that is not is never believed.
#include "tools/ksink-file/file_state.hpp"

#include "common/base/error.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/made_up.hpp"
#include "tools/ksink-file/digest.hpp"

namespace {

using namespace kpipe;
using namespace kpipe::fuzz;

std::optional<FileState> read(std::string_view text) {
  try {
    return read_state(text, "file");
  } catch (const Error& error) {
    require(error.exit() == Exit::data || error.exit() == Exit::config, "why it is refused",
            {text, error.what()});
    return std::nullopt;
  }
}

std::string line_of(const FileState& state) {
  OutBuffer out;
  append_state_line(out, state);
  return std::string(out.view());
}

std::string sealed(std::string_view body) {
  return std::string(body) + ",\"sha256\":\"" + sha256_hex(body) + "\"}\n";
}

/// What two states say, with the topics' ids, which == leaves out.
bool same(const std::optional<FileState>& a, const FileState& b) {
  return a && *a == b && line_of(*a) == line_of(b);
}

/// `journal` must say `state`, and go on to when its last line was torn.
void require_journal(const std::string& journal, const FileState& state, std::string_view more) {
  require(same(read(journal), state), "a sealed line says what it says", {journal});
  const std::string anew = line_of(state);
  require(same(read(anew), state), "a state written anew is the same", {journal, anew});
  const std::string torn = journal + std::string(more.substr(0, more.find('\n')));
  require(same(read(torn), state), "a torn line does not count", {torn});
  require(same(read("damaged\n" + journal), state), "only the last line counts", {journal});
  // One bit, at a place that differs from input to input.
  std::string damaged = anew;
  const std::size_t at = std::hash<std::string_view>{}(more) % damaged.size();
  damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at + more.size()) % 8));
  require(!read(damaged), "one wrong bit is noticed", {anew, damaged});
}

FileState made_up(const std::uint8_t* data, std::size_t size) {
  MadeUp made(data, size);
  FileState state;
  state.closed = made.flag();
  state.length = made.any64();
  state.file.device = made.any64();
  state.file.inode = made.any64();
  state.sink = made.text();
  state.group = made.text();
  state.cluster = made.text();
  state.content = made.text();
  state.compress = made.text();
  state.tail = made.text();
  while (made.more()) {
    const Checkpoint stored = made.checkpoint();
    state.offsets[stored.tp] = {stored.offset, stored.generation, stored.topic_id};
  }
  return state;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text(data, size);
  if (const auto state = read(text)) {
    require(same(read(line_of(*state)), *state), "a state written anew is the same", {text});
  }
  // A fuzzer does not guess digests: seal what it wrote.
  const std::string journal = sealed(text.substr(0, text.find('\n')));
  if (const auto state = read(journal)) require_journal(journal, *state, text);
  const FileState state = made_up(data, size);
  require_journal(line_of(state), state, text);
  return 0;
}
