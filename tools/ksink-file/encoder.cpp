// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/encoder.hpp"

#include <zlib.h>

#include <algorithm>
#include <new>

#include "common/base/error.hpp"
#include "tools/ksink-file/compressor.hpp"

namespace kpipe {
namespace {

class PlainEncoder : public Encoder {
 public:
  std::string_view encode(std::string_view lines) override { return lines; }
};

class ZstdEncoder : public Encoder {
 public:
  explicit ZstdEncoder(const Compress& how) : compressor_(how) {}

  std::string_view encode(std::string_view lines) override {
    out_.clear();
    compressor_.add_frame(lines, out_);
    return out_.view();
  }

 private:
  Compressor compressor_;
  OutBuffer out_;
};

class GzipEncoder : public Encoder {
 public:
  explicit GzipEncoder(int level) {
    constexpr int gzip_window = 15 + 16;  // the largest, in gzip's format
    constexpr int memory = 8;             // zlib's default
    if (::deflateInit2(&stream_, level, Z_DEFLATED, gzip_window, memory, Z_DEFAULT_STRATEGY) !=
        Z_OK) {
      throw std::bad_alloc();
    }
  }
  ~GzipEncoder() override { ::deflateEnd(&stream_); }

  std::string_view encode(std::string_view lines) override {
    constexpr std::size_t most = std::size_t{1} << 30;  // zlib counts in 32 bits
    ::deflateReset(&stream_);
    out_.clear();
    for (bool is_last = false; !is_last; lines.remove_prefix(std::min(lines.size(), most))) {
      is_last = lines.size() <= most;
      deflate(lines.substr(0, most), is_last ? Z_FINISH : Z_NO_FLUSH);
    }
    return out_.view();
  }

 private:
  void deflate(std::string_view bytes, int flush) {
    // zlib reads it only.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    constexpr std::size_t room = 256 * 1024;
    int result = Z_OK;
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(out_.reserve(room));
      stream_.avail_out = room;
      result = ::deflate(&stream_, flush);
      out_.advance(room - stream_.avail_out);
    } while (flush == Z_FINISH ? result == Z_OK || result == Z_BUF_ERROR : stream_.avail_out == 0);
    if (result == Z_STREAM_ERROR) throw Error(Exit::software, "zlib: stream error");
  }

  z_stream stream_{};
  OutBuffer out_;
};

}  // namespace

std::unique_ptr<Encoder> plain_encoder() {
  return std::make_unique<PlainEncoder>();
}

std::unique_ptr<Encoder> gzip_encoder(int level) {
  return std::make_unique<GzipEncoder>(level);
}

std::unique_ptr<Encoder> zstd_encoder(const Compress& how) {
  return std::make_unique<ZstdEncoder>(how);
}

}  // namespace kpipe
