// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tools/ksink-pg/json_path.hpp"

namespace kpipe {

/// How a JSON value becomes the text that a type's input function reads.
enum class ColumnKind : std::uint8_t {
  plain,    ///< strings unescaped, everything else as it stands
  json,     ///< json, jsonb: the value as it stands
  bytea,    ///< {"base64":...} decoded; a string in \x notation as it is; else the text's UTF-8
  instant,  ///< timestamp, timestamptz: whole numbers are ms since the epoch, no others are taken
  time,     ///< time, timetz: as plain, but no numbers, which PostgreSQL reads as hhmmss
  hstore,   ///< an object's members as pairs; everything else as plain
  array,    ///< a JSON array becomes PostgreSQL's {...} of plain elements
  json_array,
  bytea_array,
  instant_array,
  time_array,
};

/// What of a record beside its value a column takes (--metadata-columns).
enum class Metadata : std::uint8_t { none, topic, partition, offset, timestamp, key, headers };

struct MetadataColumn {
  Metadata metadata;
  const char* name;
  const char* type;  ///< in a table that is created
};
inline constexpr MetadataColumn kMetadataColumns[] = {
    {Metadata::topic, "_kafka_topic", "text"},
    {Metadata::partition, "_kafka_partition", "integer"},
    {Metadata::offset, "_kafka_offset", "bigint"},
    {Metadata::timestamp, "_kafka_timestamp", "timestamptz"},
    {Metadata::key, "_kafka_key", "text"},
    {Metadata::headers, "_kafka_headers", "jsonb"},
};

/// What the elements of a column of arrays are; nullopt for other columns.
constexpr std::optional<ColumnKind> element_kind(ColumnKind kind) noexcept {
  switch (kind) {
    case ColumnKind::array:
      return ColumnKind::plain;
    case ColumnKind::json_array:
      return ColumnKind::json;
    case ColumnKind::bytea_array:
      return ColumnKind::bytea;
    case ColumnKind::instant_array:
      return ColumnKind::instant;
    case ColumnKind::time_array:
      return ColumnKind::time;
    default:
      return std::nullopt;
  }
}

/// A column that rows can be given for (not a generated one).
struct Column {
  std::string name;
  std::string type;  ///< as people read it: "numeric(10,2)"
  ColumnKind kind = ColumnKind::plain;
  /// jsonb, and not made by us for one field: may take the fields that have no column.
  bool may_take_rest = false;
  /// A value that the record lacks is left to the default; without a default it is NULL.
  bool has_default = false;
  Metadata metadata = Metadata::none;
  std::optional<JsonPath> path{};  ///< where its value is, if not in the field of its name

  bool operator==(const Column&) const = default;
};

}  // namespace kpipe
