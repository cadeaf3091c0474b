// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/secret.hpp"
#include "common/config/setting.hpp"

namespace kpipe {

/// The tables [secrets.ID.data] and [secrets.ID.files]: for each ID its keys, named as written.
/// References in them have braces, and what stands in files has the value "${file:PATH}".
using SecretStore = std::map<std::string, std::map<std::string, Setting>>;

/// A value that says where the value is.
struct Reference {
  enum class Kind {
    file,  ///< the text of a file, without the line ends behind it
    env,   ///< a variable of the environment
    cred,  ///< a credential that systemd hands over, in $CREDENTIALS_DIRECTORY
    /// "ID.key" of a SecretStore, or "key" where only one ID has it; what no ID has: the credential
    /// of that name, else the variable.
    secret,
  };
  Kind kind;
  std::string argument;
};

/// "${file:PATH}", "${env:NAME}", "${cred:NAME}" and "${secret:ID.key}" in any property; in one
/// that is secret also without the braces, but for secret. Throws Error(config) for "${" with
/// another word.
std::optional<Reference> parse_reference(const Setting& setting);

/// The value itself. Throws Error: usage for a secret that was typed, config when nothing is there,
/// io for a file that cannot be read. No message repeats a value.
Secret resolve(const Setting& setting, const SecretStore& secrets);

/// The value for people: asterisks for what is secret or came by reference.
std::string masked(const Setting& setting);

/// The origin for people, with the reference: "-X, env:PASSWORD".
std::string full_origin(const Setting& setting);

}  // namespace kpipe
