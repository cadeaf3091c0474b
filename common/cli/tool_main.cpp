// SPDX-License-Identifier: Apache-2.0
#include "common/cli/tool_main.hpp"

#include <sys/resource.h>

#include <cstdio>

#include "common/base/error.hpp"
#include "common/base/log.hpp"
#include "common/base/stop.hpp"

namespace kpipe {

namespace {

/// Passwords and records are in our memory; they must not lie about in a core file.
void forbid_core_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_CORE, &limit) != 0) return;
  limit.rlim_cur = 0;
  ::setrlimit(RLIMIT_CORE, &limit);
}

}  // namespace

int tool_main(const std::string& name, int argc, const char* const* argv,
              int (*run)(int argc, const char* const* argv)) {
  log::set_tool(name);
  forbid_core_files();
  try {
    stop::install();
    const int status = run(argc, argv);
    // A text longer than the buffer may have failed before its end.
    const bool written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
    if (!written && status == 0) throw Error(Exit::io, "stdout: could not be written");
    return status;
  } catch (const Error& error) {
    log::error(error.what());
    return static_cast<int>(error.exit());
  } catch (const std::exception& error) {
    log::error(std::string("internal error: ") + error.what() + ". Please report it");
    return static_cast<int>(Exit::software);
  }
}

}  // namespace kpipe
