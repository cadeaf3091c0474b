// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include "common/base/out_buffer.hpp"
#include "tools/ksink-file/compress.hpp"

namespace kpipe {

/// Makes of the lines of a batch what is appended to a part: a unit of its own, so that the part
/// can be cut back to the end of any batch.
class Encoder {
 public:
  virtual ~Encoder() = default;
  Encoder() = default;
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  /// The view is into `lines`, or lives until the next call.
  virtual std::string_view encode(std::string_view lines) = 0;
};

std::unique_ptr<Encoder> plain_encoder();
/// One gzip member (RFC 1952). `level` is 1 to 9.
std::unique_ptr<Encoder> gzip_encoder(int level);
/// One zstd frame (RFC 8878) with a checksum.
std::unique_ptr<Encoder> zstd_encoder(const Compress& how);

}  // namespace kpipe
