// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/command_line.hpp"

#include <algorithm>

#include "common/base/error.hpp"

namespace kpipe {
namespace {

constexpr const char* kPlace = "{}";

[[noreturn]] void refuse(const std::string& text, const std::string& why) {
  throw Error(Exit::usage, "--on-publish: '" + text + "': " + why +
                               ". Example: --on-publish 'aws s3 cp {} s3://bucket/'");
}

}  // namespace

FileCommand::FileCommand(const std::string& text) {
  char quote = 0;
  bool in_word = false;
  std::string word;
  const auto end_word = [&] {
    if (in_word) words_.push_back(word);
    word.clear();
    in_word = false;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\' && quote != '\'') {
      if (++i == text.size()) refuse(text, "ends with a backslash");
      word += text[i];
      in_word = true;
    } else if (quote != 0) {
      if (c == quote) {
        quote = 0;
      } else {
        word += c;
      }
    } else if (c == '\'' || c == '"') {
      quote = c;
      in_word = true;
    } else if (c == ' ' || c == '\t' || c == '\n') {
      end_word();
    } else {
      word += c;
      in_word = true;
    }
  }
  if (quote != 0) refuse(text, "a quote is open");
  end_word();
  const bool has_place = std::any_of(words_.begin(), words_.end(), [](const std::string& w) {
    return w.find(kPlace) != std::string::npos;
  });
  if (!has_place) refuse(text, "no {} where the file's name belongs");
}

std::vector<std::string> FileCommand::words_for(const std::string& path) const {
  std::vector<std::string> words = words_;
  for (std::string& word : words) {
    for (std::size_t at = word.find(kPlace); at != std::string::npos;
         at = word.find(kPlace, at + path.size())) {
      word.replace(at, 2, path);
    }
  }
  return words;
}

}  // namespace kpipe
