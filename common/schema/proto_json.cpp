// SPDX-License-Identifier: Apache-2.0
#include "common/schema/proto_json.hpp"

#include <algorithm>

#include "common/base/log.hpp"
#include "common/schema/proto_print.hpp"
#include "common/schema/proto_transcode.hpp"

namespace kpipe {
namespace {

/// Of one schema; hostile records could name millions.
constexpr std::size_t kMaxSaid = 20;

}  // namespace

ProtoJson::ProtoJson(std::shared_ptr<const ProtoSchema> schema, bool original_names)
    : schema_(std::move(schema)),
      transcoder_(std::make_unique<ProtoTranscoder>(*schema_, original_names)),
      printer_(std::make_unique<ProtoPrinter>(*schema_, original_names)) {}

ProtoJson::~ProtoJson() = default;

bool ProtoJson::write(const google::protobuf::Descriptor& type, std::string_view bytes,
                      OutBuffer& out) {
  unknown_.clear();
  if (&type != last_type_) {
    last_plan_ = &transcoder_->plan(type);
    last_type_ = &type;
  }
  const std::size_t start = out.size();
  if (!transcoder_->write(*last_plan_, bytes, out, unknown_)) {
    out.truncate(start);
    unknown_.clear();
    if (!printer_->print(type, bytes, out, unknown_)) return false;
  }
  if (!unknown_.empty()) say_left_out();
  return true;
}

const std::string& ProtoJson::fault() const noexcept {
  return printer_->fault();
}

void ProtoJson::say_left_out() {
  left_out_ += unknown_.size();
  for (const UnknownField& field : unknown_) {
    if (said_.size() > kMaxSaid) return;
    const auto same = [&](const UnknownField& said) {
      return said.message == field.message && said.number == field.number;
    };
    if (std::any_of(said_.begin(), said_.end(), same)) continue;
    said_.push_back(field);
    if (said_.size() > kMaxSaid) {
      log::warning(field.message->file()->name() + ": more fields that the schema does not know");
      return;
    }
    log::warning(field.message->full_name() + ": field " + std::to_string(field.number) +
                 " is not in the schema: left out of the JSON, in this record and in others. "
                 "Give a newer schema to see it");
  }
}

}  // namespace kpipe
