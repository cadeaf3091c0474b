// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "common/base/secret.hpp"

namespace kpipe {

/// What somebody said of properties, references resolved, and where.
class SaidProperties {
 public:
  void add(const std::string& name, Secret value, std::string origin) {
    said_[name] = {std::move(value), std::move(origin)};
  }

  bool contains(const std::string& name) const { return said_.contains(name); }
  /// Empty: nothing was said.
  const Secret& secret(const std::string& name) const {
    static const Secret none;
    const auto found = said_.find(name);
    return found == said_.end() ? none : found->second.value;
  }
  /// The same of what everybody may see.
  std::string value(const std::string& name) const { return secret(name).reveal(); }
  /// For messages: "-X", "/etc/kpipe/config.toml:7"; empty: nowhere.
  std::string origin(const std::string& name) const {
    const auto found = said_.find(name);
    return found == said_.end() ? std::string() : found->second.origin;
  }

 private:
  struct Said {
    Secret value;
    std::string origin;
  };

  std::map<std::string, Said> said_;
};

}  // namespace kpipe
