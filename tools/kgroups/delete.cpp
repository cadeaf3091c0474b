// SPDX-License-Identifier: Apache-2.0
#include "tools/kgroups/delete.hpp"

#include <future>

#include "common/kafka/group_delete.hpp"
#include "tools/kgroups/failures.hpp"
#include "tools/kgroups/json_fields.hpp"
#include "tools/kgroups/list.hpp"
#include "tools/kgroups/text.hpp"

namespace kpipe::kgroups {
namespace {

struct Candidate {
  GroupRow row;
  std::optional<std::size_t> offsets;  ///< partitions with a committed offset
  bool deletable = false;
  bool deleted = false;
  std::string error;
};

void refuse(Candidate& candidate, Failures& failures, Exit exit, const std::string& reason) {
  candidate.error = reason;
  failures.add(Error(exit, candidate.row.group + ": " + reason));
}

/// A group that is no consumer group has no members that could be seen, at most their number: Kafka
/// refuses to delete one that is in use.
void look_elsewhere(const Client& client, Candidate& candidate, Failures& failures) {
  const std::vector<OtherGroup> found = list_other_groups(client, candidate.row.group);
  if (found.empty()) {
    refuse(candidate, failures, Exit::no_input, "no such group. kgroups list shows what is there");
    return;
  }
  candidate.row = make_group_row(found.front());
  candidate.deletable = candidate.row.members.value_or(0) == 0;
  if (!candidate.deletable)
    refuse(candidate, failures, Exit::temp_fail,
           "not deleted: the group is active (" + candidate.row.state + ") with " +
               std::to_string(*candidate.row.members) + " members of the protocol " +
               candidate.row.protocol + ". Stop them, then try again");
}

std::vector<Candidate> look_at(const Client& client, const Options& options, Failures& failures) {
  auto described =
      std::async(std::launch::async, [&] { return describe_groups(client, options.groups); });
  const std::vector<GroupOffsets> offsets = committed_offsets(client, options.groups);
  const std::vector<GroupDescription> descriptions = described.get();
  std::vector<Candidate> candidates;
  for (std::size_t i = 0; i < options.groups.size(); ++i) {
    const GroupDescription& description = descriptions.at(i);
    Candidate candidate;
    candidate.row = make_group_row({options.groups[i], "Unknown", "Unknown"}, description);
    const bool offsets_known = offsets[i].error == RD_KAFKA_RESP_ERR_NO_ERROR;
    if (offsets_known) candidate.offsets = offsets[i].offsets.size();
    const bool known = description.exists() || candidate.offsets.value_or(1) > 0;
    if (!known || description.foreign()) {
      candidate.offsets.reset();
      look_elsewhere(client, candidate, failures);
    } else if (!candidate.row.error.empty()) {
      const Error error = client.error("members", description.error, description.error_text,
                                       {"Describe", "group", candidate.row.group});
      refuse(candidate, failures, error.exit(), error.what());
    } else if (!offsets_known) {
      const Error error = client.error("committed offsets", offsets[i].error, offsets[i].error_text,
                                       {"Describe", "group", candidate.row.group});
      refuse(candidate, failures, error.exit(), error.what());
    } else if (description.active()) {
      refuse(candidate, failures, Exit::temp_fail,
             "not deleted: the group is active (" + candidate.row.state +
                 "): " + members_text(description.members) + ". Stop them, then try again");
    } else {
      candidate.deletable = true;
    }
    candidates.push_back(std::move(candidate));
  }
  return candidates;
}

void execute(const Client& client, std::vector<Candidate>& candidates, Failures& failures) {
  std::vector<std::string> names;
  for (const Candidate& candidate : candidates) {
    if (candidate.deletable) names.push_back(candidate.row.group);
  }
  const std::vector<GroupDeletion> results = delete_groups(client, names);
  auto result = results.begin();
  for (Candidate& candidate : candidates) {
    if (!candidate.deletable) continue;
    const GroupDeletion& deletion = *result++;
    candidate.deleted = deletion.error == RD_KAFKA_RESP_ERR_NO_ERROR;
    if (candidate.deleted) continue;
    const bool joined = deletion.error == RD_KAFKA_RESP_ERR_NON_EMPTY_GROUP;
    const Error error = client.error(
        "not deleted", deletion.error,
        joined ? "the group has members. Stop them, then try again" : deletion.error_text,
        {"Delete", "group", candidate.row.group});
    refuse(candidate, failures, joined ? Exit::temp_fail : error.exit(), error.what());
  }
}

void append_candidates(OutBuffer& out, const std::vector<Candidate>& candidates,
                       const Options& options) {
  if (options.output == OutputFormat::ndjson) {
    for (const Candidate& candidate : candidates) {
      out.append('{');
      JsonFields(out)
          .text("group", candidate.row.group)
          .text("state", candidate.row.state)
          .text("type", candidate.row.type)
          .number("members", candidate.row.members)
          .number("offsets", candidate.offsets)
          .truth("deleted", candidate.deleted)
          .text_or_null("error", candidate.error);
      out.append("}\n");
    }
    return;
  }
  Table table({{"GROUP"},
               {"STATE"},
               {"TYPE"},
               {"MEMBERS", Table::Align::right},
               {"OFFSETS", Table::Align::right},
               {"RESULT"}});
  for (const Candidate& candidate : candidates) {
    const char* const result = candidate.deleted          ? "deleted"
                               : !candidate.error.empty() ? "failed"
                               : candidate.deletable      ? "would be deleted"
                                                          : "kept";
    table.add_row({candidate.row.group, candidate.row.state, candidate.row.type,
                   candidate.row.members ? std::to_string(*candidate.row.members) : "?",
                   candidate.offsets ? std::to_string(*candidate.offsets) : "?", result},
                  candidate.error.empty() ? Table::Tone::plain : Table::Tone::alarm);
  }
  table.append_to(out, stdout_has_colours());
}

}  // namespace

Exit run_delete(const Client& client, const Options& options) {
  Failures failures;
  std::vector<Candidate> candidates = look_at(client, options, failures);
  if (options.execute) execute(client, candidates, failures);
  OutBuffer out;
  append_candidates(out, candidates, options);
  write_stdout(out);
  if (!options.execute) log::notice("dry run: nothing was deleted. --execute deletes");
  return failures.status(candidates.size());
}

}  // namespace kpipe::kgroups
