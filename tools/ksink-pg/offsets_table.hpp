// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/sink/batch.hpp"
#include "common/sink/sink.hpp"
#include "tools/ksink-pg/pg.hpp"
#include "tools/ksink-pg/stored_partition.hpp"
#include "tools/ksink-pg/target.hpp"

namespace kpipe {

/// kpipe_offsets, in the schema of the target: what is stored of each partition, by sink. One table
/// serves all sinks of a schema. It changes in the transactions that store the rows, so it is the
/// truth.
class OffsetsTable {
 public:
  /// Version of the table's layout, kept in its comment. Version 1 had no topic_id and target_oid.
  static constexpr int kVersion = 2;

  explicit OffsetsTable(std::string sink) : sink_(std::move(sink)) {}

  /// True if the table is there; throws Error (config) for one of a newer version.
  bool find(PgConnection& connection, const std::string& schema);
  /// Creates it if it is not there and brings an older one to our layout; several instances may do
  /// so at once.
  void ensure(PgConnection& connection, const std::string& schema);

  /// All rows of this sink, in the order of topic and partition.
  std::vector<StoredPartition> read(PgConnection& connection) const;

  /// Within a transaction: keeps all sinks from changing the table, those that add a row too, until
  /// its end. For changes by hand.
  void lock(PgConnection& connection) const;
  /// Makes the rows of these partitions what is given, but for updated_at; ensure() was called.
  void write(PgConnection& connection, const std::vector<StoredPartition>& rows) const;
  /// Deletes all rows of this sink and returns their number.
  std::int64_t remove(PgConnection& connection) const;
  /// The statements that make the rows of this sink those of `sink`, whose own are deleted: what
  /// was stored for it aside is in table `target_oid` now.
  std::string hand_over_statements(const PgConnection& connection, const std::string& sink,
                                   std::int64_t target_oid) const;

  /// The statement that moves the offsets of all ranges of the batch from `expected` to {next,
  /// generation}, or fails with SQLSTATE kConflict when one is not as expected. `rows` counts the
  /// rows stored of each range. It fails in the same way when the target's name has come to mean
  /// another table since it was looked up. To be sent in one message with COMMIT: no round trip
  /// while the offsets are locked.
  std::string move_statement(const PgConnection& connection, const Batch& batch,
                             const std::vector<std::uint64_t>& rows, const SourceIdentity& source,
                             const Target& target) const;
  static constexpr std::string_view kConflict = "22P02";

 private:
  std::string sink_;
  std::string table_;   ///< quoted for SQL, with its schema
  bool older_ = false;  ///< it has the layout of version 1
};

}  // namespace kpipe
