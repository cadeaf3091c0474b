// SPDX-License-Identifier: Apache-2.0
#include "tools/kgroups/connections.hpp"

#include <algorithm>

#include "common/base/log.hpp"
#include "common/cli/connection.hpp"
#include "common/config/profile.hpp"
#include "common/config/properties.hpp"
#include "tools/kgroups/failures.hpp"
#include "tools/kgroups/json_fields.hpp"
#include "tools/kgroups/options.hpp"

namespace kpipe::kgroups {
namespace {

std::string value_of(const ConnectionRow& row, std::string_view name) {
  for (const Setting& setting : row.properties) {
    if (setting.name == name) return setting.value;
  }
  return {};
}

std::vector<std::string> brokers_of(const ConnectionRow& row) {
  std::vector<std::string> brokers;
  const std::string list = value_of(row, "bootstrap.servers");
  for (std::size_t begin = 0; begin < list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    if (end > begin) brokers.push_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return brokers;
}

std::vector<std::string> secrets_of(const ConnectionRow& row) {
  std::vector<std::string> ids;
  for (const SecretUse& use : row.connection.secrets) ids.push_back(use.id);
  return ids;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ",") + word;
  return text;
}

/// What is secret, for the table: "sasl.password=********".
std::string masked_text(const ConnectionRow& row) {
  std::string text;
  for (const Setting& setting : row.properties) {
    if (is_secret_property(setting.name))
      text += (text.empty() ? "" : " ") + setting.name + "=" + setting.value;
  }
  return text;
}

void append_texts(OutBuffer& out, const std::vector<std::string>& texts) {
  out.append('[');
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (i > 0) out.append(',');
    append_json_bytes(out, texts[i]);
  }
  out.append(']');
}

void append_ndjson(OutBuffer& out, const ConnectionRow& row) {
  out.append('{');
  JsonFields fields(out);
  fields.text("connection", row.connection.name).key("brokers");
  append_texts(out, brokers_of(row));
  fields.text_or_null("security_protocol", value_of(row, "security.protocol"))
      .text_or_null("sasl_mechanism", value_of(row, "sasl.mechanism"))
      .text_or_null("group_id", value_of(row, "group.id"))
      .text("purpose", row.connection.purpose)
      .key("tags");
  append_texts(out, row.connection.tags);
  fields.text_or_null("description", row.connection.description).key("secrets");
  append_texts(out, secrets_of(row));
  fields.key("properties");
  out.append('{');
  for (std::size_t i = 0; i < row.properties.size(); ++i) {
    if (i > 0) out.append(',');
    append_json_string(out, row.properties[i].name);
    out.append(':');
    append_json_bytes(out, row.properties[i].value);
  }
  out.append('}');
  fields.text("origin", row.connection.origin).text_or_null("error", row.error);
  out.append("}\n");
}

}  // namespace

std::vector<ConnectionRow> make_connection_rows(const Config& config) {
  std::vector<ConnectionRow> rows;
  for (const auto& [name, connection] : config.connections) {
    ConnectionRow row{connection, {}, {}};
    // What it was before masking stays behind.
    row.connection.settings.clear();
    try {
      row.properties = profile_settings(config, name, Purpose::any);
      for (Setting& setting : row.properties) setting.value = masked(setting);
    } catch (const Error& error) {
      row.error = error.what();
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

void append_connection_rows(OutBuffer& out, const std::vector<ConnectionRow>& rows,
                            OutputFormat format, bool colours) {
  if (format == OutputFormat::ndjson) {
    for (const ConnectionRow& row : rows) append_ndjson(out, row);
    return;
  }
  Table table({{"CONNECTION"},
               {"BROKERS"},
               {"PROTOCOL", Table::Align::left, true},
               {"MECHANISM", Table::Align::left, true},
               {"GROUP", Table::Align::left, true},
               {"PURPOSE"},
               {"TAGS", Table::Align::left, true},
               {"SECRETS", Table::Align::left, true},
               {"DESCRIPTION", Table::Align::left, true},
               {"ORIGIN"},
               {"ERROR", Table::Align::left, true}});
  for (const ConnectionRow& row : rows) {
    table.add_row({row.connection.name, joined(brokers_of(row)), value_of(row, "security.protocol"),
                   value_of(row, "sasl.mechanism"), value_of(row, "group.id"),
                   row.connection.purpose, joined(row.connection.tags), masked_text(row),
                   row.connection.description, row.connection.origin, row.error},
                  row.error.empty() ? Table::Tone::plain : Table::Tone::alarm);
  }
  table.append_to(out, colours);
}

Exit run_connections(const Options& options) {
  const Config config = read_config(options.config_file);
  const std::vector<ConnectionRow> rows = make_connection_rows(config);
  OutBuffer out;
  append_connection_rows(out, rows, options.output, stdout_has_colours());
  write_stdout(out);
  Failures failures;
  for (const std::string& file : config.unreadable)
    failures.add(Error(Exit::config, "connections: " + file));
  for (const ConnectionRow& row : rows) {
    if (!row.error.empty()) failures.add(Error(Exit::config, row.error));
  }
  return failures.status(rows.size() + config.unreadable.size());
}

}  // namespace kpipe::kgroups
