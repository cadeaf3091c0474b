// SPDX-License-Identifier: Apache-2.0
#include "common/kafka/groups.hpp"

#include <algorithm>
#include <map>
#include <numeric>

#include "common/kafka/admin_call.hpp"
#include "common/kafka/coordinator_wait.hpp"

namespace kpipe {
namespace {

/// Requests under way at a time, where Kafka wants one for each group.
constexpr std::size_t kWindow = 200;

CommittedOffset to_committed(const rd_kafka_topic_partition_t& from) {
  CommittedOffset offset;
  offset.tp = {from.topic, from.partition};
  if (from.offset >= 0) offset.offset = from.offset;
  if (from.metadata != nullptr)
    offset.metadata.assign(static_cast<const char*>(from.metadata), from.metadata_size);
  // confluent-kafka-python commits the end of the C string along: no part of a sink's name.
  while (offset.metadata.ends_with('\0')) offset.metadata.pop_back();
  offset.error = from.err;
  return offset;
}

std::vector<CommittedOffset> to_committed(const rd_kafka_topic_partition_list_t* list) {
  std::vector<CommittedOffset> offsets;
  for (int i = 0; list != nullptr && i < list->cnt; ++i)
    offsets.push_back(to_committed(list->elems[i]));
  std::sort(offsets.begin(), offsets.end(),
            [](const CommittedOffset& a, const CommittedOffset& b) { return a.tp < b.tp; });
  return offsets;
}

GroupMember to_member(const rd_kafka_MemberDescription_t* from) {
  GroupMember member;
  member.member_id = text_or_empty(rd_kafka_MemberDescription_consumer_id(from));
  member.instance_id = text_or_empty(rd_kafka_MemberDescription_group_instance_id(from));
  member.client_id = text_or_empty(rd_kafka_MemberDescription_client_id(from));
  member.host = text_or_empty(rd_kafka_MemberDescription_host(from));
  // Kafka prints Java's "/10.0.0.1".
  if (member.host.starts_with('/')) member.host.erase(0, 1);
  const rd_kafka_MemberAssignment_t* const assignment = rd_kafka_MemberDescription_assignment(from);
  const rd_kafka_topic_partition_list_t* const list =
      assignment == nullptr ? nullptr : rd_kafka_MemberAssignment_partitions(assignment);
  for (int i = 0; list != nullptr && i < list->cnt; ++i) {
    member.assignment.push_back({list->elems[i].topic, list->elems[i].partition});
  }
  std::sort(member.assignment.begin(), member.assignment.end());
  return member;
}

GroupDescription to_description(const rd_kafka_ConsumerGroupDescription_t* from) {
  GroupDescription description;
  description.group = text_or_empty(rd_kafka_ConsumerGroupDescription_group_id(from));
  const rd_kafka_error_t* const error = rd_kafka_ConsumerGroupDescription_error(from);
  if (error != nullptr) {
    description.error = rd_kafka_error_code(error);
    description.error_text = rd_kafka_error_string(error);
    return description;
  }
  description.state = text_or_empty(
      rd_kafka_consumer_group_state_name(rd_kafka_ConsumerGroupDescription_state(from)));
  description.type = text_or_empty(
      rd_kafka_consumer_group_type_name(rd_kafka_ConsumerGroupDescription_type(from)));
  description.assignor = text_or_empty(rd_kafka_ConsumerGroupDescription_partition_assignor(from));
  if (const rd_kafka_Node_t* const node = rd_kafka_ConsumerGroupDescription_coordinator(from);
      node != nullptr) {
    description.coordinator = {rd_kafka_Node_id(node), text_or_empty(rd_kafka_Node_host(node)),
                               rd_kafka_Node_port(node)};
  }
  std::size_t operations = 0;
  const rd_kafka_AclOperation_t* const allowed =
      rd_kafka_ConsumerGroupDescription_authorized_operations(from, &operations);
  description.operations = to_operations(allowed, operations);
  const std::size_t count = rd_kafka_ConsumerGroupDescription_member_count(from);
  for (std::size_t i = 0; i < count; ++i) {
    description.members.push_back(to_member(rd_kafka_ConsumerGroupDescription_member(from, i)));
  }
  return description;
}

void take_answer(const KafkaEvent& event, GroupOffsets& result) {
  result.error_text.clear();
  result.error = rd_kafka_event_error(event.get());
  if (result.error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    result.error_text = text_or_empty(rd_kafka_event_error_string(event.get()));
    return;
  }
  std::size_t count = 0;
  const rd_kafka_group_result_t** const groups = rd_kafka_ListConsumerGroupOffsets_result_groups(
      rd_kafka_event_ListConsumerGroupOffsets_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    if (const rd_kafka_error_t* const error = rd_kafka_group_result_error(groups[i]);
        error != nullptr) {
      result.error = rd_kafka_error_code(error);
      result.error_text = rd_kafka_error_string(error);
      return;
    }
    result.offsets = to_committed(rd_kafka_group_result_partitions(groups[i]));
  }
}

std::vector<GroupDescription> describe_now(const Client& client,
                                           const std::vector<std::string>& groups,
                                           bool with_operations) {
  std::vector<GroupDescription> descriptions;
  AdminCall call(client, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS, "describe groups");
  if (with_operations) call.ask_operations();
  for (std::size_t begin = 0; begin < groups.size(); begin += kWindow) {
    std::vector<const char*> names;
    for (std::size_t i = begin; i < std::min(begin + kWindow, groups.size()); ++i)
      names.push_back(groups[i].c_str());
    rd_kafka_DescribeConsumerGroups(client.get(), names.data(), names.size(), call.options(),
                                    call.queue());
    const KafkaEvent event = call.wait_success();
    std::size_t count = 0;
    const rd_kafka_ConsumerGroupDescription_t** const found =
        rd_kafka_DescribeConsumerGroups_result_groups(
            rd_kafka_event_DescribeConsumerGroups_result(event.get()), &count);
    for (std::size_t i = 0; i < count; ++i) descriptions.push_back(to_description(found[i]));
  }
  return descriptions;
}

/// Asks for the groups of `wanted`, by their indices, and puts the answers there.
void read_offsets(const Client& client, const std::vector<std::size_t>& wanted,
                  PendingOffsets pending, std::vector<GroupOffsets>& results) {
  AdminCall call(client, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, "read committed offsets");
  if (pending == PendingOffsets::refuse) call.require_stable_offsets();
  std::size_t sent = 0;
  for (std::size_t answered = 0; answered < wanted.size(); ++answered) {
    for (; sent < wanted.size() && sent < answered + kWindow; ++sent) {
      const ListOffsetsRequest request(
          rd_kafka_ListConsumerGroupOffsets_new(results.at(wanted[sent]).group.c_str(), nullptr));
      rd_kafka_ListConsumerGroupOffsets_t* one = request.get();
      call.set_index(wanted[sent]);
      rd_kafka_ListConsumerGroupOffsets(client.get(), &one, 1, call.options(), call.queue());
    }
    const KafkaEvent event = call.wait();
    take_answer(event, results.at(AdminCall::index_of(event)));
  }
}

}  // namespace

bool GroupDescription::exists() const {
  return error != RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND && state != "Dead";
}

bool GroupDescription::foreign() const {
  return error == RD_KAFKA_RESP_ERR__INVALID_ARG;
}

bool GroupDescription::active() const {
  return exists() && (!members.empty() || state != "Empty");
}

ClientConfig visitor_config(const std::string& client_id, const ConnectionOptions& connection) {
  ClientConfig config(client_id, connection);
  // By default librdkafka opens no connection of its choice within 50 ms of the last, and it leaves
  // the bootstrap connection as soon as it knows the brokers' names: a visit of 20 ms takes 75.
  // Without sparse connections it greets all brokers at once. Half as long a pause
  // (reconnect.backoff.ms=20) still takes 30 ms.
  config.set("enable.sparse.connections", "false", true);
  // kgroups --watch stays: a broker that is back is to be seen soon, not after 10 s.
  config.set("reconnect.backoff.max.ms", "1000", true);
  return config;
}

GroupListings list_groups(const Client& client) {
  const AdminCall call(client, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPS, "list groups");
  rd_kafka_ListConsumerGroups(client.get(), call.options(), call.queue());
  const KafkaEvent event = call.wait_success();
  const rd_kafka_ListConsumerGroups_result_t* const result =
      rd_kafka_event_ListConsumerGroups_result(event.get());

  // A group that moves between brokers at this moment may be listed by both.
  std::map<std::string, GroupListing> by_name;
  std::size_t count = 0;
  const rd_kafka_ConsumerGroupListing_t** const listings =
      rd_kafka_ListConsumerGroups_result_valid(result, &count);
  for (std::size_t i = 0; i < count; ++i) {
    GroupListing listing;
    listing.group = text_or_empty(rd_kafka_ConsumerGroupListing_group_id(listings[i]));
    listing.state = text_or_empty(
        rd_kafka_consumer_group_state_name(rd_kafka_ConsumerGroupListing_state(listings[i])));
    listing.type = text_or_empty(
        rd_kafka_consumer_group_type_name(rd_kafka_ConsumerGroupListing_type(listings[i])));
    by_name.emplace(listing.group, listing);
  }
  std::size_t failures = 0;
  const rd_kafka_error_t** const errors =
      rd_kafka_ListConsumerGroups_result_errors(result, &failures);
  if (by_name.empty() && failures > 0) {
    throw client.error("list groups", rd_kafka_error_code(errors[0]),
                       rd_kafka_error_string(errors[0]));
  }
  GroupListings answer;
  for (auto& [name, listing] : by_name) answer.groups.push_back(std::move(listing));
  for (std::size_t i = 0; i < failures; ++i)
    answer.failures.emplace_back(rd_kafka_error_string(errors[i]));
  return answer;
}

std::vector<GroupDescription> describe_groups(const Client& client,
                                              const std::vector<std::string>& groups,
                                              bool with_operations) {
  std::vector<GroupDescription> descriptions = describe_now(client, groups, with_operations);
  CoordinatorWait wait(client);
  for (;;) {
    std::vector<std::size_t> open;
    std::vector<std::string> names;
    for (std::size_t i = 0; i < descriptions.size(); ++i) {
      if (!coordinator_moves(descriptions[i].error)) continue;
      open.push_back(i);
      names.push_back(groups[i]);
    }
    if (open.empty() || !wait.again(descriptions[open.front()].error)) return descriptions;
    std::vector<GroupDescription> later = describe_now(client, names, with_operations);
    for (std::size_t i = 0; i < open.size(); ++i) descriptions[open[i]] = std::move(later.at(i));
  }
}

std::vector<GroupDescription> describe_groups(const Client& client,
                                              const std::vector<GroupListing>& listings) {
  std::vector<std::string> names;
  for (const GroupListing& listing : listings) {
    if (listing.state != "Empty") names.push_back(listing.group);
  }
  std::vector<GroupDescription> described = describe_groups(client, names);
  std::vector<GroupDescription> result;
  auto next = described.begin();
  for (const GroupListing& listing : listings) {
    if (listing.state != "Empty") {
      result.push_back(std::move(*next++));
    } else {
      GroupDescription empty;
      empty.group = listing.group;
      empty.state = listing.state;
      empty.type = listing.type;
      result.push_back(std::move(empty));
    }
  }
  return result;
}

std::vector<GroupOffsets> committed_offsets(const Client& client,
                                            const std::vector<std::string>& groups,
                                            PendingOffsets pending) {
  std::vector<GroupOffsets> results;
  for (const std::string& group : groups)
    results.push_back({group, {}, RD_KAFKA_RESP_ERR_NO_ERROR, {}});
  std::vector<std::size_t> open(results.size());
  std::iota(open.begin(), open.end(), std::size_t{0});
  for (CoordinatorWait wait(client);;) {
    read_offsets(client, open, pending, results);
    std::erase_if(open, [&](std::size_t i) { return !coordinator_moves(results[i].error); });
    if (open.empty() || !wait.again(results[open.front()].error)) return results;
  }
}

}  // namespace kpipe
