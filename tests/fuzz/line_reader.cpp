// SPDX-License-Identifier: Apache-2.0
// Lines come out of a descriptor the same, however the bytes are cut into reads. The input is a
// program: what to write next, and how much of it before the reader looks.
#include "common/base/line_reader.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>

#include "common/base/error.hpp"
#include "common/base/fd.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/made_up.hpp"

namespace {

using namespace kpipe;
using namespace kpipe::fuzz;

constexpr std::size_t kMostBytes = std::size_t{5} << 20;

class Conversation {
 public:
  explicit Conversation(std::size_t max_line) : max_line_(max_line) {
    std::array<int, 2> ends{};
    require(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0, "(a pipe can be made)");
    read_.reset(ends[0]);
    write_.reset(ends[1]);
    ::fcntl(write_.get(), F_SETPIPE_SZ, 1 << 20);
    lines_.emplace(read_.get(), max_line);
  }

  /// False when the reader has refused a line.
  bool write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::write(write_.get(), bytes.data(), bytes.size());
      if (n > 0) {
        sent_ += bytes.substr(0, static_cast<std::size_t>(n));
        bytes.remove_prefix(static_cast<std::size_t>(n));
      }
      if ((n < 0 || !bytes.empty()) && !look(LineReader::Fill::data)) return false;
    }
    return true;
  }

  /// One fill() and the lines it brought.
  bool look(LineReader::Fill expected) {
    const std::size_t kept = received_ - begin_;
    LineReader::Fill fill{};
    try {
      fill = lines_->fill();
    } catch (const Error& error) {
      require(error.exit() == Exit::data && kept > max_line_, "only a long line is refused",
              {error.what()});
      return false;
    }
    require(kept <= max_line_ || fill == LineReader::Fill::eof, "a long line is refused");
    require(fill == expected, "what a read says");
    if (fill == LineReader::Fill::data)
      received_ = std::min(sent_.size(), received_ + LineReader::kReadSize);
    for (std::string_view line; lines_->next(line);) take(line);
    const std::string_view rest = std::string_view(sent_).substr(begin_, received_ - begin_);
    require(rest.find('\n') == std::string_view::npos, "no line is held back", {rest});
    require(lines_->remainder() == rest, "the rest is what has no end yet", {rest});
    return true;
  }

  bool look_at_what_is_there() {
    while (received_ < sent_.size()) {
      if (!look(LineReader::Fill::data)) return false;
    }
    return true;
  }

  void end() {
    write_.reset();
    if (!look_at_what_is_there() || !look(LineReader::Fill::eof)) return;
    require(lines_->at_eof() && lines_->fill() == LineReader::Fill::eof, "the end stays the end");
  }

 private:
  void take(std::string_view line) {
    const std::size_t end = sent_.find('\n', begin_);
    require(end != std::string::npos && end < received_, "a line has an end", {line});
    require(line == std::string_view(sent_).substr(begin_, end - begin_), "a line's bytes", {line});
    begin_ = end + 1;
    ++count_;
    require(lines_->consumed() == begin_ && lines_->lines() == count_, "how far the lines go");
    // The bytes behind it may be read: AddressSanitizer looks.
    std::array<char, OutBuffer::kPadding> behind;
    std::memcpy(behind.data(), line.data() + line.size(), behind.size());
    seen_ = static_cast<char>(seen_ ^ behind.back());
  }

  std::size_t max_line_;
  UniqueFd read_, write_;
  std::optional<LineReader> lines_;
  std::string sent_;
  std::size_t received_ = 0, begin_ = 0;
  std::uint64_t count_ = 0;
  volatile char seen_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  MadeUp made(data, size);
  constexpr std::array<std::size_t, 4> limits{5, 1000, LineReader::kReadSize,
                                              3 * LineReader::kReadSize};
  Conversation talk(limits[static_cast<std::size_t>(made.below(limits.size()))]);
  std::size_t sum = 0;
  while (made.more() && sum < kMostBytes) {
    std::string bytes;
    switch (made.below(5)) {
      case 0:
        bytes = "\n";
        break;
      case 1:  // a run, to make the buffer grow and move
        bytes.assign(static_cast<std::size_t>(made.below(1 << made.below(23))), 'x');
        break;
      case 2:
        if (!talk.look_at_what_is_there()) return 0;
        continue;
      case 3:
        if (!talk.look_at_what_is_there() || !talk.look(LineReader::Fill::would_block)) return 0;
        continue;
      default:
        bytes = made.bytes();
    }
    sum += bytes.size();
    if (!talk.write(bytes)) return 0;
  }
  talk.end();
  return 0;
}
