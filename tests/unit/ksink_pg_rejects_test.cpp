// SPDX-License-Identifier: Apache-2.0
// Records that cannot become rows: how they are found, and what is written of them.
#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "common/wire/record.hpp"
#include "tools/ksink-pg/isolate.hpp"
#include "tools/ksink-pg/rejects.hpp"

namespace kpipe {
namespace {

/// A table that refuses some entries, and keeps what was stored in the order it came.
struct FakeTable {
  std::set<std::uint32_t> bad;
  bool names_row = true;  ///< as COPY does, and constraints that are looked at later do not
  std::vector<std::uint32_t> rows;
  std::uint64_t sent = 0;
  std::uint64_t calls = 0;

  void store(EntryRange part) {
    ++calls;
    for (std::uint32_t i = part.first; i < part.end; ++i) {
      ++sent;
      if (!bad.contains(i)) continue;
      RefusedRow row("t", "o[0]@" + std::to_string(i), {"bad", "22P02"});
      row.set_entries(names_row ? EntryRange{i, i + 1} : part);
      throw row;
    }
    for (std::uint32_t i = part.first; i < part.end; ++i) rows.push_back(i);
  }
};

std::vector<std::uint32_t> isolated(FakeTable& table, EntryRange all,
                                    std::size_t at_most = SIZE_MAX) {
  std::vector<std::uint32_t> found;
  for (const RefusedRow& row : isolate(all, at_most, [&](EntryRange part) { table.store(part); }))
    found.push_back(row.entries()->first);
  return found;
}

TEST(KsinkPgIsolate, all_but_the_bad_ones_are_stored_once_and_in_order) {
  std::mt19937 random(17);
  for (int round = 0; round < 2000; ++round) {
    const auto size = static_cast<std::uint32_t>(random() % 60);
    FakeTable table;
    table.names_row = round % 2 == 0;
    const unsigned rarity = 1 + random() % 20;
    for (std::uint32_t i = 0; i < size; ++i) {
      if (random() % rarity == 0) table.bad.insert(i);
    }
    std::vector<std::uint32_t> good;
    for (std::uint32_t i = 0; i < size; ++i) {
      if (!table.bad.contains(i)) good.push_back(i);
    }
    const std::vector<std::uint32_t> found = isolated(table, {0, size});
    EXPECT_EQ(found, std::vector<std::uint32_t>(table.bad.begin(), table.bad.end()));
    EXPECT_EQ(table.rows, good);
  }
}

TEST(KsinkPgIsolate, a_row_that_the_server_names_costs_little) {
  FakeTable table;
  table.bad = {10, 500, 501, 999};
  isolated(table, {0, 1000});
  EXPECT_LE(table.sent, 2 * 1000U + 4);
  EXPECT_LE(table.calls, 9U);
  FakeTable nameless{{500}, false, {}, 0, 0};
  isolated(nameless, {0, 1000});
  EXPECT_LE(nameless.calls, 2 * 10U + 1);
}

TEST(KsinkPgIsolate, it_ends_with_the_first_that_is_too_much) {
  FakeTable table;
  table.bad = {3, 5, 7};
  EXPECT_EQ(isolated(table, {0, 9}, 1), (std::vector<std::uint32_t>{3, 5}));
  EXPECT_EQ(isolated(table, {0, 9}, 0), (std::vector<std::uint32_t>{3}));
}

TEST(KsinkPgIsolate, a_refusal_that_names_a_row_of_another_part_is_looked_into) {
  int calls = 0;
  const auto found = isolate({0, 4}, SIZE_MAX, [&](EntryRange part) {
    ++calls;
    if (part.first > 2 || part.end <= 2) return;
    RefusedRow row("t", "somewhere", {"bad", {}});
    row.set_entries({90, 91});
    throw row;
  });
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(calls, 5);
}

TEST(KsinkPgRejects, the_line_is_the_records_own_with_the_error_behind) {
  const std::string line =
      R"({"topic":"o","partition":1,"offset":5,"timestamp":null,"key":null,"headers":[],"value":{"a":"\u0000ü"}} )";
  std::string padded = line + std::string(OutBuffer::kPadding, '\0');
  RecordDecoder decoder;
  Batch::Entry entry;
  ASSERT_EQ(decoder.decode(std::string_view(padded).substr(0, line.size()), entry.record), "");
  entry.line = std::string_view(padded).substr(0, line.size());
  OutBuffer out;
  append_reject_line(out, entry, {"it says \"no\"", "22P02", "a", ""}, "public.t");
  EXPECT_EQ(out.view(),
            R"({"topic":"o","partition":1,"offset":5,"timestamp":null,"key":null,"headers":[],)"
            R"("value":{"a":"\u0000ü"},"error":{"table":"public.t","sqlstate":"22P02",)"
            R"("message":"it says \"no\"","column":"a"}})"
            "\n");
  Record again;
  padded = std::string(out.view()) + std::string(OutBuffer::kPadding, '\0');
  EXPECT_EQ(decoder.decode(std::string_view(padded).substr(0, out.size() - 1), again), "");
}

TEST(KsinkPgRejects, any_text_in_ascii_alone) {
  EXPECT_EQ(to_ascii_json("\"a\u00e9\u20ac\U0001F600\""), "\"a\\u00e9\\u20ac\\ud83d\\ude00\"");
  EXPECT_EQ(to_ascii_json("\"\U0010FFFF\u0080\u07ff\u0800\uffff\""),
            "\"\\udbff\\udfff\\u0080\\u07ff\\u0800\\uffff\"");
}

TEST(KsinkPgRejects, the_message_has_place_reason_and_remedy) {
  const RefusedRow row("public.t", "o[1]@5", {"out of range", "22003", "n", {}}, "Do this");
  EXPECT_STREQ(row.what(),
               "row not stored in public.t: o[1]@5: column n: out of range [22003]. Do this");
}

}  // namespace
}  // namespace kpipe
