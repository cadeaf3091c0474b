// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/offsets_commands.hpp"

#include <unistd.h>

#include <algorithm>

#include "common/base/error.hpp"
#include "common/base/fd.hpp"
#include "common/base/log.hpp"
#include "common/wire/json_text.hpp"

namespace kpipe {
namespace {

void append_member(OutBuffer& out, std::string_view name, std::string_view text) {
  out.append(",\"");
  out.append(name);
  out.append("\":");
  append_json_string(out, text);
}

void append_row(OutBuffer& out, const StoredPartition& row, const std::string& sink) {
  OutBuffer extra;
  append_member(extra, "sink", sink);
  if (!row.source.group.empty()) append_member(extra, "group", row.source.group);
  if (!row.source.cluster.empty()) append_member(extra, "cluster", row.source.cluster);
  extra.append(",\"rows\":");
  extra.append_int(row.rows);
  append_member(extra, "updated_at", row.updated_at);
  append_checkpoint(out, row.checkpoint, extra.view());
  out.append('\n');
}

}  // namespace

int print_offsets(const std::vector<SinkOfTopic>& sinks) {
  OutBuffer out;
  bool any = false;
  for (const SinkOfTopic& one : sinks) {
    const auto rows = one.sink->peek();
    any = any || rows;
    if (!rows) continue;
    for (const StoredPartition& row : *rows) append_row(out, row, one.sink->name());
  }
  if (!any) {
    throw Error(Exit::no_input, "table " + sinks.front().sink->table() +
                                    ": there is no kpipe_offsets in its schema: nothing was ever "
                                    "stored there by ksink-pg");
  }
  if (const int error = write_all(STDOUT_FILENO, out.view()); error != 0)
    throw system_error("stdout", error);
  return 0;
}

int set_offsets(const std::vector<SinkOfTopic>& sinks) {
  const std::vector<OffsetLine> lines = read_offset_lines(STDIN_FILENO);
  std::vector<std::vector<OffsetLine>> shares(sinks.size());
  for (const OffsetLine& line : lines) {
    const std::string& topic = line.checkpoint.tp.topic;
    const auto found = std::find_if(sinks.begin(), sinks.end(), [&](const SinkOfTopic& one) {
      return one.topic.empty() || one.topic == topic;
    });
    if (found == sinks.end())
      throw Error(Exit::data, "stdin: line " + std::to_string(line.number) + ": topic " + topic +
                                  ": is not one of --allow-topics");
    shares[static_cast<std::size_t>(found - sinks.begin())].push_back(line);
  }
  for (std::size_t i = 0; i < sinks.size(); ++i) {
    if (shares[i].empty()) continue;
    for (const OffsetChange& change : sinks[i].sink->set_offsets(shares[i]))
      log::notice(change_text(change));
  }
  return 0;
}

int forget_offsets(const std::vector<SinkOfTopic>& sinks) {
  for (const SinkOfTopic& one : sinks) {
    const std::int64_t count = one.sink->forget_offsets();
    if (count == 0) {
      log::notice("sink " + one.sink->name() + ": nothing is stored, nothing to forget");
    } else {
      log::notice("sink " + one.sink->name() + ": forgot the offsets of " + std::to_string(count) +
                  (count == 1 ? " partition" : " partitions"));
    }
  }
  return 0;
}

}  // namespace kpipe
