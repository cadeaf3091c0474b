// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace kpipe {

/// The table beside `table`, in its schema, that --strategy replace fills: "airports_kpipe_new".
/// The same for every run, so that the next finds what a dead one left. Within PostgreSQL's 63
/// bytes: a longer name is cut between characters and gets a hash of all of it.
std::string aside_name(std::string_view table, std::string_view suffix = "_kpipe_new");

/// What marks it as ours, in its comment; `target` is the table's name for people.
std::string aside_comment(const std::string& target);

/// Its offsets stand under this name until the swap, `sink` being that of the table.
std::string aside_sink(const std::string& sink);
inline constexpr std::string_view kAsideSinkSuffix = " (replace)";

}  // namespace kpipe
