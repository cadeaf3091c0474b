// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "common/config/setting.hpp"
#include "common/schema/registry_options.hpp"

namespace kpipe {

struct ConnectionOptions;

/// Whether the settings of a connection name a schema registry.
bool has_registry(const ConnectionOptions& options);

/// The registry that they name: schema.registry.*, aws.glue.*, aws.region and aws.profile; for
/// SASL_INHERIT also the login of Kafka. Reads what they refer to. Throws Error: usage for what is
/// missing, config for what is wrong or contradicts itself; warns of a login that others can read.
RegistryOptions registry_options(const ConnectionOptions& options);

/// The part of it that needs no files and no references. `settings` are those of
/// connection_settings(). No message repeats a value that may hold a password.
void check_registry_settings(const std::vector<Setting>& settings);

}  // namespace kpipe
