// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kpipe {

/// The statements of --strategy merge and ignore. Names come quoted for SQL.
///
/// Rows are copied into a temporary table beside their number and shape, and from there into the
/// target: COPY itself knows no ON CONFLICT.
struct MergePlan {
  std::string target;
  std::vector<std::string> columns;  ///< all that rows can fill
  std::vector<std::size_t> key;      ///< of these; may be empty for ignore
  bool update = true;                ///< merge; false: ignore

  /// The temporary table, and its two columns beside the target's.
  static constexpr const char* kStage = "kpipe stage";
  static constexpr const char* kRow = "\"kpipe row\"";
  static constexpr const char* kShape = "\"kpipe shape\"";
  /// The shape of rows that delete.
  static constexpr int kRemoval = -1;

  /// CREATE TEMP TABLE: of the target's types, without its constraints. Gone with the transaction,
  /// so that it works through pgbouncer in transaction mode.
  std::string create_stage() const;
  std::string copy_into_stage() const;
  std::string index_stage() const;

  /// The rows of the stage that are to be applied.
  struct Part {
    /// `shapes[i]`: the columns that rows of shape i give values for (RowEncoder::columns_of).
    const std::vector<std::vector<std::size_t>>& shapes;
    bool removals = false;  ///< there may be rows that delete
    /// Numbers of rows, from the first to before the second. Absent: all.
    std::optional<std::pair<std::uint32_t, std::uint32_t>> rows;
  };

  /// Of several rows with one key the last counts for merge, the first for ignore. In the order of
  /// keys, so that two pipelines take their locks in the same order. For ignore the result is how
  /// many rows were there. A column that a row gives no value for takes its default when the row is
  /// new, and stays as it is otherwise.
  std::string apply(const Part& part) const;

  // Where rows of one key differ in shape, one after the other has to be applied: what the first
  // gives a value for and the second does not must stay. Of rows of one shape in a row the last is
  // enough. make_rounds() numbers them and returns the number of rounds (or null), apply_round()
  // does one, counted from 1.
  std::string make_rounds(const Part& part) const;
  std::string apply_round(const Part& part, std::int64_t round) const;
  static std::string drop_rounds();

 private:
  std::string apply_rows(const std::string& rows, const Part& part) const;
  std::string list(const std::vector<std::size_t>& of, const char* prefix = "") const;
};

}  // namespace kpipe
