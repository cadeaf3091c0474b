// SPDX-License-Identifier: Apache-2.0
#include "common/cli/app.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/base/error.hpp"
#include "common/cli/tool_main.hpp"
#include "tests/unit/base_expect.hpp"

namespace kpipe {
namespace {

using std::chrono::milliseconds;
using unit::contains;

/// A tool with one option of each kind.
struct Demo {
  Demo() {
    app.app()
        .add_option("-n,--name", name, "It's a name [of \\ a thing].")
        ->type_name("NAME")
        ->required();
    app.app().add_flag("--fast", fast, "Be fast.");
    app.add_size("--size", size, "A size.");
    app.add_duration("--wait", wait, "A duration.");
    app.add_duration("--pause", pause, "Another.");
    app.add_integer("-c,--count", count, 1, 10, "A number.");
    app.add_sink_options(sink);
  }
  std::optional<int> parse(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "kdemo");
    return app.parse(static_cast<int>(arguments.size()), arguments.data());
  }

  ToolApp app{"kdemo", "show what options do"};
  std::string name;
  bool fast = false;
  std::size_t size = 1;
  std::optional<milliseconds> wait;
  milliseconds pause{1};
  std::int64_t count = 0;
  SinkOptions sink;
};

const std::vector<std::string> kAllOptions{
    "--help",    "--version",     "--log-level",     "--verbose", "--quiet", "--name",
    "--fast",    "--size",        "--wait",          "--pause",   "--count", "--batch-size",
    "--sink-id", "--batch-bytes", "--batch-timeout", "--acks"};

std::string refusal(const std::vector<const char*>& arguments) {
  return unit::expect_error(Exit::usage, [&] { Demo().parse(arguments); });
}

/// What a run that ends in parse() prints.
std::string printed(const std::vector<const char*>& arguments) {
  testing::internal::CaptureStdout();
  std::optional<int> status;
  try {
    status = Demo().parse(arguments);
  } catch (const Error&) {
    testing::internal::GetCapturedStdout();
    throw;
  }
  std::fflush(stdout);
  EXPECT_EQ(status, 0);
  return testing::internal::GetCapturedStdout();
}

TEST(CliApp, reads_each_kind_of_value) {
  Demo demo;
  EXPECT_FALSE(demo.parse({"-n",     "x",
                           "--fast", "--size",
                           "64KiB",  "--wait",
                           "1h30m",  "--pause",
                           "250ms",  "-c",
                           "7",      "--batch-size",
                           "9",      "--batch-bytes",
                           "2MiB",   "--batch-timeout",
                           "0.5",    "--sink-id",
                           "s",      "--acks",
                           "/f"}));
  EXPECT_EQ(demo.name, "x");
  EXPECT_TRUE(demo.fast);
  EXPECT_EQ(demo.size, 65536U);
  EXPECT_EQ(demo.wait, std::chrono::minutes(90));
  EXPECT_EQ(demo.pause, milliseconds(250));
  EXPECT_EQ(demo.count, 7);
  EXPECT_EQ(demo.sink.batch_size, 9U);
  EXPECT_EQ(demo.sink.batch_bytes, std::size_t{2} << 20);
  EXPECT_EQ(demo.sink.batch_timeout, milliseconds(500));
  EXPECT_EQ(demo.sink.sink_id, "s");
  EXPECT_EQ(demo.sink.acks, "/f");
}

TEST(CliApp, the_last_of_two_counts) {
  Demo demo;
  EXPECT_FALSE(demo.parse({"-n", "x", "--name=y"}));
  EXPECT_EQ(demo.name, "y");
}

TEST(CliApp, mistakes_name_the_option_and_show_a_right_value) {
  const std::string size = refusal({"-n", "x", "--size", "64Kib"});
  EXPECT_TRUE(contains(size, "--size") && contains(size, "'64Kib'") && contains(size, "64KiB"))
      << size;
  EXPECT_TRUE(contains(refusal({"-n", "x", "--size", "0"}), "--size"));
  for (const char* option : {"--wait", "--pause", "--batch-timeout"}) {
    const std::string duration = refusal({"-n", "x", option, "5 min"});
    EXPECT_TRUE(contains(duration, option) && contains(duration, "'5 min'") &&
                contains(duration, "1h30m"))
        << duration;
  }
  for (const char* bad : {"0", "11", "x", "1.5", ""}) {
    const std::string count = refusal({"-n", "x", "--count", bad});
    EXPECT_TRUE(contains(count, "--count") && contains(count, "from 1 to 10")) << count;
  }
  for (const char* bad : {"0", "-1", "many"}) {
    EXPECT_TRUE(contains(refusal({"-n", "x", "--batch-size", bad}), "--batch-size"));
  }
  EXPECT_TRUE(contains(refusal({"-n", "x", "--log-level", "loud"}), "'loud': unknown level"));
  EXPECT_TRUE(contains(refusal({}), "--name"));
  EXPECT_TRUE(contains(refusal({"-n"}), "--name"));
}

TEST(CliApp, a_misspelt_option_is_named_even_when_another_is_missing) {
  for (const std::vector<const char*>& arguments :
       {std::vector<const char*>{"-n", "x", "--fats"}, {"--fats"}, {"--fats", "1"}}) {
    const std::string message = refusal(arguments);
    EXPECT_TRUE(contains(message, "--fats")) << message;
    EXPECT_TRUE(contains(message, "See kdemo --help")) << message;
    EXPECT_FALSE(contains(message, "\n")) << message;
  }
  EXPECT_TRUE(contains(refusal({"-n", "x", "stray"}), "stray"));
}

TEST(CliApp, says_its_version) {
  const std::string version = printed({"--version"});
  EXPECT_TRUE(version.starts_with("kdemo ")) << version;
  EXPECT_TRUE(version.ends_with("\n"));
  EXPECT_NE(version.find_first_of("0123456789"), std::string::npos) << version;
}

TEST(CliApp, help_and_every_document_name_every_option) {
  for (const std::vector<const char*>& arguments : {std::vector<const char*>{"--help"},
                                                    {"--generate", "options"},
                                                    {"--generate", "bash"},
                                                    {"--generate", "zsh"}}) {
    const std::string text = printed(arguments);
    for (const std::string& option : kAllOptions) {
      EXPECT_TRUE(contains(text, option)) << arguments.back() << " " << option;
    }
  }
  const std::string fish = printed({"--generate", "fish"});
  const std::string mdoc = printed({"--generate", "mdoc"});
  for (const std::string& option : kAllOptions) {
    EXPECT_TRUE(contains(fish, " -l " + option.substr(2))) << option;
    std::string escaped = "Fl ";  // mdoc's Fl brings the first dash
    for (const char c : option.substr(1)) escaped += c == '-' ? "\\-" : std::string(1, c);
    EXPECT_TRUE(contains(mdoc, escaped)) << escaped;
  }
  EXPECT_TRUE(contains(mdoc, "Ar DURATION"));
  EXPECT_TRUE(contains(mdoc, "[of \\e a thing]"));
}

TEST(CliApp, completions_are_quoted) {
  EXPECT_TRUE(contains(printed({"--generate", "zsh"}), "It'\\''s a name \\[of \\\\ a thing\\]"));
  EXPECT_TRUE(contains(printed({"--generate", "fish"}), "-d 'It'\\''s a name [of \\\\ a thing].'"));
  EXPECT_TRUE(contains(printed({"--generate", "bash"}), " -F _kdemo kdemo\n"));
}

TEST(CliApp, an_unknown_document_is_a_mistake) {
  EXPECT_TRUE(contains(unit::expect_error(Exit::usage,
                                          [] {
                                            printed({"--generate", "pdf"});
                                          }),
                       "--generate: 'pdf': unknown"));
}

TEST(CliApp, the_level_follows_the_flags) {
  const auto level_after = [](std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), {"-n", "x"});
    log::set_level(log::Level::notice);
    Demo().parse(arguments);
    int level = 0;
    while (level < 4 && log::enabled(static_cast<log::Level>(level + 1))) ++level;
    log::set_level(log::Level::notice);
    return static_cast<log::Level>(level);
  };
  EXPECT_EQ(level_after({}), log::Level::notice);
  EXPECT_EQ(level_after({"-v"}), log::Level::info);
  EXPECT_EQ(level_after({"-vv"}), log::Level::debug);
  EXPECT_EQ(level_after({"-q"}), log::Level::error);
  EXPECT_EQ(level_after({"-v", "--log-level", "warning"}), log::Level::warning);
}

TEST(CliMain, errors_become_exit_statuses) {
  const auto status = [](int (*run)(int, const char* const*)) {
    testing::internal::CaptureStderr();
    const char* arguments[] = {"kdemo"};
    const int result = tool_main("kdemo", 1, arguments, run);
    return std::pair(result, testing::internal::GetCapturedStderr());
  };
  EXPECT_EQ(status([](int, const char* const*) { return 0; }), std::pair(0, std::string()));
  EXPECT_EQ(status([](int, const char* const*) { return 1; }).first, 1);
  EXPECT_EQ(status([](int, const char* const*) -> int {
              throw Error(Exit::temp_fail, "sink: gone. Start it again");
            }),
            std::pair(75, std::string("kdemo: sink: gone. Start it again\n")));
  const auto bug = status([](int, const char* const*) -> int { throw std::runtime_error("oops"); });
  EXPECT_EQ(bug.first, 70);
  EXPECT_TRUE(contains(bug.second, "internal error: oops")) << bug.second;
}

}  // namespace
}  // namespace kpipe
