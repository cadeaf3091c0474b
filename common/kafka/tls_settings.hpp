// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/kafka/client.hpp"

namespace kpipe {

/// Serves the properties of TLS: reads and checks every file that they name, and hands librdkafka
/// what is in it. Does nothing unless security.protocol is SSL or SASL_SSL.
///
///   whom we trust   ssl.ca.location (a file or folder), ssl.ca.pem and ssl.truststore.*, all of
///                   them together; none: the system's authorities
///   who we are      ssl.certificate.* with ssl.key.*, or ssl.keystore.*
///
/// PEM may stand in the value of any of them. Warns, once a process, when brokers are not verified
/// or our certificate expires soon. Throws Error(config) naming property, origin and file.
void apply_tls(ClientConfig& config);

}  // namespace kpipe
