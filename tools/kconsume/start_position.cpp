// SPDX-License-Identifier: Apache-2.0
#include "tools/kconsume/start_position.hpp"

#include <algorithm>

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
  if (!facts.committed) command += " --create-group";
  return command + " --execute";
}

std::string name(const PartitionFacts& facts) {
  return to_string(facts.tp);
}

/// "; once with --on-mismatch sink"
std::string option(const char* text) {
  return std::string("; or once with ") + text;
}

/// The generation that every sink takes for a deliberate replay: above all that were used.
std::int64_t next_generation(const PartitionFacts& facts) {
  const std::int64_t committed = facts.lineage ? facts.lineage->generation : 0;
  return std::max(committed, facts.stored ? facts.stored->generation : 0) + 1;
}

/// Several sinks are joined by '+' in the metadata.
bool names_sink(const std::string& joined, const std::string& sink) {
  return !sink.empty() && ("+" + joined + "+").find("+" + sink + "+") != std::string::npos;
}

/// From the first record that is left, in a new generation: the sink's offset is above it.
StartDecision from_log_start(const PartitionFacts& facts, const std::string& why) {
  return {facts.log_start, next_generation(facts),
          name(facts) + ": " + why + ": reading from the start of the log (" +
              number(facts.log_start) + ")"};
}

/// Never a silent jump: a start outside the log stops with the range that is gone, or goes on and
/// says it.
StartDecision within_log(const PartitionFacts& facts, StartDecision decision,
                         const std::string& whose) {
  const std::string where = name(facts) + "@" + number(decision.offset) + ": ";
  const std::string remedy =
      (facts.group.empty() ? "give the sink a new --sink-id" : kseek(facts, "earliest")) +
      option("--on-data-loss skip");
  if (decision.offset > facts.log_end) {
    const std::string what =
        whose + " is beyond the end of the log (" + number(facts.log_end) + ")";
    if (facts.on_data_loss == OnDataLoss::skip) return from_log_start(facts, what);
    throw Error(Exit::data, where + what +
                                ": the topic was re-created or truncated. To read it from its "
                                "start: " +
                                remedy);
  }
  if (decision.offset < facts.log_start) {
    const std::string what = "records " + number(decision.offset) + " to " +
                             number(facts.log_start - 1) + " are gone (retention or deleted)";
    if (facts.on_data_loss == OnDataLoss::skip) {
      decision.warning = where + what + ": skipped " + number(facts.log_start - decision.offset) +
                         " offsets (--on-data-loss skip)";
      decision.offset = facts.log_start;
      return decision;
    }
    throw Error(Exit::data, where + what + ": " + whose +
                                " is below the start of the log. To go on without them: " + remedy);
  }
  return decision;
}

StartDecision start_anew(const PartitionFacts& facts) {
  if (facts.added_later) {
    StartDecision decision{facts.log_start, 0, {}, true};
    if (facts.from != facts.log_start) {
      decision.warning = name(facts) +
                         ": new since the topic was begun with: read from its first "
                         "record (" +
                         number(facts.log_start) + "), whatever --from says";
    }
    return decision;
  }
  if (!facts.from) {
    throw Error(Exit::no_input,
                name(facts) +
                    ": no stored offset, and --from none allows no other start. Use --from "
                    "earliest or latest");
  }
  return {*facts.from, 0, {}, true};
}

/// As if the sink knew nothing: where Kafka stands, in a generation that the sink will adopt.
StartDecision follow_kafka(const PartitionFacts& facts) {
  StartDecision decision;
  if (facts.committed) {
    decision = within_log(facts, {*facts.committed, 0, {}}, "the group's committed offset");
  } else {
    decision = start_anew(facts);
  }
  decision.generation = next_generation(facts);
  decision.is_first = false;
  decision.warning = name(facts) + "@" + number(decision.offset) +
                     ": following Kafka, not the sink (" + number(facts.stored->next) +
                     "), as --on-mismatch kafka says";
  return decision;
}

/// The sink is right: where it stands, in its own generation.
StartDecision follow_sink(const PartitionFacts& facts) {
  StartDecision decision{facts.stored->next, facts.stored->generation, {}};
  decision.warning = name(facts) + "@" + number(decision.offset) +
                     ": following the sink, as --on-mismatch sink says";
  return within_log(facts, decision, "the sink's stored offset");
}

StartDecision from_commit_alone(const PartitionFacts& facts) {
  const std::int64_t generation = facts.lineage ? facts.lineage->generation : 0;
  const bool sink_forgot = facts.sink_answered && facts.lineage &&
                           names_sink(facts.lineage->sink, facts.sink) &&
                           *facts.committed > facts.log_start;
  if (sink_forgot && facts.on_mismatch == OnMismatch::sink) {
    return {facts.log_start, generation,
            name(facts) + ": " + facts.sink + " holds nothing of it: filling it again from " +
                number(facts.log_start) + ", as --on-mismatch sink says"};
  }
  if (sink_forgot && facts.on_mismatch == OnMismatch::stop) {
    throw Error(Exit::data, name(facts) + "@" + number(*facts.committed) +
                                ": the group says that " + facts.sink +
                                " has stored all below, but the sink knows nothing of it: its "
                                "offsets were lost or it was restored empty. To fill it again: " +
                                kseek(facts, "earliest") +
                                "; to go on from here: " + kseek(facts, number(*facts.committed)) +
                                option("--on-mismatch sink or kafka"));
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

/// The same name, another topic: its offsets count other records.
bool is_recreated(const PartitionFacts& facts) {
  return !facts.topic_id.empty() && !facts.stored->topic_id.empty() &&
         facts.topic_id != facts.stored->topic_id;
}

StartDecision recreated(const PartitionFacts& facts) {
  const std::string what = "the topic was deleted and created again since the sink stored up to " +
                           number(facts.stored->next) + " (topic id " + facts.stored->topic_id +
                           ", now " + facts.topic_id + ")";
  if (facts.on_mismatch == OnMismatch::sink) return follow_sink(facts);
  if (facts.on_mismatch == OnMismatch::kafka) return follow_kafka(facts);
  if (facts.on_data_loss == OnDataLoss::skip) return from_log_start(facts, what);
  throw Error(Exit::data,
              name(facts) + ": " + what + ". To read the new topic from its start: " +
                  (facts.group.empty() ? "--on-data-loss skip"
                                       : kseek(facts, "earliest") + option("--on-data-loss skip")) +
                  "; if its offsets count the same records (a copied topic): --on-mismatch sink");
}

StartDecision from_sink_alone(const PartitionFacts& facts) {
  if (is_recreated(facts)) return recreated(facts);
  StartDecision decision{facts.stored->next, facts.stored->generation, {}};
  if (!facts.group.empty() && facts.stored->next > facts.log_start) {
    decision.warning = name(facts) + "@" + number(facts.stored->next) +
                       ": the group has no committed offset (new, or expired); "
                       "starting where the sink stands";
  }
  return within_log(facts, decision, "the sink's stored offset");
}

StartDecision contradiction(const PartitionFacts& facts, const std::string& what) {
  if (facts.on_mismatch == OnMismatch::sink) return follow_sink(facts);
  if (facts.on_mismatch == OnMismatch::kafka) return follow_kafka(facts);
  throw Error(Exit::data, name(facts) + ": " + what +
                              ". To follow the sink: " + kseek(facts, number(facts.stored->next)) +
                              "; to follow the group (a replay or a skip): " +
                              kseek(facts, number(*facts.committed)) +
                              option("--on-mismatch sink or kafka"));
}

StartDecision from_both(const PartitionFacts& facts) {
  const std::int64_t committed = *facts.committed;
  const StoredOffset& stored = *facts.stored;
  const std::int64_t generation = facts.lineage ? facts.lineage->generation : stored.generation;
  if (generation > stored.generation) {
    return within_log(facts, {committed, generation, {}}, "the group's committed offset");
  }
  if (is_recreated(facts)) return recreated(facts);
  if (!facts.lineage && committed != stored.next) {
    return contradiction(facts, "the group stands at " + number(committed) + " and the sink at " +
                                    number(stored.next) +
                                    ": another tool moved the group's offsets");
  }
  if (generation < stored.generation) {
    return contradiction(facts, "the group's generation " + number(generation) +
                                    " is older than the sink's " + number(stored.generation) +
                                    ": the group's offsets were restored from before a kseek");
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

StartDecision decide_start(const SinkFacts& sinks) {
  StartDecision slowest = decide_start(sinks.at(0));
  for (std::size_t i = 1; i < sinks.size(); ++i) {
    const StartDecision other = decide_start(sinks[i]);
    if (other.generation != slowest.generation) {
      throw Error(Exit::data,
                  name(sinks[i]) + ": " + sinks[0].sink + " and " + sinks[i].sink +
                      " stand in different generations (" + number(slowest.generation) + " and " +
                      number(other.generation) + "). To begin anew with both: kseek -g " +
                      sinks[i].group + " -t " + sinks[i].tp.topic + ":" +
                      number(sinks[i].tp.partition) + " --to OFFSET --generation " +
                      number(std::max(other.generation, slowest.generation) + 1) + " --execute");
    }
    if (other.offset < slowest.offset) slowest = other;
  }
  return slowest;
}

}  // namespace kpipe::kconsume
