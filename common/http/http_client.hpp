// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "common/base/secret.hpp"

namespace kpipe {

struct HttpHeader {
  std::string name;
  std::string value;
};

struct HttpRequest {
  enum class Method { get, post, put };

  Method method = Method::get;
  std::string url;
  std::vector<HttpHeader> headers;
  std::string body;
};

struct HttpResponse {
  int status = 0;
  std::string body;
  std::chrono::seconds retry_after{0};  ///< what Retry-After asks for; 0: nothing

  bool ok() const noexcept { return status >= 200 && status < 300; }
};

struct HttpOptions {
  /// File or folder of certificates (PEM) in place of the system's, which SSL_CERT_FILE and
  /// SSL_CERT_DIR name, as for OpenSSL.
  std::string ca_location;
  std::string ca_pem;  ///< the same as text; wins
  /// The property that sets them, for messages.
  std::string ca_property = "https.ca.location";
  /// Our certificate, and those that lead to it, with its key, not encrypted: PEM. Empty: none.
  std::string certificate_pem;
  Secret key_pem;
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds timeout{10'000};  ///< for a request in all
  std::size_t max_body = std::size_t{1} << 20;
  /// Whether http_proxy, https_proxy and no_proxy of the environment count.
  bool proxy = true;
};

/// An HTTP client for small answers: token servers, schema registries, metadata endpoints. Speaks
/// http and https (TLS 1.2 or newer, certificates and host names checked), follows no redirect, and
/// keeps its connection for the next request. For one thread at a time.
class HttpClient {
 public:
  explicit HttpClient(HttpOptions options);
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;

  /// Blocks for the time limit at most, and for a second at most once `*cancelled` is true. Any
  /// status is an answer. Throws Error without one, `what failed: cause` with the address as
  /// shown_url() has it: unavailable (no connection, no answer in time), no_permission (TLS
  /// refused), config (an address that is none, CA certificates that cannot be read, an answer
  /// larger than max_body).
  HttpResponse send(const HttpRequest& request, const std::atomic<bool>* cancelled = nullptr);

 private:
  struct Handle;

  HttpOptions options_;
  std::unique_ptr<Handle> handle_;
};

}  // namespace kpipe
