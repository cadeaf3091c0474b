// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tools/ksink-pg/pg_sink.hpp"

namespace kpipe {

// The commands for what is stored of each partition. Each returns the exit status and throws Error.

/// --print-offsets: checkpoint lines to stdout; creates and changes nothing.
int print_offsets(PgSink& sink);
/// --set-offsets: checkpoint lines from stdin, in one transaction; says each change.
int set_offsets(PgSink& sink);
/// --forget: all partitions of the sink; says how many.
int forget_offsets(PgSink& sink);

}  // namespace kpipe
