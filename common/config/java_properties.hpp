// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kpipe {

/// One "name=value" of a file.
struct PropertyLine {
  std::string name;
  std::string value;
  int line = 0;  ///< where it begins, from 1
};

/// The text of a Java .properties file, read as java.util.Properties.load() reads it: "=", ":" or
/// blanks between name and value, comments of '#' and '!', escapes, lines that go on after a
/// backslash. Throws std::invalid_argument("LINE: cause") for an escape that is none.
std::vector<PropertyLine> parse_java_properties(std::string_view text);

/// The lines "name=value" of kcat.conf and of librdkafka's other users: no escapes, '#' comments
/// at the beginning of a line. Throws std::invalid_argument("LINE: cause") for a line without '='.
std::vector<PropertyLine> parse_plain_properties(std::string_view text);

/// A line of sasl.jaas.config: a login module and its options.
struct JaasEntry {
  std::string module;  ///< the class, without its package
  std::vector<PropertyLine> options;
};

/// Reads "MODULE required name=\"value\" ...;" (Kafka's JaasConfig, Java's Configuration). Throws
/// std::invalid_argument with the cause, which repeats no value.
JaasEntry parse_jaas(std::string_view text);

}  // namespace kpipe
