// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "common/auth/refresh_schedule.hpp"
#include "common/auth/token.hpp"
#include "common/base/error.hpp"

namespace kpipe {

/// Who wants the tokens. Both are called from the thread of a TokenSource, under its lock: they
/// must return soon and not call it. They must not throw.
class TokenListener {
 public:
  virtual ~TokenListener() = default;
  virtual void on_token(const AccessToken& token) = 0;
  /// The last token has expired and no other was to be had.
  virtual void on_no_token(const Error& cause) = 0;
};

/// Keeps one token for a whole process: fetched once, replaced in time by a thread of its own, and
/// given to all who listen. A failure is a warning and is tried again while the old token lives.
class TokenSource {
 public:
  using Clock = std::function<std::int64_t()>;  ///< ms since the epoch

  TokenSource(FetchToken fetch, RefreshSchedule schedule, Clock clock);
  /// Ends the thread, which may take a second while it is fetching.
  ~TokenSource();
  TokenSource(const TokenSource&) = delete;
  TokenSource& operator=(const TokenSource&) = delete;

  /// Gets the first token unless one is there. Throws what fetching throws.
  void need();

  /// From now on `listener` gets each token, beginning with the present one, before this returns.
  /// It must stay until remove(). The first starts the thread.
  void add(TokenListener& listener);
  void remove(TokenListener& listener);

  /// Why there is no token that lives; nullopt: there is one.
  std::optional<Error> failure() const;

  /// What the thread does when the time of due_ms() has come. For tests, which have no thread.
  void step();
  std::int64_t due_ms() const;

 private:
  void run();
  void take(AccessToken token);
  void note(const Error& error);

  const FetchToken fetch_;
  const Clock clock_;
  mutable std::mutex mutex_;  ///< never held while fetching
  std::condition_variable wake_;
  RefreshSchedule schedule_;
  std::optional<AccessToken> token_;
  std::optional<Error> failure_;
  std::vector<TokenListener*> listeners_;
  std::atomic<bool> cancelled_ = false;
  std::thread thread_;
};

}  // namespace kpipe
