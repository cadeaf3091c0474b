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

/// What kgroups and kseek print: a table for people on a terminal, NDJSON for programs, and where
/// the tool has metrics, Prometheus's text exposition.
enum class OutputFormat { table, ndjson, prometheus };

/// --output table|ndjson, and prometheus where the tool has it. Unset: by what stdout is.
void add_output_option(ToolApp& app, std::optional<OutputFormat>& target, bool prometheus = false);

OutputFormat resolve_output(std::optional<OutputFormat> chosen);

/// All of it to stdout. A reader that has seen enough (head) is no error: false then. Throws
/// Error(io).
bool write_stdout(const OutBuffer& text);

/// Colours belong on a terminal only, and not there when NO_COLOR is set (no-color.org) or the
/// terminal has none.
bool stdout_has_colours();

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

  /// How much a row wants to be seen; shown by colours only.
  enum class Tone { plain, warning, alarm };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// One cell a column.
  void add_row(std::vector<std::string> cells, Tone tone = Tone::plain);
  void append_to(OutBuffer& out, bool colours = false) const;

  static std::string printable(std::string_view text);

 private:
  std::vector<std::size_t> column_widths() const;
  void append_row(OutBuffer& out, const std::vector<std::string>& cells,
                  const std::vector<std::size_t>& widths) const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<Tone> tones_;  ///< of each row
};

}  // namespace kpipe
