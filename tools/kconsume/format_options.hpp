// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "common/cli/app.hpp"
#include "common/wire/record.hpp"

namespace kpipe::kconsume {

enum class PayloadFormat { json, string, raw, avro, protobuf, json_schema };

/// As -f takes it.
std::string name_of(PayloadFormat format);

/// How the bytes of keys and values are read, and what a line looks like.
struct FormatOptions {
  PayloadFormat value = PayloadFormat::json;
  PayloadFormat key = PayloadFormat::string;
  bool framing_required = false;  ///< confluent_avro: a registry must be named
  LineShape shape;
  bool unwrap_schema = false;

  std::string avro_schema;      ///< file
  std::string key_avro_schema;  ///< file
  bool avro_json = false;
  std::vector<std::string> proto;  ///< files
  std::vector<std::string> proto_path;
  std::string message;
  std::string key_message;
  bool proto_names = false;
  std::string json_schema;   ///< file
  std::string learn_schema;  ///< file to write
  bool validate = false;
  std::string value_subject;
  std::string key_subject;
};

/// The options of the above. Declared at construction; both must outlive this.
class FormatArguments {
 public:
  FormatArguments(ToolApp& tool, FormatOptions& options);

  /// To be called when all options have their values. Throws Error(usage).
  void settle();

 private:
  FormatOptions& options_;
  std::string value_;
  std::string key_;
  std::string envelope_;
  std::string timestamps_;
};

}  // namespace kpipe::kconsume
