// SPDX-License-Identifier: Apache-2.0
// parse_import() of import.hpp.
#include "common/config/import.hpp"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "common/base/error.hpp"
#include "common/config/aliases.hpp"
#include "common/config/java_properties.hpp"
#include "common/config/properties.hpp"
#include "common/config/reference.hpp"

namespace kpipe {
namespace {

/// Properties of Java's clients that name classes, or tune what only Java has.
constexpr std::string_view java_only[] = {"key.deserializer",
                                          "value.deserializer",
                                          "key.serializer",
                                          "value.serializer",
                                          "interceptor.classes",
                                          "metric.reporters",
                                          "metrics.num.samples",
                                          "metrics.recording.level",
                                          "metrics.sample.window.ms",
                                          "auto.include.jmx.reporter",
                                          "config.providers",
                                          "default.api.timeout.ms",
                                          "request.timeout.ms",
                                          "exclude.internal.topics",
                                          "internal.leave.group.on.close",
                                          "security.providers",
                                          "ssl.protocol",
                                          "ssl.enabled.protocols",
                                          "ssl.provider",
                                          "ssl.cipher.suites",
                                          "ssl.keymanager.algorithm",
                                          "ssl.trustmanager.algorithm",
                                          "ssl.secure.random.implementation",
                                          "ssl.engine.factory.class",
                                          "sasl.login.class",
                                          "sasl.login.callback.handler.class",
                                          "sasl.client.callback.handler.class",
                                          "sasl.login.refresh.window.factor",
                                          "sasl.login.refresh.window.jitter",
                                          "sasl.login.refresh.min.period.seconds",
                                          "sasl.login.connect.timeout.ms",
                                          "sasl.login.read.timeout.ms",
                                          "sasl.login.retry.backoff.ms",
                                          "sasl.login.retry.backoff.max.ms",
                                          "sasl.kerberos.ticket.renew.jitter",
                                          "sasl.kerberos.ticket.renew.window.factor",
                                          "sasl.kerberos.min.time.before.relogin",
                                          "buffer.memory",
                                          "max.block.ms",
                                          "partitioner.class",
                                          "partitioner.ignore.keys",
                                          "share.acknowledgement.mode"};

/// What serializers and deserializers are told beside where the registry is.
constexpr std::string_view of_serializers[] = {"auto.register.schemas",
                                               "use.latest.version",
                                               "use.latest.with.metadata",
                                               "latest.compatibility.strict",
                                               "normalize.schemas",
                                               "max.schemas.per.subject",
                                               "key.subject.name.strategy",
                                               "value.subject.name.strategy",
                                               "specific.avro.reader",
                                               "avro.use.logical.type.converters",
                                               "specific.protobuf.value.type",
                                               "derive.type",
                                               "json.value.type",
                                               "json.fail.invalid.schema"};

constexpr std::pair<std::string_view, std::string_view> assignors[] = {
    {".RangeAssignor", "range"},
    {".RoundRobinAssignor", "roundrobin"},
    {".CooperativeStickyAssignor", "cooperative-sticky"}};

/// What kpipe decides, whatever a file written for another client says.
constexpr std::string_view decided[] = {"enable.auto.commit",      "auto.commit.enable",
                                        "auto.commit.interval.ms", "enable.auto.offset.store",
                                        "enable.partition.eof",    "auto.offset.store.method"};

template <class List>
bool contains(const List& list, std::string_view name) {
  return std::find(std::begin(list), std::end(list), name) != std::end(list);
}

class Importer {
 public:
  Importer(const std::string& path, bool java) : path_(path), java_(java) {}

  void add(const PropertyLine& line) {
    if (contains(decided, line.name) || contains(of_serializers, line.name) ||
        (java_ && contains(java_only, line.name))) {
      ignore(line);
    } else if (java_ && line.name == "partition.assignment.strategy") {
      add_assignors(line);
    } else if (line.name == "sasl.jaas.config") {
      add_login(line);
    } else {
      add_setting({line.name, line.value, place(line)});
    }
  }

  Import take() { return std::move(result_); }

 private:
  std::string place(const PropertyLine& line) const {
    return path_ + ":" + std::to_string(line.line);
  }

  void ignore(const PropertyLine& line) {
    result_.ignored.push_back(place(line) + ": " + line.name);
  }

  /// Java names classes. All members of a group must have one in common.
  void add_assignors(const PropertyLine& line) {
    std::string names;
    for (const auto& [java, name] : assignors) {
      if (line.value.find(java) != std::string::npos)
        names += (names.empty() ? "" : ",") + std::string(name);
    }
    if (names.empty()) return ignore(line);
    add_setting({line.name, names, place(line)});
  }

  void add_setting(const Setting& given) {
    Setting setting = canonical(given);
    if (is_path(setting) && !parse_reference(setting)) {
      setting.value = (std::filesystem::absolute(path_).parent_path() / setting.value)
                          .lexically_normal()
                          .string();
    }
    if (is_secret_property(setting.name) && !parse_reference(setting))
      result_.literal_secret = true;
    // Of two lines the later wins, as in Java.
    std::erase_if(result_.settings, [&](const Setting& one) { return one.name == setting.name; });
    result_.settings.push_back(std::move(setting));
  }

  void add_login(const PropertyLine& line) {
    JaasEntry entry;
    try {
      entry = parse_jaas(line.value);
    } catch (const std::invalid_argument& cause) {
      throw Error(Exit::config, place(line) + ": sasl.jaas.config: " + cause.what());
    }
    for (const PropertyLine& option : entry.options) {
      const std::string name = property_of(entry.module, option, line);
      if (name.empty()) continue;
      const bool extension = name == "sasl.oauthbearer.extensions";
      add_setting({name, extension ? extended(option) : option.value, place(line)});
    }
  }

  /// Extensions (KIP-342) stand one by one in a JAAS line, in librdkafka's property all together.
  std::string extended(const PropertyLine& option) {
    extensions_ += (extensions_.empty() ? "" : ",") +
                   option.name.substr(std::string_view("extension_").size()) + "=" + option.value;
    return extensions_;
  }

  /// Empty: the option means nothing here.
  std::string property_of(const std::string& module, const PropertyLine& option,
                          const PropertyLine& line) const {
    const std::string& name = option.name;
    if (module == "PlainLoginModule" || module == "ScramLoginModule") {
      if (name == "username" || name == "password") return "sasl." + name;
      if (name == "tokenauth") return {};
    } else if (module == "OAuthBearerLoginModule") {
      if (name == "clientId") return "sasl.oauthbearer.client.id";
      if (name == "clientSecret") return "sasl.oauthbearer.client.secret";
      if (name == "scope") return "sasl.oauthbearer.scope";
      if (name.starts_with("extension_")) return "sasl.oauthbearer.extensions";
    } else if (module == "IAMLoginModule") {
      if (name == "awsProfileName") return "aws.profile";
      if (name == "awsDebugCreds") return {};
    } else if (module == "Krb5LoginModule") {
      if (name == "keyTab") return "sasl.kerberos.keytab";
      if (name == "principal") return "sasl.kerberos.principal";
      if (name == "serviceName") return "sasl.kerberos.service.name";
      return {};
    } else {
      throw Error(Exit::config, place(line) + ": sasl.jaas.config: " + module +
                                    ": kpipe has no such login. It knows PlainLoginModule, "
                                    "ScramLoginModule, OAuthBearerLoginModule, IAMLoginModule and "
                                    "Krb5LoginModule");
    }
    throw Error(Exit::config,
                place(line) + ": sasl.jaas.config: " + module + " has no option '" + name + "'");
  }

  const std::string& path_;
  const bool java_;
  std::string extensions_;
  Import result_;
};

}  // namespace

Import parse_import(std::string_view text, const std::string& path) {
  const bool java = path.ends_with(".properties");
  std::vector<PropertyLine> lines;
  try {
    lines = java ? parse_java_properties(text) : parse_plain_properties(text);
  } catch (const std::invalid_argument& cause) {
    throw Error(Exit::config, path + ":" + cause.what());
  }
  Importer importer(path, java);
  for (const PropertyLine& line : lines) importer.add(line);
  return importer.take();
}

}  // namespace kpipe
