// SPDX-License-Identifier: Apache-2.0
#include "common/auth/aws_credentials.hpp"

#include <algorithm>
#include <chrono>
#include <vector>

#include "common/auth/aws_endpoints.hpp"
#include "common/auth/aws_profiles.hpp"
#include "common/auth/command.hpp"
#include "common/base/clock.hpp"
#include "common/base/error.hpp"
#include "common/base/log.hpp"

namespace kpipe {
namespace {

constexpr std::int64_t kRenewBeforeMs = 300'000;
constexpr std::chrono::milliseconds kCommandLimit{60'000};  ///< as botocore waits for one

std::optional<AwsCredentials> environment_credentials() {
  AwsCredentials credentials;
  credentials.access_key = aws_variable("AWS_ACCESS_KEY_ID");
  if (credentials.access_key.empty()) return std::nullopt;
  credentials.secret_key = Secret(aws_variable("AWS_SECRET_ACCESS_KEY"));
  credentials.session_token = Secret(aws_variable("AWS_SESSION_TOKEN"));
  if (credentials.secret_key.empty()) {
    throw Error(Exit::config,
                "AWS credentials: AWS_ACCESS_KEY_ID is set, AWS_SECRET_ACCESS_KEY is not");
  }
  return credentials;
}

/// Follows one profile to the credentials it leads to.
class ProfileWalk {
 public:
  ProfileWalk(const AwsProfiles& profiles, const AwsCall& call)
      : profiles_(profiles), call_(call) {}

  /// nullopt: the profile says nothing of credentials.
  std::optional<AwsCredentials> from(const std::string& name) {
    const AwsProfile* const profile = find_aws_profile(profiles_, name);
    if (profile == nullptr) return std::nullopt;
    const bool again = std::find(path_.begin(), path_.end(), name) != path_.end();
    path_.push_back(name);
    // A role may name its own profile as the source: then its keys are meant.
    if (!again && !profile->text("role_arn").empty()) return by_role(name, *profile);
    if (const auto keys = keys_of(name, *profile)) return keys;
    if (again) throw refusal(name, "source_profile leads back to it");
    const std::string command = profile->text("credential_process");
    if (!command.empty()) {
      const std::string where = "AWS profile " + name + ": credential_process";
      return parse_aws_credentials(
          output_of(command, where, kCommandLimit, call_.cancelled).reveal(), where);
    }
    for (const char* const sign :
         {"sso_session", "sso_start_url", "sso_account_id", "login_session"}) {
      if (profile->text(sign).empty()) continue;
      throw refusal(name, std::string(sign) +
                              ": a login by browser is AWS's own command's affair. Give the "
                              "profile credential_process = aws configure export-credentials "
                              "--profile " +
                              name);
    }
    return std::nullopt;
  }

 private:
  static Error refusal(const std::string& name, const std::string& cause) {
    return Error(Exit::config, "AWS profile " + name + ": " + cause);
  }

  static std::optional<AwsCredentials> keys_of(const std::string& name, const AwsProfile& profile) {
    AwsCredentials credentials;
    credentials.access_key = profile.text("aws_access_key_id");
    if (credentials.access_key.empty()) return std::nullopt;
    credentials.secret_key = profile.secret("aws_secret_access_key");
    credentials.session_token = profile.secret("aws_session_token");
    if (credentials.secret_key.empty())
      throw refusal(name, "aws_access_key_id is there, aws_secret_access_key is not");
    return credentials;
  }

  AwsCredentials by_role(const std::string& name, const AwsProfile& profile) {
    const AwsRole role{profile.text("role_arn"), profile.text("role_session_name"),
                       profile.text("external_id"), profile.text("duration_seconds")};
    if (!profile.text("mfa_serial").empty())
      throw refusal(name, "mfa_serial: a code from a person cannot be had here");
    const std::string token_file = profile.text("web_identity_token_file");
    if (!token_file.empty()) return assume_role_by_token_file(role, token_file, call_);
    const std::string source = profile.text("source_profile");
    const std::string place = profile.text("credential_source");
    if (source.empty() && place.empty()) {
      throw refusal(name,
                    "role_arn needs source_profile, credential_source or "
                    "web_identity_token_file");
    }
    const auto by = source.empty() ? at(name, place) : from(source);
    if (!by) throw refusal(name, "source_profile " + source + " has no credentials");
    return assume_role(role, *by, call_);
  }

  std::optional<AwsCredentials> at(const std::string& name, const std::string& place) const {
    if (place == "Ec2InstanceMetadata") return instance_credentials(call_);
    if (place == "EcsContainer") return container_credentials(call_);
    if (place != "Environment") {
      throw refusal(name, "credential_source " + place +
                              " is unknown. Use Environment, EcsContainer or Ec2InstanceMetadata");
    }
    auto credentials = environment_credentials();
    if (!credentials) throw refusal(name, "credential_source: AWS_ACCESS_KEY_ID is not set");
    return credentials;
  }

  const AwsProfiles& profiles_;
  const AwsCall& call_;
  std::vector<std::string> path_;
};

}  // namespace

AwsCredentialChain::AwsCredentialChain(std::string profile, std::string region, HttpOptions http)
    : profile_(std::move(profile)), region_(std::move(region)), http_(std::move(http)) {}

AwsCredentials AwsCredentialChain::get(const std::atomic<bool>& cancelled) {
  const auto left_ms = [this] { return *kept_->expires_at_ms - wall_clock_ms(); };
  if (kept_ && left_ms() > kRenewBeforeMs) return *kept_;
  try {
    AwsCredentials found = find(cancelled);
    kept_.reset();
    if (found.expires_at_ms) kept_ = found;
    return found;
  } catch (const Error& error) {
    if (cancelled || !kept_ || left_ms() <= 0) throw;
    log::warning(std::string(error.what()) + " (the present credentials are good for " +
                 std::to_string(left_ms() / 1000) + " s more)");
    return *kept_;
  }
}

AwsCredentials AwsCredentialChain::find(const std::atomic<bool>& cancelled) const {
  const AwsCall call{http_, region_, cancelled};
  const std::string profile = aws_profile_name(profile_);
  if (profile_.empty()) {
    if (auto credentials = environment_credentials()) return *credentials;
    const std::string token_file = aws_variable("AWS_WEB_IDENTITY_TOKEN_FILE");
    if (!token_file.empty()) {
      const AwsRole role{
          aws_variable("AWS_ROLE_ARN"), aws_variable("AWS_ROLE_SESSION_NAME"), {}, {}};
      if (role.arn.empty()) {
        throw Error(Exit::config,
                    "AWS credentials: AWS_WEB_IDENTITY_TOKEN_FILE is set, AWS_ROLE_ARN is not");
      }
      return assume_role_by_token_file(role, token_file, call);
    }
  }
  const AwsProfiles profiles = read_aws_profiles();
  if (auto credentials = ProfileWalk(profiles, call).from(profile)) return *credentials;
  std::string tried = "AWS_ACCESS_KEY_ID, AWS_WEB_IDENTITY_TOKEN_FILE, profile " + profile;
  if (!profile_.empty())
    throw Error(Exit::config, "AWS credentials: profile " + profile + " has none");
  if (has_container_endpoint()) return container_credentials(call);
  tried += ", AWS_CONTAINER_CREDENTIALS_FULL_URI";
  if (!has_instance_endpoint()) {
    throw Error(Exit::config, "AWS credentials: none found. Tried " + tried +
                                  "; AWS_EC2_METADATA_DISABLED is set. Give one of them");
  }
  try {
    return instance_credentials(call);
  } catch (const Error& error) {
    if (error.exit() != Exit::unavailable) throw;
    throw Error(Exit::config, "AWS credentials: none found. Tried " + tried +
                                  " and the instance metadata (" + error.what() +
                                  "). Give one of them");
  }
}

}  // namespace kpipe
