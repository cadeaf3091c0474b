// SPDX-License-Identifier: Apache-2.0
#include "tools/kgroups/access_steps.hpp"

#include <algorithm>

#include "common/kafka/access.hpp"
#include "tools/kgroups/text.hpp"

namespace kpipe::kgroups {
namespace {

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

Step read_step(const std::string& step, const std::string& what, const std::string& subject,
               const std::optional<Operations>& operations, const std::string& user) {
  if (!operations)
    return skipped(step, subject, "the broker does not tell what we may do (Kafka before 2.3)");
  if (std::find(operations->begin(), operations->end(), "READ") != operations->end())
    return passed(step, subject, "allowed: " + join(*operations));
  return failed(step, subject, Exit::no_permission,
                "no right to READ this " + what +
                    "; allowed: " + (operations->empty() ? "nothing" : join(*operations)),
                grant({"Read", what, subject}, user));
}

bool unknown_topic(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
         error == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
}

Step topic_step(const TopicDescription& topic) {
  std::string leaderless;
  std::string lagging;
  for (const PartitionDescription& partition : topic.partitions) {
    std::string& list = partition.leader < 0 ? leaderless : lagging;
    if (partition.leader < 0 || partition.under_replicated())
      list += (list.empty() ? "" : ",") + std::to_string(partition.id);
  }
  const std::size_t count = topic.partitions.size();
  const std::string detail = std::to_string(count) + (count == 1 ? " partition" : " partitions") +
                             (topic.id.empty() ? "" : ", id " + topic.id);
  Step step = passed("topic", topic.topic, detail);
  if (!leaderless.empty()) {
    step = failed(
        "topic", topic.topic, Exit::unavailable, "no broker leads partition " + leaderless,
        "Start the brokers that hold it: kgroups topics " + topic.topic + " shows the replicas");
    step.detail = detail;
  } else if (!lagging.empty()) {
    step = warned(
        "topic", topic.topic, "not all replicas of partition " + lagging + " are in sync",
        "It can be read; check the brokers that are missing in kgroups topics " + topic.topic);
    step.detail = detail;
  }
  return step;
}

}  // namespace

std::vector<Step> topic_steps(const TopicDescription& topic, const std::string& user,
                              const std::string& meant) {
  if (topic.error == RD_KAFKA_RESP_ERR_NO_ERROR)
    return {topic_step(topic),
            read_step("topic-read", "topic", topic.topic, topic.operations, user)};
  Step step;
  if (topic.error == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) {
    step = failed("topic", topic.topic, Exit::no_permission,
                  "no right to DESCRIBE this topic, which READ would imply; or there is none",
                  grant({"Read", "topic", topic.topic}, user));
  } else if (unknown_topic(topic.error)) {
    step = failed("topic", topic.topic, Exit::no_input, "no such topic",
                  meant.empty() ? "Compare with the names that kgroups topics shows"
                                : "Did you mean " + meant + "?");
  } else if (topic.error == RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION) {
    step = failed("topic", topic.topic, Exit::usage, "no valid name of a topic",
                  "Topics have letters, digits, '.', '_' and '-' in their names");
  } else {
    step = failed("topic", topic.topic, exit_for(topic.error), topic.error_text,
                  "Check the brokers' logs");
  }
  return {step, skipped("topic-read", topic.topic, "a step before it failed")};
}

Step records_step(const std::string& topic, const std::vector<PartitionLog>& logs,
                  std::optional<std::int64_t> newest_ms, std::int64_t now_ms) {
  std::int64_t records = 0;
  std::size_t filled = 0;
  for (const PartitionLog& log : logs) {
    if (log.error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return failed("records", topic, exit_for(log.error),
                    to_string(log.tp) + ": " + rd_kafka_err2str(log.error),
                    "Check the broker that leads the partition");
    }
    records += log.end - log.start;
    if (log.end > log.start) ++filled;
  }
  if (records == 0) {
    const bool ever =
        std::any_of(logs.begin(), logs.end(), [](const PartitionLog& log) { return log.end > 0; });
    return warned(
        "records", topic,
        ever ? "empty: all records are gone by retention" : "empty: nothing was ever written",
        "Check that the source writes into this topic");
  }
  return passed(
      "records", topic,
      std::to_string(records) + " in " + std::to_string(filled) + " of " +
          std::to_string(logs.size()) + (logs.size() == 1 ? " partition" : " partitions") +
          (newest_ms ? ", the newest " + time_text(*newest_ms) + " (" +
                           duration_text(std::max<std::int64_t>(now_ms - *newest_ms, 0)) + " ago)"
                     : ""));
}

std::vector<Step> group_steps(const GroupDescription& group, const std::string& user,
                              const std::vector<std::string>& topics) {
  const bool forbidden = group.error == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED;
  const bool missing = !group.exists();
  if (group.error != RD_KAFKA_RESP_ERR_NO_ERROR && !forbidden && !missing) {
    return {failed("coordinator", group.group, exit_for(group.error), group.error_text,
                   "Check the brokers' logs and the topic __consumer_offsets"),
            skipped("group", group.group, "a step before it failed"),
            skipped("group-read", group.group, "a step before it failed")};
  }
  std::vector<Step> steps;
  // FindCoordinator demands DESCRIBE as well: without it nobody can be named.
  if (forbidden) {
    return {skipped("coordinator", group.group, "only those who may DESCRIBE the group are told"),
            failed("group", group.group, Exit::no_permission,
                   "no right to DESCRIBE this group, which READ would imply",
                   grant({"Read", "group", group.group}, user)),
            skipped("group-read", group.group, "a step before it failed")};
  }
  const GroupCoordinator& coordinator = group.coordinator;
  steps.push_back(passed("coordinator", group.group,
                         coordinator.id < 0
                             ? "found"
                             : "broker " + std::to_string(coordinator.id) + " at " +
                                   coordinator.host + ":" + std::to_string(coordinator.port)));
  if (missing) {
    steps.push_back(passed("group", group.group, "none of that name yet; reading makes it"));
  } else {
    const std::size_t members = group.members.size();
    Step step = passed("group", group.group,
                       group.state + " (" + group.type + "), " + std::to_string(members) +
                           (members == 1 ? " member" : " members") +
                           (members == 0 ? "" : ": " + members_text(group.members)));
    const bool shared =
        topics.empty() || members == 0 ||
        std::any_of(group.members.begin(), group.members.end(), [&](const GroupMember& member) {
          return member.assignment.empty() ||
                 std::any_of(member.assignment.begin(), member.assignment.end(),
                             [&](const TopicPartition& tp) {
                               return std::find(topics.begin(), topics.end(), tp.topic) !=
                                      topics.end();
                             });
        });
    if (!shared) {
      step.result = Result::warning;
      step.cause = "its members read other topics";
      step.remedy = "Give each pipeline a group of its own";
    }
    steps.push_back(step);
  }
  // Kafka 4 says nothing about the rights to a group that is not there.
  steps.push_back(missing && !group.operations
                      ? skipped("group-read", group.group,
                                "the broker tells what we may do only once the group is there")
                      : read_step("group-read", "group", group.group, group.operations, user));
  return steps;
}

Step offsets_step(const GroupOffsets& offsets, const std::string& topic,
                  const std::vector<PartitionLog>& logs) {
  const std::string subject = offsets.group + " in " + topic;
  if (offsets.error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return failed("offsets", subject, exit_for(offsets.error), offsets.error_text,
                  "Check the group's rights");
  }
  std::int64_t left = 0;
  std::size_t known = 0;
  std::string lost;
  std::string beyond;
  for (const PartitionLog& log : logs) {
    const auto found =
        std::find_if(offsets.offsets.begin(), offsets.offsets.end(),
                     [&](const CommittedOffset& offset) { return offset.tp == log.tp; });
    if (found == offsets.offsets.end() || found->offset < 0) continue;
    ++known;
    std::string& list = found->offset < log.start ? lost : beyond;
    if (found->offset < log.start || found->offset > log.end)
      list += (list.empty() ? "" : ",") + std::to_string(log.tp.partition);
    left += std::max<std::int64_t>(log.stable_end - std::max(found->offset, log.start), 0);
  }
  if (known == 0)
    return passed("offsets", subject, "nothing committed: a reader starts where --from says");
  const std::string detail = left == 0 ? "everything is read: new records come as they are written"
                                       : std::to_string(left) + " records left to read";
  Step step =
      passed("offsets", subject,
             detail + (known < logs.size()
                           ? "; nothing committed in " + std::to_string(logs.size() - known) +
                                 " of " + std::to_string(logs.size()) + " partitions"
                           : ""));
  if (!beyond.empty()) {
    step.result = Result::warning;
    step.cause =
        "the committed offset of partition " + beyond + " is past the end: the topic was made anew";
    step.remedy = "Move the group: kseek -g " + offsets.group + " -t " + topic + " --to earliest";
  } else if (!lost.empty()) {
    step.result = Result::warning;
    step.cause = "retention took unread records of partition " + lost;
    step.remedy = "Read more often, or keep records longer (retention.ms)";
  }
  return step;
}

}  // namespace kpipe::kgroups
