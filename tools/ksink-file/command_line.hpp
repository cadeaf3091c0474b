// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace kpipe {

/// A command that is run for a file, without a shell: "aws s3 cp {} s3://bucket/".
class FileCommand {
 public:
  FileCommand() = default;
  /// Words are separated by blanks; '...' and "..." make one word of what is in them, a backslash
  /// takes the next character as it is, except in '...'. Nothing else has a meaning. Throws
  /// Error(usage) for an open quote, and where no word has "{}".
  explicit FileCommand(const std::string& text);

  bool empty() const noexcept { return words_.empty(); }
  /// The words, with `path` in the place of each "{}".
  std::vector<std::string> words_for(const std::string& path) const;

 private:
  std::vector<std::string> words_;
};

}  // namespace kpipe
