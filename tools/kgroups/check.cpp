// SPDX-License-Identifier: Apache-2.0
#include "tools/kgroups/check.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <future>
#include <map>

#include "common/base/clock.hpp"
#include "common/base/log.hpp"
#include "common/base/stop.hpp"
#include "common/kafka/groups.hpp"
#include "common/kafka/offsets.hpp"
#include "common/kafka/topics.hpp"
#include "common/tls/certificate.hpp"
#include "tools/kgroups/access_steps.hpp"
#include "tools/kgroups/check_broker.hpp"
#include "tools/kgroups/check_step.hpp"
#include "tools/kgroups/text.hpp"

namespace kpipe::kgroups {
namespace {

using Clock = std::chrono::steady_clock;

Route make_route(const Client& client, const ConnectionOptions& connection) {
  Route route;
  route.connection = connection;
  // Each broker is asked on its own.
  std::erase_if(route.connection.properties, [](const std::string& property) {
    return property.starts_with("bootstrap.servers=") ||
           property.starts_with("metadata.broker.list=");
  });
  route.security = client.security();
  route.user = client.property("sasl.username");
  route.checks_certificate = client.property("enable.ssl.certificate.verification") != "false";
  const std::string family = client.property("broker.address.family");
  route.family = family == "v4" ? AF_INET : family == "v6" ? AF_INET6 : AF_UNSPEC;
  return route;
}

/// Our own certificate, when there is one. Whoever made `config` has checked it, and said when it
/// ends soon.
std::vector<Step> certificate_steps(const ClientConfig& config) {
  const std::optional<tls::Certificate> certificate =
      tls::parse_certificate_pem(config.property("ssl.certificate.pem"));
  if (!certificate) return {};
  std::string subject = "ssl.certificate.pem";
  for (const char* const name : {"ssl.certificate.location", "ssl.keystore.location"}) {
    const std::string file = config.user_value(name);
    if (!file.empty()) subject = file.starts_with("-----BEGIN ") ? name : file;
  }
  Step step = passed("certificate", subject, certificate->text());
  constexpr std::int64_t soon_s = std::int64_t{30} * 86'400;
  if (certificate->not_after - std::time(nullptr) < soon_s) {
    step.result = Result::warning;
    step.cause = "our certificate expires in less than 30 days";
    step.remedy = "Renew it";
  }
  return {step};
}

void append(std::vector<Step>& steps, std::vector<Step> more) {
  steps.insert(steps.end(), std::make_move_iterator(more.begin()),
               std::make_move_iterator(more.end()));
}

/// Calls `ask`, which returns steps, and times it: its last step that is not skipped took this
/// long. A request that fails as a whole is a failure of `name`.
template <typename Ask>
std::vector<Step> timed(const std::string& name, const std::string& subject, Ask ask) {
  const Clock::time_point start = Clock::now();
  std::vector<Step> steps;
  try {
    steps = ask();
  } catch (const Error& error) {
    steps = {failed(name, subject, error.exit(), error.what(), {})};
  }
  if (!steps.empty() && steps.front().result != Result::skipped) {
    steps.front().ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start).count();
  }
  return steps;
}

/// Looks at topics and groups over one client.
class AccessCheck {
 public:
  AccessCheck(Client& client, const Options& options, std::string user)
      : client_(client), options_(options), user_(std::move(user)) {}

  std::vector<Step> run() {
    std::vector<Step> steps;
    for (const std::string& topic : options_.topics) append(steps, look_at_topic(topic));
    for (const std::string& group : options_.groups) append(steps, look_at_group(group));
    return steps;
  }

 private:
  std::vector<Step> look_at_topic(const std::string& topic) {
    std::vector<TopicPartition> partitions;
    std::vector<Step> steps = timed("topic", topic, [&] {
      const TopicDescription description = describe_topics(client_, {topic}, true).at(0);
      for (const PartitionDescription& partition : description.partitions)
        partitions.push_back({topic, partition.id});
      const bool missing = exit_for(description.error) == Exit::no_input;
      return topic_steps(description, user_, missing ? name_meant(topic) : std::string());
    });
    if (partitions.empty() || steps.front().result == Result::failed) {
      steps.push_back(skipped("records", topic, "a step before it failed"));
      return steps;
    }
    append(steps, timed("records", topic, [&]() -> std::vector<Step> {
             logs_[topic] = read_logs(client_, partitions);
             return {records_step(topic, logs_[topic], newest(partitions), wall_clock_ms())};
           }));
    return steps;
  }

  std::string name_meant(const std::string& topic) {
    std::vector<std::string> names;
    for (const auto& [name, partitions] : client_.topics()) names.push_back(name);
    return closest_name(topic, names);
  }

  std::optional<std::int64_t> newest(const std::vector<TopicPartition>& partitions) {
    std::vector<OffsetQuery> queries;
    for (const TopicPartition& tp : partitions) queries.push_back({tp, OffsetQuery::kMaxTimestamp});
    std::optional<std::int64_t> newest;
    for (const OffsetAnswer& answer : list_offsets(client_, queries, Isolation::read_uncommitted)) {
      // Kafka before 3.0 cannot tell; that is no failure of the way to it.
      if (answer.error == RD_KAFKA_RESP_ERR_NO_ERROR && answer.timestamp_ms >= 0)
        newest = std::max(newest.value_or(answer.timestamp_ms), answer.timestamp_ms);
    }
    return newest;
  }

  std::vector<Step> look_at_group(const std::string& group) {
    bool there = false;
    std::vector<Step> steps = timed("coordinator", group, [&] {
      const GroupDescription description = describe_groups(client_, {group}, true).at(0);
      there = description.error == RD_KAFKA_RESP_ERR_NO_ERROR || !description.exists();
      return group_steps(description, user_, options_.topics);
    });
    for (const auto& of_topic : logs_) {
      const std::string& topic = of_topic.first;
      if (!there) {
        steps.push_back(skipped("offsets", group + " in " + topic, "a step before it failed"));
        continue;
      }
      append(steps, timed("offsets", group + " in " + topic, [&]() -> std::vector<Step> {
               return {
                   offsets_step(committed_offsets(client_, {group}).at(0), topic, of_topic.second)};
             }));
    }
    return steps;
  }

  Client& client_;
  const Options& options_;
  std::string user_;
  std::map<std::string, std::vector<PartitionLog>> logs_;  ///< by topic
};

std::vector<Step> skipped_access(const Options& options, const std::string& cause) {
  std::vector<Step> steps;
  for (const std::string& topic : options.topics) steps.push_back(skipped("topic", topic, cause));
  for (const std::string& group : options.groups) steps.push_back(skipped("group", group, cause));
  return steps;
}

/// The brokers of -b, at once; their steps in the order given.
std::vector<BrokerCheck> check_listed(const std::vector<BrokerAddress>& brokers,
                                      const Route& route) {
  std::vector<std::future<BrokerCheck>> running;
  for (const BrokerAddress& broker : brokers)
    running.push_back(std::async(std::launch::async,
                                 [&broker, &route] { return check_listed_broker(broker, route); }));
  std::vector<BrokerCheck> checks;
  for (std::future<BrokerCheck>& one : running) checks.push_back(one.get());
  return checks;
}

/// Brokers of two clusters in one list: clients take whichever answers first.
void compare_clusters(const std::vector<BrokerCheck>& checks, std::vector<Step>& steps) {
  std::string first;
  for (const BrokerCheck& check : checks) {
    if (!check.contact) continue;
    const std::string& id = check.contact->cluster_id;
    if (first.empty()) first = id;
    if (id == first) continue;
    steps.push_back(failed("api", "-b", Exit::config,
                           "the brokers belong to different clusters: " + first + " and " + id,
                           "Name brokers of one cluster in -b"));
    return;
  }
}

std::vector<Step> check_advertised(const std::vector<BrokerAddress>& listed,
                                   const std::vector<BrokerCheck>& checks, const Route& route) {
  std::map<std::int32_t, Broker> brokers;
  for (const BrokerCheck& check : checks) {
    if (!check.contact) continue;
    for (const Broker& broker : check.contact->brokers) brokers.emplace(broker.id, broker);
  }
  const bool loopback = std::any_of(listed.begin(), listed.end(), [](const BrokerAddress& broker) {
    return is_loopback(broker.host);
  });
  std::vector<std::future<Step>> running;
  for (const auto& [id, broker] : brokers) {
    const Broker& one = broker;
    running.push_back(std::async(std::launch::async, [&one, &route, loopback] {
      return check_advertised_broker(one, route, loopback);
    }));
  }
  std::vector<Step> steps;
  for (std::future<Step>& step : running) steps.push_back(step.get());
  return steps;
}

/// All steps. Throws Error(config) when librdkafka refuses the configuration.
std::vector<Step> check_all(const Options& options) {
  ClientConfig config("kgroups", options.connection);
  const std::vector<BrokerAddress> listed = parse_brokers(config.property("bootstrap.servers"));
  // Whether librdkafka takes it, but without brokers: a wrong password must not be tried more often
  // than once a broker, since some lock the account.
  config.set("bootstrap.servers", "");
  std::vector<Step> steps = certificate_steps(config);
  const Client client(std::move(config), RD_KAFKA_PRODUCER);
  const Route route = make_route(client, options.connection);
  const std::vector<BrokerCheck> checks = check_listed(listed, route);
  for (const BrokerCheck& check : checks) append(steps, check.steps);
  compare_clusters(checks, steps);

  const std::vector<Step> advertised = check_advertised(listed, checks, route);
  const bool any = std::any_of(advertised.begin(), advertised.end(),
                               [](const Step& step) { return step.result != Result::failed; });
  if (advertised.empty())
    steps.push_back(skipped("advertised", "brokers", "no broker told which there are"));
  append(steps, advertised);
  if (options.topics.empty() && options.groups.empty()) return steps;
  if (any && !stop::requested()) {
    Client visitor(visitor_config("kgroups", options.connection), RD_KAFKA_PRODUCER);
    append(steps, AccessCheck(visitor, options, route.user).run());
  } else {
    append(steps, skipped_access(options, "no broker can be reached"));
  }
  return steps;
}

/// What was refused reads "ORIGIN: PROPERTY: cause. Remedy"; a step has these apart.
Step refused_configuration(const Error& refusal) {
  std::string cause = refusal.what();
  std::string remedy = "Correct it";
  if (const std::size_t end = cause.find(". "); end != std::string::npos) {
    remedy = cause.substr(end + 2);
    cause.resize(end);
  }
  std::string subject = "-X, profile";
  const std::size_t property = cause.find(": ");
  const std::size_t end = property == std::string::npos ? property : cause.find(": ", property + 2);
  if (end != std::string::npos) {
    subject = cause.substr(0, end);
    cause.erase(0, end + 2);
  }
  return failed("configuration", subject, Exit::config, cause, remedy);
}

void say(const std::vector<Step>& steps) {
  for (const Step& step : steps) {
    if (step.result != Result::failed && step.result != Result::warning) continue;
    // Making the client has said so, with the date.
    if (step.result == Result::warning && step.step == "certificate") continue;
    const std::string text = step.step + ": " + step.subject + ": " + step.cause +
                             (step.remedy.empty() ? "" : ". " + step.remedy);
    if (step.result == Result::failed) {
      log::error(Table::printable(text));
    } else {
      log::warning(Table::printable(text));
    }
  }
}

}  // namespace

Exit run_check(const Options& options) {
  std::vector<Step> steps;
  try {
    steps = check_all(options);
  } catch (const Error& error) {
    if (error.exit() != Exit::config) throw;
    steps.push_back(refused_configuration(error));
    append(steps, skipped_access(options, "a step before it failed"));
  }
  // What was cut short would look like a failure.
  if (stop::requested()) throw Error(Exit::temp_fail, "check: interrupted");

  OutBuffer out;
  append_steps(out, steps, options.output, options.output_file.empty() && stdout_has_colours());
  write_stdout(out);
  say(steps);
  return status_of(steps);
}

}  // namespace kpipe::kgroups
