// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/sink/batch.hpp"
#include "tests/support/copy_field.hpp"

namespace kpipe::ksink_pg_test {

/// A batch of records of t[0] with these values, at offsets 0, 1, ...
class Records {
 public:
  explicit Records(const std::vector<std::string>& values, const std::string& key = "null") {
    RecordDecoder decoder;
    std::int64_t offset = 0;
    for (const std::string& value : values) {
      OutBuffer line;
      line.append(R"({"topic":"t","partition":0,"offset":)");
      line.append_int(offset++);
      line.append(R"(,"timestamp":1,"key":)");
      line.append(key);
      line.append(R"(,"headers":[],"value":)");
      line.append(value);
      line.append('}');
      Record record;
      problem_ = decoder.decode(line.view(), record);
      if (!problem_.empty()) return;
      batch_.add(record, line.view(), batch_.range_of("t", 0));
    }
  }

  const Batch& batch() const { return batch_; }
  const Record& record(std::size_t i) const { return batch_.entries()[i].record; }
  std::string_view problem() const { return problem_; }

 private:
  Batch batch_;
  std::string_view problem_;
};

using test::read_copy_field;

}  // namespace kpipe::ksink_pg_test
