// SPDX-License-Identifier: Apache-2.0
#include "common/kafka/offsets.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <thread>

#include "common/base/parse.hpp"
#include "common/kafka/topics.hpp"

namespace kpipe {

bool leader_moved(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH:
    case RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE:
      return true;
    default:
      return false;
  }
}

rd_kafka_resp_err_t obstacle(const TopicDescription& topic, std::int32_t partition) {
  if (topic.error != RD_KAFKA_RESP_ERR_NO_ERROR) return topic.error;
  const auto found =
      std::find_if(topic.partitions.begin(), topic.partitions.end(),
                   [&](const PartitionDescription& one) { return one.id == partition; });
  if (found == topic.partitions.end()) return RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
  return found->leader < 0 ? RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE : RD_KAFKA_RESP_ERR_NO_ERROR;
}

namespace {

/// librdkafka must know all leaders: see list_offsets().
std::vector<OffsetAnswer> ask_leaders(const Client& client, const std::vector<OffsetQuery>& queries,
                                      Isolation isolation) {
  std::vector<OffsetAnswer> answers;
  for (const OffsetQuery& query : queries)
    answers.push_back({query.tp, -1, -1, RD_KAFKA_RESP_ERR__NO_OFFSET});
  if (queries.empty()) return answers;

  const KafkaPartitionList list(
      rd_kafka_topic_partition_list_new(static_cast<int>(queries.size())));
  for (const OffsetQuery& query : queries) {
    rd_kafka_topic_partition_list_add(list.get(), query.tp.topic.c_str(), query.tp.partition)
        ->offset = query.spec;
  }
  const KafkaAdminOptions options(
      rd_kafka_AdminOptions_new(client.get(), RD_KAFKA_ADMIN_OP_LISTOFFSETS));
  char reason[256];
  rd_kafka_AdminOptions_set_request_timeout(options.get(), client.timeout_ms(), reason,
                                            sizeof reason);
  rd_kafka_AdminOptions_set_isolation_level(options.get(),
                                            isolation == Isolation::read_committed
                                                ? RD_KAFKA_ISOLATION_LEVEL_READ_COMMITTED
                                                : RD_KAFKA_ISOLATION_LEVEL_READ_UNCOMMITTED);
  const KafkaQueue queue(rd_kafka_queue_new(client.get()));
  rd_kafka_ListOffsets(client.get(), list.get(), options.get(), queue.get());
  const KafkaEvent event = client.await(queue.get(), "list offsets");
  if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw client.error("list offsets", rd_kafka_event_error(event.get()),
                       rd_kafka_event_error_string(event.get()));
  }
  // The answers come in an order of their own.
  std::map<TopicPartition, std::vector<std::size_t>> places;
  for (std::size_t i = 0; i < answers.size(); ++i) places[answers[i].tp].push_back(i);
  std::size_t count = 0;
  const rd_kafka_ListOffsetsResultInfo_t** infos =
      rd_kafka_ListOffsets_result_infos(rd_kafka_event_ListOffsets_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const rd_kafka_topic_partition_t* found =
        rd_kafka_ListOffsetsResultInfo_topic_partition(infos[i]);
    for (const std::size_t place : places[{found->topic, found->partition}]) {
      OffsetAnswer& answer = answers[place];
      answer.error = found->err;
      // A leader that did not answer in time: librdkafka 2.15 gives neither an error nor an offset.
      if (found->err == RD_KAFKA_RESP_ERR_NO_ERROR && found->offset == RD_KAFKA_OFFSET_INVALID)
        answer.error = RD_KAFKA_RESP_ERR__TIMED_OUT;
      answer.offset = found->offset;
      answer.timestamp_ms = rd_kafka_ListOffsetsResultInfo_timestamp(infos[i]);
    }
  }
  return answers;
}

/// The queries whose leaders can be asked are; the others' answers say why theirs cannot.
std::vector<OffsetAnswer> find_leaders_and_ask(const Client& client,
                                               const std::vector<OffsetQuery>& queries,
                                               Isolation isolation) {
  std::set<std::string> names;
  for (const OffsetQuery& query : queries) names.insert(query.tp.topic);
  std::map<std::string, TopicDescription> topics;
  for (TopicDescription& topic : describe_topics(client, {names.begin(), names.end()}))
    topics[topic.topic] = std::move(topic);

  std::vector<OffsetAnswer> answers;
  std::vector<std::size_t> places;
  std::vector<OffsetQuery> possible;
  for (const OffsetQuery& query : queries) {
    const rd_kafka_resp_err_t error = obstacle(topics.at(query.tp.topic), query.tp.partition);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
      places.push_back(answers.size());
      possible.push_back(query);
    }
    answers.push_back({query.tp, -1, -1, error});
  }
  std::vector<OffsetAnswer> found = ask_leaders(client, possible, isolation);
  for (std::size_t i = 0; i < places.size(); ++i) answers[places[i]] = std::move(found[i]);
  return answers;
}

}  // namespace

// rd_kafka_ListOffsets looks the leaders up in the thread that calls it. Where one is not known, it
// subscribes the request to news of the metadata, and goes on preparing it although the news may
// come already, in librdkafka's own thread, which then answers the request and frees it (2.15.1,
// rd_kafka_topic_partition_list_query_leaders_async): one run in 1200 crashed, others may have had
// their timers and their heap damaged. So it is asked for leaders alone of which it has been told
// just before: then it waits for nothing. Such a crash cannot be forced by a test; what can is in
// kgroups.bats: nobody looks for leaders.
std::vector<OffsetAnswer> list_offsets(const Client& client,
                                       const std::vector<OffsetQuery>& queries,
                                       Isolation isolation) {
  std::vector<OffsetAnswer> answers = find_leaders_and_ask(client, queries, isolation);
  const auto deadline = std::chrono::steady_clock::now() + client.options().timeout;
  for (;;) {
    std::vector<std::size_t> places;
    std::vector<OffsetQuery> again;
    for (std::size_t i = 0; i < answers.size(); ++i) {
      if (!leader_moved(answers[i].error)) continue;
      places.push_back(i);
      again.push_back(queries[i]);
    }
    if (again.empty() || std::chrono::steady_clock::now() > deadline) return answers;
    // An election takes some time.
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const std::vector<OffsetAnswer> second = find_leaders_and_ask(client, again, isolation);
    for (std::size_t i = 0; i < places.size(); ++i) answers[places[i]] = second[i];
  }
}

std::string CommitMetadata::text() const {
  std::string text = "kpipe gen=" + std::to_string(generation);
  if (!sink.empty()) text += " sink=" + sink;
  return text;
}

bool CommitMetadata::parse(std::string_view text, CommitMetadata& metadata) {
  while (text.ends_with('\0')) text.remove_suffix(1);  // some clients commit C's terminator too
  constexpr std::string_view head = "kpipe gen=";
  if (!text.starts_with(head)) return false;
  text.remove_prefix(head.size());
  const std::size_t space = std::min(text.find(' '), text.size());
  const auto generation = parse_int(text.substr(0, space));
  if (!generation || *generation < 0) return false;
  metadata.generation = *generation;
  text.remove_prefix(space);
  constexpr std::string_view sink = " sink=";
  metadata.sink = text.starts_with(sink) ? std::string(text.substr(sink.size())) : std::string();
  return true;
}

}  // namespace kpipe
