// SPDX-License-Identifier: Apache-2.0
// Which line of a partition goes to which file.
#include "tools/ksink-file/part_book.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace kpipe {
namespace {

using std::chrono::milliseconds;

std::string line_of(const ManifestChange& change) {
  OutBuffer out;
  append_line(out, change);
  return std::string(out.view());
}

/// A partition's files as they would be named, from records fed one by one.
class KsinkFileBook : public testing::Test {
 protected:
  void begin(RotationRules rules, PartitionState state = {}) {
    rules_ = rules;
    book_.emplace(std::move(state), rules, "form");
  }

  /// One part, with the group "a".
  static PartitionState of_another_form() {
    PartitionState state;
    state.last_id = 7;
    PartState& part = state.parts[7];
    part.id = 7;
    part.form = "old";
    part.group = "a";
    part.name = "old/1000-{end}";
    part.start = 1000;
    part.end = 1042;
    part.records = 3;
    return state;
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

TEST_F(KsinkFileBook, TooManyCloseTheOneThatWasNotWrittenForTheLongest) {
  begin({{}, {}, {}, {}, 2});
  take(1, "a");
  take(2, "b");
  take(3, "a");
  EXPECT_EQ(store(), "");
  take(4, "c");  // b's last is older than a's
  take(5, "b");
  EXPECT_EQ(store(), "a1-3(2) b2-2(1) ");
  take(6, "d");
  EXPECT_EQ(store(), "c4-4(1) ");
  EXPECT_EQ(book_->state().parts.size(), 2u);
}

TEST_F(KsinkFileBook, ARecordOfManyFilesMayHaveThemAllOpen) {
  begin({{}, {}, {}, {}, 2});
  take(1, "a");
  for (const char* const group : {"d", "c", "b", "d"}) take(2, group);
  EXPECT_EQ(store(), "a1-1(1) ");
  EXPECT_EQ(book_->state().parts.size(), 3u);
  take(3, "c");  // begins none
  EXPECT_EQ(store(), "");
  take(4, "e");  // d and b have the same last record: d was begun before
  EXPECT_EQ(store(), "d2-2(1) b2-2(1) ");
}

TEST_F(KsinkFileBook, WhatIsFullIsNotOpen) {
  begin({2, {}, {}, {}, 2});
  take(1, "a");
  take(2, "b");
  take(3, "b");
  take(4, "c");
  EXPECT_EQ(store(), "b2-3(2) ");
  EXPECT_EQ(book_->state().parts.size(), 2u);
}

/// Closed by the clock, after a run with other rules left it: nothing is to be closed twice.
TEST_F(KsinkFileBook, RulesThatBecameStricterCloseOnce) {
  begin({});
  for (int offset = 1; offset < 5; ++offset) take(offset, offset % 2 != 0 ? "a" : "b");
  store();
  begin({2, {}, {}, milliseconds(50), 1}, read_manifest(journal_, "m"));
  book_->close_due(now_ + 50);
  EXPECT_EQ(store(), "a1-3(2) b2-4(2) ");
  take(5, "a");
  take(6, "c");
  EXPECT_EQ(store(), "a5-5(1) ");
}

TEST_F(KsinkFileBook, FewerMayBeOpenThanAnEarlierRunLeft) {
  begin({});
  for (int offset = 1; offset < 6; ++offset) take(offset, std::string(1, "edcba"[offset - 1]));
  store();
  begin({{}, {}, {}, {}, 2}, read_manifest(journal_, "m"));
  take(6, "e");
  EXPECT_EQ(store(), "");
  take(7, "f");
  EXPECT_EQ(store(), "d2-2(1) c3-3(1) b4-4(1) a5-5(1) ");
}

/// Closed with its own kind, and not counted with ours.
TEST_F(KsinkFileBook, AnotherFormIsNotCounted) {
  begin({{}, {}, {}, {}, 1}, of_another_form());
  take(2000, "a");
  EXPECT_EQ(book_->state().parts.size(), 2u);
  book_->close_foreign();
  EXPECT_EQ(store(), "old/1000-1042(3) ");
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
  begin({}, of_another_form());
  take(2000, "a");
  book_->close_foreign();
  EXPECT_EQ(store(), "old/1000-1042(3) ");
  EXPECT_EQ(book_->state().parts.size(), 1u);
}

/// The files of the same records, however they fall into batches and whoever goes on with them.
class KsinkFileBookRules : public KsinkFileBook {
 protected:
  struct Fed {
    std::string group;
    std::int64_t ts;
    std::size_t bytes;
    int lines;
  };

  std::set<std::string> files_of(const std::vector<Fed>& records, const RotationRules& rules,
                                 std::size_t batch, bool restart) {
    std::string names;
    journal_.clear();
    begin(rules);
    for (std::size_t i = 0; i < records.size(); ++i) {
      const Fed& record = records[i];
      for (int line = 0; line < record.lines; ++line) {
        const std::string group = record.group + (line % 2 != 0 ? "x" : "");
        take(static_cast<std::int64_t>(i), group, record.ts, record.bytes);
      }
      if (i % batch != batch - 1) continue;
      names += store();
      EXPECT_LE(book_->state().parts.size(), rules.open + 2);
      if (!restart) continue;
      PartitionState state = read_manifest(journal_, "m");
      state.closed.clear();
      journal_ = line_of(whole(state));
      begin(rules, std::move(state));
    }
    book_->close_all();
    names += store();
    std::set<std::string> sorted;
    for (std::size_t at = 0; at < names.size();) {
      const std::size_t end = names.find(' ', at);
      EXPECT_TRUE(sorted.insert(names.substr(at, end - at)).second) << "two files of one name";
      at = end + 1;
    }
    return sorted;
  }

  void expect_the_same(const std::vector<Fed>& records, const RotationRules& rules,
                       std::size_t least) {
    const auto expected = files_of(records, rules, records.size(), false);
    EXPECT_GT(expected.size(), least);
    for (const std::size_t batch : {1, 2, 3, 7, 50}) {
      EXPECT_EQ(files_of(records, rules, batch, false), expected) << batch;
      EXPECT_EQ(files_of(records, rules, batch, true), expected) << batch;
    }
  }
};

TEST_F(KsinkFileBookRules, DependOnTheRecordsAlone) {
  std::vector<Fed> records;
  for (int i = 0; i < 400; ++i) {
    records.push_back({std::string(1, static_cast<char>('a' + i % 5 % 3)),
                       1000 + 3 * i - (i % 11 == 0 ? 50 : 0), static_cast<std::size_t>(5 + i % 17),
                       1});
  }
  expect_the_same(records, {7, 95, milliseconds(40), {}}, 50);
}

/// Each rule with each other, over records that jump between groups, times and sizes, some of which
/// are several lines.
TEST_F(KsinkFileBookRules, DependOnTheRecordsAloneWithAnyRules) {
  std::mt19937 random(17);
  const auto below = [&](unsigned n) { return static_cast<int>(random() % n); };
  std::vector<Fed> records;
  for (int i = 0; i < 600; ++i) {
    records.push_back({std::to_string(below(12)), 1000 + i + (below(9) == 0 ? below(300) - 200 : 0),
                       static_cast<std::size_t>(1 + below(20)), below(10) == 0 ? 1 + below(4) : 1});
  }
  for (const std::uint64_t open : {1, 2, 5, 9, 1000}) {
    for (const int rules : {0, 1, 2, 3, 4, 5, 6, 7}) {
      RotationRules some;
      some.open = open;
      if ((rules & 1) != 0) some.records = 4;
      if ((rules & 2) != 0) some.bytes = 50;
      if ((rules & 4) != 0) some.event_time = milliseconds(60);
      expect_the_same(records, some, 10);
    }
  }
}

}  // namespace
}  // namespace kpipe
