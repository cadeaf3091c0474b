// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/options.hpp"

#include <filesystem>
#include <vector>

#include "common/base/error.hpp"
#include "common/base/parse.hpp"
#include "common/cli/app.hpp"
#include "common/wire/json_text.hpp"
#include "tools/ksink-file/name_template.hpp"

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

void add_count(ToolApp& tool, const std::string& name, std::optional<std::uint64_t>& target,
               const std::string& help) {
  tool.app()
      .add_option_function<std::string>(
          name,
          [&target, name](const std::string& text) {
            const auto count = parse_int(text);
            if (!count || *count < 1) {
              throw CLI::ValidationError(name, "'" + text + "': not a whole number above 0");
            }
            target = static_cast<std::uint64_t>(*count);
          },
          help)
      ->type_name("N");
}

void add_bytes(ToolApp& tool, const std::string& name, std::optional<std::uint64_t>& target,
               const std::string& help) {
  tool.app()
      .add_option_function<std::string>(
          name,
          [&target, name](const std::string& text) {
            target = parse_size(text);
            if (!target || *target == 0) {
              throw CLI::ValidationError(
                  name, "'" + text + "': not a size; examples: 65536, 64KiB, 16MiB");
            }
          },
          help)
      ->type_name("SIZE");
}

/// The folder as later runs will name it too, wherever they start.
std::string absolute_folder(const std::string& typed) {
  if (!is_valid_utf8(typed)) {
    throw Error(Exit::usage,
                "--dir: is not UTF-8, so acknowledgements cannot name it. Rename the folder");
  }
  std::error_code error;
  const auto absolute = std::filesystem::absolute(typed, error);
  std::string path =
      error ? std::string() : std::filesystem::weakly_canonical(absolute, error).string();
  if (error || path.empty()) {
    throw Error(Exit::usage, "--dir: '" + typed + "': not a folder's name");
  }
  // A folder that is yet to be made keeps the slash that was typed behind it.
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

/// What was typed, before it is judged as a whole.
struct Typed {
  std::string path;
  std::string dir;
  std::string name_template;
  std::string compress;
  std::string content = "record";
  std::optional<std::uint64_t> open;
  std::string at_end = "publish";
  std::string at_revoke = "keep";
  std::string on_publish;
  std::vector<std::string> keep;
};

void add_options(ToolApp& tool, Typed& typed, FileOptions& options) {
  CLI::App& app = tool.app();
  app.add_option("PATH", typed.path, "The file: made when absent, otherwise appended to.")
      ->type_name("");
  app.add_option("--dir", typed.dir,
                 "A folder of files instead: each is complete when it has its name. Made when "
                 "absent.")
      ->type_name("FOLDER");
  app.add_option("--template", typed.name_template,
                 "Names below the folder, of {topic} {partition} {start} {end} {key} {header:NAME} "
                 "{field:a.b} {ts:%Y/%m/%d/%H} {first_ts} (default "
                 "{topic}/{partition}/{start}-{end}.ndjson).")
      ->type_name("TEXT");
  add_count(tool, "--rotate-records", options.rotation.records,
            "Complete a file with this many records.");
  add_bytes(tool, "--rotate-bytes", options.rotation.bytes,
            "Complete a file when its lines, before compression, have this many bytes or more.");
  tool.add_duration("--rotate-event-time", options.rotation.event_time,
                    "Complete a file when a record of its partition is by its timestamp this much "
                    "newer than the file's first.");
  tool.add_duration("--rotate-interval", options.rotation.interval,
                    "Complete a file this long after it was begun, by the clock, with or without "
                    "new records.");
  add_count(tool, "--rotate-open", typed.open,
            "Have at most this many files of a partition open (default 1000): a record that begins "
            "another completes the one that was not written for the longest.");
  app.add_option("--at-end", typed.at_end,
                 "At the end of the input, complete the files of the folder that are open "
                 "(publish, the default), or leave them for the next run to go on with (keep).")
      ->check(CLI::IsMember({"publish", "keep"}))
      ->type_name("WHAT");
  app.add_option("--at-revoke", typed.at_revoke,
                 "When a partition goes to another member of the group, complete its open files "
                 "(publish), or leave them for that member to go on with in the same folder (keep, "
                 "the default).")
      ->check(CLI::IsMember({"publish", "keep"}))
      ->type_name("WHAT");
  app.add_option("--on-publish", typed.on_publish,
                 "Run this for each file of the folder when it has its name, {} being its path, "
                 "until it succeeds: 'aws s3 cp {} s3://bucket/'. No shell is involved.")
      ->type_name("COMMAND");
  app.add_option(
         "--keep", typed.keep,
         "Delete files of the folder that runs with this option have completed, the oldest "
         "first, when they are older than an age (7d) or in all larger than a size (100GB). "
         "Repeatable.")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->type_name("AGE|SIZE");
  tool.add_duration("--lock-timeout", options.lock_timeout,
                    "Take a partition of the folder from a process that has been storing one batch "
                    "for this long: it is stopped (default 10s).");
  app.add_option("--compress", typed.compress,
                 "none, gzip or zstd, with a level as in zstd:19, and zstd:19,long=27,threads=2 "
                 "(default: by the name's end, .gz, .zst or another; gzip only with --dir).")
      ->type_name("HOW");
  app.add_option("--content", typed.content,
                 "A line of the file is the record line as it came (record, the default), the "
                 "value's JSON text, null for a tombstone (value), or the value's own bytes (raw).")
      ->check(CLI::IsMember({"record", "value", "raw"}))
      ->type_name("WHAT");
  app.add_flag("--print-offsets", options.print_offsets,
               "Print what is stored as checkpoint lines and exit.");
  tool.add_sink_options(options.sink);
}

Keep parse_keep(const std::vector<std::string>& typed) {
  Keep keep;
  for (const std::string& text : typed) {
    const auto age = parse_duration(text);
    const auto size = parse_size(text);
    // A bare number would be either.
    if (age.has_value() == size.has_value() || (age && age->count() <= 0) || (size && *size == 0)) {
      throw Error(Exit::usage,
                  "--keep: '" + text + "': neither an age nor a size; examples: 7d, 12h, 100GB");
    }
    if (age) keep.age = age;
    if (size) keep.bytes = size;
  }
  return keep;
}

void settle_dir(const Typed& typed, FileOptions& options) {
  options.has_dir = true;
  options.publish_at_end = typed.at_end == "publish";
  options.publish_at_revoke = typed.at_revoke == "publish";
  if (typed.open) options.rotation.open = *typed.open;
  if (!typed.on_publish.empty()) options.on_publish = FileCommand(typed.on_publish);
  options.keep = parse_keep(typed.keep);
  options.path = absolute_folder(typed.dir);
  options.compress = parse_compress(typed.compress, typed.name_template);
  options.name_template = typed.name_template.empty()
                              ? std::string("{topic}/{partition}/{start}-{end}.ndjson") +
                                    compress_suffix(options.compress.kind)
                              : typed.name_template;
  NameTemplate::parse(options.name_template);
}

void settle_file(const Typed& typed, FileOptions& options) {
  const char* const of_folders = typed.at_end != "publish"   ? "--at-end"
                                 : typed.at_revoke != "keep" ? "--at-revoke"
                                 : !typed.on_publish.empty() ? "--on-publish"
                                 : !typed.keep.empty()       ? "--keep"
                                                             : nullptr;
  if (of_folders != nullptr) {
    throw Error(Exit::usage,
                std::string(of_folders) + ": is for folders. Give --dir FOLDER instead of PATH");
  }
  const RotationRules& rules = options.rotation;
  const bool rotates =
      rules.records || rules.bytes || rules.event_time || rules.interval || typed.open;
  if (!typed.name_template.empty() || rotates) {
    throw Error(Exit::usage, std::string(rotates ? "--rotate-..." : "--template") +
                                 ": is for folders, PATH is one file. Give --dir FOLDER instead of "
                                 "PATH");
  }
  options.path = absolute_path(typed.path);
  options.compress = parse_compress(typed.compress, options.path);
  if (options.compress.kind == Compression::gzip) {
    throw Error(Exit::usage,
                "--compress: gzip: " + options.path +
                    ": one file that grows would not be valid at every moment. Use zstd, or give "
                    "--dir FOLDER");
  }
}

}  // namespace

std::string content_name(Content content) {
  switch (content) {
    case Content::record:
      return "record";
    case Content::value:
      return "value";
    case Content::raw:
      return "raw";
  }
  return "";
}

std::optional<int> parse_options(int argc, const char* const* argv, FileOptions& options) {
  ToolApp tool("ksink-file", "store record lines in files, each exactly once");
  Typed typed;
  add_options(tool, typed, options);
  if (const auto status = tool.parse(argc, argv)) return status;

  if (typed.path.empty() == typed.dir.empty()) {
    throw Error(Exit::usage, typed.path.empty()
                                 ? "PATH or --dir FOLDER is required. See ksink-file --help"
                                 : "PATH and --dir: only one of them. See ksink-file --help");
  }
  options.content = typed.content == "record"  ? Content::record
                    : typed.content == "value" ? Content::value
                                               : Content::raw;
  if (typed.dir.empty()) {
    settle_file(typed, options);
  } else {
    settle_dir(typed, options);
  }
  return std::nullopt;
}

}  // namespace kpipe
