// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "tools/ksink-pg/pg_sink.hpp"

namespace kpipe {

/// A sink and the topic that it takes lines of; empty: of any.
struct SinkOfTopic {
  std::string topic;
  PgSink* sink;
};

// The commands for what is stored of each partition, by one or several sinks. Each returns the exit
// status and throws Error.

/// --print-offsets: checkpoint lines to stdout; creates and changes nothing.
int print_offsets(const std::vector<SinkOfTopic>& sinks);
/// --set-offsets: checkpoint lines from stdin, in one transaction for each sink; says each change.
int set_offsets(const std::vector<SinkOfTopic>& sinks);
/// --forget: all partitions of the sinks; says how many.
int forget_offsets(const std::vector<SinkOfTopic>& sinks);

}  // namespace kpipe
