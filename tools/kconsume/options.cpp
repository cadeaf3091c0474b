// SPDX-License-Identifier: Apache-2.0
#include "tools/kconsume/options.hpp"

#include <algorithm>
#include <fstream>
#include <limits>

#include "common/base/clock.hpp"
#include "common/cli/connection.hpp"
#include "common/cli/registry.hpp"

namespace kpipe::kconsume {
namespace {

constexpr std::int64_t kMaxSinks = 100;
constexpr std::int64_t kMaxCount = std::numeric_limits<std::int64_t>::max();

void check_topics(const Options& options) {
  if (options.topics.empty() && options.topic_pattern.empty())
    throw Error(Exit::usage, "-t: no topic given. See kconsume --help");
  if (options.topic_pattern.empty()) return;
  if (options.named_partitions()) {
    throw Error(Exit::usage,
                "--topic-pattern: reads all partitions; it cannot stand beside partitions of -t");
  }
  const TopicPattern check(options.topic_pattern);
}

void check_offset_without_partitions(const Options& options) {
  if (options.from.kind != OffsetSpec::Kind::absolute) return;
  if (options.named_partitions() && options.topics.size() == 1 &&
      options.topics[0].partitions.size() == 1)
    return;
  throw Error(Exit::usage, "--from " + std::to_string(options.from.value) +
                               ": an offset means one partition: name it with -t TOPIC:PARTITION");
}

void check_instance_id(const Options& options) {
  if (options.instance_id.empty()) return;
  if (options.group.empty() || options.named_partitions()) {
    throw Error(Exit::usage,
                "--instance-id: names a member of a group: needs -g, and no partitions in -t");
  }
}

void check_acks(const Options& options) {
  if (!options.acks.empty() && !options.pipe_name.empty()) {
    throw Error(Exit::usage, "--acks, --pipe: two channels for the same; give one");
  }
  if (!options.acks.empty() && options.commit && *options.commit != CommitPolicy::ack) {
    throw Error(Exit::usage,
                "--acks: only with --commit ack: nothing else listens to acknowledgements");
  }
}

void check_bad_data(const Options& options) {
  const bool dlq = options.bad_data == BadData::dlq;
  if (dlq && options.dlq_topic.empty() && options.dlq_file.empty()) {
    throw Error(Exit::usage, "--bad-data dlq: where to? Name --dlq-topic TOPIC or --dlq-file FILE");
  }
  if (!options.dlq_topic.empty() && !options.dlq_file.empty())
    throw Error(Exit::usage, "--dlq-topic, --dlq-file: two places for the same; give one");
  if (!dlq && !(options.dlq_topic.empty() && options.dlq_file.empty())) {
    throw Error(Exit::usage, std::string(options.dlq_topic.empty() ? "--dlq-file" : "--dlq-topic") +
                                 ": needs --bad-data dlq");
  }
  if (options.max_errors_per_batch && options.bad_data == BadData::fail) {
    throw Error(Exit::usage,
                "--max-errors-per-batch: needs --bad-data skip or dlq: the first bad record ends "
                "this run");
  }
  const bool reads_it = std::any_of(options.topics.begin(), options.topics.end(),
                                    [&](const auto& t) { return t.topic == options.dlq_topic; }) ||
                        (!options.topic_pattern.empty() && !options.dlq_topic.empty() &&
                         TopicPattern(options.topic_pattern).matches(options.dlq_topic));
  if (reads_it) {
    throw Error(Exit::usage, "--dlq-topic " + options.dlq_topic +
                                 ": is read by this run: its dead letters would come again and "
                                 "again");
  }
}

/// A bare value does not say where it came from, so nothing at the end of a pipe can say what it
/// has stored.
void check_envelope(const Options& options) {
  if (options.format.shape.envelope != Envelope::value) return;
  if (options.marks) {
    throw Error(Exit::usage,
                "--marks: says how far records of which partition were read; with "
                "--envelope value nobody knows which those are");
  }
}

}  // namespace

bool Options::named_partitions() const {
  return std::any_of(topics.begin(), topics.end(),
                     [](const TopicScope& choice) { return !choice.partitions.empty(); });
}

std::vector<TopicScope> read_topics(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw Error(Exit::no_input, "--topics-from: " + path + ": cannot be read");
  std::vector<TopicScope> topics;
  std::string line;
  while (std::getline(file, line)) {
    line.erase(std::min(line.find('#'), line.size()));
    const std::size_t first = line.find_first_not_of(" \t\r");
    if (first == std::string::npos) continue;
    const std::size_t last = line.find_last_not_of(" \t\r");
    add_topic_scopes(line.substr(first, last - first + 1), topics);
  }
  return topics;
}

CommitPolicy resolve_commit(const Options& options, bool stdout_is_pipe) {
  if (options.group.empty()) {
    if (options.commit && *options.commit != CommitPolicy::none) {
      throw Error(Exit::usage, "--commit: nothing to commit without a group. Name one with -g");
    }
    return CommitPolicy::none;
  }
  if (options.commit == CommitPolicy::ack && !stdout_is_pipe && options.acks.empty()) {
    throw Error(Exit::usage,
                "--commit ack: stdout is no pipe, so no sink can acknowledge. Pipe into a sink, or "
                "use --acks "
                "FIFO, --commit written or --commit none");
  }
  const bool ack = options.commit ? *options.commit == CommitPolicy::ack : stdout_is_pipe;
  if (ack && options.acks.empty() && options.format.shape.envelope == Envelope::value) {
    throw Error(Exit::usage,
                "--envelope value: the lines do not say where they came from, so no sink can "
                "acknowledge what it stored. Leave it out, or choose when to commit: --commit "
                "written or none");
  }
  if (options.commit) return *options.commit;
  return stdout_is_pipe || !options.acks.empty() ? CommitPolicy::ack : CommitPolicy::written;
}

std::optional<int> parse_options(int argc, const char* const* argv, Options& options) {
  ToolApp tool("kconsume",
               "read Kafka topics as lines of JSON and commit what the sink has stored");
  CLI::App& app = tool.app();
  std::vector<std::string> topics;
  std::string partitions;
  std::string from;
  std::string commit;
  std::string bad_data;
  std::string topics_from;
  std::string on_mismatch;
  std::string on_data_loss;
  std::int64_t count = 0;
  std::int64_t max_errors = -1;
  std::int64_t sinks = 1;
  std::int64_t batch_size = static_cast<std::int64_t>(options.batch_size);
  ConnectionArguments connection(tool, options.connection);
  app.add_option("-t,--topic", topics,
                 "Topic to read: NAME or NAME:PARTITIONS (0,2-5); repeatable, or a comma list.")
      ->type_name("TOPIC")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->expected(1);
  app.add_option("--topic-pattern", options.topic_pattern,
                 "Topics whose whole name matches this extended regular expression, also those "
                 "made later.")
      ->type_name("REGEX");
  app.add_option("--topics-from", topics_from, "File of topics, one a line ('#' comments).")
      ->type_name("FILE");
  app.add_option("-p,--partitions", partitions, "Partitions of the one topic named by -t.")
      ->type_name("LIST");
  app.add_option("-g,-G,--group", options.group,
                 "Consumer group: shares the partitions with its other members and remembers "
                 "offsets. Default: the profile's group_id; '' is none.")
      ->type_name("GROUP");
  app.add_option("--instance-id", options.instance_id,
                 "Static member of the group: a restart under the same id takes up its partitions "
                 "at once.")
      ->type_name("ID");
  app.add_option("-o,--from", from,
                 "Where to start without a stored offset: earliest (default), latest, none (an "
                 "error), OFFSET, -N (the last "
                 "N), @TIME or -DURATION.")
      ->type_name("WHERE");
  app.add_option("--on-mismatch", on_mismatch,
                 "When sink and Kafka contradict each other (another tool moved the offsets, the "
                 "topic was re-created): stop (default), sink or kafka: whom to follow.")
      ->type_name("WHOM")
      ->check(CLI::IsMember({"stop", "sink", "kafka"}));
  app.add_option(
         "--on-data-loss", on_data_loss,
         "When records that were not read yet are gone: stop (default) or skip them and say "
         "how many.")
      ->type_name("WHAT")
      ->check(CLI::IsMember({"stop", "skip"}));
  tool.add_integer("-c,--count", count, 1, kMaxCount, "End after N records.");
  app.add_flag("-e,--once", options.once,
               "End at the ends of the partitions as they were at the start.");
  FormatArguments formats(tool, options.format);
  declare_registry(tool, options.connection);
  app.add_option("--bad-data", bad_data,
                 "What to do with a record that is not of its format: fail (default), skip or dlq "
                 "(keep it in --dlq-topic or --dlq-file and go on).")
      ->type_name("WHAT")
      ->check(CLI::IsMember({"fail", "skip", "dlq"}));
  app.add_option("--dlq-topic", options.dlq_topic,
                 "Topic for bad records: as they were, with the reason in headers kpipe.error.*. "
                 "It must be there.")
      ->type_name("TOPIC");
  app.add_option("--dlq-file", options.dlq_file,
                 "File for bad records, appended to: lines with key and value in base64 and the "
                 "reason in \"error\".")
      ->type_name("FILE");
  tool.add_integer("--max-errors-per-batch", max_errors, 0, kMaxCount,
                   "End with status 65 at the first bad record beyond N among --batch-size "
                   "records. Default: no limit.");
  app.add_option("--commit", commit,
                 "What to commit: ack (what the sink has stored; default with a group and a pipe), "
                 "written (what was "
                 "written to stdout), none.")
      ->type_name("POLICY")
      ->check(CLI::IsMember({"ack", "written", "none"}));
  tool.add_duration("--commit-interval", options.commit_interval,
                    "Time between two commits, at least (default 1s).");
  app.add_option("--acks", options.acks,
                 "Read acknowledgements from this FIFO or file; give the sink the same.")
      ->type_name("PATH");
  app.add_option("--pipe", options.pipe_name,
                 "Name of the acknowledgement channel, where the sink cannot find it by the pipe; "
                 "give the sink the same.")
      ->type_name("NAME");
  tool.add_integer("--sinks", sinks, 1, kMaxSinks,
                   "Sinks that must acknowledge (behind a tee): commit what all have stored "
                   "(default 1).");
  app.add_flag("--marks", options.marks,
               "Write mark lines between the records, which tell the sink through any filter how "
               "far each partition was read.");
  tool.add_duration("--stall-timeout", options.stall_timeout,
                    "End with status 75 when records stay unacknowledged for this long without any "
                    "progress, with 77 when the brokers refuse the login for this long (default "
                    "10m).");
  tool.add_duration("--drain-timeout", options.drain_timeout,
                    "After a stop signal: longest wait for acknowledgements without a sign of life "
                    "from the sink (default 30s).");
  tool.add_integer("--batch-size", batch_size, 1, kMaxCount,
                   "Most records handed to stdout at once (default 100000).");
  tool.add_duration(
      "--batch-timeout", options.batch_timeout,
      "Let records wait this long for a fuller write. Default: write when no more are at hand.");
  if (const auto status = tool.parse(argc, argv)) return status;
  const Purpose purpose = options.dlq_topic.empty() ? Purpose::read : Purpose::write;
  if (const auto status = connection.settle_with_options(purpose)) return status;

  for (const std::string& topic : topics) add_topic_scopes(topic, options.topics);
  if (!topics_from.empty()) {
    for (TopicScope& choice : read_topics(topics_from)) options.topics.push_back(choice);
  }
  if (!partitions.empty()) {
    if (options.topics.size() != 1 || options.named_partitions()) {
      throw Error(Exit::usage, "-p: needs exactly one topic in -t, without partitions of its own");
    }
    options.topics[0].partitions = parse_partitions(partitions, "-p");
  }
  check_topics(options);
  const std::int64_t now = wall_clock_ms();
  if (!from.empty()) {
    const std::string reason = parse_offset_spec(from, OffsetGrammar::from, now, options.from);
    if (!reason.empty()) throw Error(Exit::usage, "--from: " + reason);
  }
  if (count > 0) options.count = static_cast<std::uint64_t>(count);
  options.batch_size = static_cast<std::uint64_t>(batch_size);
  options.sinks = static_cast<std::size_t>(sinks);
  formats.settle();
  if (max_errors >= 0) options.max_errors_per_batch = static_cast<std::uint64_t>(max_errors);
  if (bad_data == "skip") options.bad_data = BadData::skip;
  if (bad_data == "dlq") options.bad_data = BadData::dlq;
  if (commit == "ack") options.commit = CommitPolicy::ack;
  if (commit == "written") options.commit = CommitPolicy::written;
  if (commit == "none") options.commit = CommitPolicy::none;
  if (on_mismatch == "sink") options.on_mismatch = OnMismatch::sink;
  if (on_mismatch == "kafka") options.on_mismatch = OnMismatch::kafka;
  if (on_data_loss == "skip") options.on_data_loss = OnDataLoss::skip;
  check_offset_without_partitions(options);
  check_instance_id(options);
  check_acks(options);
  check_bad_data(options);
  check_envelope(options);
  return std::nullopt;
}

}  // namespace kpipe::kconsume
