// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/secret.hpp"

namespace kpipe {

/// The settings of one profile of AWS's shared files.
class AwsProfile {
 public:
  /// Empty: not set.
  std::string text(const std::string& name) const;
  Secret secret(const std::string& name) const;
  void set(const std::string& name, Secret value);

 private:
  std::map<std::string, Secret> values_;
};

/// AWS's shared configuration and credentials files
/// (docs.aws.amazon.com/sdkref/latest/guide/file-format.html), by profile.
using AwsProfiles = std::map<std::string, AwsProfile>;

/// Adds what a file's text says; it wins over what is there. In the configuration file a profile's
/// section is [default] or [profile NAME], in the credentials file [NAME]; other sections
/// (sso-session, services) and nested values are passed over.
void add_aws_profiles(std::string_view text, bool is_config_file, AwsProfiles& profiles);

/// Both files: $AWS_CONFIG_FILE or ~/.aws/config, then $AWS_SHARED_CREDENTIALS_FILE or
/// ~/.aws/credentials. One that is not there is as good as empty. Throws Error(io).
AwsProfiles read_aws_profiles();

/// The profile's name: `said`, or else $AWS_PROFILE, or else "default".
std::string aws_profile_name(const std::string& said);

/// The profile; nullptr only for "default" where there is none that was asked for by name.
/// Throws Error(config) when another does not exist.
const AwsProfile* find_aws_profile(const AwsProfiles& profiles, const std::string& name);

/// A variable of the environment; empty: unset.
std::string aws_variable(const char* name);

}  // namespace kpipe
