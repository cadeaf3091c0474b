// SPDX-License-Identifier: Apache-2.0
#include "common/cli/tool_main.hpp"
#include "tools/kgroups/run.hpp"

int main(int argc, char** argv) {
  return kpipe::tool_main("kgroups", argc, argv, kpipe::kgroups_main);
}
