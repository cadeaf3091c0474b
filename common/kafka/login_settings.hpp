// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "common/auth/token_source.hpp"

namespace kpipe {

class ClientConfig;
struct ConnectionOptions;

/// What the login of a connection keeps: shared by the copies of its ConnectionOptions, so that all
/// clients of a process use one token.
class LoginState {
 public:
  /// The source that `make` makes when it is asked for the first time.
  std::shared_ptr<TokenSource> tokens(const std::function<FetchToken()>& make,
                                      RefreshSchedule schedule);
  /// A warning, once.
  void warn(const std::string& text);

 private:
  std::mutex mutex_;
  std::shared_ptr<TokenSource> tokens_;
  bool warned_ = false;
};

/// How a client logs in by OAUTHBEARER: its tokens, and what goes along with them to the broker
/// (RFC 7628 3.1).
struct TokenLogin {
  std::shared_ptr<TokenSource> source;
  std::vector<std::pair<std::string, std::string>> extensions;
};

/// Checks that what the user said of the login fits together, before anything connects, and puts
/// what is kpipe's own (AWS_MSK_IAM, tokens) into librdkafka's terms. Opens nothing. Throws Error:
/// usage for what is missing, config for what is wrong; warns of a login that others can read.
void apply_login(ClientConfig& config);

}  // namespace kpipe
