// SPDX-License-Identifier: Apache-2.0
// Compressed files of ksink-file: frames of every length at every place in a page.
#include <gtest/gtest.h>
#include <zstd.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "common/base/error.hpp"
#include "tools/ksink-file/batch_writer.hpp"
#include "tools/ksink-file/compressor.hpp"
#include "tools/ksink-file/data_file.hpp"
#include "tools/ksink-file/frame_region.hpp"
#include "tools/ksink-file/options.hpp"

namespace kpipe {
namespace {

const Compress kZstd{Compression::zstd, 3};

/// All frames of `bytes`, as `zstd -d` reads them; "ERROR: ..." when they are not whole.
std::string decompress(const std::string& bytes) {
  ZSTD_DStream* const stream = ZSTD_createDStream();
  ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
  std::string out;
  std::string piece(ZSTD_DStreamOutSize(), '\0');
  std::size_t hint = 0;
  bool full = false;
  while (input.pos < input.size || full) {
    ZSTD_outBuffer output{piece.data(), piece.size(), 0};
    hint = ZSTD_decompressStream(stream, &output, &input);
    if (ZSTD_isError(hint) != 0) {
      out = std::string("ERROR: ") + ZSTD_getErrorName(hint);
      hint = 0;
      break;
    }
    out.append(piece, 0, output.pos);
    full = output.pos == output.size;
  }
  ZSTD_freeDStream(stream);
  return hint == 0 ? out : "ERROR: torn";
}

class KsinkFileZstd : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "kpipe-zstd-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    path_ = folder_ + "/out.zst";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  DataFile make() { return DataFile::create(path_, Compressor::empty_frame()); }
  static std::string all_of(const DataFile& file) { return file.read_at(0, file.size()); }
  std::string random_bytes(std::size_t size) {
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(random_());
    return bytes;
  }

  std::string folder_;
  std::string path_;
  std::mt19937 random_{20260101};
};

TEST_F(KsinkFileZstd, TheEmptyFrameIsAValidFileOfNothing) {
  const std::string frame(Compressor::empty_frame());
  EXPECT_EQ(decompress(frame), "");
  for (std::size_t size = 1; size < frame.size(); ++size) {
    EXPECT_EQ(decompress(frame.substr(0, size)), "ERROR: torn") << size;
  }
  OutBuffer ours;
  Compressor(kZstd).finish(ours);
  EXPECT_EQ(decompress(std::string(ours.view())), "");
}

TEST_F(KsinkFileZstd, FramesCarryTheirChecksum) {
  OutBuffer out;
  Compressor compressor({Compression::zstd, 1});
  compressor.add("hello hello hello", out);
  compressor.finish(out);
  std::string bytes(out.view());
  EXPECT_EQ(decompress(bytes), "hello hello hello");
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  EXPECT_EQ(decompress(bytes).substr(0, 5), "ERROR");
}

/// A file in memory that remembers all of its contents: after each call, and for each write also
/// what a kill between two of its pages would leave.
class FrameHistory : public FrameTarget {
 public:
  explicit FrameHistory(std::string content) : now(std::move(content)) {}

  void write_at(std::uint64_t offset, std::string_view bytes) override {
    while (!bytes.empty()) {
      const std::uint64_t room = FrameRegion::kPage - offset % FrameRegion::kPage;
      const std::string_view part = bytes.substr(0, static_cast<std::size_t>(room));
      if (now.size() < offset + part.size()) now.resize(offset + part.size());
      now.replace(offset, part.size(), part);
      if (recording) states.push_back(now);
      bytes.remove_prefix(part.size());
      offset += part.size();
    }
  }

  void truncate(std::uint64_t size) override {
    now.resize(size);
    if (recording) states.push_back(now);
  }

  std::string now;
  bool recording = true;
  std::vector<std::string> states;
};

TEST_F(KsinkFileZstd, EmptyBlocksMakeFramesLongerAndNothingElse) {
  OutBuffer out;
  Compressor compressor(kZstd);
  compressor.add("some text", out);
  compressor.flush(out);
  Compressor::append_empty_block(out);
  const std::size_t before = out.size();
  compressor.finish(out);
  EXPECT_EQ(out.size(), before + Compressor::kEpilogue);
  EXPECT_EQ(decompress(std::string(out.view())), "some text");
}

// Random bytes do not compress, so frame lengths sweep through all residues of a page, in frames
// below a page, of some pages, and flushed in parts.
TEST_F(KsinkFileZstd, EveryFrameLengthLeavesAValidFile) {
  FrameHistory file{std::string(Compressor::empty_frame())};
  file.recording = false;
  FrameRegion region(file);
  Compressor compressor({Compression::zstd, 1});
  std::string expected;
  std::uint64_t end = file.now.size();
  for (std::size_t i = 0; i < 3000; ++i) {
    const std::string bytes = random_bytes(i % 3 == 0 ? 1 + i : random_() % 9000);
    expected += bytes;
    region.begin(end);
    compressor.add(bytes, region.buffer());
    if (i % 5 == 0) region.flush();
    const std::uint64_t before = end;
    end = region.publish(compressor);
    ASSERT_EQ(file.now.size(), end);
    ASSERT_GT(end, before);
    const std::uint64_t used = end % FrameRegion::kPage;
    ASSERT_TRUE(used >= 8 && used <= FrameRegion::kPage - 8) << used;
    ASSERT_EQ(decompress(file.now.substr(before)), bytes) << i;
  }
  EXPECT_EQ(decompress(file.now), expected);
}

/// What a reader can meet while some frames are being appended, the second of which ends `shift`
/// bytes behind a page's end (or, with its empty block, 3 further).
struct Appending {
  FrameHistory file{std::string(Compressor::empty_frame())};
  std::vector<std::string> contents{""};  ///< after each frame

  bool is_prefix(const std::string& seen) const {
    return std::find(contents.begin(), contents.end(), seen) != contents.end();
  }
};

Appending append_frames(int shift, std::mt19937& random) {
  Appending result;
  FrameRegion region(result.file);
  Compressor compressor({Compression::zstd, 1});
  std::uint64_t end = result.file.now.size();
  const auto append = [&](std::size_t size) {
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    region.begin(end);
    compressor.add(bytes, region.buffer());
    if (size > 8500) region.flush();
    end = region.publish(compressor);
    result.contents.push_back(result.contents.back() + bytes);
  };
  constexpr std::size_t overhead = 6 + 3 + Compressor::kEpilogue;  // of a frame of one raw block
  append(3000);
  append(3 * FrameRegion::kPage - end - overhead + static_cast<std::size_t>(shift));
  append(9000);
  append(100);
  return result;
}

TEST_F(KsinkFileZstd, ReadersSeeWholeFramesAtEveryMoment) {
  for (int shift = -16; shift <= 16; ++shift) {
    const Appending appending = append_frames(shift, random_);
    EXPECT_EQ(decompress(appending.file.now), appending.contents.back());
    EXPECT_GT(appending.file.states.size(), 15u);
    for (std::size_t i = 0; i < appending.file.states.size(); ++i) {
      ASSERT_TRUE(appending.is_prefix(decompress(appending.file.states[i])))
          << shift << ", state " << i;
    }
  }
}

// A reader takes the file up to some place at one moment and the rest at another: it may fail, but
// what it gets must not have a hole.
TEST_F(KsinkFileZstd, ReadersNeverMissAFrameInBetween) {
  std::size_t whole = 0;
  for (int shift = -16; shift <= 16; ++shift) {
    const Appending appending = append_frames(shift, random_);
    const auto& states = appending.file.states;
    for (std::size_t first = 0; first < states.size(); ++first) {
      for (std::size_t second = first + 1; second < states.size(); ++second) {
        const std::string& early = states[first];
        const std::string& late = states[second];
        for (std::size_t at = 0;;
             at = std::min<std::size_t>(at + FrameRegion::kPage, early.size())) {
          const std::string seen =
              decompress(early.substr(0, at) + (at < late.size() ? late.substr(at) : ""));
          const bool failed = seen.starts_with("ERROR");
          whole += failed ? 0 : 1;
          ASSERT_TRUE(failed || appending.is_prefix(seen))
              << shift << ": " << first << ' ' << second << ' ' << at;
          if (at == early.size()) break;
        }
      }
    }
  }
  EXPECT_GT(whole, 1000u);
}

TEST_F(KsinkFileZstd, AWriterGoesOnAfterAnAbandonedBatch) {
  DataFile file = make();
  const std::uint64_t start = file.size();
  const auto writer = zstd_writer(file, kZstd);
  writer->begin(start);
  writer->add(random_bytes(3'000'000));
  file.truncate(start);
  writer->begin(start);
  writer->add("a");
  writer->add("");
  const std::uint64_t end = writer->finish();
  EXPECT_EQ(end, file.size());
  EXPECT_EQ(decompress(all_of(file)), "a\n\n");
}

// The thread has most of it when the batch turns out to be another one.
TEST_F(KsinkFileZstd, AWriterForgetsWhatItGotEarly) {
  DataFile file = make();
  const std::uint64_t start = file.size();
  const auto writer = zstd_writer(file, kZstd);
  writer->begin(start);
  for (int i = 0; i < 3000; ++i) ASSERT_TRUE(writer->add_early(random_bytes(1000)));
  EXPECT_EQ(file.size(), start) << "a batch that is being gathered is not in the file";
  writer->begin(start);
  writer->add("a");
  writer->finish();
  EXPECT_EQ(decompress(all_of(file)), "a\n");
}

TEST_F(KsinkFileZstd, LinesGivenEarlyAndLateAreOneFrame) {
  DataFile file = make();
  const auto writer = zstd_writer(file, kZstd);
  std::string expected;
  std::uint64_t end = file.size();
  for (int batch = 0; batch < 3; ++batch) {
    writer->begin(end);
    bool early = true;
    std::size_t late = 0;
    for (int i = 0; i < 40'000; ++i) {
      const std::string line = random_bytes(600);
      expected += line + '\n';
      early = early && writer->add_early(line);
      if (early) continue;
      ++late;
      writer->add(line);
    }
    EXPECT_GT(late, 1000u) << "what does not compress must not pile up in memory";
    EXPECT_LT(late, 39'000u);
    end = writer->finish();
    ASSERT_EQ(end, file.size());
  }
  EXPECT_TRUE(decompress(all_of(file)) == expected);
}

TEST_F(KsinkFileZstd, ThreadsAndWindowsMakeWholeFramesToo) {
  for (const Compress& how :
       {Compress{Compression::zstd, 1, 0, 2}, Compress{Compression::zstd, 3, 27, 0},
        Compress{Compression::zstd, 1, 20, 3}}) {
    FrameHistory file{std::string(Compressor::empty_frame())};
    file.recording = false;
    FrameRegion region(file);
    Compressor compressor(how);
    std::string expected;
    std::uint64_t end = file.now.size();
    for (std::size_t i = 0; i < 60; ++i) {
      const std::string bytes = random_bytes(i % 20 == 0 ? 9'000'000 : 1 + random_() % 9000);
      expected += bytes;
      region.begin(end);
      compressor.add(bytes, region.buffer());
      if (i % 5 == 0) region.flush();
      end = region.publish(compressor);
      ASSERT_EQ(file.now.size(), end);
    }
    EXPECT_TRUE(decompress(file.now) == expected);
  }
}

TEST(KsinkFileOptions, CompressionFollowsTheNameUnlessGiven) {
  EXPECT_EQ(parse_compress("", "/x/out.ndjson"), Compress{});
  EXPECT_EQ(parse_compress("", "/x/out.ndjson.zst"), (Compress{Compression::zstd, 3}));
  EXPECT_EQ(parse_compress("none", "/x/out.ndjson.zst"), Compress{});
  EXPECT_EQ(parse_compress("zstd", "/x/out"), (Compress{Compression::zstd, 3}));
  EXPECT_EQ(parse_compress("zstd:19", "/x/out"), (Compress{Compression::zstd, 19}));
  EXPECT_EQ(parse_compress("gzip:9", "/x/out"), (Compress{Compression::gzip, 9}));
  EXPECT_EQ(parse_compress("", "/x/out.gz"), (Compress{Compression::gzip, 6}));
}

TEST(KsinkFileOptions, ZstdTakesAWindowAndThreads) {
  EXPECT_EQ(parse_compress("zstd:19,long=27,threads=2", ""),
            (Compress{Compression::zstd, 19, 27, 2}));
  EXPECT_EQ(parse_compress("zstd:long", ""), (Compress{Compression::zstd, 3, 27, 0}));
  EXPECT_EQ(parse_compress("zstd:threads=3,7", ""), (Compress{Compression::zstd, 7, 0, 3}));
  EXPECT_GE(parse_compress("zstd:threads=0", "").threads, 1) << "as many as there are cores";
  for (const char* text : {"zstd:",
                           "zstd:0",
                           "zstd:99",
                           "zstd:3x",
                           "zstd:-1",
                           "ZSTD",
                           "zstd:3,",
                           "zstd:,3",
                           "zstd:3,4",
                           "zstd:long=28",
                           "zstd:long=9",
                           "zstd:long=",
                           "zstd:long,long=20",
                           "zstd:threads=",
                           "zstd:threads=-1",
                           "zstd:threads=1,threads=2",
                           "zstd:threads=100000",
                           "zstd:Long",
                           "gzip:long",
                           "gzip:threads=2",
                           "gzip:0",
                           "gzip:10",
                           "none:1",
                           "none:"}) {
    EXPECT_THROW(parse_compress(text, "/x/out"), Error) << text;
  }
}

}  // namespace
}  // namespace kpipe
