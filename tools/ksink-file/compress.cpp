// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/compress.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <thread>

#include "common/base/error.hpp"
#include "common/base/parse.hpp"
#include "tools/ksink-file/compressor.hpp"

namespace kpipe {
namespace {

constexpr int kGzipDefault = 6;
constexpr int kGzipMost = 9;

struct Kind {
  std::string_view name;
  std::string_view suffix;
  Compression kind;
  int default_level;
  int max_level;
};

std::array<Kind, 3> kinds() {
  return {{{"zstd", ".zst", Compression::zstd, Compressor::kDefaultLevel, Compressor::max_level()},
           {"gzip", ".gz", Compression::gzip, kGzipDefault, kGzipMost},
           {"none", "", Compression::none, 0, 0}}};
}

const Kind& of(const std::array<Kind, 3>& all, Compression kind) {
  return *std::find_if(all.begin(), all.end(), [&](const Kind& k) { return k.kind == kind; });
}

[[noreturn]] void refuse(const std::string& text, const std::string& why) {
  throw Error(Exit::usage, "--compress: '" + text + "': " + why +
                               ". Use none, gzip, zstd, or with a level gzip:1 to gzip:" +
                               std::to_string(kGzipMost) +
                               ", zstd:1 to zstd:" + std::to_string(Compressor::max_level()) +
                               "; zstd:19,long=27,threads=2");
}

int number_within(const std::string& text, std::string_view what, std::string_view number,
                  int least, int most) {
  const auto value = parse_int(number);
  if (value && *value >= least && *value <= most) return static_cast<int>(*value);
  refuse(text, std::string(what) + " is " + (number.empty() ? "missing" : std::string(number)) +
                   ", not " + std::to_string(least) + " to " + std::to_string(most));
}

int threads_of(const std::string& text, std::string_view number) {
  const int most = Compressor::max_threads();
  if (most == 0) refuse(text, "this libzstd was built without threads");
  const int threads = number_within(text, "threads", number, 0, most);
  const int cores = static_cast<int>(std::max(std::thread::hardware_concurrency(), 1U));
  return threads > 0 ? threads : std::min(cores, most);  // 0 as in zstd -T0
}

/// What stands behind the colon. Each part once.
void take_details(const std::string& text, std::string_view details, const Kind& kind,
                  Compress& compress) {
  bool has_level = false;
  for (bool more = true; more;) {
    const std::size_t comma = details.find(',');
    const std::string_view part = details.substr(0, comma);
    more = comma != std::string_view::npos;
    details.remove_prefix(more ? comma + 1 : details.size());
    const bool is_zstd = kind.kind == Compression::zstd;
    if (is_zstd && compress.long_window == 0 && part == "long") {
      compress.long_window = Compressor::kMostWindow;
    } else if (is_zstd && compress.long_window == 0 && part.starts_with("long=")) {
      compress.long_window = number_within(text, "long", part.substr(5), Compressor::kLeastWindow,
                                           Compressor::kMostWindow);
    } else if (is_zstd && compress.threads == 0 && part.starts_with("threads=")) {
      compress.threads = threads_of(text, part.substr(8));
    } else if (!has_level) {
      compress.level = number_within(text, "the level", part, 1, kind.max_level);
      has_level = true;
    } else {
      refuse(text, "'" + std::string(part) + "' is unknown or there twice");
    }
  }
}

}  // namespace

std::string compress_name(const Compress& compress) {
  return std::string(of(kinds(), compress.kind).name);
}

std::string compress_suffix(Compression kind) {
  return std::string(of(kinds(), kind).suffix);
}

Compress parse_compress(const std::string& text, const std::string& name) {
  for (const Kind& kind : kinds()) {
    Compress compress{kind.kind, kind.default_level};
    if (text.empty() ? name.ends_with(kind.suffix) : text == kind.name) return compress;
    const std::string begin = std::string(kind.name) + ":";
    if (kind.max_level == 0 || !text.starts_with(begin)) continue;
    take_details(text, std::string_view(text).substr(begin.size()), kind, compress);
    return compress;
  }
  refuse(text, "unknown");
}

}  // namespace kpipe
