// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace kpipe {

/// The properties that kpipe knows: librdkafka's and its own (is_own_property()).
std::vector<std::string> property_names();

/// A table for people of all of them, and of the other names that they go by.
std::string property_list();

}  // namespace kpipe
