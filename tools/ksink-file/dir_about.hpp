// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/sink/sink.hpp"
#include "tools/ksink-file/folder.hpp"

namespace kpipe {

/// What a folder's records have in common, for all instances that ever write it: small files in
/// .kpipe, each made once and never changed, so that no lock is needed.
class DirAbout {
 public:
  /// `root` is for messages: the folder that the records are in.
  DirAbout(const Folder& state, std::string root) : state_(state), root_(std::move(root)) {}

  std::string group() const { return read("group"); }  ///< empty: unknown

  /// Notes where the records come from. Throws Error(config) when those that are here came from
  /// elsewhere.
  void bind_source(const SourceIdentity& source);
  /// Notes the only topic and partition (absent: there may be many). Throws Error(config) for a
  /// second one.
  void bind_records(const std::optional<std::string>& topic, std::optional<std::int32_t> partition);

 private:
  std::string read(const std::string& fact) const;
  /// What the fact is from now on: `value`, or what it was before.
  std::string settle(const std::string& fact, const std::string& value);
  void bind(const std::string& fact, const std::string& value);
  void bind_only(const std::string& fact, const std::string& value);

  const Folder& state_;
  std::string root_;
};

}  // namespace kpipe
