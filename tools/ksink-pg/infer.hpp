// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "common/sink/batch.hpp"
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
/// Throws Error (data) for a field name that cannot be a column's.
std::vector<ColumnDefinition> infer_columns(const Batch& batch);

}  // namespace kpipe
