// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "common/base/fd.hpp"
#include "common/base/out_buffer.hpp"
#include "common/wire/checkpoint.hpp"

namespace kpipe::kconsume {

/// One write to stdout: whole lines, and what will have been written once it is done.
struct OutBatch {
  OutBuffer bytes;
  std::vector<Checkpoint> upto;
};

/// A thread of its own for write(2), so that a slow sink never keeps the consumer from polling
/// Kafka and reading acknowledgements. Batches are written in order; a few may wait, then the
/// caller must.
class Writer {
 public:
  explicit Writer(int fd);
  /// Waits for the thread; if that may hang, use abandon().
  ~Writer();

  /// True when submit() may be called.
  bool has_room() const;
  /// Takes the batch; gives back an empty one whose memory can be used again.
  void submit(OutBatch& batch);

  /// Readable when room was made, an error came or all was written; for poll(2).
  int event_fd() const noexcept { return event_.get(); }
  void clear_event() noexcept;

  /// No more batches: when the last is written the thread closes the descriptor, and the sink sees
  /// EOF.
  void finish();
  /// Everything submitted is written (and, after finish(), the descriptor is closed).
  bool idle() const;
  /// errno of the failed write, 0 as long as there is none. After it nothing is written any more.
  int error() const;

  /// Checkpoints of batches completely written since the last call.
  std::vector<Checkpoint> take_written();
  std::uint64_t submitted_bytes() const noexcept { return submitted_bytes_; }
  /// Batches written so far: a sign of life of the reader.
  std::uint64_t written_batches() const;

  /// Lets go of a writer whose thread hangs in write(2) to a reader that does not read. Its memory
  /// stays with the thread until the process ends.
  static void abandon(std::unique_ptr<Writer> writer);

 private:
  void run();
  void notify() noexcept;

  /// Enough for the thread to have work while the caller fills the next; more only adds memory.
  static constexpr std::size_t kMaxWaiting = 3;
  /// Memory of a batch swollen by huge records is given back above this.
  static constexpr std::size_t kKeptCapacity = std::size_t{4} << 20;

  int fd_;
  UniqueFd event_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<OutBatch> waiting_;
  std::vector<OutBatch> spare_;
  std::vector<Checkpoint> written_;
  std::uint64_t submitted_bytes_ = 0;
  std::uint64_t written_batches_ = 0;
  bool writing_ = false;
  bool finishing_ = false;
  bool closed_ = false;
  int error_ = 0;
  std::thread thread_;
};

}  // namespace kpipe::kconsume
