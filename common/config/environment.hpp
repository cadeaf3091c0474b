// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "common/config/setting.hpp"

namespace kpipe {

/// What the environment says: KPIPE_ and any of the names of aliases.hpp in capitals
/// (KPIPE_SASL_PASSWORD, KPIPE_BATCH_SIZE), or any property of sasl., ssl. or security. with '_'
/// for its dots (KPIPE_SSL_CIPHER_SUITES). Empty variables and all other names say nothing. `names`
/// is environ(7)'s array. Throws Error(config) when two variables contradict each other.
std::vector<Setting> environment_settings(const char* const* names);

}  // namespace kpipe
