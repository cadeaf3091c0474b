// SPDX-License-Identifier: Apache-2.0
// What manifests say.
#include "tools/ksink-file/manifest.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/base_expect.hpp"

namespace kpipe {
namespace {

PartitionState sample() {
  PartitionState state;
  state.stored = {{"orders", 3}, 1043, 2, "id"};
  state.newest_ts = -5;
  state.last_id = 9;
  PartState part;
  part.id = 7;
  part.form = "f";
  part.group = "a\n\"b\"\n";
  part.name = "orders/3/1000-{end}";
  part.start = 1000;
  part.end = 1042;
  part.first_ts = 17;
  part.records = 3;
  part.bytes = 400;
  part.opened = 99;
  part.length = 200;
  part.inode = ~std::uint64_t{0};
  part.tail = "t";
  state.parts[7] = part;
  state.closed[8] = {8, "orders/3/1-2", 2, 100, 12};
  state.closed[6] = {6, "orders/3/0-0", 1, 50, 11, true};
  return state;
}

std::string line_of(const ManifestChange& change) {
  OutBuffer out;
  append_line(out, change);
  return std::string(out.view());
}

TEST(KsinkFileManifest, AWholeStateReadsBack) {
  const PartitionState state = sample();
  EXPECT_EQ(read_manifest(line_of(whole(state)), "m"), state);
  EXPECT_EQ(line_of(whole(state)).find("{\"topic\":\"orders\",\"partition\":3,\"offset\":1043,"),
            0u);
}

TEST(KsinkFileManifest, ChangesAddUp) {
  PartitionState state = sample();
  ManifestChange change;
  change.stored = {{"orders", 3}, 1050, 2, "id"};
  change.last_id = 10;
  PartState grown = state.parts[7];
  grown.end = 1049;
  PartState made = grown;
  made.id = 10;
  change.parts = {grown, made};
  change.named = {6, 8};
  const std::string journal = line_of(whole(state)) + line_of(change);
  apply(change, state);
  EXPECT_EQ(read_manifest(journal, "m"), state);
  EXPECT_EQ(state.parts.size(), 2u);
  EXPECT_TRUE(state.closed.empty());

  ManifestChange last;
  last.stored = change.stored;
  last.last_id = 10;
  last.closed = {{7, "orders/3/1000-1049", 3, 200, 12}};
  apply(last, state);
  EXPECT_EQ(read_manifest(journal + line_of(last), "m"), state);
  EXPECT_EQ(state.parts.count(7), 0u);
}

TEST(KsinkFileManifest, ATornLineDoesNotCount) {
  const std::string first = line_of(whole(sample()));
  for (const std::size_t size : {std::size_t{1}, first.size() / 2, first.size() - 1}) {
    EXPECT_EQ(read_manifest(first + first.substr(0, size), "m"), sample());
    unit::expect_error(Exit::data, [&] { read_manifest(first.substr(0, size), "m"); });
  }
  unit::expect_error(Exit::data, [] { read_manifest("", "m"); });
}

TEST(KsinkFileManifest, DamageIsNoticed) {
  const std::string first = line_of(whole(sample()));
  for (std::size_t at = 0; at + 1 < first.size(); ++at) {
    std::string damaged = first;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    unit::expect_error(Exit::data, [&] { read_manifest(damaged + first, "m"); });
  }
  ManifestChange change = whole(sample());
  change.is_whole = false;
  const std::string said =
      unit::expect_error(Exit::data, [&] { read_manifest(line_of(change), "m"); });
  EXPECT_NE(said.find("beginning is missing"), std::string::npos);
}

}  // namespace
}  // namespace kpipe
