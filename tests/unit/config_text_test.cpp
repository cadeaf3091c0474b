// SPDX-License-Identifier: Apache-2.0
// Profiles as text: what is read, how files are laid over each other, and what is refused, with the
// line.
#include <gtest/gtest.h>

#include <sstream>
#include <utility>

#include "common/config/profile.hpp"
#include "tests/unit/base_expect.hpp"

namespace kpipe {
namespace {

using unit::contains;
using unit::expect_error;

constexpr const char* path = "/c/config.toml";

Config config_of(const std::string& text) {
  Config config;
  add_config(text, path, config);
  return config;
}

/// "name=value" of each setting, in order.
std::string settings_of(const Config& config, const std::string& name,
                        Purpose purpose = Purpose::read) {
  std::string text;
  for (const Setting& setting : profile_settings(config, name, purpose))
    text += (text.empty() ? "" : " ") + setting.name + "=" + setting.value;
  return text;
}

std::string refusal_of(const std::string& text) {
  return expect_error(Exit::config, [&] { config_of(text); });
}

TEST(ConfigText, ReadsAConnection) {
  const Config config = config_of(R"([connections.prod]
brokers = ["a:1", "b:2"]
group_id = "etl"
type = "kafka"
tags = ["x", "y"]
description = "of all"
purpose = "r"
)");
  const Connection& connection = config.connections.at("prod");
  EXPECT_EQ(connection.name, "prod");
  EXPECT_EQ(connection.origin, "/c/config.toml:1");
  EXPECT_EQ(connection.tags, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(connection.description, "of all");
  EXPECT_EQ(connection.purpose, "r");
  EXPECT_EQ(connection.settings.at("bootstrap.servers").origin, "/c/config.toml:2");
  EXPECT_EQ(settings_of(config, "prod"), "bootstrap.servers=a:1,b:2 group.id=etl");
}

TEST(ConfigText, PropertiesWithAndWithoutQuotesAndByAnyName) {
  const Config config = config_of(R"([connections.p.properties]
security.protocol = "SSL"
"ssl.ca.location" = "/ca.pem"
sasl_mechanisms = "PLAIN"
fetch.min.bytes = 7
enable.sparse.connections = false
socket.send.buffer.bytes = 1
bootstrap_server = "h:1"
)");
  EXPECT_EQ(settings_of(config, "p"),
            "bootstrap.servers=h:1 enable.sparse.connections=false fetch.min.bytes=7 "
            "sasl.mechanism=PLAIN security.protocol=SSL socket.send.buffer.bytes=1 "
            "ssl.ca.location=/ca.pem");
}

TEST(ConfigText, ALaterFileWinsKeyByKey) {
  Config config = config_of(R"([connections.p]
brokers = ["a:1"]
description = "machine"
tags = ["m"]
properties.client.rack = "r1"
[secrets.s.data]
username = "u"
password = "env:OLD"
)");
  add_config(R"([connections.p]
bootstrap_servers = "b:2"
tags = ["u"]
secrets = [{id = "s"}]
[secrets.s.data]
password = "env:NEW"
)",
             "/u/config.toml", config);
  const Connection& connection = config.connections.at("p");
  EXPECT_EQ(connection.description, "machine");
  EXPECT_EQ(connection.tags, std::vector<std::string>{"u"});
  EXPECT_EQ(connection.origin, "/u/config.toml:1");
  EXPECT_EQ(settings_of(config, "p"),
            "bootstrap.servers=b:2 client.rack=r1 sasl.password=${env:NEW} sasl.username=u");
}

TEST(ConfigText, SecretsGiveWhatTheConnectionLeavesOpenForThePurpose) {
  const Config config = config_of(R"([connections.p]
brokers = ["a:1"]
sasl_mechanism = "PLAIN"
secrets = [{id = "tls"}, {id = "reader", purpose = "r"}, {id = "admin", purpose = "w"}]
[connections.readonly]
purpose = "r"
[secrets.tls.files]
ca_file = "ca.pem"
[secrets.reader.data]
security_protocol = "SASL_SSL"
sasl_mechanism = "SCRAM-SHA-512"
username = "reader"
[secrets.reader.files]
password = "reader.pw"
[secrets.admin.data]
sasl_username = "admin"
password = "${cred:pw}"
)");
  EXPECT_EQ(settings_of(config, "p", Purpose::read),
            "bootstrap.servers=a:1 sasl.mechanism=PLAIN sasl.password=${file:/c/reader.pw} "
            "sasl.username=reader security.protocol=SASL_SSL ssl.ca.location=/c/ca.pem");
  EXPECT_EQ(settings_of(config, "p", Purpose::write),
            "bootstrap.servers=a:1 sasl.mechanism=PLAIN sasl.password=${cred:pw} "
            "sasl.username=admin ssl.ca.location=/c/ca.pem");
  EXPECT_EQ(settings_of(config, "readonly"), "");
  const std::string refusal = expect_error(
      Exit::no_permission, [&] { profile_settings(config, "readonly", Purpose::write); });
  EXPECT_TRUE(contains(refusal, "readonly: /c/config.toml:5: it has purpose r")) << refusal;
}

TEST(ConfigText, PathsAreThoseOfTheFilesFolder) {
  EXPECT_EQ(settings_of(config_of("[connections.p]\ncafile = \"tls/ca.pem\"\n"
                                  "certfile = \"/abs/c.pem\"\nsasl_password = \"file:pw\"\n"
                                  "sasl_username = \"${file:../user}\"\n"),
                        "p"),
            "sasl.password=${file:/c/pw} sasl.username=${file:/user} "
            "ssl.ca.location=/c/tls/ca.pem ssl.certificate.location=/abs/c.pem");
  EXPECT_EQ(settings_of(config_of("[connections.p]\nsasl.kerberos.keytab = \"k\"\n"
                                  "sasl.oauthbearer.token.file = \"t\"\n"),
                        "p"),
            "sasl.kerberos.keytab=/c/k sasl.oauthbearer.token.file=/c/t");
  EXPECT_EQ(settings_of(config_of("[connections.p]\nsasl.kerberos.keytab = \"FILE:/k\"\n"), "p"),
            "sasl.kerberos.keytab=FILE:/k");
  EXPECT_EQ(settings_of(config_of("[connections.p]\ncafile = \"probe\"\n"), "p"),
            "ssl.ca.location=probe");
}

TEST(ConfigText, NamesUnknownKeysWithTheNearestAndTheLine) {
  EXPECT_EQ(refusal_of("\n[connections.p]\nbroker = \"a:1\"\n"),
            "/c/config.toml:3: connections.p: unknown key 'broker'. Did you mean brokers?");
  EXPECT_EQ(refusal_of("[connection.p]\n"),
            "/c/config.toml:1: unknown key 'connection'. Did you mean connections?");
  EXPECT_EQ(refusal_of("[secrets.s.date]\npassword = \"x\"\n"),
            "/c/config.toml:1: secrets.s: unknown key 'date'. Did you mean data?");
  EXPECT_TRUE(contains(refusal_of("[connections.p]\nsecrets = [{ids = \"x\"}]\n"),
                       "unknown key 'ids'. Did you mean id?"));
  EXPECT_TRUE(contains(refusal_of("[connections.p]\nretries = 3\n"),
                       "belong in [connections.p.properties]"));
}

TEST(ConfigText, NamesWithDotsNeedNoTableOfTheirOwn) {
  const Config config = config_of(R"([connections.p]
connector_type = "kafka"
topics = ["a", "b"]
batch_timeout = 3
username = "u"
auth.type = "sasl"
auth.protocol = "sasl_ssl"
"ssl.ca.location" = "/ca.pem"
[connections.p.ssl_config]
certfile = "/c.pem"
check_hostname = false
password = "env:X"
)");
  std::string all;
  for (const auto& [name, setting] : config.connections.at("p").settings)
    all += name + "=" + setting.value + " ";
  EXPECT_EQ(all,
            "auth.type=sasl batch-timeout=3s sasl.username=u security.protocol=SASL_SSL "
            "ssl.ca.location=/ca.pem ssl.certificate.location=/c.pem "
            "ssl.endpoint.identification.algorithm=none ssl.key.password=env:X topic=a,b ");
}

TEST(ConfigText, ASecretMayBeNamedWithItsWorkspace) {
  const Config config = config_of(R"([connections.p]
secrets = [{id = "public:s"}]
[secrets.s.data]
username = "u"
)");
  EXPECT_EQ(profile_settings(config, "p", Purpose::read).at(0).name, "sasl.username");
}

TEST(ConfigText, ALetterWithAnAccentInANameIsRefusedAndNoMore) {
  EXPECT_TRUE(contains(refusal_of("[connections.caf\xC3\xA9]\n"), "/c/config.toml:1: not TOML"));
  EXPECT_TRUE(contains(refusal_of("\xCF\xB7 = 1\n"), "/c/config.toml:1: not TOML"));
  config_of("[connections.\"caf\xC3\xA9\"]\ndescription = \"\xCF\xB7\"\n");
}

TEST(ConfigText, RefusesValuesOfTheWrongKind) {
  const std::vector<std::pair<const char*, const char*>> cases{
      {"connections = 1\n", "connections: expected a table"},
      {"[connections.p]\ntags = \"x\"\n", "expected a list"},
      {"[connections.p]\ntags = [1]\n", "expected text in quotes"},
      {"[connections.p]\ndescription = 1\n", "expected text in quotes"},
      {"[connections.p]\npurpose = \"x\"\n", "expected \"r\", \"w\" or \"rw\""},
      {"[connections.p]\ntype = \"pg\"\n", "expected \"kafka\""},
      {"[connections.p]\nbrokers = 1.5\n", "expected text, a whole number"},
      {"[connections.p]\nsecrets = \"x\"\n", "expected a list, [{id"},
      {"[connections.p]\nsecrets = [{purpose = \"r\"}]\n", "names no id"},
      {"[connections.p]\nproperties = \"x\"\n", "expected a table"},
      {"[connections.\"\"]\n", "an empty name"},
      {"[connections.p]\nsasl_username = \"${vault:x}\"\n", "not a reference"},
      {"[connections.p]\nbrokers = [\"a:1\"]\nbootstrap_servers = \"b:1\"\n",
       "has another value already: /c/config.toml:3"},
      {"[secrets.s.data]\nx = \"env:A\"\n[secrets.s.files]\nx = \"b\"\n", "in data and in files"}};
  for (const auto& [text, cause] : cases) {
    const std::string refusal = refusal_of(text);
    EXPECT_TRUE(contains(refusal, cause)) << refusal;
    EXPECT_TRUE(refusal.starts_with("/c/config.toml:")) << refusal;
  }
}

TEST(ConfigText, WhatIsNoTomlIsNotRepeated) {
  for (const char* text :
       {"[secrets.s.data]\npassword = hunter2\n", "[secrets.s.data]\npassword = \"hunter2\n",
        "[secrets.s.data]\npassword \"hunter2\"\n", "[secrets.s.data]\npassword = truehunter2\n",
        "[secrets.s.data]\npassword = 'hunter2'\npassword = 'hunter2'\n"}) {
    const std::string refusal = refusal_of(text);
    EXPECT_TRUE(contains(refusal, ": not TOML: ")) << refusal;
    EXPECT_FALSE(contains(refusal, "hunter2")) << refusal;
    EXPECT_FALSE(contains(refusal, "saw")) << refusal;
  }
}

/// toml++ asserts about some slips instead of refusing them.
TEST(ConfigText, AnySlipIsRefusedOrRead) {
  EXPECT_TRUE(contains(refusal_of("[\n"), "not TOML"));
  EXPECT_TRUE(contains(refusal_of("[connections.p]\nbrokers = []\n[ \n"), "not TOML"));
  const std::string text =
      "[connections.p]\nbrokers = [\"a:1\"]\nsecrets = [{id = 's', purpose = \"rw\"}]\n"
      "properties.\"x.y\" = 1 # c\n[secrets.s.data]\npassword = \"\"\"a\nb\"\"\"\n"
      "t = 1979-05-27T07:32:00Z\nf = 1.5e3\nh = 0xff\n[[a.b]]\n";
  std::size_t refused = 0;
  const auto try_text = [&](const std::string& changed) {
    try {
      config_of(changed);
    } catch (const Error& error) {
      EXPECT_EQ(error.exit(), Exit::config);
      ++refused;
    }
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    try_text(text.substr(0, i));
    try_text(text.substr(0, i) + "\n");
    for (const char c : std::string("[]{}\"'=.,#\\\n \t+-_0ax\x00\x7f\xff", 23)) {
      std::string changed = text;
      changed[i] = c;
      try_text(changed);
    }
  }
  EXPECT_GT(refused, 0U);
}

TEST(ConfigText, FindsASecretThatStandsInTheText) {
  const auto literal = [](const std::string& text) {
    Config config;
    return add_config(text, path, config);
  };
  EXPECT_EQ(literal("[connections.p]\nsasl_password = \"x\"\n"), "/c/config.toml:2");
  EXPECT_EQ(literal("[connections.p.properties]\n\nssl.key.password = \"x\"\n"),
            "/c/config.toml:3");
  EXPECT_EQ(literal("[secrets.s.data]\npassword = \"x\"\n"), "/c/config.toml:2");
  EXPECT_EQ(literal("[secrets.s.data]\ntoken = \"x\"\n"), "/c/config.toml:2");
  EXPECT_EQ(literal("[connections.p]\nsasl_password = \"env:X\"\nsasl_username = \"u\"\n"
                    "[secrets.s.data]\nusername = \"u\"\npassword = \"cred:x\"\n"
                    "[secrets.s.files]\ntoken = \"x\"\n"),
            "");
}

TEST(ConfigText, NamesConnectionsAndSecretsThatAreNotThere) {
  Config config = config_of("[connections.prod]\nsecrets = [{id = \"etk\"}]\n[secrets.etl.data]\n");
  config.unreadable.push_back("/etc/kpipe/config.toml: Permission denied");
  EXPECT_EQ(expect_error(Exit::config, [&] { profile_settings(config, "prd", Purpose::read); }),
            "--profile: prd: there is no such connection. Did you mean prod? Not read: "
            "/etc/kpipe/config.toml: Permission denied. kgroups connections shows what is there");
  EXPECT_EQ(expect_error(Exit::config, [&] { profile_settings(config, "prod", Purpose::read); }),
            "/c/config.toml:2: prod: there is no secret etk. Did you mean etl?");
  config = config_of(
      "[connections.p]\nsecrets = [{id = \"s\"}]\n[secrets.s.data]\npasword = \"env:X\"\n");
  EXPECT_EQ(expect_error(Exit::config, [&] { profile_settings(config, "p", Purpose::read); }),
            "/c/config.toml:4: 'pasword' is no property, and a connection uses all of this secret. "
            "Did you mean password?");
}

}  // namespace
}  // namespace kpipe
