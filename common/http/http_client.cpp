// SPDX-License-Identifier: Apache-2.0
#include "common/http/http_client.hpp"

#include <curl/curl.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <string_view>

#include "common/base/error.hpp"
#include "common/base/log.hpp"
#include "common/base/secret.hpp"
#include "common/http/percent.hpp"

namespace kpipe {
namespace {

struct CurlDeleter {
  void operator()(CURL* curl) const noexcept { curl_easy_cleanup(curl); }
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};
using CurlEasy = std::unique_ptr<CURL, CurlDeleter>;
using CurlList = std::unique_ptr<curl_slist, CurlDeleter>;

/// librdkafka does it too: it counts.
void init_once() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
      throw Error(Exit::software, "libcurl: could not be initialised");
  });
}

template <typename Value>
void set(CURL* curl, CURLoption option, Value value) {
  const CURLcode code = curl_easy_setopt(curl, option, value);
  if (code != CURLE_OK)
    throw Error(Exit::software, std::string("libcurl: ") + curl_easy_strerror(code));
}

struct Body {
  std::string text;
  std::size_t limit;
  bool too_large = false;
};

std::size_t on_body(char* data, std::size_t one, std::size_t size, void* opaque) {
  auto* const body = static_cast<Body*>(opaque);
  body->too_large = body->text.size() + one * size > body->limit;
  if (body->too_large) return 0;
  body->text.append(data, one * size);
  return one * size;
}

int on_progress(void* opaque, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const auto* const cancelled = static_cast<const std::atomic<bool>*>(opaque);
  return cancelled->load() ? 1 : 0;
}

/// A handshake fails as well when the other side goes away in the middle of it: libcurl has no code
/// of its own for that. And a server of TLS 1.3 refuses our certificate only when we read.
Exit exit_of(CURLcode code, std::string_view reason) {
  const auto says = [&](std::string_view words) { return reason.find(words) != reason.npos; };
  if (code == CURLE_SSL_CONNECT_ERROR && (says("SSL_connect: ") || says("unexpected eof")))
    return Exit::unavailable;
  if ((code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR) && says(" alert "))
    return Exit::no_permission;
  switch (code) {
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CIPHER:
      return Exit::config;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_ISSUER_ERROR:
      return Exit::no_permission;
    default:
      return Exit::unavailable;
  }
}

std::string remedy_of(CURLcode code, const std::string& ca_property) {
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
      return ". Name the certificate of its authority (" + ca_property +
             "), and the host as its certificate does";
    case CURLE_SSL_CACERT_BADFILE:
      return ". Check " + ca_property;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
      return ". An address begins with https:// or http://";
    default:
      return {};
  }
}

/// libcurl has a file and a folder of its own to trust, and takes what it is given for one of them
/// as an addition to the other.
void trust_only(CURL* curl, const char* place) {
  std::error_code ignored;
  const bool folder = std::filesystem::is_directory(place, ignored);
  set(curl, CURLOPT_CAPATH, folder ? place : nullptr);
  set(curl, CURLOPT_CAINFO, folder ? nullptr : place);
}

/// With nothing named, the system's; OpenSSL's variables say where these are, for Kafka's
/// connections too, and libcurl does not look at them.
void trust(CURL* curl, const HttpOptions& options) {
  const char* const file = std::getenv("SSL_CERT_FILE");
  const char* const folder = std::getenv("SSL_CERT_DIR");
  if (!options.ca_pem.empty()) {
    curl_blob blob{const_cast<char*>(options.ca_pem.data()), options.ca_pem.size(), CURL_BLOB_COPY};
    set(curl, CURLOPT_CAINFO_BLOB, &blob);
    set(curl, CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  } else if (!options.ca_location.empty()) {
    trust_only(curl, options.ca_location.c_str());
  } else {
    if (file != nullptr && *file != '\0') set(curl, CURLOPT_CAINFO, file);
    if (folder != nullptr && *folder != '\0') set(curl, CURLOPT_CAPATH, folder);
  }
}

/// Of the blobs libcurl keeps no copy: they are in `options`, which stay.
void identify(CURL* curl, const HttpOptions& options) {
  if (options.certificate_pem.empty()) return;
  const auto blob = [](const std::string& text) {
    return curl_blob{const_cast<char*>(text.data()), text.size(), CURL_BLOB_NOCOPY};
  };
  curl_blob certificate = blob(options.certificate_pem);
  curl_blob key = blob(options.key_pem.reveal());
  set(curl, CURLOPT_SSLCERT_BLOB, &certificate);
  set(curl, CURLOPT_SSLKEY_BLOB, &key);
}

const char* name_of(HttpRequest::Method method) {
  switch (method) {
    case HttpRequest::Method::get:
      return "GET";
    case HttpRequest::Method::post:
      return "POST";
    case HttpRequest::Method::put:
      return "PUT";
  }
  return "";
}

}  // namespace

struct HttpClient::Handle {
  std::array<char, CURL_ERROR_SIZE> reason;  ///< libcurl may write to it as long as `easy` lives
  CurlEasy easy;
};

HttpClient::HttpClient(HttpOptions options) : options_(std::move(options)) {
  init_once();
  handle_ = std::make_unique<Handle>(Handle{{}, CurlEasy(curl_easy_init())});
  if (!handle_->easy) throw Error(Exit::software, "libcurl: no handle");
}

HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;

HttpResponse HttpClient::send(const HttpRequest& request, const std::atomic<bool>* cancelled) {
  CURL* const curl = handle_->easy.get();
  curl_easy_reset(curl);  // keeps connections
  std::array<char, CURL_ERROR_SIZE>& reason = handle_->reason;
  reason[0] = '\0';
  Body body{{}, options_.max_body, false};

  set(curl, CURLOPT_ERRORBUFFER, reason.data());
  set(curl, CURLOPT_NOSIGNAL, 1L);  // there are other threads
  set(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  set(curl, CURLOPT_FOLLOWLOCATION, 0L);
  set(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(curl, CURLOPT_URL, request.url.c_str());
  set(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout.count()));
  set(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(options_.timeout.count()));
  set(curl, CURLOPT_WRITEFUNCTION, &on_body);
  set(curl, CURLOPT_WRITEDATA, static_cast<void*>(&body));
  if (cancelled != nullptr) {
    set(curl, CURLOPT_NOPROGRESS, 0L);
    set(curl, CURLOPT_XFERINFOFUNCTION, &on_progress);
    set(curl, CURLOPT_XFERINFODATA, const_cast<std::atomic<bool>*>(cancelled));
  }
  if (!options_.proxy) set(curl, CURLOPT_PROXY, "");
  trust(curl, options_);
  identify(curl, options_);
  if (request.method != HttpRequest::Method::get) {
    set(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set(curl, CURLOPT_POSTFIELDS, request.body.data());
    set(curl, CURLOPT_CUSTOMREQUEST, name_of(request.method));
  }
  CurlList headers;
  const auto add = [&](std::string line) {
    curl_slist* const longer = curl_slist_append(headers.get(), line.c_str());
    wipe(line);
    if (longer == nullptr) throw Error(Exit::software, "libcurl: out of memory");
    headers.release();
    headers.reset(longer);
  };
  add("Expect:");  // a small body need not be announced
  for (const HttpHeader& header : request.headers) add(header.name + ": " + header.value);
  set(curl, CURLOPT_HTTPHEADER, headers.get());

  const CURLcode code = curl_easy_perform(curl);
  const std::string where = shown_url(request.url) + ": ";
  if (body.too_large) {
    throw Error(Exit::config, where + "the answer is larger than " +
                                  std::to_string(options_.max_body) + " bytes");
  }
  if (code != CURLE_OK) {
    const std::string cause = reason[0] != '\0' ? reason.data() : curl_easy_strerror(code);
    throw Error(exit_of(code, cause), where + cause + remedy_of(code, options_.ca_property));
  }
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  curl_off_t retry_after_s = 0;
  curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after_s);
  log::debug(std::string("http: ") + name_of(request.method) + " " + shown_url(request.url) + ": " +
             std::to_string(status));
  return {static_cast<int>(status), std::move(body.text), std::chrono::seconds(retry_after_s)};
}

}  // namespace kpipe
