// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace kpipe {

/// The statement of --strategy replace that brings the rows of the table aside into the target.
/// Names come quoted for SQL.
///
/// It moves rows and does not rename tables: a reader whose snapshot is older than the swap
/// (REPEATABLE READ, pg_dump) would find a part of the new rows under the old name, and what hangs
/// on the table by its oid (views, foreign keys, grants, publications) would stay with the old one.
struct ReplacePlan {
  std::string target;
  std::string aside;
  std::vector<std::string> columns;  ///< that both have and that are not generated
  std::vector<std::string> key;      ///< of these, a unique index of both; empty: there is none
  bool referenced = false;           ///< foreign keys point to the target

  /// With a key only rows that differ are touched: the others stay as they are, byte for byte. Rows
  /// that others refer to are changed and not made anew, so that ON DELETE concerns only those that
  /// are gone. One statement: foreign keys are checked at its end. Its result is how many rows were
  /// deleted, changed and added.
  std::string move() const;
};

}  // namespace kpipe
