// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tools/kgroups/lag.hpp"

namespace kpipe::kgroups {

/// What two looks at a line tell, in records a second. Absent at the first look, and where the two
/// cannot be compared (other partitions, or some of unknown lag).
struct Rate {
  std::optional<double> consumed;
  std::optional<double> produced;
  std::optional<double> eta_s;  ///< until lag is 0 at these rates; absent: never
};

/// Remembers the last look for the next one.
class Rates {
 public:
  /// One rate a line. `now_ms`: any clock that runs on.
  std::vector<Rate> update(const std::vector<LagSum>& sums, std::int64_t now_ms);

 private:
  std::map<std::string, LagSum> last_;
  std::int64_t last_ms_ = 0;
};

}  // namespace kpipe::kgroups
