// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "common/schema/registry.hpp"
#include "common/schema/registry_options.hpp"

namespace kpipe {

/// The registry that the options describe. Connects to nothing until it is asked for a schema.
/// Throws Error(config) for options that contradict each other.
///
/// An outage (no connection, no answer, status 5xx, 408, 429) is tried again with growing pauses
/// for as long as it takes; whoever waits for a schema goes on waiting. That is said on stderr,
/// and that it is over. Only when the registry has never answered yet does an outage of
/// RegistryOptions::timeout end the run: Error(unavailable), thrown by the next question.
std::unique_ptr<SchemaRegistry> make_registry(RegistryOptions options);

}  // namespace kpipe
