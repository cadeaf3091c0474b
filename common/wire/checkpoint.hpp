// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/out_buffer.hpp"
#include "common/wire/json_reader.hpp"

namespace kpipe {

struct TopicPartition {
  std::string topic;
  std::int32_t partition = 0;

  auto operator<=>(const TopicPartition&) const = default;
};

/// "orders[3]", as messages name it.
std::string to_string(const TopicPartition& tp);

/// The one line format of acknowledgements, manifests, kgroups' output and kseek's input:
///   {"topic":"orders","partition":3,"offset":1043}
/// `offset` is the NEXT offset to read, as Kafka commits it. Other fields are ignored by readers.
struct Checkpoint {
  TopicPartition tp;
  std::int64_t offset = 0;
  std::int64_t generation = 0;  ///< written as "gen" when > 0
  /// Kafka's id of the topic (KIP-516), which a topic of the same name made anew does not share.
  /// Written as "topic_id" when known.
  std::string topic_id{};

  auto operator<=>(const Checkpoint&) const = default;
};

/// Without a line end. `extra` is pasted before the closing brace (",\"sink\":\"x\"").
void append_checkpoint(OutBuffer& out, const Checkpoint& checkpoint, std::string_view extra = {});

/// Reads checkpoint lines. Text passed in needs no padding: it is copied.
class CheckpointReader {
 public:
  /// Empty on success, otherwise the reason.
  std::string_view read(std::string_view text, Checkpoint& checkpoint);
  /// From the members of an object that was read already.
  static std::string_view from_fields(const std::vector<JsonField>& fields, Checkpoint& checkpoint);

 private:
  JsonReader reader_;
  std::vector<JsonField> fields_;
  OutBuffer text_;
};

}  // namespace kpipe
