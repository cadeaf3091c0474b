// SPDX-License-Identifier: Apache-2.0
#include "common/config/config_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "common/base/error.hpp"
#include "common/base/fd.hpp"
#include "common/config/import.hpp"

namespace kpipe {
namespace {

namespace fs = std::filesystem;

/// As libpq has it for private keys: ours alone, or root's, who may let a group read it.
void check_access(int fd, const std::string& path, const std::string& where) {
  struct stat st {};
  if (::fstat(fd, &st) != 0) throw system_error(path, errno);
  const std::string holds = where + ": a secret stands in it, and ";
  if (st.st_uid != 0 && st.st_uid != ::geteuid()) {
    throw Error(Exit::config, holds + "the file belongs to another user. Do: chown " +
                                  std::to_string(::geteuid()) + " " + path);
  }
  const mode_t forbidden = st.st_uid == 0 ? 027 : 077;
  if ((st.st_mode & forbidden) != 0)
    throw Error(Exit::config, holds + "others may read or change the file. Do: chmod 600 " + path);
}

Error unreadable(const std::string& path, int error) {
  return Error(Exit::config, path + ": " + std::generic_category().message(error));
}

void add_file(int fd, const std::string& path, Config& config) {
  const std::string secret = add_config(read_all(fd, path), path, config);
  if (!secret.empty()) check_access(fd, path, secret);
}

void add_if_there(const std::string& path, Config& config) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd) return add_file(fd.get(), path, config);
  if (errno == ENOENT || errno == ENOTDIR) return;
  if (errno != EACCES) throw unreadable(path, errno);
  config.unreadable.push_back(unreadable(path, errno).what());
}

std::vector<std::string> drop_ins(const std::string& folder, Config& config) {
  std::vector<std::string> paths;
  std::error_code error;
  for (fs::directory_iterator i(folder, error), end; !error && i != end; i.increment(error)) {
    const std::string name = i->path().filename();
    if (name.ends_with(".toml") && !name.starts_with('.')) paths.push_back(i->path());
  }
  if (error == std::errc::permission_denied) {
    config.unreadable.push_back(unreadable(folder, EACCES).what());
  } else if (error && error != std::errc::no_such_file_or_directory &&
             error != std::errc::not_a_directory) {
    throw unreadable(folder, error.value());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace

std::vector<std::string> config_folders() {
  std::vector<std::string> folders{"/etc/kpipe"};
  const char* const xdg = std::getenv("XDG_CONFIG_HOME");
  const char* const home = std::getenv("HOME");
  // The specification wants relative paths to be ignored.
  if (xdg != nullptr && *xdg == '/') {
    folders.push_back(std::string(xdg) + "/kpipe");
  } else if (home != nullptr && *home != '\0') {
    folders.push_back(std::string(home) + "/.config/kpipe");
  }
  return folders;
}

Config read_config_folders(const std::vector<std::string>& folders) {
  Config config;
  for (const std::string& folder : folders) {
    add_if_there(folder + "/config.toml", config);
    for (const std::string& path : drop_ins(folder + "/connections.d", config))
      add_if_there(path, config);
  }
  return config;
}

Config read_config_file(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) throw unreadable(path, errno);
  Config config;
  add_file(fd.get(), path, config);
  return config;
}

Import import_file(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) throw Error(Exit::config, "--import: " + std::string(unreadable(path, errno).what()));
  Import read = parse_import(read_all(fd.get(), path), path);
  if (read.literal_secret) check_access(fd.get(), path, path);
  return read;
}

}  // namespace kpipe
