// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/sink/sink.hpp"
#include "tools/ksink-file/folder.hpp"

namespace kpipe {

/// What a folder's records have in common, for all instances that ever write it.
struct DirAbout {
  std::string sink;     ///< the sink's name when it was written; for people
  std::string group;    ///< of the source; empty: unknown
  std::string cluster;  ///< of the source; empty: unknown
  /// The only one, because the template does not name it.
  std::optional<std::string> topic;
  std::optional<std::int32_t> partition;

  bool operator==(const DirAbout&) const = default;
};

/// The file .kpipe/about: one sealed line, replaced as a whole.
class DirAboutFile {
 public:
  /// `root` is for messages: the folder that the records are in.
  DirAboutFile(const Folder& state, std::string root) : state_(state), root_(std::move(root)) {}

  std::optional<DirAbout> load() const;

  /// Notes where the records come from. Throws Error(config) when those that are here came from
  /// elsewhere.
  void bind_source(const std::string& sink, const SourceIdentity& source);
  /// Notes the only topic and partition (absent: there may be many). Throws Error(config) for a
  /// second one.
  void bind_records(const std::string& sink, const std::optional<std::string>& topic,
                    std::optional<std::int32_t> partition);

 private:
  template <typename Change>
  void update(const std::string& sink, const Change& change);
  void replace(const DirAbout& about) const;

  const Folder& state_;
  std::string root_;
};

}  // namespace kpipe
