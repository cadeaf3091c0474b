// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "tools/ksink-file/data_file.hpp"
#include "tools/ksink-file/file_state.hpp"

namespace kpipe {

/// Makes the data file what its checkpoint says, after a run that may have been killed: bytes
/// behind the stored length belong to a batch that was never acknowledged and are cut off. Returns
/// how many. After a run that closed the file there are none: then they are foreign.
///
/// Cuts only a file that is proven ours: the same inode, at least as long, and with the recorded
/// digest before the stored length. Throws Error(data) otherwise, with what differs and the two
/// ways on.
std::uint64_t cut_to_checkpoint(DataFile& file, const FileState& state);

}  // namespace kpipe
