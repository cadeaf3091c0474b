// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "common/cli/app.hpp"
#include "tools/kseek/options.hpp"

namespace kpipe::kseek {

/// The options that say where to go: --to and its relatives, and each in the spelling of Kafka's
/// own kafka-consumer-groups.
class TargetOptions {
 public:
  void add_to(ToolApp& app);

  /// After parsing. `now_ms` is what durations are reckoned from. Throws Error(usage) for more than
  /// one, for a place that is none, and for a --tz that no time needs.
  Target resolve(std::int64_t now_ms) const;

 private:
  struct Spelling {
    CLI::Option* option = nullptr;
    std::string text;
  };
  Target parse_place(const Spelling& given, std::int64_t now_ms) const;

  Spelling to_;
  Spelling earliest_;
  Spelling latest_;
  Spelling current_;
  Spelling offset_;
  Spelling datetime_;
  Spelling duration_;
  Spelling shift_;
  Spelling file_;
  Spelling group_;
  Spelling delete_;
  Spelling zone_;
};

}  // namespace kpipe::kseek
