// SPDX-License-Identifier: Apache-2.0
#include "common/schema/protobuf_payload.hpp"

#include <google/protobuf/descriptor.h>

#include <map>
#include <optional>
#include <utility>

#include "common/base/error.hpp"
#include "common/schema/proto_json.hpp"
#include "common/schema/proto_schema.hpp"
#include "common/schema/proto_wire.hpp"

namespace kpipe {
namespace {

namespace pb = google::protobuf;

/// More nesting no .proto has.
constexpr std::int64_t kMaxIndexes = 100;

/// Takes what names the type off the front of the payload. False when it is not there.
bool split_indexes(std::string_view payload, std::vector<std::int32_t>& indexes,
                   std::string_view& message) {
  indexes.clear();
  WireReader in(payload);
  std::uint64_t bits = 0;
  if (!in.short_varint(bits)) return false;
  const std::int64_t count = zigzag(bits);
  if (count < 0 || count > kMaxIndexes) return false;
  if (count == 0) indexes.push_back(0);
  for (std::int64_t i = 0; i < count; ++i) {
    if (!in.short_varint(bits)) return false;
    const std::int64_t index = zigzag(bits);
    if (index < 0 || index > INT32_MAX) return false;
    indexes.push_back(static_cast<std::int32_t>(index));
  }
  message = payload.substr(payload.size() - in.left());
  return true;
}

std::string text_of(const std::vector<std::int32_t>& indexes) {
  std::string text = "[";
  for (const std::int32_t index : indexes)
    text += (text.size() > 1 ? ", " : "") + std::to_string(index);
  return text + "]";
}

class ProtobufPayload final : public PayloadDecoder {
 public:
  explicit ProtobufPayload(ProtobufPayloadOptions options) : options_(std::move(options)) {
    if (options_.registry != nullptr && !options_.files.empty())
      throw Error(Exit::usage, "--proto: the registry has the schemas. Leave out one of the two");
    if (options_.registry != nullptr && options_.framing == Framing::none)
      throw Error(Exit::usage, "Protobuf by a registry: a framing is needed");
    if (options_.registry != nullptr) return;
    if (options_.files.empty())
      throw Error(Exit::usage, "Protobuf: no schema. Give --proto FILE or --registry-url URL");
    auto schema = ProtoSchema::load(options_.files, options_.import_paths);
    local_type_ = choose_message(*schema, options_.message);
    local_.emplace(std::move(schema), options_.original_names);
  }

  Decoded decode(std::string_view /*topic*/, std::string_view bytes, OutBuffer& out) override {
    FramedPayload framed;
    std::string reason = unframe(options_.framing, bytes, framed, unpacked_);
    if (!reason.empty()) return bad(std::move(reason) + guess_unless(Framing::none, bytes));
    if (local_) return decode_local(framed, bytes, out);

    const Decoded found = find_schema(framed.schema);
    if (found != Decoded::ok) return found;
    if (last_->json == nullptr) return bad(last_->reason, last_->remedy);
    std::string_view message;
    const Decoded named = find_type(framed.payload, message);
    if (named != Decoded::ok) return named;
    return written(*last_->json, *last_->type, message, out, in_schema(""));
  }

 private:
  struct Known {
    std::unique_ptr<ProtoJson> json;  ///< nullptr: the schema cannot be used, for this reason
    std::string reason;
    std::string remedy;
    /// Of the last record. The type stays while the same bytes name it.
    std::string named_by;
    const pb::Descriptor* type = nullptr;
  };

  std::string in_schema(std::string text) const {
    return "schema " + to_string(last_id_) + ": " + std::move(text);
  }

  std::string guess_unless(Framing framing, std::string_view bytes) const {
    return options_.framing == framing ? guess_framing(bytes) : std::string();
  }

  Decoded written(ProtoJson& json, const pb::Descriptor& type, std::string_view message,
                  OutBuffer& out, const std::string& prefix) {
    if (json.write(type, message, out)) return Decoded::ok;
    return bad(prefix + type.full_name() + ": " + json.fault());
  }

  Decoded decode_local(const FramedPayload& framed, std::string_view bytes, OutBuffer& out) {
    std::string_view message = framed.payload;
    if (options_.framing == Framing::confluent && !split_indexes(framed.payload, indexes_, message))
      return bad("has no message indexes behind the schema's id");
    if (options_.framing == Framing::glue) {
      WireReader in(framed.payload);
      std::uint64_t number = 0;
      if (!in.short_varint(number)) return bad("has no message number behind the schema version");
      message.remove_prefix(message.size() - in.left());
    }
    if (local_->write(*local_type_, message, out)) return Decoded::ok;
    return bad(local_type_->full_name() + ": " + local_->fault() +
               guess_unless(Framing::none, bytes));
  }

  /// Sets last_.
  Decoded find_schema(const SchemaId& id) {
    if (last_ != nullptr && id == last_id_) return Decoded::ok;
    last_id_ = id;
    const auto at = known_.find(id);
    if (at != known_.end()) {
      last_ = &at->second;
      return Decoded::ok;
    }
    last_ = nullptr;
    const SchemaAnswer answer = options_.registry->schema(id);
    if (answer.state == SchemaAnswer::State::waiting) return Decoded::waiting;
    if (answer.state == SchemaAnswer::State::missing)
      return bad("schema " + to_string(id) + ": " + answer.reason);
    Known& known = known_[id];
    if (answer.schema->type != SchemaType::protobuf) {
      const bool avro = answer.schema->type == SchemaType::avro;
      known.reason = "schema " + to_string(id) + " is " + (avro ? "Avro" : "JSON Schema");
      known.remedy = std::string("To read it: -f ") + (avro ? "avro" : "json-schema");
    } else if (auto schema =
                   ProtoSchema::compile(*answer.schema, options_.import_paths, known.reason)) {
      known.json = std::make_unique<ProtoJson>(std::move(schema), options_.original_names);
    } else {
      known.reason = in_schema(known.reason);
      known.remedy = "Folders with files that it imports: --proto-path";
    }
    last_ = &known;
    return Decoded::ok;
  }

  /// Sets last_->type and finds where the message begins.
  Decoded find_type(std::string_view payload, std::string_view& message) {
    const std::string& same = last_->named_by;
    if (!same.empty() && payload.starts_with(same)) {
      message = payload.substr(same.size());
      return Decoded::ok;
    }
    const ProtoSchema& schema = last_->json->schema();
    const pb::Descriptor* type = nullptr;
    if (options_.framing == Framing::confluent) {
      if (!split_indexes(payload, indexes_, message)) {
        return bad(in_schema("has no message indexes behind the schema's id"),
                   "Serializers must not use the deprecated format (use.deprecated.format)");
      }
      type = schema.at(indexes_);
      if (type == nullptr) return bad(in_schema("has no message " + text_of(indexes_)));
    } else {
      WireReader in(payload);
      std::uint64_t number = 0;
      if (!in.short_varint(number))
        return bad(in_schema("has no message number behind the schema version"));
      type = schema.numbered(number);
      if (type == nullptr) return bad(in_schema("has no message " + std::to_string(number)));
      message = payload.substr(payload.size() - in.left());
    }
    if (!options_.message.empty() && type->full_name() != options_.message) {
      return bad(in_schema("is a " + type->full_name() + ", not a " + options_.message),
                 "To read all types: leave out --message");
    }
    last_->type = type;
    last_->named_by = payload.substr(0, payload.size() - message.size());
    return Decoded::ok;
  }

  ProtobufPayloadOptions options_;
  std::optional<ProtoJson> local_;
  const pb::Descriptor* local_type_ = nullptr;
  std::map<SchemaId, Known> known_;
  Known* last_ = nullptr;
  SchemaId last_id_;
  std::string unpacked_;
  std::vector<std::int32_t> indexes_;
};

}  // namespace

std::unique_ptr<PayloadDecoder> make_protobuf_payload(ProtobufPayloadOptions options) {
  return std::make_unique<ProtobufPayload>(std::move(options));
}

}  // namespace kpipe
