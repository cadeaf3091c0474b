// SPDX-License-Identifier: Apache-2.0
#include "tools/kgroups/check_broker.hpp"

#include <chrono>
#include <ctime>
#include <future>

#include "common/kafka/client.hpp"
#include "common/tls/certificate.hpp"
#include "tools/kgroups/reach.hpp"
#include "tools/kgroups/text.hpp"

namespace kpipe::kgroups {
namespace {

using Clock = std::chrono::steady_clock;

std::int64_t ms_since(Clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start).count();
}

Step failed_step(const std::string& subject, const Diagnosis& diagnosis) {
  return failed(diagnosis.step, subject, diagnosis.exit, diagnosis.cause, diagnosis.remedy);
}

std::string list_of(const std::vector<NetAddress>& addresses) {
  std::string text;
  for (const NetAddress& address : addresses) text += (text.empty() ? "" : " ") + address.text();
  return text;
}

Step resolve_step(const BrokerAddress& broker, const Route& route,
                  std::vector<NetAddress>& addresses) {
  const Clock::time_point start = Clock::now();
  const std::chrono::milliseconds timeout = route.connection.timeout;
  Resolution resolution = resolve(broker, route.family, timeout);
  const bool found = resolution.answered && resolution.code == 0;
  addresses = std::move(resolution.addresses);
  Step step = found ? passed("resolve", broker.text(), list_of(addresses))
                    : failed_step(broker.text(),
                                  diagnose_name(resolution.answered ? std::optional(resolution.code)
                                                                    : std::nullopt,
                                                timeout));
  step.ms = ms_since(start);
  return step;
}

/// To all addresses at once. Clients try them in turn: one that is dead costs them time and
/// patience.
Step connect_step(const BrokerAddress& broker, const Route& route,
                  const std::vector<NetAddress>& addresses) {
  const Clock::time_point start = Clock::now();
  const std::chrono::milliseconds timeout = route.connection.timeout;
  std::vector<std::future<Connection>> attempts;
  for (const NetAddress& address : addresses)
    attempts.push_back(std::async(std::launch::async, try_connect, address, timeout));
  std::string reached;
  std::string refused;
  std::optional<Diagnosis> diagnosis;
  for (std::size_t i = 0; i < attempts.size(); ++i) {
    const Connection connection = attempts[i].get();
    if (connection.error == 0) {
      reached +=
          (reached.empty() ? "" : ", ") + addresses[i].text() + " from " + connection.our_text;
      continue;
    }
    const Diagnosis one = diagnose_connect(connection.error, timeout);
    refused += (refused.empty() ? "" : ", ") + addresses[i].text() + ": " + one.cause;
    if (!diagnosis) diagnosis = one;
  }
  Step step;
  if (!diagnosis) {
    step = passed("connect", broker.text(), reached);
  } else if (reached.empty()) {
    diagnosis->cause = addresses.size() == 1 ? diagnosis->cause : refused;
    step = failed_step(broker.text(), *diagnosis);
  } else {
    step = warned("connect", broker.text(), refused,
                  "Clients try this address as well: correct the DNS, or give -X "
                  "broker.address.family=v4 or v6");
    step.detail = reached;
  }
  step.ms = ms_since(start);
  return step;
}

Step tls_step(const BrokerAddress& broker, const Contact& contact, const Route& route,
              std::int64_t now_s) {
  if (!route.checks_certificate) {
    return warned("tls", broker.text(), "the broker's certificate is not checked",
                  "Whoever is on the way can read along: leave out "
                  "enable.ssl.certificate.verification=false and give -X ssl.ca.location=FILE");
  }
  const std::optional<tls::Certificate> certificate =
      contact.certificate ? tls::parse_certificate_der(contact.certificate->der) : std::nullopt;
  if (!certificate) return passed("tls", broker.text(), {});
  constexpr std::int64_t soon_days = 30;
  constexpr std::int64_t day_s = 86'400;
  Step step = passed("tls", broker.text(), certificate->text());
  if (certificate->not_after - now_s < soon_days * day_s) {
    step.result = Result::warning;
    step.cause =
        "the broker's certificate expires in less than " + std::to_string(soon_days) + " days";
    step.remedy = "Renew it";
  }
  return step;
}

Step login_step(const BrokerAddress& broker, const Route& route) {
  Step step = passed("login", broker.text(),
                     route.security.mechanism + (route.user.empty() ? "" : " as " + route.user));
  if (route.security.mechanism == "PLAIN" && !route.security.tls()) {
    step.result = Result::warning;
    step.cause = "the password goes over the network in the clear";
    step.remedy = "Use a listener with TLS (-X security.protocol=sasl_ssl) or SCRAM";
  }
  return step;
}

Step api_step(const BrokerAddress& broker, const Contact& contact) {
  const std::size_t count = contact.brokers.size();
  return passed("api", broker.text(),
                "cluster " + (contact.cluster_id.empty() ? "without an id" : contact.cluster_id) +
                    ", " + std::to_string(count) + (count == 1 ? " broker" : " brokers"));
}

}  // namespace

std::vector<Step> contact_steps(const BrokerAddress& broker, const Contact& contact,
                                const Route& route, std::int64_t now_s) {
  std::optional<Diagnosis> diagnosis;
  if (!contact.reached) {
    const int error = contact.certificate ? contact.certificate->error : 0;
    diagnosis = diagnose_contact(contact.failure, route.security, error,
                                 contact.certificate.has_value(), route.connection.timeout);
  }
  const auto is_cause = [&](const std::string& step) {
    return diagnosis && diagnosis->step == step;
  };
  std::vector<Step> steps;
  bool over = false;
  // A name or a connection that failed since we looked.
  if (is_cause("resolve") || is_cause("connect")) {
    steps.push_back(failed_step(broker.text(), *diagnosis));
    over = true;
  }
  for (const std::string name : {"tls", "login", "api"}) {
    const bool used = (name == "tls" && route.security.tls()) ||
                      (name == "login" && route.security.sasl()) || name == "api";
    if (!used && !is_cause(name)) continue;
    if (over) {
      steps.push_back(skipped(name, broker.text(), "a step before it failed"));
    } else if (is_cause(name)) {
      steps.push_back(failed_step(broker.text(), *diagnosis));
      if (name == "tls" && contact.certificate) {
        const auto certificate = tls::parse_certificate_der(contact.certificate->der);
        if (certificate) {
          const bool own = contact.certificate->depth == 0;
          steps.back().detail = (own ? "" : "an authority of the broker's: ") + certificate->text();
        }
      }
      over = true;
    } else if (name == "tls") {
      steps.push_back(tls_step(broker, contact, route, now_s));
    } else if (name == "login") {
      steps.push_back(login_step(broker, route));
    } else {
      steps.push_back(api_step(broker, contact));
    }
  }
  return steps;
}

BrokerCheck check_listed_broker(const BrokerAddress& broker, const Route& route) {
  BrokerCheck check;
  std::vector<NetAddress> addresses;
  check.steps.push_back(resolve_step(broker, route, addresses));
  const bool found = check.steps.back().result != Result::failed;
  check.steps.push_back(found ? connect_step(broker, route, addresses)
                              : skipped("connect", broker.text(), "a step before it failed"));
  if (!found || check.steps.back().result == Result::failed) {
    if (route.security.tls())
      check.steps.push_back(skipped("tls", broker.text(), "a step before it failed"));
    if (route.security.sasl())
      check.steps.push_back(skipped("login", broker.text(), "a step before it failed"));
    check.steps.push_back(skipped("api", broker.text(), "a step before it failed"));
    return check;
  }
  const Clock::time_point start = Clock::now();
  ConnectionOptions connection = route.connection;
  connection.bootstrap_servers = broker.text();
  Contact contact = make_contact(ClientConfig("kgroups", connection));
  std::vector<Step> steps = contact_steps(broker, contact, route, std::time(nullptr));
  // They are one exchange: its time is that of the step that ends it.
  for (Step& step : steps) {
    const bool last = &step == &steps.back();
    if (step.result == Result::failed || (last && step.result == Result::ok))
      step.ms = ms_since(start);
  }
  check.steps.insert(check.steps.end(), steps.begin(), steps.end());
  if (contact.reached) check.contact = std::move(contact);
  return check;
}

Step check_advertised_broker(const Broker& broker, const Route& route, bool loopback) {
  const Clock::time_point start = Clock::now();
  const BrokerAddress address{broker.host, std::to_string(broker.port)};
  const std::string subject = "broker " + std::to_string(broker.id) + " at " + address.text();
  std::vector<NetAddress> addresses;
  Step step = resolve_step(address, route, addresses);
  std::string found = step.detail;
  if (step.result != Result::failed) step = connect_step(address, route, addresses);
  step.step = "advertised";
  step.subject = subject;
  step.ms = ms_since(start);
  if (step.result == Result::failed) {
    step.detail = found;
    step.remedy = remedy_for_advertised(address.host, loopback);
  } else if (is_loopback(address.host) && !loopback) {
    step.result = Result::warning;
    step.cause = "it means each client's own machine, and here something listens there";
    step.remedy = "Let advertised.listeners name an address that clients can reach";
  }
  return step;
}

}  // namespace kpipe::kgroups
