// SPDX-License-Identifier: Apache-2.0
#include "common/base/log.hpp"

#include <unistd.h>

#include <array>
#include <atomic>

#include "common/base/error.hpp"

namespace kpipe::log {
namespace {

std::string tool_name = "kpipe";
std::atomic<Level> threshold{Level::notice};
constexpr std::array<std::string_view, 5> level_names{"error", "warning", "notice", "info",
                                                      "debug"};

}  // namespace

void set_tool(std::string name) {
  tool_name = std::move(name);
}
void set_level(Level level) {
  threshold = level;
}

Level parse_level(std::string_view name) {
  for (std::size_t i = 0; i < level_names.size(); ++i) {
    if (level_names[i] == name) return static_cast<Level>(i);
  }
  throw Error(Exit::usage, "--log-level: '" + std::string(name) +
                               "': unknown level. Use error, warning, notice, info or debug");
}

bool enabled(Level level) {
  return level <= threshold.load(std::memory_order_relaxed);
}

void write(Level level, std::string_view text) {
  if (!enabled(level)) return;
  std::string line = tool_name;
  line += ": ";
  // Errors and notices are for people and read as sentences; the other levels name themselves.
  if (level != Level::error && level != Level::notice) {
    line += level_names[static_cast<std::size_t>(level)];
    line += ": ";
  }
  for (char c : text) line += (static_cast<unsigned char>(c) < 0x20 && c != '\t') ? ' ' : c;
  line += '\n';
  // stderr that cannot be written to leaves nobody to tell.
  [[maybe_unused]] ssize_t n = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace kpipe::log
