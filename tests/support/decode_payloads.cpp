// SPDX-License-Identifier: Apache-2.0
// decode_payloads: decodes as kconsume does, without Kafka. Payloads stand on stdin, each after its
// length (4 bytes, big-endian); one line each on stdout, of JSON or of "!" and the reason.
//   --framing none|confluent|glue    (default none)
//   --registered ID=TYPE:FILE        a schema of the registry, repeatable; TYPE avro, protobuf,
//   json
//   --schema FILE                    as --avro-schema
//   --subject NAME                   the reader's; the registry has the schema of the highest ID
//   --avro-json
//   --proto FILE, --proto-path DIR, --message NAME, --proto-names    as kconsume's
//   --format avro|protobuf           (default avro)
//   --repeat N                       decodes all N times and says on stderr how long that took
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/base/error.hpp"
#include "common/schema/avro_payload.hpp"
#include "common/schema/protobuf_payload.hpp"

namespace {

using namespace kpipe;

std::string file_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Schemas of the command line.
class GivenSchemas final : public SchemaRegistry {
 public:
  void add(const std::string& argument) {
    const std::size_t equals = argument.find('=');
    const std::size_t colon = argument.find(':', equals);
    if (colon == std::string::npos) throw std::runtime_error("not ID=TYPE:FILE: " + argument);
    RegisteredSchema schema;
    const std::string type = argument.substr(equals + 1, colon - equals - 1);
    schema.type = type == "avro"       ? SchemaType::avro
                  : type == "protobuf" ? SchemaType::protobuf
                                       : SchemaType::json;
    schema.text = file_text(argument.substr(colon + 1));
    const auto id = static_cast<std::uint32_t>(std::stoul(argument.substr(0, equals)));
    schemas_[id] = std::make_shared<const RegisteredSchema>(std::move(schema));
  }

  SchemaAnswer schema(const SchemaId& id) override {
    const auto found = schemas_.find(id.number);
    if (found == schemas_.end())
      return {SchemaAnswer::State::missing, nullptr, "the registry has no such schema"};
    return {SchemaAnswer::State::ready, found->second, ""};
  }
  SchemaAnswer latest(const std::string& /*subject*/) override {
    return {SchemaAnswer::State::ready, schemas_.rbegin()->second, ""};
  }
  int event_fd() const noexcept override { return -1; }
  void clear_event() noexcept override {}

 private:
  std::map<std::uint32_t, std::shared_ptr<const RegisteredSchema>> schemas_;
};

struct Arguments {
  bool is_protobuf = false;
  AvroPayloadOptions avro;
  ProtobufPayloadOptions protobuf;
  GivenSchemas schemas;
  int repeat = 0;
};

void read_arguments(int argc, char** argv, Arguments& arguments) {
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    const auto value = [&]() -> std::string {
      if (++i == argc) throw std::runtime_error(name + " needs a value");
      return argv[i];
    };
    if (name == "--framing") {
      const std::string framing = value();
      arguments.avro.framing = framing == "glue"        ? Framing::glue
                               : framing == "confluent" ? Framing::confluent
                                                        : Framing::none;
    } else if (name == "--registered") {
      arguments.schemas.add(value());
    } else if (name == "--schema") {
      arguments.avro.schema = file_text(value());
    } else if (name == "--subject") {
      arguments.avro.reader_subject = value();
    } else if (name == "--avro-json") {
      arguments.avro.avro_json = true;
    } else if (name == "--format") {
      arguments.is_protobuf = value() == "protobuf";
    } else if (name == "--proto") {
      arguments.protobuf.files.push_back(value());
    } else if (name == "--proto-path") {
      arguments.protobuf.import_paths.push_back(value());
    } else if (name == "--message") {
      arguments.protobuf.message = value();
    } else if (name == "--proto-names") {
      arguments.protobuf.original_names = true;
    } else if (name == "--repeat") {
      arguments.repeat = std::stoi(value());
    } else {
      throw std::runtime_error("unknown argument " + name);
    }
  }
  arguments.avro.registry = &arguments.schemas;
  arguments.protobuf.framing = arguments.avro.framing;
  if (arguments.protobuf.files.empty()) arguments.protobuf.registry = &arguments.schemas;
}

std::vector<std::string_view> payloads_of(std::string_view all) {
  std::vector<std::string_view> payloads;
  while (!all.empty()) {
    std::size_t size = 0;
    for (std::size_t i = 0; i < 4; ++i) size = size << 8 | static_cast<unsigned char>(all.at(i));
    if (all.size() - 4 < size) throw std::runtime_error("the last payload is cut");
    payloads.push_back(all.substr(4, size));
    all.remove_prefix(4 + size);
  }
  return payloads;
}

void decode_all(PayloadDecoder& decoder, const std::vector<std::string_view>& payloads) {
  OutBuffer out;
  for (const std::string_view payload : payloads) {
    const std::size_t begin = out.size();
    const Decoded decoded = decoder.decode("topic", payload, out);
    if (decoded != Decoded::ok) {
      out.truncate(begin);
      out.append("!" + (decoded == Decoded::bad ? decoder.reason() : "waiting"));
    }
    out.append('\n');
  }
  std::fwrite(out.data(), 1, out.size(), stdout);
}

void measure(PayloadDecoder& decoder, const std::vector<std::string_view>& payloads, int repeat) {
  OutBuffer out;
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < repeat; ++i) {
    for (const std::string_view payload : payloads) {
      out.clear();
      if (decoder.decode("topic", payload, out) != Decoded::ok)
        throw std::runtime_error(decoder.reason());
    }
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  const double records = static_cast<double>(payloads.size()) * repeat;
  std::fprintf(stderr, "%.0f records/s\n", records / took.count());
}

}  // namespace

int main(int argc, char** argv) try {
  Arguments arguments;
  read_arguments(argc, argv, arguments);
  const auto decoder = arguments.is_protobuf ? make_protobuf_payload(arguments.protobuf)
                                             : make_avro_payload(arguments.avro);
  const std::string input{std::istreambuf_iterator<char>(std::cin), {}};
  const auto payloads = payloads_of(input);
  if (arguments.repeat > 0) {
    measure(*decoder, payloads, arguments.repeat);
  } else {
    decode_all(*decoder, payloads);
  }
  return std::fflush(stdout) == 0 ? 0 : 74;
} catch (const kpipe::Error& error) {
  std::fprintf(stderr, "decode_payloads: %s\n", error.what());
  return static_cast<int>(error.exit());
} catch (const std::exception& error) {
  std::fprintf(stderr, "decode_payloads: %s\n", error.what());
  return 64;
}
