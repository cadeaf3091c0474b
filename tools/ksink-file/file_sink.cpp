// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/file_sink.hpp"

#include <unistd.h>

#include <algorithm>
#include <exception>

#include "common/base/error.hpp"
#include "common/base/fd.hpp"
#include "common/base/log.hpp"
#include "common/base/out_buffer.hpp"
#include "common/wire/json_text.hpp"
#include "tools/ksink-file/compressor.hpp"
#include "tools/ksink-file/recovery.hpp"

namespace kpipe {
namespace {

bool is_zstd(const FileOptions& options) {
  return options.compress.kind == Compression::zstd;
}

/// A .zst file is never empty: what stands for "no lines yet" is a frame of nothing.
std::string_view empty_content(const FileOptions& options) {
  return is_zstd(options) ? Compressor::empty_frame() : std::string_view();
}

void check_same(const std::string& path, const std::string& option, const std::string& recorded,
                const std::string& now) {
  if (recorded == now) return;
  throw Error(Exit::config, option + ": " + path + ": was begun with " + option + " " + recorded +
                                ", this run has " + now + ". Give " + option + " " + recorded +
                                ", or another path");
}

void check_source(const std::string& path, const char* what, const std::string& recorded,
                  const std::string& now) {
  if (recorded.empty() || now.empty() || recorded == now) return;
  throw Error(Exit::config, std::string("source: ") + path + ": holds records of the " + what +
                                " '" + recorded + "', these come from '" + now +
                                "', whose offsets count something else. Give another path");
}

}  // namespace

FileSink::FileSink(const FileOptions& options)
    : options_(options), content_(options.content), checkpoint_(options.checkpoint_path()) {}

std::string FileSink::name() const {
  return "file:" + (options_.sink.sink_id.empty() ? options_.path : options_.sink.sink_id);
}

std::vector<Checkpoint> FileSink::open() {
  data_ = DataFile::open(options_.path);
  if (!data_) {
    if (checkpoint_.exists()) {
      throw Error(Exit::data, "checkpoint: " + checkpoint_.path() +
                                  ": its data file is gone. Put the file back, or " + kStartAnew);
    }
    data_ = DataFile::create(options_.path, empty_content(options_));
    log::info(options_.path + ": new file");
  }
  if (const auto recorded = checkpoint_.load()) {
    adopt(*recorded);
  } else {
    begin_new();
  }
  // Before the first byte of a record: without a checkpoint nobody could tell them from foreign
  // ones.
  checkpoint_.replace(state_);
  writer_ = is_zstd(options_) ? zstd_writer(*data_, options_.compress) : plain_writer(*data_);

  std::vector<Checkpoint> all;
  for (const auto& [tp, stored] : state_.offsets) {
    all.push_back(Checkpoint{tp, stored.next, stored.generation, stored.topic_id});
  }
  return all;
}

void FileSink::adopt(const FileState& recorded) {
  check_same(options_.path, "--content", recorded.content, content_name(options_.content));
  check_same(options_.path, "--compress", recorded.compress, compress_name(options_.compress));
  const std::uint64_t cut = cut_to_checkpoint(*data_, recorded);
  if (cut > 0) {
    log::notice(
        options_.path + ": cut off " + std::to_string(cut) +
        " bytes behind the last stored batch, which a killed run left; records in them were "
        "not acknowledged and come again");
  }
  state_ = recorded;
  state_.file = data_->identity();
  state_.closed = false;
  if (state_.sink != name()) log::notice(name() + ": continues what was " + state_.sink);
  state_.sink = name();
}

void FileSink::begin_new() {
  const std::string_view empty = empty_content(options_);
  std::uint64_t size = data_->size();
  if (size == 0 && !empty.empty()) {
    data_->write_at(0, empty);
    data_->sync();
    size = empty.size();
  }
  if (size != empty.size() || data_->read_at(0, empty.size()) != empty) {
    throw Error(Exit::data, "open: " + options_.path + ": holds " + std::to_string(size) +
                                " bytes but has no checkpoint (" + checkpoint_.path() +
                                "), so it is not known which records they are. Move the file away, "
                                "or give another path");
  }
  state_.sink = name();
  state_.content = content_name(options_.content);
  state_.compress = compress_name(options_.compress);
  state_.file = data_->identity();
  state_.length = size;
  state_.tail = data_->tail_digest(size);
}

void FileSink::identify(const SourceIdentity& source) {
  check_source(options_.path, "cluster", state_.cluster, source.cluster);
  check_source(options_.path, "group", state_.group, source.group);
  if (!source.cluster.empty()) state_.cluster = source.cluster;
  if (!source.group.empty()) state_.group = source.group;
}

std::vector<Checkpoint> FileSink::stored(const std::vector<TopicPartition>& partitions) {
  std::vector<Checkpoint> found;
  for (const TopicPartition& tp : partitions) {
    const auto it = state_.offsets.find(tp);
    if (it == state_.offsets.end()) continue;
    found.push_back(Checkpoint{tp, it->second.next, it->second.generation, it->second.topic_id});
  }
  return found;
}

bool FileSink::is_expected(const Batch& batch) const {
  return std::all_of(batch.ranges().begin(), batch.ranges().end(), [&](const Batch::Range& range) {
    const auto it = state_.offsets.find(range.tp);
    if (it == state_.offsets.end()) return !range.expected;
    return range.expected == it->second;
  });
}

void FileSink::go_ahead(const Batch& batch) noexcept {
  try {
    if (early_.edition != batch.edition()) early_ = {batch.edition(), 0, false};
    if (early_.entries == 0 && !early_.is_over) writer_->begin(state_.length);
    while (!early_.is_over && early_.entries < batch.entries().size()) {
      early_.is_over = !writer_->add_early(content_.of(batch.entries()[early_.entries]));
      if (!early_.is_over) ++early_.entries;
    }
  } catch (const std::exception&) {  // store() does it all anew
    early_ = {batch.edition(), 0, true};
  }
}

Sink::Outcome FileSink::store(const Batch& batch) {
  if (!is_expected(batch)) return Outcome::conflict;
  data_->check_untouched(state_.length);
  half_written_ = true;
  checkpoint_.shorten(state_);
  std::uint64_t length = state_.length;
  if (!batch.entries().empty()) {
    length = append(batch);
    half_written_ = false;  // bytes of somebody else are not for the next start to cut off
    data_->check_untouched(length);
    half_written_ = true;
  }
  record(batch, length);
  half_written_ = false;
  return Outcome::stored;
}

std::uint64_t FileSink::append(const Batch& batch) {
  std::uint64_t end = 0;
  try {
    const std::size_t begun = early_.edition == batch.edition() ? early_.entries : 0;
    early_ = {};
    if (begun == 0) writer_->begin(state_.length);
    for (std::size_t i = begun; i < batch.entries().size(); ++i) {
      writer_->add(content_.of(batch.entries()[i]));
    }
    end = writer_->finish();
  } catch (const Error&) {
    cut_back(state_.length);
    throw;
  }
  data_->sync();
  return end;
}

void FileSink::record(const Batch& batch, std::uint64_t length) {
  const std::uint64_t before = state_.length;
  if (length != before) state_.tail = data_->tail_digest(length);
  state_.length = length;
  for (const Batch::Range& range : batch.ranges()) {
    StoredOffset& stored = state_.offsets[range.tp];
    stored.next = range.next;
    stored.generation = range.generation;
    if (!range.topic_id.empty()) stored.topic_id = range.topic_id;
  }
  try {
    checkpoint_.append(state_);
  } catch (const Error&) {
    cut_back(before);
    throw;
  }
  checkpoint_.sync();
}

/// A full disk should not keep a batch that does not count until the next start. If this fails too,
/// that start does it, and the error before is the one to tell.
void FileSink::cut_back(std::uint64_t length) noexcept {
  try {
    data_->truncate(length);
  } catch (const Error&) {
  }
}

void FileSink::close() {
  if (!writer_) return;
  if (!half_written_) {
    state_.closed = true;
    checkpoint_.append(state_);
    checkpoint_.sync();
  }
  checkpoint_.close();
  data_->close();
}

void print_offsets(const FileOptions& options) {
  const auto state = CheckpointFile(options.checkpoint_path()).load();
  if (!state) {
    throw Error(Exit::no_input, "--print-offsets: " + options.checkpoint_path() +
                                    ": no such checkpoint: ksink-file has stored nothing here");
  }
  OutBuffer extra;
  extra.append(",\"sink\":");
  append_json_string(extra, state->sink);
  if (!state->group.empty()) {
    extra.append(",\"group\":");
    append_json_string(extra, state->group);
  }
  OutBuffer lines;
  for (const auto& [tp, stored] : state->offsets) {
    append_checkpoint(lines, Checkpoint{tp, stored.next, stored.generation, stored.topic_id},
                      extra.view());
    lines.append('\n');
  }
  if (const int error = write_all(STDOUT_FILENO, lines.view())) {
    throw system_error("write: stdout", error);
  }
}

}  // namespace kpipe
