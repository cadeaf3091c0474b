// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/sink/sink.hpp"
#include "tools/ksink-pg/pg_sink.hpp"

namespace kpipe {

/// The table of each topic of --allow-topics: sinks that share one connection. A batch is stored in
/// a transaction for each topic, which is as good as one for all: what must be atomic are the rows
/// and the offset of a partition. Where a part is stored and the next is not, the stored offsets
/// say so, here and after a crash.
class TopicSinks : public Sink {
 public:
  /// `options.topics` has at least one.
  explicit TopicSinks(const PgSinkOptions& options);

  std::string name() const override { return name_; }
  std::vector<Checkpoint> open() override;
  void identify(const SourceIdentity& source) override;
  std::vector<Checkpoint> stored(const std::vector<TopicPartition>& partitions) override;
  /// Throws Error (data) before anything is stored when a record's topic is not on the list.
  Outcome store(const Batch& batch) override;

  /// By topic, in the order of the list.
  struct Part {
    std::string topic;
    std::unique_ptr<PgSink> sink;
  };
  const std::vector<Part>& parts() const noexcept { return parts_; }
  /// Of all.
  RowCounts counts() const;
  /// The batch's share of each part, in their order; throws as store() does.
  std::vector<Batch> split(const Batch& batch) const;

 private:
  std::size_t part_of(const std::string& topic) const;

  std::string name_;
  std::vector<Part> parts_;
  std::map<std::string, std::size_t, std::less<>> places_;  ///< in parts_, by topic
};

}  // namespace kpipe
