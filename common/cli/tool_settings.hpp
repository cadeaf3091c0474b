// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include <CLI/CLI.hpp>

#include "common/config/reference.hpp"

namespace kpipe {

/// Whether a setting is one of kconsume's alone: is_tool_setting(), or the group.
bool is_of_option(const Setting& setting);

/// Gives those options of `app` that were not typed what `settings` hold for them, as if it had
/// been typed: those of is_of_option(). In `settings`, what was
/// typed takes the place of what it overrides. Throws Error(config) with the place of a value that
/// the option does not take.
void apply_tool_settings(CLI::App& app, std::vector<Setting>& settings, const SecretStore& secrets);

}  // namespace kpipe
