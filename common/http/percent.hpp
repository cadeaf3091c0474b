// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kpipe {

/// Names and values in their order.
using Fields = std::vector<std::pair<std::string, std::string>>;

/// Everything but the unreserved characters of RFC 3986 (letters, digits, "-._~") as %XX. Fit for a
/// query, and for a form: its readers take %20 as well as "+".
std::string percent_encoded(std::string_view text);

/// "a=1&b=2", names and values encoded: a query, or the body of a form.
std::string query_text(const Fields& fields);

/// An address as messages show it: without user, password, query and fragment.
std::string shown_url(std::string_view url);

/// Whether what is sent to it over plain http stays on this machine.
bool is_loopback_url(std::string_view url);

}  // namespace kpipe
