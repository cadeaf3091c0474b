// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <unistd.h>

#include "common/base/error.hpp"
#include "tests/unit/ack_pipe.hpp"
#include "tests/unit/base_expect.hpp"
#include "tools/ksink-pg/offset_lines.hpp"
#include "tools/ksink-pg/options.hpp"

namespace kpipe {
namespace {

std::vector<OffsetLine> read(const std::string& input) {
  unit::Pipe pipe;
  EXPECT_EQ(write_all(pipe.writer(), input), 0);
  pipe.close_writer();
  return read_offset_lines(pipe.reader());
}

std::string refusal(const std::string& input) {
  return unit::expect_error(Exit::data, [&] { read(input); });
}

StoredPartition stored(std::int32_t partition, std::int64_t offset, std::int64_t generation) {
  StoredPartition row;
  row.checkpoint = {{"o", partition}, offset, generation, "id-of-o"};
  row.source = {"etl", "cluster-a"};
  row.rows = 1000;
  row.target_oid = 17;
  return row;
}

/// The only change that a line makes.
OffsetChange change(const std::string& line, const std::vector<StoredPartition>& rows) {
  const std::vector<OffsetChange> changes = plan_changes(read(line), rows, 42);
  EXPECT_EQ(changes.size(), 1U);
  return changes.at(0);
}

std::string said(const std::string& line, const std::vector<StoredPartition>& rows) {
  return change_text(change(line, rows));
}

TEST(KsinkPgOffsetLines, what_print_offsets_kseek_and_kgroups_write_is_read) {
  const auto lines = read(
      R"({"topic":"o","partition":0,"offset":7,"gen":2,"topic_id":"T","sink":"pg:a","group":"g","cluster":"c","rows":9,"updated_at":"x"})"
      "\n\n"
      R"({"topic":"o","partition":1,"offset":8,"group":"\u0067","current":null,"delta":null,"sink":null,"rows":null})");
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].checkpoint, (Checkpoint{{"o", 0}, 7, 2, "T"}));
  EXPECT_EQ(lines[0].sink, "pg:a");
  EXPECT_EQ(lines[0].source.group, "g");
  EXPECT_EQ(lines[0].source.cluster, "c");
  EXPECT_EQ(lines[0].rows, 9);
  EXPECT_EQ(lines[1].number, 3U);
  EXPECT_EQ(lines[1].checkpoint, (Checkpoint{{"o", 1}, 8}));
  EXPECT_EQ(lines[1].source.group, "g");
  EXPECT_EQ(lines[1].sink, "");
  EXPECT_EQ(lines[1].rows, std::nullopt);
}

TEST(KsinkPgOffsetLines, a_malformed_line_is_named) {
  const std::string good = R"({"topic":"o","partition":0,"offset":7})"
                           "\n";
  EXPECT_EQ(refusal(good + "{\"topic\":\"o\",\"part"), "stdin: line 2: not a JSON object");
  EXPECT_EQ(refusal(good + "kseek: dry run\n"), "stdin: line 2: not a JSON object");
  EXPECT_EQ(refusal(good + R"({"topic":"o","partition":1,"offset":null,"delete":true})"),
            "stdin: line 2: no \"offset\" in it");
  EXPECT_EQ(refusal(R"({"topic":"o","partition":1,"offset":-1})"),
            "stdin: line 1: no \"offset\" in it");
  EXPECT_EQ(refusal(R"({"topic":"o","partition":1,"offset":1,"group":5})"),
            "stdin: line 1: \"group\" is not a string");
  EXPECT_EQ(refusal(R"({"topic":"o","partition":1,"offset":1,"rows":-5})"),
            "stdin: line 1: \"rows\" is not a number of rows");
  EXPECT_EQ(refusal(R"({"topic":"o","partition":1,"offset":1,"rows":"5"})"),
            "stdin: line 1: \"rows\" is not a number of rows");
  EXPECT_EQ(refusal(good + "\n" + good),
            "stdin: line 3: o[0] was named in line 1 already. Give each partition once");
}

TEST(KsinkPgOffsetLines, no_line_is_no_wish) {
  const std::string message =
      "stdin: no checkpoint line in it: nothing was changed. Did the command before the pipe fail?";
  EXPECT_EQ(refusal(""), message);
  EXPECT_EQ(refusal("\n \n"), message);
}

TEST(KsinkPgOffsetLines, lines_of_another_sink_are_refused) {
  const auto lines = read(R"({"topic":"o","partition":0,"offset":7})"
                          "\n"
                          R"({"topic":"o","partition":1,"offset":7,"sink":"pg:a+pg:public.t"})");
  refuse_other_sink(lines, "pg:public.t");
  const std::string message =
      unit::expect_error(Exit::data, [&] { refuse_other_sink(lines, "pg:public.tt"); });
  EXPECT_TRUE(unit::contains(message,
                             "stdin: line 2: is of sink pg:a+pg:public.t, and this is "
                             "pg:public.tt."))
      << message;
}

TEST(KsinkPgOffsetChanges, what_a_line_does_not_say_stays) {
  const auto rows = std::vector{stored(0, 5, 0), stored(1, 1042, 2)};
  const OffsetChange moved = change(R"({"topic":"o","partition":1,"offset":7})", rows);
  EXPECT_EQ(moved.before->checkpoint.offset, 1042);
  EXPECT_EQ(moved.after.checkpoint, (Checkpoint{{"o", 1}, 7, 2, "id-of-o"}));
  EXPECT_EQ(moved.after.source.group, "etl");
  EXPECT_EQ(moved.after.source.cluster, "cluster-a");
  EXPECT_EQ(moved.after.rows, 1000);
  EXPECT_EQ(moved.after.target_oid, 17);
  EXPECT_EQ(change_text(moved), "o[1]: 1042 -> 7 (generation 2)");
}

TEST(KsinkPgOffsetChanges, what_a_line_says_is_taken) {
  const OffsetChange moved = change(
      R"({"topic":"o","partition":1,"offset":7,"gen":3,"topic_id":"T","group":"g","cluster":"c","rows":0})",
      {stored(1, 1042, 2)});
  EXPECT_EQ(moved.after.checkpoint, (Checkpoint{{"o", 1}, 7, 3, "T"}));
  EXPECT_EQ(moved.after.rows, 0);
  EXPECT_EQ(change_text(moved),
            "o[1]: 1042 -> 7 (generation 3, group etl -> g, cluster cluster-a -> c)");
}

TEST(KsinkPgOffsetChanges, a_partition_that_was_not_stored_is_new) {
  const OffsetChange added = change(R"({"topic":"p","partition":1,"offset":7})", {stored(1, 5, 2)});
  EXPECT_FALSE(added.before);
  EXPECT_EQ(added.after.checkpoint, (Checkpoint{{"p", 1}, 7}));
  EXPECT_EQ(added.after.rows, 0);
  EXPECT_EQ(added.after.target_oid, 42);
  EXPECT_EQ(change_text(added), "p[1]: none -> 7 (generation 0)");
}

TEST(KsinkPgOffsetChanges, the_generation_never_goes_down) {
  EXPECT_EQ(said(R"({"topic":"o","partition":0,"offset":7,"gen":1})", {stored(0, 5, 2)}),
            "o[0]: 5 -> 7 (generation 2; the line's 1 is older)");
  EXPECT_EQ(said(R"({"topic":"o","partition":0,"offset":7,"gen":2})", {stored(0, 5, 2)}),
            "o[0]: 5 -> 7 (generation 2)");
}

TEST(KsinkPgForgetCommand, can_be_pasted_into_a_shell) {
  PgSinkOptions options;
  options.table = parse_table_name("orders");
  EXPECT_EQ(forget_command(options), "ksink-pg --table orders --forget");
  options.table = parse_table_name("sales.\"My \"\"Orders\"\"\"");
  options.dsn = "host=db dbname='it''s'";
  options.sink.sink_id = "a'b";
  EXPECT_EQ(forget_command(options),
            R"(ksink-pg --dsn 'host=db dbname='\''it'\'''\''s'\''' )"
            R"(--table 'sales."My ""Orders"""' --sink-id 'a'\''b' --forget)");
  options.table = parse_table_name("\"9\".Orders");
  options.dsn = "service=wh";
  options.sink.sink_id.clear();
  EXPECT_EQ(forget_command(options), R"(ksink-pg --dsn service=wh --table '"9".orders' --forget)");
}

}  // namespace
}  // namespace kpipe
