// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "common/base/log.hpp"
#include "common/sink/options.hpp"

namespace kpipe {

/// CLI::App with what every tool shares: --help, --version, -v, -q, --log-level, errors as
/// Error(usage) in our message form, and the man page and completions made from the same options
/// (hidden --generate man|bash|zsh|fish).
///
/// Options are declared with CLI11's own add_option()/add_flag() on app(), or with the typed
/// helpers below, which read sizes and durations strictly and name the option in their messages.
class ToolApp {
 public:
  /// `name` as typed, `summary` in one line without a full stop (the man page's NAME section).
  ToolApp(const std::string& name, const std::string& summary);

  CLI::App& app() noexcept { return app_; }

  CLI::Option* add_size(const std::string& names, std::size_t& target, const std::string& help);
  CLI::Option* add_duration(const std::string& names,
                            std::optional<std::chrono::milliseconds>& target,
                            const std::string& help);
  CLI::Option* add_duration(const std::string& names, std::chrono::milliseconds& target,
                            const std::string& help);
  /// A whole number in [low, high].
  CLI::Option* add_integer(const std::string& names, std::int64_t& target, std::int64_t low,
                           std::int64_t high, const std::string& help);

  /// --batch-size --batch-bytes --batch-timeout --sink-id --acks, the same in both sinks.
  void add_sink_options(SinkOptions& options);

  /// Parses and applies the shared options. An exit status when there is nothing left to do
  /// (--help,
  /// --version, --generate: printed to stdout); throws Error(usage) for anything wrong.
  std::optional<int> parse(int argc, const char* const* argv);

 private:
  CLI::App app_;
  std::string log_level_;
  std::string generate_;
  int verbose_ = 0;
  bool quiet_ = false;
};

}  // namespace kpipe
