// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "common/schema/json_schema_learn.hpp"
#include "common/schema/registry.hpp"
#include "common/wire/record.hpp"
#include "tools/kconsume/options.hpp"

namespace kpipe::kconsume {

/// Where schemas come from, and what stands before payloads that name theirs.
struct Registry {
  std::unique_ptr<SchemaRegistry> schemas;  ///< null: none
  Framing framing = Framing::none;
};

/// The registry that the options name, if a format needs one. Speaks to nobody yet. Throws
/// Error(usage, config).
Registry make_registry(const Options& options);

/// What turns records into lines. Reads files of schemas: throws Error(io, config). `learner`,
/// which is shown the values, may be null; both must outlive it.
RecordEncoder make_encoder(const Options& options, const Registry& registry,
                           JsonSchemaLearner* learner);

}  // namespace kpipe::kconsume
