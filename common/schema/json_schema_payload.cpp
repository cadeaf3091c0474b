// SPDX-License-Identifier: Apache-2.0
#include "common/schema/json_schema_payload.hpp"

#include <map>
#include <stdexcept>
#include <utility>

#include "common/base/error.hpp"
#include "common/schema/json_schema.hpp"

namespace kpipe {
namespace {

class JsonSchemaPayload final : public PayloadDecoder {
 public:
  explicit JsonSchemaPayload(JsonSchemaPayloadOptions options) : options_(std::move(options)) {
    if (options_.schema.empty()) return;
    try {
      own_ = std::make_unique<const JsonSchema>(options_.schema, std::vector<ReferencedSchema>{});
    } catch (const std::invalid_argument& error) {
      throw Error(Exit::config, std::string("--json-schema: ") + error.what());
    }
  }

  Decoded decode(std::string_view topic, std::string_view bytes, OutBuffer& out) override {
    FramedPayload framed;
    if (std::string reason = unframe(options_.framing, bytes, framed, unpacked_); !reason.empty())
      return bad(std::move(reason));
    const JsonSchema* schema = own_.get();
    const bool registered = schema == nullptr && options_.validate && options_.registry != nullptr;
    if (registered) {
      const Decoded found = find(framed.schema, schema);
      if (found != Decoded::ok) return found;
    }
    if (json_.decode(topic, framed.payload, out) != Decoded::ok)
      return bad(json_.reason() + (options_.framing == Framing::none ? guess_framing(bytes) : ""),
                 json_.remedy());
    if (schema == nullptr) return Decoded::ok;
    std::string reason = fault_of(*schema, framed.payload);
    if (reason.empty()) return Decoded::ok;
    if (registered) reason.insert(0, "schema " + to_string(framed.schema) + ": ");
    return bad(std::move(reason));
  }

 private:
  struct Entry {
    std::unique_ptr<const JsonSchema> schema;
    std::string fault;  ///< why it cannot be used
    std::string remedy;
  };

  Decoded find(const SchemaId& id, const JsonSchema*& schema) {
    auto known = entries_.find(id);
    if (known == entries_.end()) {
      SchemaAnswer answer = options_.registry->schema(id);
      if (answer.state == SchemaAnswer::State::waiting) return Decoded::waiting;
      if (answer.state == SchemaAnswer::State::missing)
        return bad("schema " + to_string(id) + ": " + answer.reason);
      known = entries_.emplace(id, read(*answer.schema)).first;
    }
    const Entry& entry = known->second;
    if (entry.schema == nullptr) return bad("schema " + to_string(id) + entry.fault, entry.remedy);
    schema = entry.schema.get();
    return Decoded::ok;
  }

  static Entry read(const RegisteredSchema& registered) {
    if (registered.type == SchemaType::avro) return {nullptr, " is Avro", "To decode it: -f avro"};
    if (registered.type == SchemaType::protobuf)
      return {nullptr, " is Protobuf", "To decode it: -f protobuf"};
    try {
      return {std::make_unique<const JsonSchema>(registered.text, registered.references), {}, {}};
    } catch (const std::invalid_argument& error) {
      return {nullptr, std::string(" cannot be used: ") + error.what(),
              "Without --validate values are read all the same"};
    }
  }

  static std::string fault_of(const JsonSchema& schema, std::string_view json) {
    try {
      return schema.check(parse_json_tree(json, JsonChecker::kMaxDepth));
    } catch (const std::invalid_argument&) {
      // RFC 8259 lets pass half of a character that is written in two escapes.
      return "has an escape of half a character, which cannot be held against a schema";
    }
  }

  const JsonSchemaPayloadOptions options_;
  std::unique_ptr<const JsonSchema> own_;
  std::map<SchemaId, Entry> entries_;
  JsonPayload json_;
  std::string unpacked_;
};

}  // namespace

std::unique_ptr<PayloadDecoder> make_json_schema_payload(JsonSchemaPayloadOptions options) {
  return std::make_unique<JsonSchemaPayload>(std::move(options));
}

}  // namespace kpipe
