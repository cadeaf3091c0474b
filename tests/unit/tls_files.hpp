// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "common/tls/fault.hpp"
#include "common/tls/key_file.hpp"

namespace kpipe::tls {

/// A file that tests/unit/tls_files/make has made.
inline std::string tls_path(const std::string& name) {
  return KPIPE_TLS_FILES "/" + name;
}
inline std::string tls_file(const std::string& name) {
  return read_key_file(tls_path(name)).reveal();
}

/// The cause, when `act` throws a Fault of this kind; a failed test otherwise.
inline std::string fault_of(Fault::Kind kind, const std::function<void()>& act) {
  try {
    act();
  } catch (const Fault& fault) {
    EXPECT_EQ(static_cast<int>(fault.kind()), static_cast<int>(kind)) << fault.what();
    return fault.what();
  }
  ADD_FAILURE() << "no fault";
  return {};
}

}  // namespace kpipe::tls
