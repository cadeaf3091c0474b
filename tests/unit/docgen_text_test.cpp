// SPDX-License-Identifier: Apache-2.0
// Documents made from an option table: what roff and the shells would take for their own is
// escaped.
#include "common/cli/docgen.hpp"

#include <gtest/gtest.h>

#include "common/base/error.hpp"

namespace kpipe {
namespace {

class Docgen : public testing::Test {
 protected:
  Docgen() : app_("does things", "ktool") {
    app_.set_help_flag("-h,--help", "Print this help and exit.");
    app_.add_option("--secret", text_, "Not for people.")->group("");
  }
  std::string made(const std::string& kind) const { return generate_document(app_, kind); }
  bool has(const std::string& kind, const std::string& part) const {
    return made(kind).find(part) != std::string::npos;
  }

  CLI::App app_;
  std::string text_;
  std::vector<std::string> list_;
  bool flag_ = false;
};

TEST_F(Docgen, HiddenOptionsAreNowhere) {
  for (const char* kind : {"mdoc", "options", "bash", "zsh", "fish"})
    EXPECT_FALSE(has(kind, "secret")) << kind;
}

TEST_F(Docgen, FlagsTakeNoValue) {
  app_.add_flag("-q,--quiet,!--loud", flag_, "Say less.");
  EXPECT_TRUE(has("mdoc", ".It Fl q , Fl \\-quiet , Fl \\-loud\nSay less.\n"));
  EXPECT_TRUE(has("options", "-q\n--quiet\n--loud\n"));
  EXPECT_TRUE(has("zsh", "'(-q --quiet --loud)'{-q,--quiet,--loud}'[Say less.]'"));
  EXPECT_TRUE(has("fish", "-s q -l quiet -l loud -d 'Say less.'"));
}

TEST_F(Docgen, ChoicesAreOffered) {
  app_.add_option("--how", text_, "How.")->type_name("WAY")->check(CLI::IsMember({"fast", "slow"}));
  EXPECT_TRUE(has("mdoc", ".It Fl \\-how Ar WAY\n"));
  EXPECT_TRUE(has("bash", "--how) mapfile -t COMPREPLY < <(compgen -W 'fast slow' --"));
  EXPECT_TRUE(has("zsh", "'--how[How.]:WAY:(fast slow)'"));
  EXPECT_TRUE(has("fish", "-l how -x -a 'fast slow'"));
}

TEST_F(Docgen, FilesAreCompletedAsFiles) {
  app_.add_option("--acks", text_, "Where.")->type_name("PATH");
  app_.add_option("FILE", list_, "What.")->type_name("");
  EXPECT_TRUE(has("bash", "--acks) mapfile -t COMPREPLY < <(compgen -f --"));
  EXPECT_TRUE(has("zsh", ":PATH:_files'"));
  EXPECT_TRUE(has("zsh", "'1:FILE:_files'"));
  EXPECT_TRUE(has("fish", "-l acks -r -F"));
  EXPECT_FALSE(has("fish", "complete -c ktool -f\n"));
}

TEST_F(Docgen, TextIsEscapedForRoff) {
  app_.add_option("--a", text_, ".5 of C:\\x-y. Then more, e.g. this. 'Quoted'.")->type_name("N");
  EXPECT_TRUE(has("mdoc", "\n\\&.5 of C:\\ex\\-y.\nThen more, e.g. this. 'Quoted'.\n"));
}

TEST_F(Docgen, TextIsEscapedForShells) {
  app_.add_option("--b", text_, "It's [a:b] \\ $c.")->type_name("A:B");
  EXPECT_TRUE(has("zsh", "'--b[It'\\''s \\[a\\:b\\] \\\\ $c.]:A\\:B: '"));
  EXPECT_TRUE(has("fish", "-d 'It'\\''s [a:b] \\\\ $c.'"));
}

TEST_F(Docgen, RepeatableOptionsStayOnOffer) {
  app_.add_option("-t,--topic", list_, "Topic.")
      ->type_name("TOPIC")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  EXPECT_TRUE(has("zsh", "'*'{-t,--topic}'[Topic.]:TOPIC: '"));
}

TEST_F(Docgen, Subcommands) {
  app_.add_subcommand("list", "List them.");
  app_.add_subcommand("lag", "Show lag.")->add_option("group", list_, "G.")->type_name("GROUP");
  EXPECT_EQ(made("mdoc-commands"),
            ".Bl -tag -width Ds\n.It Cm list\nList them.\n.It Cm lag Op Ar GROUP ...\nShow lag.\n"
            ".El\n");
  EXPECT_TRUE(has("bash", "compgen -W 'list lag' --"));
  EXPECT_TRUE(has("zsh", "'1:command:(list lag)'"));
  EXPECT_TRUE(has("fish", "-n __fish_use_subcommand -a lag -d 'Show lag.'"));
}

TEST_F(Docgen, UnknownKindIsRefused) {
  try {
    made("html");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.exit(), Exit::usage);
    EXPECT_STREQ(
        error.what(),
        "--generate: 'html': unknown. Use mdoc, mdoc-commands, options, bash, zsh or fish");
  }
}

}  // namespace
}  // namespace kpipe
