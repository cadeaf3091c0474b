// SPDX-License-Identifier: Apache-2.0
#include "tools/kseek/target_options.hpp"

#include <algorithm>
#include <vector>

#include "common/base/parse.hpp"

namespace kpipe::kseek {
namespace {

std::string name_of(const CLI::Option* option) {
  return "--" + option->get_lnames().front();
}

[[noreturn]] void refuse(const CLI::Option* option, const std::string& text,
                         const std::string& reason) {
  throw Error(Exit::usage, name_of(option) + ": '" + text + "': " + reason);
}

bool is_unsigned(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

void TargetOptions::add_to(ToolApp& app) {
  CLI::App& cli = app.app();
  const auto add = [&](Spelling& spelling, const char* name, const char* type, const char* help) {
    spelling.option = cli.add_option(name, spelling.text, help)->type_name(type);
  };
  const auto add_flag = [&](Spelling& spelling, const char* name, const std::string& help) {
    spelling.option = cli.add_flag(name, help);
  };
  add(to_, "--to", "PLACE",
      "Where to go: earliest, latest, current, an offset, +N or -N (by N records from the "
      "committed offset), @TIME (first record at or after it) or -DURATION (that long ago).");
  add_flag(earliest_, "--to-earliest", "The same as --to earliest, in Kafka's spelling.");
  add_flag(latest_, "--to-latest", "The same as --to latest.");
  add_flag(current_, "--to-current", "The same as --to current.");
  add(offset_, "--to-offset", "N", "The same as --to N.");
  add(datetime_, "--to-datetime", "TIME", "The same as --to @TIME.");
  add(duration_, "--by-duration", "DURATION",
      "The same as --to -DURATION, in ISO 8601, such as P1DT2H30M.");
  add(shift_, "--shift-by", "N", "The same as --to +N, or with a negative number --to -N.");
  add(zone_, "--tz", "ZONE",
      "Time zone of a date or date-time that names none: UTC, +01:00, Europe/Berlin or local.");
  add(file_, "--from-file", "FILE",
      "Go where the checkpoint lines of FILE (- for stdin) say, as printed by kgroups lag, kseek "
      "or "
      "a sink, or Kafka's CSV lines topic,partition,offset.");
  add(group_, "--from-group", "GROUP", "Go where GROUP stands.");
  add_flag(delete_, "--delete,--delete-offsets",
           "Delete the committed offsets, as if the group had never committed there.");
}

Target TargetOptions::resolve(std::int64_t now_ms) const {
  std::vector<const Spelling*> given;
  for (const Spelling* spelling : {&to_, &earliest_, &latest_, &current_, &offset_, &datetime_,
                                   &duration_, &shift_, &file_, &group_, &delete_}) {
    if (spelling->option->count() > 0) given.push_back(spelling);
  }
  if (given.size() > 1) {
    throw Error(Exit::usage, name_of(given[0]->option) + ", " + name_of(given[1]->option) +
                                 ": one of the two says where to go, not both");
  }
  const Spelling* const one = given.empty() ? nullptr : given[0];
  const bool is_time = one == &datetime_ || (one == &to_ && to_.text.starts_with('@'));
  if (zone_.option->count() > 0 && !is_time) {
    throw Error(Exit::usage,
                "--tz: no time to read with it. It belongs to --to @TIME and --to-datetime TIME");
  }
  if (one == nullptr) return {};
  Target target;
  if (one == &file_) {
    if (file_.text.empty()) refuse(file_.option, "", "no file name");
    target.from_file = file_.text;
    return target;
  }
  if (one == &group_) {
    if (group_.text.empty()) refuse(group_.option, "", "no group name");
    target.from_group = group_.text;
    return target;
  }
  if (one == &delete_) {
    target.remove = true;
    return target;
  }
  return parse_place(*one, now_ms);
}

Target TargetOptions::parse_place(const Spelling& given, std::int64_t now_ms) const {
  using Kind = OffsetSpec::Kind;
  Target target;
  const std::string& text = given.text;
  target.text = name_of(given.option) + (text.empty() ? "" : " " + text);
  OffsetSpec spec;
  std::string reason;
  const std::optional<TimeZone> zone =
      zone_.text.empty() ? std::nullopt : std::optional(TimeZone(zone_.text));
  const TimeZone* const tz = zone ? &*zone : nullptr;

  if (&given == &to_) {
    reason = parse_offset_spec(text, OffsetGrammar::to, now_ms, spec, tz);
  } else if (&given == &earliest_) {
    spec = {Kind::earliest, 0};
  } else if (&given == &latest_) {
    spec = {Kind::latest, 0};
  } else if (&given == &current_) {
    spec = {Kind::current, 0};
  } else if (&given == &offset_) {
    const auto offset = parse_int(text);
    if (!offset || !is_unsigned(text)) reason = "not an offset: a whole number, 0 or more";
    spec = {Kind::absolute, offset.value_or(0)};
  } else if (&given == &datetime_) {
    reason = parse_offset_time(text, spec, tz);
  } else if (&given == &duration_) {
    const auto duration = text.starts_with('P') ? parse_duration(text) : std::nullopt;
    if (!duration) {
      reason = "not a duration in ISO 8601; examples: PT15M, P1DT2H30M";
    } else {
      spec = {Kind::time, std::max<std::int64_t>(now_ms - duration->count(), 0)};
    }
  } else {
    const auto shift = parse_int(text.starts_with('+') ? text.substr(1) : text);
    if (!shift || text.starts_with("+-")) reason = "not a whole number; examples: 10, -10";
    spec = {Kind::shift, shift.value_or(0)};
  }
  if (!reason.empty()) {
    const bool needs_zone = reason.starts_with("a date-time without a zone");
    refuse(given.option, text, reason + (needs_zone ? ", or name the zone with --tz" : ""));
  }
  target.place = spec;
  return target;
}

}  // namespace kpipe::kseek
