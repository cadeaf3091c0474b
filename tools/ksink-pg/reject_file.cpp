// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/reject_file.hpp"

#include "common/base/out_buffer.hpp"
#include "tools/ksink-pg/target.hpp"

namespace kpipe {

void RejectFile::open(PgConnection& /*connection*/, const Target& target) {
  table_ = target.display();
  if (!file_) file_.emplace("--rejects", path_);
}

/// After a lost connection the same batch comes again, in the same process: what it wrote is there.
void RejectFile::put(PgConnection& /*connection*/, const Batch& batch,
                     const std::vector<RefusedRow>& refusals, const std::string& /*sink*/) {
  OutBuffer lines;
  for (const RefusedRow& row : refusals) {
    OutBuffer line;
    append_reject_line(line, batch.entries()[row.entries()->first], row.refusal(), table_);
    if (written_.emplace(line.view()).second) lines.append(line.view());
  }
  if (lines.size() > 0) file_->append(lines.view());
}

}  // namespace kpipe
