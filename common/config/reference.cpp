// SPDX-License-Identifier: Apache-2.0
#include "common/config/reference.hpp"

#include <array>
#include <cstdlib>
#include <utility>
#include <vector>

#include "common/base/error.hpp"
#include "common/base/fd.hpp"

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

std::string text_of_file(const Setting& setting, const std::string& path) {
  std::string text;
  try {
    text = read_file(path);
  } catch (const Error& error) {
    throw Error(error.exit(), where(setting) + ": " + error.what());
  }
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

std::string credential(const Setting& setting, const std::string& name) {
  if (name.empty() || name.find('/') != std::string::npos || name == "." || name == "..")
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

const Setting& find_secret(const Setting& setting, const std::string& argument,
                           const SecretStore& secrets) {
  const std::string said = "${secret:" + argument + "}: ";
  const std::size_t dot = argument.find('.');
  if (dot != std::string::npos) {
    if (const auto id = secrets.find(argument.substr(0, dot)); id != secrets.end()) {
      const auto key = id->second.find(argument.substr(dot + 1));
      if (key != id->second.end()) return key->second;
      std::vector<std::string> keys;
      for (const auto& [name, value] : id->second) keys.push_back(id->first + "." + name);
      throw nothing_there(setting,
                          said + "the secret has no such key" + did_you_mean(argument, keys));
    }
  }
  const Setting* only = nullptr;
  std::vector<std::string> names;
  for (const auto& [id, keys] : secrets) {
    for (const auto& [key, value] : keys) names.push_back(id + "." + key);
    const auto key = keys.find(argument);
    if (key == keys.end()) continue;
    if (only != nullptr) {
      throw nothing_there(
          setting, said + "several secrets have it. Name one: ${secret:ID." + argument + "}");
    }
    only = &key->second;
  }
  if (only == nullptr)
    throw nothing_there(setting, said + "there is no such secret" + did_you_mean(argument, names));
  return *only;
}

std::string resolve_secret(const Setting& setting, const std::string& argument,
                           const SecretStore& secrets);

std::string look_up(const Setting& setting, const Reference& reference,
                    const SecretStore& secrets) {
  switch (reference.kind) {
    case Reference::Kind::file:
      return text_of_file(setting, reference.argument);
    case Reference::Kind::env: {
      const char* const text = std::getenv(reference.argument.c_str());
      if (text == nullptr)
        throw nothing_there(setting, "the environment has no " + reference.argument);
      return text;
    }
    case Reference::Kind::cred:
      return credential(setting, reference.argument);
    case Reference::Kind::secret:
      return resolve_secret(setting, reference.argument, secrets);
  }
  return {};
}

std::string resolve_secret(const Setting& setting, const std::string& argument,
                           const SecretStore& secrets) {
  const Setting& found = find_secret(setting, argument, secrets);
  const auto further = parse_reference(found);
  if (!further) return found.value;
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

std::string resolve(const Setting& setting, const SecretStore& secrets) {
  if (const auto reference = parse_reference(setting)) return look_up(setting, *reference, secrets);
  if (setting.origin == typed_origin && is_secret_property(setting.name)) {
    throw Error(Exit::usage, where(setting) +
                                 ": a secret on the command line can be read by others. Give " +
                                 setting.name + "=file:PATH or " + setting.name + "=env:NAME");
  }
  return setting.value;
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
