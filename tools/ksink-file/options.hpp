// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "common/sink/options.hpp"

namespace kpipe {

/// What a line of the file is.
enum class Content {
  record,  ///< the record line as it came
  value,   ///< the value's JSON text; a tombstone is the line `null`
};

struct FileOptions {
  std::string path;               ///< absolute, the folder without symbolic links
  std::optional<int> zstd_level;  ///< absent: plain
  Content content = Content::record;
  bool print_offsets = false;
  SinkOptions sink;

  std::string checkpoint_path() const { return path + ".kpipe"; }
};

/// Names as they are in --content, --compress and checkpoints.
std::string content_name(Content content);
std::string compress_name(const FileOptions& options);

/// "none", "zstd" or "zstd:LEVEL"; empty: by the path's suffix. Throws Error(usage).
std::optional<int> parse_compress(const std::string& text, const std::string& path);

/// An exit status when there is nothing left to do (--help); throws Error(usage).
std::optional<int> parse_options(int argc, const char* const* argv, FileOptions& options);

}  // namespace kpipe
