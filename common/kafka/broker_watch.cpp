// SPDX-License-Identifier: Apache-2.0
#include "common/kafka/broker_watch.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "common/base/clock.hpp"
#include "common/base/parse.hpp"

namespace kpipe {
namespace {

/// So often in a row a broker must have hung up before that is taken for its answer.
constexpr std::uint32_t kHangUps = 3;
/// librdkafka's connection to a group's coordinator, beside that to the same broker.
constexpr std::string_view kCoordinator = "GroupCoordinator";

bool is_login(std::string_view state) {
  return state.starts_with("AUTH") || state.starts_with("REAUTH");
}

/// "sasl_ssl://host:9093/bootstrap" or "host:9092/1": what stands behind the protocol.
std::string_view without_protocol(std::string_view name) {
  const std::size_t scheme = name.find("://");
  return scheme == std::string_view::npos ? name : name.substr(scheme + 3);
}

/// "host:9092", "::1:9092" or "[::1]:9092".
BrokerAddress broker_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return {std::string(text), {}};
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return {std::string(host), std::string(text.substr(colon + 1))};
}

std::string where(std::int32_t id, const BrokerAddress& address) {
  return (id < 0 ? "" : "broker " + std::to_string(id) + " at ") + address.text();
}

}  // namespace

BrokerWatch::BrokerWatch(std::string_view listed, Security security,
                         std::chrono::milliseconds timeout)
    : security_(std::move(security)),
      timeout_(timeout),
      listed_(parse_brokers(listed)),
      here_(std::any_of(listed_.begin(), listed_.end(),
                        [](const BrokerAddress& broker) { return is_loopback(broker.host); })) {}

BrokerWatch::Way& BrokerWatch::way(std::int32_t id, const BrokerAddress& address) {
  Way& way = ways_[{id, address.text()}];
  way.id = id;
  way.address = address;
  return way;
}

void BrokerWatch::on_state(std::int32_t id, std::string_view host, int port,
                           std::string_view state) {
  const std::lock_guard lock(mutex_);
  const bool up = state == "UP";
  if (host == kCoordinator && up) {
    served_ = true;
    // What was said of it stands with the broker of its address.
    for (auto& [key, one] : ways_) {
      if (one.advertised() && !one.tried) one.failure.clear();
    }
  }
  // Its others are within librdkafka.
  if (host.empty() || port == 0) return;
  Way& changed =
      way(std::max(id, -1), broker_address(std::string(host) + ":" + std::to_string(port)));
  if (state == "DOWN" && is_login(changed.state)) ++refused_logins_;
  if (state == "DOWN" && !changed.failure.empty()) ++changed.failures;
  if (state != "INIT" && state != "DOWN") changed.tried = true;
  changed.state = state;
  if (up && changed.advertised()) {
    served_ = changed.stood = true;
    // A listed one may hang up at the next request, and librdkafka does not repeat itself.
    changed.failure.clear();
    changed.failures = 0;
  }
  ++changes_;
  changed_.notify_all();
}

void BrokerWatch::on_failure(std::string_view line) {
  constexpr std::string_view thread_end = "]: ";
  if (line.starts_with("[thrd:")) {
    const std::size_t end = line.find(thread_end);
    if (end == std::string_view::npos) return;
    line.remove_prefix(end + thread_end.size());
  }
  constexpr std::string_view separator = ": ";
  const auto next_word = [&]() -> std::string_view {
    const std::size_t end = line.find(separator);
    if (end == std::string_view::npos) return {};
    const std::string_view word = line.substr(0, end);
    line.remove_prefix(end + separator.size());
    return word;
  };
  std::string_view name = without_protocol(next_word());
  const bool coordinator = name == kCoordinator;
  if (coordinator) name = next_word();
  const std::size_t slash = name.rfind('/');
  const BrokerAddress address = broker_address(name.substr(0, slash));
  const std::lock_guard lock(mutex_);
  if (coordinator) {
    for (auto& [key, one] : ways_) {
      if (one.advertised() && key.second == address.text()) one.failure = line;
    }
  } else if (slash != std::string_view::npos) {
    const auto id = parse_int(name.substr(slash + 1));  // or "bootstrap"
    way(static_cast<std::int32_t>(id.value_or(-1)), address).failure = line;
  }
  ++changes_;
  changed_.notify_all();
}

void BrokerWatch::on_certificate(std::string_view broker, std::int32_t id, int error) {
  const std::string_view name = without_protocol(broker);
  const std::lock_guard lock(mutex_);
  Way& shown = way(std::max(id, -1), broker_address(name.substr(0, name.rfind('/'))));
  // Called from the authority down to the broker's own; ends at the first that is refused.
  shown.certificate_error = error;
  shown.certificate_shown = true;
}

bool BrokerWatch::connected() const {
  const std::lock_guard lock(mutex_);
  return std::any_of(ways_.begin(), ways_.end(),
                     [](const auto& item) { return item.second.state == "UP"; });
}

bool BrokerWatch::served() const {
  const std::lock_guard lock(mutex_);
  return served_;
}

std::uint64_t BrokerWatch::refused_logins() const {
  const std::lock_guard lock(mutex_);
  return refused_logins_;
}

Diagnosis BrokerWatch::diagnose(const Way& way) const {
  const bool connecting = way.state == "TRY_CONNECT" || way.state == "CONNECT";
  Diagnosis diagnosis = way.failure.empty() && connecting
                            ? diagnose_connect(ETIMEDOUT, timeout_)
                            : diagnose_contact(way.failure, security_, way.certificate_error,
                                               way.certificate_shown, timeout_);
  if (way.advertised() && !way.stood &&
      (diagnosis.step == "resolve" || diagnosis.step == "connect")) {
    diagnosis.step = "advertised";
    diagnosis.remedy = remedy_for_advertised(way.address.host, here_);
  }
  return diagnosis;
}

bool BrokerWatch::is_hopeless(const Way& way) const {
  if (way.failure.empty() || way.state == "UP") return false;
  const Retry retry = diagnose(way).retry;
  return retry == Retry::useless || (retry == Retry::doubtful && way.failures >= kHangUps);
}

/// In bootstrap.servers; those of the cluster stand by their ids.
std::size_t BrokerWatch::place(const Way& way) const {
  if (way.advertised()) return static_cast<std::size_t>(way.id);
  const auto found = std::find_if(listed_.begin(), listed_.end(), [&](const BrokerAddress& broker) {
    return broker.text() == way.address.text();
  });
  return static_cast<std::size_t>(found - listed_.begin());
}

/// Once the cluster has told its brokers' addresses, those of bootstrap.servers are left.
std::vector<const BrokerWatch::Way*> BrokerWatch::current() const {
  const bool told = std::any_of(ways_.begin(), ways_.end(),
                                [](const auto& item) { return item.second.advertised(); });
  std::vector<const Way*> ways;
  for (const auto& [key, one] : ways_) {
    if (one.advertised() == told) ways.push_back(&one);
  }
  std::stable_sort(ways.begin(), ways.end(),
                   [&](const Way* a, const Way* b) { return place(*a) < place(*b); });
  return ways;
}

std::optional<Error> BrokerWatch::hopeless() const {
  const std::lock_guard lock(mutex_);
  if (served_) return std::nullopt;
  const std::vector<const Way*> ways = current();
  if (!std::all_of(ways.begin(), ways.end(), [&](const Way* one) { return is_hopeless(*one); }))
    return std::nullopt;
  return describe(ways);
}

std::optional<Error> BrokerWatch::failure() const {
  const std::lock_guard lock(mutex_);
  std::vector<const Way*> ways = current();
  std::erase_if(ways, [](const Way* one) { return one->state == "UP" || one->failure.empty(); });
  return describe(ways);
}

Error BrokerWatch::silence() const {
  const std::lock_guard lock(mutex_);
  std::vector<const Way*> ways = current();
  std::erase_if(ways, [&](const Way* one) {
    // Once brokers serve, librdkafka leaves those that it does not need.
    const bool waited_for = one->tried && !served_;
    return one->state == "UP" || (one->failure.empty() && !waited_for);
  });
  return describe(ways).value_or(
      Error(Exit::unavailable, "no answer within " + duration_text(timeout_.count()) +
                                   ". A slow broker needs a longer --timeout"));
}

/// "STEP: BROKER, BROKER: cause; STEP: BROKER: cause. remedy". The status and the remedy are those
/// of the failure that is the least likely to pass.
std::optional<Error> BrokerWatch::describe(const std::vector<const Way*>& ways) const {
  struct Group {
    Diagnosis diagnosis;
    std::string brokers;
  };
  std::vector<Group> groups;
  for (const Way* const one : ways) {
    Diagnosis diagnosis = diagnose(*one);
    const auto same = std::find_if(groups.begin(), groups.end(), [&](const Group& group) {
      return group.diagnosis.step == diagnosis.step && group.diagnosis.cause == diagnosis.cause;
    });
    if (same == groups.end()) {
      groups.push_back({std::move(diagnosis), where(one->id, one->address)});
    } else {
      same->brokers += ", " + where(one->id, one->address);
    }
  }
  if (groups.empty()) return std::nullopt;
  std::string text;
  for (const Group& group : groups) {
    text += (text.empty() ? "" : "; ") + group.diagnosis.step + ": " + group.brokers + ": " +
            group.diagnosis.cause;
  }
  const Diagnosis& worst = std::max_element(groups.begin(), groups.end(), [](auto& a, auto& b) {
                             return a.diagnosis.retry < b.diagnosis.retry;
                           })->diagnosis;
  return Error(worst.exit, text + (worst.remedy.empty() ? "" : ". " + worst.remedy));
}

std::uint64_t BrokerWatch::changes() const {
  const std::lock_guard lock(mutex_);
  return changes_;
}

void BrokerWatch::wait(std::uint64_t seen, Clock::time_point end) const {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, end, [&] { return changes_ != seen; });
}

}  // namespace kpipe
