// SPDX-License-Identifier: Apache-2.0
#include "common/cli/tool_main.hpp"
#include "tools/ksink-file/run.hpp"

int main(int argc, char** argv) {
  return kpipe::tool_main("ksink-file", argc, argv, kpipe::ksink_file_main);
}
