// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/compressor.hpp"

#include <new>
#include <string>

#include "common/base/error.hpp"

namespace kpipe {
namespace {

std::size_t check(std::size_t result) {
  if (ZSTD_isError(result) != 0) {
    throw Error(Exit::software, std::string("zstd: ") + ZSTD_getErrorName(result));
  }
  return result;
}

}  // namespace

std::string_view Compressor::empty_frame() noexcept {
  // Magic number; single segment with checksum; content size 0; a last, raw block of 0 bytes; XXH64
  // of nothing. Spelt out, because what a library of another version makes of nothing may differ,
  // and a file must be known for empty by whichever made it.
  static constexpr char bytes[] = "\x28\xb5\x2f\xfd\x24\x00\x01\x00\x00\x99\xe9\xd8\x51";
  return {bytes, sizeof bytes - 1};
}

int Compressor::max_threads() noexcept {
  const ZSTD_bounds bounds = ZSTD_cParam_getBounds(ZSTD_c_nbWorkers);
  return ZSTD_isError(bounds.error) != 0 ? 0 : bounds.upperBound;
}

Compressor::Compressor(const Compress& how) : context_(ZSTD_createCCtx()) {
  if (!context_) throw std::bad_alloc();
  const auto set = [&](ZSTD_cParameter parameter, int value) {
    check(ZSTD_CCtx_setParameter(context_.get(), parameter, value));
  };
  set(ZSTD_c_compressionLevel, how.level);
  set(ZSTD_c_checksumFlag, 1);
  if (how.long_window > 0) {
    set(ZSTD_c_enableLongDistanceMatching, 1);
    set(ZSTD_c_windowLog, how.long_window);
  }
  if (how.threads > 0) {
    set(ZSTD_c_nbWorkers, how.threads);
    set(ZSTD_c_jobSize, kJobSize);
    set(ZSTD_c_overlapLog, kOverlap);
  }
}

void Compressor::add_frame(std::string_view bytes, OutBuffer& out) {
  const std::size_t room = ZSTD_compressBound(bytes.size());
  char* const at = out.reserve(room);
  out.advance(check(ZSTD_compress2(context_.get(), at, room, bytes.data(), bytes.size())));
}

void Compressor::append_empty_block(OutBuffer& out) {
  // RFC 8878 section 3.1.1.2: not the last, raw, of size 0.
  constexpr char header[] = {0, 0, 0};
  out.append({header, sizeof header});
}

void Compressor::compress(std::string_view bytes, OutBuffer& out, ZSTD_EndDirective directive) {
  ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
  for (;;) {
    const std::size_t room = ZSTD_CStreamOutSize();
    ZSTD_outBuffer output{out.reserve(room), room, 0};
    const std::size_t left =
        check(ZSTD_compressStream2(context_.get(), &output, &input, directive));
    out.advance(output.pos);
    const bool done = directive == ZSTD_e_continue ? input.pos == input.size : left == 0;
    if (done) return;
  }
}

}  // namespace kpipe
