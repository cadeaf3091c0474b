// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kpipe {

/// What somebody gave a property of librdkafka.
struct Setting {
  std::string name;    ///< librdkafka's
  std::string value;   ///< may be a reference, see reference.hpp
  std::string origin;  ///< for people: "-X", "KPIPE_BOOTSTRAP_SERVERS", "/etc/kpipe/config.toml:7"
};

/// Origin of what was typed: everybody on the machine can read it.
inline constexpr std::string_view typed_origin = "-X";

/// Properties go by many names: librdkafka's, Java's, those of other tools' documents
/// (sasl_mechanisms, cafile). librdkafka's name of the same thing; `name` itself when it has no
/// other.
std::string property_name(std::string_view name);

/// The other names that property_name() knows, for "did you mean".
std::vector<std::string> property_aliases();

/// In a secret, "username" and "password" can mean only one thing: the login.
std::string secret_property_name(std::string_view key);

/// Whether librdkafka's property `name` holds what nobody may see.
bool is_secret_property(std::string_view name);

/// Whether `name` is a property that librdkafka does not have, or only in part: kpipe itself does
/// what it asks for. Java's name where Java has one.
bool is_own_property(std::string_view name);

/// All of them.
std::vector<std::string> own_properties();

/// The first setting of each name: give the strongest first.
std::vector<Setting> strongest(const std::vector<Setting>& settings);

/// ". Did you mean NAME?", or nothing when no candidate is near.
std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace kpipe
