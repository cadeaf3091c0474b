// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/base/error.hpp"
#include "common/base/out_buffer.hpp"
#include "tools/kgroups/rates.hpp"
#include "tools/kgroups/survey.hpp"

namespace kpipe::kgroups {

/// list, describe and lag: one look at Kafka, or with --watch one after another.
class Report {
 public:
  Report(const Client& client, const Options& options);

  /// Looks, writes, and says what is wrong. The exit status. Throws Error when nothing could be
  /// known; then nothing was written.
  Exit once();

  /// once() at each interval until SIGINT or SIGTERM, or until nobody reads. When nothing can be
  /// known at first that is the end; later it is said, and the next look may succeed. The status of
  /// the last look.
  Exit watch();

 private:
  OutBuffer render(const Survey& survey, const std::vector<LagSum>& sums);
  void check(Survey& survey, const std::vector<LagSum>& sums);
  void deliver(const Survey& survey, const OutBuffer& text);

  const Options& options_;
  Surveyor surveyor_;
  Rates rates_;
  bool reader_gone_ = false;
};

}  // namespace kpipe::kgroups
