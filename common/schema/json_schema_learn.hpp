// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace kpipe {

/// Makes a JSON Schema (draft 7) of the values that it is shown: which types there are at each
/// place, and which members are always there. It guesses no more: no enum, no limits, no formats.
/// Every value that it was shown satisfies it. Its memory does not grow with the number of values.
class JsonSchemaLearner {
 public:
  JsonSchemaLearner();
  ~JsonSchemaLearner();

  /// Adds a value, given as JSON. Throws std::invalid_argument when it is none.
  void add(std::string_view json);

  /// Of all values so far: indented, with a line end behind it.
  std::string schema() const;

  /// Writes schema() to a file, which appears whole or not at all. Throws Error(io).
  void save(const std::string& path) const;

 private:
  struct Shape;

  std::unique_ptr<Shape> root_;
};

}  // namespace kpipe
