// SPDX-License-Identifier: Apache-2.0
#include "common/cli/connection.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "common/base/error.hpp"
#include "common/base/log.hpp"
#include "common/cli/output.hpp"
#include "common/cli/tool_settings.hpp"
#include "common/config/aliases.hpp"
#include "common/config/config_files.hpp"
#include "common/config/environment.hpp"
#include "common/config/import.hpp"
#include "common/config/properties.hpp"
#include "common/config/uri.hpp"
#include "common/kafka/property_list.hpp"

namespace kpipe {
namespace {

constexpr const char* profile_variable = "KPIPE_PROFILE";

void append(std::vector<Setting>& to, std::vector<Setting> from) {
  std::move(from.begin(), from.end(), std::back_inserter(to));
}

}  // namespace

Config read_config(const std::string& file) {
  return file.empty() ? read_config_folders(config_folders()) : read_config_file(file);
}

void add_property_option(CLI::App& app, ConnectionOptions& options, const std::string& names,
                         const std::string& property, const std::string& type,
                         const std::string& help) {
  app.add_option_function<std::string>(
         names,
         [&options, names, property](const std::string& value) {
           options.options.push_back(canonical({property, value, names, true}));
         },
         help)
      ->type_name(type);
}

ConnectionArguments::ConnectionArguments(ToolApp& app, ConnectionOptions& options)
    : app_(app.app()), options_(options) {
  names_ = {"-b", "--profile", "--uri", "--import", "-X", "--timeout", "--show-config"};
  app_.add_option("-b,--bootstrap-servers", options.bootstrap_servers,
                  "Brokers to start from. Default: $KPIPE_BOOTSTRAP_SERVERS, or the "
                  "profile's. The port is 9092, or 9093 with TLS, unless it is given.")
      ->type_name("HOST:PORT,...");
  app_.add_option("-F,--config", config_file_,
                  "Read profiles from this file alone, in place of ~/.config/kpipe and /etc/kpipe.")
      ->type_name("FILE");
  app_.add_option("--profile", profile_,
                  "Use the connection of this name from the configuration, see kpipe(7). "
                  "Default: $KPIPE_PROFILE, or none.")
      ->type_name("NAME");
  app_.add_option("--uri", uri_,
                  "The connection as kafka://?bootstrap_servers=...&group_id=...; a "
                  "value {NAME} is a secret's, see kpipe(7).")
      ->type_name("URI");
  app_.add_option("--import", import_,
                  "Take over what another client's file says: client.properties of Java, "
                  "else a kcat.conf.")
      ->type_name("FILE");
  app_.add_option("-X", options.properties,
                  "A property of librdkafka, by its name or Java's; may be repeated. "
                  "list: print them all and exit.")
      ->type_name("NAME=VALUE")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->expected(1)
      ->take_all();
  declare_login();
  declare_tls();
  app.add_duration("--timeout", options.timeout,
                   "Longest wait for an answer of the brokers (default 10s).");
  app_.add_flag("--show-config", show_config_,
                "Print the properties of the connection and where each comes from, "
                "secrets masked, and exit.");
}

void ConnectionArguments::declare_property(const std::string& names, const std::string& property,
                                           const std::string& type, const std::string& help) {
  names_.push_back(names);
  add_property_option(app_, options_, names, property, type, help);
}

void ConnectionArguments::declare_secret(const std::string& name, const std::string& property,
                                         const std::string& help) {
  declare_property(name, property, "REF", help + ": file:PATH, env:NAME or cred:NAME.");
}

void ConnectionArguments::declare_login() {
  declare_property("--security-protocol", "security.protocol", "PROTOCOL",
                   "plaintext (default), ssl, sasl_plaintext or sasl_ssl.");
  declare_property("--sasl-mechanism", "sasl.mechanism", "MECHANISM",
                   "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER, AWS_MSK_IAM or GSSAPI.");
  declare_property("--sasl-username", "sasl.username", "NAME", "Who logs in.");
  declare_secret("--sasl-password", "sasl.password", "Where the password is");
}

void ConnectionArguments::declare_tls() {
  declare_property("--ssl-ca", "ssl.ca.location", "FILE",
                   "Certificates of the authorities to trust, PEM. Default: the system's.");
  declare_property("--ssl-cert", "ssl.certificate.location", "FILE",
                   "Our certificate, PEM, for mutual TLS.");
  declare_property("--ssl-key", "ssl.key.location", "FILE", "Its private key, PEM.");
  declare_secret("--ssl-key-password", "ssl.key.password", "Where the key's password is");
  declare_property("--ssl-truststore", "ssl.truststore.location", "FILE",
                   "Java's store of authorities to trust, beside those of --ssl-ca.");
  declare_property("--ssl-truststore-type", "ssl.truststore.type", "TYPE",
                   "JKS, PKCS12 or PEM. Default: as the file begins.");
  declare_secret("--ssl-truststore-password", "ssl.truststore.password",
                 "Where the store's password is");
  app_.add_flag_callback(
      "--insecure",
      [this] {
        options_.options.push_back(
            {"enable.ssl.certificate.verification", "false", "--insecure", true});
      },
      "Believe any certificate: whoever sits in between can read along. For trying out only.");
  names_.push_back("--insecure");
}

bool ConnectionArguments::refers_to_secrets() const {
  const auto refers = [](const Setting& one) { return one.value.starts_with("${secret:"); };
  return std::any_of(
             options_.properties.begin(), options_.properties.end(),
             [](const std::string& text) { return text.find("=${secret:") != text.npos; }) ||
         std::any_of(options_.options.begin(), options_.options.end(), refers) ||
         std::any_of(options_.configured.begin(), options_.configured.end(), refers);
}

void ConnectionArguments::add_uri(std::string& profile, Purpose purpose) {
  ConnectionUri uri = parse_connection_uri(uri_);
  if (!serves(uri.purpose.empty() ? "rw" : uri.purpose, purpose)) {
    throw Error(Exit::no_permission, "--uri: it has purpose " + uri.purpose + ", and this would " +
                                         (purpose == Purpose::read ? "read" : "write"));
  }
  if (!uri.profile.empty()) {
    if (profile_ && *profile_ != uri.profile)
      throw Error(Exit::usage, "--uri, --profile: two connections; give one");
    profile = uri.profile;
  }
  append(options_.configured, std::move(uri.settings));
}

void ConnectionArguments::add_import() {
  Import read = import_file(import_);
  for (const std::string& line : read.ignored)
    log::info("--import: " + line + ": means nothing to kpipe, passed over");
  append(options_.configured, std::move(read.settings));
}

void ConnectionArguments::read_configuration(Purpose purpose) {
  const char* const named = std::getenv(profile_variable);
  std::string profile = profile_ ? *profile_ : named == nullptr ? "" : named;
  if (!uri_.empty()) add_uri(profile, purpose);
  append(options_.configured, environment_settings(::environ));

  if (profile.empty() && !config_file_.empty() && !refers_to_secrets()) {
    throw Error(Exit::usage, "-F: nothing of " + config_file_ +
                                 " is used without a profile. Name one: --profile NAME");
  }
  if (!profile.empty() || refers_to_secrets()) {
    const Config config = read_config(config_file_);
    options_.secrets = config.secrets;
    if (!profile.empty()) append(options_.configured, profile_settings(config, profile, purpose));
  }
  if (!import_.empty()) add_import();
}

std::optional<int> ConnectionArguments::show(std::vector<Setting> settings) const {
  if (!show_config_) return std::nullopt;
  ClientConfig::check(options_);
  settings.push_back({"security.protocol", "PLAINTEXT", "default"});
  settings = strongest(settings);
  std::sort(settings.begin(), settings.end(),
            [](const Setting& a, const Setting& b) { return a.name < b.name; });
  OutBuffer out;
  for (const Setting& setting : settings) {
    out.append(
        Table::printable(setting.name + " = " + masked(setting) + "  # " + full_origin(setting)));
    out.append('\n');
  }
  write_stdout(out);
  return static_cast<int>(Exit::ok);
}

std::optional<int> ConnectionArguments::list_properties() const {
  const std::vector<std::string>& properties = options_.properties;
  if (std::find(properties.begin(), properties.end(), "list") == properties.end())
    return std::nullopt;
  OutBuffer out;
  out.append(property_list());
  write_stdout(out);
  return static_cast<int>(Exit::ok);
}

std::optional<int> ConnectionArguments::settle(Purpose purpose) {
  if (const auto status = list_properties()) return status;
  read_configuration(purpose);
  std::vector<Setting> settings = connection_settings(options_);
  std::erase_if(settings, is_of_option);
  return show(std::move(settings));
}

std::optional<int> ConnectionArguments::settle_with_options(Purpose purpose) {
  if (const auto status = list_properties()) return status;
  read_configuration(purpose);
  std::vector<Setting> settings = connection_settings(options_);
  apply_tool_settings(app_, settings, options_.secrets);
  return show(std::move(settings));
}

const std::string& ConnectionArguments::only_config_file(const std::string& command) const {
  for (const std::string& name : names_) {
    if (app_.get_option(name)->count() > 0) {
      throw Error(Exit::usage, name + ": " + command + " opens no connection, it shows them all");
    }
  }
  return config_file_;
}

}  // namespace kpipe
