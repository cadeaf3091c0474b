// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace kpipe {

/// The region in the names of Amazon's own brokers, such as
/// b-1.demo.abc123.c2.kafka.us-east-1.amazonaws.com; empty: none of them is one.
/// `brokers` is a list as bootstrap.servers has it.
std::string region_of_brokers(std::string_view brokers);

/// `said`, or else that of the brokers' names, AWS_REGION, AWS_DEFAULT_REGION, the profile
/// (`profile` empty: AWS's default). Throws Error(config) when none says it.
std::string aws_region(const std::string& said, std::string_view brokers,
                       const std::string& profile);

/// Where a service ("sts", "glue") is asked in a region, without a slash at the end: what
/// AWS_ENDPOINT_URL_STS or AWS_ENDPOINT_URL say unless AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true,
/// else Amazon's address.
std::string aws_service_url(const std::string& service, const std::string& region);

}  // namespace kpipe
