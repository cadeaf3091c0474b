// SPDX-License-Identifier: Apache-2.0
#include "common/schema/proto_schema.hpp"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <set>

#include "common/base/error.hpp"
#include "common/base/fd.hpp"
#include "common/config/properties.hpp"
#include "common/schema/proto_sources.hpp"
#include "common/wire/json_text.hpp"

namespace kpipe {
namespace {

namespace pb = google::protobuf;
namespace fs = std::filesystem;

/// What protoc would call the file: its path from the first of the folders that it is below.
std::string name_below(const fs::path& file, const std::vector<std::string>& folders) {
  for (const std::string& folder : folders) {
    const fs::path base = fs::path(folder.empty() ? "." : folder).lexically_normal();
    const fs::path path = fs::absolute(file).lexically_normal().lexically_relative(
        fs::absolute(base).lexically_normal());
    if (!path.empty() && *path.begin() != "..") return path.generic_string();
  }
  return file.filename().generic_string();
}

std::string read_schema_file(const std::string& path) {
  try {
    return read_file(path);
  } catch (const Error& error) {
    throw Error(Exit::config, error.what());
  }
}

/// The names of its files; those that another of the set imports are left out.
std::vector<std::string> add_descriptor_set(const std::string& path, ProtoSources& sources) {
  const std::string bytes = read_schema_file(path);
  pb::FileDescriptorSet set;
  const bool fits = bytes.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max());
  if (!fits || !set.ParseFromString(bytes) || set.file_size() == 0) {
    throw Error(Exit::config, path +
                                  ": is neither a .proto source by its name nor a descriptor set. "
                                  "Make one with: protoc --include_imports --descriptor_set_out");
  }
  std::set<std::string> imported;
  for (const pb::FileDescriptorProto& file : set.file()) {
    if (!sources.add_descriptor(file)) {
      throw Error(Exit::config, path + ": " + file.name() + ": another file has the same name");
    }
    imported.insert(file.dependency().begin(), file.dependency().end());
  }
  std::vector<std::string> names;
  for (const pb::FileDescriptorProto& file : set.file()) {
    if (!imported.contains(file.name())) names.push_back(file.name());
  }
  return names;
}

/// True when it was one.
bool parse_base64_descriptor(std::string_view text, pb::FileDescriptorProto& file) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' '))
    text.remove_suffix(1);
  std::string bytes;
  return !text.empty() && append_base64_decoded(bytes, text) &&
         bytes.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max()) &&
         file.ParseFromString(bytes);
}

std::string add_registered(const std::string& name, const std::string& text,
                           ProtoSources& sources) {
  pb::FileDescriptorProto file;
  if (!parse_base64_descriptor(text, file)) {
    sources.add_text(name, text, name);
    return {};
  }
  file.set_name(name);
  return sources.add_descriptor(file) ? std::string() : name + ": another file has the same name";
}

void add_with_nested(const pb::Descriptor* message, std::vector<const pb::Descriptor*>& all) {
  all.push_back(message);
  for (int i = 0; i < message->nested_type_count(); ++i)
    add_with_nested(message->nested_type(i), all);
}

}  // namespace

ProtoSchema::ProtoSchema(std::unique_ptr<ProtoSources> sources) : sources_(std::move(sources)) {}

ProtoSchema::~ProtoSchema() = default;

void ProtoSchema::settle() {
  for (const std::string& root : roots_) {
    const pb::FileDescriptor* const file = sources_->build(root);
    if (file == nullptr) throw Error(Exit::config, sources_->faults());
    for (int i = 0; i < file->message_type_count(); ++i) {
      messages_.push_back(file->message_type(i));
      add_with_nested(file->message_type(i), by_name_);
    }
  }
  std::sort(by_name_.begin(), by_name_.end(),
            [](const auto* a, const auto* b) { return a->full_name() < b->full_name(); });
}

std::shared_ptr<const ProtoSchema> ProtoSchema::load(const std::vector<std::string>& files,
                                                     const std::vector<std::string>& import_paths) {
  auto sources = std::make_unique<ProtoSources>(import_paths);
  ProtoSources& all = *sources;
  const std::shared_ptr<ProtoSchema> schema(new ProtoSchema(std::move(sources)));
  for (const std::string& path : files) {
    if (!path.ends_with(".proto")) {
      for (std::string& name : add_descriptor_set(path, all))
        schema->roots_.push_back(std::move(name));
      continue;
    }
    std::string name = name_below(path, import_paths);
    if (std::find(schema->roots_.begin(), schema->roots_.end(), name) != schema->roots_.end()) {
      throw Error(Exit::config, path + ": another file is called " + name +
                                    ", too. Name the folder that both are below with --proto-path");
    }
    all.add_text(name, read_schema_file(path), path);
    schema->roots_.push_back(std::move(name));
  }
  for (const std::string& path : files) {
    const std::string folder = fs::path(path).parent_path().generic_string();
    all.add_folder(folder.empty() ? "." : folder);
  }
  schema->settle();
  return schema;
}

std::shared_ptr<const ProtoSchema> ProtoSchema::compile(
    const RegisteredSchema& registered, const std::vector<std::string>& import_paths,
    std::string& reason) {
  auto sources = std::make_unique<ProtoSources>(import_paths);
  for (const ReferencedSchema& reference : registered.references) {
    reason = add_registered(reference.name, reference.text, *sources);
    if (!reason.empty()) return nullptr;
  }
  // Nobody imports it by a name, so any will do that is nobody else's.
  std::string name = "schema.proto";
  pb::FileDescriptorProto file;
  if (parse_base64_descriptor(registered.text, file) && !file.name().empty()) name = file.name();
  for (const ReferencedSchema& reference : registered.references) {
    if (reference.name == name) name = "the/" + name;
  }
  reason = add_registered(name, registered.text, *sources);
  if (!reason.empty()) return nullptr;
  const std::shared_ptr<ProtoSchema> schema(new ProtoSchema(std::move(sources)));
  schema->roots_.push_back(std::move(name));
  try {
    schema->settle();
  } catch (const Error& error) {
    reason = error.what();
    return nullptr;
  }
  return schema;
}

const pb::Descriptor* ProtoSchema::find(std::string_view full_name) const {
  const std::string name(full_name);
  const pb::DescriptorPool& pool = sources_->pool();
  if (const pb::Descriptor* const found = pool.FindMessageTypeByName(name)) return found;
  // A well-known type that nothing imports: an Any may hold it all the same.
  const pb::Descriptor* const known =
      pb::DescriptorPool::generated_pool()->FindMessageTypeByName(name);
  if (known == nullptr || sources_->build(known->file()->name()) == nullptr) return nullptr;
  return pool.FindMessageTypeByName(name);
}

const pb::Descriptor* ProtoSchema::at(std::span<const std::int32_t> indexes) const {
  const pb::Descriptor* message = nullptr;
  for (const std::int32_t index : indexes) {
    const int count =
        message == nullptr ? static_cast<int>(messages_.size()) : message->nested_type_count();
    if (index < 0 || index >= count) return nullptr;
    message = message == nullptr ? messages_[static_cast<std::size_t>(index)]
                                 : message->nested_type(index);
  }
  return message;
}

const pb::Descriptor* ProtoSchema::numbered(std::uint64_t number) const {
  return number < by_name_.size() ? by_name_[number] : nullptr;
}

const pb::Descriptor* choose_message(const ProtoSchema& schema, const std::string& message) {
  std::vector<std::string> names;
  for (const pb::Descriptor* const type : schema.messages()) names.push_back(type->full_name());
  if (message.empty()) {
    if (names.size() == 1) return schema.messages().front();
    if (names.empty()) throw Error(Exit::config, "--proto: the files define no message");
    constexpr std::size_t shown = 20;
    std::string list;
    for (std::size_t i = 0; i < std::min(names.size(), shown); ++i)
      list += (i == 0 ? "" : ", ") + names[i];
    if (names.size() > shown) list += " and " + std::to_string(names.size() - shown) + " more";
    throw Error(Exit::config, "--message is missing: the files define several: " + list);
  }
  if (const pb::Descriptor* const found = schema.find(message)) return found;
  std::string fault = "--message " + message + ": the files define no such message";
  for (const std::string& name : names) {
    if (name.ends_with("." + message))
      throw Error(Exit::config, fault + ". Did you mean " + name + "?");
  }
  throw Error(Exit::config, fault + did_you_mean(message, names));
}

}  // namespace kpipe
