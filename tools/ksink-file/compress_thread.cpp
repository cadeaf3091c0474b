// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/compress_thread.hpp"

#include <system_error>
#include <utility>

#include "common/base/signals_blocked.hpp"

namespace kpipe {

CompressThread::~CompressThread() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

bool CompressThread::start() {
  const SignalsBlocked blocked;
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error&) {  // a limit of processes
  }
  return thread_.joinable();
}

void CompressThread::give(OutBuffer& bytes, Compressor& compressor, OutBuffer& out) {
  if (!thread_.joinable() && !start()) {
    compressor.add(bytes.view(), out);
    bytes.clear();
    return;
  }
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return waiting_.size() < kMostWaiting || failure_; });
  if (failure_) return;  // wait() tells it
  compressor_ = &compressor;
  out_ = &out;
  waiting_.push_back(std::move(bytes));
  if (spare_.empty()) {
    bytes = OutBuffer();
  } else {
    bytes = std::move(spare_.back());
    spare_.pop_back();
  }
  lock.unlock();
  changed_.notify_all();
}

void CompressThread::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return (waiting_.empty() && !busy_) || failure_; });
  waiting_.clear();
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

void CompressThread::abandon() noexcept {
  std::unique_lock lock(mutex_);
  waiting_.clear();
  changed_.wait(lock, [&] { return !busy_; });
  failure_ = nullptr;
}

void CompressThread::run() noexcept {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return ends_ || (!waiting_.empty() && !failure_); });
    if (ends_) return;
    OutBuffer bytes = std::move(waiting_.front());
    waiting_.pop_front();
    busy_ = true;
    Compressor& compressor = *compressor_;
    OutBuffer& out = *out_;
    lock.unlock();
    std::exception_ptr failure;
    try {
      compressor.add(bytes.view(), out);
    } catch (...) {
      failure = std::current_exception();
    }
    bytes.clear();
    lock.lock();
    busy_ = false;
    if (failure) failure_ = failure;
    if (spare_.size() <= kMostWaiting) spare_.push_back(std::move(bytes));
    changed_.notify_all();
  }
}

}  // namespace kpipe
