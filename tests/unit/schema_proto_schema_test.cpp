// SPDX-License-Identifier: Apache-2.0
#include "common/schema/proto_schema.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "common/base/error.hpp"
#include "common/base/out_buffer.hpp"
#include "common/wire/json_text.hpp"
#include "tests/unit/schema_proto.hpp"

namespace kpipe {
namespace {

namespace fs = std::filesystem;
namespace pb = google::protobuf;

const std::string kHead = "syntax = \"proto3\";\n";

std::string base64(const std::string& bytes) {
  OutBuffer out;
  append_base64(out, bytes);
  return std::string(out.view());
}

class ProtoFiles : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "kpipe-proto.XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string put(const std::string& name, const std::string& text) {
    const fs::path path = fs::path(folder_) / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  /// The messages, or why not; the temporary folder is written "DIR".
  std::string load(const std::vector<std::string>& files,
                   const std::vector<std::string>& import_paths = {}) {
    std::string text;
    try {
      const auto schema = ProtoSchema::load(files, import_paths);
      for (const auto* message : schema->messages())
        text += (text.empty() ? "" : " ") + message->full_name();
    } catch (const Error& error) {
      EXPECT_EQ(error.exit(), Exit::config);
      text = error.what();
      for (std::size_t at = 0; (at = text.find(folder_)) != std::string::npos;)
        text.replace(at, folder_.size(), "DIR");
    }
    return text;
  }

  std::string folder_;
};

TEST_F(ProtoFiles, ImportsAreFoundBesideAndInFolders) {
  const std::string main = put("main.proto", kHead + R"(import "beside.proto";
import "lib/far.proto"; import "google/protobuf/timestamp.proto";
message M { Beside a = 1; Far b = 2; google.protobuf.Timestamp c = 3; })");
  put("beside.proto", kHead + "message Beside {}");
  put("inc/lib/far.proto", kHead + "message Far {}");
  EXPECT_EQ(load({main}, {folder_ + "/inc"}), "M");
  EXPECT_EQ(load({main}),
            "DIR/main.proto:3:1: Import \"lib/far.proto\" was not found or had errors "
            "(not found) (and 2 more)");
}

TEST_F(ProtoFiles, AFileBelowAFolderIsKnownByItsPath) {
  const std::string a = put("a/x.proto", kHead + "import \"b/x.proto\"; message A { B b = 1; }");
  const std::string b = put("b/x.proto", kHead + "message B {}");
  EXPECT_EQ(load({a, b}, {folder_}), "A B");
  EXPECT_EQ(load({a, b}, {folder_ + "/./c/.."}), "A B");
  EXPECT_EQ(load({a, b}).substr(0, 44), "DIR/b/x.proto: another file is called x.prot");
}

TEST_F(ProtoFiles, FaultsHaveTheirPlace) {
  EXPECT_EQ(load({put("a.proto", kHead + "message M { int32 a = 1 }")}),
            "DIR/a.proto:2:25: Expected \";\"");
  EXPECT_EQ(load({put("b.proto", kHead + "message M { Nope a = 1; }")}),
            "DIR/b.proto:2:13: \"Nope\" is not defined");
  put("broken.proto", kHead + "\nnonsense");
  EXPECT_EQ(load({put("c.proto", kHead + "import \"broken.proto\";\n")}).substr(0, 22),
            "DIR/broken.proto:3:1: ");
  put("loop.proto", kHead + "import \"d.proto\";\n");
  EXPECT_NE(load({put("d.proto", kHead + "import \"loop.proto\";\n")}).find("recursively"),
            std::string::npos);
  EXPECT_EQ(load({put("e.proto", kHead + "import \"../e.proto\";\n")}),
            "DIR/e.proto:2:1: Import \"../e.proto\" was not found or had errors "
            "(not found: an import is a path below a folder) (and 1 more)");
  EXPECT_EQ(load({folder_ + "/none.proto"}).substr(0, 15), "DIR/none.proto:");
  EXPECT_NE(load({put("f.proto", "edition = \"2023\";\nmessage M {}")}).find("f.proto:1:1: "),
            std::string::npos);
}

TEST_F(ProtoFiles, NestsNoDeeperThanAHundred) {
  std::string text = kHead;
  for (int i = 0; i < 100'000; ++i) text += "message M {";
  EXPECT_NE(load({put("a.proto", text)}).find("nests deeper than 100"), std::string::npos);
}

TEST_F(ProtoFiles, DescriptorSets) {
  pb::FileDescriptorSet set;
  pb::FileDescriptorProto* file = set.add_file();
  file->set_name("lib.proto");
  file->add_message_type()->set_name("Lib");
  file = set.add_file();
  file->set_name("main.proto");
  file->add_dependency("lib.proto");
  file->add_message_type()->set_name("Main");
  EXPECT_EQ(load({put("set.desc", set.SerializeAsString())}), "Main");
  EXPECT_EQ(load({put("a.pb", set.SerializeAsString()), put("b.pb", set.SerializeAsString())}),
            "Main Main");
  file->set_syntax("proto4");
  EXPECT_EQ(load({put("set.desc", set.SerializeAsString())}).substr(0, 12), "main.proto: ");
  EXPECT_EQ(load({put("set.desc", "\xff\xff")}).substr(0, 19), "DIR/set.desc: is ne");
  EXPECT_EQ(load({put("set.desc", "")}).substr(0, 19), "DIR/set.desc: is ne");
}

TEST_F(ProtoFiles, OneMessageIsChosen) {
  const auto chosen = [](const ProtoSchema& schema, const std::string& name) -> std::string {
    try {
      return choose_message(schema, name)->full_name();
    } catch (const Error& error) {
      return error.what();
    }
  };
  const auto one = proto_schema(kHead + "package p; message One { message Inner {} }");
  EXPECT_EQ(chosen(*one, ""), "p.One");
  EXPECT_EQ(chosen(*one, "p.One.Inner"), "p.One.Inner");
  const auto two = proto_schema(kHead + "package p; message Order {} message Item {}");
  EXPECT_EQ(chosen(*two, ""), "--message is missing: the files define several: p.Order, p.Item");
  EXPECT_EQ(chosen(*two, "Order"),
            "--message Order: the files define no such message. Did you mean p.Order?");
  EXPECT_EQ(chosen(*two, "p.Itme"),
            "--message p.Itme: the files define no such message. Did you mean p.Item?");
  EXPECT_EQ(chosen(*proto_schema(kHead), ""), "--proto: the files define no message");
}

std::string compiled(const RegisteredSchema& schema) {
  std::string reason;
  const auto made = ProtoSchema::compile(schema, {}, reason);
  if (made == nullptr) return reason;
  std::string text;
  for (const auto* message : made->messages())
    text += (text.empty() ? "" : " ") + message->full_name();
  return text;
}

RegisteredSchema registered(const std::string& text, std::vector<ReferencedSchema> references) {
  RegisteredSchema schema;
  schema.type = SchemaType::protobuf;
  schema.text = text;
  schema.references = std::move(references);
  return schema;
}

std::string descriptor(const std::string& name, const std::string& message,
                       const std::string& import) {
  pb::FileDescriptorProto file;
  file.set_name(name);
  if (!import.empty()) file.add_dependency(import);
  file.add_message_type()->set_name(message);
  return base64(file.SerializeAsString());
}

TEST(ProtoRegistered, TextAndDescriptorsReferToEachOther) {
  EXPECT_EQ(compiled(registered(kHead + "import \"lib/a.proto\"; message M { A a = 1; }",
                                {{"lib/a.proto", kHead + "message A {}"}})),
            "M");
  EXPECT_EQ(compiled(registered(kHead + "import \"lib/a.proto\"; message M { A a = 1; }",
                                {{"lib/a.proto", descriptor("other_name.proto", "A", "")}})),
            "M");
  EXPECT_EQ(compiled(registered(descriptor("m.proto", "M", "a.proto"),
                                {{"a.proto", kHead + "message A {}"}})),
            "M");
  EXPECT_EQ(compiled(registered(descriptor("a.proto", "M", "a.proto"),
                                {{"a.proto", kHead + "message A {}"}})),
            "M");
  EXPECT_EQ(compiled(registered(descriptor("m.proto", "M", "") + "\n", {})), "M");
  EXPECT_EQ(compiled(registered(descriptor("m.proto", "M", "a.proto"), {})),
            "a.proto: not found (and 1 more)");
}

TEST(ProtoRegistered, AReasonHasNoControlCharacters) {
  const std::string reason =
      compiled(registered(descriptor(std::string("\0\n", 2), "M", "a.proto"), {}));
  EXPECT_NE(reason, "");
  EXPECT_EQ(reason.find_first_of(std::string("\0\n", 2)), std::string::npos) << reason;
}

TEST(ProtoRegistered, WhatConfluentsRegistryHasBuiltInIsThere) {
  EXPECT_EQ(compiled(registered(kHead + R"(import "confluent/meta.proto";
import "confluent/type/decimal.proto";
message M { confluent.type.Decimal d = 1 [(confluent.field_meta) = { doc: "x" }]; })",
                                {})),
            "M");
}

TEST(ProtoRegistered, ReadsNoFileThatItNames) {
  EXPECT_EQ(compiled(registered(kHead + "import \"/etc/passwd\"; message M {}", {})),
            "schema.proto:2:1: Import \"/etc/passwd\" was not found or had errors "
            "(not found: an import is a path below a folder) (and 1 more)");
}

TEST(ProtoRegistered, MessagesByIndexAndByNumber) {
  const auto schema = proto_schema(kHead + R"(package p;
message B { message C {} message A { message D {} } map<string, int32> x = 1; }
message A {})");
  const auto at = [&](std::vector<std::int32_t> indexes) {
    const auto* const message = schema->at(indexes);
    return message == nullptr ? "none" : message->full_name();
  };
  EXPECT_EQ(at({0}), "p.B");
  EXPECT_EQ(at({1}), "p.A");
  EXPECT_EQ(at({0, 1, 0}), "p.B.A.D");
  EXPECT_EQ(at({2}), "none");
  EXPECT_EQ(at({0, 7}), "none");
  EXPECT_EQ(at({-1}), "none");
  EXPECT_EQ(at({}), "none");
  std::string numbered;
  for (std::uint64_t i = 0; schema->numbered(i) != nullptr; ++i)
    numbered += " " + schema->numbered(i)->full_name();
  EXPECT_EQ(numbered, " p.A p.B p.B.A p.B.A.D p.B.C p.B.XEntry");
}

}  // namespace
}  // namespace kpipe
