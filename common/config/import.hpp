// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/config/setting.hpp"

namespace kpipe {

/// The settings of a file that another client uses, by kpipe's names.
struct Import {
  std::vector<Setting> settings;
  /// "FILE:LINE: NAME" of what means nothing to kpipe: classes of Java, what a sink's
  /// acknowledgements decide (enable.auto.commit). For the log.
  std::vector<std::string> ignored;
  bool literal_secret = false;  ///< a secret stands in the file itself
};

/// `path` tells the kind: what ends in ".properties" is Java's client.properties, with the login in
/// sasl.jaas.config; all else is kcat.conf. Relative paths of files are taken from the folder of
/// `path`. Throws Error(config) with file and line; no message repeats a value.
Import parse_import(std::string_view text, const std::string& path);

/// Reads it. Throws Error(config): as above, and when the file is not there, or a secret stands in
/// it and others may read it.
Import import_file(const std::string& path);

}  // namespace kpipe
