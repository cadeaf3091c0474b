// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tools/kgroups/access_steps.hpp"
#include "tools/kgroups/check_broker.hpp"
#include "tools/kgroups/check_step.hpp"

namespace kpipe::kgroups {
namespace {

TopicDescription topic_of(std::vector<PartitionDescription> partitions) {
  TopicDescription topic;
  topic.topic = "orders";
  topic.partitions = std::move(partitions);
  topic.operations = Operations{"READ", "DESCRIBE"};
  return topic;
}

PartitionLog log_of(std::int32_t partition, std::int64_t start, std::int64_t end) {
  return {{"orders", partition}, start, end, end, -1, RD_KAFKA_RESP_ERR_NO_ERROR};
}

GroupDescription group_of(std::vector<GroupMember> members) {
  GroupDescription group;
  group.group = "etl";
  group.state = members.empty() ? "Empty" : "Stable";
  group.type = "Classic";
  group.members = std::move(members);
  group.operations = Operations{"READ", "DESCRIBE"};
  return group;
}

TEST(KgroupsCheckTopic, passesWhatCanBeRead) {
  const std::vector<Step> steps = topic_steps(topic_of({{0, 1, {1, 2}, {1, 2}}}), "alice", "");
  ASSERT_EQ(steps.size(), 2U);
  EXPECT_EQ(steps[0].result, Result::ok);
  EXPECT_EQ(steps[1].result, Result::ok);
  EXPECT_EQ(status_of(steps), Exit::ok);
}

TEST(KgroupsCheckTopic, failsWithoutALeaderAndWarnsOfReplicasThatLag) {
  EXPECT_EQ(topic_steps(topic_of({{0, 1, {1, 2}, {1}}}), "", "")[0].result, Result::warning);
  const std::vector<Step> steps =
      topic_steps(topic_of({{0, 1, {1}, {1}}, {1, -1, {2}, {}}}), "", "");
  EXPECT_EQ(steps[0].cause, "no broker leads partition 1");
  EXPECT_EQ(status_of(steps), Exit::unavailable);
}

TEST(KgroupsCheckTopic, saysHowToGrantWhatIsMissing) {
  TopicDescription topic = topic_of({{0, 1, {1}, {1}}});
  topic.operations = Operations{"DESCRIBE"};
  std::vector<Step> steps = topic_steps(topic, "alice", "");
  EXPECT_EQ(steps[0].result, Result::ok);
  EXPECT_EQ(status_of(steps), Exit::no_permission);
  EXPECT_NE(steps[1].remedy.find("--allow-principal User:alice --operation Read --topic orders"),
            std::string::npos);
  topic.error = RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
  steps = topic_steps(topic, "", "");
  EXPECT_EQ(status_of(steps), Exit::no_permission);
  EXPECT_NE(steps[0].remedy.find("User:NAME"), std::string::npos);
  EXPECT_EQ(steps[1].result, Result::skipped);
}

TEST(KgroupsCheckTopic, skipsRightsThatAnOldBrokerDoesNotTell) {
  TopicDescription topic = topic_of({{0, 1, {1}, {1}}});
  topic.operations.reset();
  EXPECT_EQ(topic_steps(topic, "", "")[1].result, Result::skipped);
}

TEST(KgroupsCheckTopic, suggestsTheNameThatWasMeant) {
  TopicDescription topic = topic_of({});
  topic.error = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
  const std::vector<Step> steps = topic_steps(topic, "", "orders-v2");
  EXPECT_EQ(status_of(steps), Exit::no_input);
  EXPECT_EQ(steps[0].remedy, "Did you mean orders-v2?");
}

TEST(KgroupsCheckRecords, tellsNeverWrittenFromGone) {
  EXPECT_NE(records_step("orders", {log_of(0, 0, 0)}, {}, 0).cause.find("ever written"),
            std::string::npos);
  EXPECT_NE(records_step("orders", {log_of(0, 9, 9)}, {}, 0).cause.find("retention"),
            std::string::npos);
  const Step step = records_step("orders", {log_of(0, 2, 9), log_of(1, 4, 4)}, 60'000, 360'000);
  EXPECT_EQ(step.detail, "7 in 1 of 2 partitions, the newest 1970-01-01T00:01:00Z (5m00s ago)");
}

TEST(KgroupsCheckGroup, warnsWhenItsMembersReadSomethingElse) {
  const GroupMember member{"m", "", "billing", "10.0.0.7", {{"payments", 0}}};
  const std::vector<Step> steps = group_steps(group_of({member}), "", {"orders"});
  ASSERT_EQ(steps.size(), 3U);
  EXPECT_EQ(steps[1].result, Result::warning);
  EXPECT_NE(steps[1].detail.find("billing on 10.0.0.7"), std::string::npos);
  EXPECT_EQ(group_steps(group_of({member}), "", {"orders", "payments"})[1].result, Result::ok);
  EXPECT_EQ(group_steps(group_of({member}), "", {})[1].result, Result::ok);
}

TEST(KgroupsCheckGroup, passesOneThatIsNotThereYet) {
  GroupDescription group = group_of({});
  group.state = "Dead";
  EXPECT_EQ(status_of(group_steps(group, "", {})), Exit::ok);
  group.error = RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND;
  group.operations.reset();
  const std::vector<Step> steps = group_steps(group, "", {});
  EXPECT_EQ(status_of(steps), Exit::ok);
  EXPECT_EQ(steps[2].result, Result::skipped);
}

TEST(KgroupsCheckGroup, failsWithoutRightsOrCoordinator) {
  GroupDescription group = group_of({});
  group.operations = Operations{"DESCRIBE"};
  EXPECT_EQ(status_of(group_steps(group, "alice", {})), Exit::no_permission);
  group.error = RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED;
  EXPECT_EQ(status_of(group_steps(group, "alice", {})), Exit::no_permission);
  group.error = RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE;
  const std::vector<Step> steps = group_steps(group, "alice", {});
  EXPECT_EQ(steps[0].step, "coordinator");
  EXPECT_EQ(status_of(steps), Exit::unavailable);
}

TEST(KgroupsCheckOffsets, tellsWhereTheGroupStands) {
  const auto step = [](std::optional<std::int64_t> committed, const PartitionLog& log) {
    GroupOffsets offsets{"etl", {}, RD_KAFKA_RESP_ERR_NO_ERROR, {}};
    if (committed)
      offsets.offsets.push_back({{"orders", 0}, *committed, {}, RD_KAFKA_RESP_ERR_NO_ERROR});
    return offsets_step(offsets, "orders", {log});
  };
  EXPECT_NE(step({}, log_of(0, 0, 9)).detail.find("nothing committed"), std::string::npos);
  EXPECT_EQ(step(4, log_of(0, 0, 9)).detail, "5 records left to read");
  EXPECT_NE(step(9, log_of(0, 0, 9)).detail.find("everything is read"), std::string::npos);
  EXPECT_NE(step(1, log_of(0, 4, 9)).cause.find("retention"), std::string::npos);
  EXPECT_NE(step(99, log_of(0, 0, 9)).cause.find("made anew"), std::string::npos);
}

Route route_of(const std::string& protocol) {
  Route route;
  route.security = {protocol, "PLAIN"};
  route.user = "alice";
  return route;
}

std::string results_of(const std::vector<Step>& steps) {
  std::string text;
  for (const Step& step : steps) {
    const bool ok = step.result == Result::ok || step.result == Result::warning;
    text += step.step + (ok ? "+ " : step.result == Result::failed ? "! " : "- ");
  }
  return text;
}

TEST(KgroupsCheckContact, skipsWhatComesAfterAFailure) {
  const BrokerAddress broker{"b", "9093"};
  Contact contact;
  contact.failure =
      "SASL authentication error: Authentication failed: Invalid username or password (after 1ms "
      "in state AUTH_REQ)";
  EXPECT_EQ(results_of(contact_steps(broker, contact, route_of("sasl_ssl"), 0)),
            "tls+ login! api- ");
  EXPECT_EQ(results_of(contact_steps(broker, contact, route_of("sasl_plaintext"), 0)),
            "login! api- ");
  contact.failure = "Disconnected: gone (after 1ms in state APIVERSION_QUERY)";
  EXPECT_EQ(results_of(contact_steps(broker, contact, route_of("plaintext"), 0)), "tls! api- ");
}

TEST(KgroupsCheckContact, warnsOfPasswordsInTheClear) {
  const BrokerAddress broker{"b", "9093"};
  Contact contact;
  contact.reached = true;
  const std::vector<Step> steps = contact_steps(broker, contact, route_of("sasl_plaintext"), 0);
  EXPECT_EQ(steps[0].result, Result::warning);
  EXPECT_EQ(contact_steps(broker, contact, route_of("sasl_ssl"), 0)[1].result, Result::ok);
}

TEST(KgroupsCheckSteps, haveOneSchemaAndTheStatusOfTheFirstFailure) {
  const std::vector<Step> steps{passed("api", "b:1", "cluster x"),
                                failed("topic", "t", Exit::no_input, "no such topic", "Look"),
                                failed("group", "g", Exit::no_permission, "no right", "Ask")};
  EXPECT_EQ(status_of(steps), Exit::no_input);
  OutBuffer out;
  append_steps(out, steps, OutputFormat::ndjson, false);
  EXPECT_EQ(
      out.view().substr(0, out.view().find('\n', 120) + 1),
      R"({"step":"api","subject":"b:1","result":"ok","detail":"cluster x","cause":null,"remedy":null,"ms":null}
{"step":"topic","subject":"t","result":"failed","detail":null,"cause":"no such topic","remedy":"Look","ms":null}
)");
}

}  // namespace
}  // namespace kpipe::kgroups
