// SPDX-License-Identifier: Apache-2.0
#include "tools/kconsume/payloads.hpp"

#include <utility>

#include "common/base/error.hpp"
#include "common/base/fd.hpp"
#include "common/kafka/registry_settings.hpp"
#include "common/schema/avro_payload.hpp"
#include "common/schema/json_schema_payload.hpp"
#include "common/schema/protobuf_payload.hpp"
#include "common/schema/registries.hpp"

namespace kpipe::kconsume {
namespace {

bool is_registered(PayloadFormat format) {
  return format == PayloadFormat::avro || format == PayloadFormat::protobuf ||
         format == PayloadFormat::json_schema;
}

/// Shows each value that was decoded to the learner.
class LearningPayload final : public PayloadDecoder {
 public:
  LearningPayload(std::unique_ptr<PayloadDecoder> inner, JsonSchemaLearner& learner)
      : inner_(std::move(inner)), learner_(learner) {}

  Decoded decode(std::string_view topic, std::string_view bytes, OutBuffer& out) override {
    const std::size_t start = out.size();
    const Decoded result = inner_->decode(topic, bytes, out);
    if (result == Decoded::bad) return bad(inner_->reason(), inner_->remedy());
    if (result == Decoded::ok) learner_.add(out.view().substr(start));
    return result;
  }

 private:
  std::unique_ptr<PayloadDecoder> inner_;
  JsonSchemaLearner& learner_;
};

/// What differs between keys and values.
struct Column {
  PayloadFormat format;
  const std::string& avro_schema;
  const std::string& subject;
  const std::string& message;
  const std::string& json_schema;
};

class Maker {
 public:
  Maker(const FormatOptions& options, const Registry& registry)
      : options_(options), framing_(registry.framing), registry_(registry.schemas.get()) {}

  std::unique_ptr<PayloadDecoder> make(const Column& column) const {
    switch (column.format) {
      case PayloadFormat::json:
        return column.json_schema.empty() ? make_payload(ValueFormat::json)
                                          : make_json_schema(column, Framing::none);
      case PayloadFormat::string:
        return make_payload(ValueFormat::string);
      case PayloadFormat::raw:
        return make_payload(ValueFormat::raw);
      case PayloadFormat::avro:
        return make_avro(column);
      case PayloadFormat::protobuf:
        return make_protobuf(column);
      case PayloadFormat::json_schema:
        return make_json_schema(column, framing_);
    }
    throw Error(Exit::software, "--format " + name_of(column.format));
  }

 private:
  std::unique_ptr<PayloadDecoder> make_avro(const Column& column) const {
    AvroPayloadOptions avro;
    avro.framing = framing_;
    avro.registry = registry_;
    if (!column.avro_schema.empty()) avro.schema = read_file(column.avro_schema);
    avro.reader_subject = column.subject;
    avro.avro_json = options_.avro_json;
    return make_avro_payload(std::move(avro));
  }

  std::unique_ptr<PayloadDecoder> make_protobuf(const Column& column) const {
    ProtobufPayloadOptions protobuf;
    protobuf.framing = framing_;
    protobuf.registry = registry_;
    protobuf.files = options_.proto;
    protobuf.import_paths = options_.proto_path;
    protobuf.message = column.message;
    protobuf.original_names = options_.proto_names;
    return make_protobuf_payload(std::move(protobuf));
  }

  std::unique_ptr<PayloadDecoder> make_json_schema(const Column& column, Framing framing) const {
    JsonSchemaPayloadOptions json;
    json.framing = framing;
    json.registry = registry_;
    if (!column.json_schema.empty()) json.schema = read_file(column.json_schema);
    json.validate = options_.validate;
    return make_json_schema_payload(std::move(json));
  }

  const FormatOptions& options_;
  Framing framing_;
  SchemaRegistry* registry_;
};

}  // namespace

Registry make_registry(const Options& options) {
  const FormatOptions& format = options.format;
  if (!is_registered(format.value) && !is_registered(format.key)) return {};
  if (!has_registry(options.connection)) {
    if (!format.framing_required) return {};
    throw Error(Exit::usage, "-f confluent_avro: needs --registry-url");
  }
  RegistryOptions found = registry_options(options.connection);
  const Framing framing =
      found.kind == RegistryOptions::Kind::glue ? Framing::glue : Framing::confluent;
  return {kpipe::make_registry(std::move(found)), framing};
}

RecordEncoder make_encoder(const Options& options, const Registry& registry,
                           JsonSchemaLearner* learner) {
  const FormatOptions& format = options.format;
  const Maker maker(format, registry);
  static const std::string none;
  auto key = maker.make(
      {format.key, format.key_avro_schema, format.key_subject, format.key_message, none});
  auto value = maker.make(
      {format.value, format.avro_schema, format.value_subject, format.message, format.json_schema});
  if (format.unwrap_schema) {
    value = std::make_unique<UnwrapPayload>(std::move(value));
    if (format.key == PayloadFormat::json)
      key = std::make_unique<UnwrapPayload>(std::move(key), /*optional=*/true);
  }
  if (learner != nullptr) value = std::make_unique<LearningPayload>(std::move(value), *learner);
  return RecordEncoder(format.shape, std::move(key), std::move(value));
}

}  // namespace kpipe::kconsume
