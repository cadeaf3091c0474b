// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <librdkafka/rdkafka.h>

#include <memory>

namespace kpipe {

// Owners of librdkafka's C handles: every deleter in one place.

struct RdKafkaDeleter {
  void operator()(rd_kafka_t* p) const noexcept { rd_kafka_destroy(p); }
  void operator()(rd_kafka_conf_t* p) const noexcept { rd_kafka_conf_destroy(p); }
  void operator()(rd_kafka_queue_t* p) const noexcept { rd_kafka_queue_destroy(p); }
  void operator()(rd_kafka_event_t* p) const noexcept { rd_kafka_event_destroy(p); }
  void operator()(rd_kafka_message_t* p) const noexcept { rd_kafka_message_destroy(p); }
  void operator()(rd_kafka_topic_partition_list_t* p) const noexcept {
    rd_kafka_topic_partition_list_destroy(p);
  }
  void operator()(rd_kafka_error_t* p) const noexcept { rd_kafka_error_destroy(p); }
  void operator()(rd_kafka_AdminOptions_t* p) const noexcept { rd_kafka_AdminOptions_destroy(p); }
  void operator()(const rd_kafka_metadata_t* p) const noexcept { rd_kafka_metadata_destroy(p); }
  void operator()(rd_kafka_topic_t* p) const noexcept { rd_kafka_topic_destroy(p); }
  void operator()(rd_kafka_TopicCollection_t* p) const noexcept {
    rd_kafka_TopicCollection_destroy(p);
  }
  void operator()(rd_kafka_ListConsumerGroupOffsets_t* p) const noexcept {
    rd_kafka_ListConsumerGroupOffsets_destroy(p);
  }
  void operator()(rd_kafka_AlterConsumerGroupOffsets_t* p) const noexcept {
    rd_kafka_AlterConsumerGroupOffsets_destroy(p);
  }
  void operator()(rd_kafka_DeleteConsumerGroupOffsets_t* p) const noexcept {
    rd_kafka_DeleteConsumerGroupOffsets_destroy(p);
  }
  void operator()(rd_kafka_DeleteGroup_t* p) const noexcept { rd_kafka_DeleteGroup_destroy(p); }
  void operator()(const rd_kafka_group_list* p) const noexcept { rd_kafka_group_list_destroy(p); }
};

template <typename T>
using RdKafkaPtr = std::unique_ptr<T, RdKafkaDeleter>;

using KafkaHandle = RdKafkaPtr<rd_kafka_t>;
using KafkaConf = RdKafkaPtr<rd_kafka_conf_t>;
using KafkaQueue = RdKafkaPtr<rd_kafka_queue_t>;
using KafkaEvent = RdKafkaPtr<rd_kafka_event_t>;
using KafkaMessage = RdKafkaPtr<rd_kafka_message_t>;
using KafkaPartitionList = RdKafkaPtr<rd_kafka_topic_partition_list_t>;
using KafkaErrorHandle = RdKafkaPtr<rd_kafka_error_t>;
using KafkaAdminOptions = RdKafkaPtr<rd_kafka_AdminOptions_t>;
using KafkaTopicCollection = RdKafkaPtr<rd_kafka_TopicCollection_t>;
using ListOffsetsRequest = RdKafkaPtr<rd_kafka_ListConsumerGroupOffsets_t>;
using AlterOffsetsRequest = RdKafkaPtr<rd_kafka_AlterConsumerGroupOffsets_t>;
using DeleteOffsetsRequest = RdKafkaPtr<rd_kafka_DeleteConsumerGroupOffsets_t>;
using DeleteGroupRequest = RdKafkaPtr<rd_kafka_DeleteGroup_t>;
using KafkaGroupList = RdKafkaPtr<const rd_kafka_group_list>;
using KafkaMetadata = RdKafkaPtr<const rd_kafka_metadata_t>;

}  // namespace kpipe
