// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/base/error.hpp"

namespace kpipe {

/// Entries of a batch, by their indices.
struct EntryRange {
  std::uint32_t first = 0;
  std::uint32_t end = 0;  ///< behind the last

  std::uint32_t size() const noexcept { return end - first; }
  bool operator==(const EntryRange&) const = default;
};

/// Why a row was refused. Empty what is not known.
struct Refusal {
  std::string message;   ///< by the server, with its detail, or by ourselves
  std::string sqlstate;  ///< empty: refused before PostgreSQL saw it
  std::string column{};
  std::string constraint{};
};

/// A record that cannot become a row, or several of which one cannot. Error (data).
class RefusedRow : public Error {
 public:
  /// `table` and `where` ("orders[3]@1042") are for the message, and `remedy`, which may be empty.
  RefusedRow(const std::string& table, std::string where, Refusal refusal,
             const std::string& remedy = {});

  const Refusal& refusal() const noexcept { return refusal_; }
  /// Which record, as messages name it.
  const std::string& where() const noexcept { return where_; }
  /// One of these; one alone, if it is known which. Absent: its sender has not said yet.
  const std::optional<EntryRange>& entries() const noexcept { return entries_; }
  void set_entries(EntryRange entries) noexcept { entries_ = entries; }

 private:
  std::string where_;
  Refusal refusal_;
  std::optional<EntryRange> entries_;
};

/// A record that does not fit the columns as we know them; the table may have changed meanwhile.
class UnknownFieldError : public RefusedRow {
 public:
  using RefusedRow::RefusedRow;
};

}  // namespace kpipe
