// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/base/out_buffer.hpp"
#include "common/cli/output.hpp"
#include "tools/kgroups/lag.hpp"
#include "tools/kgroups/rates.hpp"

namespace kpipe::kgroups {

/// What a lag line has beside the lag.
struct LagLayout {
  OutputFormat format = OutputFormat::ndjson;  ///< table or ndjson
  bool time_lag = false;
  std::optional<std::int64_t> time_ms{};  ///< --watch: when this was, since the epoch
  std::vector<Rate> rates{};              ///< --watch: one for each line
  bool colours = false;
};

/// The members of one partition's NDJSON line: those of a checkpoint line and more, so that
/// `kgroups lag ... | kseek --from-file -` works: {"topic","partition","offset","gen"?,"time"?,
/// "group","member_id","client_id","host","log_start","log_end","stable_end","lag","held_back",
/// "time_lag_ms"?,"sink","truncated","beyond_end","error"} and the rates of --watch:
/// "consumed_per_s","produced_per_s","eta_s". No line end.
void append_partition_json(OutBuffer& out, const PartitionLag& row, const LagLayout& layout,
                           const Rate* rate);

/// One line a partition.
void append_partition_lags(OutBuffer& out, const std::vector<PartitionLag>& rows,
                           const LagLayout& layout);

/// {"time"?,"group","topic"?,"member_id"?,"client_id"?,"host"?,"instance_id"?,"partitions","lag",
/// "unknown","held_back","time_lag_ms"?,"time_unknown"?} and the rates.
void append_lag_sums(OutBuffer& out, const std::vector<LagSum>& sums, LagBy by,
                     const LagLayout& layout);

/// What a person should know about a partition; empty: nothing.
std::string note_of(const PartitionLag& row);

}  // namespace kpipe::kgroups
