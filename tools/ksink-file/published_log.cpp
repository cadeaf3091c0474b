// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/published_log.hpp"

#include <fcntl.h>

#include <algorithm>
#include <string_view>

#include "common/base/error.hpp"
#include "common/wire/json_reader.hpp"
#include "tools/ksink-file/sealed_line.hpp"
#include "tools/ksink-file/utc_format.hpp"

namespace kpipe {
namespace {

constexpr const char* kFolder = "published";

PublishedFile read_line(std::string_view line) {
  OutBuffer padded;
  padded.append(line.substr(0, line.size()));
  JsonReader reader;
  std::vector<JsonField> fields;
  PublishedFile file;
  if (!reader.object(padded.view(), fields)) return file;
  for (const JsonField& field : fields) {
    const auto number = json_int(field.value).value_or(0);
    if (field.name == "path") append_unescaped(file.path, field.value.raw);
    if (field.name == "at") file.at_ms = number;
    if (field.name == "length") file.length = static_cast<std::uint64_t>(number);
    if (field.name == "inode") file.inode = static_cast<std::uint64_t>(number);
  }
  return file;
}

}  // namespace

PublishedLog::PublishedLog(const Folder& state) : folder_(state.sub_or_make(kFolder, 0700)) {}

std::string PublishedLog::day_of(std::int64_t at_ms) {
  return std::string(UtcFormat::parse("%F")->format(at_ms).value_or("unknown"));
}

void PublishedLog::append(const PublishedFile& file) {
  const std::string day = day_of(file.at_ms);
  if (day != day_) {
    file_ = folder_.open_file(day, O_WRONLY | O_APPEND | O_CREAT, 0600);
    day_ = day;
  }
  line_.clear();
  line_.append("{\"at\":");
  line_.append_int(file.at_ms);
  append_member(line_, "path", file.path);
  append_member(line_, "length", file.length);
  append_member(line_, "inode", file.inode);
  seal_line(line_, 0);
  if (const int error = write_all(file_.get(), line_.view())) {
    throw system_error("write: " + folder_.path_of(day), error);
  }
}

std::vector<std::string> PublishedLog::days() const {
  std::vector<std::string> days = folder_.names();
  std::sort(days.begin(), days.end());
  return days;
}

std::vector<PublishedFile> PublishedLog::read(const std::string& day) const {
  std::vector<PublishedFile> files;
  const UniqueFd fd = folder_.open_file(day, O_RDONLY);
  if (!fd) return files;
  const std::string text = read_all(fd.get(), folder_.path_of(day));
  for (std::size_t at = 0;;) {
    const std::size_t end = text.find('\n', at);
    if (end == std::string::npos) break;
    const std::string_view line = std::string_view(text).substr(at, end - at);
    if (is_sealed(line)) files.push_back(read_line(line));
    at = end + 1;
  }
  return files;
}

}  // namespace kpipe
