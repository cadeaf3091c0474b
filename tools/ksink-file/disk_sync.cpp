// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-file/disk_sync.hpp"

#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

namespace kpipe {
namespace {

/// linux/magic.h. Others may be as good, but: overlayfs hides the errors of the file system below
/// it, FUSE may never ask its server, NFS and CIFS have servers of which nothing is known.
constexpr std::array<unsigned long, 3> kKnown{
    0xEF53,      // ext4
    0x58465342,  // XFS
    0x9123683E,  // Btrfs
};

bool kernel_reports_errors() {
  utsname name{};
  int major = 0;
  int minor = 0;
  if (::uname(&name) != 0 || std::sscanf(name.release, "%d.%d", &major, &minor) != 2) return false;
  return major > 5 || (major == 5 && minor >= 8);
}

/// A seccomp filter may forbid it.
bool is_allowed() {
  return ::syncfs(-1) != 0 && errno == EBADF;
}

bool is_known(const Folder& folder) {
  struct statfs about {};
  return ::fstatfs(folder.fd(), &about) == 0 &&
         std::find(kKnown.begin(), kKnown.end(), static_cast<unsigned long>(about.f_type)) !=
             kKnown.end();
}

}  // namespace

DiskSync::DiskSync(const Folder& folder)
    : folder_(folder), works_(kernel_reports_errors() && is_known(folder) && is_allowed()) {}

void DiskSync::sync() const {
  folder_.sync_file_system();
}

}  // namespace kpipe
