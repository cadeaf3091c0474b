// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/error.hpp"
#include "common/base/out_buffer.hpp"
#include "common/cli/output.hpp"

namespace kpipe::kgroups {

enum class Result { ok, warning, failed, skipped };

/// One line of `kgroups check`.
struct Step {
  std::string step;     ///< what was tried: resolve, connect, tls, login, api, advertised, ...
  std::string subject;  ///< on what: a broker's address, a topic, a group
  Result result = Result::ok;
  std::string detail;              ///< what was found
  std::string cause;               ///< why it failed, warns or was skipped
  std::string remedy;              ///< what to do about it
  Exit exit = Exit::ok;            ///< of a failed step
  std::optional<std::int64_t> ms;  ///< how long it took; absent: nothing was waited for
};

Step passed(const std::string& step, const std::string& subject, const std::string& detail);
Step warned(const std::string& step, const std::string& subject, const std::string& cause,
            const std::string& remedy);
Step failed(const std::string& step, const std::string& subject, Exit exit,
            const std::string& cause, const std::string& remedy);
Step skipped(const std::string& step, const std::string& subject, const std::string& cause);

/// The status of the first step that failed.
Exit status_of(const std::vector<Step>& steps);

/// {"step","subject","result","detail","cause","remedy","ms"}, null where there is nothing to say.
void append_steps(OutBuffer& out, const std::vector<Step>& steps, OutputFormat format,
                  bool colours);

}  // namespace kpipe::kgroups
