// SPDX-License-Identifier: Apache-2.0
#include "tools/kgroups/check_step.hpp"

#include "tools/kgroups/json_fields.hpp"

namespace kpipe::kgroups {
namespace {

const char* name_of(Result result) {
  switch (result) {
    case Result::ok:
      return "ok";
    case Result::warning:
      return "warning";
    case Result::failed:
      return "failed";
    case Result::skipped:
      break;
  }
  return "skipped";
}

Table::Tone tone_of(Result result) {
  return result == Result::failed    ? Table::Tone::alarm
         : result == Result::warning ? Table::Tone::warning
                                     : Table::Tone::plain;
}

Step make_step(const std::string& name, const std::string& subject, Result result) {
  Step step;
  step.step = name;
  step.subject = subject;
  step.result = result;
  return step;
}

}  // namespace

Step passed(const std::string& step, const std::string& subject, const std::string& detail) {
  Step result = make_step(step, subject, Result::ok);
  result.detail = detail;
  return result;
}

Step warned(const std::string& step, const std::string& subject, const std::string& cause,
            const std::string& remedy) {
  Step result = make_step(step, subject, Result::warning);
  result.cause = cause;
  result.remedy = remedy;
  return result;
}

Step failed(const std::string& step, const std::string& subject, Exit exit,
            const std::string& cause, const std::string& remedy) {
  Step result = make_step(step, subject, Result::failed);
  result.exit = exit;
  result.cause = cause;
  result.remedy = remedy;
  return result;
}

Step skipped(const std::string& step, const std::string& subject, const std::string& cause) {
  Step result = make_step(step, subject, Result::skipped);
  result.cause = cause;
  return result;
}

Exit status_of(const std::vector<Step>& steps) {
  for (const Step& step : steps) {
    if (step.result == Result::failed) return step.exit;
  }
  return Exit::ok;
}

void append_steps(OutBuffer& out, const std::vector<Step>& steps, OutputFormat format,
                  bool colours) {
  if (format == OutputFormat::ndjson) {
    for (const Step& step : steps) {
      out.append('{');
      JsonFields(out)
          .text("step", step.step)
          .text("subject", step.subject)
          .text("result", name_of(step.result))
          .text_or_null("detail", step.detail)
          .text_or_null("cause", step.cause)
          .text_or_null("remedy", step.remedy)
          .number("ms", step.ms);
      out.append("}\n");
    }
    return;
  }
  Table table({{"STEP"}, {"SUBJECT"}, {"RESULT"}, {"MS", Table::Align::right}, {"DETAIL"}});
  for (const Step& step : steps) {
    std::string detail = step.detail;
    if (!step.cause.empty()) detail += (detail.empty() ? "" : "; ") + step.cause;
    table.add_row({step.step, step.subject, name_of(step.result),
                   step.ms ? std::to_string(*step.ms) : "", detail},
                  tone_of(step.result));
  }
  table.append_to(out, colours);
}

}  // namespace kpipe::kgroups
