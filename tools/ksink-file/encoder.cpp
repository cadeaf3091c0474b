// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/encoder.hpp"

#include "tools/ksink-file/compressor.hpp"

namespace kpipe {
namespace {

class PlainEncoder : public Encoder {
 public:
  std::string_view encode(std::string_view lines) override { return lines; }
};

class ZstdEncoder : public Encoder {
 public:
  explicit ZstdEncoder(int level) : compressor_(level) {}

  std::string_view encode(std::string_view lines) override {
    out_.clear();
    compressor_.add(lines, out_);
    compressor_.finish(out_);
    return out_.view();
  }

 private:
  Compressor compressor_;
  OutBuffer out_;
};

}  // namespace

std::unique_ptr<Encoder> plain_encoder() {
  return std::make_unique<PlainEncoder>();
}

std::unique_ptr<Encoder> zstd_encoder(int level) {
  return std::make_unique<ZstdEncoder>(level);
}

}  // namespace kpipe
