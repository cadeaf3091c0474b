// SPDX-License-Identifier: Apache-2.0
#include "tools/kconsume/writer.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "common/base/error.hpp"

namespace kpipe::kconsume {

Writer::Writer(int fd) : fd_(fd), event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!event_) throw system_error("eventfd", errno);
  // The default 64 KiB make the two processes take turns; refused is no harm.
  ::fcntl(fd, F_SETPIPE_SZ, 1 << 20);
  thread_ = std::thread([this] { run(); });
}

Writer::~Writer() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    finishing_ = true;
    waiting_.clear();
  }
  changed_.notify_all();
  thread_.join();
}

bool Writer::has_room() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size() < kMaxWaiting;
}

void Writer::submit(OutBatch& batch) {
  submitted_bytes_ += batch.bytes.size();
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(batch));
    batch = OutBatch{};
    if (!spare_.empty()) {
      batch = std::move(spare_.back());
      spare_.pop_back();
    }
  }
  changed_.notify_all();
}

void Writer::clear_event() noexcept {
  std::uint64_t count = 0;
  [[maybe_unused]] ssize_t n = ::read(event_.get(), &count, sizeof count);
}

void Writer::finish() {
  {
    const std::lock_guard lock(mutex_);
    finishing_ = true;
  }
  changed_.notify_all();
}

bool Writer::idle() const {
  const std::lock_guard lock(mutex_);
  return waiting_.empty() && !writing_ && (!finishing_ || closed_);
}

int Writer::error() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

std::vector<Checkpoint> Writer::take_written() {
  const std::lock_guard lock(mutex_);
  return std::exchange(written_, {});
}

std::uint64_t Writer::written_batches() const {
  const std::lock_guard lock(mutex_);
  return written_batches_;
}

void Writer::abandon(std::unique_ptr<Writer> writer) {
  writer->thread_.detach();
  static_cast<void>(writer.release());
}

void Writer::notify() noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] ssize_t n = ::write(event_.get(), &one, sizeof one);
}

void Writer::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return !waiting_.empty() || finishing_; });
    if (waiting_.empty()) break;
    OutBatch batch = std::move(waiting_.front());
    waiting_.pop_front();
    writing_ = true;
    const bool failed_before = error_ != 0;
    lock.unlock();
    // After a failure the rest is dropped: a gap in the stream would be worse than its end.
    const int error = failed_before ? 0 : write_all(fd_, batch.bytes.view());
    lock.lock();
    writing_ = false;
    if (error != 0) error_ = error;
    if (error_ == 0) {
      written_.insert(written_.end(), batch.upto.begin(), batch.upto.end());
      ++written_batches_;
    }
    batch.bytes.clear();
    batch.upto.clear();
    if (batch.bytes.capacity() <= kKeptCapacity) spare_.push_back(std::move(batch));
    notify();
  }
  // Some file systems report a failed write only here.
  if (::close(fd_) != 0 && error_ == 0) error_ = errno;
  closed_ = true;
  notify();
}

}  // namespace kpipe::kconsume
