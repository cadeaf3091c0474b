// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/topic_tables.hpp"

#include <algorithm>

#include "common/base/ascii.hpp"
#include "common/base/error.hpp"

namespace kpipe {
namespace {

constexpr std::size_t kMostIdentifier = 63;  ///< NAMEDATALEN - 1
constexpr std::size_t kMostTopic = 249;      ///< Kafka's own limit

/// A letter that SQL leaves alone takes the topic's place while the template is read.
constexpr std::string_view kStandIn = "\xEE\x80\x80";  // U+E000, of the private use area

std::string put(std::string text, std::string_view place, const std::string& topic) {
  for (std::size_t at = 0; (at = text.find(place, at)) != std::string::npos; at += topic.size())
    text.replace(at, place.size(), topic);
  return text;
}

bool is_topic(std::string_view text) {
  return !text.empty() && text.size() <= kMostTopic && text != "." && text != ".." &&
         text.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
             std::string_view::npos;
}

/// The template's identifiers, with kStandIn for the topic, and whether it stood within quotes.
struct Template {
  QualifiedName name;
  bool quoted = false;
};

Template read_template(std::string_view text) {
  const std::size_t at = text.find(kTopicPlace);
  const auto quotes = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '"');
  return {parse_table_name(put(std::string(text), kTopicPlace, std::string(kStandIn))),
          quotes % 2 != 0};
}

}  // namespace

std::vector<TopicTable> topic_tables(std::string_view table, std::string_view sink_id,
                                     const std::vector<std::string>& topics) {
  const Template model = read_template(table);
  if (!sink_id.empty() && sink_id.find(kTopicPlace) == std::string_view::npos)
    throw Error(Exit::usage, "--sink-id: each table is a sink of its own: put {topic} in it");
  std::vector<TopicTable> tables;
  for (const std::string& topic : topics) {
    if (!is_topic(topic))
      throw Error(Exit::usage, "--allow-topics: '" + topic +
                                   "': not a topic's name. Give names with commas in between");
    const std::string word = model.quoted ? topic : lower(topic);
    TopicTable one{topic,
                   {put(model.name.schema, kStandIn, word), put(model.name.table, kStandIn, word)},
                   put(std::string(sink_id), kTopicPlace, topic)};
    for (const std::string& name : {one.table.schema, one.table.table}) {
      if (name.size() > kMostIdentifier)
        throw Error(Exit::usage, "--allow-topics: " + topic + ": '" + name + "' has " +
                                     std::to_string(name.size()) +
                                     " bytes, and PostgreSQL's names have 63 at most. Store this "
                                     "topic by a pipeline of its own");
    }
    for (const TopicTable& other : tables) {
      if (other.topic == topic)
        throw Error(Exit::usage, "--allow-topics: " + topic + ": is given twice");
      if (other.table.schema == one.table.schema && other.table.table == one.table.table)
        throw Error(Exit::usage, "--allow-topics: " + other.topic + " and " + topic +
                                     ": both would be stored in " + display_name(one.table) +
                                     ". With \"{topic}\" in quotes, names keep their capitals");
    }
    tables.push_back(std::move(one));
  }
  return tables;
}

}  // namespace kpipe
