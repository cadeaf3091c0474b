// SPDX-License-Identifier: Apache-2.0
#include "common/tls/jks.hpp"

#include <openssl/crypto.h>
#include <openssl/objects.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "common/tls/fault.hpp"
#include "common/tls/openssl_handles.hpp"

namespace kpipe::tls {
namespace {

constexpr std::string_view magic = "\xFE\xED\xFE\xED";
constexpr std::size_t digest_size = 20;  // SHA-1
using Digest = std::array<unsigned char, digest_size>;

Fault torn(const std::string& what) {
  return Fault(Fault::Kind::format, "the JKS store is torn: " + what);
}

/// Takes the fields of a text one after the other.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : rest_(bytes) {}

  std::string_view bytes(std::uint64_t size) {
    if (size > rest_.size()) throw torn("it ends too early");
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  std::uint32_t u32() { return number<4>(); }
  std::string text() { return std::string(bytes(number<2>())); }
  std::string blob() { return std::string(bytes(u32())); }
  bool empty() const noexcept { return rest_.empty(); }

 private:
  template <std::size_t size>
  std::uint32_t number() {
    std::uint32_t value = 0;
    for (const char c : bytes(size)) value = value << 8 | static_cast<unsigned char>(c);
    return value;
  }
  std::string_view rest_;
};

void take_certificate(Fields& fields, std::uint32_t version, JksEntry& entry) {
  if (version == 2) entry.types.push_back(fields.text());
  entry.certificates.push_back(fields.blob());
}

JksEntry take_entry(Fields& fields, std::uint32_t version) {
  constexpr std::uint32_t key = 1;
  constexpr std::uint32_t trusted = 2;
  constexpr std::size_t time_size = 8;
  const std::uint32_t kind = fields.u32();
  if (kind != key && kind != trusted) throw torn("an entry of kind " + std::to_string(kind));
  JksEntry entry;
  entry.is_key = kind == key;
  entry.alias = fields.text();
  fields.bytes(time_size);
  std::uint32_t count = 1;
  if (entry.is_key) {
    entry.protected_key = fields.blob();
    count = fields.u32();
  }
  for (; count > 0; --count) take_certificate(fields, version, entry);
  return entry;
}

/// The chars of a Java string, high byte first.
Secret utf16(std::string_view password) {
  std::string chars;
  chars.reserve(password.size() * 2);  // which no character exceeds: no copy is left behind
  const auto put = [&](std::uint32_t unit) {
    chars += static_cast<char>(unit >> 8);
    chars += static_cast<char>(unit & 0xFF);
  };
  while (!password.empty()) {
    const auto first = static_cast<unsigned char>(password.front());
    const std::size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    std::uint32_t point = length == 1 ? first : first & (0xFFU >> (length + 1));
    bool valid = length <= password.size() && (first < 0x80 || (first >= 0xC2 && first <= 0xF4));
    for (std::size_t i = 1; valid && i < length; ++i) {
      const auto next = static_cast<unsigned char>(password[i]);
      valid = (next & 0xC0U) == 0x80;
      point = point << 6 | (next & 0x3FU);
    }
    if (!valid || point > 0x10FFFF)
      throw Fault(Fault::Kind::store_password, "the password is not UTF-8");
    if (point >= 0x10000) {
      put(0xD800 + ((point - 0x10000) >> 10));
      put(0xDC00 + ((point - 0x10000) & 0x3FF));
    } else {
      put(point);
    }
    password.remove_prefix(length);
  }
  return Secret(std::move(chars));
}

Digest sha1(std::initializer_list<std::string_view> parts) {
  const OpenSslPtr<EVP_MD_CTX> context(EVP_MD_CTX_new());
  Digest digest{};
  bool done = context && EVP_DigestInit_ex(context.get(), EVP_sha1(), nullptr) == 1;
  for (const std::string_view part : parts)
    done = done && EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1;
  if (!done || EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) != 1)
    throw openssl_fault("JKS needs SHA-1, which OpenSSL does not give here");
  return digest;
}

std::string_view view(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

/// The octets of an EncryptedPrivateKeyInfo (RFC 5208) of Sun's key protector.
std::string protected_octets(const std::string& protected_key) {
  const unsigned char* bytes = as_bytes(protected_key);
  const OpenSslPtr<X509_SIG> info(
      d2i_X509_SIG(nullptr, &bytes, static_cast<long>(protected_key.size())));
  if (!info) throw openssl_fault("the private key in it cannot be read");
  const X509_ALGOR* algorithm = nullptr;
  const ASN1_OCTET_STRING* octets = nullptr;
  X509_SIG_get0(info.get(), &algorithm, &octets);
  const ASN1_OBJECT* id = nullptr;
  X509_ALGOR_get0(&id, nullptr, nullptr, algorithm);
  std::array<char, 80> name{};
  OBJ_obj2txt(name.data(), static_cast<int>(name.size()), id, 1);
  constexpr std::string_view sun_key_protector = "1.3.6.1.4.1.42.2.17.1.1";
  if (name.data() != sun_key_protector) {
    throw Fault(Fault::Kind::format,
                "the private key in it is protected in a way that only Java knows (" +
                    std::string(name.data()) + ")");
  }
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(octets)),
          static_cast<std::size_t>(ASN1_STRING_length(octets))};
}

}  // namespace

bool is_jks(std::string_view bytes) noexcept {
  return bytes.starts_with(magic);
}

std::vector<JksEntry> parse_jks(std::string_view bytes) {
  if (!is_jks(bytes)) throw Fault(Fault::Kind::format, "it is no JKS store");
  if (bytes.size() < digest_size) throw torn("it ends too early");
  Fields fields(bytes.substr(0, bytes.size() - digest_size));
  fields.bytes(magic.size());
  const std::uint32_t version = fields.u32();
  if (version != 1 && version != 2) {
    throw Fault(Fault::Kind::format,
                "a JKS store of version " + std::to_string(version) + "; known are 1 and 2");
  }
  std::vector<JksEntry> entries;
  for (std::uint32_t count = fields.u32(); count > 0; --count)
    entries.push_back(take_entry(fields, version));
  if (!fields.empty()) throw torn("there is more in it than it says");
  return entries;
}

bool jks_is_closed_with(std::string_view bytes, const Secret& password) {
  const std::size_t end = bytes.size() - digest_size;
  const Secret chars = utf16(password.reveal());
  const Digest digest = sha1({chars.reveal(), "Mighty Aphrodite", bytes.substr(0, end)});
  return CRYPTO_memcmp(digest.data(), bytes.data() + end, digest_size) == 0;
}

Secret open_jks_key(const std::string& protected_key, const Secret& password) {
  const std::string octets = protected_octets(protected_key);
  // A salt, the key, and the SHA-1 of password and key.
  if (octets.size() <= 2 * digest_size) throw torn("a private key ends too early");
  const Secret chars = utf16(password.reveal());
  std::string key = octets.substr(digest_size, octets.size() - 2 * digest_size);
  // Each 20 bytes are covered by the SHA-1 of the password and the 20 bytes of cover before.
  Digest cover{};
  std::copy_n(octets.begin(), digest_size, cover.begin());
  for (std::size_t at = 0; at < key.size(); ++at) {
    if (at % digest_size == 0) cover = sha1({chars.reveal(), view(cover)});
    key[at] = static_cast<char>(static_cast<unsigned char>(key[at]) ^ cover[at % digest_size]);
  }
  OPENSSL_cleanse(cover.data(), cover.size());
  const Digest digest = sha1({chars.reveal(), key});
  if (CRYPTO_memcmp(digest.data(), octets.data() + octets.size() - digest_size, digest_size) != 0)
    throw Fault(Fault::Kind::key_password, "the password of the key is wrong");
  return Secret(std::move(key));
}

}  // namespace kpipe::tls
