// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/frame_region.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace kpipe {
namespace {

void put_little_endian(char* at, std::uint32_t value) {
  for (int i = 0; i < 4; ++i) at[i] = static_cast<char>(value >> (8 * i) & 0xff);
}

/// The header of a skippable frame that is `size` bytes long with its header.
void put_skippable_header(char* at, std::uint64_t size) {
  constexpr std::uint32_t magic = 0x184D2A50;
  put_little_endian(at, magic);
  put_little_endian(at + 4, static_cast<std::uint32_t>(size - FrameRegion::kHeader));
}

std::uint64_t page_end(std::uint64_t offset) {
  return (offset / FrameRegion::kPage + 1) * FrameRegion::kPage;
}

/// Bytes of padding that a frame ending at `end` needs so that a header fits before and behind its
/// end.
std::uint64_t padding_at(std::uint64_t end) {
  const std::uint64_t used = end % FrameRegion::kPage;
  const std::uint64_t room = FrameRegion::kPage - used;
  if (used < FrameRegion::kHeader) return FrameRegion::kHeader;
  return room < FrameRegion::kHeader ? room + FrameRegion::kHeader : 0;
}

void append_skippable(OutBuffer& out, std::uint64_t size) {
  char* const at = out.reserve(size);
  std::memset(at, 0, size);
  put_skippable_header(at, size);
  out.advance(size);
}

}  // namespace

void FrameRegion::begin(std::uint64_t start) {
  start_ = start;
  written_ = start;
  buffer_.clear();
}

void FrameRegion::flush() {
  const std::uint64_t end = written_ + buffer_.size();
  const std::uint64_t whole = end - end % kPage;
  if (whole > written_) write_hidden(static_cast<std::size_t>(whole - written_));
}

void FrameRegion::end_frame(Compressor& compressor) {
  compressor.flush(buffer_);
  if ((written_ + buffer_.size() + Compressor::kEpilogue) % kPage == 0) {
    Compressor::append_empty_block(buffer_);
  }
  compressor.finish(buffer_);
  if (const std::uint64_t padding = padding_at(written_ + buffer_.size())) {
    append_skippable(buffer_, padding);
  }
}

std::uint64_t FrameRegion::publish(Compressor& compressor) {
  end_frame(compressor);
  const std::uint64_t end = written_ + buffer_.size();
  if (written_ == start_ && end <= page_end(start_)) {
    file_.write_at(start_, buffer_.view());
    return end;
  }
  append_skippable(buffer_, kHeader);
  write_hidden(buffer_.size());
  file_.write_at(start_, {head_, kHeader});
  file_.truncate(end);
  return end;
}

void FrameRegion::write_hidden(std::size_t size) {
  if (size == 0) return;
  grow(written_ + size);
  std::string_view bytes = buffer_.view().substr(0, size);
  std::uint64_t at = written_;
  if (written_ == start_) {
    std::memcpy(head_, bytes.data(), kHeader);
    bytes.remove_prefix(kHeader);
    at += kHeader;
  }
  file_.write_at(at, bytes);
  written_ += size;
  const std::size_t rest = buffer_.size() - size;
  std::memmove(buffer_.data(), buffer_.data() + size, rest);
  buffer_.truncate(rest);
}

void FrameRegion::grow(std::uint64_t end) {
  std::array<char, kPage> page{};
  for (std::uint64_t at = written_; at < end;) {
    const std::uint64_t size = std::min(end, page_end(at)) - at;
    put_skippable_header(page.data(), size);
    file_.write_at(at, {page.data(), static_cast<std::size_t>(size)});
    at += size;
  }
  std::array<char, kHeader> veil;
  put_skippable_header(veil.data(), end - start_);
  file_.write_at(start_ + 4, {veil.data() + 4, 4});
}

}  // namespace kpipe
