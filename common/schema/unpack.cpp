// SPDX-License-Identifier: Apache-2.0
#include "common/schema/unpack.hpp"

#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cstddef>
#include <memory>

#include "common/schema/framing.hpp"

namespace kpipe {
namespace {

constexpr const char* too_much = "unpacks to more than 64 MiB";

/// Makes room behind `size` bytes; one byte more than is allowed tells when there are too many.
void grow(std::string& unpacked, std::size_t size) {
  if (size == unpacked.capacity())
    unpacked.reserve(std::min(std::max<std::size_t>(2 * size, 4096), kMaxUnpacked + 1));
  unpacked.resize(std::clamp(unpacked.capacity(), size + 1, kMaxUnpacked + 1));
}

/// `rest` becomes what is behind the end.
std::string inflate(std::string_view packed, std::string& unpacked, int window_bits,
                    std::size_t& rest) {
  struct Stream : z_stream {
    Stream() : z_stream{} {}
    ~Stream() { inflateEnd(this); }
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
  } stream;
  if (inflateInit2(&stream, window_bits) != Z_OK) return "zlib: out of memory";
  // zlib's interface lacks the const that it keeps.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  std::size_t size = 0;
  for (;;) {
    grow(unpacked, size);
    stream.next_out = reinterpret_cast<Bytef*>(unpacked.data()) + size;
    stream.avail_out = static_cast<uInt>(unpacked.size() - size);
    const int status = ::inflate(&stream, Z_NO_FLUSH);
    size = unpacked.size() - stream.avail_out;
    if (size > kMaxUnpacked) return too_much;
    if (status == Z_STREAM_END) break;
    if (status != Z_OK || (stream.avail_in == 0 && stream.avail_out > 0))
      return window_bits < 0 ? "is broken deflate data" : "is broken zlib data";
  }
  rest = stream.avail_in;
  unpacked.resize(size);
  return {};
}

}  // namespace

std::string unpack_zlib(std::string_view packed, std::string& unpacked) {
  std::size_t rest = 0;
  std::string reason = inflate(packed, unpacked, MAX_WBITS, rest);
  return reason.empty() && rest > 0 ? "has bytes behind its zlib data" : reason;
}

std::string unpack_deflate(std::string_view packed, std::string& unpacked) {
  std::size_t rest = 0;
  return inflate(packed, unpacked, -MAX_WBITS, rest);
}

std::string unpack_snappy(std::string_view packed, std::string& unpacked) {
  std::size_t size = 0;
  // Says how long it will be; a lie costs what 64 MiB cost.
  if (snappy_uncompressed_length(packed.data(), packed.size(), &size) != SNAPPY_OK)
    return "is broken snappy data";
  if (size > kMaxUnpacked) return too_much;
  unpacked.resize(size);
  if (snappy_uncompress(packed.data(), packed.size(), unpacked.data(), &size) != SNAPPY_OK)
    return "is broken snappy data";
  unpacked.resize(size);
  return {};
}

std::string unpack_zstd(std::string_view packed, std::string& unpacked) {
  const std::unique_ptr<ZSTD_DStream, decltype(&ZSTD_freeDStream)> stream(ZSTD_createDStream(),
                                                                          &ZSTD_freeDStream);
  if (!stream) return "zstd: out of memory";
  ZSTD_inBuffer in{packed.data(), packed.size(), 0};
  std::size_t size = 0;
  std::size_t status = 0;
  while (in.pos < in.size || status != 0) {
    grow(unpacked, size);
    ZSTD_outBuffer to{unpacked.data(), unpacked.size(), size};
    const std::size_t before = in.pos;
    status = ZSTD_decompressStream(stream.get(), &to, &in);
    if (ZSTD_isError(status) != 0 || (in.pos == before && to.pos == size))
      return "is broken zstd data";
    size = to.pos;
    if (size > kMaxUnpacked) return too_much;
  }
  unpacked.resize(size);
  return {};
}

}  // namespace kpipe
