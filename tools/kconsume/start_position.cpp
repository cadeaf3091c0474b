// SPDX-License-Identifier: Apache-2.0
#include "tools/kconsume/start_position.hpp"

namespace kpipe::kconsume {
namespace {

std::string number(std::int64_t value) {
  return std::to_string(value);
}

/// "kseek -g etl -t orders:3 --to 17 --execute". kseek counts on from the group's generation; where
/// the sink's is as high (another tool erased the group's), the sink would not see that it was
/// moved.
std::string kseek(const PartitionFacts& facts, const std::string& to) {
  const std::int64_t group = facts.lineage ? facts.lineage->generation : 0;
  std::string command = "kseek -g " + facts.group + " -t " + facts.tp.topic + ":" +
                        number(facts.tp.partition) + " --to " + to;
  if (facts.stored && facts.stored->generation > group) {
    command += " --generation " + number(facts.stored->generation + 1);
  }
  return command + " --execute";
}

std::string name(const PartitionFacts& facts) {
  return to_string(facts.tp);
}

/// Never a silent jump: a start outside the log stops with the range that is gone.
StartDecision within_log(const PartitionFacts& facts, StartDecision decision,
                         const std::string& whose) {
  if (decision.offset > facts.log_end) {
    throw Error(
        Exit::data,
        name(facts) + "@" + number(decision.offset) + ": " + whose +
            " is beyond the end of the log (" + number(facts.log_end) +
            "): the topic was re-created or truncated. To read it from its start: " +
            (facts.group.empty() ? "give the sink a new --sink-id" : kseek(facts, "earliest")));
  }
  if (decision.offset < facts.log_start) {
    throw Error(
        Exit::data,
        name(facts) + "@" + number(decision.offset) + ": records " + number(decision.offset) +
            " to " + number(facts.log_start - 1) + " are gone (retention or deleted): " + whose +
            " is below the start of the log. To go on without them: " +
            (facts.group.empty() ? "give the sink a new --sink-id" : kseek(facts, "earliest")));
  }
  return decision;
}

StartDecision start_anew(const PartitionFacts& facts) {
  if (!facts.from) {
    throw Error(Exit::no_input,
                name(facts) +
                    ": no stored offset, and --from none allows no other start. Use --from "
                    "earliest or latest");
  }
  return {*facts.from, 0, {}};
}

StartDecision from_commit_alone(const PartitionFacts& facts) {
  const std::int64_t generation = facts.lineage ? facts.lineage->generation : 0;
  if (facts.sink_answered && facts.lineage && facts.lineage->sink == facts.sink &&
      !facts.sink.empty() && *facts.committed > facts.log_start) {
    throw Error(Exit::data, name(facts) + "@" + number(*facts.committed) +
                                ": the group says that " + facts.sink +
                                " has stored all below, but the sink knows nothing of it: its "
                                "offsets were lost or it was "
                                "restored empty. To fill it again: " +
                                kseek(facts, "earliest") +
                                "; to go on from here: " + kseek(facts, number(*facts.committed)));
  }
  StartDecision decision{*facts.committed, generation, {}};
  if (facts.sink_answered && *facts.committed > facts.log_start) {
    decision.warning = name(facts) + "@" + number(*facts.committed) +
                       ": a new sink for a group that was used before: " +
                       number(*facts.committed - facts.log_start) +
                       " earlier records are not for it";
  }
  return within_log(facts, decision, "the group's committed offset");
}

StartDecision from_sink_alone(const PartitionFacts& facts) {
  StartDecision decision{facts.stored->next, facts.stored->generation, {}};
  if (!facts.group.empty() && facts.stored->next > facts.log_start) {
    decision.warning = name(facts) + "@" + number(facts.stored->next) +
                       ": the group has no committed offset (new, or expired); "
                       "starting where the sink stands";
  }
  return within_log(facts, decision, "the sink's stored offset");
}

[[noreturn]] void foreign_reset(const PartitionFacts& facts) {
  throw Error(Exit::data, name(facts) + ": the group stands at " + number(*facts.committed) +
                              " and the sink at " + number(facts.stored->next) +
                              ": another tool moved the group's offsets. To follow the sink: " +
                              kseek(facts, number(facts.stored->next)) +
                              "; to follow the group (a replay or a skip): " +
                              kseek(facts, number(*facts.committed)));
}

StartDecision from_both(const PartitionFacts& facts) {
  const std::int64_t committed = *facts.committed;
  const StoredOffset& stored = *facts.stored;
  if (!facts.lineage && committed != stored.next) foreign_reset(facts);
  const std::int64_t generation = facts.lineage ? facts.lineage->generation : stored.generation;
  if (generation > stored.generation) {
    return within_log(facts, {committed, generation, {}}, "the group's committed offset");
  }
  if (generation < stored.generation) {
    throw Error(Exit::data,
                name(facts) + ": the group's generation " + number(generation) +
                    " is older than the sink's " + number(stored.generation) +
                    ": the group's offsets were restored from before a kseek. To follow "
                    "the sink: " +
                    kseek(facts, number(stored.next)));
  }
  StartDecision decision{stored.next, generation, {}};
  if (stored.next < committed) {
    decision.warning = name(facts) + ": the sink holds less than was committed (" +
                       number(stored.next) + " < " + number(committed) +
                       "; restored or failed over?): reading again from " + number(stored.next);
  }
  return within_log(facts, decision, "the sink's stored offset");
}

}  // namespace

StartDecision decide_start(const PartitionFacts& facts) {
  if (facts.committed && facts.stored) return from_both(facts);
  if (facts.committed) return from_commit_alone(facts);
  if (facts.stored) return from_sink_alone(facts);
  return start_anew(facts);
}

}  // namespace kpipe::kconsume
