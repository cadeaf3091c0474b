// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/base/error.hpp"
#include "common/kafka/client.hpp"
#include "tools/kgroups/options.hpp"

namespace kpipe::kgroups {

/// `kgroups delete`: shows what it would do, with --execute does it. Groups with members are
/// refused and named with them; the others are deleted all the same. One line a group:
/// {"group","state","type","members","offsets","deleted","error"}.
Exit run_delete(const Client& client, const Options& options);

}  // namespace kpipe::kgroups
