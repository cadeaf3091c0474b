// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "common/sink/batch.hpp"
#include "tools/ksink-pg/column_map.hpp"
#include "tools/ksink-pg/names.hpp"

namespace kpipe {

/// The columns of a table for these records (tombstones apart; there must be another), in the order
/// in which fields first appear. No digit and no type is lost:
///   true/false           boolean
///   whole numbers        bigint, or numeric when one is beyond 64 bits
///   other numbers        numeric (also mixed with whole ones)
///   strings              text; timestamptz when all are RFC 3339 date-times with a zone, to the
///   microsecond
///   {"base64":...}       bytea
///   only null            text
///   anything else, mixed jsonb
/// Values that are no objects give one column "value": text for strings, bytea for base64 (mixed
/// with strings too), jsonb otherwise; so do objects whose one field would be a jsonb column.
/// `without_nulls`: a field that is only null has no column yet, if others have.
/// Throws Error (data) for a field name that cannot be a column's.
std::vector<ColumnDefinition> infer_columns(const Batch& batch, bool without_nulls = false);

/// The columns for fields of these records that have none in `map`, by the same rules. Fields that
/// are null wherever they come are left out: nobody can say of what type they are.
std::vector<ColumnDefinition> infer_missing_columns(const Batch& batch, const ColumnMap& map);

/// The columns that records' keys fill (--primary-key key), by the same rules: one for each field
/// when all keys are objects, otherwise kKeyColumn. Throws Error (data) for a record without a key.
std::vector<ColumnDefinition> infer_key_columns(const Batch& batch);
inline constexpr const char* kKeyColumn = "_kafka_key";

}  // namespace kpipe
