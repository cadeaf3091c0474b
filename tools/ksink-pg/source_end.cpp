// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/source_end.hpp"

#include <algorithm>

#include "common/base/error.hpp"

namespace kpipe {
namespace {

[[noreturn]] void keep_old_rows(const std::string& table, const std::string& why) {
  throw Error(Exit::temp_fail, "table " + table + ": keeps its old rows: " + why);
}

}  // namespace

void check_whole_run(const SourceEnd& end, bool at_eof, const std::string& table) {
  if (end.end) return;
  if (end.heard) {
    keep_old_rows(table,
                  "kconsume did not reach the end of its run: it was stopped, or died. Start the "
                  "pipeline again");
  }
  if (end.is_pipe && !at_eof) {
    keep_old_rows(
        table,
        "nobody said that the run was whole, and a producer that died looks like one that "
        "is done. End a pipeline of kconsume --once in it, read a file (<FILE), or say "
        "--replace-at-eof");
  }
}

void check_all_stored(const SourceEnd& end, const std::vector<StoredPartition>& stored,
                      const std::string& table) {
  if (!end.end) return;
  for (const Checkpoint& wanted : *end.end) {
    const auto row = std::find_if(stored.begin(), stored.end(), [&](const StoredPartition& one) {
      return one.checkpoint.tp == wanted.tp;
    });
    const std::int64_t next = row == stored.end() ? 0 : row->checkpoint.offset;
    if (next >= wanted.offset) continue;
    keep_old_rows(table, to_string(wanted.tp) + " was read up to offset " +
                             std::to_string(wanted.offset) + ", and what came ends at " +
                             std::to_string(next) +
                             ": a filter died, or drops records. Where it drops them, see kconsume "
                             "--marks");
  }
}

}  // namespace kpipe
