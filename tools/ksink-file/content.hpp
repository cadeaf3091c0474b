// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "common/sink/batch.hpp"
#include "common/wire/json_reader.hpp"
#include "tools/ksink-file/options.hpp"

namespace kpipe {

/// What of a record becomes a line of the file.
class ContentLines {
 public:
  explicit ContentLines(Content content) : content_(content) {}

  /// Without '\n'. The view lives as long as the entry, and until the next call.
  std::string_view of(const Batch::Entry& entry);

 private:
  Content content_;
  JsonReader reader_;
  std::string bytes_;
};

}  // namespace kpipe
