// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace kpipe::stop {

/// Turns SIGINT and SIGTERM into a readable descriptor and ignores SIGPIPE (writers see EPIPE).
/// Call once, before any thread starts. The second SIGINT ends the process at once with status 130:
/// it must work when the program hangs, so it does not go through the event loop.
void install();

/// Readable once a signal has come; for poll(2). -1 before install().
int fd() noexcept;

/// Empties fd() so that poll(2) can wait again; requested() stays true.
void clear_fd() noexcept;

bool requested() noexcept;

/// From here on SIGHUP makes fd() readable too, and ends nothing. Call it after install().
void watch_hangup();

/// Whether SIGHUP has come since the last call.
bool take_hangup() noexcept;

}  // namespace kpipe::stop
