// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace kpipe {

/// kconsume without its error handling: an exit status, or Error.
int kconsume_main(int argc, const char* const* argv);

}  // namespace kpipe
