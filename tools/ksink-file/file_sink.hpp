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
#include "tools/ksink-file/data_file.hpp"
#include "tools/ksink-file/file_state.hpp"
#include "tools/ksink-file/options.hpp"

namespace kpipe {

/// One file, appended to across runs, each record in it exactly once. A batch is stored by
///   append its lines -> fdatasync -> a line in the checkpoint beside it -> fdatasync,
/// and whatever dies in between, open() cuts the file back to the last checkpoint: its length and
/// its offsets always belong together. The file is locked from open() to the end of the process, so
/// what this object remembers is what is stored.
class FileSink : public Sink {
 public:
  explicit FileSink(const FileOptions& options);

  std::string name() const override;
  std::vector<Checkpoint> open() override;
  void identify(const SourceIdentity& source) override;
  std::vector<Checkpoint> stored(const std::vector<TopicPartition>& partitions) override;
  Outcome store(const Batch& batch) override;

 private:
  void adopt(const FileState& recorded);
  void begin_new();
  bool is_expected(const Batch& batch) const;
  void append(const Batch& batch);

  const FileOptions& options_;
  CheckpointFile checkpoint_;
  std::optional<DataFile> data_;
  std::unique_ptr<BatchWriter> writer_;
  FileState state_;
};

/// The stored offsets as checkpoint lines on stdout (--print-offsets). Throws Error(no_input) when
/// there are none.
void print_offsets(const FileOptions& options);

}  // namespace kpipe
