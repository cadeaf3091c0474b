// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace kpipe {

/// The tool without its main(): parses, works, returns the exit status. Throws Error.
int ksink_pg_main(int argc, const char* const* argv);

}  // namespace kpipe
