// SPDX-License-Identifier: Apache-2.0
// What manifests say, and which line goes to which file.
#include "tools/ksink-file/manifest.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "tests/unit/base_expect.hpp"
#include "tools/ksink-file/part_book.hpp"

namespace kpipe {
namespace {

using std::chrono::milliseconds;

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
  change.named = {8};
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

/// A partition's files as they would be named, from records fed one by one.
class KsinkFileBook : public testing::Test {
 protected:
  void begin(RotationRules rules, PartitionState state = {}) {
    rules_ = rules;
    book_.emplace(std::move(state), rules, "form");
  }

  PartState& take(std::int64_t offset, const std::string& group = "",
                  std::optional<std::int64_t> ts = std::nullopt, std::size_t bytes = 10) {
    next_ = offset + 1;
    return book_->take(
        {offset, ts, group, bytes, [&] { return group + std::to_string(offset) + "-{end}"; }},
        now_);
  }

  /// Stores what was taken, as a run does after a batch; the names of what was closed by it.
  std::string store() {
    book_->close_full();
    for (const std::uint64_t id : book_->grown()) book_->part(id).inode = 1;
    const ManifestChange change = book_->change({{"t", 0}, next_});
    journal_ += line_of(journal_.empty() ? whole(book_->state()) : change);
    std::string names;
    for (const ClosedFile& file : change.closed) {
      names += file.path + "(" + std::to_string(file.records) + ") ";
    }
    for (const auto& [id, file] : PartitionState(book_->state()).closed) book_->named(id);
    return names;
  }

  std::int64_t now_ = 1000;
  std::int64_t next_ = 0;
  RotationRules rules_;
  std::optional<PartBook> book_;
  std::string journal_;
};

TEST_F(KsinkFileBook, FilesOfSoManyRecords) {
  begin({3, {}, {}, {}});
  for (int offset = 10; offset < 20; ++offset) take(offset);
  EXPECT_EQ(store(), "10-12(3) 13-15(3) 16-18(3) ");
  for (int offset = 20; offset < 22; ++offset) take(offset);
  EXPECT_EQ(store(), "19-21(3) ");
  EXPECT_TRUE(book_->state().parts.empty());
}

TEST_F(KsinkFileBook, FilesOfSoManyBytesNeverEndWithinARecord) {
  begin({{}, 25, {}, {}});
  take(1);
  take(1);
  take(1);  // 30 bytes, and one line of it is still to come
  take(1);
  take(2);
  take(4);
  take(5);
  take(6);
  EXPECT_EQ(store(), "1-1(1) 2-5(3) ");
}

TEST_F(KsinkFileBook, EachGroupHasItsOwnFile) {
  begin({2, {}, {}, {}});
  take(1, "a");
  take(2, "b");
  take(3, "a");
  take(4, "a");
  take(5, "b");
  take(6, "c");
  EXPECT_EQ(store(), "a1-3(2) b2-5(2) ");
  EXPECT_EQ(book_->state().parts.size(), 2u);
}

TEST_F(KsinkFileBook, EventTimeClosesWhatIsPast) {
  begin({{}, {}, milliseconds(100), {}});
  take(1, "a", 1000);
  take(2, "b", 1050);
  take(3, "a", 1099);
  take(4, "c", std::nullopt);
  take(5, "c", 1100);  // a's first is 100 older now
  take(6, "a", 1020);  // late: a file of its own
  take(7, "b", 1115);
  EXPECT_EQ(store(), "a1-3(2) ");
  take(8, "c", 1150);  // b's and the late one's are past
  EXPECT_EQ(store(), "b2-7(2) a6-6(1) ");
  take(9, "c", 1300);
  EXPECT_EQ(store(), "c4-8(3) ");
}

TEST_F(KsinkFileBook, TheClockClosesWhatIsOld) {
  begin({{}, {}, {}, milliseconds(50)});
  take(1, "a");
  now_ += 30;
  take(2, "b");
  book_->close_due(now_ + 19);
  EXPECT_EQ(store(), "");
  book_->close_due(now_ + 20);
  EXPECT_EQ(store(), "a1-1(1) ");
}

TEST_F(KsinkFileBook, AnotherFormIsClosed) {
  PartitionState before = sample();
  before.closed.clear();
  begin({}, before);
  take(2000, before.parts[7].group);
  book_->close_foreign();
  EXPECT_EQ(store(), "orders/3/1000-1042(3) ");
  EXPECT_EQ(book_->state().parts.size(), 1u);
}

/// The files of the same records, however they fall into batches and whoever goes on with them.
TEST_F(KsinkFileBook, FilesDependOnTheRecordsAlone) {
  const auto files_of = [&](int batch, bool restart) {
    std::string names;
    journal_.clear();
    begin({7, 95, milliseconds(40), {}});
    for (int i = 0; i < 400; ++i) {
      const std::int64_t ts = 1000 + 3 * i - (i % 11 == 0 ? 50 : 0);
      take(i, std::string(1, static_cast<char>('a' + i % 5 % 3)), ts,
           static_cast<std::size_t>(5 + i % 17));
      if (i % batch != batch - 1) continue;
      names += store();
      if (!restart) continue;
      PartitionState state = read_manifest(journal_, "m");
      state.closed.clear();
      begin(rules_, std::move(state));
    }
    book_->close_all();
    names += store();
    std::set<std::string> sorted;
    for (std::size_t at = 0; at < names.size();) {
      const std::size_t end = names.find(' ', at);
      sorted.insert(names.substr(at, end - at));
      at = end + 1;
    }
    return sorted;
  };
  const auto expected = files_of(400, false);
  EXPECT_GT(expected.size(), 50u);
  for (const int batch : {1, 2, 3, 7, 50}) {
    EXPECT_EQ(files_of(batch, false), expected) << batch;
    EXPECT_EQ(files_of(batch, true), expected) << batch;
  }
}

}  // namespace
}  // namespace kpipe
