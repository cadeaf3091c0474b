// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/base/out_buffer.hpp"
#include "common/wire/json_text.hpp"

namespace kpipe::kgroups {

/// The members of one JSON object: begin() or a first member by hand, then these, then "}".
class JsonFields {
 public:
  explicit JsonFields(OutBuffer& out) : out_(out) {}

  JsonFields& text(std::string_view name, std::string_view value) {
    key(name);
    append_json_bytes(out_, value);
    return *this;
  }
  /// null when empty: a name of Kafka's is never empty where it is known.
  JsonFields& text_or_null(std::string_view name, std::string_view value) {
    if (!value.empty()) return text(name, value);
    key(name);
    out_.append("null");
    return *this;
  }
  JsonFields& number(std::string_view name, const std::optional<std::int64_t>& value) {
    key(name);
    if (value) {
      out_.append_int(*value);
    } else {
      out_.append("null");
    }
    return *this;
  }
  JsonFields& truth(std::string_view name, bool value) {
    key(name);
    out_.append(value ? "true" : "false");
    return *this;
  }
  /// The member's name with its comma; the caller appends the value.
  JsonFields& key(std::string_view name) {
    const std::string_view so_far = out_.view();
    if (!so_far.ends_with('{')) out_.append(',');
    out_.append('"');
    out_.append(name);
    out_.append("\":");
    return *this;
  }

 private:
  OutBuffer& out_;
};

}  // namespace kpipe::kgroups
