// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "common/kafka/diagnosis.hpp"

namespace kpipe {

/// What the Kerberos library says, in a connection's failure or by kinit(1), means and what helps.
/// Both take their words from MIT's tables of messages (krb5_err.et, k5e1_err.et). What is not
/// known is repeated, with status 77. Pure.
Diagnosis diagnose_kerberos(std::string_view words);

/// The words of the Kerberos library alone: without the prefixes of librdkafka, Cyrus SASL and
/// GSSAPI, or those of kinit(1).
std::string kerberos_words(std::string_view text);

}  // namespace kpipe
