// SPDX-License-Identifier: Apache-2.0
#include "common/wire/control.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "common/wire/checkpoint.hpp"

namespace kpipe {
namespace {

template <typename Message>
std::string written(const Message& message) {
  OutBuffer out;
  append_line(out, message);
  return std::string(out.view());
}

ControlLine parsed(const std::string& line) {
  EXPECT_TRUE(line.ends_with('\n')) << line;
  ControlLine result;
  EXPECT_EQ(parse_control_line(std::string_view(line).substr(0, line.size() - 1), result), "")
      << line;
  return result;
}

std::string reason(std::string_view text) {
  ControlLine line;
  return std::string(parse_control_line(text, line));
}

const std::vector<Checkpoint> kOffsets{{{"orders", 3}, 1043, 0}, {{"a.b-c_D", 0}, 0, 12}};

TEST(WireCheckpoint, has_one_form) {
  OutBuffer out;
  append_checkpoint(out, {{"orders", 3}, 1043, 0});
  EXPECT_EQ(out.view(), R"({"topic":"orders","partition":3,"offset":1043})");
  out.clear();
  append_checkpoint(out, {{"orders", 3}, 1043, 2}, R"(,"sink":"pg:t")");
  EXPECT_EQ(out.view(), R"({"topic":"orders","partition":3,"offset":1043,"gen":2,"sink":"pg:t"})");
  EXPECT_EQ(to_string(TopicPartition{"orders", 3}), "orders[3]");
}

TEST(WireCheckpoint, is_read_whatever_stands_beside_it) {
  CheckpointReader reader;
  Checkpoint c;
  EXPECT_EQ(reader.read(R"({"group":"g","offset":5,"lag":[1],"partition":2,"topic":"t"})", c), "");
  EXPECT_EQ(c, (Checkpoint{{"t", 2}, 5, 0}));
  EXPECT_EQ(reader.read(R"( {"topic":"t","partition":0,"offset":0,"gen":7} )", c), "");
  EXPECT_EQ(c, (Checkpoint{{"t", 0}, 0, 7}));
}

TEST(WireCheckpoint, says_what_is_wrong) {
  CheckpointReader reader;
  Checkpoint c;
  EXPECT_EQ(reader.read("", c), "not a JSON object");
  EXPECT_EQ(reader.read("x", c), "not a JSON object");
  EXPECT_EQ(reader.read("{}", c), "no \"topic\"");
  EXPECT_EQ(reader.read(R"({"topic":1,"partition":0,"offset":0})", c), "no \"topic\"");
  EXPECT_EQ(reader.read(R"({"topic":"t","offset":0})", c), "no \"partition\"");
  EXPECT_EQ(reader.read(R"({"topic":"t","partition":4294967296,"offset":0})", c),
            "no \"partition\"");
  EXPECT_EQ(reader.read(R"({"topic":"t","partition":-1,"offset":0})", c), "no \"partition\"");
  EXPECT_EQ(reader.read(R"({"topic":"t","partition":-4294967296,"offset":0})", c),
            "no \"partition\"");
  EXPECT_EQ(reader.read(R"({"topic":"t","partition":0})", c), "no \"offset\"");
  EXPECT_EQ(reader.read(R"({"topic":"t","partition":0,"offset":-5})", c), "no \"offset\"");
  EXPECT_EQ(reader.read(R"({"topic":"t","partition":0,"offset":1.5})", c), "no \"offset\"");
  EXPECT_EQ(reader.read(R"({"topic":"t","partition":0,"offset":1,"gen":-1})", c),
            "\"gen\" is not a generation");
}

TEST(WireControl, sink_hello_round_trip) {
  const std::string pending = written(SinkHello{"pg:public.orders", true, {}, {}});
  EXPECT_EQ(pending, "{\"hello\":{\"sink\":\"pg:public.orders\",\"pending\":true}}\n");
  ControlLine line = parsed(pending);
  ASSERT_TRUE(line.sink_hello && !line.source_hello && !line.ack);
  EXPECT_TRUE(line.sink_hello->pending);

  line = parsed(written(SinkHello{"file:\"odd\"\n名", false, 9, kOffsets}));
  ASSERT_TRUE(line.sink_hello);
  EXPECT_EQ(line.sink_hello->sink, "file:\"odd\"\n名");
  EXPECT_FALSE(line.sink_hello->pending);
  EXPECT_EQ(line.sink_hello->request, 9);
  EXPECT_EQ(line.sink_hello->offsets, kOffsets);

  line = parsed(written(SinkHello{"s", false, {}, {}}));
  ASSERT_TRUE(line.sink_hello);
  EXPECT_FALSE(line.sink_hello->request);
  EXPECT_TRUE(line.sink_hello->offsets.empty());
}

TEST(WireControl, source_messages_round_trip) {
  ControlLine line = parsed(written(SourceHello{"g", "cluster-1", true}));
  ASSERT_TRUE(line.source_hello && !line.sink_hello);
  EXPECT_EQ(line.source_hello->group, "g");
  EXPECT_EQ(line.source_hello->cluster, "cluster-1");
  EXPECT_TRUE(line.source_hello->direct);
  EXPECT_FALSE(line.source_hello->marks);
  EXPECT_FALSE(parsed(written(SourceHello{})).source_hello->direct);
  EXPECT_TRUE(parsed(written(SourceHello{"g", "c", false, true})).source_hello->marks);
  EXPECT_FALSE(line.source_hello->unbounded);
  EXPECT_TRUE(parsed(written(SourceHello{"", "c", true, false, true})).source_hello->unbounded);

  line = parsed(written(Assign{4, {{"t", 0}, {"t", 1}, {"u", 2147483647}}}));
  ASSERT_TRUE(line.assign);
  EXPECT_EQ(line.assign->request, 4);
  EXPECT_EQ(line.assign->partitions,
            (std::vector<TopicPartition>{{"t", 0}, {"t", 1}, {"u", 2147483647}}));
  EXPECT_TRUE(line.assign->topic_ids.empty());
  EXPECT_TRUE(parsed(written(Assign{5, {}})).assign->partitions.empty());
  line = parsed(written(Assign{6, {{"t", 0}, {"u", 1}}, {{"t", "yRiXHVTPTYu2Df0G2T9fXw"}}}));
  EXPECT_EQ(line.assign->topic_ids,
            (std::map<std::string, std::string>{{"t", "yRiXHVTPTYu2Df0G2T9fXw"}}));

  line = parsed(written(Flush{kOffsets, 123456789012}));
  ASSERT_TRUE(line.flush);
  EXPECT_EQ(line.flush->upto, kOffsets);
  EXPECT_EQ(line.flush->at_byte, 123456789012U);

  EXPECT_FALSE(line.flush->settled);
  EXPECT_TRUE(parsed(written(Flush{kOffsets, 1, true})).flush->settled);

  line = parsed(written(Revoke{{{"t", 0}, {"u", 7}}, 81}));
  ASSERT_TRUE(line.revoke && !line.assign);
  EXPECT_EQ(line.revoke->partitions, (std::vector<TopicPartition>{{"t", 0}, {"u", 7}}));
  EXPECT_EQ(line.revoke->at_byte, 81U);

  line = parsed(written(Bye{77}));
  ASSERT_TRUE(line.bye && !line.flush && !line.assign && !line.ack);
  EXPECT_EQ(line.bye->at_byte, 77U);
  EXPECT_FALSE(line.bye->end);
  EXPECT_EQ(parsed(written(Bye{78, kOffsets})).bye->end, kOffsets);
  EXPECT_EQ(parsed(written(Bye{79, std::vector<Checkpoint>{}})).bye->end,
            std::vector<Checkpoint>{});

  line = parsed(written(InputEnded{}));
  EXPECT_TRUE(line.input_ended && !line.bye && !line.ack && !line.sink_hello);

  line = parsed(written(kOffsets[1]));
  ASSERT_TRUE(line.ack);
  EXPECT_EQ(*line.ack, kOffsets[1]);
  const Checkpoint with_id{{"t", 0}, 5, 1, "yRiXHVTPTYu2Df0G2T9fXw"};
  EXPECT_EQ(parsed(written(with_id)).ack, with_id);
}

TEST(WireControl, a_newer_side_may_say_more) {
  ControlLine line;
  EXPECT_EQ(parse_control_line(R"({"v":2,"flush":[],"at_byte":5,"why":{"x":[]}})", line), "");
  EXPECT_TRUE(line.flush);
  EXPECT_EQ(parse_control_line(
                R"({"hello":{"version":[1],"sink":"s","offsets":[],"more":{"sink":"no"}}})", line),
            "");
  EXPECT_EQ(line.sink_hello->sink, "s");
}

TEST(WireControl, names_with_escapes_are_read_like_others) {
  ControlLine line;
  EXPECT_EQ(parse_control_line(R"({"flush":[{"t\u006fpic":"a","p\u0061rtition":1,"\u006fffset":2},)"
                               R"({"xxxxx\u0078":0,"topic":"b","partition":3,"offset":4}],)"
                               R"("at_byte":1})",
                               line),
            "");
  ASSERT_EQ(line.flush->upto.size(), 2U);
  EXPECT_EQ(line.flush->upto[0], (Checkpoint{{"a", 1}, 2, 0}));
  EXPECT_EQ(line.flush->upto[1], (Checkpoint{{"b", 3}, 4, 0}));
}

TEST(WireControl, malformed_lines_say_why) {
  EXPECT_EQ(reason(""), "not a JSON object");
  EXPECT_EQ(reason("garbage"), "not a JSON object");
  EXPECT_EQ(reason("[]"), "not a JSON object");
  EXPECT_EQ(reason("{}"), "no \"topic\"");
  EXPECT_EQ(reason(R"({"hello":1})"), "malformed hello");
  EXPECT_EQ(reason(R"({"hello":{"sink":"s","offsets":[{}]}})"), "malformed hello");
  EXPECT_EQ(reason(R"({"hello":{"sink":"s","offsets":{}}})"), "malformed hello");
  EXPECT_EQ(reason(R"({"assign":[{"topic":"t"},1]})"), "malformed assign");
  EXPECT_EQ(reason(R"({"assign":[{"topic":"t","partition":-1}]})"), "malformed assign");
  EXPECT_EQ(reason(R"({"assign":[{"topic":"t","partition":4294967296}]})"), "malformed assign");
  EXPECT_EQ(reason(R"({"assign":[{"partition":0}]})"), "malformed assign");
  EXPECT_EQ(reason(R"({"flush":[{"topic":"t","partition":0}],"at_byte":1})"), "malformed flush");
  EXPECT_EQ(reason(R"({"bye":true,"end":7})"), "malformed bye");
  EXPECT_EQ(reason(R"({"bye":true,"end":[{"topic":"t"}]})"), "malformed bye");
  EXPECT_EQ(reason(R"({"flush":[],"at_byte":-1})"), "a number is malformed");
  EXPECT_EQ(reason(R"({"flush":[],"at_byte":"1"})"), "a number is malformed");
  EXPECT_EQ(reason(R"({"assign":[],"request":1.5})"), "a number is malformed");
}

TEST(WireControl, survives_random_bytes) {
  std::mt19937 random(31);
  const std::vector<std::string> seeds{written(SinkHello{"s", false, 1, kOffsets}),
                                       written(SourceHello{"g", "c", true}),
                                       written(Assign{1, {{"t", 0}}}),
                                       written(Flush{kOffsets, 10}),
                                       written(Bye{5}),
                                       written(InputEnded{}),
                                       written(kOffsets[0])};
  CheckpointReader reader;
  for (int round = 0; round < 60'000; ++round) {
    std::string text;
    if (round % 3 == 0) {
      text.resize(random() % 60);
      for (char& c : text) c = static_cast<char>(random());
    } else {
      text = seeds[random() % seeds.size()];
      text.resize(text.size() - random() % 3);
      for (unsigned changes = random() % 4; changes > 0; --changes) {
        text[random() % text.size()] = static_cast<char>(random());
      }
    }
    ControlLine line;
    if (parse_control_line(text, line).empty()) {
      ASSERT_EQ(line.sink_hello.has_value() + line.source_hello.has_value() +
                    line.assign.has_value() + line.flush.has_value() + line.bye.has_value() +
                    line.input_ended.has_value() + line.ack.has_value(),
                1)
          << text;
    }
    Checkpoint checkpoint;
    static_cast<void>(reader.read(text, checkpoint));
  }
}

}  // namespace
}  // namespace kpipe
