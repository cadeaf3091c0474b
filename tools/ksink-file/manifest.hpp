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

/// A file that is still growing, under a name of its own: .kpipe/PARTITION/part-EPOCH.ID.
struct PartState {
  std::uint64_t id = 0;
  std::string form;        ///< of which template, content and compression its lines are
  std::string group;       ///< as RecordNames::group() has it
  std::string name;        ///< what it will be called, with NameTemplate::kEnd in it
  std::int64_t start = 0;  ///< offset of its first record
  std::int64_t end = 0;    ///< and of its last
  std::optional<std::int64_t> first_ts;  ///< timestamp of the first record that has one
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;   ///< of its lines, before compression
  std::int64_t opened = 0;   ///< by the clock, in ms since the epoch
  std::uint64_t length = 0;  ///< bytes of the file that are stored
  std::uint64_t inode = 0;
  std::string tail;  ///< SHA-256 of the last DataFile::kTailSize bytes before `length`

  bool operator==(const PartState&) const = default;
};

/// A part that grows no more. It gets its name, then is forgotten here.
struct ClosedFile {
  std::uint64_t id = 0;
  std::string path;  ///< its name, below the folder
  std::uint64_t records = 0;
  std::uint64_t length = 0;
  std::uint64_t inode = 0;
  /// The command of --on-publish has not succeeded for it. It is not forgotten before, whatever
  /// options later runs have.
  bool has_hook = false;

  bool operator==(const ClosedFile&) const = default;
};

/// All that is stored of one partition. Files that have got their names are not in it: it does not
/// grow with their number, and readers may take them away.
struct PartitionState {
  Checkpoint stored;
  std::optional<std::int64_t> newest_ts;  ///< of all records so far
  std::uint64_t last_id = 0;
  std::uint64_t epoch = 0;  ///< how often it was taken from a stopped process (takeover.hpp)
  std::map<std::uint64_t, PartState> parts;
  std::map<std::uint64_t, ClosedFile> closed;

  bool operator==(const PartitionState&) const = default;
};

// A manifest is a journal of sealed lines. The first says all, each of the others what one batch
// has changed: the stored offset and the lengths of the parts move in one step, or not at all.

/// One line. What it does not name stays as it was.
struct ManifestChange {
  bool is_whole = false;  ///< forget all before
  Checkpoint stored;
  std::optional<std::int64_t> newest_ts;
  std::uint64_t last_id = 0;
  std::uint64_t epoch = 0;
  std::vector<PartState> parts;      ///< new, or grown
  std::vector<ClosedFile> closed;    ///< takes the part of that id away
  std::vector<std::uint64_t> named;  ///< closed ones that have their names
};

void apply(const ManifestChange& change, PartitionState& state);

/// The change that makes any state this one.
ManifestChange whole(const PartitionState& state);

/// Appends it as a line with its '\n'. It is a checkpoint line too.
void append_line(OutBuffer& out, const ManifestChange& change);

/// What a journal says up to its last '\n'. Throws Error(data) when it is damaged or has no whole
/// line, Error(config) when another version wrote it; `where` names the file.
PartitionState read_manifest(std::string_view text, const std::string& where);

}  // namespace kpipe
