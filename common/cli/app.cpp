// SPDX-License-Identifier: Apache-2.0
#include "common/cli/app.hpp"

#include <cstdio>
#include <limits>
#include <vector>

#include "common/base/error.hpp"
#include "common/base/parse.hpp"
#include "common/cli/docgen.hpp"

namespace kpipe {
namespace {

/// "-c,--count" -> "--count", as messages name it.
std::string long_name(const std::string& names) {
  const std::size_t at = names.find("--");
  return at == std::string::npos ? names : names.substr(at, names.find(',', at) - at);
}

CLI::ValidationError wrong(const std::string& names, const std::string& text,
                           const std::string& expected) {
  return CLI::ValidationError(long_name(names), "'" + text + "': " + expected);
}

/// CLI11 reports a missing required option before the misspelt one that caused it; people need the
/// misspelt one. Its messages become "what: cause. remedy".
Error usage_error(const CLI::App& app, const CLI::ParseError& error) {
  const std::string remedy = ". See " + app.get_name() + " --help";
  const std::vector<std::string> unknown = app.remaining(true);
  if (!unknown.empty()) {
    const bool is_option = unknown.front().size() > 1 && unknown.front().front() == '-';
    return Error(Exit::usage, is_option
                                  ? unknown.front() + ": unknown option" + remedy
                                  : "'" + unknown.front() + "': unexpected argument" + remedy);
  }
  std::string text = error.what();
  for (char& c : text) {
    if (c == '\n') c = ' ';
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '.')) text.pop_back();
  return Error(Exit::usage, text + remedy);
}

}  // namespace

ToolApp::ToolApp(const std::string& name, const std::string& summary) : app_(summary, name) {
  app_.set_help_flag("-h,--help", "Print this help and exit.");
  app_.set_version_flag("--version", name + " " KPIPE_VERSION, "Print the version and exit.");
  app_.get_formatter()->column_width(34);
  app_.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app_.add_option("--log-level", log_level_,
                  "How much to say on stderr: error, warning, notice (default), info or debug.")
      ->type_name("LEVEL");
  app_.add_flag("-v,--verbose", verbose_, "Say more; twice for debug.");
  app_.add_flag("-q,--quiet", quiet_, "Say only what went wrong.");
  app_.add_option("--generate", generate_)->group("");
}

CLI::Option* ToolApp::add_size(const std::string& names, std::size_t& target,
                               const std::string& help) {
  return app_
      .add_option_function<std::string>(
          names,
          [&target, names](const std::string& text) {
            const auto size = parse_size(text);
            if (!size || *size == 0)
              throw wrong(names, text, "not a size; examples: 65536, 64KiB, 16MiB");
            target = static_cast<std::size_t>(*size);
          },
          help)
      ->type_name("SIZE");
}

CLI::Option* ToolApp::add_duration(const std::string& names,
                                   std::optional<std::chrono::milliseconds>& target,
                                   const std::string& help) {
  return app_
      .add_option_function<std::string>(
          names,
          [&target, names](const std::string& text) {
            target = parse_duration(text);
            if (!target)
              throw wrong(names, text, "not a duration; examples: 500ms, 30s, 5m, 1h30m");
          },
          help)
      ->type_name("DURATION");
}

CLI::Option* ToolApp::add_duration(const std::string& names, std::chrono::milliseconds& target,
                                   const std::string& help) {
  return app_
      .add_option_function<std::string>(
          names,
          [&target, names](const std::string& text) {
            const auto value = parse_duration(text);
            if (!value) throw wrong(names, text, "not a duration; examples: 500ms, 30s, 5m, 1h30m");
            target = *value;
          },
          help)
      ->type_name("DURATION");
}

CLI::Option* ToolApp::add_integer(const std::string& names, std::int64_t& target, std::int64_t low,
                                  std::int64_t high, const std::string& help) {
  return app_
      .add_option_function<std::string>(
          names,
          [&target, names, low, high](const std::string& text) {
            const auto value = parse_int(text);
            if (!value || *value < low || *value > high) {
              throw wrong(names, text,
                          high == std::numeric_limits<std::int64_t>::max()
                              ? "not a whole number, " + std::to_string(low) + " or more"
                              : "not a whole number from " + std::to_string(low) + " to " +
                                    std::to_string(high));
            }
            target = *value;
          },
          help)
      ->type_name("N");
}

void ToolApp::add_sink_options(SinkOptions& options) {
  app_.add_option_function<std::string>(
          "--batch-size",
          [&options](const std::string& text) {
            const auto value = parse_int(text);
            if (!value || *value < 1)
              throw wrong("--batch-size", text, "not a number of records above 0; example: 50000");
            options.batch_size = static_cast<std::size_t>(*value);
          },
          "Most records stored in one transaction (default 50000).")
      ->type_name("N");
  add_size("--batch-bytes", options.batch_bytes,
           "Most bytes of records held before they are stored (default 16MiB).");
  add_duration("--batch-timeout", options.batch_timeout,
               "Store a batch this long after its first record. Default: 1s, or as soon as the "
               "input goes idle.");
  app_.add_option("--sink-id", options.sink_id,
                  "Name under which the offsets are stored (default: the target's name). Two "
                  "pipelines that feed one "
                  "target from different groups need two names.")
      ->type_name("NAME");
  app_.add_option("--pipe", options.pipe_name,
                  "Name of the acknowledgement channel, as given to kconsume --pipe.")
      ->type_name("NAME");
  app_.add_option("--acks", options.acks,
                  "Write acknowledgements to this FIFO or file instead of kconsume's socket; give "
                  "kconsume the same.")
      ->type_name("PATH");
}

std::optional<int> ToolApp::parse(int argc, const char* const* argv) {
  // A repeatable option takes one value each time: in `-t orders out` a second word is a slip, not
  // another topic.
  for (CLI::Option* option :
       app_.get_options([](const CLI::Option* candidate) { return candidate->nonpositional(); })) {
    option->allow_extra_args(false);
  }
  try {
    app_.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    std::fputs(app_.help().c_str(), stdout);
    return 0;
  } catch (const CLI::CallForVersion& version) {
    std::printf("%s\n", version.what());
    return 0;
  } catch (const CLI::ParseError& error) {
    // Required options are checked before unknown ones; --generate needs neither.
    if (!generate_.empty()) {
      std::fputs(generate_document(app_, generate_).c_str(), stdout);
      return 0;
    }
    throw usage_error(app_, error);
  }
  if (!generate_.empty()) {
    std::fputs(generate_document(app_, generate_).c_str(), stdout);
    return 0;
  }
  if (!log_level_.empty()) {
    log::set_level(log::parse_level(log_level_));
  } else if (quiet_) {
    log::set_level(log::Level::error);
  } else if (verbose_ > 0) {
    log::set_level(verbose_ > 1 ? log::Level::debug : log::Level::info);
  }
  return std::nullopt;
}

}  // namespace kpipe
