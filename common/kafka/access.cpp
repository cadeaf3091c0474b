// SPDX-License-Identifier: Apache-2.0
#include "common/kafka/access.hpp"

#include <algorithm>
#include <cctype>

namespace kpipe {

std::string Right::text() const {
  std::string upper = operation;
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return upper + " on the " + kind + " " + name;
}

std::string grant(const Right& right, const std::string& user) {
  return "An administrator can allow it: kafka-acls.sh --add --allow-principal User:" +
         (user.empty() ? "NAME" : user) + " --operation " + right.operation + " --" + right.kind +
         " " + right.name;
}

}  // namespace kpipe
