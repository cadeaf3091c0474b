// SPDX-License-Identifier: Apache-2.0
#include "tools/kgroups/delivery.hpp"

#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "common/base/error.hpp"
#include "common/base/fd.hpp"
#include "common/cli/output.hpp"

namespace kpipe::kgroups {
namespace {

/// A temporary file that goes unless it was published. Its name begins with a dot and does not end
/// as PATH does: no collector takes it for one of its files.
class Draft {
 public:
  explicit Draft(const std::string& path) : path_(path) {
    const std::size_t slash = path.rfind('/');
    const std::size_t name = slash == std::string::npos ? 0 : slash + 1;
    draft_ = path.substr(0, name) + "." + path.substr(name) + ".XXXXXX";
    fd_.reset(::mkstemp(draft_.data()));
    if (!fd_) throw failure();
  }
  ~Draft() {
    if (!draft_.empty()) ::unlink(draft_.c_str());
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  void write(std::string_view text) {
    // mkstemp makes it for its owner alone; the collector is another user.
    const mode_t mask = ::umask(0);
    ::umask(mask);
    const int error = write_all(fd_.get(), text);
    if (error != 0) throw system_error("--output-file: " + path_, error);
    if (::fchmod(fd_.get(), 0666 & ~mask) != 0) throw failure();
  }
  void publish() {
    if (::fsync(fd_.get()) != 0 || ::rename(draft_.c_str(), path_.c_str()) != 0) throw failure();
    draft_.clear();
  }

 private:
  Error failure() const { return system_error("--output-file: " + path_, errno); }

  std::string path_;
  std::string draft_;
  UniqueFd fd_;
};

std::size_t screen_rows() {
  winsize size{};
  const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0;
  return known ? size.ws_row : 24;
}

}  // namespace

void replace_file(const std::string& path, const OutBuffer& text) {
  Draft draft(path);
  draft.write(text.view());
  draft.publish();
}

bool redraw(const std::string& heading, const OutBuffer& text) {
  constexpr std::string_view home = "\x1b[H";
  constexpr std::string_view line_end = "\x1b[K\n";
  constexpr std::string_view rest_of_screen = "\x1b[J";
  OutBuffer frame;
  frame.append(home);
  frame.append(heading);
  frame.append(line_end);
  // The heading, a line that says what is missing, and the cursor's.
  std::size_t room = screen_rows() > 4 ? screen_rows() - 3 : 1;
  std::string_view rest = text.view();
  while (!rest.empty() && room > 0) {
    const std::size_t end = rest.find('\n');
    frame.append(rest.substr(0, end));
    frame.append(line_end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    --room;
  }
  std::size_t hidden = 0;
  for (const char c : rest) hidden += c == '\n' ? 1 : 0;
  if (hidden > 0) {
    frame.append("... " + std::to_string(hidden) + " more lines");
    frame.append(line_end);
  }
  frame.append(rest_of_screen);
  return write_stdout(frame);
}

}  // namespace kpipe::kgroups
