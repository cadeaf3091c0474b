// SPDX-License-Identifier: Apache-2.0
// The command of --on-publish, as it is taken apart.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/base_expect.hpp"
#include "tools/ksink-file/command_line.hpp"

namespace kpipe {
namespace {

using Words = std::vector<std::string>;

Words words(const std::string& command, const std::string& path = "/d/f") {
  return FileCommand(command).words_for(path);
}

TEST(KsinkFileCommand, WordsAreSeparatedByBlanks) {
  EXPECT_EQ(words("aws s3  cp {} s3://bucket/"),
            (Words{"aws", "s3", "cp", "/d/f", "s3://bucket/"}));
  EXPECT_EQ(words("\t{}\n"), (Words{"/d/f"}));
}

TEST(KsinkFileCommand, QuotesAndBackslashesKeepBlanks) {
  EXPECT_EQ(words(R"(a 'b c' "d \" e" f\ g '\' '' {})"),
            (Words{"a", "b c", "d \" e", "f g", "\\", "", "/d/f"}));
  EXPECT_EQ(words("x'y'\"z\"={}"), (Words{"xyz=/d/f"}));
}

TEST(KsinkFileCommand, ThePathIsOneWordWhateverItHolds) {
  const std::string hostile = "/d/a b;$(rm -rf /){}'\"";
  EXPECT_EQ(words("cp {} x{}y", hostile), (Words{"cp", hostile, "x" + hostile + "y"}));
  EXPECT_EQ(words("{}{}", "/{}"), (Words{"/{}/{}"}));
}

TEST(KsinkFileCommand, WhatCannotBeRunIsRefused) {
  for (const char* wrong : {"", "cp", "cp {} 'x", "cp {} \"x", "cp {} \\", "cp { }"}) {
    const std::string said = unit::expect_error(Exit::usage, [&] { FileCommand command(wrong); });
    EXPECT_NE(said.find("Example: --on-publish"), std::string::npos) << said;
  }
}

}  // namespace
}  // namespace kpipe
