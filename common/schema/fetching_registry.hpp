// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <variant>

#include "common/base/error.hpp"
#include "common/base/fd.hpp"
#include "common/schema/retry_plan.hpp"
#include "common/schema/schema_source.hpp"

namespace kpipe {

/// A SchemaRegistry that fetches from a SchemaSource in a thread of its own, one question after the
/// other in the order in which they came. A schema is kept for good; that there is none is kept for
/// a minute, because it may be registered meanwhile.
class FetchingRegistry final : public SchemaRegistry {
 public:
  /// `timeout`: see make_registry().
  FetchingRegistry(std::unique_ptr<SchemaSource> source, std::chrono::milliseconds timeout);
  /// Takes a second at most, while a request is on its way.
  ~FetchingRegistry() override;
  FetchingRegistry(const FetchingRegistry&) = delete;
  FetchingRegistry& operator=(const FetchingRegistry&) = delete;

  SchemaAnswer schema(const SchemaId& id) override;
  SchemaAnswer latest(const std::string& subject) override;
  int event_fd() const noexcept override { return event_.get(); }
  void clear_event() noexcept override;

 private:
  using Clock = RetryPlan::Clock;
  using Question = std::variant<SchemaId, std::string>;

  struct Kept {
    SchemaAnswer answer;
    std::optional<Clock::time_point> told{};  ///< when somebody first heard that it is missing
  };

  SchemaAnswer ask(const Question& question);
  void run();
  void fetch(const Question& question);
  void answered(const Question& question, SchemaAnswer answer);
  void forget_oldest_missing();
  /// False: no attempt more; `failure_` says why.
  bool wait_after(const Error& error, std::chrono::seconds retry_after);
  void fail(const Error& error);
  void raise_event() noexcept;

  const std::unique_ptr<SchemaSource> source_;
  const std::chrono::milliseconds timeout_;
  UniqueFd event_;

  std::mutex mutex_;  ///< never held while fetching
  std::condition_variable wake_;
  std::map<Question, Kept> kept_;
  std::deque<Question> questions_;
  std::deque<Question> missing_;  ///< of kept_, the oldest first
  std::optional<Error> failure_;

  // Of the thread alone.
  RetryPlan plan_;
  bool ever_answered_ = false;
  std::optional<Clock::time_point> first_asked_;
  std::minstd_rand dice_{std::random_device{}()};

  std::atomic<bool> cancelled_ = false;
  std::thread thread_;  ///< last: it uses all the others
};

}  // namespace kpipe
