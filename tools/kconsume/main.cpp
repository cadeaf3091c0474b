// SPDX-License-Identifier: Apache-2.0
#include "common/cli/tool_main.hpp"
#include "tools/kconsume/run.hpp"

int main(int argc, char** argv) {
  return kpipe::tool_main("kconsume", argc, argv, kpipe::kconsume_main);
}
