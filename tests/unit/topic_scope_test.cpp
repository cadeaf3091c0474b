// SPDX-License-Identifier: Apache-2.0
#include "common/kafka/topic_scope.hpp"

#include <gtest/gtest.h>

#include "tests/unit/base_expect.hpp"

namespace kpipe {
namespace {

using unit::contains;
using unit::expect_error;
using Partitions = std::vector<std::int32_t>;
using Scopes = std::vector<TopicScope>;

Scopes scopes(std::initializer_list<std::string> texts) {
  Scopes result;
  for (const std::string& text : texts) add_topic_scopes(text, result);
  return result;
}

TEST(TopicScope, topicsAndPartitions) {
  EXPECT_EQ(scopes({"orders"}), (Scopes{{"orders", {}}}));
  EXPECT_EQ(scopes({"a.b-c_D:0,2-4"}), (Scopes{{"a.b-c_D", {0, 2, 3, 4}}}));
  EXPECT_EQ(scopes({"a,b:3,1,c"}), (Scopes{{"a", {}}, {"b", {1, 3}}, {"c", {}}}));
  EXPECT_EQ(scopes({"a:0,b:1-2"}), (Scopes{{"a", {0}}, {"b", {1, 2}}}));
  EXPECT_EQ(scopes({"a,1"}), (Scopes{{"a", {}}, {"1", {}}})) << "a topic may be a number";
  EXPECT_EQ(scopes({std::string(249, 't')}).size(), 1U);
}

TEST(TopicScope, aTopicNamedTwiceIsWidened) {
  EXPECT_EQ(scopes({"a:1", "a:0-1"}), (Scopes{{"a", {0, 1}}}));
  EXPECT_EQ(scopes({"a:1,2", "a"}), (Scopes{{"a", {}}}));
  EXPECT_EQ(scopes({"a", "a:1,2"}), (Scopes{{"a", {}}}));
}

TEST(TopicScope, refusals) {
  for (const char* bad : {"", ",", "a,", ",a", ":1", "a b", "ü", "a/b", "a\n", "a:,", "a:0,"}) {
    EXPECT_TRUE(contains(expect_error(Exit::usage, [&] { scopes({bad}); }), "-t: '")) << bad;
  }
  expect_error(Exit::usage, [] { scopes({std::string(250, 't')}); });
  for (const char* bad : {"a:", "a:x", "a:-1", "a:3-1", "a:1-", "a:0-99999999"}) {
    EXPECT_TRUE(contains(expect_error(Exit::usage, [&] { scopes({bad}); }), "examples: 3 or 0,2-5"))
        << bad;
  }
}

TEST(TopicScope, partitionLists) {
  EXPECT_EQ(parse_partitions("3"), (Partitions{3}));
  EXPECT_EQ(parse_partitions("5,0-2,1"), (Partitions{0, 1, 2, 5})) << "sorted, once";
  EXPECT_EQ(parse_partitions("7-7"), (Partitions{7}));
  EXPECT_EQ(parse_partitions("2147483647"), (Partitions{2147483647}));
  EXPECT_EQ(parse_partitions("2147483646-2147483647").size(), 2U);
  for (const char* bad : {"", ",", "1,", ",1", "-1", "1-", "a", "2-1", "1-2-3", "1 2", "+1",
                          "2147483648", "0-1000000000", "0x1", "1.0"}) {
    const std::string message =
        expect_error(Exit::usage, [&] { parse_partitions(bad, "--partitions"); });
    EXPECT_EQ(message, "--partitions: '" + std::string(bad) +
                           "': not a list of partitions; examples: 3 or 0,2-5");
  }
}

TEST(TopicScope, partitionsAsText) {
  EXPECT_EQ(partitions_text({}), "");
  EXPECT_EQ(partitions_text({4}), "4");
  EXPECT_EQ(partitions_text({0, 2, 3, 4, 5, 9, 10}), "0,2-5,9-10");
}

TEST(TopicPattern, matchesWholeNamesAndKafkasOwnOnlyWhenAsked) {
  const TopicPattern orders("orders|pay.*");
  EXPECT_TRUE(orders.matches("orders"));
  EXPECT_TRUE(orders.matches("payments"));
  EXPECT_FALSE(orders.matches("my-orders"));
  EXPECT_FALSE(orders.matches("orders2"));
  EXPECT_TRUE(TopicPattern("a|ab").matches("ab"));
  EXPECT_TRUE(TopicPattern("orders[.]v[0-9]{1,2}").matches("orders.v12"));
  EXPECT_FALSE(TopicPattern(".*").matches("__consumer_offsets"));
  EXPECT_TRUE(TopicPattern("__consumer.*").matches("__consumer_offsets"));
  for (const std::string bad : {"[", "(", "a{2,1}", "a)|(b"}) {
    EXPECT_TRUE(contains(expect_error(Exit::usage, [&] { TopicPattern pattern(bad); }),
                         "--topic-pattern: '" + bad + "': not a regular expression: "))
        << bad;
  }
}

}  // namespace
}  // namespace kpipe
