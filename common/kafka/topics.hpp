// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/kafka/client.hpp"

namespace kpipe {

/// Kafka's ids of these topics (KIP-516, in Base64 as Kafka's own tools print them): a topic that
/// was deleted and made anew has another one. Topics without an id (older brokers, or none of that
/// name) are left out. Throws Error when the request as a whole failed.
std::map<std::string, std::string> topic_ids(const Client& client,
                                             const std::vector<std::string>& topics);

}  // namespace kpipe
