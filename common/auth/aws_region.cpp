// SPDX-License-Identifier: Apache-2.0
#include "common/auth/aws_region.hpp"

#include <algorithm>
#include <cctype>

#include "common/auth/aws_profiles.hpp"
#include "common/base/error.hpp"

namespace kpipe {
namespace {

std::string region_of_host(std::string_view host) {
  bool ours = false;
  for (const std::string_view end : {".amazonaws.com", ".amazonaws.com.cn"}) {
    if (ours || !host.ends_with(end)) continue;
    host.remove_suffix(end.size());
    ours = true;
  }
  if (!ours) return {};
  for (const std::string_view mark : {".kafka.", ".kafka-serverless."}) {
    const std::size_t at = host.rfind(mark);
    if (at == std::string_view::npos) continue;
    const std::string_view region = host.substr(at + mark.size());
    if (!region.empty() && region.find('.') == std::string_view::npos) return std::string(region);
  }
  return {};
}

}  // namespace

std::string region_of_brokers(std::string_view brokers) {
  while (!brokers.empty()) {
    const std::size_t comma = std::min(brokers.find(','), brokers.size());
    std::string_view host = brokers.substr(0, comma);
    brokers.remove_prefix(std::min(comma + 1, brokers.size()));
    const std::size_t scheme = host.find("://");
    if (scheme != std::string_view::npos) host.remove_prefix(scheme + 3);
    host = host.substr(0, host.find(':'));
    while (host.starts_with(' ')) host.remove_prefix(1);
    std::string region = region_of_host(host);
    if (!region.empty()) return region;
  }
  return {};
}

std::string aws_region(const std::string& said, std::string_view brokers,
                       const std::string& profile) {
  if (!said.empty()) return said;
  std::string region = region_of_brokers(brokers);
  if (region.empty()) region = aws_variable("AWS_REGION");
  if (region.empty()) region = aws_variable("AWS_DEFAULT_REGION");
  if (region.empty()) {
    const AwsProfiles profiles = read_aws_profiles();
    const AwsProfile* const found = find_aws_profile(profiles, aws_profile_name(profile));
    if (found != nullptr) region = found->text("region");
  }
  if (region.empty()) {
    throw Error(Exit::config,
                "aws.region: the brokers' names do not say the region. Give -X aws.region=REGION "
                "or AWS_REGION");
  }
  return region;
}

std::string aws_service_url(const std::string& service, const std::string& region) {
  if (aws_variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") != "true") {
    std::string own = "AWS_ENDPOINT_URL_" + service;
    std::transform(own.begin(), own.end(), own.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    for (const std::string& name : {own, std::string("AWS_ENDPOINT_URL")}) {
      std::string url = aws_variable(name.c_str());
      while (url.ends_with('/')) url.pop_back();
      if (!url.empty()) return url;
    }
  }
  return "https://" + service + "." + region + ".amazonaws.com" +
         (region.starts_with("cn-") ? ".cn" : "");
}

}  // namespace kpipe
