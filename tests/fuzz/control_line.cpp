// SPDX-License-Identifier: Apache-2.0
// Lines that steer: from the socket and from --acks (anybody may write there), marks among the
// records, checkpoints in files. An offset read wrongly is a record lost.
#include "common/wire/control.hpp"

#include "common/wire/mark.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/reference_lines.hpp"

namespace {

using namespace kpipe;
using namespace kpipe::fuzz;

std::string written(const ControlLine& line) {
  OutBuffer out;
  int members = 0;
  const auto add = [&](const auto& member) {
    if (!member) return;
    append_line(out, *member);
    ++members;
  };
  add(line.sink_hello);
  add(line.input_ended);
  add(line.source_hello);
  add(line.assign);
  add(line.flush);
  add(line.revoke);
  add(line.bye);
  add(line.ack);
  require(members == 1, "a line has one meaning");
  require(out.view().back() == '\n' && out.view().find('\n') + 1 == out.size(), "a line is a line",
          {out.view()});
  return std::string(out.view().substr(0, out.size() - 1));
}

bool names_a_message(const Json& line) {
  for (const char* name : {"hello", "assign", "flush", "revoke", "eof", "bye"}) {
    if (line.last(name) != nullptr) return true;
  }
  return false;
}

bool is_number_or_absent(const Json* value) {
  return value == nullptr || as_int(*value).value_or(-1) >= 0;
}

std::optional<std::vector<Checkpoint>> expected_checkpoints(const Json& array) {
  if (array.kind != JsonKind::array) return std::nullopt;
  std::vector<Checkpoint> all;
  for (const Json& item : array.items) {
    if (!is_clear(item)) return std::nullopt;
    const auto checkpoint = expected_checkpoint(item);
    if (!checkpoint) return std::nullopt;
    all.push_back(*checkpoint);
  }
  return all;
}

/// Of a clear line JSON says what it means.
void compare(const ControlLine& got, bool taken, const Json& line, std::string_view text) {
  const bool numbers =
      is_number_or_absent(line.last("at_byte")) && is_number_or_absent(line.last("request"));
  require(numbers || !taken, "malformed numbers are refused", {text});
  if (!numbers) return;
  if (!names_a_message(line)) {
    const auto ack = expected_checkpoint(line);
    require(taken == ack.has_value(), "an acknowledgement or not", {text});
    if (taken) require(got.ack == ack, "what is acknowledged", {text});
    return;
  }
  if (taken && got.flush) {
    const auto upto = expected_checkpoints(*line.last("flush"));
    require(!upto || got.flush->upto == *upto, "what is to be flushed", {text});
  }
  const Json* at_byte = line.last("at_byte");
  const std::uint64_t bytes =
      at_byte == nullptr ? 0 : static_cast<std::uint64_t>(*as_int(*at_byte));
  if (taken && got.flush) require(got.flush->at_byte == bytes, "the flush's place", {text});
  if (taken && got.revoke) require(got.revoke->at_byte == bytes, "the revocation's place", {text});
  if (taken && got.bye) require(got.bye->at_byte == bytes, "the end's place", {text});
}

void read_control(std::string_view text, const std::optional<Json>& value) {
  ControlLine line;
  const bool taken = parse_control_line(text, line).empty();
  if (is_clear(value)) compare(line, taken, *value, text);
  if (!taken) return;
  const std::string anew = written(line);
  ControlLine again;
  require(parse_control_line(anew, again).empty(), "a line written anew is read", {text, anew});
  require(written(again) == anew, "a line written anew means the same", {text, anew});
  if (line.ack) require(again.ack == line.ack, "the same acknowledgement", {text, anew});
}

void read_mark(std::string_view text, const std::optional<Json>& value) {
  Mark mark;
  const bool taken = parse_mark(text, mark);
  if (is_clear(value)) {
    const Json* body = value->last("mark");
    const bool clear = body != nullptr && is_clear(*body);
    const auto upto = clear ? expected_checkpoint(*body) : std::nullopt;
    require(taken == upto.has_value() || (body != nullptr && !clear), "a mark or not", {text});
    if (taken && upto) {
      const Json* flush = body->last("flush");
      require(mark.upto == *upto, "the mark's place", {text});
      require(mark.flush == (flush != nullptr && flush->raw == "true"), "the mark's flush", {text});
    }
  }
  if (!taken) return;
  OutBuffer out;
  append_line(out, mark);
  Mark again;
  require(parse_mark(out.view(), again) && again.upto == mark.upto && again.flush == mark.flush,
          "a mark written anew is the same mark", {text, out.view()});
}

void read_checkpoint(std::string_view text, const std::optional<Json>& value) {
  static CheckpointReader reader;
  Checkpoint checkpoint;
  const bool taken = reader.read(text, checkpoint).empty();
  if (is_clear(value)) {
    const auto expected = expected_checkpoint(*value);
    require(taken == expected.has_value(), "a checkpoint or not", {text});
    if (taken) require(checkpoint == *expected, "what a checkpoint says", {text});
  }
  if (!taken) return;
  OutBuffer out;
  append_checkpoint(out, checkpoint, ",\"sink\":\"x\"");
  Checkpoint again;
  require(reader.read(out.view(), again).empty() && again == checkpoint,
          "a checkpoint written anew is the same", {text, out.view()});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text(data, size);
  const auto value = parse_json(text);
  read_control(text, value);
  read_mark(text, value);
  read_checkpoint(text, value);
  return 0;
}
