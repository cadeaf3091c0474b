// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/out_buffer.hpp"
#include "common/wire/checkpoint.hpp"

namespace kpipe {

// What kconsume and a sink say to each other beside the data (design: "How acks travel"). One JSON
// object a line. `at_byte` is how many bytes kconsume had handed to its stdout when it spoke: on a
// direct pipe the sink acts when it has READ that many, which orders control and data without
// touching the data.

/// Sink -> kconsume. First with `pending`, so that kconsume knows to wait; then with the stored
/// offsets; then again, with the request's number, as the answer to each Assign.
struct SinkHello {
  std::string sink;
  bool pending = false;
  std::optional<std::int64_t> request;
  std::vector<Checkpoint> offsets;
};

/// Sink -> kconsume, behind a filter and after a Bye: the input has ended, and all that came is
/// stored and acknowledged. What is still missing was dropped on the way. Flushes are answered
/// until kconsume closes the channel.
struct InputEnded {};

/// kconsume -> sink, the first line.
struct SourceHello {
  std::string group;       ///< empty: no group
  std::string cluster;     ///< Kafka's cluster id
  bool direct = false;     ///< the sink's stdin is kconsume's stdout
  bool marks = false;      ///< mark lines stand between the records, the last one at the end
  bool unbounded = false;  ///< it reads on until it is stopped
};

/// kconsume -> sink: these partitions are ours now; answer with a hello that says what is stored.
struct Assign {
  std::int64_t request = 0;
  std::vector<TopicPartition> partitions;
  std::map<std::string, std::string> topic_ids{};  ///< by topic, as far as Kafka told
};

/// kconsume -> sink: store and acknowledge all up to these offsets now. An offset above the last
/// record read means that there are no records in between (transaction markers, compaction).
struct Flush {
  std::vector<Checkpoint> upto;
  std::uint64_t at_byte = 0;
  /// All records below are acknowledged: nothing of them is still on its way, in no filter either.
  bool settled = false;
};

/// kconsume -> sink: these partitions are another member's from here on; what was written of them
/// stands before `at_byte`.
struct Revoke {
  std::vector<TopicPartition> partitions;
  std::uint64_t at_byte = 0;
};

/// kconsume -> sink: all was written; EOF after `at_byte` bytes is a clean end.
struct Bye {
  std::uint64_t at_byte = 0;
  /// The end that kconsume's options name was reached: how far it read each partition of which it
  /// read anything. Absent: it was stopped before.
  std::optional<std::vector<Checkpoint>> end{};
};

void append_line(OutBuffer& out, const SinkHello& message);
void append_line(OutBuffer& out, const InputEnded& message);
void append_line(OutBuffer& out, const SourceHello& message);
void append_line(OutBuffer& out, const Assign& message);
void append_line(OutBuffer& out, const Flush& message);
void append_line(OutBuffer& out, const Revoke& message);
void append_line(OutBuffer& out, const Bye& message);
/// An acknowledgement: a checkpoint with its line end.
void append_line(OutBuffer& out, const Checkpoint& message);

/// One line of either direction; exactly one member is set.
struct ControlLine {
  std::optional<SinkHello> sink_hello;
  std::optional<InputEnded> input_ended;
  std::optional<SourceHello> source_hello;
  std::optional<Assign> assign;
  std::optional<Flush> flush;
  std::optional<Revoke> revoke;
  std::optional<Bye> bye;
  std::optional<Checkpoint> ack;
  std::string ack_sink{};  ///< who acknowledges, where one channel serves several
  std::uint64_t peer = 0;  ///< the connection it came by; 0: a FIFO or file
};

/// Empty reason on success. Unknown members are ignored, so that either side may be newer.
std::string_view parse_control_line(std::string_view text, ControlLine& line);

}  // namespace kpipe
