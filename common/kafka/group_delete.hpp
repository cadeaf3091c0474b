// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "common/kafka/client.hpp"

namespace kpipe {

struct GroupDeletion {
  std::string group;
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::string error_text;
};

/// Deletes groups with all that they have committed, of whatever type. One result a group, in the
/// order asked; names must differ. Kafka itself refuses a group that has members (NON_EMPTY_GROUP)
/// or is unknown (GROUP_ID_NOT_FOUND). Throws Error when the request as a whole failed: then nobody
/// knows what is deleted.
std::vector<GroupDeletion> delete_groups(const Client& client,
                                         const std::vector<std::string>& groups);

}  // namespace kpipe
