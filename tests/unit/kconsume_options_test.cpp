// SPDX-License-Identifier: Apache-2.0
#include "tools/kconsume/options.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/base_expect.hpp"

namespace kpipe::kconsume {
namespace {

using unit::contains;
using unit::expect_error;
using Kind = OffsetSpec::Kind;

Options parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "kconsume");
  Options options;
  EXPECT_FALSE(
      parse_options(static_cast<int>(arguments.size()), arguments.data(), options).has_value());
  return options;
}

std::string refusal(const std::vector<const char*>& arguments) {
  return expect_error(Exit::usage, [&] { parse(arguments); });
}

TEST(KconsumeOptions, defaults_are_safe) {
  const Options options = parse({"-t", "orders"});
  EXPECT_EQ(options.topics.size(), 1U);
  EXPECT_EQ(options.from.kind, Kind::earliest) << "latest loses what came before";
  EXPECT_EQ(options.format.value, PayloadFormat::json);
  EXPECT_EQ(options.format.key, PayloadFormat::string);
  EXPECT_FALSE(options.commit || options.count || options.once || options.batch_timeout);
  EXPECT_TRUE(options.group.empty() && options.acks.empty());
  EXPECT_EQ(options.commit_interval.count(), 1000);
  EXPECT_EQ(options.drain_timeout.count(), 30'000);
}

TEST(KconsumeOptions, topics_in_each_spelling) {
  const Options options = parse({"-t", "a,b:0,2-3", "--topic", "c", "-t", "d:1"});
  ASSERT_EQ(options.topics.size(), 4U);
  EXPECT_EQ(options.topics[0].topic, "a");
  EXPECT_EQ(options.topics[1].partitions, (std::vector<std::int32_t>{0, 2, 3}));
  EXPECT_EQ(options.topics[2].topic, "c");
  EXPECT_EQ(options.topics[3].partitions, (std::vector<std::int32_t>{1}));
  EXPECT_TRUE(options.named_partitions());
  EXPECT_EQ(parse({"-t", "a:0,b"}).topics.size(), 2U);
  EXPECT_EQ(parse({"-t", "a,1"}).topics[1].topic, "1") << "a topic may be a number";
  EXPECT_EQ(parse({"-t", "a", "-p", "0,2"}).topics[0].partitions,
            (std::vector<std::int32_t>{0, 2}));
}

TEST(KconsumeOptions, all_of_them) {
  const Options options = parse({"-b",      "k:9092",
                                 "-t",      "a",
                                 "-g",      "etl",
                                 "-o",      "latest",
                                 "-c",      "5",
                                 "-e",      "-f",
                                 "string",  "--commit",
                                 "written", "--commit-interval",
                                 "250ms",   "--drain-timeout",
                                 "1m",      "--batch-size",
                                 "10",      "--batch-timeout",
                                 "2s",      "-X",
                                 "a=b",     "-X",
                                 "c=d"});
  EXPECT_EQ(options.connection.bootstrap_servers, "k:9092");
  EXPECT_EQ(options.connection.properties, (std::vector<std::string>{"a=b", "c=d"}));
  EXPECT_EQ(options.group, "etl");
  EXPECT_EQ(options.from.kind, Kind::latest);
  EXPECT_EQ(options.count, 5U);
  EXPECT_TRUE(options.once);
  EXPECT_EQ(options.format.value, PayloadFormat::string);
  EXPECT_EQ(options.commit, CommitPolicy::written);
  EXPECT_EQ(options.commit_interval.count(), 250);
  EXPECT_EQ(options.drain_timeout.count(), 60'000);
  EXPECT_EQ(options.batch_size, 10U);
  EXPECT_EQ(options.batch_timeout->count(), 2'000);
  EXPECT_EQ(parse({"-t", "a", "-G", "g", "-f", "raw"}).format.value, PayloadFormat::raw);
  EXPECT_EQ(parse({"-t", "a", "-G", "g"}).group, "g");
  EXPECT_EQ(parse({"-t", "a", "-g", "g", "--acks", "/f"}).acks, "/f");
}

TEST(KconsumeOptions, what_to_do_when_nobody_can_tell) {
  const Options options =
      parse({"-t", "a", "-g", "g", "--on-mismatch", "kafka", "--on-data-loss", "skip", "--sinks",
             "3", "--pipe", "p", "--marks", "--instance-id", "i", "--stall-timeout", "30s"});
  EXPECT_EQ(options.on_mismatch, OnMismatch::kafka);
  EXPECT_EQ(options.on_data_loss, OnDataLoss::skip);
  EXPECT_EQ(options.sinks, 3U);
  EXPECT_EQ(options.pipe_name, "p");
  EXPECT_TRUE(options.marks);
  EXPECT_EQ(options.instance_id, "i");
  EXPECT_EQ(options.stall_timeout.count(), 30'000);
  EXPECT_EQ(parse({"-t", "a", "--on-mismatch", "sink"}).on_mismatch, OnMismatch::sink);
  const Options careful = parse({"-t", "a"});
  EXPECT_EQ(careful.on_mismatch, OnMismatch::stop);
  EXPECT_EQ(careful.on_data_loss, OnDataLoss::stop);
  EXPECT_EQ(careful.sinks, 1U);
  EXPECT_FALSE(careful.marks);
  EXPECT_EQ(parse({"--topic-pattern", "a.*"}).topic_pattern, "a.*");
}

TEST(KconsumeOptions, options_that_exclude_each_other) {
  EXPECT_TRUE(contains(refusal({"-t", "a", "--instance-id", "i"}), "needs -g"));
  EXPECT_TRUE(
      contains(refusal({"-t", "a:0", "-g", "g", "--instance-id", "i"}), "no partitions in -t"));
  EXPECT_TRUE(contains(refusal({"-t", "a", "--acks", "x", "--pipe", "y"}), "give one"));
  EXPECT_TRUE(contains(refusal({"--topic-pattern", "["}), "not a regular expression"));
  EXPECT_TRUE(contains(refusal({"-t", "a:0", "--topic-pattern", "b"}), "beside partitions of -t"));
  EXPECT_TRUE(contains(refusal({"-t", "a", "--on-mismatch", "both"}), "--on-mismatch"));
  EXPECT_TRUE(contains(refusal({"-t", "a", "--sinks", "0"}), "--sinks"));
}

TEST(KconsumeOptions, formats_in_any_case_and_under_their_other_names) {
  EXPECT_EQ(parse({"-t", "a", "-f", "STRING"}).format.value, PayloadFormat::string);
  EXPECT_EQ(parse({"-t", "a", "--key-format", "Raw"}).format.key, PayloadFormat::raw);
  EXPECT_EQ(parse({"-t", "a", "--key-format", "raw"}).format.value, PayloadFormat::json);
  EXPECT_TRUE(contains(refusal({"-t", "a", "-f", "xml"}), "--format"));
}

TEST(KconsumeOptions, the_shape_of_a_line) {
  EXPECT_EQ(parse({"-t", "a"}).format.shape.envelope, Envelope::record);
  EXPECT_EQ(parse({"-t", "a", "--envelope", "prefixed"}).format.shape.envelope, Envelope::prefixed);
  EXPECT_TRUE(parse({"-t", "a", "--timestamp-format", "rfc3339"}).format.shape.rfc3339);
  EXPECT_EQ(parse({"-t", "a", "--topic-prefix", "ext."}).format.shape.topic_prefix, "ext.");
  EXPECT_TRUE(contains(refusal({"-t", "a", "--topic-prefix", "a/b"}), "--topic-prefix"));
  EXPECT_TRUE(contains(refusal({"-t", "a", "--envelope", "value", "--marks"}), "--marks"));
}

TEST(KconsumeOptions, an_option_that_nothing_would_use_is_refused) {
  const std::vector<std::vector<const char*>> pairs{
      {"--avro-schema", "f"},   {"--key-avro-schema", "f"}, {"--avro-json"},   {"--proto", "f"},
      {"--message", "m"},       {"--key-message", "m"},     {"--proto-names"}, {"--validate"},
      {"--value-subject", "s"}, {"--key-subject", "s"}};
  for (std::vector<const char*> arguments : pairs) {
    const std::string option = arguments.front();
    arguments.insert(arguments.begin(), {"-t", "a"});
    EXPECT_TRUE(contains(refusal(arguments), option + ": needs")) << option;
  }
  EXPECT_TRUE(contains(refusal({"-t", "a", "-f", "raw", "--unwrap-schema"}), "--unwrap-schema"));
  EXPECT_TRUE(contains(refusal({"-t", "a", "-f", "string", "--json-schema", "f"}),
                       "--json-schema: needs -f json"));
}

TEST(KconsumeOptions, where_bad_records_go) {
  EXPECT_EQ(parse({"-t", "a"}).bad_data, BadData::fail);
  const Options options = parse({"-t", "a", "--bad-data", "dlq", "--dlq-topic", "dead",
                                 "--max-errors-per-batch", "10", "--batch-size", "100"});
  EXPECT_EQ(options.bad_data, BadData::dlq);
  EXPECT_EQ(options.dlq_topic, "dead");
  EXPECT_EQ(options.max_errors_per_batch, 10U);
  EXPECT_TRUE(contains(refusal({"-t", "a", "--bad-data", "dlq"}), "--dlq-topic"));
  EXPECT_TRUE(contains(refusal({"-t", "a", "--dlq-topic", "d"}), "--dlq-topic: needs"));
  EXPECT_TRUE(contains(refusal({"-t", "a", "--dlq-file", "d"}), "--dlq-file: needs"));
  EXPECT_TRUE(contains(refusal({"-t", "a", "--max-errors-per-batch", "1"}), "needs --bad-data"));
  EXPECT_TRUE(
      contains(refusal({"-t", "a", "--bad-data", "dlq", "--dlq-topic", "d", "--dlq-file", "f"}),
               "give one"));
  EXPECT_TRUE(contains(refusal({"-t", "a,dead", "--bad-data", "dlq", "--dlq-topic", "dead"}),
                       "is read by this run"));
  EXPECT_TRUE(contains(
      refusal({"--topic-pattern", "orders.*", "--bad-data", "dlq", "--dlq-topic", "orders-dead"}),
      "is read by this run"));
}

TEST(KconsumeOptions, places_to_start) {
  EXPECT_EQ(parse({"-t", "a", "--from", "none"}).from.kind, Kind::none);
  EXPECT_EQ(parse({"-t", "a", "-o", "beginning"}).from.kind, Kind::earliest);
  EXPECT_EQ(parse({"-t", "a", "-o", "-5"}).from, (OffsetSpec{Kind::from_end, 5}));
  EXPECT_EQ(parse({"-t", "a", "--from=-5"}).from, (OffsetSpec{Kind::from_end, 5}));
  EXPECT_EQ(parse({"-t", "a", "-o", "@2026-11-01"}).from, (OffsetSpec{Kind::time, 1793491200000}));
  EXPECT_EQ(parse({"-t", "a", "--from=-1h"}).from.kind, Kind::time);
  EXPECT_EQ(parse({"-t", "a:3", "-o", "17"}).from, (OffsetSpec{Kind::absolute, 17}));
  EXPECT_EQ(parse({"-t", "a", "-p", "3", "-o", "17"}).from, (OffsetSpec{Kind::absolute, 17}));
  for (const std::vector<const char*>& many : {std::vector<const char*>{"-t", "a", "-o", "17"},
                                               {"-t", "a:0-1", "-o", "17"},
                                               {"-t", "a:0,b:0", "-o", "17"}}) {
    EXPECT_TRUE(contains(refusal(many), "an offset means one partition"));
  }
  for (const char* bad : {"--from=", "--from=yesterday", "--from=@2026-11-01T00:00", "--from=+5",
                          "--from=1e3", "--from=@12"}) {
    EXPECT_TRUE(contains(refusal({"-t", "a", bad}), "--from")) << bad;
  }
}

TEST(KconsumeOptions, mistakes_name_themselves) {
  EXPECT_TRUE(contains(refusal({}), "-t: no topic given"));
  EXPECT_TRUE(contains(refusal({"-t", "a b"}), "'a b': not a topic name"));
  EXPECT_TRUE(contains(refusal({"-t", "a", "-t", "b", "-p", "0"}), "-p: needs exactly one topic"));
  EXPECT_TRUE(contains(refusal({"-t", "a:1", "-p", "0"}), "-p: needs exactly one topic"));
  EXPECT_TRUE(contains(refusal({"-t", "a", "-c", "0"}), "'0': not a whole number, 1 or more"));
  EXPECT_TRUE(contains(refusal({"-t", "a", "-c", "1.5"}), "--count"));
  EXPECT_TRUE(contains(refusal({"-t", "a", "--batch-size", "-1"}), "--batch-size"));
  EXPECT_TRUE(contains(refusal({"-t", "a", "--commit-interval", "1m30h"}), "'1m30h'"));
  EXPECT_TRUE(contains(refusal({"-t", "a", "-f", "xml"}), "xml"));
  EXPECT_TRUE(contains(refusal({"-t", "a", "--commit", "always"}), "always"));
  EXPECT_TRUE(contains(refusal({"-t", "a", "--topics", "b"}), "--topics"));
  EXPECT_TRUE(contains(refusal({"-t", "a", "stray"}), "stray"));
  EXPECT_TRUE(contains(refusal({"-t"}), "--topic"));
  for (const char* policy : {"written", "none"}) {
    EXPECT_TRUE(contains(refusal({"-t", "a", "-g", "g", "--acks", "/f", "--commit", policy}),
                         "--acks: only with --commit ack"));
  }
}

TEST(KconsumeCommit, a_bare_value_cannot_be_acknowledged) {
  Options options;
  options.group = "g";
  options.format.shape.envelope = Envelope::value;
  EXPECT_TRUE(contains(expect_error(Exit::usage, [&] { resolve_commit(options, true); }),
                       "--commit written or none"));
  EXPECT_EQ(resolve_commit(options, false), CommitPolicy::written);
  options.commit = CommitPolicy::none;
  EXPECT_EQ(resolve_commit(options, true), CommitPolicy::none);
  options.commit.reset();
  options.acks = "fifo";
  EXPECT_EQ(resolve_commit(options, true), CommitPolicy::ack);
}

TEST(KconsumeCommit, who_commits) {
  Options options;
  EXPECT_EQ(resolve_commit(options, true), CommitPolicy::none) << "no group";
  EXPECT_EQ(resolve_commit(options, false), CommitPolicy::none);
  options.commit = CommitPolicy::none;
  EXPECT_EQ(resolve_commit(options, true), CommitPolicy::none);
  for (const CommitPolicy policy : {CommitPolicy::ack, CommitPolicy::written}) {
    options.commit = policy;
    EXPECT_TRUE(contains(expect_error(Exit::usage, [&] { resolve_commit(options, true); }),
                         "nothing to commit without a group"));
  }
  options.group = "g";
  options.commit.reset();
  EXPECT_EQ(resolve_commit(options, true), CommitPolicy::ack);
  EXPECT_EQ(resolve_commit(options, false), CommitPolicy::written);
  for (const CommitPolicy policy : {CommitPolicy::written, CommitPolicy::none}) {
    options.commit = policy;
    EXPECT_EQ(resolve_commit(options, true), policy);
    EXPECT_EQ(resolve_commit(options, false), policy);
  }
  options.commit = CommitPolicy::ack;
  EXPECT_EQ(resolve_commit(options, true), CommitPolicy::ack);
  EXPECT_TRUE(contains(expect_error(Exit::usage, [&] { resolve_commit(options, false); }),
                       "stdout is no pipe"));
  options.acks = "/f";
  EXPECT_EQ(resolve_commit(options, false), CommitPolicy::ack);
  options.commit.reset();
  EXPECT_EQ(resolve_commit(options, false), CommitPolicy::ack);
}

}  // namespace
}  // namespace kpipe::kconsume
