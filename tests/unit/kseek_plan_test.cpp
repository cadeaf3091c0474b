// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "common/base/error.hpp"
#include "tools/kseek/plan.hpp"
#include "tools/kseek/plan_output.hpp"
#include "tools/kseek/target_file.hpp"

namespace kpipe::kseek {
namespace {

using Kind = OffsetSpec::Kind;

PartitionLog log_of(std::int32_t partition, std::int64_t start, std::int64_t end) {
  return {{"orders", partition}, start, end, end, -1, RD_KAFKA_RESP_ERR_NO_ERROR};
}
CommittedOffset committed(std::int32_t partition, std::int64_t offset,
                          const std::string& metadata = {}, const std::string& topic = "orders") {
  return {{topic, partition}, offset, metadata, RD_KAFKA_RESP_ERR_NO_ERROR};
}
Goal to(Kind kind, std::int64_t value = 0) {
  return {OffsetSpec{kind, value}, "X", {}, false, std::nullopt};
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

TEST(KseekPlan, offsetsOfAFileGoToTheirPartitions) {
  Goal goal;
  goal.offsets = {{{"orders", 1}, 20, 3}, {{"orders", 0}, 10, 0}};
  const auto moves = make_plan(goal, {log_of(0, 0, 90), log_of(1, 0, 90)},
                               {committed(1, 90, "kpipe gen=8 sink=s")});
  EXPECT_EQ(moves.at(0).target, 10);
  EXPECT_EQ(moves.at(1).target, 20);
  EXPECT_EQ(moves.at(1).metadata.generation, 9);
}

TEST(KseekPlan, outputAndPriorOffsetsAreCheckpointLines) {
  const auto moves = make_plan(to(Kind::earliest), {log_of(0, 5, 90), log_of(1, 0, 9)},
                               {committed(0, 50, "kpipe gen=2 sink=s")});
  OutBuffer plan;
  append_plan(plan, "etl", moves, OutputFormat::ndjson);
  EXPECT_EQ(plan.view(),
            "{\"topic\":\"orders\",\"partition\":0,\"offset\":5,\"gen\":3,\"group\":\"etl\","
            "\"current\":50,\"delta\":-45,"
            "\"log_start\":5,\"log_end\":90,\"sink\":\"s\"}\n"
            "{\"topic\":\"orders\",\"partition\":1,\"offset\":0,\"gen\":3,\"group\":\"etl\","
            "\"current\":null,\"delta\":null,"
            "\"log_start\":0,\"log_end\":9}\n");
  OutBuffer prior;
  append_prior(prior, "etl", moves);
  EXPECT_EQ(prior.view(),
            "{\"topic\":\"orders\",\"partition\":0,\"offset\":50,\"gen\":2,\"group\":\"etl\","
            "\"sink\":\"s\"}\n");
}

class KseekTargetFile : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/kseek-test.XXXXXX";
    const int fd = ::mkstemp(name);
    ASSERT_GE(fd, 0);
    ::close(fd);
    path_ = name;
  }
  void TearDown() override { ::unlink(path_.c_str()); }

  std::vector<Checkpoint> read(const std::string& text) const {
    std::ofstream(path_) << text;
    return read_target_file(path_);
  }
  std::string path_;
};

TEST_F(KseekTargetFile, readsCheckpointLinesWithMoreFields) {
  const auto targets = read(
      "{\"topic\":\"b\",\"partition\":1,\"offset\":7,\"group\":\"g\",\"lag\":null}\n\n"
      "{\"topic\":\"a\",\"partition\":0,\"offset\":null}\n"
      "{\"topic\":\"a\",\"partition\":2,\"offset\":9}");
  ASSERT_EQ(targets.size(), 2U);
  EXPECT_EQ(targets[0].tp, (TopicPartition{"a", 2}));
  EXPECT_EQ(targets[1].offset, 7);
}

TEST_F(KseekTargetFile, namesTheLineThatIsNone) {
  const auto bad = [&] {
    read("{\"topic\":\"a\",\"partition\":2,\"offset\":9}\nTOPIC PARTITION\n");
  };
  EXPECT_EQ(exit_of(bad), Exit::data);
  EXPECT_NE(message_of(bad).find(":2: "), std::string::npos);
  EXPECT_EQ(exit_of([&] { read("{\"topic\":\"a\",\"partition\":2}\n"); }), Exit::data);
}

TEST_F(KseekTargetFile, refusesTwoOffsetsForOnePartition) {
  EXPECT_EQ(exit_of([&] {
              read(
                  "{\"topic\":\"a\",\"partition\":2,\"offset\":9}\n{\"topic\":\"a\",\"partition\":"
                  "2,\"offset\":8}\n");
            }),
            Exit::data);
  EXPECT_EQ(exit_of([] { read_target_file("/nonexistent/kseek"); }), Exit::no_input);
}

}  // namespace
}  // namespace kpipe::kseek
