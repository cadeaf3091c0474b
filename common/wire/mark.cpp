// SPDX-License-Identifier: Apache-2.0
#include "common/wire/mark.hpp"

#include <vector>

#include "common/wire/json_reader.hpp"

namespace kpipe {

void append_line(OutBuffer& out, const Mark& mark) {
  out.append("{\"mark\":");
  append_checkpoint(out, mark.upto, mark.flush ? ",\"flush\":true" : ",\"flush\":false");
  out.append("}\n");
}

bool parse_mark(std::string_view line, Mark& mark) {
  mark = Mark{};
  OutBuffer text;
  text.append(line);
  JsonReader reader;
  std::vector<JsonField> fields;
  if (!reader.object(text.view(), fields)) return false;
  for (const JsonField& field : fields) {
    if (field.name != "mark") continue;
    std::vector<JsonField> members;
    const JsonText body = field.value;
    if (!reader.object(body.raw, members)) return false;
    for (const JsonField& member : members) {
      if (member.name == "flush")
        mark.flush = member.value.kind == JsonKind::boolean && member.value.raw == "true";
    }
    return CheckpointReader::from_fields(members, mark.upto).empty();
  }
  return false;
}

}  // namespace kpipe
