// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/options.hpp"

#include <filesystem>
#include <string_view>

#include "common/base/error.hpp"
#include "common/base/parse.hpp"
#include "common/cli/app.hpp"
#include "common/wire/json_text.hpp"
#include "tools/ksink-file/compressor.hpp"

namespace kpipe {
namespace {

/// The path as later runs will name it too, wherever they start.
std::string absolute_path(const std::string& typed) {
  const std::filesystem::path path(typed);
  const std::string name = path.filename().string();
  if (name.empty() || name == "." || name == "..") {
    throw Error(Exit::usage, "PATH: '" + typed + "': is a folder. Give the path of a file");
  }
  if (!is_valid_utf8(typed)) {
    throw Error(
        Exit::usage,
        "PATH: is not UTF-8, so acknowledgements cannot name it. Rename the file or folder");
  }
  std::error_code error;
  const auto folder = std::filesystem::weakly_canonical(
      path.has_parent_path() ? path.parent_path() : std::filesystem::path("."), error);
  if (error) throw Error(Exit::io, "PATH: " + typed + ": " + error.message());
  return (folder / name).string();
}

}  // namespace

std::string content_name(Content content) {
  return content == Content::record ? "record" : "value";
}

std::string compress_name(const FileOptions& options) {
  return options.zstd_level ? "zstd" : "none";
}

std::optional<int> parse_compress(const std::string& text, const std::string& path) {
  if (text.empty()) {
    if (path.ends_with(".zst")) return Compressor::kDefaultLevel;
    return std::nullopt;
  }
  if (text == "none") return std::nullopt;
  if (text == "zstd") return Compressor::kDefaultLevel;
  constexpr std::string_view prefix = "zstd:";
  if (text.starts_with(prefix)) {
    const auto level = parse_int(std::string_view(text).substr(prefix.size()));
    if (level && *level >= 1 && *level <= Compressor::max_level()) return static_cast<int>(*level);
  }
  throw Error(Exit::usage, "--compress: '" + text +
                               "': unknown. Use none, zstd or zstd:LEVEL with a level from 1 to " +
                               std::to_string(Compressor::max_level()));
}

std::optional<int> parse_options(int argc, const char* const* argv, FileOptions& options) {
  ToolApp tool("ksink-file", "store record lines in a file, each exactly once");
  std::string path;
  std::string compress;
  std::string content = "record";
  tool.app()
      .add_option("PATH", path, "The file: made when absent, otherwise appended to.")
      ->type_name("")
      ->required();
  tool.app()
      .add_option("--compress", compress,
                  "none, zstd or zstd:LEVEL (default zstd:3 if PATH ends in .zst, else none).")
      ->type_name("HOW");
  tool.app()
      .add_option("--content", content,
                  "A line of the file is the record line as it came (record, the default), or the "
                  "value's JSON text, null for a tombstone (value).")
      ->check(CLI::IsMember({"record", "value"}))
      ->type_name("WHAT");
  tool.app().add_flag("--print-offsets", options.print_offsets,
                      "Print what is stored in PATH as checkpoint lines and exit.");
  tool.add_sink_options(options.sink);
  if (const auto status = tool.parse(argc, argv)) return status;

  options.path = absolute_path(path);
  options.zstd_level = parse_compress(compress, options.path);
  options.content = content == "value" ? Content::value : Content::record;
  return std::nullopt;
}

}  // namespace kpipe
