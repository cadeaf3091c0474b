// SPDX-License-Identifier: Apache-2.0
// The checkpoint of ksink-file: what is read back from every way a file can be cut or damaged.
#include "tools/ksink-file/file_state.hpp"

#include <gtest/gtest.h>

#include <string>

#include "common/base/error.hpp"
#include "tools/ksink-file/digest.hpp"

namespace kpipe {
namespace {

FileState sample(std::uint64_t length) {
  FileState state;
  state.sink = "file:/data/b\xc3\xa9\"quoted\".ndjson";
  state.group = "etl";
  state.cluster = "kAf-1";
  state.content = "record";
  state.compress = "zstd";
  state.file = {66306, 0xffff'ffff'ffff'fff0u};
  state.length = length;
  state.tail = sha256_hex("tail");
  state.offsets[{"orders", 0}] = {1042, 0};
  state.offsets[{"orders", 12}] = {7, 3};
  state.offsets[{"returns", 0}] = {0, 0};
  return state;
}

std::string lines_of(std::initializer_list<FileState> states) {
  OutBuffer out;
  for (const FileState& state : states) append_state_line(out, state);
  return std::string(out.view());
}

Exit exit_of(const std::string& text) {
  try {
    read_state(text, "x.kpipe");
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("x.kpipe"), std::string::npos);
    return error.exit();
  }
  return Exit::ok;
}

TEST(KsinkFileState, Sha256IsTheStandardOne) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(KsinkFileState, ReadsBackWhatWasWritten) {
  EXPECT_EQ(read_state(lines_of({sample(5)}), "x"), sample(5));
  FileState closed = sample(5);
  closed.closed = true;
  EXPECT_EQ(read_state(lines_of({sample(5), closed}), "x"), closed);
  FileState empty;
  EXPECT_EQ(read_state(lines_of({empty}), "x"), empty);
}

// Offsets compare without the id, so it is looked at by itself.
TEST(KsinkFileState, KeepsTopicIdsAndReadsOffsetsWithoutOne) {
  FileState state = sample(5);
  state.offsets[{"orders", 0}].topic_id = "uS9vJ1bRSMGAoS1nQ2Zb8A";
  const std::string lines = lines_of({state});
  const FileState read = read_state(lines, "x");
  EXPECT_EQ(read.offsets.at({"orders", 0}).topic_id, "uS9vJ1bRSMGAoS1nQ2Zb8A");
  EXPECT_EQ(read.offsets.at({"orders", 12}).topic_id, "");
  EXPECT_EQ(lines_of({read}), lines);
}

TEST(KsinkFileState, TheLastLineCounts) {
  EXPECT_EQ(read_state(lines_of({sample(5), sample(6), sample(7)}), "x"), sample(7));
}

TEST(KsinkFileState, CutAtEveryByteGivesTheLastWholeLine) {
  const std::string first = lines_of({sample(5)});
  const std::string both = lines_of({sample(5), sample(6)});
  for (std::size_t size = 0; size < first.size(); ++size) {
    EXPECT_EQ(exit_of(both.substr(0, size)), Exit::data) << size;
  }
  for (std::size_t size = first.size(); size < both.size(); ++size) {
    EXPECT_EQ(read_state(both.substr(0, size), "x"), sample(5)) << size;
  }
  EXPECT_EQ(read_state(both, "x"), sample(6));
}

TEST(KsinkFileState, AnyChangedByteOfTheLastLineIsDamage) {
  const std::string first = lines_of({sample(5)});
  const std::string both = lines_of({sample(5), sample(6)});
  // Without its '\n' the last line is a torn one, which is no damage.
  for (std::size_t at = first.size(); at + 1 < both.size(); ++at) {
    for (const int mask : {0x01, 0x20, 0x80}) {
      std::string changed = both;
      changed[at] = static_cast<char>(changed[at] ^ mask);
      EXPECT_EQ(exit_of(changed), Exit::data) << at << " ^ " << mask;
    }
  }
}

TEST(KsinkFileState, DamageInOldLinesDoesNotMatter) {
  std::string text = lines_of({sample(5), sample(6)});
  text[3] = '?';
  EXPECT_EQ(read_state(text, "x"), sample(6));
}

TEST(KsinkFileState, OtherVersionsAreRefused) {
  std::string body = "{\"version\":2,\"offsets\":[]";
  const std::string line = body + ",\"sha256\":\"" + sha256_hex(body) + "\"}\n";
  EXPECT_EQ(exit_of(line), Exit::config);
  body = "{\"offsets\":[]";
  EXPECT_EQ(exit_of(body + ",\"sha256\":\"" + sha256_hex(body) + "\"}\n"), Exit::data);
}

}  // namespace
}  // namespace kpipe
