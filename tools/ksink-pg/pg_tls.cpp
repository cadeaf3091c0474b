// SPDX-License-Identifier: Apache-2.0
#include "tools/ksink-pg/pg_tls.hpp"

#include <arpa/inet.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "tools/ksink-pg/conninfo.hpp"

namespace kpipe {
namespace {

std::string_view take_item(std::string_view& list) {
  const std::string_view item = list.substr(0, list.find(','));
  list.remove_prefix(std::min(list.size(), item.size() + 1));
  return item;
}

bool is_local(const std::string& host) {
  if (host.empty() || host.front() == '/' || host.front() == '@' || host == "localhost")
    return true;
  in_addr v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  return inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

/// The distribution's file of CAs, empty if there is none.
std::string system_authorities() {
  const char* const named = std::getenv("SSL_CERT_FILE");
  for (const char* file :
       {named != nullptr ? named : "", "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"}) {
    if (*file != '\0' && ::access(file, R_OK) == 0) return file;
  }
  return {};
}

/// libpq's own place for them.
bool has_own_authorities() {
  const char* const home = std::getenv("HOME");
  return home != nullptr &&
         ::access((std::string(home) + "/.postgresql/root.crt").c_str(), F_OK) == 0;
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + part.size())) {
    ++found;
  }
  return found;
}

}  // namespace

bool stays_on_this_machine(std::string_view hosts, std::string_view addresses) {
  do {
    const std::string_view host = take_item(hosts);
    const std::string_view address = take_item(addresses);
    if (!is_local(std::string(address.empty() ? host : address))) return false;
  } while (!hosts.empty() || !addresses.empty());
  return true;
}

void set_tls_defaults(const std::string& dsn) {
  const ConnectionOptions given(PQconninfoParse(dsn.c_str(), nullptr));
  // PQconndefaults reads the service that PGSERVICE names, but takes no connection string.
  if (const std::string service(value_of(given, "service")); !service.empty())
    ::setenv("PGSERVICE", service.c_str(), /*overwrite=*/1);
  ConnectionOptions others(PQconndefaults());
  const auto effective = [&](const char* keyword) {
    const std::string_view own = value_of(given, keyword);
    return std::string(own.empty() ? value_of(others, keyword) : own);
  };
  if (stays_on_this_machine(effective("host"), effective("hostaddr"))) return;
  ::setenv("PGSSLMODE", "verify-full", /*overwrite=*/0);
  others.reset(PQconndefaults());
  if (effective("sslmode") != "verify-full" || !effective("sslrootcert").empty() ||
      has_own_authorities()) {
    return;
  }
  if (const std::string file = system_authorities(); !file.empty())
    ::setenv("PGSSLROOTCERT", file.c_str(), /*overwrite=*/1);
}

bool is_tls_refusal(std::string_view message) {
  constexpr std::array<std::string_view, 5> refusals{
      "SSL error: certificate verify failed", "does not match host name",
      "server does not support SSL, but SSL was required",
      "host name must be specified for a verified SSL connection", "root certificate file"};
  std::size_t refused = 0;
  for (const std::string_view part : refusals) refused += count(message, part);
  return refused > 0 && refused >= count(message, "connection to server ");
}

}  // namespace kpipe
