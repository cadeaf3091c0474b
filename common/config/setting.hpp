// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace kpipe {

/// What somebody said of a property of librdkafka, of one of ours, or of an option of kconsume.
struct Setting {
  std::string name;    ///< see canonical_name()
  std::string value;   ///< may be a reference, see reference.hpp
  std::string origin;  ///< for people: "-X", "KPIPE_BOOTSTRAP_SERVERS", "/etc/kpipe/config.toml:7"
  bool typed = false;  ///< it stands in the command line, which everybody on the machine can read
};

}  // namespace kpipe
