// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "common/sink/options.hpp"
#include "tools/ksink-file/command_line.hpp"
#include "tools/ksink-file/compress.hpp"
#include "tools/ksink-file/partition_lock.hpp"
#include "tools/ksink-file/retention.hpp"
#include "tools/ksink-file/rotation.hpp"

namespace kpipe {

/// What a line of the file is.
enum class Content {
  record,  ///< the record line as it came
  value,   ///< the value's JSON text; a tombstone is the line `null`
  raw,     ///< the value's own bytes: a string's characters, {"base64"}'s bytes; a tombstone is ""
};

struct FileOptions {
  /// Absolute, the folder without symbolic links: of the file, or of the folder (has_dir).
  std::string path;
  bool has_dir = false;
  std::string name_template;  ///< checked
  RotationRules rotation;
  bool publish_at_end = true;
  bool publish_at_revoke = false;
  FileCommand on_publish;
  Keep keep;
  /// Who keeps a partition's lock for longer is taken for stopped.
  std::chrono::milliseconds lock_timeout = FolderLock::kPatience;
  Compress compress;
  Content content = Content::record;
  bool print_offsets = false;
  SinkOptions sink;

  std::string checkpoint_path() const { return path + ".kpipe"; }
};

/// As in --content and in checkpoints.
std::string content_name(Content content);

/// An exit status when there is nothing left to do (--help); throws Error(usage).
std::optional<int> parse_options(int argc, const char* const* argv, FileOptions& options);

}  // namespace kpipe
