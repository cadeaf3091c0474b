// SPDX-License-Identifier: Apache-2.0
#include "common/auth/token_source.hpp"

#include <algorithm>
#include <chrono>
#include <string>

#include "common/base/log.hpp"

namespace kpipe {

TokenSource::TokenSource(FetchToken fetch, RefreshSchedule schedule, Clock clock)
    : fetch_(std::move(fetch)), clock_(std::move(clock)), schedule_(schedule) {}

TokenSource::~TokenSource() {
  {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void TokenSource::need() {
  {
    const std::lock_guard lock(mutex_);
    if (token_ && schedule_.alive(clock_())) return;
  }
  take(fetch_(cancelled_));
}

void TokenSource::add(TokenListener& listener) {
  const std::lock_guard lock(mutex_);
  listeners_.push_back(&listener);
  if (token_) listener.on_token(*token_);
  if (!thread_.joinable()) thread_ = std::thread(&TokenSource::run, this);
}

void TokenSource::remove(TokenListener& listener) {
  const std::lock_guard lock(mutex_);
  std::erase(listeners_, &listener);
}

std::optional<Error> TokenSource::failure() const {
  const std::lock_guard lock(mutex_);
  return schedule_.alive(clock_()) ? std::nullopt : failure_;
}

std::int64_t TokenSource::due_ms() const {
  const std::lock_guard lock(mutex_);
  return schedule_.next_ms();
}

void TokenSource::step() {
  try {
    take(fetch_(cancelled_));
  } catch (const Error& error) {
    if (!cancelled_) note(error);
  } catch (const std::exception& error) {
    note(Error(Exit::software, std::string("token: ") + error.what()));
  }
}

void TokenSource::take(AccessToken token) {
  const std::lock_guard lock(mutex_);
  schedule_.fetched(clock_(), token.expires_at_ms);
  token_ = std::move(token);
  failure_.reset();
  for (TokenListener* const listener : listeners_) listener->on_token(*token_);
}

void TokenSource::note(const Error& error) {
  const std::lock_guard lock(mutex_);
  const std::int64_t now_ms = clock_();
  schedule_.failed(now_ms);
  failure_ = error;
  const bool alive = schedule_.alive(now_ms);
  log::warning(
      std::string(error.what()) + " (retrying; the present token " +
      (alive ? "is good for " + std::to_string((token_->expires_at_ms - now_ms) / 1000) + " s more)"
             : "has expired)"));
  if (alive) return;
  for (TokenListener* const listener : listeners_) listener->on_no_token(error);
}

void TokenSource::run() {
  std::unique_lock lock(mutex_);
  while (!cancelled_) {
    // By the clock that expiry is told by: it goes on while the machine sleeps.
    const std::chrono::system_clock::time_point due{std::chrono::milliseconds(schedule_.next_ms())};
    if (std::chrono::system_clock::now() < due) {
      wake_.wait_until(lock, due);
      continue;
    }
    lock.unlock();
    step();
    lock.lock();
  }
}

}  // namespace kpipe
