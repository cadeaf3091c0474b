// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/dir_about.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "common/base/error.hpp"
#include "common/base/fd.hpp"

namespace kpipe {

std::string DirAbout::read(const std::string& fact) const {
  const UniqueFd fd = state_.open_file(fact, O_RDONLY);
  if (!fd) return {};
  const std::string path = state_.path_of(fact);
  std::string text = read_all(fd.get(), path);
  if (text.size() < 2 || text.back() != '\n') {
    throw Error(Exit::data,
                "open: " + path + ": damaged. Restore the folder from a backup, or give another");
  }
  text.pop_back();
  return text;
}

std::string DirAbout::settle(const std::string& fact, const std::string& value) {
  std::string before = read(fact);
  if (!before.empty()) return before;
  const std::string temporary = fact + ".tmp" + std::to_string(::getpid());
  const std::string path = state_.path_of(temporary);
  const UniqueFd fd = state_.open_file(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (const int error = write_all(fd.get(), value + '\n')) {
    throw system_error("write: " + path, error);
  }
  if (::fsync(fd.get()) != 0) throw system_error("fsync: " + path, errno);
  const int linked = ::linkat(state_.fd(), temporary.c_str(), state_.fd(), fact.c_str(), 0);
  const int error = linked == 0 ? 0 : errno;
  state_.remove(temporary);
  if (error != 0 && error != EEXIST) throw system_error("link: " + path, error);
  state_.sync();
  return error == 0 ? value : read(fact);
}

void DirAbout::bind(const std::string& fact, const std::string& value) {
  if (value.empty()) return;
  const std::string recorded = settle(fact, value);
  if (recorded == value) return;
  throw Error(Exit::config, "source: " + root_ + ": holds records of the " + fact + " '" +
                                recorded + "', these come from '" + value +
                                "', whose offsets count something else. Give another folder");
}

void DirAbout::bind_only(const std::string& fact, const std::string& value) {
  const std::string recorded = settle(fact, value);
  if (recorded == value) return;
  throw Error(Exit::config, "--template: " + root_ + ": records of " + fact + " " + value +
                                " came, and it has those of " + fact + " " + recorded +
                                ": without {" + fact + "} two files could have one name. Put {" +
                                fact + "} into the template, or give another folder");
}

void DirAbout::bind_source(const SourceIdentity& source) {
  bind("cluster", source.cluster);
  bind("group", source.group);
}

void DirAbout::bind_records(const std::optional<std::string>& topic,
                            std::optional<std::int32_t> partition) {
  if (topic) bind_only("topic", *topic);
  if (partition) bind_only("partition", std::to_string(*partition));
}

}  // namespace kpipe
