// SPDX-License-Identifier: Apache-2.0
#include "common/cli/tool_main.hpp"

#include <cstdio>

#include "common/base/error.hpp"
#include "common/base/log.hpp"
#include "common/base/stop.hpp"

namespace kpipe {

int tool_main(const std::string& name, int argc, const char* const* argv,
              int (*run)(int argc, const char* const* argv)) {
  log::set_tool(name);
  try {
    stop::install();
    const int status = run(argc, argv);
    if (std::fflush(stdout) != 0 && status == 0)
      throw Error(Exit::io, "stdout: could not be written");
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
