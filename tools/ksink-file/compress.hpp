// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace kpipe {

enum class Compression { none, gzip, zstd };

/// How files are compressed. What is there already may be of another level, window or number of
/// threads, but not of another kind.
struct Compress {
  Compression kind = Compression::none;
  int level = 0;
  /// zstd's long-distance matching, within a window of 2^long_window bytes; 0: off, and a window as
  /// the level has it.
  int long_window = 0;
  /// zstd's own, which divide a frame among them; 0: none but the one that calls it.
  int threads = 0;

  bool operator==(const Compress&) const = default;
};

/// As in --compress and in checkpoints: "none", "gzip", "zstd".
std::string compress_name(const Compress& compress);

/// The ending of files' names: "", ".gz", ".zst".
std::string compress_suffix(Compression kind);

/// "none", "gzip" or "zstd", with a level as in "zstd:19" and, of zstd, more behind commas:
/// "zstd:19,long=27,threads=2". Empty: by the ending of `name`. Throws Error(usage).
Compress parse_compress(const std::string& text, const std::string& name);

}  // namespace kpipe
