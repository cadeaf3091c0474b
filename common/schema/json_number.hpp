// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace kpipe {

/// A JSON number with all its digits: digits * 10^exponent. What does not fit a double is compared
/// as exactly as all others.
class JsonNumber {
 public:
  JsonNumber() = default;
  /// `text` is a number as RFC 8259 has it. An exponent beyond 10^15 counts as 10^15.
  explicit JsonNumber(std::string_view text);

  /// Whether it has no fraction: 1.0 and 1e2 are integers, as JSON Schema has it since draft 6.
  bool is_integer() const noexcept { return exponent_ >= 0; }
  /// `divisor` is positive and has 18 digits at most, see fits_divisor().
  bool is_multiple_of(const JsonNumber& divisor) const noexcept;
  bool fits_divisor() const noexcept;

  /// The same text for numbers that are equal.
  void append_canonical(std::string& out) const;

  bool operator==(const JsonNumber&) const = default;
  std::strong_ordering operator<=>(const JsonNumber& other) const noexcept;

 private:
  std::strong_ordering compare_magnitude(const JsonNumber& other) const noexcept;

  bool negative_ = false;
  std::string digits_;         ///< without zeros at either end; none: the number is 0
  std::int64_t exponent_ = 0;  ///< of the last digit
};

}  // namespace kpipe
