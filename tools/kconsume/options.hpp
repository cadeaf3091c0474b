// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/kafka/client.hpp"
#include "common/kafka/offset_spec.hpp"
#include "common/kafka/topic_scope.hpp"
#include "tools/kconsume/format_options.hpp"
#include "tools/kconsume/start_position.hpp"

namespace kpipe::kconsume {

enum class CommitPolicy { ack, written, none };
/// What to do with a record whose key or value is not what it was said to be.
enum class BadData { fail, skip, dlq };

struct Options {
  ConnectionOptions connection;
  std::vector<TopicScope> topics;
  std::string topic_pattern;  ///< POSIX extended, of whole names; empty: none
  std::string group;
  std::string instance_id;  ///< static member of the group (KIP-345); empty: an ordinary one
  OffsetSpec from;
  OnMismatch on_mismatch = OnMismatch::stop;
  OnDataLoss on_data_loss = OnDataLoss::stop;
  std::optional<std::uint64_t> count;  ///< end after so many records
  bool once = false;                   ///< end at the end offsets seen at start
  FormatOptions format;
  BadData bad_data = BadData::fail;
  std::string dlq_topic;  ///< of Kafka; one of these two with BadData::dlq
  std::string dlq_file;
  /// Bad records among batch_size records, at most.
  std::optional<std::uint64_t> max_errors_per_batch;
  std::optional<CommitPolicy> commit;  ///< unset: by group and stdout
  std::chrono::milliseconds commit_interval{1000};
  std::chrono::milliseconds drain_timeout{30'000};
  /// Unacknowledged records without any progress for this long: the sink is dead, however alive
  /// its process.
  std::chrono::milliseconds stall_timeout{600'000};
  std::string acks;
  std::string pipe_name;  ///< of the socket, instead of the pipe's inode; empty: by the inode
  std::size_t sinks = 1;  ///< that acknowledge, behind a tee(1)
  bool marks = false;     ///< mark lines between the records
  /// Records handed to stdout at once, at most; bytes bound it anyway.
  std::uint64_t batch_size = 100'000;
  /// How long records may wait for a fuller write. Unset: not at all when no more are at hand.
  std::optional<std::chrono::milliseconds> batch_timeout;

  bool named_partitions() const;
};

/// Topics as -t takes them, one a line; '#' begins a comment. Throws Error(no_input, usage).
std::vector<TopicScope> read_topics(const std::string& path);

/// Who commits, after the rules of the design (section 5): with a group, `ack` into a pipe,
/// `written` elsewhere; nothing without a group. Throws Error(usage) for what makes no sense.
CommitPolicy resolve_commit(const Options& options, bool stdout_is_pipe);

/// An exit status when there is nothing to run (--help). Throws Error(usage).
std::optional<int> parse_options(int argc, const char* const* argv, Options& options);

}  // namespace kpipe::kconsume
