// SPDX-License-Identifier: Apache-2.0
#include "common/kafka/topics.hpp"

#include "common/kafka/admin_call.hpp"

namespace kpipe {

std::map<std::string, std::string> topic_ids(const Client& client,
                                             const std::vector<std::string>& topics) {
  std::map<std::string, std::string> ids;
  if (topics.empty()) return ids;
  std::vector<const char*> names;
  for (const std::string& topic : topics) names.push_back(topic.c_str());
  const KafkaTopicCollection collection(
      rd_kafka_TopicCollection_of_topic_names(names.data(), names.size()));
  const AdminCall call(client, RD_KAFKA_ADMIN_OP_DESCRIBETOPICS, "describe topics");
  rd_kafka_DescribeTopics(client.get(), collection.get(), call.options(), call.queue());
  const KafkaEvent event = call.wait_success();
  std::size_t count = 0;
  const rd_kafka_TopicDescription_t** described = rd_kafka_DescribeTopics_result_topics(
      rd_kafka_event_DescribeTopics_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    if (rd_kafka_error_code(rd_kafka_TopicDescription_error(described[i])) !=
        RD_KAFKA_RESP_ERR_NO_ERROR)
      continue;
    const rd_kafka_Uuid_t* const id = rd_kafka_TopicDescription_topic_id(described[i]);
    const bool known = rd_kafka_Uuid_most_significant_bits(id) != 0 ||
                       rd_kafka_Uuid_least_significant_bits(id) != 0;
    if (known) ids[rd_kafka_TopicDescription_name(described[i])] = rd_kafka_Uuid_base64str(id);
  }
  return ids;
}

}  // namespace kpipe
