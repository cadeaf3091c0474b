// SPDX-License-Identifier: Apache-2.0
#include "common/config/uri.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

#include "common/base/error.hpp"
#include "common/config/aliases.hpp"
#include "common/config/properties.hpp"

namespace kpipe {
namespace {

Error wrong(const std::string& cause) {
  return Error(
      Exit::usage,
      "--uri: " + cause + ". Expected kafka://?bootstrap_servers=HOST:PORT&group_id=GROUP&...");
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> decode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0 || (high == 0 && low == 0)) return std::nullopt;
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

/// {NAME} is how some write a secret that is handed in from outside.
std::string reference_of(const std::string& value) {
  const bool braces = value.size() > 2 && value.front() == '{' && value.back() == '}';
  return braces ? "${secret:" + value.substr(1, value.size() - 2) + "}" : value;
}

void add(ConnectionUri& uri, const std::string& name, const std::string& value) {
  const Setting setting = canonical_login({name, reference_of(value), "--uri", true});
  for (const Setting& other : uri.settings) {
    if (other.name == setting.name && other.value != setting.value)
      throw Error(Exit::usage, "--uri: " + name + ": " + setting.name +
                                   " has another value already. Leave one of them out");
  }
  uri.settings.push_back(setting);
}

void add_parameter(ConnectionUri& uri, std::string_view text) {
  const std::size_t equals = text.find('=');
  const auto name = decode(text.substr(0, equals));
  if (!name || name->empty()) throw wrong("a parameter without a name");
  if (equals == std::string_view::npos) throw wrong(*name + ": a parameter without a value");
  const auto value = decode(text.substr(equals + 1));
  if (!value) throw wrong(*name + ": '%' must be followed by two hexadecimal digits, as in %25");
  if (*name == "purpose") {
    if (*value != "r" && *value != "w" && *value != "rw")
      throw wrong("purpose: expected r, w or rw");
    uri.purpose = *value;
    return;
  }
  if (!is_connection_name(*name)) {
    std::vector<std::string> names = alias_names();
    names.insert(names.end(), {"topic", "format", "username", "password", "purpose"});
    throw Error(Exit::usage,
                "--uri: " + *name + ": no such parameter" + did_you_mean(*name, names));
  }
  add(uri, *name, *value);
}

}  // namespace

ConnectionUri parse_connection_uri(const std::string& text) {
  constexpr std::string_view separator = "://";
  const std::size_t scheme_end = text.find(separator);
  if (scheme_end == std::string::npos) throw wrong("no scheme");
  const std::string scheme = text.substr(0, scheme_end);
  if (scheme != "kafka" && scheme != "dataos") throw wrong("'" + scheme + "': unknown scheme");
  std::string_view rest = std::string_view(text).substr(scheme_end + separator.size());
  if (rest.find('#') != std::string_view::npos) throw wrong("write '#' as %23");

  ConnectionUri uri;
  const std::size_t question = rest.find('?');
  std::string_view authority = rest.substr(0, question);
  if (authority.ends_with('/')) authority.remove_suffix(1);
  if (authority.find('@') != std::string_view::npos)
    throw wrong("user and password go into sasl_username and sasl_password");
  const auto host = decode(authority);
  if (!host || host->find('/') != std::string::npos) throw wrong("a path means nothing here");
  if (scheme == "dataos") {
    if (host->empty()) throw wrong("dataos:// names no connection");
    uri.profile = *host;
  } else if (!host->empty()) {
    add(uri, "bootstrap_servers", *host);
  }
  if (question == std::string_view::npos) return uri;
  std::string_view query = rest.substr(question + 1);
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    if (end > 0) add_parameter(uri, query.substr(0, end));
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return uri;
}

}  // namespace kpipe
