// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/schema/avro_program.hpp"
#include "common/schema/avro_schema.hpp"

namespace kpipe {

/// How data of `writer` becomes JSON of the shape of `reader`: the specification's "Schema
/// Resolution". Where both are the same schema it is the data as written. The program needs the
/// schemas no more. Throws AvroSchemaError only for a program that is too large; what does not
/// match fails when data gets there.
///
/// Where the specification leaves a choice or would change a value:
/// - Of a reader's union the branch of the writer's own type and name comes before those that need
///   a promotion, as in Java; by the letter the first that matches would be taken, so that text
///   became bytes in ["bytes", "string"].
/// - A record's fields come in the order of the writer; fields with the reader's defaults follow.
/// - A promoted int or long keeps all of its digits, also where the reader says float or double.
/// - Decimals match when their scales do. The precision only bounds what may be written.
/// - Where both have a logical type and they differ (timestamp-millis, timestamp-micros), the
///   number is what the writer meant by it.
AvroProgram resolve_avro(const AvroSchema& writer, const AvroSchema& reader, AvroOutput output);

}  // namespace kpipe
