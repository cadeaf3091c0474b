// SPDX-License-Identifier: Apache-2.0
#include "common/kafka/property_list.hpp"

#include <cstdio>
#include <cstdlib>
#include <sstream>

#include "common/config/aliases.hpp"
#include "common/config/properties.hpp"
#include "common/kafka/handles.hpp"

namespace kpipe {
namespace {

/// librdkafka lists its properties only as a table for people.
std::string librdkafka_table() {
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* const table = ::open_memstream(&text, &size);
  if (table == nullptr) return {};
  rd_kafka_conf_properties_show(table);
  std::fclose(table);
  std::string copy(text, size);
  std::free(text);
  return copy;
}

}  // namespace

std::vector<std::string> property_names() {
  std::vector<std::string> names = own_properties();
  std::istringstream lines(librdkafka_table());
  for (std::string line; std::getline(lines, line);) {
    const std::size_t end = line.find_first_of(" |");
    if (end != std::string::npos && line.find('|') != std::string::npos && end > 0)
      names.push_back(line.substr(0, end));
  }
  return names;
}

std::string property_list() {
  std::string text = "Properties that kpipe serves itself:\n\n";
  for (const std::string& name : own_properties())
    text += "  " + name + ": " + own_property_help(name) + "\n";
  text += "\nOther names for properties and for options of kconsume:\n\n";
  for (const std::string& alias : alias_names())
    text += "  " + alias + ": " + canonical_name(alias) + "\n";
  return text + "\nProperties of librdkafka:\n" + librdkafka_table();
}

}  // namespace kpipe
