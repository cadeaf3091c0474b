// SPDX-License-Identifier: Apache-2.0
#include "common/kafka/group_offsets.hpp"

#include <algorithm>
#include <map>

#include "common/kafka/admin_call.hpp"

namespace kpipe {
namespace {

/// The answers' errors beside the partitions asked for.
class Results {
 public:
  void ask(const TopicPartition& tp) {
    // A partition that the answer does not name was not changed, as far as anyone can tell.
    by_partition_[tp] = results_.size();
    results_.push_back({tp, RD_KAFKA_RESP_ERR__NO_OFFSET});
  }

  void take(const rd_kafka_group_result_t** groups, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      if (const rd_kafka_error_t* const error = rd_kafka_group_result_error(groups[i])) {
        for (PartitionResult& result : results_) result.error = rd_kafka_error_code(error);
        return;
      }
      const rd_kafka_topic_partition_list_t* const list =
          rd_kafka_group_result_partitions(groups[i]);
      for (int j = 0; list != nullptr && j < list->cnt; ++j) {
        const auto asked = by_partition_.find({list->elems[j].topic, list->elems[j].partition});
        if (asked != by_partition_.end()) results_[asked->second].error = list->elems[j].err;
      }
    }
  }

  std::vector<PartitionResult> get() { return std::move(results_); }

 private:
  std::vector<PartitionResult> results_;
  std::map<TopicPartition, std::size_t> by_partition_;
};

KafkaPartitionList new_list(std::size_t size) {
  return KafkaPartitionList(rd_kafka_topic_partition_list_new(static_cast<int>(size)));
}

}  // namespace

std::vector<PartitionResult> alter_offsets(const Client& client, const std::string& group,
                                           const std::vector<CommittedOffset>& offsets) {
  if (offsets.empty()) return {};
  Results results;
  const KafkaPartitionList list = new_list(offsets.size());
  for (const CommittedOffset& offset : offsets) {
    results.ask(offset.tp);
    rd_kafka_topic_partition_t* const entry =
        rd_kafka_topic_partition_list_add(list.get(), offset.tp.topic.c_str(), offset.tp.partition);
    entry->offset = offset.offset;
    // Owned by the list from here on, which frees it with librdkafka's own free().
    entry->metadata = rd_kafka_mem_malloc(client.get(), offset.metadata.size());
    std::copy(offset.metadata.begin(), offset.metadata.end(), static_cast<char*>(entry->metadata));
    entry->metadata_size = offset.metadata.size();
  }
  const AdminCall call(client, RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS,
                       group + ": set committed offsets");
  const AlterOffsetsRequest request(
      rd_kafka_AlterConsumerGroupOffsets_new(group.c_str(), list.get()));
  rd_kafka_AlterConsumerGroupOffsets_t* one = request.get();
  rd_kafka_AlterConsumerGroupOffsets(client.get(), &one, 1, call.options(), call.queue());
  const KafkaEvent event = call.wait_success();
  std::size_t count = 0;
  const rd_kafka_group_result_t** const groups = rd_kafka_AlterConsumerGroupOffsets_result_groups(
      rd_kafka_event_AlterConsumerGroupOffsets_result(event.get()), &count);
  results.take(groups, count);
  return results.get();
}

std::vector<PartitionResult> delete_offsets(const Client& client, const std::string& group,
                                            const std::vector<TopicPartition>& partitions) {
  if (partitions.empty()) return {};
  Results results;
  const KafkaPartitionList list = new_list(partitions.size());
  for (const TopicPartition& tp : partitions) {
    results.ask(tp);
    rd_kafka_topic_partition_list_add(list.get(), tp.topic.c_str(), tp.partition);
  }
  const AdminCall call(client, RD_KAFKA_ADMIN_OP_DELETECONSUMERGROUPOFFSETS,
                       group + ": delete committed offsets");
  const DeleteOffsetsRequest request(
      rd_kafka_DeleteConsumerGroupOffsets_new(group.c_str(), list.get()));
  rd_kafka_DeleteConsumerGroupOffsets_t* one = request.get();
  rd_kafka_DeleteConsumerGroupOffsets(client.get(), &one, 1, call.options(), call.queue());
  const KafkaEvent event = call.wait_success();
  std::size_t count = 0;
  const rd_kafka_group_result_t** const groups = rd_kafka_DeleteConsumerGroupOffsets_result_groups(
      rd_kafka_event_DeleteConsumerGroupOffsets_result(event.get()), &count);
  results.take(groups, count);
  return results.get();
}

}  // namespace kpipe
