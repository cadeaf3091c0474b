// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/first_batch.hpp"

#include <poll.h>

#include <array>
#include <cerrno>
#include <map>
#include <string>

#include "common/base/error.hpp"
#include "common/base/line_reader.hpp"
#include "common/base/stop.hpp"
#include "common/wire/mark.hpp"
#include "common/wire/record.hpp"

namespace kpipe {
namespace {

/// Waits for input. False when a signal asks to stop.
bool wait_for(int fd) {
  std::array<pollfd, 2> fds{{{fd, POLLIN, 0}, {stop::fd(), POLLIN, 0}}};
  for (;;) {
    if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) throw system_error("poll", errno);
    if (fds[1].revents != 0) return false;
    if (fds[0].revents != 0) return true;
  }
}

}  // namespace

FirstBatch read_first_batch(int fd, const std::optional<std::vector<StoredPartition>>& stored,
                            const SinkOptions& options) {
  std::map<TopicPartition, Checkpoint> next;
  for (const StoredPartition& row : stored.value_or(std::vector<StoredPartition>{}))
    next[row.checkpoint.tp] = row.checkpoint;
  FirstBatch first;
  LineReader reader(fd);
  RecordDecoder decoder;
  std::string_view line;
  while (!reader.at_eof()) {
    while (reader.next(line)) {
      Record record;
      Mark mark;
      if (line.empty()) continue;
      const std::string_view reason = decoder.decode(line, record);
      if (!reason.empty()) {
        if (parse_mark(line, mark)) continue;
        throw Error(Exit::data, "stdin: line " + std::to_string(reader.lines()) + ": " +
                                    std::string(reason) + ": " + std::string(line.substr(0, 80)));
      }
      const auto at = next.find({std::string(record.topic), record.partition});
      if (at != next.end() && record.generation == at->second.generation &&
          record.offset < at->second.offset) {
        ++first.duplicates;
        continue;
      }
      const std::uint32_t range = first.batch.range_of(record.topic, record.partition);
      first.batch.range(range).generation = record.generation;
      first.batch.add(record, line, range);
      if (first.batch.entries().size() >= options.batch_size ||
          first.batch.bytes() >= options.batch_bytes)
        return first;
    }
    if (!wait_for(fd)) break;
    reader.fill();
  }
  return first;
}

}  // namespace kpipe
