// SPDX-License-Identifier: Apache-2.0
// FileSink and its recovery, on real files.
#include "tools/ksink-file/file_sink.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "common/base/error.hpp"
#include "common/base/fd.hpp"
#include "common/base/log.hpp"
#include "tools/ksink-file/recovery.hpp"

namespace kpipe {
namespace {

class KsinkFileSink : public testing::Test {
 protected:
  void SetUp() override {
    log::set_level(log::Level::error);
    std::string pattern = testing::TempDir() + "kpipe-sink-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    options_.path = folder_ + "/out.ndjson";
  }
  void TearDown() override {
    log::set_level(log::Level::notice);
    std::filesystem::remove_all(folder_);
  }

  /// A batch of `count` records of partition 0, as the sink loop makes it.
  static Batch batch(std::int64_t first, std::int64_t count, std::optional<StoredOffset> expected,
                     std::int64_t generation = 0) {
    Batch result;
    const std::uint32_t range = result.range_of("t", 0);
    for (std::int64_t offset = first; offset < first + count; ++offset) {
      const std::string line = line_of(offset) + std::string(OutBuffer::kPadding, ' ');
      const std::string_view view(line.data(), line.size() - OutBuffer::kPadding);
      Record record;
      EXPECT_EQ(RecordDecoder().decode(view, record), "");
      result.add(record, view, range);
    }
    result.range(range).next = first + count;
    result.range(range).expected = expected;
    result.range(range).generation = generation;
    return result;
  }
  static std::string line_of(std::int64_t offset) {
    return "{\"topic\":\"t\",\"partition\":0,\"offset\":" + std::to_string(offset) +
           ",\"value\":{\"n\":" + std::to_string(offset) + "}}";
  }
  static std::string lines_of(std::int64_t first, std::int64_t end) {
    std::string lines;
    for (std::int64_t offset = first; offset < end; ++offset) lines += line_of(offset) + "\n";
    return lines;
  }

  std::string content() const { return read_file(options_.path); }
  void append_garbage(const std::string& bytes) const {
    std::ofstream(options_.path, std::ios::app) << bytes;
  }
  Exit exit_of_open() const {
    try {
      FileSink(options_).open();
    } catch (const Error& error) {
      message_ = error.what();
      return error.exit();
    }
    return Exit::ok;
  }

  std::string folder_;
  FileOptions options_;
  mutable std::string message_;
};

TEST_F(KsinkFileSink, AppendsAcrossRunsAndRemembersOffsets) {
  {
    FileSink sink(options_);
    EXPECT_TRUE(sink.open().empty());
    EXPECT_EQ(sink.store(batch(0, 3, {})), Sink::Outcome::stored);
    EXPECT_EQ(sink.store(batch(3, 2, StoredOffset{3, 0})), Sink::Outcome::stored);
  }
  FileSink sink(options_);
  const Checkpoint expected{{"t", 0}, 5, 0};
  EXPECT_EQ(sink.open(), std::vector<Checkpoint>{expected});
  EXPECT_EQ(sink.stored({{"t", 0}, {"t", 1}}), std::vector<Checkpoint>{expected});
  EXPECT_EQ(content(), lines_of(0, 5));
}

// What was compressed early is worth nothing once the batch was cut, or begun anew.
TEST_F(KsinkFileSink, WorksAheadOnABatchAndForgetsItWhenTheBatchChanges) {
  options_.path += ".zst";
  options_.compress = {Compression::zstd, 3};
  FileSink sink(options_);
  sink.open();
  const auto seen = [&] {
    const std::string decompressed = folder_ + "/decompressed";
    const std::string command = "zstd -dcq " + options_.path + " >" + decompressed;
    EXPECT_EQ(std::system(command.c_str()), 0);
    return read_file(decompressed);
  };
  constexpr std::int64_t many = 20'000;  // more than the thread is given at once
  Batch whole = batch(0, many, {});
  const std::string before = content();
  sink.go_ahead(whole);
  sink.go_ahead(whole);
  EXPECT_EQ(content(), before) << "nothing is in the file before store()";
  EXPECT_EQ(sink.store(whole), Sink::Outcome::stored);
  EXPECT_TRUE(seen() == lines_of(0, many));

  Batch cut = batch(many - 5, many, StoredOffset{many - 5, 0});
  sink.go_ahead(cut);
  EXPECT_EQ(sink.store(cut), Sink::Outcome::conflict);
  cut.drop_below(0, many);
  cut.range(0).expected = StoredOffset{many, 0};
  EXPECT_EQ(sink.store(cut), Sink::Outcome::stored);
  EXPECT_TRUE(seen() == lines_of(0, 2 * many - 5));

  Batch small = batch(2 * many - 5, 5, StoredOffset{2 * many - 5, 0});
  EXPECT_EQ(sink.store(small), Sink::Outcome::stored);
  EXPECT_TRUE(seen() == lines_of(0, 2 * many));
}

TEST_F(KsinkFileSink, UnexpectedOffsetIsAConflictAndStoresNothing) {
  FileSink sink(options_);
  sink.open();
  EXPECT_EQ(sink.store(batch(0, 3, StoredOffset{7, 0})), Sink::Outcome::conflict);
  EXPECT_EQ(content(), "");
  EXPECT_EQ(sink.store(batch(0, 3, {})), Sink::Outcome::stored);
  EXPECT_EQ(sink.store(batch(3, 1, {})), Sink::Outcome::conflict);
  EXPECT_EQ(sink.store(batch(3, 1, StoredOffset{3, 1})), Sink::Outcome::conflict);
  EXPECT_EQ(content(), lines_of(0, 3));
}

TEST_F(KsinkFileSink, OffsetsMoveWithoutRecordsAndBackInANewGeneration) {
  FileSink sink(options_);
  sink.open();
  EXPECT_EQ(sink.store(batch(9, 0, {})), Sink::Outcome::stored);
  EXPECT_EQ(sink.stored({{"t", 0}}), (std::vector<Checkpoint>{{{"t", 0}, 9, 0}}));
  EXPECT_EQ(sink.store(batch(2, 1, StoredOffset{9, 0}, 1)), Sink::Outcome::stored);
  EXPECT_EQ(sink.stored({{"t", 0}}), (std::vector<Checkpoint>{{{"t", 0}, 3, 1}}));
  EXPECT_EQ(content(), lines_of(2, 3));
}

TEST_F(KsinkFileSink, KeepsTheTopicIdOfEachOffset) {
  const auto stored_id = [](Sink& sink) { return sink.stored({{"t", 0}}).at(0).topic_id; };
  const auto with_id = [](Batch batch, const char* id) {
    batch.range(0).topic_id = id;
    return batch;
  };
  {
    FileSink sink(options_);
    sink.open();
    sink.store(batch(0, 1, {}));
    EXPECT_EQ(stored_id(sink), "");
    sink.store(with_id(batch(1, 1, StoredOffset{1, 0}), "first"));
    EXPECT_EQ(stored_id(sink), "first");
    sink.store(batch(2, 1, StoredOffset{2, 0}));
    EXPECT_EQ(stored_id(sink), "first") << "an unknown id must not erase a known one";
  }
  FileSink sink(options_);
  const Checkpoint expected{{"t", 0}, 3, 0, "first"};
  EXPECT_EQ(sink.open(), std::vector<Checkpoint>{expected});
  sink.store(with_id(batch(0, 1, StoredOffset{3, 0}, 1), "second"));
  EXPECT_EQ(stored_id(sink), "second");
}

TEST_F(KsinkFileSink, ContentValueKeepsOnlyValues) {
  options_.content = Content::value;
  {
    FileSink sink(options_);
    sink.open();
    sink.store(batch(0, 2, {}));
  }
  EXPECT_EQ(content(), "{\"n\":0}\n{\"n\":1}\n");
  options_.content = Content::record;
  EXPECT_EQ(exit_of_open(), Exit::config);
  EXPECT_NE(message_.find("--content"), std::string::npos);
}

TEST_F(KsinkFileSink, AnotherSourceIsRefused) {
  {
    FileSink sink(options_);
    sink.open();
    sink.identify({"", ""});
    sink.identify({"etl", "c1"});
    sink.store(batch(0, 1, {}));
  }
  FileSink sink(options_);
  sink.open();
  sink.identify({"", "c1"});
  EXPECT_THROW(sink.identify({"etl2", "c1"}), Error);
  EXPECT_THROW(sink.identify({"etl", "c2"}), Error);
}

TEST_F(KsinkFileSink, OneWriterAtATime) {
  FileSink sink(options_);
  sink.open();
  EXPECT_EQ(exit_of_open(), Exit::temp_fail);
  EXPECT_NE(message_.find(options_.path), std::string::npos);
}

TEST_F(KsinkFileSink, ATornTailIsCutAtEveryLength) {
  {
    FileSink sink(options_);
    sink.open();
    sink.store(batch(0, 200, {}));
  }
  const std::string stored = content();
  for (std::size_t torn = 0; torn < 60; torn += 7) {
    append_garbage(std::string(torn, 'x'));
    ASSERT_EQ(exit_of_open(), Exit::ok) << message_;
    ASSERT_EQ(content(), stored);
  }
}

TEST_F(KsinkFileSink, BytesBehindAClosedFileAreForeign) {
  {
    FileSink sink(options_);
    sink.open();
    sink.store(batch(0, 20, {}));
    sink.close();
  }
  EXPECT_EQ(exit_of_open(), Exit::ok);  // and that run is killed: its tail would be its own
  append_garbage("torn");
  EXPECT_EQ(exit_of_open(), Exit::ok);
  EXPECT_EQ(content(), lines_of(0, 20));
  {
    FileSink sink(options_);
    sink.open();
    sink.close();
  }
  append_garbage("a foreign line\n");
  EXPECT_EQ(exit_of_open(), Exit::data);
  EXPECT_NE(message_.find("truncate -s " + std::to_string(lines_of(0, 20).size())),
            std::string::npos)
      << message_;
  EXPECT_EQ(content(), lines_of(0, 20) + "a foreign line\n");
}

TEST_F(KsinkFileSink, ForeignBytesMetWhileWritingAreNotCutLater) {
  {
    FileSink sink(options_);
    sink.open();
    sink.store(batch(0, 1, {}));
    append_garbage("x");
    EXPECT_THROW(sink.store(batch(1, 1, StoredOffset{1, 0})), Error);
    sink.close();
  }
  EXPECT_EQ(exit_of_open(), Exit::data);
  EXPECT_EQ(content(), lines_of(0, 1) + "x");
}

TEST_F(KsinkFileSink, ForeignChangesAreRefusedAndLeftAlone) {
  {
    FileSink sink(options_);
    sink.open();
    sink.store(batch(0, 200, {}));
  }
  const std::string stored = content();
  const auto write = [&](const std::string& bytes) {
    std::ofstream(options_.path, std::ios::trunc) << bytes;
  };
  write(stored.substr(0, stored.size() - 1));
  EXPECT_EQ(exit_of_open(), Exit::data);
  EXPECT_NE(message_.find("was cut"), std::string::npos) << message_;

  std::string changed = stored;
  changed[changed.size() - 4000] = '?';
  write(changed + "more");
  EXPECT_EQ(exit_of_open(), Exit::data);
  EXPECT_NE(message_.find("was changed"), std::string::npos) << message_;
  EXPECT_EQ(content(), changed + "more");

  write(stored);
  std::filesystem::copy_file(options_.path, options_.path + ".copy");
  std::filesystem::rename(options_.path + ".copy", options_.path);
  EXPECT_EQ(exit_of_open(), Exit::data);
  EXPECT_NE(message_.find("another file"), std::string::npos) << message_;

  std::filesystem::remove(options_.path);
  EXPECT_EQ(exit_of_open(), Exit::data);
  EXPECT_NE(message_.find("is gone"), std::string::npos) << message_;
  EXPECT_FALSE(std::filesystem::exists(options_.path));

  std::filesystem::remove(options_.checkpoint_path());
  write("a foreign line\n");
  EXPECT_EQ(exit_of_open(), Exit::data);
  EXPECT_NE(message_.find("no checkpoint"), std::string::npos) << message_;
  EXPECT_EQ(content(), "a foreign line\n");
}

TEST_F(KsinkFileSink, ARemovedOrForeignlyWrittenFileEndsTheRun) {
  FileSink sink(options_);
  sink.open();
  sink.store(batch(0, 1, {}));
  append_garbage("x");
  EXPECT_THROW(sink.store(batch(1, 1, StoredOffset{1, 0})), Error);
  std::filesystem::resize_file(options_.path, content().size() - 1);
  std::filesystem::remove(options_.path);
  EXPECT_THROW(sink.store(batch(1, 1, StoredOffset{1, 0})), Error);
}

TEST_F(KsinkFileSink, TheJournalIsReplacedBeforeItGrowsLarge) {
  FileState state;
  for (std::int32_t partition = 0; partition < 500; ++partition) {
    state.offsets[{"orders", partition}] = {1'000'000, 0};
  }
  CheckpointFile file(options_.checkpoint_path());
  EXPECT_FALSE(file.load());
  file.replace(state);
  const auto line = std::filesystem::file_size(file.path());
  for (std::uint64_t i = 1; i <= 30; ++i) {
    file.shorten(state);
    ASSERT_EQ(file.load(), state);
    state.length = i;
    file.append(state);
    file.sync();
    ASSERT_EQ(file.load(), state);
    ASSERT_LT(std::filesystem::file_size(file.path()), CheckpointFile::kReplaceAbove + 2 * line);
  }
}

TEST_F(KsinkFileSink, EmptyFilesOfTheUserAreTaken) {
  std::ofstream(options_.path).close();
  EXPECT_EQ(exit_of_open(), Exit::ok);
  options_.path = folder_ + "/b.zst";
  options_.compress = {Compression::zstd, 3};
  std::ofstream(options_.path).close();
  EXPECT_EQ(exit_of_open(), Exit::ok);
  EXPECT_EQ(content().size(), 13u);
  EXPECT_EQ(exit_of_open(), Exit::ok);
}

TEST_F(KsinkFileSink, OnlyRegularFilesAreTaken) {
  std::filesystem::create_symlink("elsewhere", options_.path);
  EXPECT_EQ(exit_of_open(), Exit::usage);
  std::filesystem::remove(options_.path);
  std::filesystem::create_directory(options_.path);
  EXPECT_EQ(exit_of_open(), Exit::usage);
  options_.path = "/dev/null";
  EXPECT_EQ(exit_of_open(), Exit::usage);
  options_.path = folder_ + "/no/such/folder";
  EXPECT_EQ(exit_of_open(), Exit::io);
}

}  // namespace
}  // namespace kpipe
