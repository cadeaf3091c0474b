// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace kpipe {

/// The documents made from a tool's option table, so that they cannot differ from the parser:
/// "mdoc" (the OPTIONS list of the man page), "mdoc-commands" (its list of subcommands), "bash",
/// "zsh" and "fish" (completions), "options" (one spelling a line). Throws Error(usage) for another
/// kind.
std::string generate_document(const CLI::App& app, const std::string& kind);

}  // namespace kpipe
