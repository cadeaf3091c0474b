// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/kafka/client.hpp"

namespace kpipe {

/// A broker as Kafka advertises it to clients.
struct Broker {
  std::int32_t id = -1;
  std::string host;
  int port = 0;
  std::string rack;  ///< where it is known, see describe_cluster()
};

/// A certificate that a broker showed us.
struct ShownCertificate {
  std::string der;
  int depth = 0;  ///< 0: the broker's own; above: of an authority
  int error = 0;  ///< what is wrong with it, X509_V_ERR_*; 0: nothing
};

/// What the first contact with one broker came to.
struct Contact {
  bool reached = false;  ///< TLS, login and the first requests went well
  std::string cluster_id;
  std::vector<Broker> brokers;  ///< of the whole cluster, by id

  /// librdkafka's own words of what went wrong, without names of threads and brokers, such as
  /// "SSL handshake failed: ... (after 3ms in state SSL_HANDSHAKE)". Empty: no answer in time.
  std::string failure;
  /// The broker's own or the first that is not trusted. Absent without TLS, and where
  /// enable.ssl.certificate.verification=false.
  std::optional<ShownCertificate> certificate;
};

/// Connects to the one broker of `config` the way every client does: TLS, ApiVersions, login,
/// Metadata. Ends at the first failure that is final; blocks for the timeout of `config` at most.
/// Throws Error(config) when librdkafka refuses the configuration, such as a certificate file that
/// is not there.
Contact make_contact(ClientConfig config);

}  // namespace kpipe
