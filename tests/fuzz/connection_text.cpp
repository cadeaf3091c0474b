// SPDX-License-Identifier: Apache-2.0
// What says how to connect: URIs, client.properties with its JAAS line, kcat.conf, config.toml.
// Whatever the text is, it is taken or refused with an Error that repeats no value; and a value
// that was written so that it must be read back is.
#include <cctype>
#include <stdexcept>
#include <string>

#include "common/base/error.hpp"
#include "common/config/config.hpp"
#include "common/config/import.hpp"
#include "common/config/java_properties.hpp"
#include "common/config/uri.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using namespace kpipe;
using namespace kpipe::fuzz;

constexpr std::string_view marker = "hunter2";

std::string refusal_of(void (*read)(const std::string&), const std::string& text) {
  try {
    read(text);
  } catch (const Error& error) {
    require(error.exit() == Exit::usage || error.exit() == Exit::config, "a fault of the user",
            {text});
    return error.what();
  }
  return {};
}

struct Format {
  void (*read)(const std::string& text);
  std::string_view before_value;  ///< what makes a secret of that which follows
};

constexpr Format formats[] = {
    {[](const std::string& text) { parse_connection_uri(text); }, "kafka://?sasl_password="},
    {[](const std::string& text) { parse_import(text, "/c/client.properties"); },
     "sasl.jaas.config=x.ScramLoginModule required password=\""},
    {[](const std::string& text) { parse_import(text, "/c/client.properties"); }, "sasl.password="},
    {[](const std::string& text) { parse_import(text, "/c/kcat.conf"); }, "sasl.password="},
    {[](const std::string& text) {
       Config config;
       add_config(text, "/c/config.toml", config);
     },
     "[connections.p]\nsasl_password = \""}};

void taken_or_refused(const std::string& text) {
  for (const Format& format : formats) {
    refusal_of(format.read, text);
    if (text.find(marker) != std::string::npos) continue;
    const std::string whole = std::string(format.before_value) + std::string(marker) + text;
    const std::string said = refusal_of(format.read, whole);
    require(said.find(marker) == std::string::npos, "no secret in the message", {whole, said});
  }
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  for (const unsigned char c : text) {
    if (std::isalnum(c) != 0) {
      encoded += static_cast<char>(c);
    } else {
      encoded += '%';
      encoded += digits[c >> 4];
      encoded += digits[c & 15];
    }
  }
  return encoded;
}

void read_back_from_uri(std::string_view value) {
  if (value.find('\0') != std::string_view::npos || value.starts_with('{')) return;
  const ConnectionUri uri =
      parse_connection_uri("kafka://?sasl_username=" + percent_encoded(value));
  require(uri.settings.size() == 1 && uri.settings[0].name == "sasl.username" &&
              uri.settings[0].value == value,
          "a value that was encoded is read back", {value});
}

void read_back_from_properties(std::string_view value) {
  std::string escaped;
  for (const char c : value) {
    constexpr std::string_view raw = "\t\n\r\f";
    constexpr std::string_view letters = "tnrf";
    const std::size_t at = raw.find(c);
    escaped += '\\';
    escaped += at == std::string_view::npos ? c : letters[at];
    // These are not themselves behind a backslash.
    if (at == std::string_view::npos && (letters.find(c) != std::string_view::npos || c == 'u'))
      escaped.erase(escaped.size() - 2, 1);
  }
  const std::vector<PropertyLine> lines = parse_java_properties("a b = x\nn=" + escaped);
  require(lines.size() == 2 && lines[1].value == value, "an escaped value is read back", {value});
}

void read_back_from_jaas(std::string_view value) {
  std::string quoted;
  for (const char c : value) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  const JaasEntry entry = parse_jaas("x.Module required p=\"" + quoted + "\";");
  require(entry.options.size() == 1 && entry.options[0].value == value,
          "a quoted value is read back", {value});
}

void pure(const std::string& text) {
  try {
    parse_jaas(text);
  } catch (const std::invalid_argument&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text(data, size);
  const std::string copy(text);
  taken_or_refused(copy);
  pure(copy);
  read_back_from_uri(text);
  read_back_from_properties(text);
  read_back_from_jaas(text);
  return 0;
}
