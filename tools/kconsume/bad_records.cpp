// SPDX-License-Identifier: Apache-2.0
#include "tools/kconsume/bad_records.hpp"

#include "common/base/log.hpp"
#include "common/schema/framing.hpp"
#include "common/wire/json_text.hpp"

namespace kpipe::kconsume {
namespace {

/// Enough of a payload to recognise it by.
constexpr std::size_t kShown = 60;

std::string where(const KafkaRecord& record) {
  return std::string(record.topic) + "[" + std::to_string(record.partition) + "]@" +
         std::to_string(record.offset);
}

std::string shown(std::string_view bytes) {
  OutBuffer text;
  append_json_bytes(text, bytes.substr(0, kShown));
  return std::string(text.view());
}

}  // namespace

void BadRecords::open(Client& client) {
  if (options_.bad_data != BadData::dlq) return;
  if (!options_.dlq_file.empty()) {
    letters_ = std::make_unique<DeadLetterFile>(options_.dlq_file);
    return;
  }
  // Asked by the consumer's client: a producer's question makes brokers create the topic.
  client.partitions(options_.dlq_topic, "Write");
  letters_ = std::make_unique<DeadLetterTopic>(ClientConfig("kconsume", options_.connection),
                                               options_.dlq_topic);
}

void BadRecords::count_read() {
  if (++read_in_batch_ < options_.batch_size) return;
  read_in_batch_ = bad_in_batch_ = 0;
}

std::string BadRecords::format_of(std::string_view part) const {
  return name_of(part == "key" ? options_.format.key : options_.format.value);
}

void BadRecords::stop(const std::string& place, const std::string& cause,
                      const std::string& remedy) {
  failure_.emplace(Exit::data, place + ": " + cause + (remedy.empty() ? "" : ". " + remedy));
}

BadRecords::Verdict BadRecords::judge(const KafkaRecord& record, const RecordEncoder& encoder) {
  const std::string_view part = encoder.bad_part();
  const std::string_view bytes = (part == "key" ? record.key : record.value).value_or("");
  const std::string format = format_of(part);
  std::string reason = encoder.reason();
  if (format == "json") reason += guess_framing(bytes);
  const std::string cause = "the " + std::string(part) + " " + reason + ": " + shown(bytes);
  if (options_.bad_data == BadData::fail) {
    stop(where(record), cause,
         encoder.remedy() + (encoder.remedy().empty() ? "" : "; ") +
             "to go on without it: --bad-data skip or dlq");
    return Verdict::stop;
  }
  if (options_.max_errors_per_batch && bad_in_batch_ >= *options_.max_errors_per_batch) {
    stop(where(record),
         cause + ": one more than --max-errors-per-batch " +
             std::to_string(*options_.max_errors_per_batch) + " allows among " +
             std::to_string(options_.batch_size) + " records",
         encoder.remedy());
    return Verdict::stop;
  }
  if (letters_ && !letters_->put({record, part, reason, format, options_.group}))
    return Verdict::wait;
  ++bad_in_batch_;
  ++passed_;
  if (letters_) {
    log::info(where(record) + ": put aside: " + cause);
  } else {
    log::warning(where(record) + ": skipped: " + cause);
  }
  return Verdict::pass;
}

void BadRecords::serve() {
  if (letters_) letters_->serve();
}

void BadRecords::sum_up() const {
  if (passed_ == 0) return;
  const std::string count = std::to_string(passed_) + (passed_ == 1 ? " record" : " records");
  log::notice(letters_ ? count + " put aside as bad data: " + letters_->name()
                       : count + " skipped as bad data");
}

}  // namespace kpipe::kconsume
