// SPDX-License-Identifier: Apache-2.0
#include "common/kafka/contact.hpp"

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <string_view>
#include <utility>

#include "common/base/log.hpp"
#include "common/base/out_buffer.hpp"
#include "common/base/parse.hpp"
#include "common/base/stop.hpp"
#include "common/wire/json_reader.hpp"

namespace kpipe {
namespace {

using Clock = std::chrono::steady_clock;

/// "host:port" as librdkafka writes it, without brackets.
Broker to_broker(std::int32_t id, std::string_view address) {
  const std::size_t colon = address.rfind(':');
  const auto port =
      colon == std::string_view::npos ? std::nullopt : parse_int(address.substr(colon + 1));
  return {id, std::string(address.substr(0, colon)), static_cast<int>(port.value_or(0)), {}};
}

/// The brokers in librdkafka's statistics (its STATISTICS.md) that the cluster has told of.
std::vector<Broker> brokers_in(std::string_view statistics) {
  std::string padded(statistics);
  padded.append(OutBuffer::kPadding, '\0');
  JsonReader reader;
  std::vector<JsonField> members;
  std::vector<JsonField> entries;
  std::vector<JsonField> fields;
  std::vector<Broker> brokers;
  reader.object(std::string_view(padded).substr(0, statistics.size()), members);
  const auto list = std::find_if(members.begin(), members.end(),
                                 [](const JsonField& one) { return one.name == "brokers"; });
  if (list == members.end()) return brokers;
  reader.object(list->value.raw, entries);
  for (const JsonField& entry : entries) {
    reader.object(entry.value.raw, fields);
    std::int64_t id = -1;
    std::string_view address;
    for (const JsonField& field : fields) {
      if (field.name == "nodeid") id = json_int(field.value).value_or(-1);
      if (field.name == "nodename") address = plain_string(field.value).value_or("");
    }
    // The one that we named has no id until the cluster has told it.
    if (id >= 0) brokers.push_back(to_broker(static_cast<std::int32_t>(id), address));
  }
  std::sort(brokers.begin(), brokers.end(),
            [](const Broker& a, const Broker& b) { return a.id < b.id; });
  return brokers;
}

/// What librdkafka's threads report while we wait.
class Witness {
 public:
  void attach(rd_kafka_conf_t* conf) {
    rd_kafka_conf_set_opaque(conf, this);
    rd_kafka_conf_set_log_cb(conf, &Witness::on_log);
    rd_kafka_conf_set_ssl_cert_verify_cb(conf, &Witness::on_certificate);
    rd_kafka_conf_set_stats_cb(conf, &Witness::on_statistics);
  }

  /// Whether there is nothing more to wait for. A broker may hang up once it has told of the
  /// others: what was heard before a failure must have had its time to come in.
  bool over() {
    const std::lock_guard lock(mutex_);
    if (!brokers_.empty()) return true;
    if (!final_failure()) return false;
    if (failure_.find("in state UP") == std::string::npos) return true;
    if (!reports_at_failure_) reports_at_failure_ = reports_;
    return reports_ >= *reports_at_failure_ + 2;
  }

  void tell(Contact& contact) const {
    const std::lock_guard lock(mutex_);
    contact.reached = !brokers_.empty();
    contact.brokers = brokers_;
    if (!contact.reached) contact.failure = failure_;
    contact.certificate = certificate_;
  }

 private:
  /// Another attempt would meet the same end. But a name may have several addresses, of which
  /// librdkafka tries one after the other.
  bool final_failure() const {
    return !failure_.empty() && failure_.find("in state CONNECT") == std::string::npos;
  }

  static void on_log(const rd_kafka_t* handle, int, const char* facility, const char* text) {
    log::debug(std::string("librdkafka: ") + facility + ": " + text);
    auto* const self = static_cast<Witness*>(rd_kafka_opaque(handle));
    if (self == nullptr || std::string_view(facility) != "FAIL") return;
    // "[thrd:...]: plaintext://host:port/bootstrap: what went wrong". Others are of brokers that
    // the cluster advertises: whether they can be reached is another question.
    constexpr std::string_view mark = "/bootstrap: ";
    std::string_view words = text;
    const std::size_t at = words.find(mark);
    if (at == std::string_view::npos) return;
    words.remove_prefix(at + mark.size());
    const std::lock_guard lock(self->mutex_);
    // What follows a final failure is noise of the next attempt.
    if (!self->final_failure()) self->failure_ = words;
  }

  static int on_statistics(rd_kafka_t*, char* json, std::size_t size, void* opaque) {
    auto* const self = static_cast<Witness*>(opaque);
    std::vector<Broker> brokers = brokers_in({json, size});
    const std::lock_guard lock(self->mutex_);
    ++self->reports_;
    self->brokers_ = std::move(brokers);
    return 0;  // librdkafka frees the text
  }

  static int on_certificate(rd_kafka_t*, const char*, std::int32_t broker, int* error, int depth,
                            const char* der, std::size_t size, char* reason,
                            std::size_t reason_size, void* opaque) {
    auto* const self = static_cast<Witness*>(opaque);
    const std::lock_guard lock(self->mutex_);
    // Called from the authority down to the broker's own; ends at the first that is refused. The
    // broker that we named has no id yet; others do not count.
    if (broker < 0 && (!self->certificate_ || self->certificate_->error == 0))
      self->certificate_ = {std::string(der, size), depth, *error};
    if (reason_size > 0) reason[0] = '\0';
    return *error == 0 ? 1 : 0;
  }

  mutable std::mutex mutex_;
  std::string failure_;
  std::optional<ShownCertificate> certificate_;
  std::vector<Broker> brokers_;
  std::uint64_t reports_ = 0;  ///< statistics that came in
  std::optional<std::uint64_t> reports_at_failure_;
};

}  // namespace

Contact make_contact(ClientConfig config) {
  const Clock::time_point end = Clock::now() + config.options().timeout;
  // It connects at once and asks for the brokers by itself. What it has learned is in its
  // statistics; to ask for it would need a broker that can be reached where the cluster says.
  config.set("enable.sparse.connections", "false");
  constexpr int report_ms = 25;
  config.set("statistics.interval.ms", std::to_string(report_ms));
  Witness witness;
  witness.attach(config.get());
  const KafkaInstance handle(std::move(config), RD_KAFKA_PRODUCER);

  Contact contact;
  while (!witness.over() && !stop::requested() && Clock::now() < end)
    rd_kafka_poll(handle.get(), report_ms);
  witness.tell(contact);
  if (contact.reached) {
    // It came with the brokers: nothing is asked for here.
    char* const id = rd_kafka_clusterid(handle.get(), 0);
    if (id != nullptr) contact.cluster_id = id;
    std::free(id);
  }
  return contact;
}

}  // namespace kpipe
