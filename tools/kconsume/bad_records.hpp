// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "common/base/error.hpp"
#include "tools/kconsume/dead_letters.hpp"
#include "tools/kconsume/options.hpp"

namespace kpipe::kconsume {

/// What becomes of records whose key or value is not what it was said to be: --bad-data,
/// --max-errors-per-batch. Each is counted and named.
class BadRecords {
 public:
  explicit BadRecords(const Options& options) : options_(options) {}

  /// Opens where dead letters go. Throws Error(no_input) when their topic is not there.
  void open(Client& client);

  /// Done with a record, good or bad: one of --batch-size.
  void count_read();

  enum class Verdict {
    stop,  ///< with failure()
    pass,  ///< go on behind it
    wait   ///< the dead letters take no more now: the same again after serve()
  };
  Verdict judge(const KafkaRecord& record, const RecordEncoder& encoder);
  /// Why the run ends.
  const std::optional<Error>& failure() const noexcept { return failure_; }

  /// Takes answers of where dead letters go. Throws Error.
  void serve();
  /// Whether all bad records that were passed are stored, so that what is behind them may be
  /// written, stored and committed.
  bool settled() const noexcept { return !letters_ || letters_->stored(); }
  /// Readable when serve() may have something to do; -1: never.
  int fd() const noexcept { return letters_ ? letters_->fd() : -1; }

  /// Says at the end how many there were.
  void sum_up() const;

 private:
  std::string format_of(std::string_view part) const;
  void stop(const std::string& where, const std::string& cause, const std::string& remedy);

  const Options& options_;
  std::unique_ptr<DeadLetters> letters_;
  std::optional<Error> failure_;
  std::uint64_t passed_ = 0;
  std::uint64_t read_in_batch_ = 0;
  std::uint64_t bad_in_batch_ = 0;
};

}  // namespace kpipe::kconsume
