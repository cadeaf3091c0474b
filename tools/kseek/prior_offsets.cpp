// SPDX-License-Identifier: Apache-2.0
#include "tools/kseek/prior_offsets.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "common/base/error.hpp"
#include "tools/kseek/plan_output.hpp"

namespace kpipe::kseek {

void PriorOffsets::keep(const GroupPlan& plan) {
  OutBuffer lines;
  append_prior(lines, plan);
  for (const Move& move : plan.moves) deleted_ = deleted_ || !move.target;
  if (path_.empty()) {
    if (const int error = write_all(STDERR_FILENO, lines.view()); error != 0)
      throw system_error("stderr: the prior offsets, needed for undo, could not be written", error);
    return;
  }
  if (!file_) {
    constexpr mode_t mode = 0666;  // less the umask
    file_.reset(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    if (!file_ && errno == EEXIST) {
      throw Error(Exit::usage, "--save: " + path_ +
                                   ": there is such a file, which may be the way back from an "
                                   "earlier move. Name a new one");
    }
    if (!file_) throw system_error("--save: " + path_, errno);
  }
  const int error = write_all(file_.get(), lines.view());
  if (error != 0 || ::fsync(file_.get()) != 0)
    throw system_error("--save: " + path_, error != 0 ? error : errno);
}

std::string PriorOffsets::undo() const {
  const std::string options = deleted_ ? " --execute --create-group" : " --execute";
  return path_.empty() ? "kseek --from-file -" + options + ", with the lines above as its input"
                       : "kseek --from-file " + path_ + options;
}

}  // namespace kpipe::kseek
