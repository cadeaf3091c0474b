// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace kpipe {

/// What an authorizer of Kafka may allow or not, in the words of kafka-acls.sh.
struct Right {
  std::string operation;  ///< Read, Describe, Delete
  std::string kind;       ///< topic, group
  std::string name;       ///< of the topic or the group

  std::string text() const;  ///< "READ on the topic orders"
};

/// The command by which an administrator gives the right to `user`; empty: the name is not known.
std::string grant(const Right& right, const std::string& user);

}  // namespace kpipe
