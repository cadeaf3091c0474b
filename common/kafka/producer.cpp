// SPDX-License-Identifier: Apache-2.0
#include "common/kafka/producer.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>

namespace kpipe {
namespace {

ClientConfig prepared(ClientConfig config,
                      void (*on_delivery)(rd_kafka_t*, const rd_kafka_message_t*, void*)) {
  config.set("acks", "all");
  config.set("enable.idempotence", "true", true);
  // Until it is stored: to give up would be to lose it, or to end a run for a broker's restart.
  config.set("message.timeout.ms", "0");
  // How large a record may be the topic says (max.message.bytes), and it means a whole batch.
  config.set("batch.size", "65536", true);
  config.set("message.max.bytes", "1000000000", true);
  rd_kafka_conf_set_dr_msg_cb(config.get(), on_delivery);
  return config;
}

const void* bytes_of(const std::optional<std::string_view>& text) {
  // An empty key is not the same as none.
  static const char empty = '\0';
  if (!text) return nullptr;
  return text->empty() ? &empty : text->data();
}

}  // namespace

Producer::Producer(ClientConfig config, std::string topic)
    : topic_(std::move(topic)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      client_(prepared(std::move(config), &Producer::on_delivery), RD_KAFKA_PRODUCER, this) {
  if (!wake_) throw system_error("eventfd", errno);
  queue_.reset(rd_kafka_queue_get_main(client_.get()));
  const std::uint64_t one = 1;
  rd_kafka_queue_io_event_enable(queue_.get(), wake_.get(), &one, sizeof one);
}

Producer::~Producer() {
  rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
}

bool Producer::send(const OutgoingRecord& record) {
  std::vector<rd_kafka_vu_t> arguments(5);
  arguments[0].vtype = RD_KAFKA_VTYPE_TOPIC;
  arguments[0].u.cstr = topic_.c_str();
  arguments[1].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  arguments[1].u.i = RD_KAFKA_MSG_F_COPY;
  const auto set = [](rd_kafka_vu_t& to, rd_kafka_vtype_t type,
                      const std::optional<std::string_view>& bytes) {
    to.vtype = type;
    to.u.mem.ptr = const_cast<void*>(bytes_of(bytes));  // librdkafka copies it
    to.u.mem.size = bytes ? bytes->size() : 0;
  };
  set(arguments[2], RD_KAFKA_VTYPE_KEY, record.key);
  set(arguments[3], RD_KAFKA_VTYPE_VALUE, record.value);
  rd_kafka_headers_t* const headers = rd_kafka_headers_new(record.headers.size());
  for (const OutgoingRecord::Header& header : record.headers) {
    rd_kafka_header_add(headers, header.name.data(), static_cast<ssize_t>(header.name.size()),
                        bytes_of(header.value),
                        header.value ? static_cast<ssize_t>(header.value->size()) : 0);
  }
  arguments[4].vtype = RD_KAFKA_VTYPE_HEADERS;
  arguments[4].u.headers = headers;
  const RdKafkaPtr<rd_kafka_error_t> error(
      rd_kafka_produceva(client_.get(), arguments.data(), arguments.size()));
  if (!error) {
    ++unconfirmed_;
    return true;
  }
  rd_kafka_headers_destroy(headers);  // ours until it was taken
  const rd_kafka_resp_err_t code = rd_kafka_error_code(error.get());
  if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) return false;
  throw refusal(code, rd_kafka_error_string(error.get()));
}

void Producer::serve() {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t n = ::read(wake_.get(), &count, sizeof count);
  rd_kafka_poll(client_.get(), 0);
  if (failed_ == RD_KAFKA_RESP_ERR_NO_ERROR) return;
  char reason[512] = "";
  const rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(client_.get(), reason, sizeof reason);
  throw refusal(fatal == RD_KAFKA_RESP_ERR_NO_ERROR ? failed_ : fatal, reason);
}

void Producer::on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
  auto& self = *static_cast<Producer*>(static_cast<Client*>(opaque)->owner());
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    --self.unconfirmed_;
  } else {
    self.failed_ = message->err;
  }
}

Error Producer::refusal(rd_kafka_resp_err_t code, const std::string& text) {
  if (code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
    return Error(Exit::data,
                 topic_ +
                     ": a record with its headers is larger than the topic takes. Raise its "
                     "max.message.bytes");
  }
  return client_.error(topic_, code, text, {"Write", "topic", topic_});
}

}  // namespace kpipe
