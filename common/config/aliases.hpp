// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/config/setting.hpp"

namespace kpipe {

/// Things go by many names: librdkafka's, Java's, and those of other tools' documents
/// (sasl_mechanisms, ssl_config.cafile, batch_timeout_ms). This is the one table of them.
///
/// The one name that kpipe has for the thing; `name` itself when it has no other.
std::string canonical_name(std::string_view name);

/// The setting under that name, with its value in the unit and the words of that name: "3" of
/// batch_timeout is 3s, "true" of run_in_loop is once=false. Throws Error(config) for a value that
/// cannot be carried over.
Setting canonical(Setting given);

/// The names that stand for another, for "did you mean" and for lists.
std::vector<std::string> alias_names();

/// Where they stand in a connection, a secret or a URI, "username" and "password" can mean only one
/// thing: the login. Otherwise as above.
std::string canonical_login_name(std::string_view key);
Setting canonical_login(Setting given);

/// Whether `name` may stand in a connection or a URI: one of the names above, one with a dot (which
/// properties librdkafka has is known where it is), or an option of kconsume.
bool is_connection_name(std::string_view name);

/// Whether a canonical name is that of an option of kconsume ("batch-size") and not of a property.
/// Such settings stand in profiles and URIs beside the connection; other tools pass over them.
bool is_tool_setting(std::string_view name);
std::vector<std::string> tool_setting_names();

}  // namespace kpipe
