// SPDX-License-Identifier: Apache-2.0
#include "common/schema/fetching_registry.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "common/base/clock.hpp"
#include "common/base/log.hpp"

namespace kpipe {
namespace {

constexpr std::chrono::minutes kMissingKept{1};
/// Broken records can name any number of schemas that do not exist: about 1 MB of answers.
constexpr std::size_t kMostMissing = 4096;
constexpr std::string_view kName = "schema registry: ";

UniqueFd new_event() {
  const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) throw system_error("eventfd", errno);
  return UniqueFd(fd);
}

}  // namespace

FetchingRegistry::FetchingRegistry(std::unique_ptr<SchemaSource> source,
                                   std::chrono::milliseconds timeout)
    : source_(std::move(source)), timeout_(timeout), event_(new_event()) {
  thread_ = std::thread(&FetchingRegistry::run, this);
}

FetchingRegistry::~FetchingRegistry() {
  {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

SchemaAnswer FetchingRegistry::schema(const SchemaId& id) {
  return ask(id);
}

SchemaAnswer FetchingRegistry::latest(const std::string& subject) {
  return ask(subject);
}

SchemaAnswer FetchingRegistry::ask(const Question& question) {
  const std::lock_guard lock(mutex_);
  if (failure_) throw Error(*failure_);
  const auto [found, added] = kept_.try_emplace(question);
  Kept& kept = found->second;
  bool wanted = added;
  if (kept.answer.state == SchemaAnswer::State::missing) {
    if (!kept.told) kept.told = Clock::now();
    if (Clock::now() - *kept.told > kMissingKept) {
      std::erase(missing_, question);
      kept = {};
      wanted = true;
    }
  }
  if (wanted) {
    questions_.push_back(question);
    wake_.notify_all();
  }
  return kept.answer;
}

void FetchingRegistry::clear_event() noexcept {
  std::uint64_t count;
  [[maybe_unused]] const ssize_t n = ::read(event_.get(), &count, sizeof count);
}

void FetchingRegistry::raise_event() noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = ::write(event_.get(), &one, sizeof one);
}

void FetchingRegistry::run() {
  for (;;) {
    Question question;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return cancelled_ || (!questions_.empty() && !failure_); });
      if (cancelled_) return;
      question = questions_.front();
      questions_.pop_front();
    }
    fetch(question);
  }
}

void FetchingRegistry::fetch(const Question& question) {
  if (!first_asked_) first_asked_ = Clock::now();
  while (!cancelled_) {
    try {
      const auto* const id = std::get_if<SchemaId>(&question);
      return answered(question, id != nullptr
                                    ? source_->schema(*id, cancelled_)
                                    : source_->latest(std::get<std::string>(question), cancelled_));
    } catch (const RegistryOutage& outage) {
      if (!wait_after(outage, outage.retry_after())) return;
    } catch (const Error& error) {
      if (error.exit() != Exit::unavailable) return fail(error);
      if (!wait_after(error, {})) return;
    } catch (const std::exception& error) {
      return fail(Error(Exit::software, error.what()));
    }
  }
}

void FetchingRegistry::answered(const Question& question, SchemaAnswer answer) {
  if (const auto down = plan_.answered(Clock::now()))
    log::notice(std::string(kName) + "answers again after " + duration_text(down->count()));
  ever_answered_ = true;
  {
    const std::lock_guard lock(mutex_);
    if (answer.state == SchemaAnswer::State::missing) {
      if (missing_.size() >= kMostMissing) forget_oldest_missing();
      missing_.push_back(question);
    }
    kept_[question] = {std::move(answer)};
  }
  raise_event();
}

void FetchingRegistry::forget_oldest_missing() {
  kept_.erase(missing_.front());
  missing_.pop_front();
}

bool FetchingRegistry::wait_after(const Error& error, std::chrono::seconds retry_after) {
  if (cancelled_) return false;
  const double dice =
      static_cast<double>(dice_() - dice_.min()) / static_cast<double>(dice_.max() - dice_.min());
  const Clock::time_point now = Clock::now();
  const RetryPlan::Step step = plan_.failed(now, dice, retry_after);
  std::chrono::milliseconds wait = step.wait;
  if (!ever_answered_) {
    const auto left =
        timeout_ - std::chrono::duration_cast<std::chrono::milliseconds>(now - *first_asked_);
    if (left.count() <= 0) {
      fail(error);
      return false;
    }
    wait = std::min(wait, left);
  }
  if (step.say) {
    log::warning(std::string(kName) + error.what() + " (asking again; records wait" +
                 (step.down.count() == 0 ? ")" : " for " + duration_text(step.down.count()) + ")"));
  }
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, wait, [&] { return cancelled_.load(); });
  return !cancelled_;
}

void FetchingRegistry::fail(const Error& error) {
  if (cancelled_) return;
  {
    const std::lock_guard lock(mutex_);
    failure_ = Error(error.exit(), std::string(kName) + error.what());
  }
  raise_event();
}

}  // namespace kpipe
