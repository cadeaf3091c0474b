// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/schema/avro_schema.hpp"

namespace kpipe {

/// The specification's "Parsing Canonical Form": what of a schema matters for reading data.
std::string avro_canonical_form(const AvroSchema& schema);

/// CRC-64-AVRO, the specification's 64-bit Rabin fingerprint.
std::uint64_t avro_fingerprint(std::string_view canonical_form) noexcept;

}  // namespace kpipe
