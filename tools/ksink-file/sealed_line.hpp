// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/out_buffer.hpp"
#include "common/wire/checkpoint.hpp"
#include "common/wire/json_reader.hpp"

namespace kpipe {

// Lines of JSON that hold what must not be doubted: the last member of each is the SHA-256 of
// everything before that member. A line without '\n' was torn by a crash; a whole one whose digest
// is wrong was damaged later.

/// Ends the object that begins at `begin`, which has at least one member: digest, brace, '\n'.
void seal_line(OutBuffer& out, std::size_t begin);

/// `line` without its '\n'.
bool is_sealed(std::string_view line);

/// Appends `,"name":` with a value. Unsigned numbers go through JSON's signed ones unchanged.
void append_member(OutBuffer& out, std::string_view name, std::string_view text);
void append_member(OutBuffer& out, std::string_view name, std::int64_t number);
void append_member(OutBuffer& out, std::string_view name, std::uint64_t number);

/// Reads the members of sealed lines. Whatever is not as it was written is Error(data), which
/// `where` names.
class SealedReader {
 public:
  /// `kind` begins messages: "checkpoint". `remedy` ends them.
  SealedReader(std::string kind, std::string where, std::string remedy);

  [[noreturn]] void damaged(std::string_view what) const;

  /// The members of a line. Throws Error(config) unless "version" is the one given. Views live
  /// until the next call.
  const std::vector<JsonField>& members(std::string_view line, std::int64_t version);

  std::string text(const JsonField& field) const;
  std::int64_t number(const JsonField& field) const;
  std::uint64_t count(const JsonField& field) const {
    return static_cast<std::uint64_t>(number(field));
  }
  std::vector<JsonText> array(const JsonField& field) const;
  /// The members of an element, of which the same holds.
  const std::vector<JsonField>& object(const JsonText& text);
  Checkpoint checkpoint(const JsonText& text) const;

 private:
  std::string kind_;
  std::string where_;
  std::string remedy_;
  JsonReader reader_;
  OutBuffer text_;
  std::vector<JsonField> fields_;
  JsonReader element_reader_;
  std::vector<JsonField> element_;
};

}  // namespace kpipe
