// SPDX-License-Identifier: Apache-2.0
#include "common/schema/avro_container.hpp"

#include <gtest/gtest.h>
#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

#include "common/schema/avro_fingerprint.hpp"
#include "common/schema/framing.hpp"
#include "tests/unit/schema_avro.hpp"

namespace kpipe {
namespace {

using namespace std::string_literals;
using namespace test;

std::string read(const std::string& bytes, const AvroSchema* reader = nullptr) {
  AvroContainer container(AvroOutput::plain, 1 << 16);
  OutBuffer out;
  out.append("before");
  if (!container.decode(bytes, reader, out)) return "!" + container.reason();
  EXPECT_TRUE(out.view().starts_with("before"));
  return std::string(out.view().substr(6));
}

std::string deflated(const std::string& data) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(deflateBound(&stream, data.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

std::string snappied(const std::string& data) {
  std::size_t size = snappy_max_compressed_length(data.size());
  std::string packed(size, '\0');
  EXPECT_EQ(snappy_compress(data.data(), data.size(), packed.data(), &size), SNAPPY_OK);
  packed.resize(size);
  const auto crc =
      crc32(0, reinterpret_cast<const Bytef*>(data.data()), static_cast<uInt>(data.size()));
  for (int shift = 24; shift >= 0; shift -= 8) packed += static_cast<char>(crc >> shift);
  return packed;
}

std::string zstandard(const std::string& data) {
  std::string packed(ZSTD_compressBound(data.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), data.data(), data.size(), 3));
  return packed;
}

std::string packed_by(const std::string& codec, const std::string& data) {
  if (codec == "deflate") return deflated(data);
  if (codec == "snappy") return snappied(data);
  return codec == "zstandard" ? zstandard(data) : data;
}

TEST(AvroContainer, OneObjectIsTheValueOthersAreAnArray) {
  const AvroContainerText text;
  EXPECT_EQ(read(text.header()), "[]");
  EXPECT_EQ(read(text.header() + text.block(0, "")), "[]");
  EXPECT_EQ(read(text.header() + text.block(1, avro_long(7))), "7");
  EXPECT_EQ(read(text.header() + text.block(2, avro_long(7) + avro_long(8)) +
                 text.block(1, avro_long(9))),
            "[7,8,9]");
}

TEST(AvroContainer, Codecs) {
  const std::string data = avro_bytes(std::string(100'000, 'x'));
  for (const char* codec : {"", "null", "deflate", "snappy", "zstandard"}) {
    const AvroContainerText text{"\"string\"", codec};
    const std::string bytes = text.header() + text.block(1, packed_by(codec, data));
    EXPECT_EQ(read(bytes), "\"" + std::string(100'000, 'x') + "\"") << codec;
    // Cut anywhere but between blocks it is broken.
    const std::size_t header = text.header().size();
    const std::size_t step = (bytes.size() - header) / 50 + 1;
    for (std::size_t cut = header + 1; cut < bytes.size(); cut += step)
      EXPECT_EQ(read(bytes.substr(0, cut)).front(), '!') << codec << cut;
  }
  const AvroContainerText text{"\"string\"", "bzip2"};
  EXPECT_EQ(read(text.header() + text.block(1, "x")),
            "!object container: its codec is neither null, deflate, snappy nor zstandard");
  // Avro's writer in Python leaves a part of zlib's checksum.
  const AvroContainerText python{"\"int\"", "deflate"};
  EXPECT_EQ(read(python.header() + python.block(1, deflated(avro_long(7)) + "abc")), "7");
}

TEST(AvroContainer, BrokenBlocksAreSaid) {
  const AvroContainerText text{"\"int\"", "snappy"};
  std::string packed = snappied(avro_long(7));
  packed.back() ^= 1;
  EXPECT_EQ(read(text.header() + text.block(1, packed)),
            "!object container: a block does not have its checksum");
  const AvroContainerText plain;
  EXPECT_EQ(read(plain.header() + avro_long(1) + avro_bytes(avro_long(7)) + std::string(16, 'x')),
            "!object container: a block is not followed by its marker");
  EXPECT_EQ(read(plain.header() + plain.block(1, avro_long(7) + "x")),
            "!object container: 1 bytes are left over in a block");
  EXPECT_EQ(read(plain.header() + plain.block(2, avro_long(7))),
            "!object 2: ends inside the value");
  EXPECT_EQ(read(plain.header() + plain.block(-1, "")),
            "!object container: a block has a negative number of objects");
  const AvroContainerText unusable{"\"nix\"", ""};
  EXPECT_EQ(read(unusable.header()),
            "!object container: its schema cannot be used: there is no type \"nix\"");
  const AvroContainerText none{"", ""};
  EXPECT_EQ(read(none.header() + none.block(1, "x")).substr(0, 48),
            "!object container: its schema cannot be used: is");
  const std::string header = plain.header();
  for (std::size_t cut = 0; cut < header.size(); ++cut)
    EXPECT_FALSE(AvroContainer::is_container(header.substr(0, cut))) << cut;
  EXPECT_TRUE(AvroContainer::is_container(header));
}

TEST(AvroContainer, BombsAreNotUnpacked) {
  const std::string large(kMaxUnpacked / 2 + 1, '\0');
  for (const char* codec : {"deflate", "snappy", "zstandard"}) {
    const AvroContainerText text{R"({"type":"fixed","name":"F","size":1000000000})", codec};
    EXPECT_EQ(read(text.header() + text.block(1, packed_by(codec, large + large))),
              "!object container: a block unpacks to more than 64 MiB")
        << codec;
  }
  // Objects of no bytes can be claimed in any number, in any number of blocks.
  const AvroContainerText nulls{"\"null\"", ""};
  EXPECT_EQ(read(nulls.header() + nulls.block(std::int64_t{1} << 60, "")),
            "!object container: prints far more than its bytes can mean");
  std::string blocks = nulls.header();
  for (int i = 0; i < 100; ++i) blocks += nulls.block(10'000, "");
  EXPECT_EQ(read(blocks), "!object container: prints far more than its bytes can mean");
}

TEST(AvroContainer, TheReadersSchemaMayDiffer) {
  const AvroSchema reader =
      AvroSchema::parse(R"({"type":"record","name":"R","fields":[{"name":"b","type":"long"}]})");
  const AvroContainerText text{R"({"type":"record","name":"R","fields":[
      {"name":"a","type":"string"},{"name":"b","type":"int"}]})",
                               ""};
  const std::string bytes = text.header() + text.block(1, avro_bytes("x") + avro_long(7));
  EXPECT_EQ(read(bytes, &reader), R"({"b":7})");
  EXPECT_EQ(read(bytes), R"({"a":"x","b":7})");
}

TEST(AvroFingerprint, OfTheSpecification) {
  const auto form = [](const std::string& text) {
    return avro_canonical_form(AvroSchema::parse(text));
  };
  EXPECT_EQ(avro_fingerprint("\"int\""), 0x7275d51a3f395c8fU);
  EXPECT_EQ(form(R"({"type":"int","logicalType":"date"})"), "\"int\"");
  EXPECT_EQ(form(R"([ "null", {"type":"map","values":{"type":"array","items":"bytes"}} ])"),
            R"(["null",{"type":"map","values":{"type":"array","items":"bytes"}}])");
  EXPECT_EQ(form(R"({"fields":[{"doc":"x","type":{"type":"enum","symbols":["A","B"],"name":"E"},
      "name":"e","default":"A"},{"name":"f","type":{"size":4,"type":"fixed","name":"F"}},
      {"name":"next","type":["null","R"]}],"namespace":"a.b","name":"R","type":"record"})"),
            R"({"name":"a.b.R","type":"record","fields":[{"name":"e","type":{"name":"a.b.E",)"
            R"("type":"enum","symbols":["A","B"]}},{"name":"f","type":{"name":"a.b.F",)"
            R"("type":"fixed","size":4}},{"name":"next","type":["null","a.b.R"]}]})");
}

}  // namespace
}  // namespace kpipe
