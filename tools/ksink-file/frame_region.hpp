// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/base/out_buffer.hpp"
#include "tools/ksink-file/compressor.hpp"

namespace kpipe {

/// The file as a FrameRegion needs it. Each call is one system call.
class FrameTarget {
 public:
  virtual ~FrameTarget() = default;
  virtual void write_at(std::uint64_t offset, std::string_view bytes) = 0;
  virtual void truncate(std::uint64_t size) = 0;
};

/// Appends zstd frames to a file so that the file is a valid .zst after each single system call and
/// after a kill -9 in the middle of any of them: a frame is there as a whole or not at all.
///
/// A write(2) is atomic only within one page: the kernel copies page by page, moves the end of file
/// with each, and stops between two for SIGKILL. A torn frame would make `zstd -d` fail until the
/// next start. So a frame grows behind a veil of skippable frames (RFC 8878 section 3.1.2, ignored
/// by decoders) and is unveiled by one write of 8 bytes:
/// 1. the file grows page by page, each page one write and one skippable frame of its own;
/// 2. one write of 4 bytes widens the first of them over all of the region;
/// 3. the frame is written into the region, except its first 8 bytes, where the veil's header is;
/// 4. one write of these 8 bytes makes the region the frame and an empty skippable frame behind it;
/// 5. the latter is cut off.
///
/// Steps 1 to 3 repeat for frames too long to be held in memory. A frame that fits into the rest of
/// a page is one write.
///
/// A reader that reads while this goes on may take the veil at one moment and go on behind it at a
/// later one. It must not find the next frame there, as if the hidden one did not exist: so that
/// one begins 8 bytes before the veil's end, which is what step 5 is for. Such a reader fails (as
/// one may that stopped at the end of file between 1 and 3), and a second try succeeds. What was
/// the file's end while nothing was being appended stays right for readers at all times.
///
/// Nor may a frame end with its page, because each page's end has been the file's for a moment:
/// where it would, it gets an empty block more. And a header must not cross a page's end: where the
/// next one would, an empty skippable frame follows the frame.
class FrameRegion {
 public:
  /// What no kernel's page is smaller than.
  static constexpr std::uint64_t kPage = 4096;
  static constexpr std::uint64_t kHeader = 8;

  explicit FrameRegion(FrameTarget& file) : file_(file) {}

  /// Begins a frame at the end of the last one, or of the empty frame.
  void begin(std::uint64_t start);

  /// Takes the frame's next bytes: append to it.
  OutBuffer& buffer() noexcept { return buffer_; }

  std::uint64_t size() const noexcept { return written_ - start_ + buffer_.size(); }

  /// Moves what is in the buffer, but for the last part of a page, into the file behind the veil.
  void flush();

  /// Ends and unveils the frame, which `compressor` has written into buffer() so far. Returns the
  /// file's new end.
  std::uint64_t publish(Compressor& compressor);

 private:
  void end_frame(Compressor& compressor);
  void write_hidden(std::size_t size);
  void grow(std::uint64_t end);

  FrameTarget& file_;
  std::uint64_t start_ = 0;    ///< of the region
  std::uint64_t written_ = 0;  ///< end of the region in the file; the buffer comes behind it
  OutBuffer buffer_;
  char head_[kHeader] = {};  ///< the frame's first bytes, kept back
};

}  // namespace kpipe
