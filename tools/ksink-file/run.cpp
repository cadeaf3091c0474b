// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/run.hpp"

#include <signal.h>
#include <unistd.h>

#include <string>

#include "common/base/error.hpp"
#include "common/base/log.hpp"
#include "common/sink/sink_loop.hpp"
#include "tools/ksink-file/file_sink.hpp"
#include "tools/ksink-file/options.hpp"

namespace kpipe {
namespace {

std::string count_of(std::uint64_t n, const std::string& one, const std::string& many) {
  return std::to_string(n) + " " + (n == 1 ? one : many);
}

SinkCounts store_all(FileSink& sink, const SinkOptions& options) {
  SinkCounts counts;
  try {
    counts = SinkLoop(STDIN_FILENO, sink, options).run();
  } catch (const Error&) {
    try {
      sink.close();
    } catch (const Error&) {  // the error before it is the one to tell
    }
    throw;
  }
  sink.close();
  return counts;
}

}  // namespace

int ksink_file_main(int argc, const char* const* argv) {
  FileOptions options;
  if (const auto status = parse_options(argc, argv, options)) return *status;
  if (options.print_offsets) {
    print_offsets(options);
    return static_cast<int>(Exit::ok);
  }
  // A file size limit (ulimit -f) is a write error like a full disk, not a reason to die without a
  // word.
  ::signal(SIGXFSZ, SIG_IGN);
  FileSink sink(options);
  const SinkCounts counts = store_all(sink, options.sink);
  log::notice("stored " + count_of(counts.stored, "record", "records") + " in " + options.path +
              ", " + count_of(counts.duplicates, "duplicate", "duplicates") + " dropped, " +
              count_of(counts.batches, "batch", "batches"));
  return static_cast<int>(Exit::ok);
}

}  // namespace kpipe
