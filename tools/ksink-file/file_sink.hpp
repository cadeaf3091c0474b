// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/sink/sink.hpp"
#include "tools/ksink-file/batch_writer.hpp"
#include "tools/ksink-file/checkpoint_file.hpp"
#include "tools/ksink-file/content.hpp"
#include "tools/ksink-file/data_file.hpp"
#include "tools/ksink-file/file_state.hpp"
#include "tools/ksink-file/options.hpp"

namespace kpipe {

/// One file, appended to across runs, each record in it exactly once. A batch is stored by
///   append its lines -> fdatasync -> a line in the checkpoint beside it -> fdatasync,
/// and whatever dies in between, open() cuts the file back to the last checkpoint: its length and
/// its offsets always belong together. The file is locked from open() to the end of the process, so
/// what this object remembers is what is stored. After a run that ended with close() there is
/// nothing to cut: what is behind the checkpoint then is foreign, and refused.
class FileSink : public Sink {
 public:
  explicit FileSink(const FileOptions& options);

  std::string name() const override;
  std::vector<Checkpoint> open() override;
  void identify(const SourceIdentity& source) override;
  std::vector<Checkpoint> stored(const std::vector<TopicPartition>& partitions) override;
  void go_ahead(const Batch& batch) noexcept override;
  Outcome store(const Batch& batch) override;

  /// Says in the checkpoint that nothing of ours is behind it, unless a batch failed half way, and
  /// closes both files. Throws Error(io).
  void close();

 private:
  void adopt(const FileState& recorded);
  void begin_new();
  bool is_expected(const Batch& batch) const;
  std::uint64_t append(const Batch& batch);
  void record(const Batch& batch, std::uint64_t length);
  void cut_back(std::uint64_t length) noexcept;

  const FileOptions& options_;
  ContentLines content_;
  CheckpointFile checkpoint_;
  std::optional<DataFile> data_;
  std::unique_ptr<BatchWriter> writer_;
  FileState state_;
  /// What of the batch that is being gathered the writer has.
  struct Early {
    std::uint64_t edition = 0;
    std::size_t entries = 0;
    bool is_over = false;  ///< it takes no more
  };
  Early early_;
  bool half_written_ = false;  ///< what is behind the checkpoint is ours, or a write failed
};

/// The stored offsets as checkpoint lines on stdout (--print-offsets). Throws Error(no_input) when
/// there are none.
void print_offsets(const FileOptions& options);

}  // namespace kpipe
