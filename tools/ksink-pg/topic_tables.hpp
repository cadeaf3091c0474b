// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tools/ksink-pg/names.hpp"

namespace kpipe {

/// One topic of --allow-topics and what it is stored as.
struct TopicTable {
  std::string topic;
  QualifiedName table;
  std::string sink_id;  ///< empty: by the table
};

/// What stands for a topic's name in --table and --sink-id.
inline constexpr std::string_view kTopicPlace = "{topic}";

/// The tables of "raw.{topic}" for the topics of "orders,customers". A topic's name becomes a part
/// of an identifier: folded to lower case, or as it is within the template's double quotes; its
/// dots and dashes stay and make no schema. Throws Error (usage): a malformed list or template, a
/// name above PostgreSQL's 63 bytes, which it would cut, or two topics with one table or sink.
std::vector<TopicTable> topic_tables(std::string_view table, std::string_view sink_id,
                                     const std::vector<std::string>& topics);

}  // namespace kpipe
