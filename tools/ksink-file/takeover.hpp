// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "tools/ksink-file/folder.hpp"
#include "tools/ksink-file/manifest.hpp"

namespace kpipe {

// A process that is stopped (SIGSTOP, a frozen VM) while it stores keeps its partition's lock, and
// may go on at any time, in the middle of any call. To take the partition from it:
// 1. A new folder takes the name of the partition's in one step (RENAME_EXCHANGE), with a note in
// it
//    where the old one is. From here on what the other process writes goes to a folder that nobody
//    reads; it cannot give files their names any more, as it finds these by the folder's name and
//    an epoch that is another now (Publisher); and before it acknowledges, it looks.
// 2. Who gets the new folder's lock copies what the old manifest says, parts up to their stored
//    lengths, then the manifest, and removes note and folder. When it dies, the next begins again.

/// Step 1. `stuck` is the folder that is called `name` now. False when the file system cannot do
/// it. Holds the lock of `state` meanwhile, and does nothing when another instance was first.
bool take_over(const Folder& state, const std::string& name, const Folder& stuck);

/// The name of the old folder when step 2 is due.
std::optional<std::string> taken_from(const Folder& folder);

/// Step 2, with the lock of `folder`. What `folder` is the successor of is in `from`.
void finish_takeover(const Folder& state, const Folder& folder, const std::string& from);

/// Removes what takeovers have left that were killed, or whose stopped process went on just then:
/// empty folders that no partition has.
void remove_leftovers(const Folder& state);

}  // namespace kpipe
