// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/recovery.hpp"

#include <string>

#include "common/base/error.hpp"

namespace kpipe {
namespace {

[[noreturn]] void throw_foreign(const DataFile& file, const std::string& difference) {
  throw Error(Exit::data, "checkpoint: " + file.path() + ": " + difference +
                              ". Put back the file that its checkpoint was written for, or " +
                              kStartAnew);
}

/// Device numbers may change with a reboot, inode numbers do not: with stored bytes to compare, the
/// device proves nothing more. With none, it is all there is.
bool is_same_file(const FileIdentity& now, const FileState& state) {
  if (now.inode != state.file.inode) return false;
  return now.device == state.file.device || !state.offsets.empty();
}

}  // namespace

std::uint64_t cut_to_checkpoint(DataFile& file, const FileState& state) {
  const FileIdentity now = file.identity();
  if (!is_same_file(now, state)) {
    throw_foreign(file, "is another file (inode " + std::to_string(now.inode) +
                            ") than its checkpoint was written for (inode " +
                            std::to_string(state.file.inode) + ")");
  }
  const std::uint64_t size = file.size();
  if (size < state.length) {
    throw_foreign(file, "has " + std::to_string(size) + " bytes, its checkpoint says that " +
                            std::to_string(state.length) + " were stored: it was cut");
  }
  if (file.tail_digest(state.length) != state.tail) {
    throw_foreign(file, "was changed: the bytes before offset " + std::to_string(state.length) +
                            " are not those that were stored");
  }
  if (size == state.length) return 0;
  if (state.closed) {
    const std::string length = std::to_string(state.length);
    throw Error(Exit::data,
                "checkpoint: " + file.path() + ": has " + std::to_string(size - state.length) +
                    " bytes behind the " + length +
                    " that were stored, and the last run left none: something else appended them. "
                    "Save them elsewhere if they matter, and cut the file back (truncate -s " +
                    length + "), or give another path");
  }
  file.truncate(state.length);
  file.sync();
  return size - state.length;
}

}  // namespace kpipe
