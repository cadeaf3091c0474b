// SPDX-License-Identifier: Apache-2.0
// bench_raw_loop BROKERS TOPIC: reads the topic to its end with librdkafka's batch call and throws
// the records away. No consumer built on librdkafka can be faster than this.
#include <cstdio>
#include <string>
#include <vector>

#include "common/kafka/client.hpp"
#include "common/kafka/offsets.hpp"

int main(int argc, char** argv) {
  if (argc != 3) return 64;
  try {
    kpipe::ConnectionOptions options;
    options.bootstrap_servers = argv[1];
    kpipe::ClientConfig config("bench", options);
    config.set("group.id", "bench");
    config.set("enable.auto.commit", "false");
    config.set("enable.partition.eof", "true");
    config.set("fetch.queue.backoff.ms", "2");
    kpipe::Client client(std::move(config), RD_KAFKA_CONSUMER);
    rd_kafka_poll_set_consumer(client.get());

    const std::vector<std::int32_t> partitions = client.partitions(argv[2]);
    const kpipe::KafkaPartitionList list(
        rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
    for (std::int32_t partition : partitions) {
      rd_kafka_topic_partition_list_add(list.get(), argv[2], partition)->offset =
          RD_KAFKA_OFFSET_BEGINNING;
    }
    rd_kafka_assign(client.get(), list.get());
    const kpipe::KafkaQueue queue(rd_kafka_queue_get_consumer(client.get()));
    std::vector<rd_kafka_message_t*> messages(2000);
    std::size_t ends = 0;
    std::size_t records = 0;
    std::size_t bytes = 0;
    while (ends < partitions.size()) {
      const ssize_t count =
          rd_kafka_consume_batch_queue(queue.get(), 100, messages.data(), messages.size());
      for (ssize_t i = 0; i < count; ++i) {
        const kpipe::KafkaMessage message(messages[static_cast<std::size_t>(i)]);
        if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) ++ends;
        if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
        ++records;
        bytes += message->len;
      }
    }
    rd_kafka_assign(client.get(), nullptr);
    std::printf("%zu records, %zu bytes\n", records, bytes);
    return 0;
  } catch (const kpipe::Error& error) {
    std::fprintf(stderr, "bench_raw_loop: %s\n", error.what());
    return static_cast<int>(error.exit());
  }
}
