// SPDX-License-Identifier: Apache-2.0
#include "common/kafka/registry_settings.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>

#include "common/auth/aws_region.hpp"
#include "common/base/ascii.hpp"
#include "common/base/fd.hpp"
#include "common/config/properties.hpp"
#include "common/http/percent.hpp"
#include "common/kafka/client.hpp"
#include "common/kafka/tls_material.hpp"

namespace kpipe {
namespace {

constexpr const char* kUrl = "schema.registry.url";
constexpr const char* kType = "schema.registry.type";
constexpr const char* kAuth = "schema.registry.auth";
constexpr const char* kUser = "schema.registry.username";
constexpr const char* kPassword = "schema.registry.password";
constexpr const char* kUserInfo = "schema.registry.basic.auth.user.info";
constexpr const char* kBasicSource = "schema.registry.basic.auth.credentials.source";
constexpr const char* kToken = "schema.registry.bearer.auth.token";
constexpr const char* kTokenSource = "schema.registry.bearer.auth.credentials.source";
constexpr const char* kEndpoint = "aws.glue.endpoint";

std::string where(const Setting& setting) {
  return setting.origin + ": " + setting.name + ": ";
}

Exit exit_of(const Setting& setting) {
  return setting.typed ? Exit::usage : Exit::config;
}

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> parts;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    std::string part(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
    std::erase_if(part, [](unsigned char c) { return std::isspace(c) != 0; });
    if (!part.empty()) parts.push_back(std::move(part));
  }
  return parts;
}

/// An address may hold a password, so no message repeats it.
void check_url(const Setting& setting, const std::string& url) {
  if (!url.starts_with("http://") && !url.starts_with("https://"))
    throw Error(exit_of(setting), where(setting) + "an address begins with http:// or https://");
  if (url.find_first_of("?#") != std::string::npos)
    throw Error(exit_of(setting), where(setting) + "an address has no '?' and no '#' here");
  if (shown_url(url) != url) {
    throw Error(exit_of(setting),
                where(setting) +
                    "user and password in an address are seen by everybody. Give them by "
                    "--registry-auth file:PATH, or as schema.registry.username and "
                    "schema.registry.password");
  }
}

RegistryOptions::Kind kind_of(const Setting& setting) {
  const std::string word = lower(setting.value);
  if (word == "confluent") return RegistryOptions::Kind::confluent;
  if (word == "glue") return RegistryOptions::Kind::glue;
  throw Error(exit_of(setting),
              where(setting) + "'" + setting.value + "': expected confluent or glue");
}

/// Reads what the settings say of the registry, and of nothing else.
class Reader {
 public:
  explicit Reader(const ConnectionOptions& options)
      : connection_(options), settings_(connection_settings(options)) {
    for (const Setting& setting : settings_) {
      if (is_registry_property(setting.name) || setting.name.starts_with("aws.") ||
          setting.name.starts_with("https.ca."))
        said_.add(setting.name, resolve(setting, options.secrets), setting.origin);
    }
  }

  RegistryOptions read() {
    RegistryOptions options;
    options.timeout = connection_.timeout;
    if (const Setting* const type = find(kType)) options.kind = kind_of(resolved(*type));
    if (options.kind == RegistryOptions::Kind::glue) {
      read_glue(options);
    } else {
      read_confluent(options);
    }
    return options;
  }

 private:
  const Setting* find(std::string_view name) const {
    const auto found = std::find_if(settings_.begin(), settings_.end(),
                                    [&](const Setting& one) { return one.name == name; });
    return found == settings_.end() ? nullptr : &*found;
  }

  /// Not for what is secret.
  Setting resolved(Setting setting) const {
    setting.value = said_.value(setting.name);
    return setting;
  }

  Error wrong(const std::string& name, const std::string& cause) const {
    return Error(Exit::config, said_.origin(name) + ": " + name + ": " + cause);
  }

  bool given(const std::string& name) const { return !said_.secret(name).empty(); }

  void read_glue(RegistryOptions& options) const {
    for (const char* const name : {kUrl, kAuth, kUser, kPassword, kUserInfo, kToken}) {
      if (given(name)) {
        throw wrong(name,
                    "AWS Glue is asked by aws.region (or aws.glue.endpoint) and AWS's own "
                    "credentials. Leave it out, or say " +
                        std::string(kType) + "=confluent");
      }
    }
    options.aws_profile = said_.value("aws.profile");
    const Setting* const brokers = find("bootstrap.servers");
    options.region =
        aws_region(said_.value("aws.region"), brokers == nullptr ? std::string() : brokers->value,
                   options.aws_profile);
    options.registry_name = said_.value("aws.glue.registry.name");
    if (const Setting* const endpoint = find(kEndpoint)) {
      options.endpoint = said_.value(kEndpoint);
      check_url(*endpoint, options.endpoint);
    }
    options.http.ca_location = said_.value("https.ca.location");
    options.http.ca_pem = said_.value("https.ca.pem");
  }

  void read_confluent(RegistryOptions& options) const {
    const Setting* const url = find(kUrl);
    if (url != nullptr) options.urls = split(said_.value(kUrl));
    if (options.urls.empty()) {
      throw Error(Exit::usage, std::string(kUrl) +
                                   ": missing: where is the registry? Give --registry-url "
                                   "http://HOST:8081, or --registry glue");
    }
    for (const std::string& one : options.urls) check_url(*url, one);
    read_login(options);
    read_tls(options);
    warn_of_cleartext(options);
  }

  /// Looks a value up anew each time.
  std::function<Secret()> later(const char* name) const {
    return [setting = *find(name), secrets = connection_.secrets] {
      return resolve(setting, secrets);
    };
  }

  std::function<Secret()> user_info_of(const char* user, const char* password) const {
    return [user = later(user), password = later(password)] {
      return Secret(user().reveal() + ":" + password().reveal());
    };
  }

  void read_login(RegistryOptions& options) const {
    std::string chosen;
    const auto choose = [&](const std::string& name) {
      if (!chosen.empty()) {
        throw wrong(name, "a second login, besides " + chosen + " (" + said_.origin(chosen) +
                              "). Give one of them");
      }
      chosen = name;
    };
    if (given(kAuth)) {
      choose(kAuth);
      const bool has_user = said_.secret(kAuth).reveal().find(':') != std::string::npos;
      (has_user ? options.user_info : options.bearer_token) = later(kAuth);
    }
    if (given(kUserInfo)) {
      choose(kUserInfo);
      if (said_.secret(kUserInfo).reveal().find(':') == std::string::npos)
        throw wrong(kUserInfo, "expected user:password");
      options.user_info = later(kUserInfo);
    }
    if (given(kUser) || given(kPassword)) {
      choose(given(kUser) ? kUser : kPassword);
      if (!given(kUser)) throw wrong(kPassword, "whose password is it? Give " + std::string(kUser));
      if (!given(kPassword))
        throw wrong(kUser, "a password is missing. Give " + std::string(kPassword) + "=file:PATH");
      if (said_.value(kUser).find(':') != std::string::npos)
        throw wrong(kUser, "HTTP's basic login takes no ':' in a user's name");
      options.user_info = user_info_of(kUser, kPassword);
    }
    if (given(kToken)) {
      choose(kToken);
      options.bearer_token = later(kToken);
    }
    const std::string source = lower(said_.value(kBasicSource));
    if (source == "sasl_inherit") {
      choose(kBasicSource);
      for (const char* const name : {"sasl.username", "sasl.password"})
        if (find(name) == nullptr) throw wrong(kBasicSource, std::string(name) + " is missing");
      options.user_info = user_info_of("sasl.username", "sasl.password");
    }
  }

  void read_tls(RegistryOptions& options) const {
    const TlsMaterial material(said_, "schema.registry.");
    options.http.ca_property = "schema.registry.ssl.ca.location";
    options.http.ca_location = material.trusted_place();
    options.http.ca_pem = material.trusted();
    if (!options.http.ca_pem.empty() && !options.http.ca_location.empty())
      options.http.ca_pem += read_file(options.http.ca_location);
    if (auto identity = material.identity()) {
      options.http.certificate_pem = std::move(identity->chain_pem);
      options.http.key_pem = std::move(identity->key_pem);
    }
  }

  void warn_of_cleartext(const RegistryOptions& options) const {
    if (!options.user_info && !options.bearer_token) return;
    const Setting* const allowed = find("allow.cleartext.login");
    if (allowed != nullptr && allowed->value == "true") return;
    for (const std::string& url : options.urls) {
      if (!url.starts_with("http://") || is_loopback_url(url)) continue;
      say_once(log::Level::warning,
               std::string(kUrl) +
                   ": the login crosses the network in the clear. Use https, or say that it may: "
                   "allow.cleartext.login=true");
      return;
    }
  }

  const ConnectionOptions& connection_;
  const std::vector<Setting> settings_;
  SaidProperties said_;
};

}  // namespace

bool has_registry(const ConnectionOptions& options) {
  const std::vector<Setting> settings = connection_settings(options);
  return std::any_of(settings.begin(), settings.end(), [](const Setting& one) {
    return one.name == kUrl || (one.name == kType && lower(one.value) == "glue");
  });
}

RegistryOptions registry_options(const ConnectionOptions& options) {
  check_registry_settings(connection_settings(options));
  return Reader(options).read();
}

void check_registry_settings(const std::vector<Setting>& settings) {
  for (const Setting& setting : settings) {
    if (!is_registry_property(setting.name) || parse_reference(setting)) continue;
    if (is_secret_property(setting.name)) {
      resolve(setting, {});  // refuses one that was typed
      continue;
    }
    const std::string word = lower(setting.value);
    if (setting.name == kType) {
      kind_of(setting);
    } else if (setting.name == kUrl) {
      for (const std::string& url : split(setting.value)) check_url(setting, url);
    } else if (setting.name == kEndpoint) {
      check_url(setting, setting.value);
    } else if (setting.name == kBasicSource && word != "user_info" && word != "sasl_inherit") {
      throw Error(exit_of(setting), where(setting) + "expected USER_INFO or SASL_INHERIT");
    } else if (setting.name == kTokenSource && word != "static_token") {
      throw Error(exit_of(setting),
                  where(setting) +
                      "kpipe takes tokens from schema.registry.bearer.auth.token=file:PATH alone, "
                      "which it reads again for each request. Keep that file fresh");
    }
  }
}

}  // namespace kpipe
