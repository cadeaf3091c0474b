// SPDX-License-Identifier: Apache-2.0
// Templates of file names: what is refused, and what records become.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "common/base/error.hpp"
#include "tests/unit/wire_padded.hpp"
#include "tools/ksink-file/name_template.hpp"
#include "tools/ksink-file/name_text.hpp"
#include "tools/ksink-file/record_names.hpp"
#include "tools/ksink-file/utc_format.hpp"

namespace kpipe {
namespace {

std::string refusal(const std::string& text) {
  try {
    NameTemplate::parse(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.exit(), Exit::usage);
    return error.what();
  }
  return "";
}

void expect_refused(const std::string& text, const std::string& reason) {
  const std::string said = refusal(text);
  EXPECT_NE(said.find(reason), std::string::npos) << text << ": " << said;
}

/// The group and the name that one record line gets.
struct Named {
  std::string group;
  std::string name;
};

Named named(const std::string& text, const std::string& line) {
  const unit::Padded padded(line);
  RecordDecoder decoder;
  Record record;
  EXPECT_EQ(decoder.decode(padded.view(), record), "") << line;
  RecordNames names(NameTemplate::parse(text));
  const std::string group(names.group(record));
  return {group, names.name(record)};
}

const std::string kLine =
    R"({"topic":"orders","partition":3,"offset":1042,"timestamp":1795246448656,"key":"k/1",)"
    R"("headers":[{"key":"x","value":"old"},{"key":"type","value":"a b"},{"key":"x","value":"new"}],)"
    R"("value":{"a":{"b":"deep"},"n":1.50,"nil":null,"o":{"p":[1]}}})";

TEST(KsinkFileNames, TextsThatArePlainStayAsTheyAre) {
  EXPECT_EQ(name_of_text("orders.eu-1_x"), "orders.eu-1_x");
  EXPECT_EQ(name_of_text(std::string(100, 'a')), std::string(100, 'a'));
}

TEST(KsinkFileNames, HostileTextsCannotLeaveTheFolder) {
  EXPECT_EQ(name_of_text("../../etc"), "%2E.%2F..%2Fetc");
  EXPECT_EQ(name_of_text("."), "%2E");
  EXPECT_EQ(name_of_text(std::string("a\0b\n", 4)), "a%00b%0A");
  EXPECT_EQ(name_of_text("~%\xc3\xa9"), "%7E%25%C3%A9");
  EXPECT_EQ(name_of_text(""), "__empty__");
}

TEST(KsinkFileNames, DifferentTextsGetDifferentNames) {
  const std::vector<std::string> texts{"",
                                       "__empty__",
                                       "__null__",
                                       "%5F_null__",
                                       "_",
                                       "__null_",
                                       ".",
                                       "%2E",
                                       std::string(101, 'a'),
                                       std::string(102, 'a'),
                                       std::string(101, '/'),
                                       std::string(32, 'a') + "%~x"};
  std::set<std::string> names{std::string(kNullName)};
  for (const std::string& text : texts) {
    const std::string name = name_of_text(text);
    EXPECT_LE(name.size(), kMaxTextName);
    EXPECT_NE(name.front(), '.');
    EXPECT_EQ(name.find('/'), std::string::npos);
    EXPECT_TRUE(names.insert(name).second) << text << " -> " << name;
  }
  // What is cut is not cut within an escape.
  EXPECT_EQ(name_of_text(std::string(101, '/')).substr(0, 32), "%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F%~");
}

TEST(KsinkFileNames, TimesAreInUtc) {
  auto format = UtcFormat::parse("%Y/%m/%d/%H");
  ASSERT_TRUE(format);
  EXPECT_EQ(format->format(1795246448656), "2026/11/21/07");
  EXPECT_EQ(format->format(1795247999999), "2026/11/21/07");
  EXPECT_EQ(format->format(1795248000000), "2026/11/21/08");
  EXPECT_EQ(format->format(-1), "1969/12/31/23");
  EXPECT_EQ(format->format(std::int64_t{1} << 62), std::nullopt);
  EXPECT_EQ(UtcFormat::parse("%F-%j %H.%M.%S")->format(951782400000), "2000-02-29-060 00.00.00");
  for (const char* wrong : {"", "now", "%q", "%Y%", "%%"}) {
    EXPECT_FALSE(UtcFormat::parse(wrong)) << wrong;
  }
}

TEST(KsinkFileNames, ARecordFillsAllParts) {
  const Named all = named(
      "{topic}/{partition}/{key}/{header:type}/{header:x}/{header:none}/{field:a.b}/{field:n}/"
      "{field:o.p}/{field:a}/{field:nil}/{field:a.b.c}/{ts:%Y-%m-%d}/{first_ts}/"
      "{first_ts:%H%M}/{start}-{end}.ndjson",
      kLine);
  EXPECT_EQ(all.name,
            "orders/3/k%2F1/a%20b/new/__null__/deep/1.50/%5B1%5D/%7B%22b%22%3A%22deep%22%7D/"
            "__null__/__null__/2026-11-21/1795246448656/0734/1042-{end}.ndjson");
  EXPECT_EQ(all.group,
            "k%2F1\na%20b\nnew\n__null__\ndeep\n1.50\n%5B1%5D\n%7B%22b%22%3A%22deep%22%7D\n"
            "__null__\n__null__\n2026-11-21\n");
  EXPECT_EQ(NameTemplate::finished(all.name, 1999).substr(all.name.size() - 17),
            "1042-1999.ndjson");
}

TEST(KsinkFileNames, OtherShapesOfRecords) {
  const std::string text = "{key}/{header:h}/{ts:%H}/{start}";
  EXPECT_EQ(named(text, R"({"topic":"t","partition":0,"offset":7,"value":1})").name,
            "__null__/__null__/__null__/7");
  EXPECT_EQ(
      named(text, R"({"topic":"t","partition":0,"offset":7,"key":"__null__","ts":-62135596800001,)"
                  R"("headers":["h","v","other","w"],"payload":1})")
          .name,
      "%5F_null__/v/__null__/7");
  EXPECT_EQ(named(text, R"({"topic":"t","partition":0,"offset":7,"key":{"base64":"/wA="},"ts":0,)"
                        R"("headers":{"h":""},"payload":"x"})")
                .name,
            "%FF%00/__empty__/00/7");
  EXPECT_EQ(named("{field:a}/{end}", R"({"topic":"t","partition":0,"offset":7,"value":null})").name,
            "__null__/{end}");
}

TEST(KsinkFileNames, WithoutGroupingPartsThereIsOneGroup) {
  EXPECT_EQ(named("{topic}/{partition}/{start}-{end}.ndjson", kLine).group, "");
}

TEST(KsinkFileNames, TemplatesThatAreMisspeltAreRefused) {
  expect_refused("", "empty");
  expect_refused("{topic}/{partition}/{offset}", "{offset}: unknown");
  expect_refused("{start}{", "a brace");
  expect_refused("{start}}", "a brace");
  expect_refused("{{start}}", "a brace");
  expect_refused("{header:}-{start}", "unknown");
  expect_refused("{field:a..b}/{start}", "between two dots");
  expect_refused("{field:.a}/{start}", "between two dots");
  expect_refused("{ts:%q}/{start}", "not a format of time");
  expect_refused("{ts}/{start}", "unknown");
  expect_refused("a\nb/{start}", "control character");
  expect_refused(std::string("a\0b/{start}", 11), "control character");
}

TEST(KsinkFileNames, TemplatesThatLeaveTheFolderAreRefused) {
  for (const char* text : {"/etc/{start}", "../{start}", "a/../{start}", "a//{start}", "./{start}",
                           "{start}/", "{ts:%Y//%m}/{start}", "{ts:%Y/../%m}/{start}"}) {
    expect_refused(text, "begins or ends with '/'");
  }
  expect_refused(".kpipe/{start}", "ksink-file's own");
  expect_refused(std::string(240, 'x') + "{start}", "longer than 255");
  expect_refused(std::string(4000, '/') + "{start}", "longer than a path");
  EXPECT_EQ(refusal(".hidden/{start}"), "");
}

TEST(KsinkFileNames, TemplatesThatCouldNameTwoFilesAlikeAreRefused) {
  expect_refused("{topic}/{partition}.ndjson", "without {start} or {end}");
  expect_refused("{topic}/{partition}{start}", "could not be told");
  expect_refused("{partition}0{start}", "could not be told");
  expect_refused("{topic}-{key}-{start}", "two texts");
  expect_refused("{topic}-{partition}-{key}-{start}", "two texts");
  for (const char* text :
       {"{topic}/{key}-{start}", "{topic}={key}-{start}", "{topic}-{partition}-{start}-{end}.x",
        "{topic}-{ts:%Y%m%d}-{partition}-{end}", "dt={ts:%Y-%m-%d}/k={key}/{partition}+{start}"}) {
    EXPECT_EQ(refusal(text), "") << text;
  }
}

}  // namespace
}  // namespace kpipe
