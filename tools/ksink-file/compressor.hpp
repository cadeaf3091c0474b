// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <zstd.h>

#include <memory>
#include <string_view>

#include "common/base/out_buffer.hpp"
#include "tools/ksink-file/compress.hpp"

namespace kpipe {

/// zstd's streaming compressor (RFC 8878), one context for all frames, with content checksums.
class Compressor {
 public:
  static constexpr int kDefaultLevel = 3;
  static int max_level() noexcept { return ZSTD_maxCLevel(); }
  /// Windows as powers of two. Above 27 `zstd -d` refuses a file unless told --long=N too, and so
  /// do the libraries of other readers.
  static constexpr int kLeastWindow = 10;
  static constexpr int kMostWindow = 27;
  static int max_threads() noexcept;  ///< 0: the library has none
  /// A frame of nothing, with its checksum. A file must hold one to be valid: `zstd -d` refuses an
  /// empty file.
  static std::string_view empty_frame() noexcept;

  /// Of kind zstd.
  explicit Compressor(const Compress& how);

  /// Appends the compressed bytes that are ready; some stay inside until finish().
  void add(std::string_view bytes, OutBuffer& out) { compress(bytes, out, ZSTD_e_continue); }
  /// Appends all that is still inside, without ending the frame.
  void flush(OutBuffer& out) { compress({}, out, ZSTD_e_flush); }
  /// Ends the frame. The next add() begins another. Right after flush() it appends kEpilogue bytes.
  void finish(OutBuffer& out) { compress({}, out, ZSTD_e_end); }

  /// A whole frame at once, which says how long its content is.
  void add_frame(std::string_view bytes, OutBuffer& out);

  /// An empty last block and the checksum.
  static constexpr std::size_t kEpilogue = 3 + 4;
  /// A block of nothing, which makes the frame 3 bytes longer. Only right after flush().
  static void append_empty_block(OutBuffer& out);

 private:
  /// What one thread takes of a frame. At high levels zstd would take 32 MiB and more, which leaves
  /// nothing to divide in a batch.
  static constexpr int kJobSize = 8 << 20;
  /// It first reads the end of what the one before it took: a quarter of the window, in zstd's
  /// measure. All of it, as zstd has it at high levels, would double the work.
  static constexpr int kOverlap = 7;

  struct Free {
    void operator()(ZSTD_CCtx* context) const noexcept { ZSTD_freeCCtx(context); }
  };
  void compress(std::string_view bytes, OutBuffer& out, ZSTD_EndDirective directive);

  std::unique_ptr<ZSTD_CCtx, Free> context_;
};

}  // namespace kpipe
