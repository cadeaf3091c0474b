// SPDX-License-Identifier: Apache-2.0
#include "common/schema/json_documents.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace kpipe {
namespace {

constexpr std::size_t kMostDepth = 100;

/// scheme:authority/path?query, as far as they are there.
struct Address {
  std::string scheme;     ///< with its colon
  std::string authority;  ///< with its slashes
  std::string path;       ///< with the query
};

Address parse_address(std::string_view text) {
  Address address;
  const std::size_t colon = text.find(':');
  if (colon != std::string_view::npos && text.find_first_of("/?") > colon) {
    address.scheme = text.substr(0, colon + 1);
    text.remove_prefix(colon + 1);
  }
  if (text.starts_with("//")) {
    const std::size_t end = std::min(text.find('/', 2), text.size());
    address.authority = text.substr(0, end);
    text.remove_prefix(end);
  }
  address.path = text;
  return address;
}

/// RFC 3986 5.2.4, for what is absolute or not.
std::string without_dots(std::string_view path) {
  std::vector<std::string_view> kept;
  const bool absolute = path.starts_with('/');
  if (absolute) path.remove_prefix(1);
  for (;;) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, slash);
    const bool last = slash == path.size();
    if (part == "..") {
      if (!kept.empty()) kept.pop_back();
      if (last) kept.emplace_back();
    } else if (part == ".") {
      if (last) kept.emplace_back();
    } else {
      kept.push_back(part);
    }
    if (last) break;
    path.remove_prefix(slash + 1);
  }
  std::string joined = absolute ? "/" : "";
  for (std::size_t i = 0; i < kept.size(); ++i) joined.append(i > 0 ? "/" : "").append(kept[i]);
  return joined;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
        hex_value(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

/// One step of a JSON pointer (RFC 6901), with ~0 and ~1 as what they stand for.
std::string step_of(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escaped = text[i] == '~' && i + 1 < text.size();
    out += escaped ? (text[i + 1] == '1' ? '/' : '~') : text[i];
    if (escaped) ++i;
  }
  return out;
}

const JsonTree* member(const JsonTree& tree, const std::string& step) {
  if (tree.kind == JsonKind::object) return tree.find(step);
  if (tree.kind != JsonKind::array) return nullptr;
  std::size_t number = 0;
  const char* const end = step.data() + step.size();
  const auto read = std::from_chars(step.data(), end, number);
  if (read.ec != std::errc() || read.ptr != end || number >= tree.items.size()) return nullptr;
  return &tree.items[number];
}

std::string id_of(const JsonTree& schema) {
  // Where there is a $ref nothing else counts.
  if (schema.kind != JsonKind::object || schema.find("$ref") != nullptr) return {};
  for (const char* const name : {"$id", "id"}) {
    const JsonTree* const id = schema.find(name);
    if (id != nullptr && id->is_string()) return id->text;
  }
  return {};
}

std::string without_fragment(const std::string& address) {
  return address.substr(0, address.find('#'));
}

}  // namespace

std::string resolve_uri(std::string_view base, std::string_view reference) {
  const std::size_t hash = std::min(reference.find('#'), reference.size());
  const std::string fragment(reference.substr(hash));
  reference = reference.substr(0, hash);
  base = base.substr(0, base.find('#'));
  if (reference.empty()) return std::string(base) + fragment;
  const Address from = parse_address(base);
  Address to = parse_address(reference);
  if (!to.scheme.empty()) return to.scheme + to.authority + to.path + fragment;
  to.scheme = from.scheme;
  if (!to.authority.empty()) return to.scheme + to.authority + to.path + fragment;
  if (!to.path.starts_with('/')) {
    const std::size_t slash = from.path.rfind('/');
    std::string folder = slash == std::string::npos ? "" : from.path.substr(0, slash + 1);
    if (folder.empty() && !from.authority.empty()) folder = "/";
    to.path = folder + to.path;
  }
  return to.scheme + from.authority + without_dots(to.path) + fragment;
}

JsonDocuments::JsonDocuments(std::string_view schema,
                             const std::vector<ReferencedSchema>& references) {
  add(schema, "");
  for (const ReferencedSchema& one : references) {
    try {
      add(one.text, one.name);
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument("its reference " + one.name + " " + error.what());
    }
  }
}

void JsonDocuments::add(std::string_view text, const std::string& address) {
  trees_.push_back(std::make_unique<const JsonTree>(parse_json_tree(text, kMostDepth)));
  const JsonTree& tree = *trees_.back();
  addresses_.try_emplace(without_fragment(address), Place{&tree, address});
  bases_.push_back(base_within(tree, address));
  index(tree, address);
}

std::string JsonDocuments::base_within(const JsonTree& schema, const std::string& base) {
  const std::string id = id_of(schema);
  // "#name" is an anchor and no other address.
  return id.empty() || id.starts_with('#') ? base : without_fragment(resolve_uri(base, id));
}

void JsonDocuments::index(const JsonTree& schema, const std::string& base) {
  const std::string within = base_within(schema, base);
  if (const std::string id = id_of(schema); !id.empty()) {
    std::string address = resolve_uri(base, id);
    if (address.ends_with('#')) address.pop_back();
    addresses_.try_emplace(address, Place{&schema, base});
  }
  if (schema.kind == JsonKind::object) {
    for (std::size_t i = 0; i < schema.items.size(); ++i) {
      const std::string& name = schema.names[i];
      // Values, in which nothing is a schema.
      if (name == "enum" || name == "const" || name == "default" || name == "examples") continue;
      index(schema.items[i], within);
    }
  } else {
    for (const JsonTree& item : schema.items) index(item, within);
  }
}

JsonDocuments::Place JsonDocuments::find(const std::string& reference,
                                         const std::string& base) const {
  std::string address = resolve_uri(base, reference);
  if (address.ends_with('#')) address.pop_back();
  const auto nowhere = [&] {
    return std::invalid_argument("$ref '" + reference +
                                 "' leads nowhere: kpipe follows it within the schema and to what "
                                 "is registered as its references, and fetches nothing");
  };
  if (const auto known = addresses_.find(address); known != addresses_.end()) return known->second;
  const std::size_t hash = address.find('#');
  if (hash == std::string::npos) {
    // A reference may be registered under the name as it is written.
    const auto named = addresses_.find(reference);
    if (named == addresses_.end()) throw nowhere();
    return named->second;
  }
  auto document = addresses_.find(address.substr(0, hash));
  if (document == addresses_.end()) document = addresses_.find(without_fragment(reference));
  if (document == addresses_.end()) throw nowhere();
  std::string pointer = percent_decoded(std::string_view(address).substr(hash + 1));
  if (!pointer.starts_with('/')) throw nowhere();
  Place place = document->second;
  std::string_view rest = pointer;
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    place.base = base_within(*place.schema, place.base);
    place.schema = member(*place.schema, step_of(rest.substr(0, slash)));
    if (place.schema == nullptr) throw nowhere();
    rest.remove_prefix(slash);
  }
  return place;
}

}  // namespace kpipe
