// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "common/base/error.hpp"
#include "common/base/log.hpp"

namespace kpipe::kgroups {

/// Says and counts what failed: all of it is that failure, some of it is a part of many.
class Failures {
 public:
  void add(const Error& error) {
    log::error(error.what());
    if (count_++ == 0) first_ = error.exit();
  }
  /// Something that failed beside the parts, such as a broker that did not answer or a check.
  void add_check(const std::string& text) {
    log::error(text);
    ++checks_;
  }

  std::size_t count() const noexcept { return count_ + checks_; }

  Exit status(std::size_t parts) const {
    if (count_ > 0) return count_ >= parts ? first_ : Exit::check_failed;
    return checks_ > 0 ? Exit::check_failed : Exit::ok;
  }

 private:
  std::size_t count_ = 0;
  Exit first_ = Exit::ok;
  std::size_t checks_ = 0;
};

}  // namespace kpipe::kgroups
