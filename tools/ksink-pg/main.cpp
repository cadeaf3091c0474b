// SPDX-License-Identifier: Apache-2.0
#include "common/cli/tool_main.hpp"
#include "tools/ksink-pg/run.hpp"

int main(int argc, char** argv) {
  return kpipe::tool_main("ksink-pg", argc, argv, kpipe::ksink_pg_main);
}
