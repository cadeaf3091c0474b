// SPDX-License-Identifier: Apache-2.0
#include "common/schema/proto_sources.hpp"

#include <fcntl.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

#include "common/base/error.hpp"
#include "common/base/fd.hpp"

namespace kpipe {
namespace {

namespace pb = google::protobuf;

/// The parser of .proto text calls itself for every level, and has no limit of its own.
constexpr int kMaxNesting = 100;

// What Confluent's registry has built in, so that schemas import it without a reference to it.
// Names and numbers: Confluent's documentation of its Protobuf serializer.
constexpr std::string_view kConfluentMeta = R"(syntax = "proto3";
package confluent;
import "google/protobuf/descriptor.proto";
message Meta {
  string doc = 1;
  map<string, string> params = 2;
  repeated string tags = 3;
}
extend google.protobuf.FileOptions { Meta file_meta = 1088; }
extend google.protobuf.MessageOptions { Meta message_meta = 1088; }
extend google.protobuf.FieldOptions { Meta field_meta = 1088; }
extend google.protobuf.EnumOptions { Meta enum_meta = 1088; }
extend google.protobuf.EnumValueOptions { Meta enum_value_meta = 1088; }
)";
constexpr std::string_view kConfluentDecimal = R"(syntax = "proto3";
package confluent.type;
message Decimal {
  bytes value = 1;
  uint32 precision = 2;
  int32 scale = 3;
}
)";
constexpr std::pair<std::string_view, std::string_view> kBuiltIn[] = {
    {"confluent/meta.proto", kConfluentMeta},
    {"confluent/type/decimal.proto", kConfluentDecimal},
    {"confluent/types/decimal.proto", kConfluentDecimal}};

class NoErrors final : public pb::io::ErrorCollector {
 public:
  void AddError(int, int, const std::string&) override {}
};

bool nests_too_deep(const std::string& text) {
  pb::io::ArrayInputStream stream(text.data(), static_cast<int>(text.size()));
  NoErrors errors;
  pb::io::Tokenizer tokens(&stream, &errors);
  tokens.set_comment_style(pb::io::Tokenizer::CPP_COMMENT_STYLE);
  int depth = 0;
  while (tokens.Next()) {
    const std::string& token = tokens.current().text;
    if (token == "{" || token == "[" || token == "(" || token == "<") {
      if (++depth > kMaxNesting) return true;
    } else if (token == "}" || token == "]" || token == ")" || token == ">") {
      depth = std::max(depth - 1, 0);
    }
  }
  return false;
}

/// Below a folder for sure: a schema of a registry is not to read what it likes.
bool is_plain_path(std::string_view name) {
  if (name.empty() || name.front() == '/' || name.find('\0') != std::string_view::npos)
    return false;
  while (true) {
    const std::size_t slash = name.find('/');
    const std::string_view part = name.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return false;
    if (slash == std::string_view::npos) return true;
    name.remove_prefix(slash + 1);
  }
}

}  // namespace

void silence_libprotobuf() {
  static const bool done = (pb::SetLogHandler(nullptr), true);
  static_cast<void>(done);
}

/// Files that are descriptors already, then the library's own.
class ProtoSources::Descriptors final : public pb::DescriptorDatabase {
 public:
  bool add(const pb::FileDescriptorProto& file) {
    const auto [at, added] = files_.emplace(file.name(), file);
    return added || at->second.SerializeAsString() == file.SerializeAsString();
  }
  bool has(const std::string& name) const { return files_.contains(name); }

  bool FindFileByName(const std::string& name, pb::FileDescriptorProto* file) override {
    const auto at = files_.find(name);
    if (at == files_.end()) return library_.FindFileByName(name, file);
    *file = at->second;
    return true;
  }
  bool FindFileContainingSymbol(const std::string&, pb::FileDescriptorProto*) override {
    return false;
  }
  bool FindFileContainingExtension(const std::string&, int, pb::FileDescriptorProto*) override {
    return false;
  }

 private:
  std::map<std::string, pb::FileDescriptorProto> files_;
  pb::DescriptorPoolDatabase library_{*pb::DescriptorPool::generated_pool()};
};

ProtoSources::ProtoSources(std::vector<std::string> folders)
    : folders_(std::move(folders)), descriptors_(std::make_unique<Descriptors>()) {
  silence_libprotobuf();
  pb::compiler::SourceTree* const tree = this;
  database_ =
      std::make_unique<pb::compiler::SourceTreeDescriptorDatabase>(tree, descriptors_.get());
  database_->RecordErrorsTo(this);
  pool_ = std::make_unique<pb::DescriptorPool>(database_.get(),
                                               database_->GetValidationErrorCollector());
}

ProtoSources::~ProtoSources() = default;

void ProtoSources::add_text(const std::string& name, std::string text, std::string shown) {
  texts_.insert_or_assign(name, Text{std::move(text), std::move(shown)});
}

bool ProtoSources::add_descriptor(const pb::FileDescriptorProto& file) {
  return descriptors_->add(file);
}

void ProtoSources::add_folder(const std::string& folder) {
  if (std::find(folders_.begin(), folders_.end(), folder) == folders_.end())
    folders_.push_back(folder);
}

const pb::FileDescriptor* ProtoSources::build(const std::string& name) {
  try {
    return pool_->FindFileByName(name);
  } catch (const pb::FatalException& fault) {  // what the library holds for a bug of ours
    AddError(name, -1, 0, fault.message());
    return nullptr;
  }
}

const ProtoSources::Text* ProtoSources::text_of(const std::string& name) {
  open_fault_ = "not found";
  if (const auto at = texts_.find(name); at != texts_.end()) return &at->second;
  // The library's own, which its printing of them relies on.
  if (descriptors_->has(name) ||
      pb::DescriptorPool::generated_pool()->FindFileByName(name) != nullptr)
    return nullptr;
  if (!is_plain_path(name)) {
    open_fault_ = "not found: an import is a path below a folder";
    return nullptr;
  }
  for (const std::string& folder : folders_) {
    const std::string path = folder.empty() || folder == "." ? name : folder + "/" + name;
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (fd) return &texts_.emplace(name, Text{read_all(fd.get(), path), path}).first->second;
    if (errno != ENOENT && errno != ENOTDIR)
      open_fault_ = path + ": " + std::generic_category().message(errno);
  }
  for (const auto& [path, text] : kBuiltIn) {
    if (path == name) return &texts_.emplace(name, Text{std::string(text), name}).first->second;
  }
  return nullptr;
}

pb::io::ZeroCopyInputStream* ProtoSources::Open(const std::string& name) {
  try {
    const Text* const file = text_of(name);
    if (file == nullptr) return nullptr;
    if (nests_too_deep(file->text)) {
      open_fault_ = "nests deeper than " + std::to_string(kMaxNesting);
      return nullptr;
    }
    return new pb::io::ArrayInputStream(file->text.data(), static_cast<int>(file->text.size()));
  } catch (const Error& error) {  // nothing of ours may pass through the library
    open_fault_ = error.what();
    return nullptr;
  }
}

void ProtoSources::AddError(const std::string& file, int line, int column,
                            const std::string& message) {
  faults_.push_back({file, line, column, message});
}

std::string ProtoSources::faults() const {
  if (faults_.empty()) return "cannot be used";
  // A file that is not there is better said where it is imported.
  const auto placed = [](const Fault& fault) { return fault.line >= 0; };
  auto fault = std::find_if(faults_.begin(), faults_.end(), placed);
  if (fault == faults_.end()) fault = faults_.begin();
  const auto at = texts_.find(fault->file);
  std::string text = at == texts_.end() ? fault->file : at->second.shown;
  if (placed(*fault))
    text += ":" + std::to_string(fault->line + 1) + ":" + std::to_string(fault->column + 1);
  text += ": " + fault->message;
  while (text.ends_with('.') || text.ends_with('\n')) text.pop_back();
  if (fault->message.starts_with("Import ") && !placed(faults_.front()))
    text += " (" + faults_.front().message + ")";
  if (faults_.size() > 1) text += " (and " + std::to_string(faults_.size() - 1) + " more)";
  // A descriptor may name itself and its types by any bytes, and what() ends at a zero.
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
  return text;
}

}  // namespace kpipe
