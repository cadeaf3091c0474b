// SPDX-License-Identifier: Apache-2.0
#include "tools/kseek/target_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <map>

#include "common/base/error.hpp"
#include "common/base/fd.hpp"
#include "common/base/line_reader.hpp"

namespace kpipe::kseek {
namespace {

class TargetReader {
 public:
  explicit TargetReader(std::string name) : name_(std::move(name)) {}

  void line(std::string_view text, std::uint64_t number) {
    if (text.find_first_not_of(" \t\r") == std::string_view::npos) return;
    text_.clear();
    text_.append(text);
    if (!json_.object(text_.view(), fields_)) refuse(number, "not a JSON object");
    for (const JsonField& field : fields_) {
      if (field.name == "offset" && field.value.is_null()) return;
    }
    Checkpoint checkpoint;
    const std::string_view reason = CheckpointReader::from_fields(fields_, checkpoint);
    if (!reason.empty()) refuse(number, std::string(reason));
    const auto [found, is_new] = by_partition_.try_emplace(checkpoint.tp, checkpoint);
    if (!is_new && found->second.offset != checkpoint.offset) {
      refuse(number, to_string(checkpoint.tp) + " was named before with offset " +
                         std::to_string(found->second.offset) +
                         ". Give the lines of one group, each partition once");
    }
  }

  std::vector<Checkpoint> targets() const {
    std::vector<Checkpoint> result;
    for (const auto& [tp, checkpoint] : by_partition_) result.push_back(checkpoint);
    return result;
  }

 private:
  [[noreturn]] void refuse(std::uint64_t number, const std::string& reason) const {
    throw Error(Exit::data, name_ + ":" + std::to_string(number) + ": " + reason);
  }

  std::string name_;
  std::map<TopicPartition, Checkpoint> by_partition_;
  JsonReader json_;
  std::vector<JsonField> fields_;
  OutBuffer text_;
};

}  // namespace

std::vector<Checkpoint> read_target_file(const std::string& path) {
  UniqueFd file;
  if (path != "-") {
    file.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) {
      if (errno == ENOENT) throw Error(Exit::no_input, "--from-file: " + path + ": no such file");
      throw system_error("--from-file: " + path, errno);
    }
  }
  TargetReader targets(path == "-" ? "stdin" : path);
  constexpr std::size_t max_line = std::size_t{1} << 20;
  LineReader lines(path == "-" ? STDIN_FILENO : file.get(), max_line);
  for (std::string_view line;;) {
    while (lines.next(line)) targets.line(line, lines.lines());
    if (lines.at_eof()) break;
    lines.fill();
  }
  if (!lines.remainder().empty()) targets.line(lines.remainder(), lines.lines() + 1);
  return targets.targets();
}

}  // namespace kpipe::kseek
