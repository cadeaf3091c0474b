// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kpipe {

/// A part of a template: text that stands for itself, or what of a record or file goes there.
struct NamePart {
  enum class Kind {
    literal,
    topic,
    partition,
    start,     ///< the first offset in the file
    end,       ///< the last offset in the file, known when it is closed
    key,       ///< the record's key
    header,    ///< of the last header of that name
    field,     ///< of the value, by names with dots between them
    ts,        ///< the record's timestamp, in UTC
    first_ts,  ///< the timestamp of the file's first record, in ms since the epoch or in UTC
  };
  Kind kind;
  std::string argument;  ///< the literal, a header's name, a path, a format of time

  /// Records that differ in this go to different files.
  bool is_grouping() const {
    return kind == Kind::key || kind == Kind::header || kind == Kind::field || kind == Kind::ts;
  }
};

/// "{topic}/{partition}/{start}-{end}.ndjson": what files are called, below a folder.
class NameTemplate {
 public:
  /// What `{end}` is in a name that is not finished; no name has a brace otherwise.
  static constexpr std::string_view kEnd = "{end}";

  /// Throws Error(usage), with the reason and a right example, for a template that is misspelt,
  /// could leave its folder, could make names that are too long for a file system (255 bytes, in
  /// all 3000), or could give two files of a partition one name: names must be functions of the
  /// records, so that a replay writes the same ones and nothing has to be overwritten.
  static NameTemplate parse(const std::string& text);

  const std::string& text() const noexcept { return text_; }
  const std::vector<NamePart>& parts() const noexcept { return parts_; }
  /// Otherwise all records must be of one topic (one partition).
  bool has_topic() const { return has(NamePart::Kind::topic); }
  bool has_partition() const { return has(NamePart::Kind::partition); }

  /// The name of a file that ends with this offset.
  static std::string finished(const std::string& name, std::int64_t end);

 private:
  bool has(NamePart::Kind kind) const;
  void check() const;
  void check_unique() const;
  void check_names() const;

  std::string text_;
  std::vector<NamePart> parts_;
};

}  // namespace kpipe
