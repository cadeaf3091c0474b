// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/backoff.hpp"

#include <poll.h>

#include <algorithm>

#include "common/base/log.hpp"
#include "common/base/stop.hpp"

namespace kpipe {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstPause{50};
constexpr milliseconds kLongestPause{5000};

std::string seconds(std::chrono::steady_clock::duration duration) {
  return std::to_string(std::chrono::round<std::chrono::seconds>(duration).count()) + " s";
}

}  // namespace

void Backoff::wait(const PgError& cause) {
  const Clock::time_point now = Clock::now();
  if (!since_) {
    since_ = now;
    pause_ = kFirstPause;
  }
  if (stop::requested()) {
    throw Error(Exit::temp_fail,
                std::string(cause.what()) + ". Stopped by a signal; start again: it resumes");
  }
  const auto left = std::chrono::ceil<milliseconds>(*since_ + retry_for_ - now);
  if (left <= milliseconds{0}) {
    throw Error(Exit::unavailable,
                std::string(cause.what()) +
                    (retry_for_ > milliseconds{0}
                         ? ". Gave up after " + seconds(now - *since_) + " (--retry-for)"
                         : std::string()));
  }
  if (said_ != cause.what()) {
    said_ = cause.what();
    log::warning(said_ + ". Trying again for " + seconds(left));
  }
  std::uniform_int_distribution<milliseconds::rep> jitter(pause_.count() / 2, pause_.count());
  const milliseconds pause = std::min(milliseconds(jitter(random_)), left);
  pause_ = std::min(2 * pause_, kLongestPause);
  pollfd stop_fd{stop::fd(), POLLIN, 0};
  ::poll(&stop_fd, 1, static_cast<int>(pause.count()));
  if (stop::requested()) wait(cause);
}

void Backoff::succeeded() {
  if (!since_) return;
  log::notice("PostgreSQL: back after " + seconds(Clock::now() - *since_));
  since_.reset();
  said_.clear();
}

}  // namespace kpipe
