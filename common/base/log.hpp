// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace kpipe::log {

enum class Level { error = 0, warning = 1, notice = 2, info = 3, debug = 4 };

/// Sets the name every line starts with, once, before any thread starts.
void set_tool(std::string name);
/// Lines above this level are dropped; the default is notice.
void set_level(Level level);
/// One of error, warning, notice, info, debug; throws Error(usage) otherwise.
Level parse_level(std::string_view name);
bool enabled(Level level);

/// "tool: text" (errors, notices) or "tool: warning: text" in one write(2) to stderr, so that lines
/// of a pipeline's processes never mix. Never touches stdout. Safe from any thread.
void write(Level level, std::string_view text);

inline void error(std::string_view text) {
  write(Level::error, text);
}
inline void warning(std::string_view text) {
  write(Level::warning, text);
}
inline void notice(std::string_view text) {
  write(Level::notice, text);
}
inline void info(std::string_view text) {
  write(Level::info, text);
}
inline void debug(std::string_view text) {
  write(Level::debug, text);
}

}  // namespace kpipe::log
