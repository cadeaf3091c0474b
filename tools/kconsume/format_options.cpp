// SPDX-License-Identifier: Apache-2.0
#include "tools/kconsume/format_options.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "common/base/ascii.hpp"
#include "common/base/error.hpp"

namespace kpipe::kconsume {
namespace {

struct FormatName {
  std::string_view name;
  PayloadFormat format;
};

/// Each format's own name first.
constexpr std::array format_names{
    FormatName{"json", PayloadFormat::json},
    FormatName{"string", PayloadFormat::string},
    FormatName{"raw", PayloadFormat::raw},
    FormatName{"avro", PayloadFormat::avro},
    FormatName{"confluent_avro", PayloadFormat::avro},
    FormatName{"protobuf", PayloadFormat::protobuf},
    FormatName{"json-schema", PayloadFormat::json_schema},
    FormatName{"json_schema", PayloadFormat::json_schema},
};
constexpr std::string_view kConfluentAvro = "confluent_avro";
constexpr std::string_view kLearn = "learn:";

std::vector<std::string> all_names() {
  std::vector<std::string> names;
  for (const FormatName& one : format_names) names.emplace_back(one.name);
  return names;
}

PayloadFormat format_of(std::string_view name) {
  return std::find_if(format_names.begin(), format_names.end(),
                      [&](const FormatName& one) { return one.name == name; })
      ->format;
}

bool is_topic_text(const std::string& text) {
  return text.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
             "._-") == std::string::npos;
}

/// An option that would be ignored is a mistake somewhere.
void check_use(const FormatOptions& options) {
  const auto used = [&](PayloadFormat format) {
    return options.value == format || options.key == format;
  };
  const auto require = [](bool given, const char* option, bool sense, const char* needs) {
    if (given && !sense) throw Error(Exit::usage, std::string(option) + ": needs " + needs);
  };
  const bool avro = options.value == PayloadFormat::avro;
  const bool protobuf = options.value == PayloadFormat::protobuf;
  const bool json = options.value == PayloadFormat::json;
  const bool json_schema = options.value == PayloadFormat::json_schema;
  require(!options.avro_schema.empty(), "--avro-schema", avro, "-f avro");
  require(!options.key_avro_schema.empty(), "--key-avro-schema", options.key == PayloadFormat::avro,
          "--key-format avro");
  require(options.avro_json, "--avro-json", used(PayloadFormat::avro), "-f avro");
  require(!options.proto.empty(), "--proto", used(PayloadFormat::protobuf), "-f protobuf");
  require(!options.proto_path.empty(), "--proto-path", used(PayloadFormat::protobuf),
          "-f protobuf");
  require(!options.message.empty(), "--message", protobuf, "-f protobuf");
  require(!options.key_message.empty(), "--key-message", options.key == PayloadFormat::protobuf,
          "--key-format protobuf");
  require(options.proto_names, "--proto-names", used(PayloadFormat::protobuf), "-f protobuf");
  require(!options.json_schema.empty() || !options.learn_schema.empty(), "--json-schema",
          json || json_schema, "-f json or json-schema");
  require(options.validate, "--validate", json_schema || !options.json_schema.empty(),
          "-f json-schema, or --json-schema FILE");
  require(options.unwrap_schema, "--unwrap-schema", json || json_schema, "-f json");
  require(!options.value_subject.empty(), "--value-subject", avro, "-f avro");
  require(!options.key_subject.empty(), "--key-subject", options.key == PayloadFormat::avro,
          "--key-format avro");
}

}  // namespace

std::string name_of(PayloadFormat format) {
  return std::string(
      std::find_if(format_names.begin(), format_names.end(), [&](const FormatName& one) {
        return one.format == format;
      })->name);
}

FormatArguments::FormatArguments(ToolApp& tool, FormatOptions& options) : options_(options) {
  CLI::App& app = tool.app();
  app.add_option("-f,--format", value_,
                 "What values are: json (default; checked and copied), string, raw (base64), avro, "
                 "protobuf or json-schema; confluent_avro is avro that must come from a registry.")
      ->type_name("FORMAT")
      ->check(CLI::IsMember(all_names(), CLI::ignore_case));
  app.add_option("--key-format", key_, "What keys are: string (default), or as in --format.")
      ->type_name("FORMAT")
      ->check(CLI::IsMember(all_names(), CLI::ignore_case));
  app.add_option(
         "--avro-schema", options_.avro_schema,
         "Avro schema of the values, as JSON. With a registry: the schema to read by, where "
         "the registry has the one that they were written by.")
      ->type_name("FILE");
  app.add_option("--key-avro-schema", options_.key_avro_schema, "The same for keys.")
      ->type_name("FILE");
  app.add_flag("--avro-json", options_.avro_json,
               "Write Avro in its own JSON encoding: unions as {\"TYPE\":VALUE}, bytes as text, "
               "logical types as what they are stored as.");
  app.add_option("--value-subject", options_.value_subject,
                 "Read Avro values by the latest schema of this subject of the registry; {topic} "
                 "stands for the topic.")
      ->type_name("SUBJECT");
  app.add_option("--key-subject", options_.key_subject, "The same for keys.")->type_name("SUBJECT");
  app.add_option("--proto", options_.proto,
                 "Protobuf schema: a .proto file or a descriptor set (protoc "
                 "--descriptor_set_out --include_imports); repeatable.")
      ->type_name("FILE")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->expected(1);
  app.add_option("--proto-path", options_.proto_path,
                 "Folder in which imports of --proto are looked for; repeatable. Default: beside "
                 "the file.")
      ->type_name("DIR")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->expected(1);
  app.add_option("--message,--proto-message", options_.message,
                 "Full name of the Protobuf message that values are; not needed when the file has "
                 "one.")
      ->type_name("NAME");
  app.add_option("--key-message", options_.key_message, "The same for keys.")->type_name("NAME");
  app.add_flag("--proto-names", options_.proto_names,
               "Name Protobuf fields as the .proto file does, not in lowerCamelCase.");
  app.add_option("--json-schema", options_.json_schema,
                 "JSON Schema that values must satisfy. learn:FILE writes one made from the "
                 "records of this run.")
      ->type_name("FILE");
  app.add_flag("--validate", options_.validate,
               "Check values against the JSON Schema of their registry.");
  app.add_flag("--unwrap-schema", options_.unwrap_schema,
               "Values are Kafka Connect's {\"schema\":...,\"payload\":...}: write the payload.");
  app.add_option("--envelope", envelope_,
                 "What a line is: record (default), value (alone: no sink can tell what it "
                 "stored), nested ({\"data\",\"metadata\"}), prefixed (_kafka_* beside the value's "
                 "fields) or kcat (as kcat -J).")
      ->type_name("SHAPE")
      ->check(CLI::IsMember({"record", "value", "nested", "prefixed", "kcat"}));
  app.add_option("--timestamp-format", timestamps_,
                 "Timestamps in ms since the epoch (ms, default) or as text in UTC (rfc3339).")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"ms", "rfc3339"}));
  app.add_option("--topic-prefix", options_.shape.topic_prefix,
                 "Put this before the names of topics in the lines. Kafka's names stay as they "
                 "are.")
      ->type_name("TEXT");
}

void FormatArguments::settle() {
  if (!value_.empty()) options_.value = format_of(lower(value_));
  if (!key_.empty()) options_.key = format_of(lower(key_));
  options_.framing_required = lower(value_) == kConfluentAvro || lower(key_) == kConfluentAvro;
  if (options_.json_schema.starts_with(kLearn)) {
    options_.learn_schema = options_.json_schema.substr(kLearn.size());
    options_.json_schema.clear();
  }
  constexpr std::pair<std::string_view, Envelope> envelopes[] = {{"record", Envelope::record},
                                                                 {"value", Envelope::value},
                                                                 {"nested", Envelope::nested},
                                                                 {"prefixed", Envelope::prefixed},
                                                                 {"kcat", Envelope::kcat}};
  for (const auto& [name, envelope] : envelopes) {
    if (envelope_ == name) options_.shape.envelope = envelope;
  }
  options_.shape.rfc3339 = timestamps_ == "rfc3339";
  if (!is_topic_text(options_.shape.topic_prefix)) {
    throw Error(Exit::usage, "--topic-prefix '" + options_.shape.topic_prefix +
                                 "': names of topics have letters, digits, '.', '_' and '-'");
  }
  check_use(options_);
}

}  // namespace kpipe::kconsume
