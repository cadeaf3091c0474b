// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/base/error.hpp"
#include "common/base/out_buffer.hpp"
#include "common/wire/record.hpp"
#include "tools/ksink-pg/batch_shares.hpp"
#include "tools/ksink-pg/topic_tables.hpp"

namespace kpipe {
namespace {

/// "topic>schema/table(sink)" of each.
std::string tables(const std::string& table, const std::vector<std::string>& topics,
                   const std::string& sink_id = "") {
  std::string all;
  for (const TopicTable& one : topic_tables(table, sink_id, topics)) {
    all += one.topic + ">" + one.table.schema + "/" + one.table.table +
           (one.sink_id.empty() ? "" : "(" + one.sink_id + ")") + ";";
  }
  return all;
}

std::string refusal(const std::string& table, const std::vector<std::string>& topics,
                    const std::string& sink_id = "") {
  try {
    return "taken: " + tables(table, topics, sink_id);
  } catch (const Error& error) {
    EXPECT_EQ(error.exit(), Exit::usage);
    return error.what();
  }
}

TEST(KsinkPgTopicTables, topics_become_parts_of_names) {
  EXPECT_EQ(tables("{topic}", {"orders", "a_1"}), "orders>/orders;a_1>/a_1;");
  EXPECT_EQ(tables("raw.{topic}", {"Orders", "eu.orders-v1"}),
            "Orders>raw/orders;eu.orders-v1>raw/eu.orders-v1;");
  EXPECT_EQ(tables("Raw.T_{topic}_X", {"Orders"}), "Orders>raw/t_orders_x;");
  EXPECT_EQ(tables("\"Raw\".\"{topic}\"", {"Orders", "orders"}),
            "Orders>Raw/Orders;orders>Raw/orders;");
  EXPECT_EQ(tables("{topic}.events", {"a", "b"}), "a>a/events;b>b/events;");
  EXPECT_EQ(tables("{topic}", {"Orders"}, "wh-{topic}"), "Orders>/orders(wh-Orders);");
}

TEST(KsinkPgTopicTables, refuses_what_could_go_wrong_later) {
  EXPECT_EQ(
      refusal("{topic}", {"Orders", "orders"}),
      "--allow-topics: Orders and orders: both would be stored in orders. With \"{topic}\" in "
      "quotes, names keep their capitals");
  EXPECT_EQ(refusal("{topic}", {"a", "a"}), "--allow-topics: a: is given twice");
  EXPECT_EQ(refusal("{topic}", {"a b"}),
            "--allow-topics: 'a b': not a topic's name. Give names with commas in between");
  for (const char* bad : {"", ".", "..", "a;b", "a\"b", "a/b", "{topic}"})
    EXPECT_TRUE(refusal("{topic}", {bad}).find("not a topic's name") != std::string::npos) << bad;
  EXPECT_TRUE(refusal("{topic}", {std::string(250, 'x')}).find("not a topic's name") !=
              std::string::npos);
  EXPECT_EQ(tables("{topic}", {std::string(63, 'x')}).size(), 129U);
  EXPECT_TRUE(refusal("{topic}", {std::string(64, 'x')}).find("has 64 bytes") != std::string::npos);
  EXPECT_TRUE(refusal("t_{topic}", {std::string(62, 'x')}).find("has 64 bytes") !=
              std::string::npos);
  EXPECT_EQ(refusal("{topic}", {"a"}, "one"),
            "--sink-id: each table is a sink of its own: put {topic} in it");
  EXPECT_TRUE(refusal("a-{topic}", {"a"}).find("not a table name") != std::string::npos);
}

void add(Batch& batch, const std::string& topic, int partition, int offset,
         const std::string& value) {
  OutBuffer line;
  line.append("{\"topic\":\"" + topic + "\",\"partition\":" + std::to_string(partition) +
              ",\"offset\":" + std::to_string(offset) +
              ",\"timestamp\":1,\"key\":null,\"headers\":[],\"value\":" + value + "}");
  RecordDecoder decoder;
  Record record;
  ASSERT_EQ(decoder.decode(line.view(), record), "");
  batch.add(record, line.view(), batch.range_of(topic, partition));
}

TEST(KsinkPgBatchShares, are_made_by_topic) {
  const auto part_of = [](const std::string& topic) -> std::size_t {
    const std::size_t part = std::string("abc").find(topic);
    if (part == std::string::npos) throw Error(Exit::data, topic);
    return part;
  };
  Batch batch;
  add(batch, "b", 0, 5, "1");
  add(batch, "a", 1, 7, "2");
  add(batch, "b", 0, 6, "3");
  batch.range(batch.range_of("b", 0)).expected = StoredOffset{5, 0};
  batch.range(batch.range_of("b", 0)).next = 9;  // above the last record
  batch.range(batch.range_of("b", 4)).next = 3;  // without a record
  const std::vector<Batch> shares = batch_shares(batch, 3, part_of);
  ASSERT_EQ(shares.size(), 3U);
  ASSERT_EQ(shares[0].entries().size(), 1U);
  EXPECT_EQ(shares[0].entries()[0].record.value.raw, "2");
  ASSERT_EQ(shares[1].entries().size(), 2U);
  EXPECT_EQ(shares[1].entries()[1].record.value.raw, "3");
  EXPECT_EQ(shares[1].entries()[1].range, 0U);
  ASSERT_EQ(shares[1].ranges().size(), 2U);
  EXPECT_EQ(shares[1].ranges()[0].next, 9);
  EXPECT_EQ(shares[1].ranges()[0].records, 2U);
  EXPECT_EQ(shares[1].ranges()[0].expected, (StoredOffset{5, 0}));
  EXPECT_EQ(shares[1].ranges()[1].next, 3);
  EXPECT_TRUE(shares[2].empty());

  add(batch, "d", 0, 0, "4");
  EXPECT_THROW(static_cast<void>(batch_shares(batch, 3, part_of)), Error);
}

}  // namespace
}  // namespace kpipe
