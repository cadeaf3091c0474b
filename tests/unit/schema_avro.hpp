// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <string>

#include "common/schema/avro_decode.hpp"
#include "common/schema/avro_default.hpp"
#include "common/schema/avro_resolve.hpp"
#include "common/schema/avro_schema.hpp"

namespace kpipe::test {

/// Avro's encodings of single values, put together by +.
inline std::string avro_long(std::int64_t value) {
  std::string out;
  append_avro_long(out, value);
  return out;
}
inline std::string avro_bytes(const std::string& bytes) {
  return avro_long(static_cast<std::int64_t>(bytes.size())) + bytes;
}
template <typename Float>
std::string avro_float(Float value) {
  std::string raw(sizeof value, '\0');
  std::memcpy(raw.data(), &value, sizeof value);
  return raw;
}

/// A container of one block; `blocks` may follow it.
struct AvroContainerText {
  std::string schema = "\"int\"";
  std::string codec;  ///< none: the header does not name it
  std::string sync = "0123456789abcdef";

  std::string header() const {
    const std::string coded = codec.empty() ? "" : avro_bytes("avro.codec") + avro_bytes(codec);
    return "Obj\1" + avro_long(codec.empty() ? 1 : 2) + coded + avro_bytes("avro.schema") +
           avro_bytes(schema) + avro_long(0) + sync;
  }
  std::string block(std::int64_t count, const std::string& data) const {
    return avro_long(count) + avro_bytes(data) + sync;
  }
};

/// The JSON that `bytes` become, or "!" and the reason.
inline std::string avro_decoded(const AvroProgram& program, const std::string& bytes) {
  AvroDecoder decoder(1 << 16);
  OutBuffer out;
  if (!decoder.decode(program, bytes, out)) return "!" + decoder.reason();
  return std::string(out.view());
}
inline std::string avro_read(const std::string& writer, const std::string& bytes,
                             AvroOutput output = AvroOutput::plain) {
  const AvroSchema schema = AvroSchema::parse(writer);
  return avro_decoded(resolve_avro(schema, schema, output), bytes);
}
inline std::string avro_read_as(const std::string& writer, const std::string& reader,
                                const std::string& bytes, AvroOutput output = AvroOutput::plain) {
  return avro_decoded(resolve_avro(AvroSchema::parse(writer), AvroSchema::parse(reader), output),
                      bytes);
}

}  // namespace kpipe::test
