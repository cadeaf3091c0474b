// SPDX-License-Identifier: Apache-2.0
// Whatever kconsume and a sink have to say to each other arrives as it was said.
#include "common/wire/control.hpp"
#include "common/wire/mark.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/made_up.hpp"

namespace {

using namespace kpipe;
using namespace kpipe::fuzz;

template <typename Message>
ControlLine said(const Message& message, OutBuffer& out) {
  append_line(out, message);
  require(out.view().find('\n') + 1 == out.size(), "a message is one line", {out.view()});
  ControlLine line;
  const std::string_view reason = parse_control_line(out.view().substr(0, out.size() - 1), line);
  require(reason.empty(), "a message is understood", {out.view(), reason});
  return line;
}

std::vector<Checkpoint> checkpoints(MadeUp& made) {
  std::vector<Checkpoint> all;
  while (made.more() && made.below(4) != 0) all.push_back(made.checkpoint());
  return all;
}

std::int64_t number(MadeUp& made) {
  return made.from_zero_to(std::numeric_limits<std::int64_t>::max());
}

void say_sink_hello(MadeUp& made, OutBuffer& out) {
  SinkHello hello;
  hello.pending = made.flag();
  hello.sink = made.text();
  if (!hello.pending) {
    if (made.flag()) hello.request = number(made);
    hello.offsets = checkpoints(made);
  }
  const auto heard = said(hello, out).sink_hello;
  require(heard && heard->sink == hello.sink && heard->pending == hello.pending &&
              heard->request == hello.request && heard->offsets == hello.offsets,
          "a sink's hello", {out.view()});
}

void say_source_hello(MadeUp& made, OutBuffer& out) {
  const SourceHello hello{made.text(), made.text(), made.flag(), made.flag(), made.flag()};
  const auto heard = said(hello, out).source_hello;
  require(heard && heard->group == hello.group && heard->cluster == hello.cluster &&
              heard->direct == hello.direct && heard->marks == hello.marks &&
              heard->unbounded == hello.unbounded,
          "kconsume's hello", {out.view()});
}

void say_assign(MadeUp& made, OutBuffer& out) {
  Assign assign;
  assign.request = number(made);
  while (made.more() && made.below(4) != 0) {
    const TopicPartition& tp = assign.partitions.emplace_back(made.topic_partition());
    if (made.flag()) assign.topic_ids[tp.topic] = made.topic();
  }
  const auto heard = said(assign, out).assign;
  require(heard && heard->request == assign.request && heard->partitions == assign.partitions &&
              heard->topic_ids == assign.topic_ids,
          "an assignment", {out.view()});
}

void say_mark(MadeUp& made, OutBuffer& out) {
  const Mark mark{made.checkpoint(), made.flag()};
  append_line(out, mark);
  Mark heard;
  require(parse_mark(out.view().substr(0, out.size() - 1), heard) && heard.upto == mark.upto &&
              heard.flush == mark.flush,
          "a mark", {out.view()});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  MadeUp made(data, size);
  OutBuffer out;
  switch (made.below(9)) {
    case 0:
      say_sink_hello(made, out);
      break;
    case 1:
      say_source_hello(made, out);
      break;
    case 2:
      say_assign(made, out);
      break;
    case 3: {
      const Flush flush{checkpoints(made), static_cast<std::uint64_t>(number(made)), made.flag()};
      const auto heard = said(flush, out).flush;
      require(heard && heard->upto == flush.upto && heard->at_byte == flush.at_byte &&
                  heard->settled == flush.settled,
              "a flush", {out.view()});
      break;
    }
    case 4: {
      Bye bye{static_cast<std::uint64_t>(number(made))};
      if (made.flag()) bye.end = checkpoints(made);
      const auto heard = said(bye, out).bye;
      require(heard && heard->at_byte == bye.at_byte && heard->end == bye.end, "a bye",
              {out.view()});
      break;
    }
    case 5: {
      const Checkpoint ack = made.checkpoint();
      require(said(ack, out).ack == ack, "an acknowledgement", {out.view()});
      break;
    }
    case 6: {
      Revoke revoke{{}, static_cast<std::uint64_t>(number(made))};
      while (made.more() && made.below(4) != 0) revoke.partitions.push_back(made.topic_partition());
      const auto heard = said(revoke, out).revoke;
      require(heard && heard->partitions == revoke.partitions && heard->at_byte == revoke.at_byte,
              "a revocation", {out.view()});
      break;
    }
    case 7:
      require(said(InputEnded{}, out).input_ended.has_value(), "an end", {out.view()});
      break;
    default:
      say_mark(made, out);
  }
  return 0;
}
