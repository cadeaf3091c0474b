// SPDX-License-Identifier: Apache-2.0
#include "common/sink/batch.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/wire_padded.hpp"

namespace kpipe {
namespace {

/// Adds a record of `topic`[0] the way the sink loop does; the line's own bytes are gone
/// afterwards.
void add(Batch& batch, RecordDecoder& decoder, const std::string& topic, std::int64_t offset,
         const std::string& value) {
  const unit::Padded line(R"({"topic":")" + topic + R"(","partition":0,"offset":)" +
                          std::to_string(offset) + R"(,"key":"k","value":)" + value + "}");
  Record record;
  ASSERT_EQ(decoder.decode(line.view(), record), "");
  batch.add(record, line.view(), batch.range_of(topic, 0));
}

TEST(SinkBatch, views_survive_the_line_and_any_growth) {
  Batch batch;
  RecordDecoder decoder;
  EXPECT_TRUE(batch.empty());
  for (int i = 0; i < 3000; ++i) {
    const std::string value = "\"" + std::string(static_cast<std::size_t>(i), 'v') + "\"";
    add(batch, decoder, i % 2 == 0 ? "even" : "odd", i, value);
  }
  add(batch, decoder, "odd", 3001, "\"" + std::string(3 << 20, 'h') + "\"");
  add(batch, decoder, "odd", 3003, "7");
  ASSERT_EQ(batch.entries().size(), 3002U);
  std::size_t bytes = 0;
  for (const Batch::Entry& entry : batch.entries()) {
    const Record& record = entry.record;
    bytes += entry.line.size();
    ASSERT_TRUE(record.topic == (record.offset % 2 == 0 ? "even" : "odd"));
    ASSERT_EQ(record.key.raw, "\"k\"");
    ASSERT_EQ(record.headers.raw, "null") << "an absent field points at no line";
    ASSERT_GE(record.value.raw.data(), entry.line.data());
    ASSERT_LE(record.value.raw.data() + record.value.raw.size(),
              entry.line.data() + entry.line.size());
    if (record.offset < 3000) {
      ASSERT_EQ(record.value.raw.size(), static_cast<std::size_t>(record.offset) + 2);
    }
    unsigned sum = 0;
    for (std::size_t i = 0; i < OutBuffer::kPadding; ++i) {
      sum += static_cast<unsigned char>(*(entry.line.data() + entry.line.size() + i));
    }
    ASSERT_LE(sum, OutBuffer::kPadding * 255U);
  }
  EXPECT_EQ(batch.bytes(), bytes);
  EXPECT_EQ(batch.entries().back().record.value.raw, "7");
}

TEST(SinkBatch, keeps_one_range_a_partition) {
  Batch batch;
  RecordDecoder decoder;
  add(batch, decoder, "a", 5, "1");
  add(batch, decoder, "b", 7, "2");
  add(batch, decoder, "a", 9, "3");
  ASSERT_EQ(batch.ranges().size(), 2U);
  EXPECT_EQ(batch.find("a", 0)->next, 10);
  EXPECT_EQ(batch.find("a", 0)->records, 2U);
  EXPECT_EQ(batch.find("b", 0)->next, 8);
  EXPECT_EQ(batch.find("a", 1), nullptr);
  EXPECT_EQ(batch.find("c", 0), nullptr);
  EXPECT_EQ(batch.range_of("a", 1), 2U);
  EXPECT_EQ(batch.range_of("b", 0), 1U);
}

TEST(SinkBatch, drops_what_is_stored_of_one_range_only) {
  Batch batch;
  RecordDecoder decoder;
  for (int offset = 0; offset < 6; ++offset) {
    add(batch, decoder, "a", offset, std::to_string(offset));
    add(batch, decoder, "b", offset, std::to_string(offset));
  }
  EXPECT_EQ(batch.drop_below(batch.range_of("a", 0), 4), 4U);
  EXPECT_EQ(batch.drop_below(batch.range_of("a", 0), 4), 0U);
  EXPECT_EQ(batch.entries().size(), 8U);
  EXPECT_EQ(batch.find("a", 0)->records, 2U);
  EXPECT_EQ(batch.find("a", 0)->next, 6);
  EXPECT_EQ(batch.find("b", 0)->records, 6U);
  std::int64_t last = -1;
  for (const Batch::Entry& entry : batch.entries()) {
    if (entry.record.topic != "a") continue;
    EXPECT_GT(entry.record.offset, last) << "in order of arrival";
    EXPECT_GE(entry.record.offset, 4);
    last = entry.record.offset;
  }
  EXPECT_EQ(batch.drop_below(batch.range_of("a", 0), 100), 2U);
  EXPECT_FALSE(batch.empty()) << "its offset is still to be stored";
}

TEST(SinkBatch, is_used_again) {
  Batch batch;
  RecordDecoder decoder;
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i < 40; ++i) {
      add(batch, decoder, "t", i,
          "\"" + std::string(60'000, static_cast<char>('a' + i % 26)) + "\"");
    }
    ASSERT_EQ(batch.entries().size(), 40U);
    for (int i = 0; i < 40; ++i) {
      ASSERT_EQ(batch.entries()[static_cast<std::size_t>(i)].record.value.raw[1], 'a' + i % 26);
    }
    batch.clear();
    ASSERT_TRUE(batch.empty());
    ASSERT_EQ(batch.bytes(), 0U);
    ASSERT_EQ(batch.find("t", 0), nullptr);
  }
}

}  // namespace
}  // namespace kpipe
