// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "common/base/out_buffer.hpp"
#include "common/schema/avro_decode.hpp"
#include "common/schema/avro_schema.hpp"

namespace kpipe {

/// Object containers, the specification's files ("Obj", 1): data with the schema they were written
/// with, in blocks that may be compressed (null, deflate, snappy, zstandard). For one thread.
class AvroContainer {
 public:
  AvroContainer(AvroOutput output, std::size_t free_output = std::size_t{64} << 20)
      : output_(output), decoder_(free_output) {}

  /// Whether the bytes have a container's whole header, with a schema and a sync marker. Its four
  /// first bytes alone could be a datum's; what follows could not.
  static bool is_container(std::string_view bytes);
  /// The same of the first four bytes, for messages.
  static bool looks_like_container(std::string_view bytes);

  /// Appends the datum of a container of one, or else an array of all of them. `reader` may be
  /// null: as written. False for bad data; a part may have been appended then.
  bool decode(std::string_view bytes, const AvroSchema* reader, OutBuffer& out);
  const std::string& reason() const noexcept { return reason_; }

 private:
  struct Header;
  static bool read_header(std::string_view bytes, Header& header);

  bool refuse(std::string reason);
  bool prepare(std::string_view text, const AvroSchema* reader);
  bool decode_blocks(const Header& header, OutBuffer& out, std::uint64_t& count);
  bool unpack(std::string_view codec, std::string_view packed, std::string_view& data);

  AvroOutput output_;
  AvroDecoder decoder_;
  std::string reason_;
  std::string unpacked_;
  /// The program of the last container: most payloads of a topic have the same schema.
  bool prepared_ = false;
  std::string schema_text_;
  const AvroSchema* reader_ = nullptr;
  AvroProgram program_;
};

}  // namespace kpipe
