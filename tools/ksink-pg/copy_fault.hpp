// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kpipe {

/// Where in a COPY the server found fault.
struct CopyFault {
  std::uint64_t line = 0;  ///< from 1; 0 when the server named none
  std::string column;      ///< empty when it named none
};

/// Reads PostgreSQL's CONTEXT ("COPY flights, line 3, column distance: ..."), whatever its
/// language, by the order of its parts. `table` is the unqualified name.
CopyFault read_copy_context(std::string_view context, std::string_view table);

/// A type's input function refused a column's text by a SQLSTATE that is not one of bad data:
/// tsvector, tsquery and hstore call it a syntax error, as of a statement, or an internal one.
bool is_refused_text(const CopyFault& fault, std::string_view sqlstate) noexcept;

}  // namespace kpipe
