// SPDX-License-Identifier: Apache-2.0
#include "common/cli/tool_main.hpp"
#include "tools/kseek/run.hpp"

int main(int argc, char** argv) {
  return kpipe::tool_main("kseek", argc, argv, kpipe::kseek_main);
}
