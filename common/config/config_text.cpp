// SPDX-License-Identifier: Apache-2.0
// add_config() of config.hpp: the only place that sees toml++.

namespace kpipe {
namespace {

struct TomlAssertion {};

[[noreturn]] void toml_assertion_failed() {
  throw TomlAssertion();
}

}  // namespace
}  // namespace kpipe

// toml++ 3.3.0 asserts what "[" at the end of a line does not hold, and with NDEBUG takes it for
// granted. A slip in somebody's file must neither abort nor be undefined.
#undef NDEBUG
#define TOML_ASSERT(expr) ((expr) ? static_cast<void>(0) : kpipe::toml_assertion_failed())
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include "common/base/error.hpp"
#include "common/config/aliases.hpp"
#include "common/config/config.hpp"
#include "common/config/properties.hpp"

namespace kpipe {
namespace {

class Reader {
 public:
  Reader(const std::string& path, Config& config) : path_(path), config_(config) {}

  void read(const toml::table& root) {
    for (const auto& [key, node] : root) {
      const std::string name(key.str());
      const bool connections = name == "connections";
      if (!connections && name != "secrets")
        throw wrong(key.source(), unknown("", name, {"connections", "secrets"}));
      for (const auto& [id, inner] : table(node, key, name)) {
        const std::string path = name + "." + std::string(id.str());
        if (id.str().empty()) throw wrong(id.source(), name + ": an empty name");
        if (connections) {
          read_connection(table(inner, id, path), id, path);
        } else {
          read_secret(table(inner, id, path), id, path);
        }
      }
    }
  }

  const std::string& literal_secret() const { return literal_secret_; }

 private:
  std::string place(const toml::source_region& source) const {
    return path_ + ":" + std::to_string(source.begin.line);
  }
  Error wrong(const toml::source_region& source, const std::string& cause) const {
    return Error(Exit::config, place(source) + ": " + cause);
  }
  static std::string unknown(const std::string& where, const std::string& key,
                             const std::vector<std::string>& known) {
    return (where.empty() ? "" : where + ": ") + "unknown key '" + key + "'" +
           did_you_mean(key, known);
  }

  const toml::table& table(const toml::node& node, const toml::key& key,
                           const std::string& path) const {
    if (const toml::table* const found = node.as_table()) return *found;
    throw wrong(key.source(), path + ": expected a table, [" + path + "]");
  }

  std::string text(const toml::node& node, const toml::key& key, const std::string& path) const {
    if (const auto* const value = node.as_string()) return value->get();
    throw wrong(key.source(), path + ": expected text in quotes");
  }

  std::vector<std::string> texts(const toml::node& node, const toml::key& key,
                                 const std::string& path) const {
    std::vector<std::string> values;
    const toml::array* const array = node.as_array();
    if (array == nullptr) throw wrong(key.source(), path + ": expected a list, [\"...\"]");
    for (const toml::node& element : *array) values.push_back(text(element, key, path));
    return values;
  }

  /// As librdkafka wants it: a list with commas.
  std::string value(const toml::node& node, const toml::key& key, const std::string& path) const {
    if (const auto* const number = node.as_integer()) return std::to_string(number->get());
    if (const auto* const truth = node.as_boolean()) return truth->get() ? "true" : "false";
    if (node.is_array()) {
      std::string joined;
      for (const std::string& element : texts(node, key, path))
        joined += (joined.empty() ? "" : ",") + element;
      return joined;
    }
    if (node.is_string()) return text(node, key, path);
    throw wrong(key.source(), path + ": expected text, a whole number, true, false or a list");
  }

  std::string absolute(const std::string& file) const {
    return (std::filesystem::absolute(path_).parent_path() / file).lexically_normal().string();
  }

  /// Relative paths of files, in references and in *.location, are taken from our folder.
  void settle_paths(Setting& setting) const {
    // librdkafka's own word for "look in the usual places".
    const bool is_path = setting.name.ends_with(".location") && setting.value != "probe";
    const auto reference = parse_reference(setting);
    if (reference && reference->kind == Reference::Kind::file) {
      setting.value = "${file:" + absolute(reference->argument) + "}";
    } else if (is_path && !reference) {
      setting.value = absolute(setting.value);
    }
  }

  std::string purpose(const toml::node& node, const toml::key& key, const std::string& path) const {
    std::string word = text(node, key, path);
    if (word != "r" && word != "w" && word != "rw")
      throw wrong(key.source(), path + ": expected \"r\", \"w\" or \"rw\"");
    return word;
  }

  void add_setting(Connection& connection, Setting setting, const toml::key& key,
                   const std::string& path) {
    settle_paths(setting);
    if (is_secret_property(setting.name) && !parse_reference(setting)) note_literal(setting.origin);
    const auto [before, added] = connection.settings.emplace(setting.name, setting);
    if (!added && before->second.value != setting.value) {
      throw wrong(key.source(), path + ": " + setting.name + " has another value already: " +
                                    before->second.origin + ". Leave one of them out");
    }
  }

  /// Unquoted names with dots are tables in tables to TOML.
  void read_properties(Connection& connection, const toml::table& properties,
                       const std::string& prefix, const std::string& path) {
    for (const auto& [key, node] : properties) {
      const std::string name = prefix + std::string(key.str());
      const std::string here = path + "." + name;
      if (const toml::table* const inner = node.as_table()) {
        read_properties(connection, *inner, name + ".", path);
      } else {
        add_setting(connection, setting(name, node, key, here), key, here);
      }
    }
  }

  /// Whether librdkafka has a property with dots in its name is known where librdkafka is.
  void check_name(const std::string& name, const toml::key& key, const std::string& path) const {
    if (name.find('.') != std::string::npos || canonical_login_name(name) != name ||
        is_tool_setting(name))
      return;
    std::vector<std::string> known = alias_names();
    known.insert(known.begin(), {"description", "tags", "purpose", "secrets", "properties", "type",
                                 "username", "password", "topic", "format"});
    std::string cause = unknown(path, name, known);
    if (!cause.ends_with('?'))
      cause += ". Properties without a dot in their names belong in [" + path + ".properties]";
    throw wrong(key.source(), cause);
  }

  Setting setting(const std::string& name, const toml::node& node, const toml::key& key,
                  const std::string& path) const {
    return canonical_login({name, value(node, key, path), place(key.source())});
  }

  void read_secret_uses(Connection& connection, const toml::node& node, const toml::key& key,
                        const std::string& path) {
    const toml::array* const array = node.as_array();
    if (array == nullptr)
      throw wrong(key.source(), path + ": expected a list, [{id = \"ID\", purpose = \"rw\"}]");
    for (const toml::node& element : *array) {
      SecretUse use{{}, "rw", place(element.source())};
      for (const auto& [name, field] : table(element, key, path)) {
        if (name.str() == "id") {
          use.id = text(field, name, path + ".id");
        } else if (name.str() == "purpose") {
          use.purpose = purpose(field, name, path + ".purpose");
        } else {
          throw wrong(name.source(), unknown(path, std::string(name.str()), {"id", "purpose"}));
        }
      }
      if (use.id.empty()) throw wrong(element.source(), path + ": names no id");
      connection.secrets.push_back(std::move(use));
    }
  }

  void read_connection(const toml::table& fields, const toml::key& id, const std::string& path) {
    Connection read;
    for (const auto& [key, node] : fields) {
      const std::string name(key.str());
      const std::string here = path + "." + name;
      if (name == "description") {
        read.description = text(node, key, here);
      } else if (name == "tags") {
        read.tags = texts(node, key, here);
      } else if (name == "purpose") {
        read.purpose = purpose(node, key, here);
      } else if (name == "secrets") {
        read_secret_uses(read, node, key, here);
      } else if (name == "properties") {
        read_properties(read, table(node, key, here), "", here);
      } else if (name == "type" || name == "connector_type") {
        // What it leads to, or what it is used as.
        if (const std::string word = text(node, key, here); word != "kafka" && word != "source")
          throw wrong(key.source(), here + ": expected \"kafka\"");
      } else if (const toml::table* const inner = node.as_table()) {
        // Names with dots, without quotes: auth.type = "sasl", [connections.NAME.ssl_config].
        read_properties(read, *inner, name + ".", path);
      } else {
        check_name(name, key, path);
        add_setting(read, setting(name, node, key, here), key, here);
      }
    }
    merge(read, fields, id);
  }

  /// Key by key, so that a user's file can add what the machine's leaves open.
  void merge(Connection& read, const toml::table& fields, const toml::key& id) {
    Connection& connection = config_.connections[std::string(id.str())];
    connection.name = id.str();
    connection.origin = place(id.source());
    if (fields.contains("description")) connection.description = read.description;
    if (fields.contains("tags")) connection.tags = read.tags;
    if (fields.contains("purpose")) connection.purpose = read.purpose;
    if (fields.contains("secrets")) connection.secrets = read.secrets;
    for (auto& [name, setting] : read.settings) connection.settings[name] = std::move(setting);
  }

  void read_secret(const toml::table& parts, const toml::key& id, const std::string& path) {
    auto& secret = config_.secrets[std::string(id.str())];
    std::map<std::string, Setting> read;
    for (const auto& [part, node] : parts) {
      const std::string name(part.str());
      const std::string here = path + "." + name;
      if (name == "description") {
        text(node, part, here);
        continue;
      }
      if (name != "data" && name != "files")
        throw wrong(part.source(), unknown(path, name, {"data", "files", "description"}));
      for (const auto& [key, field] : table(node, part, here)) {
        const std::string there = here + "." + std::string(key.str());
        Setting setting{std::string(key.str()), value(field, key, there), place(key.source())};
        if (name == "files") {
          setting.value = "${file:" + absolute(setting.value) + "}";
        } else {
          add_braces(setting);
        }
        if (!read.emplace(setting.name, setting).second)
          throw wrong(key.source(), there + ": stands in data and in files. Leave one of them out");
      }
    }
    for (auto& [key, setting] : read) secret[key] = std::move(setting);
  }

  /// All that stands in a secret may be a reference, and is taken for secret unless the key names a
  /// property that is not.
  void add_braces(Setting& setting) {
    const std::string key = setting.name;
    constexpr std::array<std::string_view, 3> words{"file:", "env:", "cred:"};
    for (const std::string_view word : words) {
      if (setting.value.starts_with(word)) setting.value = "${" + setting.value + "}";
    }
    const std::string property = canonical_login_name(setting.name);
    const bool public_property = property != setting.name && !is_secret_property(property);
    if (!public_property && !parse_reference(setting)) note_literal(setting.origin);
    setting.name = property;
    settle_paths(setting);
    setting.name = key;
  }

  void note_literal(const std::string& origin) {
    if (literal_secret_.empty()) literal_secret_ = origin;
  }

  const std::string& path_;
  Config& config_;
  std::string literal_secret_;
};

}  // namespace

std::string add_config(std::string_view text, const std::string& path, Config& config) {
  try {
    Reader reader(path, config);
    reader.read(toml::parse(text, path));
    return reader.literal_secret();
  } catch (const TomlAssertion&) {
    throw Error(Exit::config, path + ": not TOML: a line has a bracket without a name");
  } catch (const toml::parse_error& error) {
    std::string cause(error.description());
    // What it saw may be of a password.
    cause.erase(std::min(cause.find(", saw "), cause.size()));
    throw Error(Exit::config,
                path + ":" + std::to_string(error.source().begin.line) + ": not TOML: " + cause);
  }
}

}  // namespace kpipe
