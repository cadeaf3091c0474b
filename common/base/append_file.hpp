// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "common/base/fd.hpp"

namespace kpipe {

/// A file of lines that several processes may append to: records that were put aside. What a
/// process that was killed left of a line is cut off when it is opened by somebody who is alone
/// with it.
class AppendFile {
 public:
  /// Opens it, or makes it; not through a symbolic link. `option` is named in errors
  /// ("--dlq-file"). Throws Error(io).
  AppendFile(std::string option, std::string path);

  /// Whole lines. On the disk when it returns; throws Error(io).
  void append(std::string_view lines);

  const std::string& path() const noexcept { return path_; }

 private:
  void cut_torn_line() const;
  void sync_folder() const;
  std::string named() const { return option_ + ": " + path_; }

  std::string option_;
  std::string path_;
  UniqueFd file_;
};

}  // namespace kpipe
