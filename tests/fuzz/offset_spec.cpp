// SPDX-License-Identifier: Apache-2.0
// --from and --to: what is taken means one place, written another way it means the same place, and
// nothing is taken that a typo could have made.
#include "common/kafka/offset_spec.hpp"

#include <array>
#include <ctime>
#include <limits>

#include "common/base/parse.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using namespace kpipe;
using namespace kpipe::fuzz;
using Kind = OffsetSpec::Kind;

constexpr std::int64_t kNow = 1'795'246'448'656;
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

std::optional<OffsetSpec> read(std::string_view text, OffsetGrammar grammar) {
  OffsetSpec spec;
  if (!parse_offset_spec(text, grammar, kNow, spec).empty()) return std::nullopt;
  return spec;
}

std::string as_date_time(std::int64_t ms) {
  const std::time_t seconds = ms / 1000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "@%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
                parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min,
                parts.tm_sec, static_cast<int>(ms % 1000));
  return text.data();
}

std::string written(const OffsetSpec& spec) {
  switch (spec.kind) {
    case Kind::earliest:
      return "earliest";
    case Kind::latest:
      return "latest";
    case Kind::none:
      return "none";
    case Kind::current:
      return "current";
    case Kind::absolute:
      return std::to_string(spec.value);
    case Kind::shift:
      return (spec.value > 0 ? "+" : spec.value == 0 ? "-" : "") + std::to_string(spec.value);
    case Kind::from_end:
      return "-" + std::to_string(spec.value);
    case Kind::time:
      return as_date_time(spec.value);
  }
  return {};
}

/// The number when `text` is digits and it fits.
std::optional<std::int64_t> number(std::string_view text) {
  if (text.empty()) return std::nullopt;
  __int128 value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = std::min<__int128>(value * 10 + (c - '0'), __int128{kMost} + 1);
  }
  if (value > kMost) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

/// "2026-11-01T00:00:00Z" as libc reckons it, ms. Only this spelling.
std::optional<std::int64_t> utc(std::string_view text) {
  constexpr std::string_view mask = "dddd-dd-ddTdd:dd:ddZ";
  if (text.size() != mask.size()) return std::nullopt;
  for (std::size_t i = 0; i < mask.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (mask[i] == 'd' ? !digit : text[i] != mask[i]) return std::nullopt;
  }
  const auto part = [&](std::size_t at, std::size_t size) {
    return static_cast<int>(*number(text.substr(at, size)));
  };
  std::tm parts{};
  parts.tm_year = part(0, 4) - 1900;
  parts.tm_mon = part(5, 2) - 1;
  parts.tm_mday = part(8, 2);
  parts.tm_hour = part(11, 2);
  parts.tm_min = part(14, 2);
  parts.tm_sec = part(17, 2);
  const std::tm asked = parts;
  const std::int64_t seconds = ::timegm(&parts);  // makes a right date of a wrong one
  const bool right = parts.tm_mon == asked.tm_mon && parts.tm_mday == asked.tm_mday &&
                     parts.tm_hour == asked.tm_hour && parts.tm_min == asked.tm_min &&
                     parts.tm_sec == asked.tm_sec;
  return right ? std::optional(seconds * 1000) : std::nullopt;
}

/// Whole numbers with units, as "1h30m".
struct Duration {
  bool spelt = false;              ///< that is what the text is
  std::optional<std::int64_t> ms;  ///< absent: the units do not fall, or it is more than a century
};

Duration duration(std::string_view text) {
  struct Unit {
    std::string_view name;
    std::int64_t ms;
  };
  constexpr std::array<Unit, 5> units{
      {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
  std::int64_t sum = 0;
  std::int64_t last = kMost;
  bool falling = true;
  while (!text.empty()) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    if (digits == 0 || digits > 6) return {};
    const std::int64_t count = *number(text.substr(0, digits));
    text.remove_prefix(digits);
    const std::string_view name = text.substr(0, text.find_first_of("0123456789"));
    text.remove_prefix(name.size());
    std::int64_t ms = 0;
    for (const Unit& unit : units) {
      if (unit.name == name) ms = unit.ms;
    }
    if (ms == 0) return {};
    falling = falling && ms < last;
    last = ms;
    sum += count * ms;
  }
  constexpr std::int64_t century = 100LL * 366 * 86'400'000;
  return {last != kMost, falling && sum <= century ? std::optional(sum) : std::nullopt};
}

void require_same(const std::optional<OffsetSpec>& got, Kind kind,
                  const std::optional<std::int64_t>& value, std::string_view text) {
  require(got.has_value() == value.has_value(), "a place or not", {text});
  require(!got || *got == OffsetSpec{kind, *value}, "which place", {text});
}

/// The spellings of which there is no doubt.
void compare(std::string_view text, OffsetGrammar grammar, const std::optional<OffsetSpec>& got) {
  const bool from = grammar == OffsetGrammar::from;
  const bool digits = text.find_first_not_of("0123456789", 1) == std::string_view::npos;
  if (!text.empty() && digits) {
    if (text[0] >= '0' && text[0] <= '9') require_same(got, Kind::absolute, number(text), text);
    const auto rest = number(text.substr(1));
    if (text[0] == '+') require_same(got, Kind::shift, from ? std::nullopt : rest, text);
    if (text[0] == '-' && from) require_same(got, Kind::from_end, rest, text);
    if (text[0] == '-' && !from)
      require_same(got, Kind::shift, rest ? std::optional(-*rest) : rest, text);
  }
  const auto no_earlier = [](std::int64_t ms) { return std::max<std::int64_t>(ms, 0); };
  if (text.starts_with('@')) {
    const auto time = utc(text.substr(1));
    if (time) require_same(got, Kind::time, no_earlier(*time), text);
    require(!got || got->kind == Kind::time, "@ is a time", {text});
  }
  if (text.starts_with('-') && !digits) {
    const Duration back = duration(text.substr(1));
    const auto time = back.ms ? std::optional(no_earlier(kNow - *back.ms)) : std::nullopt;
    if (back.spelt) require_same(got, Kind::time, time, text);
  }
}

void resolve(const OffsetSpec& spec, std::string_view text) {
  struct Log {
    std::int64_t start, end, at_time;
  };
  for (const Log& ends : {Log{0, 0, -1}, Log{5, 10, 7}, Log{0, kMost, kMost}}) {
    PartitionLog log;
    log.start = ends.start;
    log.end = ends.end;
    log.at_time = ends.at_time;
    for (const std::optional<std::int64_t> committed :
         {std::optional<std::int64_t>(), std::optional<std::int64_t>(7), std::optional(kMost)}) {
      const auto place = resolve_offset(spec, log, log.end, committed);
      const bool needs_committed = spec.kind == Kind::shift || spec.kind == Kind::current;
      require(place.has_value() == (spec.kind != Kind::none && (!needs_committed || committed)),
              "where there is a place", {text});
      if (!place) continue;
      if (spec.kind == Kind::shift) {
        const __int128 moved = __int128{*committed} + spec.value;
        require(place->offset == (moved > kMost ? kMost : moved),
                "a move from the committed offset", {text});
      } else if (spec.kind != Kind::absolute && spec.kind != Kind::current) {
        require(place->offset >= log.start && place->offset <= log.end, "a place in the log",
                {text});
      }
    }
  }
}

void examine(std::string_view text, OffsetGrammar grammar) {
  const auto got = read(text, grammar);
  compare(text, grammar, got);
  if (!got) return;
  require(text.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyzPTZDHMS:+.@- ") ==
              std::string_view::npos,
          "only letters, digits and signs", {text});
  require(got->value >= 0 || got->kind == Kind::shift, "no negative places", {text});
  constexpr std::int64_t year_10000 = 253'402'300'800'000;
  if (got->kind != Kind::time || got->value < year_10000) {
    const std::string anew = written(*got);
    require(read(anew, grammar) == got, "written anew it is the same place", {text, anew});
  }
  resolve(*got, text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text(data, size);
  examine(text, OffsetGrammar::from);
  examine(text, OffsetGrammar::to);
  return 0;
}
