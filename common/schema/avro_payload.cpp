// SPDX-License-Identifier: Apache-2.0
#include "common/schema/avro_payload.hpp"

#include <cstdint>
#include <cstdio>
#include <map>
#include <optional>
#include <utility>

#include "common/base/error.hpp"
#include "common/schema/avro_container.hpp"
#include "common/schema/avro_decode.hpp"
#include "common/schema/avro_fingerprint.hpp"
#include "common/schema/avro_resolve.hpp"
#include "common/schema/avro_schema.hpp"

namespace kpipe {
namespace {

AvroOutput output_of(const AvroPayloadOptions& options) {
  return options.avro_json ? AvroOutput::avro_json : AvroOutput::plain;
}

AvroSchema local_schema(const std::string& text) {
  try {
    return AvroSchema::parse(text);
  } catch (const AvroSchemaError& error) {
    throw Error(Exit::config, std::string("Avro schema: ") + error.what());
  }
}

/// Data without a frame, of a schema that is given; object containers, which bring theirs; and
/// single-object encoding.
class LocalAvro final : public PayloadDecoder {
 public:
  explicit LocalAvro(const AvroPayloadOptions& options) : container_(output_of(options)) {
    if (options.schema.empty()) return;
    schema_ = local_schema(options.schema);
    program_ = resolve_avro(*schema_, *schema_, output_of(options));
    fingerprint_ = avro_fingerprint(avro_canonical_form(*schema_));
  }

  Decoded decode(std::string_view /*topic*/, std::string_view bytes, OutBuffer& out) override {
    if (AvroContainer::is_container(bytes)) {
      if (container_.decode(bytes, schema_ ? &*schema_ : nullptr, out)) return Decoded::ok;
      return bad(container_.reason());
    }
    if (!schema_)
      return bad("is no Avro object container" + guess_framing(bytes),
                 "To read bare data: --avro-schema FILE");
    std::uint64_t fingerprint = 0;
    const bool marked = is_single_object(bytes, fingerprint);
    if (marked && fingerprint == fingerprint_) bytes.remove_prefix(kSingleObjectHeader);
    if (decoder_.decode(program_, bytes, out)) return Decoded::ok;
    std::string reason = decoder_.reason();
    if (marked && fingerprint != fingerprint_) {
      reason += " (looks like single-object encoding of another schema, fingerprint " +
                hexadecimal(fingerprint) + ")";
    } else if (AvroContainer::looks_like_container(bytes)) {
      reason += " (looks like an object container whose header is broken)";
    } else {
      reason += guess_framing(bytes);
    }
    return bad(std::move(reason));
  }

 private:
  static constexpr std::size_t kSingleObjectHeader = 10;

  /// C3 01 and a fingerprint, little-endian. A datum may begin with these two bytes as well, such
  /// as an int of -98; only a fingerprint that is known proves something. With another one, bytes
  /// that are a datum of the schema are taken for that.
  static bool is_single_object(std::string_view bytes, std::uint64_t& fingerprint) {
    if (bytes.size() < kSingleObjectHeader || !bytes.starts_with("\xC3\x01")) return false;
    for (std::size_t i = kSingleObjectHeader; i-- > 2;)
      fingerprint = fingerprint << 8 | static_cast<std::uint8_t>(bytes[i]);
    return true;
  }

  static std::string hexadecimal(std::uint64_t number) {
    char text[17];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(number));
    return text;
  }

  std::optional<AvroSchema> schema_;
  AvroProgram program_;
  std::uint64_t fingerprint_ = 0;
  AvroDecoder decoder_;
  AvroContainer container_;
};

/// Data that name their schema, which a registry has.
class RegisteredAvro final : public PayloadDecoder {
 public:
  explicit RegisteredAvro(AvroPayloadOptions options)
      : options_(std::move(options)), output_(output_of(options_)) {
    if (!options_.schema.empty()) given_reader_ = local_schema(options_.schema);
  }

  Decoded decode(std::string_view topic, std::string_view bytes, OutBuffer& out) override {
    FramedPayload framed;
    if (std::string reason = unframe(options_.framing, bytes, framed, unpacked_); !reason.empty())
      return bad(std::move(reason));
    if (last_ == nullptr || framed.schema != last_id_ || topic != last_topic_) {
      const Decoded found = find(topic, framed.schema);
      if (found != Decoded::ok) return found;
    }
    if (last_->bare_bytes) framed.payload = with_length(framed.payload);
    if (decoder_.decode(last_->program, framed.payload, out)) return Decoded::ok;
    return bad("schema " + to_string(framed.schema) + ": " + decoder_.reason());
  }

 private:
  struct Entry {
    AvroProgram program;
    std::string fault;  ///< why the schema cannot be used
    std::string remedy;
    bool bare_bytes = false;  ///< all behind the frame is the value
  };
  using Reader = const AvroSchema*;  ///< null: as written

  /// Makes last_ the entry of this schema and topic.
  Decoded find(std::string_view topic, const SchemaId& id) {
    last_ = nullptr;
    Reader reader = nullptr;
    if (!find_reader(topic, reader)) return Decoded::waiting;
    auto known = entries_.find({id, reader});
    if (known == entries_.end()) {
      SchemaAnswer answer = options_.registry->schema(id);
      if (answer.state == SchemaAnswer::State::waiting) return Decoded::waiting;
      if (answer.state == SchemaAnswer::State::missing)
        return bad("schema " + to_string(id) + ": " + answer.reason);
      known = entries_.emplace(std::pair{id, reader}, compile(*answer.schema, reader)).first;
    }
    const Entry& entry = known->second;
    if (!entry.fault.empty()) return bad("schema " + to_string(id) + entry.fault, entry.remedy);
    last_ = &entry;
    last_id_ = id;
    last_topic_ = topic;
    return Decoded::ok;
  }

  Entry compile(const RegisteredSchema& registered, Reader reader) const {
    if (registered.type == SchemaType::protobuf)
      return {{}, " is Protobuf", "To decode it: -f protobuf", false};
    if (registered.type == SchemaType::json)
      return {{}, " is JSON Schema", "To decode it: -f json-schema", false};
    try {
      const AvroSchema writer = AvroSchema::parse(registered.text, registered.references);
      return {resolve_avro(writer, reader == nullptr ? writer : *reader, output_),
              {},
              {},
              options_.framing == Framing::confluent && writer.root().type == AvroType::bytes &&
                  writer.root().logical == AvroLogical::none};
    } catch (const AvroSchemaError& error) {
      return {{}, std::string(" cannot be used: ") + error.what(), {}, false};
    }
  }

  /// As the specification has it, for the decoder.
  std::string_view with_length(std::string_view bytes) {
    bare_bytes_.clear();
    std::uint64_t rest = std::uint64_t{bytes.size()} << 1;
    for (; rest > 0x7f; rest >>= 7) bare_bytes_ += static_cast<char>(0x80 | (rest & 0x7f));
    bare_bytes_ += static_cast<char>(rest);
    bare_bytes_ += bytes;
    return bare_bytes_;
  }

  /// False while the registry is being asked.
  bool find_reader(std::string_view topic, Reader& reader) {
    if (given_reader_) {
      reader = &*given_reader_;
    } else if (!options_.reader_subject.empty()) {
      auto known = readers_.find(topic);
      if (known == readers_.end()) {
        const std::string subject = subject_of(topic);
        const SchemaAnswer answer = options_.registry->latest(subject);
        if (answer.state == SchemaAnswer::State::waiting) return false;
        known = readers_.emplace(std::string(topic), reader_schema(subject, answer)).first;
      }
      reader = &known->second;
    }
    return true;
  }

  std::string subject_of(std::string_view topic) const {
    constexpr std::string_view placeholder = "{topic}";
    std::string subject = options_.reader_subject;
    for (std::size_t at = 0; (at = subject.find(placeholder, at)) != std::string::npos;) {
      subject.replace(at, placeholder.size(), topic);
      at += topic.size();
    }
    return subject;
  }

  static AvroSchema reader_schema(const std::string& subject, const SchemaAnswer& answer) {
    const std::string where = "reader's schema: subject " + subject + ": ";
    if (answer.state == SchemaAnswer::State::missing)
      throw Error(Exit::no_input, where + answer.reason);
    if (answer.schema->type != SchemaType::avro)
      throw Error(Exit::config, where + "its latest version is not Avro");
    try {
      return AvroSchema::parse(answer.schema->text, answer.schema->references);
    } catch (const AvroSchemaError& error) {
      throw Error(Exit::config, where + error.what());
    }
  }

  AvroPayloadOptions options_;
  AvroOutput output_;
  std::optional<AvroSchema> given_reader_;
  std::map<std::string, AvroSchema, std::less<>> readers_;  ///< by topic
  std::map<std::pair<SchemaId, Reader>, Entry> entries_;
  AvroDecoder decoder_;
  std::string unpacked_;
  std::string bare_bytes_;
  // Most records have the schema of the one before.
  const Entry* last_ = nullptr;
  SchemaId last_id_;
  std::string last_topic_;
};

}  // namespace

std::unique_ptr<PayloadDecoder> make_avro_payload(AvroPayloadOptions options) {
  if (options.framing == Framing::none) return std::make_unique<LocalAvro>(options);
  if (!options.schema.empty() && !options.reader_subject.empty())
    throw Error(Exit::usage, "reader's schema: both a schema and a subject are given. Give one");
  return std::make_unique<RegisteredAvro>(std::move(options));
}

}  // namespace kpipe
