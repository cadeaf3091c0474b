// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace kpipe {

/// The tool behind its main(): parses, stores stdin, says what it did. Returns the exit status;
/// throws Error.
int ksink_file_main(int argc, const char* const* argv);

}  // namespace kpipe
