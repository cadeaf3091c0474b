// SPDX-License-Identifier: Apache-2.0
// Where configuration is read from, who may read it, and what references refer to.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "common/config/config_files.hpp"
#include "common/config/import.hpp"
#include "common/config/profile.hpp"
#include "common/config/properties.hpp"
#include "tests/unit/base_expect.hpp"

namespace kpipe {
namespace {

namespace fs = std::filesystem;
using unit::contains;
using unit::expect_error;

class ConfigFiles : public testing::Test {
 protected:
  ConfigFiles() : top_(testing::TempDir() + "kpipe_config_" + std::to_string(::getpid())) {
    fs::create_directories(top_);
  }
  ~ConfigFiles() override {
    fs::remove_all(top_);
    ::unsetenv("CREDENTIALS_DIRECTORY");
    ::unsetenv("KPIPE_TEST_SECRET");
  }

  std::string write(const std::string& name, const std::string& text, mode_t mode = 0600) {
    const fs::path path = top_ + "/" + name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
    ::chmod(path.c_str(), mode);
    return path;
  }

  std::string top_;
};

std::string brokers(const Config& config, const std::string& name) {
  return config.connections.at(name).settings.at("bootstrap.servers").value;
}

TEST_F(ConfigFiles, FoldersAndDropInsAreLaidOverEachOther) {
  write("etc/config.toml",
        "[connections.a]\nbrokers = [\"etc\"]\n[connections.b]\nbrokers = [\"etc\"]\n"
        "[connections.c]\nbrokers = [\"etc\"]\n[connections.d]\nbrokers = [\"etc\"]\n");
  write("etc/connections.d/10.toml",
        "[connections.b]\nbrokers = [\"etc.10\"]\n"
        "[connections.c]\nbrokers = [\"etc.10\"]\n");
  write("etc/connections.d/20.toml", "[connections.c]\nbrokers = [\"etc.20\"]\n");
  write("etc/connections.d/30.toml.bak", "no TOML");
  write("etc/connections.d/.40.toml", "no TOML");
  write("user/config.toml", "[connections.d]\nbrokers = [\"user\"]\n");
  const Config config = read_config_folders({top_ + "/etc", top_ + "/not-there", top_ + "/user"});
  EXPECT_EQ(brokers(config, "a"), "etc");
  EXPECT_EQ(brokers(config, "b"), "etc.10");
  EXPECT_EQ(brokers(config, "c"), "etc.20");
  EXPECT_EQ(brokers(config, "d"), "user");
  EXPECT_TRUE(config.unreadable.empty());
}

TEST_F(ConfigFiles, FoldersFollowTheXdgSpecification) {
  const auto folders = [](const char* xdg, const char* home) {
    ::setenv("XDG_CONFIG_HOME", xdg, 1);
    ::setenv("HOME", home, 1);
    return config_folders();
  };
  const std::string old_home = ::getenv("HOME") == nullptr ? "/" : ::getenv("HOME");
  EXPECT_EQ(folders("/x", "/h"), (std::vector<std::string>{"/etc/kpipe", "/x/kpipe"}));
  EXPECT_EQ(folders("", "/h"), (std::vector<std::string>{"/etc/kpipe", "/h/.config/kpipe"}));
  EXPECT_EQ(folders("rel", "/h"), (std::vector<std::string>{"/etc/kpipe", "/h/.config/kpipe"}));
  EXPECT_EQ(folders("", ""), (std::vector<std::string>{"/etc/kpipe"}));
  ::unsetenv("XDG_CONFIG_HOME");
  ::setenv("HOME", old_home.c_str(), 1);
}

TEST_F(ConfigFiles, ASecretThatOthersMayReadIsRefused) {
  const std::string secret = "[connections.p]\nsasl_password = \"hunter2\"\n";
  const std::string path = write("config.toml", secret);
  read_config_file(path);
  for (const mode_t mode : {0644, 0604, 0660, 0602}) {
    ::chmod(path.c_str(), mode);
    const std::string refusal = expect_error(Exit::config, [&] { read_config_file(path); });
    EXPECT_TRUE(refusal.starts_with(path + ":2: ")) << refusal;
    EXPECT_TRUE(refusal.ends_with("chmod 600 " + path)) << refusal;
    EXPECT_FALSE(contains(refusal, "hunter2"));
  }
  // Root may let a group read it; anybody else may not.
  ::chmod(path.c_str(), 0640);
  if (::geteuid() == 0) {
    read_config_file(path);
    ASSERT_EQ(::chown(path.c_str(), 65534, 65534), 0);
    ::chmod(path.c_str(), 0600);
    EXPECT_TRUE(contains(expect_error(Exit::config, [&] { read_config_file(path); }), "chown 0"));
  } else {
    expect_error(Exit::config, [&] { read_config_file(path); });
  }
  // Without a secret anybody may.
  read_config_file(write("open.toml", "[connections.p]\nsasl_password = \"env:X\"\n", 0644));
}

TEST_F(ConfigFiles, AnImportedFileThatHoldsASecretIsNoBetter) {
  const std::string path = write("client.properties", "sasl.password=hunter2\n", 0644);
  EXPECT_TRUE(contains(expect_error(Exit::config, [&] { import_file(path); }), "chmod 600"));
  ::chmod(path.c_str(), 0600);
  EXPECT_EQ(import_file(path).settings.at(0).name, "sasl.password");
  EXPECT_EQ(import_file(write("open.conf", "brokers=h\n", 0644)).settings.at(0).value, "h");
  EXPECT_TRUE(contains(expect_error(Exit::config, [&] { import_file(top_ + "/none"); }),
                       "--import: " + top_ + "/none: No such file"));
}

TEST_F(ConfigFiles, AFileThatIsNamedMustBeThere) {
  EXPECT_TRUE(contains(expect_error(Exit::config, [&] { read_config_file(top_ + "/none"); }),
                       "/none: No such file or directory"));
}

TEST_F(ConfigFiles, ReferencesAreResolved) {
  write("pw", "from-file\n");
  write("creds/kafka", "from-cred");
  ::setenv("KPIPE_TEST_SECRET", "from-env", 1);
  ::setenv("CREDENTIALS_DIRECTORY", (top_ + "/creds").c_str(), 1);
  const Config config = read_config_file(write("config.toml", R"([secrets.a.data]
one = "literal"
two = "env:KPIPE_TEST_SECRET"
both = "a"
chain = "${secret:a.one}"
[secrets.a.files]
three = "pw"
[secrets.b.data]
both = "b"
)"));
  const auto value = [&](const std::string& text, const std::string& name = "sasl.password") {
    return resolve({name, text, "f:1"}, config.secrets).reveal();
  };
  EXPECT_EQ(value("file:" + top_ + "/pw"), "from-file");
  EXPECT_EQ(value("${file:" + top_ + "/pw}", "sasl.username"), "from-file");
  EXPECT_EQ(value("env:KPIPE_TEST_SECRET"), "from-env");
  EXPECT_EQ(value("cred:kafka"), "from-cred");
  EXPECT_EQ(value("${secret:a.one}"), "literal");
  EXPECT_EQ(value("${secret:one}", "sasl.username"), "literal");
  EXPECT_EQ(value("${secret:two}"), "from-env");
  EXPECT_EQ(value("${secret:a.three}"), "from-file");
  EXPECT_EQ(value("${secret:b.both}"), "b");
  // No secret has it: a credential, or else a variable.
  EXPECT_EQ(value("${secret:kafka}"), "from-cred");
  EXPECT_EQ(value("${secret:KPIPE_TEST_SECRET}", "sasl.username"), "from-env");
  // What is no reference stays as it is.
  EXPECT_EQ(value("env:X", "sasl.username"), "env:X");
  EXPECT_EQ(value("secret:one"), "secret:one");
  EXPECT_EQ(value("$ConnectionString", "sasl.username"), "$ConnectionString");

  const auto refusal = [&](const std::string& text) {
    return expect_error(Exit::config, [&] { value(text); });
  };
  EXPECT_TRUE(contains(refusal("${secret:both}"), "several secrets have it"));
  EXPECT_TRUE(contains(refusal("${secret:a.onr}"), "no such key. Did you mean a.one?"));
  EXPECT_TRUE(contains(refusal("${secret:nothing}"),
                       "there is no such secret, credential of systemd or variable"));
  EXPECT_TRUE(contains(refusal("${secret:chain}"), "cannot refer to another secret"));
  EXPECT_TRUE(contains(refusal("${vault:x}"), "f:1: sasl.password: not a reference"));
  EXPECT_TRUE(contains(refusal("env:KPIPE_TEST_NO_SUCH"), "KPIPE_TEST_NO_SUCH"));
  EXPECT_TRUE(contains(refusal("cred:../pw"), "not the name of a credential"));
  EXPECT_TRUE(contains(expect_error(Exit::io, [&] { value("cred:other"); }), "creds/other"));
  ::unsetenv("CREDENTIALS_DIRECTORY");
  EXPECT_TRUE(contains(refusal("cred:kafka"), "LoadCredential=kafka"));
}

TEST(Settings, SecretsAndWhatCameByReferenceAreMasked) {
  const auto shown = [](const char* name, const char* value) {
    const Setting setting{name, value, "o"};
    return masked(setting) + " " + full_origin(setting);
  };
  EXPECT_EQ(shown("fetch.min.bytes", "7"), "7 o");
  EXPECT_EQ(shown("sasl.username", "$ConnectionString"), "$ConnectionString o");
  EXPECT_EQ(shown("sasl.username", "${secret:a.b}"), "******** o, ${secret:a.b}");
  for (const char* name :
       {"sasl.password", "ssl.key.password", "ssl.keystore.password", "ssl.truststore.password",
        "ssl.key.pem", "sasl.jaas.config", "sasl.oauthbearer.config",
        "sasl.oauthbearer.client.secret", "sasl.oauthbearer.assertion.private.key.pem",
        "sasl.oauthbearer.assertion.private.key.passphrase"}) {
    EXPECT_EQ(shown(name, "hunter2"), "******** o");
    EXPECT_EQ(shown(name, "env:X"), "******** o, env:X");
  }
}

TEST(Settings, TheNearestNameIsNearOrNone) {
  EXPECT_EQ(did_you_mean("brokres", {"tags", "brokers"}), ". Did you mean brokers?");
  EXPECT_EQ(did_you_mean("zzzzzzz", {"tags", "brokers"}), "");
  EXPECT_EQ(did_you_mean("x", {}), "");
}

}  // namespace
}  // namespace kpipe
