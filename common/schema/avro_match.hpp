// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "common/schema/avro_schema.hpp"

namespace kpipe {

// Which types the specification's schema resolution takes for each other; avro_resolve.hpp says
// where we chose.

/// Why data of `writer` is none of `reader`, or nothing. Looks at one level; neither is a union.
std::string avro_mismatch(const AvroNode& writer, const AvroNode& reader);

/// The branch of the reader's union that takes `writer`, which is no union; null for none.
const AvroNode* avro_branch(const AvroNode& writer, const AvroNode& reader_union);

/// For each field of the writer's record the reader's, by name or else by alias; null when the
/// reader has none, and the field is skipped.
std::vector<const AvroField*> avro_fields(const AvroNode& writer, const AvroNode& reader);

}  // namespace kpipe
