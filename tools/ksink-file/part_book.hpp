// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tools/ksink-file/manifest.hpp"
#include "tools/ksink-file/rotation.hpp"

namespace kpipe {

/// Which line of a partition goes to which file, and what the manifest is to say of it afterwards.
/// Knows no files: the caller writes, and fills in `length`, `inode` and `tail`. What a line costs
/// grows with the logarithm of the open parts, not with their number.
class PartBook {
 public:
  /// What decides about a line.
  struct Line {
    std::int64_t offset = 0;
    std::optional<std::int64_t> timestamp_ms;
    std::string_view group;
    std::size_t bytes = 0;                     ///< with its '\n'
    const std::function<std::string()>& name;  ///< asked when it begins a file
  };

  /// `has_hook`: ClosedFile::has_hook of what is closed here.
  PartBook(PartitionState state, RotationRules rules, std::string form, bool has_hook = false);

  const PartitionState& state() const noexcept { return state_; }

  /// The part that the line goes to. May close others, and the one that the group had before; never
  /// between two lines of one record. `now_ms` is by the clock.
  PartState& take(const Line& line, std::int64_t now_ms);

  /// Closes all parts that are full, for nothing more of their last record comes.
  void close_full();
  void close_due(std::int64_t now_ms);  ///< by RotationRules::interval
  void close_foreign();                 ///< begun under another template, content or compression
  void close_all();

  /// A closed file has its name.
  void named(std::uint64_t id) {
    state_.closed.erase(id);
    named_.push_back(id);
  }

  /// Parts with new lines, which must be on the disk, and described, before change() is.
  const std::set<std::uint64_t>& grown() const noexcept { return grown_; }
  PartState& part(std::uint64_t id) { return state_.parts.at(id); }

  bool has_changes() const { return !grown_.empty() || !closing_.empty() || !named_.empty(); }
  /// What has happened since the last call, with the offset that is stored now. state() has it
  /// applied already.
  ManifestChange change(const Checkpoint& stored);

 private:
  using ByNumber = std::set<std::pair<std::int64_t, std::uint64_t>>;  ///< with the part's id

  void close(std::uint64_t id);
  void close_past();
  PartState& begin_part(const Line& line, std::int64_t now_ms);
  void add_line(PartState& part, const Line& line);
  template <typename Condition>
  void close_if(const Condition& condition);

  PartitionState state_;
  RotationRules rules_;
  std::string form_;
  bool has_hook_;
  std::unordered_map<std::string, std::uint64_t> open_;  ///< part of each group
  std::string last_group_;
  PartState* last_part_ = nullptr;  ///< of last_group_, if it is open
  ByNumber by_end_;    ///< open parts of our form: the first was not written for the longest
  ByNumber by_begin_;  ///< open parts by their first timestamp, if there is a rule for it
  std::vector<std::uint64_t> full_;  ///< to be closed when their last record is over
  std::int64_t last_offset_ = -1;
  std::set<std::uint64_t> grown_;
  std::set<std::uint64_t> closing_;
  std::vector<std::uint64_t> named_;
};

}  // namespace kpipe
