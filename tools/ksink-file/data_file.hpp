// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/fd.hpp"
#include "tools/ksink-file/file_state.hpp"
#include "tools/ksink-file/frame_region.hpp"

namespace kpipe {

/// The file that takes the records: one descriptor, locked for us alone as long as it is open.
/// Errors of the system are Error(io) and name the file.
class DataFile : public FrameTarget {
 public:
  /// How many bytes before a stored length tail_digest() covers.
  static constexpr std::size_t kTailSize = 4096;

  /// Opens and locks a file that is there; nothing when there is none. Throws Error(temp_fail) when
  /// another process holds the lock, Error(usage) when it is no regular file.
  static std::optional<DataFile> open(const std::string& path);

  /// Makes the file, locked and with `content` from the moment its name appears. Throws
  /// Error(temp_fail) when somebody else has just made it.
  static DataFile create(const std::string& path, std::string_view content);

  /// Takes a file that is open for reading and writing, and is kept from others by its caller.
  /// `path` is for messages.
  static DataFile adopt(std::string path, UniqueFd fd) {
    return DataFile(std::move(path), std::move(fd));
  }

  const std::string& path() const noexcept { return path_; }
  FileIdentity identity() const;
  std::uint64_t size() const;

  void write_at(std::uint64_t offset, std::string_view bytes) override;
  std::string read_at(std::uint64_t offset, std::size_t size) const;  ///< less only at the end
  /// Asks the kernel to begin writing this range to the disk, so that sync() finds less to do. A
  /// hint: it says nothing about errors, which sync() reports.
  void start_writeback(std::uint64_t offset, std::uint64_t size) noexcept;
  void sync();  ///< fdatasync(2)
  void truncate(std::uint64_t size) override;
  void close();  ///< the last call

  /// SHA-256 of the last kTailSize bytes before `length` (all of them when there are fewer).
  std::string tail_digest(std::uint64_t length) const;
  /// The same, of a file whose last bytes, kTailSize or all of it, these are.
  static std::string tail_digest_of(std::string_view bytes);

  /// Throws Error(io) unless the name still stands for this file and it is `length` bytes long:
  /// bytes written into a file that was removed would be lost, and a second writer's would be
  /// overwritten.
  void check_untouched(std::uint64_t length) const;

 private:
  DataFile(std::string path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}
  [[noreturn]] void fail(const char* what, int error) const;

  std::string path_;
  UniqueFd fd_;
};

}  // namespace kpipe
