// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kpipe {

/// A moment as text, in UTC: "%Y/%m/%d/%H". Every text of a format has the same length.
class UtcFormat {
 public:
  /// %Y %m %d %H %M %S %j and %F (%Y-%m-%d); everything else stands for itself. Nothing when there
  /// is another conversion, or none at all: it would be the same for all records.
  static std::optional<UtcFormat> parse(std::string_view text);

  /// Nothing outside of the years 1 to 9999. The view lives until the next call.
  std::optional<std::string_view> format(std::int64_t ms_since_epoch);

 private:
  explicit UtcFormat(std::string_view text) : text_(text) {}

  std::string text_;
  std::int64_t unit_s_ = 86'400;      ///< the finest thing it shows changes no sooner than this
  std::optional<std::int64_t> last_;  ///< of which unit since the epoch last_text_ is
  std::string last_text_;
};

}  // namespace kpipe
