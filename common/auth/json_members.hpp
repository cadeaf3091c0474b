// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/secret.hpp"

namespace kpipe {

/// The members of a small JSON object: strings as their characters, all else as it stands in the
/// text. Of two with one name the first counts.
class JsonMembers {
 public:
  /// nullopt when `text` is not an object.
  static std::optional<JsonMembers> parse(std::string_view text);

  /// A string or number; empty: absent or null.
  std::string text(const std::string& name) const;
  Secret secret(const std::string& name) const;
  /// A number, also one in quotes, without its fraction. nullopt: absent, or none.
  std::optional<std::int64_t> number(const std::string& name) const;

 private:
  std::map<std::string, Secret> members_;
};

}  // namespace kpipe
