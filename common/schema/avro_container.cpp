// SPDX-License-Identifier: Apache-2.0
#include "common/schema/avro_container.hpp"

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#include "common/schema/avro_reader.hpp"
#include "common/schema/avro_resolve.hpp"
#include "common/schema/framing.hpp"
#include "common/schema/unpack.hpp"

namespace kpipe {
namespace {

constexpr std::string_view magic("Obj\1", 4);
constexpr std::size_t sync_size = 16;

}  // namespace

struct AvroContainer::Header {
  std::string_view schema;
  std::string_view codec = "null";
  std::string_view sync;
  std::string_view blocks;
};

bool AvroContainer::looks_like_container(std::string_view bytes) {
  return bytes.starts_with(magic);
}

bool AvroContainer::is_container(std::string_view bytes) {
  Header header;
  return read_header(bytes, header);
}

bool AvroContainer::read_header(std::string_view bytes, Header& header) {
  if (!bytes.starts_with(magic)) return false;
  AvroReader in(bytes.substr(magic.size()));
  bool has_schema = false;
  for (;;) {
    std::uint64_t count = 0;
    std::size_t size = 0;
    if (!in.read_block(count, size)) return false;
    if (count == 0) break;
    for (; count > 0; --count) {
      std::string_view key, value;
      if (!in.read_bytes(key) || !in.read_bytes(value)) return false;
      if (key == "avro.schema") {
        header.schema = value;
        has_schema = true;
      } else if (key == "avro.codec") {
        header.codec = value;
      }
    }
  }
  if (!has_schema || !in.read_fixed(sync_size, header.sync)) return false;
  header.blocks = in.rest();
  return true;
}

bool AvroContainer::refuse(std::string reason) {
  reason_ = std::move(reason);
  return false;
}

bool AvroContainer::prepare(std::string_view text, const AvroSchema* reader) {
  if (prepared_ && text == schema_text_ && reader == reader_) return true;
  prepared_ = false;
  try {
    const AvroSchema writer = AvroSchema::parse(text);
    program_ = resolve_avro(writer, reader == nullptr ? writer : *reader, output_);
  } catch (const AvroSchemaError& error) {
    return refuse(std::string("object container: its schema cannot be used: ") + error.what());
  }
  schema_text_ = text;
  reader_ = reader;
  prepared_ = true;
  return true;
}

bool AvroContainer::unpack(std::string_view codec, std::string_view packed,
                           std::string_view& data) {
  if (codec == "null") {
    data = packed;
    return true;
  }
  std::string reason;
  if (codec == "deflate") {
    reason = unpack_deflate(packed, unpacked_);
  } else if (codec == "zstandard") {
    reason = unpack_zstd(packed, unpacked_);
  } else if (codec == "snappy") {
    // The CRC-32 of what is packed follows, big-endian.
    constexpr std::size_t crc_size = 4;
    if (packed.size() < crc_size) return refuse("object container: a block is broken snappy data");
    reason = unpack_snappy(packed.substr(0, packed.size() - crc_size), unpacked_);
    if (reason.empty()) {
      std::uint32_t stored = 0;
      for (const char c : packed.substr(packed.size() - crc_size))
        stored = stored << 8 | static_cast<std::uint8_t>(c);
      const auto* const bytes = reinterpret_cast<const Bytef*>(unpacked_.data());
      if (crc32_z(0, bytes, unpacked_.size()) != stored) reason = "does not have its checksum";
    }
  } else {
    return refuse("object container: its codec is neither null, deflate, snappy nor zstandard");
  }
  if (!reason.empty()) return refuse("object container: a block " + reason);
  data = unpacked_;
  return true;
}

bool AvroContainer::decode_blocks(const Header& header, OutBuffer& out, std::uint64_t& count) {
  AvroReader in(header.blocks);
  const std::size_t begin = out.size();
  std::size_t total = 0;
  while (in.left() > 0) {
    std::int64_t items = 0;
    std::string_view packed, sync, data;
    if (!in.read_long(items) || !in.read_bytes(packed) || !in.read_fixed(sync_size, sync))
      return refuse(std::string("object container: a block ") + in.problem());
    if (sync != header.sync)
      return refuse("object container: a block is not followed by its marker");
    if (items < 0) return refuse("object container: a block has a negative number of objects");
    if (!unpack(header.codec, packed, data)) return false;
    total += data.size();
    if (total > std::max(kMaxUnpacked, header.blocks.size()))
      return refuse("object container: unpacks to more than 64 MiB");
    const std::size_t limit = begin + decoder_.most_output(total);
    for (; items > 0; --items) {
      if (count++ > 0) out.append(',');
      if (!decoder_.decode_front(program_, data, out))
        return refuse("object " + std::to_string(count) + ": " + decoder_.reason());
      if (out.size() > limit)
        return refuse("object container: prints far more than its bytes can mean");
    }
    if (!data.empty())
      return refuse("object container: " + std::to_string(data.size()) +
                    " bytes are left over in a block");
  }
  return true;
}

bool AvroContainer::decode(std::string_view bytes, const AvroSchema* reader, OutBuffer& out) {
  Header header;
  if (!read_header(bytes, header)) return refuse("is no object container: its header is not whole");
  if (!prepare(header.schema, reader)) return false;
  const std::size_t begin = out.size();
  out.append('[');
  std::uint64_t count = 0;
  if (!decode_blocks(header, out, count)) return false;
  if (count == 1) {
    // The only one is no list: its bracket goes.
    std::memmove(out.data() + begin, out.data() + begin + 1, out.size() - begin - 1);
    out.truncate(out.size() - 1);
  } else {
    out.append(']');
  }
  return true;
}

}  // namespace kpipe
