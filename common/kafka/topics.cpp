// SPDX-License-Identifier: Apache-2.0
#include "common/kafka/topics.hpp"

#include <algorithm>

#include "common/kafka/admin_call.hpp"

namespace kpipe {
namespace {

std::vector<std::int32_t> ids_of(const rd_kafka_Node_t** nodes, std::size_t count) {
  std::vector<std::int32_t> ids;
  for (std::size_t i = 0; i < count; ++i) ids.push_back(rd_kafka_Node_id(nodes[i]));
  return ids;
}

PartitionDescription to_partition(const rd_kafka_TopicPartitionInfo_t* info) {
  PartitionDescription partition;
  partition.id = rd_kafka_TopicPartitionInfo_partition(info);
  if (const rd_kafka_Node_t* const leader = rd_kafka_TopicPartitionInfo_leader(info);
      leader != nullptr)
    partition.leader = rd_kafka_Node_id(leader);
  std::size_t count = 0;
  const rd_kafka_Node_t** nodes = rd_kafka_TopicPartitionInfo_replicas(info, &count);
  partition.replicas = ids_of(nodes, count);
  nodes = rd_kafka_TopicPartitionInfo_isr(info, &count);
  partition.in_sync = ids_of(nodes, count);
  return partition;
}

TopicDescription to_topic(const rd_kafka_TopicDescription_t* from) {
  TopicDescription topic;
  topic.topic = text_or_empty(rd_kafka_TopicDescription_name(from));
  const rd_kafka_error_t* const error = rd_kafka_TopicDescription_error(from);
  topic.error = rd_kafka_error_code(error);
  if (topic.error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    topic.error_text = text_or_empty(rd_kafka_error_string(error));
    return topic;
  }
  const rd_kafka_Uuid_t* const id = rd_kafka_TopicDescription_topic_id(from);
  const bool known =
      rd_kafka_Uuid_most_significant_bits(id) != 0 || rd_kafka_Uuid_least_significant_bits(id) != 0;
  if (known) topic.id = rd_kafka_Uuid_base64str(id);
  topic.internal = rd_kafka_TopicDescription_is_internal(from) != 0;
  std::size_t count = 0;
  const rd_kafka_TopicPartitionInfo_t** const infos =
      rd_kafka_TopicDescription_partitions(from, &count);
  for (std::size_t i = 0; i < count; ++i) topic.partitions.push_back(to_partition(infos[i]));
  std::sort(
      topic.partitions.begin(), topic.partitions.end(),
      [](const PartitionDescription& a, const PartitionDescription& b) { return a.id < b.id; });
  const rd_kafka_AclOperation_t* const allowed =
      rd_kafka_TopicDescription_authorized_operations(from, &count);
  topic.operations = to_operations(allowed, count);
  return topic;
}

}  // namespace

std::vector<TopicDescription> describe_topics(const Client& client,
                                              const std::vector<std::string>& topics,
                                              bool with_operations) {
  std::vector<TopicDescription> answers;
  if (topics.empty()) return answers;
  std::vector<const char*> names;
  for (const std::string& topic : topics) names.push_back(topic.c_str());
  const KafkaTopicCollection collection(
      rd_kafka_TopicCollection_of_topic_names(names.data(), names.size()));
  AdminCall call(client, RD_KAFKA_ADMIN_OP_DESCRIBETOPICS, "describe topics");
  if (with_operations) call.ask_operations();
  rd_kafka_DescribeTopics(client.get(), collection.get(), call.options(), call.queue());
  const KafkaEvent event = call.wait_success();
  std::size_t count = 0;
  const rd_kafka_TopicDescription_t** const described = rd_kafka_DescribeTopics_result_topics(
      rd_kafka_event_DescribeTopics_result(event.get()), &count);
  // The answers come in an order of the broker's.
  std::map<std::string, TopicDescription> by_name;
  for (std::size_t i = 0; i < count; ++i) {
    TopicDescription topic = to_topic(described[i]);
    by_name[topic.topic] = std::move(topic);
  }
  for (const std::string& name : topics) {
    const auto found = by_name.find(name);
    if (found == by_name.end()) {
      answers.push_back({name, {}, false, {}, {}, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, "no answer"});
    } else {
      answers.push_back(std::move(found->second));
    }
  }
  return answers;
}

std::map<std::string, std::string> topic_ids(const Client& client,
                                             const std::vector<std::string>& topics) {
  std::map<std::string, std::string> ids;
  for (const TopicDescription& topic : describe_topics(client, topics)) {
    if (!topic.id.empty()) ids[topic.topic] = topic.id;
  }
  return ids;
}

}  // namespace kpipe
