// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/wire/checkpoint.hpp"
#include "tools/kseek/plan.hpp"

namespace kpipe::kseek {

/// Where each group is to go, as one file says it.
class TargetFile {
 public:
  /// `name` is for messages.
  explicit TargetFile(std::string name) : name_(std::move(name)) {}

  /// One line, which may be
  /// - a checkpoint line, of a group if it has "group"; "delete":true in place of an offset deletes
  ///   the committed one; one with a null offset (nothing committed) is passed over;
  /// - Kafka's CSV, topic,partition,offset or group,topic,partition,offset;
  /// - empty, or a message of kseek that was saved with the lines on its stderr.
  /// Throws Error(data) naming the line for anything else, and for a partition of a group named
  /// twice with different offsets.
  void add_line(std::string_view text, std::uint64_t number);

  /// The places for each group. Lines that name one group or none are for all of `groups` (empty:
  /// for the group that they name); lines of several groups each for their own, of which `groups`
  /// chooses (empty: all). Throws Error(usage, data) when that leaves open what is meant.
  std::map<std::string, Places> for_groups(const std::vector<std::string>& groups) const;

 private:
  void add_json(std::string_view text, std::uint64_t number);
  void add_csv(std::string_view text, std::uint64_t number);
  void add(const std::string& group, const TopicPartition& tp, const Place& place,
           std::uint64_t number);
  [[noreturn]] void refuse(std::uint64_t number, const std::string& reason) const;

  std::string name_;
  std::map<std::string, Places> by_group_;  ///< "": lines that name none
  JsonReader json_;
  std::vector<JsonField> fields_;
  OutBuffer text_;
};

/// Reads all of it, "-" for stdin: the places for each of the groups, as for_groups() has them.
/// Throws Error(no_input, io) too.
std::map<std::string, Places> read_target_file(const std::string& path,
                                               const std::vector<std::string>& groups);

}  // namespace kpipe::kseek
