// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "common/base/out_buffer.hpp"

namespace kpipe::kgroups {

/// Puts `text` in the place of the file PATH in one step (rename(2)), readable for all that the
/// umask allows: a collector that reads at any moment finds the old text or the new. Throws
/// Error(io).
void replace_file(const std::string& path, const OutBuffer& text);

/// Redraws the terminal from its upper left corner with `heading` and as much of `text` as fits,
/// without the flicker of an erased screen. False when the terminal is gone. Throws Error(io).
bool redraw(const std::string& heading, const OutBuffer& text);

}  // namespace kpipe::kgroups
