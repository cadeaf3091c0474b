// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tools/ksink-pg/names.hpp"

namespace kpipe {

/// --rejects and --max-rejects.
struct RejectOptions {
  std::string file;                   ///< empty: not into a file
  QualifiedName table;                ///< without a name: not into a table
  std::optional<std::uint64_t> most;  ///< in a run; absent: any number

  bool set_aside() const noexcept { return !file.empty() || !table.table.empty(); }
};

}  // namespace kpipe
