// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <zstd.h>

#include <memory>
#include <string_view>

#include "common/base/out_buffer.hpp"

namespace kpipe {

/// zstd's streaming compressor (RFC 8878), one context for all frames, with content checksums.
class Compressor {
 public:
  static constexpr int kDefaultLevel = 3;
  static int max_level() noexcept { return ZSTD_maxCLevel(); }
  /// A frame of nothing, with its checksum. A file must hold one to be valid: `zstd -d` refuses an
  /// empty file.
  static std::string_view empty_frame() noexcept;

  /// `level` is 1 to max_level().
  explicit Compressor(int level);

  /// Appends the compressed bytes that are ready; some stay inside until finish().
  void add(std::string_view bytes, OutBuffer& out) { compress(bytes, out, ZSTD_e_continue); }
  /// Appends all that is still inside, without ending the frame.
  void flush(OutBuffer& out) { compress({}, out, ZSTD_e_flush); }
  /// Ends the frame. The next add() begins another. Right after flush() it appends kEpilogue bytes.
  void finish(OutBuffer& out) { compress({}, out, ZSTD_e_end); }

  /// An empty last block and the checksum.
  static constexpr std::size_t kEpilogue = 3 + 4;
  /// A block of nothing, which makes the frame 3 bytes longer. Only right after flush().
  static void append_empty_block(OutBuffer& out);

 private:
  struct Free {
    void operator()(ZSTD_CCtx* context) const noexcept { ZSTD_freeCCtx(context); }
  };
  void compress(std::string_view bytes, OutBuffer& out, ZSTD_EndDirective directive);

  std::unique_ptr<ZSTD_CCtx, Free> context_;
};

}  // namespace kpipe
