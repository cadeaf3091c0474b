// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace kpipe {

// Compressed bytes of one piece, of which not more than kMaxUnpacked (framing.hpp) are unpacked: a
// hostile record must not fill the memory. All of them return why not, for people, or nothing;
// `unpacked` is overwritten and keeps its memory from call to call.

/// RFC 1950.
std::string unpack_zlib(std::string_view packed, std::string& unpacked);
/// RFC 1951, without a header. Bytes behind its end are ignored: Avro's own writer in Python leaves
/// a part of zlib's checksum there.
std::string unpack_deflate(std::string_view packed, std::string& unpacked);
/// Snappy's raw format.
std::string unpack_snappy(std::string_view packed, std::string& unpacked);
/// RFC 8878; several frames may follow each other.
std::string unpack_zstd(std::string_view packed, std::string& unpacked);

}  // namespace kpipe
