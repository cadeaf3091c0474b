// SPDX-License-Identifier: Apache-2.0
#include "tools/kconsume/outage.hpp"

#include "common/base/clock.hpp"
#include "common/base/log.hpp"

namespace kpipe::kconsume {
namespace {

/// The same words again only after so long; librdkafka keeps to this, too.
constexpr std::chrono::seconds kSayAgain{30};

}  // namespace

Outage::Outage(Client& client, std::chrono::milliseconds stall_timeout)
    : client_(client), stall_timeout_(stall_timeout), started_(Clock::now()) {}

void Outage::check() {
  if (!served_) {
    check_first_contact();
  } else {
    check_logins();
  }
}

/// The brokers of -b have answered, or we were not here; now those that they named.
void Outage::check_first_contact() {
  served_ = client_.watch().served();
  if (served_) return;
  if (const auto error = client_.watch().hopeless()) throw *error;
  if (Clock::now() - started_ >= client_.options().timeout) throw client_.watch().silence();
}

void Outage::check_logins() {
  const std::uint64_t refused = client_.watch().refused_logins();
  if (client_.watch().connected()) refused_since_.reset();
  if (refused != refused_logins_) {
    refused_logins_ = refused;
    if (!refused_since_) refused_since_ = Clock::now();
    try {
      if (client_.renew_credentials()) {
        log::notice("login: the password was changed: going on with the new one");
        return;
      }
    } catch (const Error& error) {
      say(error.what());
    }
    on_error("login: refused");
  }
  if (!refused_since_ || Clock::now() - *refused_since_ < stall_timeout_) return;
  const auto failure = client_.watch().failure();
  throw Error(Exit::no_permission,
              "no broker has let us in for " + duration_text(stall_timeout_.count()) +
                  " (--stall-timeout): " + (failure ? failure->what() : "the login is refused"));
}

void Outage::on_error(const std::string& text) {
  // Until somebody has served us, check() says it, as an error.
  if (!served_) return;
  const auto failure = client_.watch().failure();
  say(failure ? failure->what() : text);
}

void Outage::say(const std::string& text) {
  const auto now = Clock::now();
  if (text == said_ && now - said_at_ < kSayAgain) return;
  said_ = text;
  said_at_ = now;
  log::warning(text + " (retrying)");
}

}  // namespace kpipe::kconsume
