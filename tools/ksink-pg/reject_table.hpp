// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tools/ksink-pg/pg.hpp"
#include "tools/ksink-pg/rejects.hpp"
#include "tools/ksink-pg/target.hpp"

namespace kpipe {

/// --rejects table:NAME, in the transaction of the batch: each once. Made with the first of them,
/// if it is not there.
class RejectTable final : public RejectStore {
 public:
  RejectTable(QualifiedName name, bool may_create);

  void open(PgConnection& connection, const Target& target) override;
  void put(PgConnection& connection, const Batch& batch, const std::vector<RefusedRow>& refusals,
           const std::string& sink) override;
  void committed() override { created_ = false; }
  void rolled_back() override;
  std::string name() const override { return "table " + table_.display(); }

 private:
  std::string statement(const PgConnection& connection, const Batch& batch,
                        const std::vector<RefusedRow>& refusals, const std::string& sink,
                        bool ascii) const;

  QualifiedName given_;
  bool may_create_;
  Target table_;
  std::string target_;    ///< the table that refused them
  bool created_ = false;  ///< in the transaction that is open
};

}  // namespace kpipe
