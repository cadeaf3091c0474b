// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <string>
#include <utility>

#include "common/base/append_file.hpp"
#include "tools/ksink-pg/rejects.hpp"

namespace kpipe {

/// --rejects file:PATH. On the disk before the transaction commits, so that none is lost: when the
/// process dies between the two, the record comes again and is there twice.
class RejectFile final : public RejectStore {
 public:
  explicit RejectFile(std::string path) : path_(std::move(path)) {}

  void open(PgConnection& connection, const Target& target) override;
  void put(PgConnection& connection, const Batch& batch, const std::vector<RefusedRow>& refusals,
           const std::string& sink) override;
  void committed() override { written_.clear(); }
  std::string name() const override { return "file " + path_; }

 private:
  std::string path_;
  std::string table_;
  std::optional<AppendFile> file_;
  std::set<std::string, std::less<>> written_;  ///< lines of a transaction that has not committed
};

}  // namespace kpipe
