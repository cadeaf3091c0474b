// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/out_buffer.hpp"
#include "common/wire/json_check.hpp"
#include "common/wire/json_reader.hpp"

namespace kpipe {

enum class Decoded {
  ok,
  bad,     ///< the bytes are not what they are said to be
  waiting  ///< for a schema: to be asked again, with the same bytes
};

/// Turns the bytes of a key or of a value into one JSON value without line breaks. Each column of a
/// run has its own. For one thread.
class PayloadDecoder {
 public:
  virtual ~PayloadDecoder() = default;
  PayloadDecoder() = default;
  PayloadDecoder(const PayloadDecoder&) = delete;
  PayloadDecoder& operator=(const PayloadDecoder&) = delete;

  /// Appends to `out`. Unless ok, it may have appended a part, which the caller cuts off. Throws
  /// Error only for what ends the run, such as a registry that refuses us.
  virtual Decoded decode(std::string_view topic, std::string_view bytes, OutBuffer& out) = 0;

  /// Why the last one was bad, for people: "is not valid JSON", "schema 7: field total: ends inside
  /// a string". It follows "the value" or "the key".
  const std::string& reason() const noexcept { return reason_; }
  /// What the reader could do about it, as a sentence; may be empty.
  const std::string& remedy() const noexcept { return remedy_; }

  /// Whether an object that decode() appends has fields of the producer's own, and is not our way
  /// of writing bytes.
  virtual bool has_fields() const noexcept { return true; }

 protected:
  Decoded bad(std::string reason, std::string remedy = {}) {
    reason_ = std::move(reason);
    remedy_ = std::move(remedy);
    return Decoded::bad;
  }

 private:
  std::string reason_;
  std::string remedy_;
};

/// JSON: checked (RFC 8259, valid UTF-8) and copied, never printed anew.
class JsonPayload final : public PayloadDecoder {
 public:
  Decoded decode(std::string_view topic, std::string_view bytes, OutBuffer& out) override;

 private:
  JsonChecker checker_;
};

/// Text: a JSON string, or {"base64":"..."} where it is not UTF-8.
class TextPayload final : public PayloadDecoder {
 public:
  bool has_fields() const noexcept override { return false; }
  Decoded decode(std::string_view topic, std::string_view bytes, OutBuffer& out) override;
};

/// Bytes: always {"base64":"..."}.
class RawPayload final : public PayloadDecoder {
 public:
  bool has_fields() const noexcept override { return false; }
  Decoded decode(std::string_view topic, std::string_view bytes, OutBuffer& out) override;
};

/// Takes the payload out of Kafka Connect's JSON with schemas, {"schema":...,"payload":...}
/// (JsonConverter with schemas.enable=true).
class UnwrapPayload final : public PayloadDecoder {
 public:
  /// `inner` makes the JSON. What is not wrapped is bad, or with `optional` left as it is.
  explicit UnwrapPayload(std::unique_ptr<PayloadDecoder> inner, bool optional = false)
      : inner_(std::move(inner)), optional_(optional) {}

  Decoded decode(std::string_view topic, std::string_view bytes, OutBuffer& out) override;

 private:
  std::unique_ptr<PayloadDecoder> inner_;
  bool optional_;
  JsonReader reader_;
  std::vector<JsonField> fields_;
};

enum class ValueFormat { json, string, raw };

std::unique_ptr<PayloadDecoder> make_payload(ValueFormat format);

}  // namespace kpipe
