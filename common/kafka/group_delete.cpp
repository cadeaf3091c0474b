// SPDX-License-Identifier: Apache-2.0
#include "common/kafka/group_delete.hpp"

#include <map>

#include "common/kafka/admin_call.hpp"

namespace kpipe {

std::vector<GroupDeletion> delete_groups(const Client& client,
                                         const std::vector<std::string>& groups) {
  std::vector<GroupDeletion> results;
  if (groups.empty()) return results;
  std::vector<DeleteGroupRequest> requests;
  std::vector<rd_kafka_DeleteGroup_t*> pointers;
  for (const std::string& group : groups) {
    requests.emplace_back(rd_kafka_DeleteGroup_new(group.c_str()));
    pointers.push_back(requests.back().get());
  }
  const AdminCall call(client, RD_KAFKA_ADMIN_OP_DELETEGROUPS, "delete groups");
  rd_kafka_DeleteGroups(client.get(), pointers.data(), pointers.size(), call.options(),
                        call.queue());
  const KafkaEvent event = call.wait_success();
  std::size_t count = 0;
  const rd_kafka_group_result_t** const answers =
      rd_kafka_DeleteGroups_result_groups(rd_kafka_event_DeleteGroups_result(event.get()), &count);

  std::map<std::string, GroupDeletion> by_name;
  for (std::size_t i = 0; i < count; ++i) {
    GroupDeletion result{
        text_or_empty(rd_kafka_group_result_name(answers[i])), RD_KAFKA_RESP_ERR_NO_ERROR, {}};
    if (const rd_kafka_error_t* const error = rd_kafka_group_result_error(answers[i]);
        error != nullptr) {
      result.error = rd_kafka_error_code(error);
      result.error_text = text_or_empty(rd_kafka_error_string(error));
    }
    by_name[result.group] = std::move(result);
  }
  for (const std::string& group : groups) {
    const auto found = by_name.find(group);
    results.push_back(found != by_name.end()
                          ? found->second
                          : GroupDeletion{group, RD_KAFKA_RESP_ERR__NOENT,
                                          "the broker's answer does not name the group"});
  }
  return results;
}

}  // namespace kpipe
