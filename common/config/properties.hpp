// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/config/setting.hpp"

namespace kpipe {

/// Whether librdkafka's property `name` holds what nobody may see.
bool is_secret_property(std::string_view name);

/// Whether the value is the path of a file. "probe" (librdkafka's word for the usual places), PEM
/// in the value and Kerberos's own "FILE:/..." are none.
bool is_path(const Setting& setting);

/// Whether `name` is a property that librdkafka does not have, or only in part: kpipe itself does
/// what it asks for. Java's name where Java has one.
bool is_own_property(std::string_view name);

/// Whether `name` is said of a schema registry, and so is nothing to Kafka's clients.
bool is_registry_property(std::string_view name);

/// All that kpipe serves.
std::vector<std::string> own_properties();

/// What one of them is for, in a line.
std::string own_property_help(std::string_view name);

/// The first setting of each name: give the strongest first.
std::vector<Setting> strongest(const std::vector<Setting>& settings);

/// ". Did you mean NAME?", or nothing when no candidate is near.
std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace kpipe
