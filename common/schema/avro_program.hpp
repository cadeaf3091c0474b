// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kpipe {

enum class AvroOutput {
  plain,     ///< a union is its value; logical types are what they mean
  avro_json  ///< the specification's JSON encoding: {"type": value}, no logical types
};

/// What is done with the bytes of one value. Operations refer to each other by index, so that
/// recursive types are cycles.
struct AvroOp {
  enum class Kind : std::uint8_t {
    fail,  ///< `text` says why: the schemas do not match here
    null,
    boolean,
    int_,
    long_,
    float_,
    double_,
    float_as_double,
    bytes,         ///< {"base64":"..."}
    bytes_latin1,  ///< a string of the characters 0 to 255
    string,
    fixed,  ///< of `number` bytes
    fixed_latin1,
    enum_,
    array,          ///< of `inner`
    map,            ///< of `inner`
    record,         ///< `steps`, then `text`, which closes it
    union_,         ///< `branches`
    label,          ///< `text`, `inner`, }
    decimal_bytes,  ///< of scale `number`
    decimal_fixed,
    big_decimal,
    uuid_fixed,
    date,
    time,             ///< of `digits`
    timestamp,        ///< of `digits`
    local_timestamp,  ///< of `digits`
    duration
  };

  struct Step {
    std::string before;  ///< `{"name":` or `,"name":`; empty when the field is skipped
    std::string name;
    std::uint32_t op = 0;
  };

  Kind kind = Kind::null;
  bool wide = false;           ///< a date, time or timestamp may have 64 bits, not 32
  std::uint8_t digits = 0;     ///< of a second's fraction
  std::uint32_t number = 0;    ///< scale
  std::uint32_t size = 0;      ///< of what is fixed
  std::uint32_t inner = 0;     ///< of an array, map or label
  std::uint32_t min_size = 1;  ///< AvroNode::min_size, of the writer's
  std::string text;
  std::vector<Step> steps;
  std::vector<std::uint32_t> branches;
  std::vector<std::string> symbols;  ///< as JSON; empty where the reader has none for it
};

/// Made of a writer's and a reader's schema by resolve_avro(); never changes after that.
struct AvroProgram {
  std::vector<AvroOp> ops;
  std::uint32_t root = 0;
};

}  // namespace kpipe
