// SPDX-License-Identifier: Apache-2.0
// The manifest of a partition in ksink-file's folders: its lines add up to what was written, a torn
// end says what was before it, and what is damaged is never believed.
#include "tools/ksink-file/manifest.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <vector>

#include "common/base/error.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/made_up.hpp"
#include "tools/ksink-file/digest.hpp"

namespace {

using namespace kpipe;
using namespace kpipe::fuzz;

std::optional<PartitionState> read(std::string_view text) {
  try {
    return read_manifest(text, "file");
  } catch (const Error& error) {
    require(error.exit() == Exit::data || error.exit() == Exit::config, "why it is refused",
            {text, error.what()});
    return std::nullopt;
  }
}

std::string line_of(const ManifestChange& change) {
  OutBuffer out;
  append_line(out, change);
  return std::string(out.view());
}

std::string sealed(std::string_view body) {
  return std::string(body) + ",\"sha256\":\"" + sha256_hex(body) + "\"}\n";
}

bool same(const std::optional<PartitionState>& a, const std::optional<PartitionState>& b) {
  if (!a || !b) return a.has_value() == b.has_value();
  return *a == *b && line_of(whole(*a)) == line_of(whole(*b));
}

/// An id is given once: what was closed never grows again. A writer that did otherwise would not be
/// ours.
bool ids_are_once(const PartitionState& state) {
  return std::none_of(state.closed.begin(), state.closed.end(),
                      [&](const auto& file) { return state.parts.contains(file.first); });
}

void require_rewritten(const PartitionState& state, std::string_view text) {
  require(!ids_are_once(state) || same(read(line_of(whole(state))), state),
          "a state written anew is the same", {text});
}

/// What the first lines of `journal` say, by reading only them.
std::optional<PartitionState> read_lines(std::string_view journal, std::size_t size) {
  const std::size_t end = journal.substr(0, size).rfind('\n');
  return end == std::string_view::npos ? std::nullopt : read(journal.substr(0, end + 1));
}

/// `place` differs from input to input.
void require_journal(const std::string& journal, const PartitionState& state, std::size_t place) {
  require_rewritten(state, journal);
  const std::string torn = journal.substr(0, place % journal.size());
  require(same(read(torn), read_lines(journal, torn.size())), "a torn line does not count", {torn});
  std::string damaged = journal;
  const std::size_t at = (place / 7) % damaged.size();
  damaged[at] = static_cast<char>(damaged[at] ^ (1 << place % 8));
  const auto believed = read(damaged);
  // The last line's end may have been taken away: then it was torn, as far as anybody can see.
  const bool was_end = at + 1 == damaged.size();
  require(was_end ? same(believed, read_lines(journal, at)) : !believed, "a wrong bit is noticed",
          {journal, damaged});
  require(!read("damaged\n" + journal), "each line counts", {journal});
}

PartState made_up_part(MadeUp& made, std::uint64_t id) {
  PartState part;
  part.id = id;
  part.form = made.text();
  part.group = made.text();
  part.name = made.text();
  part.start = static_cast<std::int64_t>(made.any64());
  part.end = static_cast<std::int64_t>(made.any64());
  if (made.flag()) part.first_ts = static_cast<std::int64_t>(made.any64());
  part.records = made.any64();
  part.bytes = made.any64();
  part.opened = static_cast<std::int64_t>(made.any64());
  part.length = made.any64();
  part.inode = made.any64();
  part.tail = made.text();
  return part;
}

/// Few, so that they meet each other; and one that needs all of its bits.
constexpr std::array<std::uint64_t, 4> kIds{0, 1, 2, ~std::uint64_t{0}};

std::uint64_t made_up_id(MadeUp& made) {
  return kIds[static_cast<std::size_t>(made.below(kIds.size()))];
}

ManifestChange made_up_change(MadeUp& made, bool is_first) {
  ManifestChange change;
  change.is_whole = is_first || made.below(8) == 0;
  change.stored = made.checkpoint();
  if (made.flag()) change.newest_ts = static_cast<std::int64_t>(made.any64());
  change.last_id = made.any64();
  change.epoch = made.any64();
  for (int n = made.below(3); n > 0; --n) {
    change.parts.push_back(made_up_part(made, made_up_id(made)));
  }
  for (int n = made.below(3); n > 0; --n) {
    change.closed.push_back(
        {made_up_id(made), made.text(), made.any64(), made.any64(), made.any64(), made.flag()});
  }
  for (int n = made.below(3); n > 0; --n) change.named.push_back(made_up_id(made));
  return change;
}

/// The last of `all` with that id.
template <typename T>
const T* last_of(const std::vector<T>& all, std::uint64_t id) {
  const auto found = std::find_if(all.rbegin(), all.rend(), [&](const T& t) { return t.id == id; });
  return found == all.rend() ? nullptr : &*found;
}

/// What the changes say of one id, looking for its last mention in place of adding them up.
void look_back(const std::vector<ManifestChange>& changes, std::uint64_t id,
               PartitionState& state) {
  for (auto change = changes.rbegin(); change != changes.rend(); ++change) {
    if (last_of(change->closed, id) != nullptr) break;
    if (const PartState* const part = last_of(change->parts, id)) {
      state.parts[id] = *part;
      break;
    }
    if (change->is_whole) break;
  }
  for (auto change = changes.rbegin(); change != changes.rend(); ++change) {
    if (std::count(change->named.begin(), change->named.end(), id) > 0) break;
    if (const ClosedFile* const file = last_of(change->closed, id)) {
      state.closed[id] = *file;
      break;
    }
    if (change->is_whole) break;
  }
}

PartitionState sum_of(const std::vector<ManifestChange>& changes) {
  const ManifestChange& last = changes.back();
  PartitionState state{last.stored, last.newest_ts, last.last_id, last.epoch, {}, {}};
  for (const std::uint64_t id : kIds) look_back(changes, id, state);
  return state;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text(data, size);
  if (const auto state = read(text)) require_rewritten(*state, text);
  const std::size_t place = std::hash<std::string_view>{}(text);
  // A fuzzer does not guess digests: seal what it wrote.
  std::string journal;
  for (std::size_t at = 0; at < size;) {
    const std::size_t end = std::min(text.find('\n', at), size);
    journal += sealed(text.substr(at, end - at));
    at = end + 1;
  }
  if (const auto state = read(journal)) require_journal(journal, *state, place);

  MadeUp made(data, size);
  std::vector<ManifestChange> changes;
  std::string written;
  do {
    changes.push_back(made_up_change(made, changes.empty()));
    written += line_of(changes.back());
  } while (made.more());
  const auto state = read(written);
  require(same(state, sum_of(changes)), "changes add up", {written});
  require_journal(written, *state, place);
  return 0;
}
