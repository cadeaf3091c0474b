// SPDX-License-Identifier: Apache-2.0
// Java's keystores: files that come from elsewhere. The reader is asked for all that the bytes
// hold, and its answer must account for every one of them; stores and keys made here as Java makes
// them must open, with their password alone.
#include <openssl/evp.h>

#include <array>

#include "common/tls/fault.hpp"
#include "common/tls/jks.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using namespace kpipe::fuzz;
using kpipe::tls::Fault;
using kpipe::tls::JksEntry;

constexpr std::size_t kDigest = 20;
const kpipe::Secret kPassword("changeit");
const kpipe::Secret kOther("changeIt");
constexpr std::string_view kPasswordInUtf16("\0c\0h\0a\0n\0g\0e\0i\0t", 16);

std::string sha1(const std::string& text) {
  std::array<unsigned char, kDigest> digest{};
  EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha1(), nullptr);
  return {digest.begin(), digest.end()};
}

/// Nothing where the reader refuses.
bool read(std::string_view bytes, std::vector<JksEntry>& entries) {
  // Memory of exactly this size, so that AddressSanitizer sees one byte more.
  const std::unique_ptr<char[]> copy(new char[bytes.size()]);
  if (!bytes.empty()) std::memcpy(copy.get(), bytes.data(), bytes.size());
  try {
    entries = kpipe::tls::parse_jks({copy.get(), bytes.size()});
    return true;
  } catch (const Fault& fault) {
    require(fault.kind() == Fault::Kind::format && *fault.what() != '\0', "a refusal has a cause");
    return false;
  }
}

/// How many bytes these entries take in a store.
std::size_t size_of(const std::vector<JksEntry>& entries) {
  std::size_t size = 12 + kDigest;
  for (const JksEntry& entry : entries) {
    size += 4 + 2 + entry.alias.size() + 8;
    if (entry.is_key) size += 4 + entry.protected_key.size() + 4;
    for (const std::string& type : entry.types) size += 2 + type.size();
    for (const std::string& certificate : entry.certificates) size += 4 + certificate.size();
  }
  return size;
}

/// `key` as Java protects it (Sun's key protector), with the first bytes of `salt`.
std::string protect(const std::string& key, const std::string& salt) {
  const std::string password(kPasswordInUtf16);
  std::string octets = salt;
  std::string cover = salt;
  for (std::size_t at = 0; at < key.size(); ++at) {
    if (at % kDigest == 0) cover = sha1(password + cover);
    octets += static_cast<char>(key[at] ^ cover[at % kDigest]);
  }
  octets += sha1(password + key);
  const auto der = [](char tag, const std::string& text) {
    return std::string{tag, '\x82', static_cast<char>(text.size() >> 8),
                       static_cast<char>(text.size() & 0xFF)} +
           text;
  };
  const std::string algorithm("\x30\x0E\x06\x0A\x2B\x06\x01\x04\x01\x2A\x02\x11\x01\x01\x05\x00",
                              16);
  return der('\x30', algorithm + der('\x04', octets));
}

void expect_key(const std::string& text) {
  if (text.size() <= kDigest || text.size() > 4096) return;
  const std::string salt = text.substr(0, kDigest);
  const std::string key = text.substr(kDigest);
  const std::string guarded = protect(key, salt);
  require(kpipe::tls::open_jks_key(guarded, kPassword).reveal() == key, "a protected key opens",
          {key});
  try {
    kpipe::tls::open_jks_key(guarded, kOther);
    require(false, "a wrong password of a key is refused", {key});
  } catch (const Fault& fault) {
    require(fault.kind() == Fault::Kind::key_password, "a wrong password is said to be wrong");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(as_text(data, size));
  std::vector<JksEntry> entries;
  if (read(text, entries)) {
    require(size_of(entries) == text.size(), "every byte is accounted for", {text});
    require(!read(text + "x", entries), "a store with more behind it is refused", {text});
    require(!read(text.substr(0, text.size() - 1), entries), "a torn store is refused", {text});
    read(text, entries);
    for (const JksEntry& entry : entries) {
      require(entry.is_key || entry.certificates.size() == 1, "one certificate is trusted", {text});
      if (!entry.is_key) continue;
      try {
        kpipe::tls::open_jks_key(entry.protected_key, kPassword);
      } catch (const Fault&) {
      }
    }
    const std::string body = text.substr(0, text.size() - kDigest);
    const std::string closed =
        body + sha1(std::string(kPasswordInUtf16) + "Mighty Aphrodite" + body);
    require(kpipe::tls::jks_is_closed_with(closed, kPassword), "the right password opens", {text});
    require(!kpipe::tls::jks_is_closed_with(closed, kOther), "another does not", {text});
  }
  expect_key(text);
  try {
    kpipe::tls::open_jks_key(text, kPassword);
  } catch (const Fault&) {
  }
  return 0;
}
