// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <google/protobuf/compiler/importer.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/descriptor_database.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace kpipe {

/// Makes a pool of descriptors from whatever a schema comes as: .proto text, descriptors, folders
/// to look for imports in. The well-known types are the library's own, so that no include files
/// are needed; confluent/*.proto, which Confluent's registry knows without being told, are built
/// in. One pool for each schema: two versions of one file may be alive at once.
class ProtoSources final : private google::protobuf::compiler::SourceTree,
                           private google::protobuf::compiler::MultiFileErrorCollector {
 public:
  explicit ProtoSources(std::vector<std::string> folders);
  ~ProtoSources() override;

  /// A source under the path by which others import it; `shown` stands for it in messages.
  void add_text(const std::string& name, std::string text, std::string shown);
  /// False when another file already has its name.
  bool add_descriptor(const google::protobuf::FileDescriptorProto& file);
  /// Looked through behind those that are there.
  void add_folder(const std::string& folder);

  /// The file with all that it imports, or nullptr: faults() says why.
  const google::protobuf::FileDescriptor* build(const std::string& name);
  /// "FILE:LINE:COLUMN: message" of the first fault, and how many there are.
  std::string faults() const;

  const google::protobuf::DescriptorPool& pool() const noexcept { return *pool_; }

 private:
  struct Text {
    std::string text;
    std::string shown;
  };
  struct Fault {
    std::string file;
    int line;  ///< from 0; -1: the file as a whole
    int column;
    std::string message;
  };
  class Descriptors;

  google::protobuf::io::ZeroCopyInputStream* Open(const std::string& name) override;
  std::string GetLastErrorMessage() override { return open_fault_; }
  void AddError(const std::string& file, int line, int column, const std::string& message) override;

  const Text* text_of(const std::string& name);

  std::vector<std::string> folders_;
  std::map<std::string, Text> texts_;
  std::string open_fault_;
  std::vector<Fault> faults_;
  std::unique_ptr<Descriptors> descriptors_;
  std::unique_ptr<google::protobuf::compiler::SourceTreeDescriptorDatabase> database_;
  std::unique_ptr<google::protobuf::DescriptorPool> pool_;
};

/// libprotobuf writes what it thinks of foreign bytes to stderr, which is ours. Silences it for
/// the whole process; may be called any number of times.
void silence_libprotobuf();

}  // namespace kpipe
