// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "common/ack/pipe_socket.hpp"

namespace kpipe {

/// The pipes from `input_fd` upwards through the filters of a pipeline: its own first, then the
/// pipe that the process writing into it reads, and so on (Linux: /proc/PID/fd of our own
/// processes). Empty when `input_fd` is no pipe. Bounded, whatever the process tree looks like.
std::vector<PipeId> upstream_pipes(int input_fd);

}  // namespace kpipe
