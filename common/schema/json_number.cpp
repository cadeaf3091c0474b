// SPDX-License-Identifier: Apache-2.0
#include "common/schema/json_number.hpp"

#include <algorithm>

namespace kpipe {
namespace {

constexpr std::int64_t kMostExponent = 1'000'000'000'000'000;
constexpr std::size_t kMostDivisorDigits = 18;

__extension__ typedef unsigned __int128 Wide;

/// base^power modulo `modulus`, which has 18 digits at most.
std::uint64_t power_modulo(std::uint64_t base, std::uint64_t power, std::uint64_t modulus) {
  Wide result = 1 % modulus;
  Wide factor = base % modulus;
  for (; power > 0; power >>= 1) {
    if ((power & 1) != 0) result = result * factor % modulus;
    factor = factor * factor % modulus;
  }
  return static_cast<std::uint64_t>(result);
}

std::int64_t exponent_of(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  std::int64_t value = 0;
  for (const char c : text) value = std::min(value * 10 + (c - '0'), kMostExponent);
  return negative ? -value : value;
}

}  // namespace

JsonNumber::JsonNumber(std::string_view text) {
  negative_ = text.starts_with('-');
  if (negative_) text.remove_prefix(1);
  const std::size_t e = std::min(text.find_first_of("eE"), text.size());
  if (e < text.size()) exponent_ = exponent_of(text.substr(e + 1));
  text = text.substr(0, e);
  const std::size_t point = text.find('.');
  if (point != std::string_view::npos)
    exponent_ -= static_cast<std::int64_t>(text.size() - point - 1);
  digits_ = text;
  std::erase(digits_, '.');
  digits_.erase(0, std::min(digits_.find_first_not_of('0'), digits_.size()));
  while (digits_.ends_with('0')) {
    digits_.pop_back();
    ++exponent_;
  }
  if (digits_.empty()) *this = JsonNumber();
}

std::strong_ordering JsonNumber::compare_magnitude(const JsonNumber& other) const noexcept {
  if (digits_.empty() || other.digits_.empty()) return digits_.size() <=> other.digits_.size();
  const auto size = [](const JsonNumber& one) {
    return static_cast<std::int64_t>(one.digits_.size()) + one.exponent_;
  };
  if (const auto order = size(*this) <=> size(other); order != 0) return order;
  return digits_.compare(other.digits_) <=> 0;
}

std::strong_ordering JsonNumber::operator<=>(const JsonNumber& other) const noexcept {
  if (negative_ != other.negative_)
    return negative_ ? std::strong_ordering::less : std::strong_ordering::greater;
  return negative_ ? other.compare_magnitude(*this) : compare_magnitude(other);
}

bool JsonNumber::fits_divisor() const noexcept {
  return !negative_ && !digits_.empty() && digits_.size() <= kMostDivisorDigits;
}

bool JsonNumber::is_multiple_of(const JsonNumber& divisor) const noexcept {
  if (digits_.empty()) return true;
  std::uint64_t by = 0;
  for (const char c : divisor.digits_) by = by * 10 + static_cast<std::uint64_t>(c - '0');
  // Our last digit is not 0, so we are no multiple of what ends further to the left.
  if (exponent_ < divisor.exponent_) return false;
  Wide rest = 0;
  for (const char c : digits_) rest = (rest * 10 + static_cast<std::uint64_t>(c - '0')) % by;
  const auto zeros = static_cast<std::uint64_t>(exponent_ - divisor.exponent_);
  return rest * power_modulo(10, zeros, by) % by == 0;
}

void JsonNumber::append_canonical(std::string& out) const {
  if (negative_) out += '-';
  out += digits_.empty() ? "0" : digits_;
  out += 'e';
  out += std::to_string(exponent_);
}

}  // namespace kpipe
