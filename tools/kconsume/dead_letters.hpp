// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/base/append_file.hpp"
#include "common/base/out_buffer.hpp"
#include "common/kafka/producer.hpp"
#include "common/wire/record.hpp"

namespace kpipe::kconsume {

/// A record that could not be decoded, and why.
struct DeadLetter {
  const KafkaRecord& record;  ///< as it came: its own bytes
  std::string_view part;      ///< "key" or "value"
  std::string reason;
  std::string format;  ///< that this part was said to have
  std::string group;
};

/// Where bad records are kept. What was put is stored once stored() says so, and not before: until
/// then nothing may be said to be done with that comes after it. After a crash a record may be
/// there twice.
class DeadLetters {
 public:
  virtual ~DeadLetters() = default;

  /// False: not now. serve() and put again.
  virtual bool put(const DeadLetter& letter) = 0;
  /// Makes progress without waiting for anybody but the disk. Throws Error.
  virtual void serve() = 0;
  virtual bool stored() const noexcept = 0;
  /// Readable when serve() may have something to do; -1: never.
  virtual int fd() const noexcept { return -1; }
  /// "topic orders-dead", "file bad.ndjson".
  virtual std::string name() const = 0;
};

/// A Kafka topic: the record as it was, with headers of its own behind those that it had:
/// kpipe.error.reason, .part, .format, .tool, kpipe.source.topic, .partition, .offset, .timestamp
/// (ms since the epoch) and, with a group, .group. Its timestamp is when it was put there: by its
/// own it could be deleted as too old at once.
class DeadLetterTopic final : public DeadLetters {
 public:
  DeadLetterTopic(ClientConfig config, const std::string& topic)
      : topic_(topic), producer_(std::move(config), topic) {}

  bool put(const DeadLetter& letter) override;
  void serve() override { producer_.serve(); }
  bool stored() const noexcept override { return producer_.unconfirmed() == 0; }
  int fd() const noexcept override { return producer_.fd(); }
  std::string name() const override { return "topic " + topic_; }

 private:
  std::string topic_;
  Producer producer_;
};

/// A file of record lines as -f raw writes them, with keys as bytes too and "error":{"reason",
/// "part","format"} behind the value. Appended to, and on the disk before it counts.
class DeadLetterFile final : public DeadLetters {
 public:
  /// Opens it, or makes it. Throws Error(io).
  explicit DeadLetterFile(const std::string& path);

  bool put(const DeadLetter& letter) override;
  void serve() override;
  bool stored() const noexcept override { return lines_.empty(); }
  std::string name() const override { return "file " + file_.path(); }

 private:
  AppendFile file_;
  RecordEncoder encoder_;
  OutBuffer lines_;  ///< not yet on the disk
};

}  // namespace kpipe::kconsume
