// SPDX-License-Identifier: Apache-2.0
// When one syncfs takes the place of many syncs.
#include "tools/ksink-file/disk_sync.hpp"

#include <gtest/gtest.h>

namespace kpipe {
namespace {

TEST(KsinkFileDiskSync, FewFilesAreSyncedOneByOne) {
  const auto folder = Folder::open(testing::TempDir());
  EXPECT_EQ(DiskSync(*folder).for_files(1), Syncing::each);
  EXPECT_EQ(DiskSync(*folder).for_files(63), Syncing::each);
}

/// What does not tell of errors, or is not known to, is not trusted with it.
TEST(KsinkFileDiskSync, OtherFileSystemsHaveTheirFilesSyncedOneByOne) {
  const auto folder = Folder::open("/proc");
  EXPECT_EQ(DiskSync(*folder).for_files(1'000'000), Syncing::each);
}

}  // namespace
}  // namespace kpipe
