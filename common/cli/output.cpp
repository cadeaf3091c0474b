// SPDX-License-Identifier: Apache-2.0
#include "common/cli/output.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "common/base/error.hpp"
#include "common/base/fd.hpp"
#include "common/cli/app.hpp"

namespace kpipe {
namespace {

/// In characters, as far as UTF-8 tells: every byte but continuation bytes starts one.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0U) != 0x80;
  }));
}

}  // namespace

void add_output_option(ToolApp& app, std::optional<OutputFormat>& target, bool prometheus) {
  app.app()
      .add_option_function<std::string>(
          "-o,--output",
          [&target, prometheus](const std::string& text) {
            if (text == "table") {
              target = OutputFormat::table;
            } else if (text == "ndjson") {
              target = OutputFormat::ndjson;
            } else if (text == "prometheus" && prometheus) {
              target = OutputFormat::prometheus;
            } else {
              throw CLI::ValidationError(
                  "--output: '" + text + "': unknown. Use " +
                  (prometheus ? "table, ndjson or prometheus" : "table or ndjson"));
            }
          },
          prometheus
              ? "table (default on a terminal), ndjson (default on a pipe or file): one JSON "
                "object a line, or prometheus: metrics for the textfile collector."
              : "table (default on a terminal) or ndjson (default on a pipe or file): one JSON "
                "object a line.")
      ->type_name("FORMAT");
}

OutputFormat resolve_output(std::optional<OutputFormat> chosen) {
  return chosen.value_or(::isatty(STDOUT_FILENO) == 1 ? OutputFormat::table : OutputFormat::ndjson);
}

bool write_stdout(const OutBuffer& text) {
  const int error = write_all(STDOUT_FILENO, text.view());
  if (error != 0 && error != EPIPE) throw system_error("stdout", error);
  return error == 0;
}

bool stdout_has_colours() {
  const char* const no_color = std::getenv("NO_COLOR");
  if (no_color != nullptr && *no_color != '\0') return false;
  const char* const terminal = std::getenv("TERM");
  return ::isatty(STDOUT_FILENO) == 1 && terminal != nullptr &&
         std::string_view(terminal) != "dumb";
}

void Table::add_row(std::vector<std::string> cells, Tone tone) {
  for (std::string& cell : cells) cell = printable(cell);
  rows_.push_back(std::move(cells));
  tones_.push_back(tone);
}

void Table::append_to(OutBuffer& out, bool colours) const {
  constexpr std::string_view bold = "\x1b[1m";
  constexpr std::string_view yellow = "\x1b[33m";
  constexpr std::string_view red = "\x1b[31m";
  const auto append = [&](const std::vector<std::string>& cells, std::string_view colour,
                          const std::vector<std::size_t>& column_sizes) {
    const bool coloured = colours && !colour.empty();
    if (coloured) out.append(colour);
    append_row(out, cells, column_sizes);
    if (!coloured) return;
    out.truncate(out.size() - 1);
    out.append("\x1b[0m\n");
  };
  const std::vector<std::size_t> widths = column_widths();
  std::vector<std::string> titles;
  for (const Column& column : columns_) titles.push_back(column.title);
  append(titles, bold, widths);
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    append(rows_[i],
           tones_[i] == Tone::alarm     ? red
           : tones_[i] == Tone::warning ? yellow
                                        : std::string_view(),
           widths);
  }
}

std::string Table::printable(std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string shown;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) {
      shown += c;
    } else {
      shown += {'\\', 'x', hex[byte >> 4], hex[byte & 15]};
    }
  }
  return shown;
}

/// 0: not shown.
std::vector<std::size_t> Table::column_widths() const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t widest = 0;
    for (const std::vector<std::string>& row : rows_) widest = std::max(widest, width(row[i]));
    const bool shown = widest > 0 || !columns_[i].optional;
    widths.push_back(shown ? std::max(widest, width(columns_[i].title)) : 0);
  }
  return widths;
}

void Table::append_row(OutBuffer& out, const std::vector<std::string>& cells,
                       const std::vector<std::size_t>& widths) const {
  std::string line;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (widths[i] == 0) continue;
    if (!line.empty()) line += "  ";
    const std::string padding(widths[i] - width(cells[i]), ' ');
    line += columns_[i].align == Align::right ? padding + cells[i] : cells[i] + padding;
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  out.append(line);
  out.append('\n');
}

}  // namespace kpipe
