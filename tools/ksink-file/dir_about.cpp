// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/dir_about.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "common/base/error.hpp"
#include "common/base/out_buffer.hpp"
#include "tools/ksink-file/partition_lock.hpp"
#include "tools/ksink-file/sealed_line.hpp"

namespace kpipe {
namespace {

constexpr const char* kName = "about";
constexpr const char* kTemporary = "about.tmp";
constexpr std::int64_t kVersion = 1;

void append_about(OutBuffer& out, const DirAbout& about) {
  out.append("{\"version\":");
  out.append_int(kVersion);
  append_member(out, "sink", about.sink);
  append_member(out, "group", about.group);
  append_member(out, "cluster", about.cluster);
  if (about.topic) append_member(out, "topic", *about.topic);
  if (about.partition) append_member(out, "partition", std::int64_t{*about.partition});
  seal_line(out, 0);
}

DirAbout read_about(std::string_view text, const std::string& where) {
  SealedReader reader("about", where, "Restore the folder from a backup, or begin a new one");
  if (text.empty() || text.back() != '\n') reader.damaged("no whole line");
  text.remove_suffix(1);
  if (!is_sealed(text)) reader.damaged("its checksum does not match");
  DirAbout about;
  for (const JsonField& field : reader.members(text, kVersion)) {
    if (field.name == "sink") about.sink = reader.text(field);
    if (field.name == "group") about.group = reader.text(field);
    if (field.name == "cluster") about.cluster = reader.text(field);
    if (field.name == "topic") about.topic = reader.text(field);
    if (field.name == "partition") {
      about.partition = static_cast<std::int32_t>(reader.number(field));
    }
  }
  return about;
}

void bind(const std::string& root, const char* what, std::string& recorded,
          const std::string& now) {
  if (now.empty()) return;
  if (!recorded.empty() && recorded != now) {
    throw Error(Exit::config, std::string("source: ") + root + ": holds records of the " + what +
                                  " '" + recorded + "', these come from '" + now +
                                  "', whose offsets count something else. Give another folder");
  }
  recorded = now;
}

template <typename Value>
void bind_only(const std::string& root, const char* part, std::optional<Value>& recorded,
               const std::optional<Value>& now, const std::string& shown) {
  if (!now) return;
  if (recorded && recorded != now) {
    throw Error(Exit::config, "--template: " + root + ": records of " + shown +
                                  " came beside those of another, and without {" + part +
                                  "} two files could have one name. Put {" + part +
                                  "} into the template, or give another folder");
  }
  recorded = now;
}

}  // namespace

std::optional<DirAbout> DirAboutFile::load() const {
  const UniqueFd fd = state_.open_file(kName, O_RDONLY);
  if (!fd) return std::nullopt;
  const std::string path = state_.path_of(kName);
  return read_about(read_all(fd.get(), path), path);
}

void DirAboutFile::replace(const DirAbout& about) const {
  OutBuffer line;
  append_about(line, about);
  const UniqueFd fd = state_.open_file(kTemporary, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  const std::string path = state_.path_of(kTemporary);
  if (const int error = write_all(fd.get(), line.view())) {
    throw system_error("write: " + path, error);
  }
  if (::fsync(fd.get()) != 0) throw system_error("fsync: " + path, errno);
  state_.rename(kTemporary, kName);
  state_.sync();
}

template <typename Change>
void DirAboutFile::update(const std::string& sink, const Change& change) {
  FolderLock lock(state_);
  lock.take();
  const std::optional<DirAbout> before = load();
  DirAbout about = before.value_or(DirAbout{});
  change(about);
  about.sink = sink;
  if (about != before) replace(about);
}

void DirAboutFile::bind_source(const std::string& sink, const SourceIdentity& source) {
  update(sink, [&](DirAbout& about) {
    bind(root_, "cluster", about.cluster, source.cluster);
    bind(root_, "group", about.group, source.group);
  });
}

void DirAboutFile::bind_records(const std::string& sink, const std::optional<std::string>& topic,
                                std::optional<std::int32_t> partition) {
  update(sink, [&](DirAbout& about) {
    bind_only(root_, "topic", about.topic, topic, "topic '" + topic.value_or("") + "'");
    bind_only(root_, "partition", about.partition, partition,
              "partition " + std::to_string(partition.value_or(0)));
  });
}

}  // namespace kpipe
