// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/error.hpp"

namespace kpipe {

// What failed connections mean and what helps. Pure: nothing is asked of anybody here.

/// security.protocol and sasl.mechanism as librdkafka has them.
struct Security {
  std::string protocol;  ///< plaintext, ssl, sasl_plaintext, sasl_ssl; in any case of letters
  std::string mechanism;

  bool tls() const;
  bool sasl() const;
};

/// Whether to try again.
enum class Retry {
  helps,     ///< brokers restart, networks come back
  doubtful,  ///< a broker that is just stopping looks the same; not when it happens again
  useless,   ///< the next attempt meets the same end
};

struct Diagnosis {
  std::string step;  ///< resolve, connect, tls, login, api
  Exit exit = Exit::ok;
  std::string cause;
  std::string remedy;
  Retry retry = Retry::helps;
};

/// What librdkafka's account of a failed contact means (see Contact::failure). `certificate_error`
/// is X509_V_ERR_* of the certificate that was refused, 0: none; `shown`: the broker showed one.
Diagnosis diagnose_contact(const std::string& failure, const Security& security,
                           int certificate_error, bool shown, std::chrono::milliseconds timeout);

/// getaddrinfo(3)'s failure for a listed broker; no code: no answer within `timeout`.
Diagnosis diagnose_name(std::optional<int> code, std::chrono::milliseconds timeout);

/// The errno of a connect(2); ETIMEDOUT also when our own `timeout` was over.
Diagnosis diagnose_connect(int error, std::chrono::milliseconds timeout);

/// What helps when a broker cannot be reached where the cluster says it is. `here`: the broker that
/// said so is on this machine.
std::string remedy_for_advertised(std::string_view host, bool here);

}  // namespace kpipe
