// SPDX-License-Identifier: Apache-2.0
#include "common/auth/token_file.hpp"

#include "common/auth/command.hpp"
#include "common/auth/token_answer.hpp"
#include "common/base/clock.hpp"
#include "common/base/error.hpp"
#include "common/base/fd.hpp"

namespace kpipe {

FetchToken token_from_file(const std::string& path, std::chrono::milliseconds otherwise) {
  return [path, otherwise](const std::atomic<bool>&) {
    const std::string where = "sasl.oauthbearer.token.file: " + path;
    std::string text;
    try {
      text = read_file(path);
    } catch (const Error& error) {
      throw Error(error.exit(), std::string("sasl.oauthbearer.token.file: ") + error.what());
    }
    const Secret kept(std::move(text));
    return parse_token(kept.reveal(), where, wall_clock_ms(), otherwise);
  };
}

FetchToken token_from_command(const std::string& command, std::chrono::milliseconds limit,
                              std::chrono::milliseconds otherwise) {
  return [=](const std::atomic<bool>& cancelled) {
    const std::string name = "sasl.oauthbearer.token.command";
    const Secret text = output_of(command, name, limit, cancelled);
    return parse_token(text.reveal(), name + ": its output", wall_clock_ms(), otherwise);
  };
}

}  // namespace kpipe
