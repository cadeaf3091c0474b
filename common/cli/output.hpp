// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/out_buffer.hpp"

namespace kpipe {

class ToolApp;

/// What kgroups and kseek print: a table for people on a terminal, NDJSON for programs.
enum class OutputFormat { table, ndjson };

/// --output table|ndjson. Unset: by what stdout is.
void add_output_option(ToolApp& app, std::optional<OutputFormat>& target);

OutputFormat resolve_output(std::optional<OutputFormat> chosen);

/// All of it to stdout. A reader that has seen enough (head) is no error. Throws Error(io).
void write_stdout(const OutBuffer& text);

/// Aligned columns. Cells may come from Kafka, where anybody chooses a group's or a client's name:
/// control characters are shown escaped, so that none drives the terminal.
class Table {
 public:
  enum class Align { left, right };
  struct Column {
    std::string title;
    Align align = Align::left;
    bool optional = false;  ///< left out when it is empty in all rows
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// One cell a column.
  void add_row(std::vector<std::string> cells);
  void append_to(OutBuffer& out) const;

  static std::string printable(std::string_view text);

 private:
  std::vector<std::size_t> column_widths() const;
  void append_row(OutBuffer& out, const std::vector<std::string>& cells,
                  const std::vector<std::size_t>& widths) const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace kpipe
