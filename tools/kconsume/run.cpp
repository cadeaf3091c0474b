// SPDX-License-Identifier: Apache-2.0
#include "tools/kconsume/run.hpp"

#include <unistd.h>

#include "common/base/fd.hpp"
#include "tools/kconsume/options.hpp"
#include "tools/kconsume/pump.hpp"

namespace kpipe {

int kconsume_main(int argc, const char* const* argv) {
  kconsume::Options options;
  if (const auto status = kconsume::parse_options(argc, argv, options)) return *status;
  const kconsume::CommitPolicy commit = kconsume::resolve_commit(options, is_pipe(STDOUT_FILENO));
  kconsume::Pump pump(options, commit, STDOUT_FILENO);
  pump.run();
  return static_cast<int>(Exit::ok);
}

}  // namespace kpipe
