// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace kpipe {

/// The tool behind its main(). Returns the exit status; throws Error.
int kgroups_main(int argc, const char* const* argv);

}  // namespace kpipe
