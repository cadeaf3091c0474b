// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/batch_writer.hpp"

#include "common/base/out_buffer.hpp"
#include "tools/ksink-file/compress_thread.hpp"
#include "tools/ksink-file/compressor.hpp"
#include "tools/ksink-file/frame_region.hpp"

namespace kpipe {
namespace {

/// Lines are gathered up to this before they go on: no call a line, and still within the CPU's
/// cache.
constexpr std::size_t kGather = 256 * 1024;

void append_line_to(OutBuffer& buffer, std::string_view line) {
  buffer.append(line);
  buffer.append('\n');
}

class PlainWriter : public BatchWriter {
 public:
  explicit PlainWriter(DataFile& file) : file_(file), buffer_(2 * kGather) {}

  void begin(std::uint64_t end_of_file) override {
    end_ = end_of_file;
    buffer_.clear();
  }

  bool add_early(std::string_view) override { return false; }

  void add(std::string_view line) override {
    append_line_to(buffer_, line);
    if (buffer_.size() >= kGather) flush();
  }

  std::uint64_t finish() override {
    flush();
    return end_;
  }

 private:
  void flush() {
    file_.write_at(end_, buffer_.view());
    file_.start_writeback(end_, buffer_.size());
    end_ += buffer_.size();
    buffer_.clear();
  }

  DataFile& file_;
  OutBuffer buffer_;
  std::uint64_t end_ = 0;
};

class ZstdWriter : public BatchWriter {
 public:
  ZstdWriter(DataFile& file, const Compress& how)
      : how_(how), compressor_(how), region_(file), lines_(2 * kGather) {}

  void begin(std::uint64_t end_of_file) override {
    // A batch that failed half way, or was cut, has left half a frame in the compressor.
    if (open_) {
      thread_.abandon();
      compressor_ = Compressor(how_);
    }
    open_ = true;
    lines_.clear();
    given_ = 0;
    region_.begin(end_of_file);
  }

  bool add_early(std::string_view line) override {
    if (given_ >= kMostEarly) return false;
    append_line_to(lines_, line);
    if (lines_.size() >= kGather) give();
    return true;
  }

  void add(std::string_view line) override {
    append_line_to(lines_, line);
    if (lines_.size() < kGather) return;
    give();
    if (given_ < kFlushEach) return;
    thread_.wait();
    given_ = 0;
    if (region_.buffer().size() >= kFlush) region_.flush();
    if (region_.size() > kMaxFrame) region_.begin(region_.publish(compressor_));
  }

  std::uint64_t finish() override {
    thread_.wait();
    compressor_.add(lines_.view(), region_.buffer());
    lines_.clear();
    const std::uint64_t end = region_.publish(compressor_);
    open_ = false;
    return end;
  }

 private:
  /// Most batches compress to less and are written at once.
  static constexpr std::size_t kFlush = 4 * 1024 * 1024;
  /// Bytes of lines between two looks at how much they have become.
  static constexpr std::size_t kFlushEach = std::size_t{32} << 20;
  /// What does not compress stays in memory until the batch is stored.
  static constexpr std::size_t kMostEarly = std::size_t{16} << 20;
  /// The veil's length has 32 bits.
  static constexpr std::uint64_t kMaxFrame = std::uint64_t{1} << 30;

  void give() {
    given_ += lines_.size();
    thread_.give(lines_, compressor_, region_.buffer());
  }

  Compress how_;
  Compressor compressor_;
  FrameRegion region_;
  OutBuffer lines_;
  std::size_t given_ = 0;  ///< to the thread, since begin() or the last look
  bool open_ = false;
  CompressThread thread_;  ///< ends before what it works on
};

}  // namespace

std::unique_ptr<BatchWriter> plain_writer(DataFile& file) {
  return std::make_unique<PlainWriter>(file);
}

std::unique_ptr<BatchWriter> zstd_writer(DataFile& file, const Compress& how) {
  return std::make_unique<ZstdWriter>(file, how);
}

}  // namespace kpipe
