// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.hpp"
#include "common/base/log.hpp"
#include "common/kafka/said_properties.hpp"
#include "common/tls/fault.hpp"
#include "common/tls/store.hpp"

namespace kpipe {

/// Writes a line to the log unless this process has written it before: a tool makes several clients
/// with the same settings.
void say_once(log::Level level, const std::string& text);

/// Who we are, as PEM.
struct TlsIdentity {
  std::string chain_pem;
  Secret key_pem;  ///< not encrypted
};

/// What the properties of TLS name: reads and checks every file. PEM may stand in the value of any
/// of them. Throws Error(config) naming property, origin and file; warns when our certificate
/// expires soon.
class TlsMaterial {
 public:
  /// `prefix` stands before each name: "schema.registry." for the registry's properties, nothing
  /// for the brokers'. Keeps a reference to `said`.
  explicit TlsMaterial(const SaidProperties& said, std::string prefix = {})
      : said_(said), prefix_(std::move(prefix)) {}

  /// The file or folder of ssl.ca.location; empty: none. A file has been looked at.
  std::string trusted_place() const;
  /// PEM of all others whom we trust: ssl.ca.pem, ssl.truststore.*, PEM in ssl.ca.location.
  std::string trusted() const;
  /// ssl.certificate.* with ssl.key.*, or ssl.keystore.*.
  std::optional<TlsIdentity> identity() const;

 private:
  /// What a property gave, and where it stands, for messages: "-X: ssl.ca.location: ca.pem".
  struct Material {
    Secret bytes;
    std::string where;
  };

  bool given(const std::string& name) const { return !said_.secret(prefix_ + name).empty(); }
  const Secret& secret(const std::string& name) const { return said_.secret(prefix_ + name); }
  std::string value(const std::string& name) const { return said_.value(prefix_ + name); }
  std::string origin(const std::string& name) const { return said_.origin(prefix_ + name); }
  std::string where(const std::string& name) const { return origin(name) + ": " + prefix_ + name; }

  template <typename Read>
  auto read(const std::string& name, const std::string& store, Read checked) const;
  std::string remedy(const tls::Fault& fault, const std::string& store) const;
  std::vector<std::string> read_ca(const std::string& name) const;
  std::vector<std::string> read_pem(const Material& material, const std::string& store) const;
  void require_pem(const Material& material, const std::string& store) const;
  std::string read_truststore() const;
  void compare_kind(const Material& material, const std::string& store) const;
  std::string only_one(const std::vector<std::string>& names, const std::string& what) const;
  tls::Identity read_keystore() const;
  tls::Identity read_certificate_and_key(const std::string& certificate,
                                         const std::string& key) const;
  static void check_dates(const Material& material, const std::string& der);

  const SaidProperties& said_;
  const std::string prefix_;
};

}  // namespace kpipe
