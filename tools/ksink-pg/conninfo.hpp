// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <string_view>

namespace kpipe {

struct FreeConninfo {
  void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
};
/// Owns a list of libpq's connection options.
using ConnectionOptions = std::unique_ptr<PQconninfoOption, FreeConninfo>;

/// A view into `options`; empty when it has no such option, or no value of it.
inline std::string_view value_of(const ConnectionOptions& options, std::string_view keyword) {
  for (const PQconninfoOption* o = options.get(); o != nullptr && o->keyword != nullptr; ++o) {
    if (keyword == o->keyword && o->val != nullptr) return o->val;
  }
  return {};
}

}  // namespace kpipe
