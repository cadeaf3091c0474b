// SPDX-License-Identifier: Apache-2.0
// Schemas of a registry: .proto text, or a descriptor (the input itself, put into base64). One that
// is taken decodes whatever comes, by both ways, which agree.
#include <google/protobuf/descriptor.h>

#include <memory>
#include <string>
#include <vector>

#include "common/schema/proto_print.hpp"
#include "common/schema/proto_schema.hpp"
#include "common/schema/proto_transcode.hpp"
#include "common/wire/json_text.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using namespace kpipe;
using namespace kpipe::fuzz;

constexpr std::string_view kMessages[] = {
    "",
    {"\x08\x01\x10\x02", 4},
    {"\x0a\x02hi\x12\x04\x0a\x02\x08\x01", 10},
    {"\x0a\x04\x08\x01\x10\x02\x1a\x00\x25\x01\x02\x03\x04", 13},
    {"\x0b\x08\x01\x0c", 4}};

void decode_with(const ProtoSchema& schema) {
  ProtoTranscoder transcoder(schema, false);
  ProtoPrinter printer(schema, false);
  for (const auto* const type : schema.messages()) {
    for (const std::string_view message : kMessages) {
      OutBuffer fast;
      OutBuffer sure;
      std::vector<UnknownField> unknown;
      const bool taken = transcoder.write(transcoder.plan(*type), message, fast, unknown);
      const bool printed = printer.print(*type, message, sure, unknown);
      if (!taken || printer.fault().ends_with("in an order that is lost")) continue;
      require(printed && fast.view() == sure.view(), "both write the same",
              {type->full_name(), message, fast.view(), sure.view(), printer.fault()});
    }
  }
}

void compile(const std::string& text) {
  RegisteredSchema schema;
  schema.text = text;
  schema.references.push_back({"a.proto", "syntax = \"proto3\"; message A { int32 a = 1; }"});
  std::string reason;
  const auto made = ProtoSchema::compile(schema, {}, reason);
  require((made == nullptr) == !reason.empty(), "a schema, or why not", {text, reason});
  if (made != nullptr) decode_with(*made);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text(data, size);
  compile(std::string(text));
  OutBuffer base64;
  append_base64(base64, text);
  compile(std::string(base64.view()));
  return 0;
}
