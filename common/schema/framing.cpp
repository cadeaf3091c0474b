// SPDX-License-Identifier: Apache-2.0
#include "common/schema/framing.hpp"

#include <algorithm>

#include "common/schema/unpack.hpp"

namespace kpipe {
namespace {

constexpr std::size_t kConfluentHeader = 5;
constexpr std::size_t kGlueHeader = 18;
constexpr std::uint8_t kConfluentMagic = 0;
constexpr std::uint8_t kGlueVersion = 3;
constexpr std::uint8_t kGluePlain = 0;
constexpr std::uint8_t kGlueZlib = 5;

std::uint8_t byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes[at]);
}

std::uint32_t confluent_id(std::string_view bytes) {
  std::uint32_t id = 0;
  for (std::size_t i = 1; i < kConfluentHeader; ++i) id = id << 8 | byte_at(bytes, i);
  return id;
}

}  // namespace

std::string to_string(const SchemaId& id) {
  if (!id.is_uuid) return std::to_string(id.number);
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < id.uuid.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += digits[id.uuid[i] >> 4];
    text += digits[id.uuid[i] & 15];
  }
  return text;
}

std::string unframe(Framing framing, std::string_view bytes, FramedPayload& framed,
                    std::string& unpacked) {
  framed = {};
  switch (framing) {
    case Framing::none:
      framed.payload = bytes;
      return {};
    case Framing::confluent:
      if (bytes.size() < kConfluentHeader || byte_at(bytes, 0) != kConfluentMagic)
        return "is not in Confluent's wire format (00, schema id, payload)";
      framed.schema.number = confluent_id(bytes);
      framed.payload = bytes.substr(kConfluentHeader);
      return {};
    case Framing::glue:
      break;
  }
  if (bytes.size() < kGlueHeader || byte_at(bytes, 0) != kGlueVersion)
    return "is not in AWS Glue's wire format (03, compression, schema version, payload)";
  framed.schema.is_uuid = true;
  std::copy_n(bytes.begin() + 2, framed.schema.uuid.size(), framed.schema.uuid.begin());
  framed.payload = bytes.substr(kGlueHeader);
  const std::uint8_t compression = byte_at(bytes, 1);
  if (compression == kGluePlain) return {};
  if (compression != kGlueZlib)
    return "has an unknown compression (" + std::to_string(compression) + ") in AWS Glue's header";
  std::string reason = unpack_zlib(framed.payload, unpacked);
  framed.payload = unpacked;
  return reason;
}

std::string guess_framing(std::string_view bytes) {
  // Ids above this are possible and rare; binary data that begins with zero is not.
  constexpr std::uint32_t plausible = 10'000'000;
  if (bytes.size() > kConfluentHeader && byte_at(bytes, 0) == kConfluentMagic &&
      confluent_id(bytes) > 0 && confluent_id(bytes) < plausible) {
    return " (looks like Confluent's wire format, schema " + std::to_string(confluent_id(bytes)) +
           ")";
  }
  if (bytes.size() > kGlueHeader && byte_at(bytes, 0) == kGlueVersion &&
      (byte_at(bytes, 1) == kGluePlain || byte_at(bytes, 1) == kGlueZlib)) {
    return " (looks like AWS Glue's wire format)";
  }
  return {};
}

}  // namespace kpipe
