// SPDX-License-Identifier: Apache-2.0
// The statements of --strategy merge and ignore; what they do is tested on PostgreSQL.
#include <gtest/gtest.h>

#include "tests/unit/base_expect.hpp"
#include "tools/ksink-pg/merge_sql.hpp"

namespace kpipe {
namespace {

using unit::contains;

using Shapes = std::vector<std::vector<std::size_t>>;

const MergePlan kPlan{"public.t", {"id", "note", "\"N\""}, {0}, true};

TEST(KsinkPgMerge, the_stage_has_the_types_of_the_target_and_goes_with_the_transaction) {
  EXPECT_EQ(
      kPlan.create_stage(),
      "CREATE TEMP TABLE \"kpipe stage\" ON COMMIT DROP AS SELECT id, note, \"N\", 0::bigint AS "
      "\"kpipe row\", 0::integer AS \"kpipe shape\" FROM public.t WITH NO DATA");
  EXPECT_EQ(kPlan.copy_into_stage(), "COPY pg_temp.\"kpipe stage\" FROM STDIN");
}

TEST(KsinkPgMerge, only_given_columns_that_are_no_key_are_changed) {
  const std::string sql = kPlan.apply({Shapes{{0, 1, 2}}, false, {}});
  EXPECT_TRUE(contains(
      sql, "DISTINCT ON (id) * FROM pg_temp.\"kpipe stage\" ORDER BY id, \"kpipe row\" DESC"));
  EXPECT_TRUE(
      contains(sql, "INSERT INTO public.t (id, note, \"N\") SELECT id, note, \"N\" FROM last"));
  EXPECT_TRUE(contains(
      sql, "ON CONFLICT (id) DO UPDATE SET note = EXCLUDED.note, \"N\" = EXCLUDED.\"N\")"));
  EXPECT_FALSE(contains(sql, "DELETE"));
  EXPECT_TRUE(contains(kPlan.apply({Shapes{{0}}, false, {}}), "ON CONFLICT (id) DO NOTHING"))
      << "nothing but the key: the row is there";
}

TEST(KsinkPgMerge, each_shape_has_its_own_insert_and_unused_ones_none) {
  const std::string sql = kPlan.apply({Shapes{{}, {0}, {0, 1}}, true, {}});
  EXPECT_FALSE(contains(sql, "i0 AS"));
  EXPECT_TRUE(contains(sql, "i1 AS (INSERT INTO public.t (id) "));
  EXPECT_TRUE(contains(sql, "\"kpipe shape\" = 2"));
  EXPECT_TRUE(contains(
      sql, "DELETE FROM public.t t USING last WHERE last.\"kpipe shape\" = -1 AND t.id = last.id"));
}

TEST(KsinkPgMerge, ignore_keeps_the_first_and_changes_nothing) {
  MergePlan plan = kPlan;
  plan.update = false;
  std::string sql = plan.apply({Shapes{{0, 1}}, false, {}});
  EXPECT_TRUE(contains(sql, "ORDER BY id, \"kpipe row\")"));
  EXPECT_TRUE(contains(sql, "ON CONFLICT (id) DO NOTHING"));
  plan.key.clear();
  sql = plan.apply({Shapes{{0, 1}}, false, {}});
  EXPECT_TRUE(contains(sql, "ORDER BY \"kpipe row\" ON CONFLICT DO NOTHING"));
  EXPECT_FALSE(contains(sql, "DISTINCT"));
}

TEST(KsinkPgMerge, a_part_takes_its_rows_only) {
  const Shapes shapes{{0, 1}};
  const MergePlan::Part part{shapes, false, std::pair(3U, 7U)};
  const std::string some = " WHERE \"kpipe row\" >= 3 AND \"kpipe row\" < 7";
  EXPECT_TRUE(contains(kPlan.apply(part), "FROM pg_temp.\"kpipe stage\"" + some + " ORDER BY id"));
  EXPECT_TRUE(contains(kPlan.make_rounds(part), "FROM pg_temp.\"kpipe stage\"" + some + ") s"));
}

TEST(KsinkPgMerge, a_round_takes_what_it_was_numbered_with) {
  EXPECT_TRUE(contains(kPlan.make_rounds({Shapes{{0, 1}}, false, {}}),
                       "PARTITION BY id ORDER BY \"kpipe row\""));
  EXPECT_TRUE(contains(kPlan.apply_round({Shapes{{0, 1}}, false, {}}, 3),
                       "FROM pg_temp.\"kpipe rounds\" WHERE round = 3"));
}

}  // namespace
}  // namespace kpipe
