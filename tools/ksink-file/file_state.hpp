// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "common/base/out_buffer.hpp"
#include "common/sink/batch.hpp"
#include "common/wire/checkpoint.hpp"

namespace kpipe {

/// The way on for messages, when a file cannot be continued. With the old name kconsume would
/// refuse to leave a gap: the group says that this sink has stored all below its offsets.
inline constexpr const char* kStartAnew =
    "move both away and give a new --sink-id: a new file then begins at the offsets in Kafka";

/// Which file an open descriptor or a name stands for.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;

  bool operator==(const FileIdentity&) const = default;
};

/// All that a checkpoint says: which bytes of which file are stored, and which records they are.
struct FileState {
  std::string sink;      ///< the sink's name when it was written; for people
  std::string group;     ///< of the source; empty: unknown
  std::string cluster;   ///< of the source; empty: unknown
  std::string content;   ///< "record" or "value": what a line of the file is
  std::string compress;  ///< "none" or "zstd"
  FileIdentity file;
  std::uint64_t length = 0;  ///< bytes of the data file that are stored
  std::string tail;          ///< SHA-256 of the last kTailSize bytes before `length`
  /// The run that wrote it has ended and left nothing behind `length`: what is there now is not
  /// ours.
  bool closed = false;
  std::map<TopicPartition, StoredOffset> offsets;

  bool operator==(const FileState&) const = default;
};

// A checkpoint file is a journal: one line (a JSON object) for each stored batch, each the whole
// state, and the last one counts. A line is one append and one fdatasync, where replacing a file
// needs three syncs. Its last member is the SHA-256 of everything before that member, so:
// - a last line without '\n' was torn by a crash before its batch was acknowledged: the one before
// counts;
// - a whole line whose digest is wrong was damaged later: nobody can tell what is stored, and we
// stop.

/// Appends the state as one line with its '\n'.
void append_state_line(OutBuffer& out, const FileState& state);

/// The state that a checkpoint file's text tells. Throws Error(data) when it is damaged (a file
/// without one whole line is: the first is there before the file has its name) and Error(config)
/// when another version wrote it; `where` names the file.
FileState read_state(std::string_view text, const std::string& where);

}  // namespace kpipe
