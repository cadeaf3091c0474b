// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace kpipe {

/// The whole of a tool's main(): `run` parses and works; errors are printed and become exit
/// statuses.
int tool_main(const std::string& name, int argc, const char* const* argv,
              int (*run)(int argc, const char* const* argv));

}  // namespace kpipe
