// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "common/base/fd.hpp"
#include "tools/kseek/plan.hpp"

namespace kpipe::kseek {

/// Where the offsets as they were are kept for the way back: a file of their own, or stderr.
class PriorOffsets {
 public:
  /// `path` is empty for stderr.
  explicit PriorOffsets(std::string path) : path_(std::move(path)) {}

  /// To be called before a group is changed: they must be known even if this process ends in the
  /// middle. A file is made by the first call and on the disk when it returns; one that is there
  /// already is refused, because it may be the only way back from an earlier move. Throws
  /// Error(usage, io).
  void keep(const GroupPlan& plan);

  /// How to come back, for people.
  std::string undo() const;

 private:
  std::string path_;
  UniqueFd file_;
  bool deleted_ = false;  ///< something was, and Kafka forgets a group without offsets
};

}  // namespace kpipe::kseek
