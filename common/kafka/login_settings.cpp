// SPDX-License-Identifier: Apache-2.0
#include "common/kafka/login_settings.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "common/auth/aws_credentials.hpp"
#include "common/auth/aws_region.hpp"
#include "common/auth/msk_token.hpp"
#include "common/auth/oauth_client.hpp"
#include "common/auth/token_file.hpp"
#include "common/base/clock.hpp"
#include "common/base/log.hpp"
#include "common/base/parse.hpp"
#include "common/config/properties.hpp"
#include "common/http/percent.hpp"
#include "common/kafka/client.hpp"

namespace kpipe {
namespace {

constexpr std::string_view kMskIam = "AWS_MSK_IAM";
constexpr std::string_view kOAuth = "OAUTHBEARER";
constexpr std::array<std::string_view, 6> kMechanisms{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512",
                                                      kOAuth,  "GSSAPI",        kMskIam};

// The properties of OAUTHBEARER, all of them served here.
constexpr const char* kUrl = "sasl.oauthbearer.token.endpoint.url";
constexpr const char* kClientId = "sasl.oauthbearer.client.id";
constexpr const char* kClientSecret = "sasl.oauthbearer.client.secret";
constexpr const char* kTokenFile = "sasl.oauthbearer.token.file";
constexpr const char* kTokenCommand = "sasl.oauthbearer.token.command";
constexpr const char* kExtensions = "sasl.oauthbearer.extensions";

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

/// "ORIGIN: NAME: ", for messages about what somebody said.
std::string place(const ClientConfig& config, const std::string& name) {
  const std::string origin = config.user_origin(name);
  return (origin.empty() ? "" : origin + ": ") + name + ": ";
}

Error missing(const std::string& name, const std::string& mechanism) {
  return Error(Exit::usage, name + ": missing, and " + mechanism + " needs it. Give -X " + name +
                                "=" + (is_secret_property(name) ? "file:PATH" : "VALUE") +
                                " or put it into the profile");
}

std::int64_t seconds_of(const ClientConfig& config, const std::string& name, std::int64_t otherwise,
                        std::int64_t least, std::int64_t most) {
  const std::string text = config.user_value(name);
  if (text.empty()) return otherwise;
  const auto value = parse_int(text);
  if (value && *value >= least && *value <= most) return *value;
  throw Error(Exit::config, place(config, name) + "expected seconds from " + std::to_string(least) +
                                " to " + std::to_string(most));
}

/// The mechanism in librdkafka's spelling; empty: none is given.
std::string mechanism_of(const ClientConfig& config) {
  const std::string said = config.user_value("sasl.mechanism");
  const std::string mechanism = upper(said);
  if (said.empty() ||
      std::find(kMechanisms.begin(), kMechanisms.end(), mechanism) != kMechanisms.end())
    return mechanism;
  std::string list;
  for (const std::string_view known : kMechanisms)
    list += (list.empty() ? "" : ", ") + std::string(known);
  const std::string near = did_you_mean(mechanism, {kMechanisms.begin(), kMechanisms.end()});
  throw Error(Exit::config, place(config, "sasl.mechanism") + "'" + said +
                                "' is not known. Known are " + list + near);
}

/// The security protocol in capitals; that of librdkafka when nothing is said.
std::string protocol_of(const ClientConfig& config) {
  const std::string said = config.user_value("security.protocol");
  return said.empty() ? "PLAINTEXT" : upper(said);
}

void check_protocol(const ClientConfig& config, const std::string& mechanism,
                    const std::string& protocol) {
  const bool login = protocol.starts_with("SASL_");
  if (login && mechanism.empty()) {
    throw Error(Exit::usage,
                place(config, "security.protocol") + protocol +
                    " needs sasl.mechanism. Give -X sasl.mechanism=PLAIN, SCRAM-SHA-256, "
                    "SCRAM-SHA-512, OAUTHBEARER, AWS_MSK_IAM or GSSAPI");
  }
  if (login || mechanism.empty()) return;
  throw Error(Exit::config, place(config, "sasl.mechanism") + mechanism +
                                ": nobody logs in with security.protocol=" + protocol +
                                ". Give -X security.protocol=SASL_SSL (or SASL_PLAINTEXT, "
                                "without TLS)");
}

void warn_of_cleartext(const ClientConfig& config, const std::string& mechanism,
                       const std::string& protocol) {
  if (config.user_value("allow.cleartext.login") == "true") return;
  LoginState& state = *config.options().login;
  const bool token = mechanism == kOAuth || mechanism == kMskIam;
  if (protocol == "SASL_PLAINTEXT" && (token || mechanism == "PLAIN")) {
    state.warn("security.protocol=SASL_PLAINTEXT with " + mechanism + ": the " +
               (token ? "token" : "password") +
               " crosses the network in the clear. Use SASL_SSL, or say that it may: "
               "allow.cleartext.login=true");
  }
  const std::string url = config.user_value(kUrl);
  if (mechanism == kOAuth && url.starts_with("http://") && !is_loopback_url(url)) {
    state.warn(std::string(kUrl) +
               ": the client's secret crosses the network in the clear. Use https, or say that it "
               "may: allow.cleartext.login=true");
  }
}

HttpOptions http_options(const ClientConfig& config) {
  HttpOptions http;
  http.ca_location = config.user_value("https.ca.location");
  http.ca_pem = config.user_value("https.ca.pem");
  http.timeout = config.options().timeout;
  http.connect_timeout = std::min(http.connect_timeout, http.timeout);
  return http;
}

/// Looks the secret up anew each time: what it refers to may be replaced while we run.
std::function<Secret()> secret_of(const ClientConfig& config, const std::string& name) {
  const std::vector<Setting> settings = connection_settings(config.options());
  const auto found = std::find_if(settings.begin(), settings.end(),
                                  [&](const Setting& setting) { return setting.name == name; });
  return
      [setting = *found, secrets = config.options().secrets] { return resolve(setting, secrets); };
}

FetchToken from_token_server(const ClientConfig& config, std::chrono::milliseconds token_life) {
  OAuthClientOptions options;
  options.token_url = config.user_value(kUrl);
  options.client_id = config.user_value(kClientId);
  options.client_secret = secret_of(config, kClientSecret);
  options.scope = config.user_value("sasl.oauthbearer.scope");
  options.audience = config.user_value("sasl.oauthbearer.audience");
  options.token_life = token_life;
  auto client = std::make_shared<OAuthClient>(std::move(options), http_options(config));
  return [client](const std::atomic<bool>& cancelled) { return client->fetch(cancelled); };
}

FetchToken from_aws(const ClientConfig& config) {
  const std::string profile = config.user_value("aws.profile");
  const std::string region =
      aws_region(config.user_value("aws.region"), config.user_value("bootstrap.servers"), profile);
  auto chain = std::make_shared<AwsCredentialChain>(profile, region, http_options(config));
  return [chain, region](const std::atomic<bool>& cancelled) {
    return msk_token(chain->get(cancelled), region, wall_clock_ms() / 1000, msk_user_agent());
  };
}

/// Where tokens come from: exactly one place.
void check_token_place(const ClientConfig& config) {
  std::vector<std::string> places;
  for (const char* const name : {kUrl, kTokenFile, kTokenCommand})
    if (!config.user_value(name).empty()) places.emplace_back(name);
  if (places.empty()) {
    throw Error(Exit::usage,
                std::string(kUrl) +
                    ": missing: OAUTHBEARER needs a place to get tokens from. Give -X " + kUrl +
                    "=https://..., or " + kTokenFile + " or " + kTokenCommand);
  }
  if (places.size() > 1) {
    throw Error(Exit::config, place(config, places[1]) + "tokens come from " + places[0] +
                                  " already. Give one of them");
  }
  if (places[0] == kUrl) {
    for (const char* const name : {kClientId, kClientSecret})
      if (config.user_secret(name).empty()) throw missing(name, std::string(kOAuth));
  }
  // librdkafka's ways to a token beside these; its own code for them is not used.
  for (const auto& [name, usual] :
       {std::pair<const char*, const char*>{"sasl.oauthbearer.grant.type", "client_credentials"},
        {"sasl.oauthbearer.metadata.authentication.type", "none"}}) {
    const std::string value = config.user_value(name);
    if (value.empty() || value == usual) continue;
    throw Error(Exit::config, place(config, name) + value + ": kpipe does not serve it. Get the " +
                                  "token by " + kTokenCommand);
  }
}

std::vector<std::pair<std::string, std::string>> extensions_of(const ClientConfig& config) {
  std::vector<std::pair<std::string, std::string>> result;
  std::string_view rest;
  const std::string text = config.user_value(kExtensions);
  for (rest = text; !rest.empty();) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const std::string_view item = rest.substr(0, comma);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    const std::size_t equals = item.find('=');
    const std::string name(item.substr(0, equals));
    const bool letters =
        !name.empty() &&
        std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalpha(c) != 0; });
    if (equals == std::string_view::npos || !letters || name == "auth") {
      throw Error(Exit::config, place(config, kExtensions) + "'" + std::string(item) +
                                    "': expected NAME=VALUE,... with names of letters, not auth");
    }
    result.emplace_back(name, item.substr(equals + 1));
  }
  return result;
}

void apply_tokens(ClientConfig& config, const std::string& mechanism) {
  const RefreshSchedule schedule(
      std::chrono::seconds(seconds_of(config, "sasl.login.refresh.buffer.seconds", 60, 0, 3600)));
  const std::chrono::seconds life(
      seconds_of(config, "sasl.oauthbearer.token.lifetime.seconds", 300, 1, 86'400));
  if (mechanism == kOAuth) check_token_place(config);
  TokenLogin login;
  login.extensions = extensions_of(config);
  login.source = config.options().login->tokens(
      [&]() -> FetchToken {
        if (mechanism == kMskIam) return from_aws(config);
        const std::string file = config.user_value(kTokenFile);
        if (!file.empty()) return token_from_file(file, life);
        const std::string command = config.user_value(kTokenCommand);
        if (!command.empty()) return token_from_command(command, std::chrono::seconds(30), life);
        return from_token_server(config, life);
      },
      schedule);
  config.set("sasl.oauthbearer.method", "default");
  config.use_tokens(std::move(login));
}

}  // namespace

std::shared_ptr<TokenSource> LoginState::tokens(const std::function<FetchToken()>& make,
                                                RefreshSchedule schedule) {
  const std::lock_guard lock(mutex_);
  if (!tokens_) tokens_ = std::make_shared<TokenSource>(make(), schedule, &wall_clock_ms);
  return tokens_;
}

void LoginState::warn(const std::string& text) {
  const std::lock_guard lock(mutex_);
  if (!std::exchange(warned_, true)) log::warning(text);
}

void apply_login(ClientConfig& config) {
  const std::string mechanism = mechanism_of(config);
  const std::string protocol = protocol_of(config);
  check_protocol(config, mechanism, protocol);
  if (mechanism.empty()) {
    if (!config.user_value("sasl.username").empty()) {
      config.options().login->warn(place(config, "sasl.username") +
                                   "nobody logs in with security.protocol=" + protocol +
                                   ". Give --security-protocol sasl_ssl and --sasl-mechanism");
    }
    return;
  }
  config.set("sasl.mechanism", mechanism == kMskIam ? std::string(kOAuth) : mechanism);
  if (mechanism == "PLAIN" || mechanism.starts_with("SCRAM")) {
    for (const char* const name : {"sasl.username", "sasl.password"})
      if (config.user_secret(name).empty()) throw missing(name, mechanism);
  }
  warn_of_cleartext(config, mechanism, protocol);
  // librdkafka's unsigned tokens, for brokers of tests.
  const bool unsecured = config.user_value("enable.sasl.oauthbearer.unsecure.jwt") == "true";
  if (mechanism == kMskIam || (mechanism == kOAuth && !unsecured)) apply_tokens(config, mechanism);
}

}  // namespace kpipe
