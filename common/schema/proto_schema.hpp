// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/schema/registry.hpp"

namespace google::protobuf {
class Descriptor;
}

namespace kpipe {

class ProtoSources;

/// The message types of one version of a Protobuf schema, proto2 or proto3. Descriptors belong to
/// it. (Editions need a libprotobuf newer than 3.21, and are said to be faults of the schema.)
class ProtoSchema {
 public:
  /// `files` are .proto sources by their names, everything else is a descriptor set (`protoc
  /// --descriptor_set_out --include_imports`). Imports are found in `import_paths` and beside the
  /// files; a file below one of the paths is known by its path from there, as with protoc. Throws
  /// Error(config).
  static std::shared_ptr<const ProtoSchema> load(const std::vector<std::string>& files,
                                                 const std::vector<std::string>& import_paths);
  /// What a registry holds: .proto text, or a FileDescriptorProto in base64 (Confluent's Python
  /// serializer); each reference is known by its name. What it imports and does not refer to is
  /// looked for in `import_paths`. nullptr and the reason when it cannot be used.
  static std::shared_ptr<const ProtoSchema> compile(const RegisteredSchema& schema,
                                                    const std::vector<std::string>& import_paths,
                                                    std::string& reason);
  ~ProtoSchema();

  /// Any type by its full name: of the files, of what they import, well-known ones. Or nullptr.
  const google::protobuf::Descriptor* find(std::string_view full_name) const;

  /// Those that the files themselves define outside of other messages. Of a descriptor set only
  /// the files that none of the set imports.
  const std::vector<const google::protobuf::Descriptor*>& messages() const noexcept {
    return messages_;
  }

  /// By Confluent's indexes: [1, 0] is the first message inside the second message of the file.
  const google::protobuf::Descriptor* at(std::span<const std::int32_t> indexes) const;
  /// By AWS Glue's number: all messages of the file, nested ones and the entries of maps too,
  /// sorted by their full names, from 0 (MessageIndexFinder of AWS's own serializer).
  const google::protobuf::Descriptor* numbered(std::uint64_t number) const;

 private:
  explicit ProtoSchema(std::unique_ptr<ProtoSources> sources);
  void settle();

  std::unique_ptr<ProtoSources> sources_;
  std::vector<std::string> roots_;
  std::vector<const google::protobuf::Descriptor*> messages_;
  std::vector<const google::protobuf::Descriptor*> by_name_;
};

/// The type to decode with local files: `message`, or the only one there is when that is empty.
/// Throws Error(config) that lists what there is, or names the nearest.
const google::protobuf::Descriptor* choose_message(const ProtoSchema& schema,
                                                   const std::string& message);

}  // namespace kpipe
