// SPDX-License-Identifier: Apache-2.0
// The pure parts of --strategy replace; what its statements do is tested on PostgreSQL.
#include <gtest/gtest.h>

#include "tests/unit/base_expect.hpp"
#include "tools/ksink-pg/aside_name.hpp"
#include "tools/ksink-pg/replace_sql.hpp"
#include "tools/ksink-pg/source_end.hpp"

namespace kpipe {
namespace {

using unit::contains;
using unit::expect_error;

TEST(KsinkPgReplace, the_table_aside_has_a_name_that_fits_and_is_no_others) {
  EXPECT_EQ(aside_name("airports"), "airports_kpipe_new");
  EXPECT_EQ(aside_name(std::string(53, 'a')), std::string(53, 'a') + "_kpipe_new");
  const std::string one = aside_name(std::string(54, 'a'));
  const std::string other = aside_name(std::string(55, 'a'));
  EXPECT_EQ(one.size(), 63U);
  EXPECT_NE(one, other);
  EXPECT_TRUE(one.starts_with(std::string(36, 'a') + "_"));
  EXPECT_EQ(one, aside_name(std::string(54, 'a')));
  std::string wide;
  for (int i = 0; i < 31; ++i) wide += "\u00e4";
  const std::string cut = aside_name("x" + wide);
  EXPECT_LE(cut.size(), 63U);
  EXPECT_TRUE(cut.starts_with("x" + wide.substr(0, 34) + "_")) << "cut between characters: " << cut;
  EXPECT_NE(aside_name("t"), aside_name("t", "_kpipe_dry_run"));
}

const ReplacePlan kPlan{"s.t", "s.n", {"id", "\"N\""}, {"id"}, false};

TEST(KsinkPgReplace, rows_that_are_the_same_are_left_alone) {
  EXPECT_EQ(kPlan.move(),
            "WITH gone AS (DELETE FROM s.t t WHERE NOT EXISTS (SELECT FROM s.n a WHERE a.id = t.id "
            "AND (ROW(a.id, a.\"N\")::record) OPERATOR(pg_catalog.*=) (ROW(t.id, "
            "t.\"N\")::record)) RETURNING 1), added AS (INSERT INTO s.t (id, \"N\") SELECT a.id, "
            "a.\"N\" FROM s.n a WHERE (SELECT count(*) FROM gone) >= 0 AND NOT EXISTS (SELECT FROM "
            "s.t t WHERE a.id = t.id AND (ROW(a.id, a.\"N\")::record) OPERATOR(pg_catalog.*=) "
            "(ROW(t.id, t.\"N\")::record)) RETURNING 1) SELECT (SELECT count(*) FROM gone), 0, "
            "(SELECT count(*) FROM added)");
}

TEST(KsinkPgReplace, without_a_key_all_rows_go) {
  ReplacePlan plan = kPlan;
  plan.key.clear();
  EXPECT_TRUE(contains(plan.move(), "DELETE FROM s.t t RETURNING 1)"));
  EXPECT_FALSE(contains(plan.move(), "EXISTS"));
}

TEST(KsinkPgReplace, rows_that_others_refer_to_are_changed_and_not_deleted) {
  ReplacePlan plan = kPlan;
  plan.referenced = true;
  const std::string sql = plan.move();
  EXPECT_TRUE(contains(sql,
                       "DELETE FROM s.t t WHERE NOT EXISTS (SELECT FROM s.n a WHERE a.id = "
                       "t.id) RETURNING 1)"));
  EXPECT_TRUE(contains(sql,
                       "UPDATE s.t t SET id = a.id, \"N\" = a.\"N\" FROM s.n a WHERE a.id = "
                       "t.id AND NOT (ROW("));
  EXPECT_TRUE(contains(sql,
                       "(SELECT count(*) FROM changed) >= 0 AND NOT EXISTS (SELECT FROM s.t t "
                       "WHERE a.id = t.id) RETURNING 1)"));
}

const std::vector<Checkpoint> kEnd{{{"o", 0}, 5, 0}, {{"o", 1}, 7, 0}};

TEST(KsinkPgReplace, only_kconsumes_word_a_file_or_the_user_makes_a_run_whole) {
  check_whole_run({true, true, kEnd}, false, "t");
  check_whole_run({false, false, {}}, false, "t");
  check_whole_run({false, true, {}}, true, "t");
  expect_error(Exit::temp_fail, [] { check_whole_run({false, true, {}}, false, "t"); });
  for (const bool at_eof : {false, true}) {
    const std::string said = expect_error(Exit::temp_fail, [&] {
      check_whole_run({true, true, {}}, at_eof, "t");
    });
    EXPECT_TRUE(contains(said, "table t: keeps its old rows: kconsume did not reach the end"));
  }
}

TEST(KsinkPgReplace, all_that_was_read_must_have_come) {
  const auto stored = [](std::int64_t first, std::int64_t second) {
    std::vector<StoredPartition> rows(2);
    rows[0].checkpoint = {{"o", 0}, first, 0};
    rows[1].checkpoint = {{"o", 1}, second, 0};
    return rows;
  };
  const SourceEnd end{true, true, kEnd};
  check_all_stored(end, stored(5, 7), "t");
  check_all_stored(end, stored(6, 7), "t");
  check_all_stored({true, true, std::vector<Checkpoint>{}}, {}, "t");
  check_all_stored({false, false, {}}, {}, "t");
  expect_error(Exit::temp_fail, [&] { check_all_stored(end, stored(5, 6), "t"); });
  const std::string said = expect_error(Exit::temp_fail, [&] { check_all_stored(end, {}, "t"); });
  EXPECT_TRUE(contains(said, "o[0] was read up to offset 5, and what came ends at 0"));
}

}  // namespace
}  // namespace kpipe
