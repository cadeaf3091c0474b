// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/run.hpp"

#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <string>

#include "common/base/error.hpp"
#include "common/base/log.hpp"
#include "common/base/stop.hpp"
#include "common/sink/sink_loop.hpp"
#include "tools/ksink-file/dir_sink.hpp"
#include "tools/ksink-file/file_sink.hpp"
#include "tools/ksink-file/options.hpp"

namespace kpipe {
namespace {

std::string count_of(std::uint64_t n, const std::string& one, const std::string& many) {
  return std::to_string(n) + " " + (n == 1 ? one : many);
}

SinkCounts store_in_file(const FileOptions& options) {
  FileSink sink(options);
  SinkCounts counts;
  try {
    counts = SinkLoop(STDIN_FILENO, sink, options.sink).run();
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

/// Each partition takes three descriptors, and open parts one each.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

/// After an error nothing more is touched: what is stored is in the manifests.
SinkCounts store_in_dir(const FileOptions& options) {
  stop::watch_hangup();
  raise_descriptor_limit();
  DirSink sink(options);
  const SinkCounts counts = SinkLoop(STDIN_FILENO, sink, options.sink).run();
  sink.close(counts.ended_well);
  return counts;
}

}  // namespace

int ksink_file_main(int argc, const char* const* argv) {
  FileOptions options;
  if (const auto status = parse_options(argc, argv, options)) return *status;
  if (options.print_offsets) {
    options.has_dir ? print_dir_offsets(options) : print_offsets(options);
    return static_cast<int>(Exit::ok);
  }
  // What a large batch took goes back to the kernel. By default the first free() of a large buffer
  // makes malloc(3) keep all later ones in its heap.
  constexpr int large = 1 << 20;
  ::mallopt(M_MMAP_THRESHOLD, large);
  // A file size limit (ulimit -f) is a write error like a full disk, not a reason to die without a
  // word.
  ::signal(SIGXFSZ, SIG_IGN);
  const SinkCounts counts = options.has_dir ? store_in_dir(options) : store_in_file(options);
  log::notice("stored " + count_of(counts.stored, "record", "records") + " in " + options.path +
              ", " + count_of(counts.duplicates, "duplicate", "duplicates") + " dropped, " +
              count_of(counts.batches, "batch", "batches"));
  return static_cast<int>(Exit::ok);
}

}  // namespace kpipe
