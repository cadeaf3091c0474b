// SPDX-License-Identifier: Apache-2.0
#include "common/config/reference.hpp"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <utility>
#include <vector>

#include "common/base/error.hpp"
#include "common/base/fd.hpp"
#include "common/config/properties.hpp"

namespace kpipe {
namespace {

constexpr std::array<std::pair<std::string_view, Reference::Kind>, 4> kinds{
    {{"file:", Reference::Kind::file},
     {"env:", Reference::Kind::env},
     {"cred:", Reference::Kind::cred},
     {"secret:", Reference::Kind::secret}}};

std::optional<Reference> after_kind(std::string_view text) {
  for (const auto& [prefix, kind] : kinds) {
    if (text.starts_with(prefix)) return Reference{kind, std::string(text.substr(prefix.size()))};
  }
  return std::nullopt;
}

bool in_braces(std::string_view value) {
  return value.starts_with("${") && value.ends_with('}');
}

std::string where(const Setting& setting) {
  return setting.origin + ": " + setting.name;
}

Error nothing_there(const Setting& setting, const std::string& cause) {
  return Error(Exit::config, where(setting) + ": " + cause);
}

Secret text_of_file(const Setting& setting, const std::string& path) {
  std::string text;
  try {
    text = read_file(path);
  } catch (const Error& error) {
    throw Error(error.exit(), where(setting) + ": " + error.what());
  }
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return Secret(std::move(text));
}

bool is_credential_name(const std::string& name) {
  return !name.empty() && name.find('/') == std::string::npos && name != "." && name != "..";
}

Secret credential(const Setting& setting, const std::string& name) {
  if (!is_credential_name(name))
    throw nothing_there(setting, "cred:" + name + ": not the name of a credential");
  const char* const folder = std::getenv("CREDENTIALS_DIRECTORY");
  if (folder == nullptr) {
    throw nothing_there(setting, "cred:" + name +
                                     ": there is no $CREDENTIALS_DIRECTORY. systemd sets it for a "
                                     "unit with LoadCredential=" +
                                     name);
  }
  return text_of_file(setting, std::string(folder) + "/" + name);
}

/// Nothing where no secret has the key: it may be a credential or a variable.
const Setting* find_secret(const Setting& setting, const std::string& argument,
                           const SecretStore& secrets) {
  const std::string said = "${secret:" + argument + "}: ";
  const std::size_t dot = argument.find('.');
  if (dot != std::string::npos) {
    if (const auto id = secrets.find(argument.substr(0, dot)); id != secrets.end()) {
      const auto key = id->second.find(argument.substr(dot + 1));
      if (key != id->second.end()) return &key->second;
      std::vector<std::string> keys;
      for (const auto& [name, value] : id->second) keys.push_back(id->first + "." + name);
      throw nothing_there(setting,
                          said + "the secret has no such key" + did_you_mean(argument, keys));
    }
  }
  const Setting* only = nullptr;
  for (const auto& [id, keys] : secrets) {
    const auto key = keys.find(argument);
    if (key == keys.end()) continue;
    if (only != nullptr) {
      throw nothing_there(
          setting, said + "several secrets have it. Name one: ${secret:ID." + argument + "}");
    }
    only = &key->second;
  }
  return only;
}

/// systemd hands a credential over as a file, containers hand secrets over in the environment.
Secret credential_or_variable(const Setting& setting, const std::string& name,
                              const SecretStore& secrets) {
  const char* const folder = std::getenv("CREDENTIALS_DIRECTORY");
  if (folder != nullptr && is_credential_name(name) &&
      ::access((std::string(folder) + "/" + name).c_str(), F_OK) == 0)
    return credential(setting, name);
  if (const char* const text = std::getenv(name.c_str())) return Secret(text);
  std::vector<std::string> names;
  for (const auto& [id, keys] : secrets) {
    for (const auto& [key, value] : keys) names.push_back(id + "." + key);
  }
  throw nothing_there(setting, "${secret:" + name +
                                   "}: there is no such secret, credential of systemd or variable" +
                                   did_you_mean(name, names));
}

Secret resolve_secret(const Setting& setting, const std::string& argument,
                      const SecretStore& secrets);

Secret look_up(const Setting& setting, const Reference& reference, const SecretStore& secrets) {
  switch (reference.kind) {
    case Reference::Kind::file:
      return text_of_file(setting, reference.argument);
    case Reference::Kind::env: {
      const char* const text = std::getenv(reference.argument.c_str());
      if (text == nullptr)
        throw nothing_there(setting, "the environment has no " + reference.argument);
      return Secret(text);
    }
    case Reference::Kind::cred:
      return credential(setting, reference.argument);
    case Reference::Kind::secret:
      return resolve_secret(setting, reference.argument, secrets);
  }
  return Secret();
}

Secret resolve_secret(const Setting& setting, const std::string& argument,
                      const SecretStore& secrets) {
  const Setting* const secret = find_secret(setting, argument, secrets);
  if (secret == nullptr) return credential_or_variable(setting, argument, secrets);
  const Setting& found = *secret;
  const auto further = parse_reference(found);
  if (!further) return Secret(found.value);
  if (further->kind == Reference::Kind::secret)
    throw nothing_there(found, "a secret cannot refer to another secret");
  return look_up(found, *further, secrets);
}

}  // namespace

std::optional<Reference> parse_reference(const Setting& setting) {
  const std::string_view value = setting.value;
  if (in_braces(value)) {
    if (auto reference = after_kind(value.substr(2, value.size() - 3))) return reference;
    throw Error(Exit::config,
                where(setting) +
                    ": not a reference. Use ${secret:ID.key}, ${file:PATH}, ${env:NAME} or "
                    "${cred:NAME}");
  }
  if (!is_secret_property(setting.name)) return std::nullopt;
  auto reference = after_kind(value);
  if (reference && reference->kind == Reference::Kind::secret) return std::nullopt;
  return reference;
}

Secret resolve(const Setting& setting, const SecretStore& secrets) {
  if (const auto reference = parse_reference(setting)) return look_up(setting, *reference, secrets);
  if (setting.typed && is_secret_property(setting.name)) {
    const bool in_uri = setting.origin == "--uri";
    throw Error(Exit::usage, where(setting) +
                                 ": a secret on the command line can be read by others. Give " +
                                 (in_uri ? "{NAME}, the name of a variable or credential"
                                         : "file:PATH, env:NAME or cred:NAME in its place"));
  }
  return Secret(setting.value);
}

std::string masked(const Setting& setting) {
  return is_secret_property(setting.name) || in_braces(setting.value) ? "********" : setting.value;
}

std::string full_origin(const Setting& setting) {
  const bool refers = in_braces(setting.value) ||
                      (is_secret_property(setting.name) && parse_reference(setting).has_value());
  return refers ? setting.origin + ", " + setting.value : setting.origin;
}

}  // namespace kpipe
