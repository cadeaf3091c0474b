// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace google::protobuf {
class Descriptor;
}

namespace kpipe {

/// Messages nest no deeper, as with Google's own parsers.
inline constexpr int kMaxProtoNesting = 100;

/// The first place where bytes are not a message of the type: "lines[3].total: ends inside the
/// value". libprotobuf says only that there is one. Empty when there is none.
std::string find_proto_fault(const google::protobuf::Descriptor& type, std::string_view bytes);

}  // namespace kpipe
