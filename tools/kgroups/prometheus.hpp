// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/out_buffer.hpp"
#include "tools/kgroups/survey.hpp"

namespace kpipe::kgroups {

/// A survey as Prometheus's text exposition (format 0.0.4), for node_exporter's textfile collector:
/// names and base units as prometheus.io/docs/practices/naming asks. What is not known has no
/// sample, never a 0; kafka_group_unknown_partitions and kgroups_failures count it.
///
/// Each metric's labels are those of one line of --by: group and topic, partition; topic;
/// client_id, host and member_id; or nothing else.
void append_prometheus(OutBuffer& out, const Survey& survey, const std::vector<LagSum>& sums,
                       const Options& options);

/// A label's value between its quotes: backslash, quote and line feed escaped, bytes that are no
/// UTF-8 replaced, as the format knows no others.
std::string label_text(std::string_view value);

}  // namespace kpipe::kgroups
