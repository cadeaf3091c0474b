// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "common/base/error.hpp"
#include "common/base/fd.hpp"
#include "tests/unit/base_expect.hpp"
#include "tools/kseek/plan.hpp"
#include "tools/kseek/plan_output.hpp"
#include "tools/kseek/prior_offsets.hpp"
#include "tools/kseek/stored_by.hpp"
#include "tools/kseek/target_file.hpp"

namespace kpipe::kseek {
namespace {

using unit::contains;
using Kind = OffsetSpec::Kind;

PartitionLog log_of(std::int32_t partition, std::int64_t start, std::int64_t end) {
  return {{"orders", partition}, start, end, end, -1, RD_KAFKA_RESP_ERR_NO_ERROR};
}
CommittedOffset committed(std::int32_t partition, std::int64_t offset,
                          const std::string& metadata = {}, const std::string& topic = "orders") {
  return {{topic, partition}, offset, metadata, RD_KAFKA_RESP_ERR_NO_ERROR};
}
Goal to(Kind kind, std::int64_t value = 0) {
  return {OffsetSpec{kind, value}, "--to X", {}, false, std::nullopt};
}

Exit exit_of(const auto& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.exit();
  }
  return Exit::ok;
}
std::string message_of(const auto& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

TEST(KseekPlan, generationIsAboveAllOfTheTopicAndTheSinkStays) {
  const auto moves =
      make_plan(to(Kind::earliest), {log_of(0, 5, 90), log_of(1, 6, 90), log_of(2, 7, 90)},
                {committed(0, 50, "kpipe gen=2 sink=pg:public.orders"),
                 committed(1, 60, "kpipe gen=4"), committed(0, 9, "kpipe gen=99", "other")});
  ASSERT_EQ(moves.size(), 3U);
  EXPECT_EQ(moves[0].target, 5);
  EXPECT_EQ(moves[0].current, 50);
  EXPECT_EQ(moves[0].metadata.text(), "kpipe gen=5 sink=pg:public.orders");
  EXPECT_EQ(moves[1].metadata.text(), "kpipe gen=5");
  EXPECT_EQ(moves[2].current, std::nullopt);
  EXPECT_EQ(moves[2].metadata.text(), "kpipe gen=5");
}

TEST(KseekPlan, foreignMetadataStartsAtGenerationOne) {
  const auto moves =
      make_plan(to(Kind::latest), {log_of(0, 0, 90)}, {committed(0, 50, "someone else's")});
  EXPECT_EQ(moves.at(0).metadata.text(), "kpipe gen=1");
}

TEST(KseekPlan, generationGivenMustBeAbove) {
  Goal goal = to(Kind::earliest);
  goal.generation = 7;
  const std::vector<PartitionLog> logs{log_of(0, 0, 90)};
  EXPECT_EQ(make_plan(goal, logs, {committed(0, 50, "kpipe gen=6")}).at(0).metadata.generation, 7);
  EXPECT_EQ(exit_of([&] { make_plan(goal, logs, {committed(0, 50, "kpipe gen=7")}); }),
            Exit::usage);
}

TEST(KseekPlan, outsideTheLogIsRefusedNamingEachPartition) {
  const std::vector<PartitionLog> logs{log_of(0, 10, 90), log_of(1, 0, 200), log_of(2, 0, 99)};
  const auto plan = [&] { make_plan(to(Kind::absolute, 100), logs, {}); };
  EXPECT_EQ(exit_of(plan), Exit::data);
  const std::string message = message_of(plan);
  EXPECT_NE(message.find("orders[0]@100"), std::string::npos) << message;
  EXPECT_EQ(message.find("orders[1]"), std::string::npos) << message;
  EXPECT_NE(message.find("orders[2]@100"), std::string::npos) << message;
  EXPECT_NE(message.find("--clamp"), std::string::npos) << message;
}

TEST(KseekPlan, bothEndsOfTheLogAreInside) {
  EXPECT_EQ(make_plan(to(Kind::absolute, 10), {log_of(0, 10, 90)}, {}).at(0).target, 10);
  EXPECT_EQ(make_plan(to(Kind::absolute, 90), {log_of(0, 10, 90)}, {}).at(0).target, 90);
  EXPECT_EQ(make_plan(to(Kind::latest), {log_of(0, 0, 0)}, {}).at(0).target, 0);
}

TEST(KseekPlan, clampTakesTheNearestEnd) {
  Goal goal = to(Kind::shift, -1000);
  goal.clamp = true;
  const auto moves = make_plan(goal, {log_of(0, 10, 90)}, {committed(0, 50)});
  EXPECT_EQ(moves.at(0).target, 10);
  EXPECT_TRUE(moves.at(0).clamped);
}

TEST(KseekPlan, nothingCommittedToMoveFrom) {
  const auto plan = [] {
    make_plan(to(Kind::current), {log_of(0, 0, 9), log_of(1, 0, 9)}, {committed(0, 5)});
  };
  EXPECT_EQ(exit_of(plan), Exit::data);
  EXPECT_EQ(message_of(plan).find("orders[0]"), std::string::npos);
}

TEST(KseekPlan, whatLooksLikeATimeIsAskedAbout) {
  const std::vector<PartitionLog> logs{log_of(0, 10, 90)};
  const auto message = [&](std::int64_t value) {
    return message_of([&] { make_plan(to(Kind::absolute, value), logs, {}); });
  };
  EXPECT_TRUE(contains(message(1'793'491'200),
                       "Did you mean seconds since 1970? --to @1793491200 is 2026-11-01T00:00:00Z"))
      << message(1'793'491'200);
  EXPECT_TRUE(contains(message(1'793'491'200'000), "Did you mean milliseconds since 1970?"));
  EXPECT_FALSE(contains(message(179'349'120), "Did you mean"));
}

TEST(KseekPlan, eachPartitionGoesToItsPlace) {
  Goal goal;
  goal.places[{"orders", 1}] = {20, 3};
  goal.places[{"orders", 0}] = {10};
  const auto moves = make_plan(goal, {log_of(0, 0, 90), log_of(1, 0, 90)},
                               {committed(1, 90, "kpipe gen=8 sink=s")});
  EXPECT_EQ(moves.at(0).target, 10);
  EXPECT_EQ(moves.at(1).target, 20);
  EXPECT_EQ(moves.at(1).metadata.generation, 9);
}

TEST(KseekPlan, thePlacesGenerationAndSinkOutliveADeletion) {
  Goal goal;
  goal.places[{"orders", 0}] = {10, 7, "pg:orders"};
  const auto moves = make_plan(goal, {log_of(0, 0, 90)}, {});
  EXPECT_EQ(moves.at(0).metadata.text(), "kpipe gen=8 sink=pg:orders");
}

TEST(KseekPlan, deletesWhatIsCommittedAndNeedsNoLogForIt) {
  Goal goal;
  goal.places[{"orders", 0}] = {};
  goal.places[{"orders", 1}] = {};
  PartitionLog gone = log_of(0, -1, -1);
  gone.error = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
  const auto moves =
      make_plan(goal, {gone, log_of(1, 0, 9)}, {committed(0, 50, "kpipe gen=2 sink=s")});
  ASSERT_EQ(moves.size(), 1U);
  EXPECT_EQ(moves[0].current, 50);
  EXPECT_EQ(moves[0].target, std::nullopt);
  EXPECT_EQ(moves[0].delta(), std::nullopt);
}

TEST(KseekPlan, aLogThatCannotBeReadIsNamed) {
  PartitionLog gone = log_of(4, -1, -1);
  gone.error = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
  const auto plan = [&] { make_plan(to(Kind::earliest), {log_of(0, 0, 9), gone}, {}); };
  EXPECT_EQ(exit_of(plan), Exit::no_input);
  EXPECT_TRUE(contains(message_of(plan), "orders[4]: read the log's ends: "));
}

TEST(KseekPlan, anOffsetThatCouldNotBeReadIsNotTakenForNone) {
  CommittedOffset unread = committed(0, -1);
  unread.error = RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT;
  const auto plan = [&] { make_plan(to(Kind::earliest), {log_of(0, 0, 9)}, {unread}); };
  EXPECT_EQ(exit_of(plan), Exit::temp_fail);
  EXPECT_TRUE(message_of(plan).starts_with("orders[0]: read the committed offset: "));
}

TEST(KseekPlan, outputAndPriorOffsetsAreCheckpointLines) {
  GroupPlan plan{"etl", make_plan(to(Kind::earliest), {log_of(0, 5, 90), log_of(1, 0, 9)},
                                  {committed(0, 50, "kpipe gen=2 sink=s")})};
  OutBuffer lines;
  append_plans(lines, {plan}, OutputFormat::ndjson);
  EXPECT_EQ(lines.view(), R"({"topic":"orders","partition":0,"offset":5,"gen":3,"group":"etl",)"
                          R"("current":50,"delta":-45,"log_start":5,"log_end":90,"sink":"s"})"
                          "\n"
                          R"({"topic":"orders","partition":1,"offset":0,"gen":3,"group":"etl",)"
                          R"("current":null,"delta":null,"log_start":0,"log_end":9})"
                          "\n");
  OutBuffer prior;
  append_prior(prior, plan);
  EXPECT_EQ(prior.view(),
            R"({"topic":"orders","partition":0,"offset":50,"gen":2,"group":"etl","sink":"s"})"
            "\n"
            R"({"topic":"orders","partition":1,"offset":null,"delete":true,"group":"etl"})"
            "\n");
}

TEST(KseekPlan, aTableNamesGroupsWhereThereAreSeveral) {
  const auto moves = make_plan(to(Kind::latest), {log_of(0, 5, 90)}, {committed(0, 50)});
  OutBuffer one;
  append_plans(one, {{"etl", moves}}, OutputFormat::table);
  EXPECT_EQ(one.view(),
            "TOPIC   PARTITION  CURRENT  NEW  DELTA  LOG-START  LOG-END\n"
            "orders          0       50   90    +40          5       90\n");
  OutBuffer two;
  append_plans(two, {{"etl", moves}, {"a\x1b[2Jb", moves}}, OutputFormat::table);
  EXPECT_TRUE(two.view().starts_with("GROUP ")) << two.view();
  EXPECT_TRUE(contains(two.view(), "a\\x1b[2Jb")) << two.view();
}

TEST(KseekStoredBy, sinksKpipeAndOthers) {
  OutBuffer lines;
  append_stored_by(
      lines,
      {{"etl",
        {committed(0, 5, "kpipe gen=2 sink=pg:public.orders"), committed(1, 6, "kpipe gen=1"),
         committed(2, 7, "flink \"x\""), committed(3, 8)},
        RD_KAFKA_RESP_ERR_NO_ERROR,
        {}}},
      OutputFormat::ndjson);
  EXPECT_EQ(
      lines.view(),
      R"({"topic":"orders","partition":0,"offset":5,"gen":2,"group":"etl","sink":"pg:public.orders"})"
      "\n"
      R"({"topic":"orders","partition":1,"offset":6,"gen":1,"group":"etl","sink":null})"
      "\n"
      R"({"topic":"orders","partition":2,"offset":7,"group":"etl","sink":null,"metadata":"flink \"x\""})"
      "\n"
      R"({"topic":"orders","partition":3,"offset":8,"group":"etl","sink":null})"
      "\n");
}

class KseekPriorOffsets : public testing::Test {
 protected:
  KseekPriorOffsets() : path_("/tmp/kseek-prior." + std::to_string(::getpid())) {}
  ~KseekPriorOffsets() override { ::unlink(path_.c_str()); }

  std::string path_;
  GroupPlan plan_{"etl", make_plan(to(Kind::latest), {log_of(0, 5, 90)}, {committed(0, 50)})};
};

TEST_F(KseekPriorOffsets, collectsGroupsInANewFile) {
  PriorOffsets prior(path_);
  prior.keep(plan_);
  prior.keep({"two", plan_.moves});
  EXPECT_EQ(read_file(path_),
            "{\"topic\":\"orders\",\"partition\":0,\"offset\":50,\"group\":\"etl\"}\n"
            "{\"topic\":\"orders\",\"partition\":0,\"offset\":50,\"group\":\"two\"}\n");
  EXPECT_EQ(prior.undo(), "kseek --from-file " + path_ + " --execute");
}

TEST_F(KseekPriorOffsets, neverWritesOverAFileThatMayBeTheWayBack) {
  std::ofstream(path_) << "precious";
  const auto keep = [&] { PriorOffsets(path_).keep(plan_); };
  EXPECT_EQ(exit_of(keep), Exit::usage);
  EXPECT_EQ(read_file(path_), "precious");
}

TEST_F(KseekPriorOffsets, theWayBackFromADeletionMayNeedToMakeTheGroup) {
  Move deletion = plan_.moves.front();
  deletion.target.reset();
  PriorOffsets prior(path_);
  prior.keep({"etl", {deletion}});
  EXPECT_EQ(prior.undo(), "kseek --from-file " + path_ + " --execute --create-group");
}

std::map<std::string, Places> places(const std::vector<std::string>& lines,
                                     const std::vector<std::string>& groups) {
  TargetFile file("f");
  for (std::size_t i = 0; i < lines.size(); ++i) file.add_line(lines[i], i + 1);
  return file.for_groups(groups);
}

TEST(KseekTargetFile, checkpointLinesWithMoreFields) {
  const auto found =
      places({R"({"topic":"b","partition":1,"offset":7,"group":"g","gen":3,"sink":"pg:\u00e4"})",
              "", R"({"topic":"a","partition":0,"offset":null,"group":"g","lag":null})",
              R"({"topic":"a","partition":2,"offset":9,"group":"g"})", "kseek: g: 2 partitions"},
             {"g"});
  ASSERT_EQ(found.size(), 1U);
  const Places& g = found.at("g");
  ASSERT_EQ(g.size(), 2U);
  EXPECT_EQ(g.at({"a", 2}).offset, 9);
  EXPECT_EQ(g.at({"b", 1}).offset, 7);
  EXPECT_EQ(g.at({"b", 1}).generation, 3);
  EXPECT_EQ(g.at({"b", 1}).sink, "pg:ä");
}

TEST(KseekTargetFile, theWayBackToNothingIsADeletion) {
  const auto found =
      places({R"({"topic":"a","partition":0,"offset":null,"delete":true,"group":"g"})"}, {});
  EXPECT_EQ(found.at("g").at({"a", 0}).offset, std::nullopt);
  const auto both = [] { places({R"({"topic":"a","partition":0,"offset":1,"delete":true})"}, {}); };
  EXPECT_EQ(exit_of(both), Exit::data);
  EXPECT_EQ(exit_of([] { places({R"({"partition":0,"offset":null,"delete":true})"}, {"g"}); }),
            Exit::data);
}

TEST(KseekTargetFile, kafkasCsv) {
  const auto one = places({"orders,0,5", "\"orders\",1,6"}, {"g"});
  EXPECT_EQ(one.at("g").at({"orders", 0}).offset, 5);
  EXPECT_EQ(one.at("g").at({"orders", 1}).offset, 6);
  const auto two = places({"g,orders,0,5", "\"h, the other\",orders,0,6\r"}, {});
  EXPECT_EQ(two.at("g").at({"orders", 0}).offset, 5);
  EXPECT_EQ(two.at("h, the other").at({"orders", 0}).offset, 6);
  for (const char* bad : {"orders,0", "orders,0,-5", "orders,-1,5", "orders,x,5", ",0,5",
                          "orders,0,5x", "orders,0,", "or\xc3\x28,0,5", "topic,partition,offset"}) {
    EXPECT_EQ(exit_of([&] { places({bad}, {"g"}); }), Exit::data) << bad;
  }
}

TEST(KseekTargetFile, whoseLinesTheyAre) {
  const std::string line = R"({"topic":"a","partition":0,"offset":1,"gen":4,"sink":"s","group":")";
  const std::string of_g = line + "g\"}";
  const std::string of_h = line + "h\"}";
  const std::string of_none = R"({"topic":"a","partition":0,"offset":1,"gen":4})";
  EXPECT_EQ(places({of_g}, {}).begin()->first, "g");
  EXPECT_EQ(places({of_g, of_h}, {}).size(), 2U);
  EXPECT_EQ(places({of_g, of_h}, {"h"}).begin()->first, "h");
  EXPECT_EQ(places({of_none}, {"x", "y"}).size(), 2U);
  // Lines of one group are a plan for another, but not what its sinks have seen.
  const Place copied = places({of_g}, {"x"}).at("x").at({"a", 0});
  EXPECT_EQ(copied.offset, 1);
  EXPECT_EQ(copied.generation, 0);
  EXPECT_EQ(copied.sink, "");
  EXPECT_EQ(places({of_g}, {"g"}).at("g").at({"a", 0}).generation, 4);

  EXPECT_EQ(exit_of([&] { places({of_none}, {}); }), Exit::usage);
  EXPECT_EQ(exit_of([&] { places({of_g, of_h}, {"x"}); }), Exit::data);
  EXPECT_EQ(exit_of([&] { places({of_g, of_none}, {"g"}); }), Exit::data);
  EXPECT_EQ(exit_of([&] { places({}, {"g"}); }), Exit::data);
}

TEST(KseekTargetFile, namesTheLineThatIsNone) {
  const std::string good = R"({"topic":"a","partition":2,"offset":9})";
  EXPECT_EQ(message_of([&] {
              places({good, "TOPIC PARTITION"}, {"g"});
            }),
            "f:2: not a JSON object");
  for (const char* bad :
       {R"({"topic":"a","partition":2})", R"({"topic":"a","partition":2,"offset":)",
        R"({"topic":"a","partition":2,"offset":1,"group":5})"}) {
    EXPECT_TRUE(message_of([&] { places({bad}, {"g"}); }).starts_with("f:1: ")) << bad;
  }
}

TEST(KseekTargetFile, refusesTwoOffsetsForOnePartition) {
  const std::string nine = R"({"topic":"a","partition":2,"offset":9})";
  EXPECT_EQ(places({nine, nine}, {"g"}).at("g").size(), 1U);
  EXPECT_EQ(message_of([&] {
              places({nine, R"({"topic":"a","partition":2,"offset":8})"}, {"g"});
            }),
            "f:2: a[2] was named before with offset 9. Give each partition of a group once");
  EXPECT_EQ(exit_of([] { read_target_file("/nonexistent/kseek", {"g"}); }), Exit::no_input);
}

}  // namespace
}  // namespace kpipe::kseek
