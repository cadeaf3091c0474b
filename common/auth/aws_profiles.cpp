// SPDX-License-Identifier: Apache-2.0
#include "common/auth/aws_profiles.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "common/base/error.hpp"
#include "common/base/fd.hpp"

namespace kpipe {
namespace {

constexpr std::string_view kBlank = " \t\r";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

/// The profile that "[...]" begins; empty: another kind of section.
std::string profile_of(std::string_view section, bool is_config_file) {
  section = trimmed(section);
  if (!is_config_file || section == "default") return std::string(section);
  constexpr std::string_view word = "profile";
  if (!section.starts_with(word)) return {};
  section.remove_prefix(word.size());
  if (section.empty() || kBlank.find(section.front()) == std::string_view::npos) return {};
  section = trimmed(section);
  if (section.size() >= 2 && section.front() == section.back() &&
      (section.front() == '"' || section.front() == '\''))
    section = section.substr(1, section.size() - 2);
  return std::string(section);
}

std::string home_file(const char* name) {
  const std::string home = aws_variable("HOME");
  return home.empty() ? std::string() : home + "/.aws/" + name;
}

void add_file(const std::string& path, bool is_config_file, AwsProfiles& profiles) {
  if (path.empty() || ::access(path.c_str(), F_OK) != 0) return;
  const Secret text(read_file(path));
  add_aws_profiles(text.reveal(), is_config_file, profiles);
}

}  // namespace

std::string AwsProfile::text(const std::string& name) const {
  return secret(name).reveal();
}

Secret AwsProfile::secret(const std::string& name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? Secret() : found->second;
}

void AwsProfile::set(const std::string& name, Secret value) {
  values_[name] = std::move(value);
}

void add_aws_profiles(std::string_view text, bool is_config_file, AwsProfiles& profiles) {
  AwsProfile* profile = nullptr;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::string_view content = trimmed(line);
    if (content.empty() || content.front() == '#' || content.front() == ';') continue;
    if (content.front() == '[') {
      const std::size_t close = content.find(']');
      const std::string name =
          profile_of(content.substr(1, std::min(close, content.size()) - 1), is_config_file);
      profile = name.empty() ? nullptr : &profiles[name];
      continue;
    }
    const bool nested = kBlank.find(line.front()) != std::string_view::npos;
    const std::size_t equals = content.find('=');
    if (profile == nullptr || nested || equals == std::string_view::npos) continue;
    std::string_view value = content.substr(equals + 1);
    // A comment behind a value begins with a blank.
    for (const std::string_view mark : {" #", " ;", "\t#", "\t;"})
      value = value.substr(0, value.find(mark));
    profile->set(std::string(trimmed(content.substr(0, equals))),
                 Secret(std::string(trimmed(value))));
  }
}

AwsProfiles read_aws_profiles() {
  AwsProfiles profiles;
  const std::string config = aws_variable("AWS_CONFIG_FILE");
  add_file(config.empty() ? home_file("config") : config, true, profiles);
  const std::string credentials = aws_variable("AWS_SHARED_CREDENTIALS_FILE");
  add_file(credentials.empty() ? home_file("credentials") : credentials, false, profiles);
  return profiles;
}

std::string aws_profile_name(const std::string& said) {
  if (!said.empty()) return said;
  const std::string name = aws_variable("AWS_PROFILE");
  return name.empty() ? "default" : name;
}

const AwsProfile* find_aws_profile(const AwsProfiles& profiles, const std::string& name) {
  const auto found = profiles.find(name);
  if (found != profiles.end()) return &found->second;
  if (name == "default") return nullptr;
  throw Error(Exit::config, "AWS profile " + name +
                                ": there is none in ~/.aws/config and ~/.aws/credentials (or "
                                "AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE)");
}

std::string aws_variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string() : value;
}

}  // namespace kpipe
