// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "common/schema/avro_schema.hpp"

namespace kpipe {

/// Appends the binary encoding of a field's default value, so that defaults become JSON in the same
/// way as data. Returns why it is no value of that type, or nothing.
std::string encode_avro_default(const JsonTree& value, const AvroNode& type, std::string& out);

/// Avro's encoding of int and long: zigzag, 7 bits a byte, the lowest first.
void append_avro_long(std::string& out, std::int64_t value);

}  // namespace kpipe
