// SPDX-License-Identifier: Apache-2.0
#include "tools/kseek/target_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <limits>

#include "common/base/error.hpp"
#include "common/base/fd.hpp"
#include "common/base/line_reader.hpp"
#include "common/base/parse.hpp"
#include "common/kafka/topic_scope.hpp"

namespace kpipe::kseek {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blank = " \t\r";
  const std::size_t first = text.find_first_not_of(blank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

/// Kafka's tool writes names with and without quotes.
std::string_view unquoted(std::string_view text) {
  text = trimmed(text);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
    return text.substr(1, text.size() - 2);
  return text;
}

/// Cuts the last field off `text`.
std::string_view take_last_field(std::string_view& text) {
  const std::size_t comma = text.rfind(',');
  const std::string_view field = comma == std::string_view::npos ? text : text.substr(comma + 1);
  text = text.substr(0, comma == std::string_view::npos ? 0 : comma);
  return unquoted(field);
}

std::string place_text(const Place& place) {
  return place.offset ? "offset " + std::to_string(*place.offset) : "no offset";
}

}  // namespace

void TargetFile::refuse(std::uint64_t number, const std::string& reason) const {
  throw Error(Exit::data, name_ + ":" + std::to_string(number) + ": " + reason);
}

void TargetFile::add_line(std::string_view text, std::uint64_t number) {
  text = trimmed(text);
  if (text.empty() || text.starts_with("kseek:")) return;
  if (text.front() == '{' || text.find(',') == std::string_view::npos) {
    add_json(text, number);
  } else {
    add_csv(text, number);
  }
}

void TargetFile::add_json(std::string_view text, std::uint64_t number) {
  text_.clear();
  text_.append(text);
  if (!json_.object(text_.view(), fields_)) refuse(number, "not a JSON object");
  std::string group;
  std::string sink;
  bool is_null = false;
  bool remove = false;
  for (const JsonField& field : fields_) {
    if (field.name == "group") {
      group.clear();
      if (field.value.kind != JsonKind::string || !append_unescaped(group, field.value.raw))
        refuse(number, "\"group\" is not a string");
    } else if (field.name == "sink") {
      sink.clear();
      if (field.value.kind == JsonKind::string) append_unescaped(sink, field.value.raw);
    } else if (field.name == "delete") {
      remove = field.value.raw == "true";
    } else if (field.name == "offset") {
      is_null = field.value.is_null();
    }
  }
  if (is_null && !remove) return;
  if (remove && !is_null) refuse(number, "an \"offset\" beside \"delete\": which of them?");
  Checkpoint checkpoint;
  const std::string_view reason = CheckpointReader::from_fields(fields_, checkpoint);
  if (remove && reason == "no \"offset\"") {
    add(group, checkpoint.tp, {}, number);
  } else if (!reason.empty()) {
    refuse(number, std::string(reason));
  } else {
    add(group, checkpoint.tp, {checkpoint.offset, checkpoint.generation, sink}, number);
  }
}

void TargetFile::add_csv(std::string_view text, std::uint64_t number) {
  const auto offset = parse_int(take_last_field(text));
  const auto partition = parse_int(take_last_field(text));
  const std::string topic(take_last_field(text));
  const std::string group(unquoted(text));
  const bool legal = offset && *offset >= 0 && partition && *partition >= 0 &&
                     *partition <= std::numeric_limits<std::int32_t>::max() && is_topic_name(topic);
  if (!legal) {
    refuse(number,
           "neither a checkpoint line nor Kafka's topic,partition,offset or "
           "group,topic,partition,offset");
  }
  add(group, {topic, static_cast<std::int32_t>(*partition)}, {*offset}, number);
}

void TargetFile::add(const std::string& group, const TopicPartition& tp, const Place& place,
                     std::uint64_t number) {
  const auto [found, is_new] = by_group_[group].try_emplace(tp, place);
  if (!is_new && found->second.offset != place.offset) {
    refuse(number, to_string(tp) + " was named before with " + place_text(found->second) +
                       ". Give each partition of a group once");
  }
}

std::map<std::string, Places> TargetFile::for_groups(const std::vector<std::string>& groups) const {
  if (by_group_.empty()) throw Error(Exit::data, name_ + ": no offsets in it");
  std::map<std::string, Places> result;
  if (by_group_.size() == 1) {
    const auto& [named, places] = *by_group_.begin();
    if (groups.empty() && named.empty())
      throw Error(Exit::usage, "-g: no group given, and " + name_ + " names none");
    for (const std::string& group : groups.empty() ? std::vector{named} : groups) {
      Places& own = result[group] = places;
      // What the sinks of one group have seen says nothing of those of another.
      if (group != named) {
        for (auto& [tp, place] : own) place = {place.offset};
      }
    }
    return result;
  }
  if (by_group_.contains("")) {
    throw Error(Exit::data, name_ + ": some lines name a group and some do not. Give one kind");
  }
  if (groups.empty()) return by_group_;
  for (const std::string& group : groups) {
    const auto found = by_group_.find(group);
    if (found == by_group_.end()) {
      throw Error(Exit::data, name_ + ": it has lines of several groups and none of " + group +
                                  ". Choose the lines first, for example with jq");
    }
    result.insert(*found);
  }
  return result;
}

std::map<std::string, Places> read_target_file(const std::string& path,
                                               const std::vector<std::string>& groups) {
  UniqueFd file;
  if (path != "-") {
    file.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) {
      if (errno == ENOENT) throw Error(Exit::no_input, "--from-file: " + path + ": no such file");
      throw system_error("--from-file: " + path, errno);
    }
  }
  TargetFile targets(path == "-" ? "stdin" : path);
  constexpr std::size_t max_line = std::size_t{1} << 20;
  LineReader lines(path == "-" ? STDIN_FILENO : file.get(), max_line);
  for (std::string_view line;;) {
    while (lines.next(line)) targets.add_line(line, lines.lines());
    if (lines.at_eof()) break;
    lines.fill();
  }
  if (!lines.remainder().empty()) targets.add_line(lines.remainder(), lines.lines() + 1);
  return targets.for_groups(groups);
}

}  // namespace kpipe::kseek
