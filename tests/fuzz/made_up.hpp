// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fuzzer/FuzzedDataProvider.h>

#include <limits>
#include <string>

#include "common/wire/checkpoint.hpp"
#include "tests/fuzz/reference_json.hpp"

namespace kpipe::fuzz {

/// Values made up from the fuzzer's bytes, for what kpipe itself writes and reads back.
class MadeUp {
 public:
  MadeUp(const std::uint8_t* data, std::size_t size) : input_(data, size) {}

  bool more() { return input_.remaining_bytes() > 0; }
  bool flag() { return input_.ConsumeBool(); }
  int below(int n) { return input_.ConsumeIntegralInRange(0, n - 1); }
  std::string bytes(std::size_t most = 64) { return input_.ConsumeRandomLengthString(most); }
  std::uint64_t any64() { return input_.ConsumeIntegral<std::uint64_t>(); }
  std::int64_t from_zero_to(std::int64_t most) {
    return input_.ConsumeIntegralInRange<std::int64_t>(0, most);
  }

  /// Valid UTF-8.
  std::string text() {
    std::string all = bytes();
    while (!is_utf8(all)) all.pop_back();
    return all;
  }
  /// What Kafka allows for a topic.
  std::string topic() {
    constexpr std::string_view allowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    std::string name = bytes(16);
    for (char& c : name) c = allowed[static_cast<unsigned char>(c) % allowed.size()];
    return name.empty() ? "t" : name;
  }
  TopicPartition topic_partition() {
    const auto partition = from_zero_to(std::numeric_limits<std::int32_t>::max());
    return {topic(), static_cast<std::int32_t>(partition)};
  }
  Checkpoint checkpoint() {
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    TopicPartition tp = topic_partition();
    const std::int64_t offset = from_zero_to(most);
    const std::int64_t generation = flag() ? from_zero_to(most) : 0;
    return {std::move(tp), offset, generation, flag() ? topic() : ""};
  }

 private:
  FuzzedDataProvider input_;
};

}  // namespace kpipe::fuzz
