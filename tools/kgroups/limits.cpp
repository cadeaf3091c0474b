// SPDX-License-Identifier: Apache-2.0
#include "tools/kgroups/limits.hpp"

#include "tools/kgroups/text.hpp"

namespace kpipe::kgroups {
namespace {

void check_lag(const LagSum& sum, std::int64_t limit, std::vector<std::string>& reasons) {
  const std::string option = "--max-lag " + std::to_string(limit);
  if (sum.lag > limit) {
    reasons.push_back(name_of(sum) + ": lag " + std::to_string(sum.lag) + " is above " + option);
  } else if (sum.unknown > 0) {
    reasons.push_back(name_of(sum) + ": lag not known, " + option +
                      " cannot be vouched for: nothing is committed, or the log could not be read");
  }
}

void check_time(const LagSum& sum, std::int64_t limit_ms, std::vector<std::string>& reasons) {
  const std::string option = "--max-time-lag " + duration_text(limit_ms);
  if (sum.time_lag_ms.value_or(0) > limit_ms) {
    reasons.push_back(name_of(sum) + ": time lag " + duration_text(*sum.time_lag_ms) +
                      " is above " + option);
  } else if (sum.time_unknown > 0) {
    reasons.push_back(name_of(sum) + ": time lag not known, " + option +
                      " cannot be vouched for: nothing is committed, or the first unread record "
                      "could not be read");
  }
}

}  // namespace

std::vector<std::string> offences(const std::vector<LagSum>& sums,
                                  const std::vector<std::string>& lineless,
                                  const Options& options) {
  std::vector<std::string> reasons;
  if (!options.max_lag && !options.max_time_lag) return reasons;
  for (const LagSum& sum : sums) {
    if (options.max_lag) check_lag(sum, *options.max_lag, reasons);
    if (options.max_time_lag) check_time(sum, options.max_time_lag->count(), reasons);
  }
  for (const std::string& group : lineless)
    reasons.push_back(group + ": lag not known: nothing committed and nothing assigned");
  return reasons;
}

}  // namespace kpipe::kgroups
