// SPDX-License-Identifier: Apache-2.0
// What most files include of the standard library, parsed once; see folder_library.cmake.
// Third-party headers do not belong here: CLI11's, for one, then cost every file seconds.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>
