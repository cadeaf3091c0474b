// SPDX-License-Identifier: Apache-2.0
// Messages under a fixed schema, by both ways to JSON: the fast one and the library's are each
// other's oracle. The first byte chooses the type. What comes out is JSON on one line.
#include <algorithm>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "common/schema/proto_print.hpp"
#include "common/schema/proto_schema.hpp"
#include "common/schema/proto_transcode.hpp"
#include "common/wire/json_check.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using namespace kpipe;
using namespace kpipe::fuzz;

constexpr const char* kProto3 = R"(syntax = "proto3";
package f;
import "google/protobuf/any.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
import "two.proto";
message Three {
  enum E { NONE = 0; ONE = 1; FAR = 100000; LEAST = -5; }
  int32 a1 = 1; int64 a2 = 2; uint32 a3 = 3; uint64 a4 = 4; sint32 a5 = 5; sint64 a6 = 6;
  fixed32 a7 = 7; fixed64 a8 = 8; sfixed32 a9 = 9; sfixed64 a10 = 10; float a11 = 11;
  double a12 = 12; bool a13 = 13; string a14 = 14; bytes a15 = 15; E e = 16; Three m = 17;
  repeated int32 r1 = 18; repeated string r2 = 19; repeated Three r3 = 20; repeated E r4 = 21;
  repeated double r5 = 22 [packed = false]; repeated bool r6 = 23;
  optional int32 o1 = 24; optional string o2 = 25;
  oneof one { string c1 = 26; Three c2 = 27; E c3 = 28; google.protobuf.NullValue c4 = 29; }
  map<string, int32> m1 = 30; map<int64, Three> m2 = 31; map<bool, E> m3 = 32;
  map<sint32, bytes> m4 = 33;
  google.protobuf.Timestamp t = 34; google.protobuf.Duration d = 35;
  google.protobuf.FieldMask k = 36; google.protobuf.Struct s = 37; google.protobuf.Value v = 38;
  google.protobuf.ListValue l = 39; google.protobuf.Any any = 40;
  google.protobuf.Int64Value w1 = 41; google.protobuf.FloatValue w2 = 42;
  google.protobuf.StringValue w3 = 43; google.protobuf.BoolValue w4 = 44;
  Two two = 2000;
})";
constexpr const char* kProto2 = R"(syntax = "proto2";
package f;
enum Closed { ZERO = 0; ONE = 1; }
message Two {
  required int32 id = 1;
  optional Closed e = 2 [default = ONE];
  repeated Closed r = 3;
  repeated Closed p = 4 [packed = true];
  optional group G = 5 { optional string s = 1; repeated group H = 2 { required int32 n = 1; } }
  map<int32, Closed> m = 6;
  oneof one { Closed c1 = 7; string c2 = 8; }
  optional string s = 9;
  repeated Two more = 10;
  extensions 100 to max;
}
extend Two { optional Two x = 100; repeated int32 y = 101; optional string z = 5000; }
message Set { option message_set_wire_format = true; extensions 4 to max; }
message Holder { extend Set { optional Two in_set = 100; } optional Set set = 1; }
)";

std::shared_ptr<const ProtoSchema> make_schema() {
  RegisteredSchema schema;
  schema.text = kProto3;
  schema.references.push_back({"two.proto", kProto2});
  std::string reason;
  auto made = ProtoSchema::compile(schema, {}, reason);
  require(made != nullptr, "the schema is one", {reason});
  return made;
}

struct Side {
  bool taken = false;
  OutBuffer out;
  std::vector<UnknownField> unknown;

  void sort() {
    const auto key = [](const UnknownField& field) {
      return std::tuple(field.message->full_name(), field.number);
    };
    std::sort(unknown.begin(), unknown.end(),
              [&](const auto& a, const auto& b) { return key(a) < key(b); });
  }
  bool same_unknown(const Side& other) const {
    return std::equal(unknown.begin(), unknown.end(), other.unknown.begin(), other.unknown.end(),
                      [](const UnknownField& a, const UnknownField& b) {
                        return a.message == b.message && a.number == b.number;
                      });
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto schema = make_schema();
  static const google::protobuf::Descriptor* const types[] = {
      schema->find("f.Three"), schema->find("f.Two"), schema->find("f.Holder"),
      schema->find("google.protobuf.Struct")};
  static ProtoTranscoder transcoders[] = {{*schema, false}, {*schema, true}};
  static ProtoPrinter printers[] = {{*schema, false}, {*schema, true}};
  if (size == 0) return 0;
  const auto& type = *types[data[0] / 2 % std::size(types)];
  ProtoTranscoder& transcoder = transcoders[data[0] % 2];
  ProtoPrinter& printer = printers[data[0] % 2];
  // In memory of exactly its size.
  const std::vector<char> bytes(data + 1, data + size);
  const std::string_view message(bytes.data(), bytes.size());

  Side fast;
  Side sure;
  fast.taken = transcoder.write(transcoder.plan(type), message, fast.out, fast.unknown);
  sure.taken = printer.print(type, message, sure.out, sure.unknown);
  if (sure.taken) {
    std::string text(sure.out.view());
    JsonChecker checker;
    Padded padded(text);
    require(checker.check_line(padded.data(), text.size()) && padded.view() == text,
            "it is JSON on one line", {message, text});
  } else {
    require(!printer.fault().empty(), "a fault has a reason", {message});
  }
  // The library parts numbers that a closed enum lacks from the others, and so loses their order.
  if (!fast.taken || printer.fault().ends_with("in an order that is lost")) return 0;
  require(sure.taken, "both take it", {message, fast.out.view(), printer.fault()});
  require(fast.out.view() == sure.out.view(), "both write the same",
          {message, fast.out.view(), sure.out.view()});
  fast.sort();
  sure.sort();
  require(fast.same_unknown(sure), "both leave out the same fields", {message});
  return 0;
}
