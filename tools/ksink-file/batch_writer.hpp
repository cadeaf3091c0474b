// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "tools/ksink-file/compress.hpp"
#include "tools/ksink-file/data_file.hpp"

namespace kpipe {

/// Appends the lines of one batch to a data file. Nothing is durable before DataFile::sync(). When
/// a member throws, what the file holds behind the batch's start is garbage, to be cut off; the
/// next begin() starts afresh.
class BatchWriter {
 public:
  virtual ~BatchWriter() = default;

  virtual void begin(std::uint64_t end_of_file) = 0;
  /// As add(), but touches the file in no way: for lines of a batch that is still being gathered,
  /// between begin() and the first add(). False: not taken, and no more of them are.
  virtual bool add_early(std::string_view line) = 0;
  virtual void add(std::string_view line) = 0;  ///< without '\n'
  virtual std::uint64_t finish() = 0;           ///< the file's new end
};

/// Lines as they are. While a batch is being written, and after a kill until the next start, a
/// reader may see a torn last line.
std::unique_ptr<BatchWriter> plain_writer(DataFile& file);

/// One zstd frame a batch (several for a batch of more than 1 GiB compressed), so that the file can
/// be cut back to any batch's end; valid for readers at every moment (see FrameRegion). Large ones
/// are compressed in a thread of their own.
std::unique_ptr<BatchWriter> zstd_writer(DataFile& file, const Compress& how);

}  // namespace kpipe
