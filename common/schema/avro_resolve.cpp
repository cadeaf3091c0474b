// SPDX-License-Identifier: Apache-2.0
#include "common/schema/avro_resolve.hpp"

#include <map>
#include <set>
#include <utility>

#include "common/base/out_buffer.hpp"
#include "common/schema/avro_decode.hpp"
#include "common/schema/avro_default.hpp"
#include "common/schema/avro_match.hpp"
#include "common/wire/json_text.hpp"

namespace kpipe {
namespace {

using Kind = AvroOp::Kind;

/// Far above what people write; two hostile schemas could match each other's types in all pairs.
constexpr std::size_t max_ops = 1'000'000;
/// The same for the texts that defaults become, each and together.
constexpr std::size_t max_default_text = std::size_t{1} << 20;

std::string json_string(std::string_view text) {
  OutBuffer out;
  append_json_string(out, text);
  return std::string(out.view());
}

class Resolver {
 public:
  explicit Resolver(AvroOutput output) : output_(output) {}

  AvroProgram run(const AvroNode& writer, const AvroNode& reader) {
    program_.root = resolve(writer, reader);
    // Records wait in a queue: a chain of names may be longer than a stack is deep.
    while (!records_.empty()) {
      const Record next = records_.back();
      records_.pop_back();
      resolve_record(next);
    }
    for (const Default& value : defaults_) render(value);
    return std::move(program_);
  }

 private:
  struct Record {
    std::uint32_t op;
    const AvroNode* writer;
    const AvroNode* reader;
  };
  struct Default {
    std::uint32_t record;
    const AvroField* field;
    std::uint32_t op;  ///< decodes the field's type
    bool last;
  };

  std::uint32_t add(AvroOp op) {
    if (program_.ops.size() >= max_ops)
      throw AvroSchemaError("the schemas have more than 1,000,000 pairs of types to match");
    program_.ops.push_back(std::move(op));
    return static_cast<std::uint32_t>(program_.ops.size() - 1);
  }
  std::uint32_t add(Kind kind, const AvroNode& writer) {
    AvroOp op;
    op.kind = kind;
    op.size = writer.size;
    op.min_size = writer.min_size;
    return add(std::move(op));
  }
  std::uint32_t fail(std::string reason) {
    AvroOp op;
    op.kind = Kind::fail;
    op.text = std::move(reason);
    return add(std::move(op));
  }

  std::uint32_t resolve(const AvroNode& writer, const AvroNode& reader) {
    if (writer.type == AvroType::union_) {
      const std::uint32_t op = add(Kind::union_, writer);
      std::vector<std::uint32_t> branches;
      for (const AvroNode* branch : writer.inner) branches.push_back(resolve(*branch, reader));
      program_.ops[op].branches = std::move(branches);
      return op;
    }
    if (reader.type == AvroType::union_) {
      const AvroNode* branch = avro_branch(writer, reader);
      if (branch == nullptr)
        return fail("no branch of the reader's union takes " + writer.describe());
      return labelled(*branch, resolve(writer, *branch));
    }
    if (std::string reason = avro_mismatch(writer, reader); !reason.empty()) return fail(reason);
    if (!writer.is_named()) return unnamed(writer, reader);
    const auto [known, is_new] = named_.try_emplace({&writer, &reader}, 0);
    if (is_new) known->second = named(writer, reader);
    return known->second;
  }

  std::uint32_t labelled(const AvroNode& branch, std::uint32_t inner) {
    if (output_ == AvroOutput::plain || branch.type == AvroType::null) return inner;
    AvroOp op;
    op.kind = Kind::label;
    op.text = "{" + json_string(branch.branch_name()) + ":";
    op.inner = inner;
    op.min_size = program_.ops[inner].min_size;
    return add(std::move(op));
  }

  std::uint32_t unnamed(const AvroNode& writer, const AvroNode& reader) {
    switch (writer.type) {
      case AvroType::null:
        return add(Kind::null, writer);
      case AvroType::boolean:
        return add(Kind::boolean, writer);
      case AvroType::int_:
      case AvroType::long_:
        return number(writer, reader);
      case AvroType::float_:
        return add(reader.type == AvroType::double_ ? Kind::float_as_double : Kind::float_, writer);
      case AvroType::double_:
        return add(Kind::double_, writer);
      case AvroType::array:
      case AvroType::map: {
        const Kind kind = writer.type == AvroType::map ? Kind::map : Kind::array;
        const std::uint32_t op = add(kind, writer);
        const std::uint32_t inner = resolve(*writer.inner.front(), *reader.inner.front());
        program_.ops[op].inner = inner;
        return op;
      }
      default:
        return text_or_bytes(writer, reader);
    }
  }

  AvroLogical logical(const AvroNode& writer, const AvroNode& reader) const {
    if (output_ == AvroOutput::avro_json || reader.logical == AvroLogical::none)
      return AvroLogical::none;
    const bool same_kind = (writer.type == AvroType::string) == (reader.type == AvroType::string);
    return writer.logical != AvroLogical::none && same_kind ? writer.logical : reader.logical;
  }

  std::uint32_t number(const AvroNode& writer, const AvroNode& reader) {
    const bool wide = writer.type == AvroType::long_;
    const std::uint32_t index = add(wide ? Kind::long_ : Kind::int_, writer);
    AvroOp& op = program_.ops[index];
    op.wide = wide;
    const auto set = [&](Kind kind, std::uint8_t digits) {
      op.kind = kind;
      op.digits = digits;
    };
    switch (logical(writer, reader)) {
      case AvroLogical::date:
        set(Kind::date, 0);
        break;
      case AvroLogical::time_millis:
        set(Kind::time, 3);
        break;
      case AvroLogical::time_micros:
        set(Kind::time, 6);
        break;
      case AvroLogical::timestamp_millis:
        set(Kind::timestamp, 3);
        break;
      case AvroLogical::timestamp_micros:
        set(Kind::timestamp, 6);
        break;
      case AvroLogical::timestamp_nanos:
        set(Kind::timestamp, 9);
        break;
      case AvroLogical::local_timestamp_millis:
        set(Kind::local_timestamp, 3);
        break;
      case AvroLogical::local_timestamp_micros:
        set(Kind::local_timestamp, 6);
        break;
      case AvroLogical::local_timestamp_nanos:
        set(Kind::local_timestamp, 9);
        break;
      default:
        break;
    }
    return index;
  }

  std::uint32_t text_or_bytes(const AvroNode& writer, const AvroNode& reader) {
    if (reader.type == AvroType::string) return add(Kind::string, writer);
    const AvroLogical meaning = logical(writer, reader);
    if (meaning == AvroLogical::big_decimal) return add(Kind::big_decimal, writer);
    if (meaning == AvroLogical::decimal) {
      const std::uint32_t op = add(Kind::decimal_bytes, writer);
      program_.ops[op].number = reader.scale;
      return op;
    }
    return add(output_ == AvroOutput::plain ? Kind::bytes : Kind::bytes_latin1, writer);
  }

  std::uint32_t named(const AvroNode& writer, const AvroNode& reader) {
    if (writer.type == AvroType::enum_) return enumeration(writer, reader);
    if (writer.type == AvroType::record) {
      const std::uint32_t op = add(Kind::record, writer);
      records_.push_back({op, &writer, &reader});
      return op;
    }
    switch (logical(writer, reader)) {
      case AvroLogical::decimal: {
        const std::uint32_t op = add(Kind::decimal_fixed, writer);
        program_.ops[op].number =
            writer.logical == AvroLogical::decimal ? writer.scale : reader.scale;
        return op;
      }
      case AvroLogical::uuid:
        return add(Kind::uuid_fixed, writer);
      case AvroLogical::duration:
        return add(Kind::duration, writer);
      default:
        return add(output_ == AvroOutput::plain ? Kind::fixed : Kind::fixed_latin1, writer);
    }
  }

  std::uint32_t enumeration(const AvroNode& writer, const AvroNode& reader) {
    const std::uint32_t op = add(Kind::enum_, writer);
    const std::set<std::string_view> known(reader.symbols.begin(), reader.symbols.end());
    for (const std::string& symbol : writer.symbols) {
      std::string text;
      if (known.contains(symbol)) {
        text = json_string(symbol);
      } else if (reader.default_symbol) {
        text = json_string(reader.symbols[*reader.default_symbol]);
      }
      program_.ops[op].symbols.push_back(std::move(text));
    }
    program_.ops[op].text = reader.name;
    return op;
  }

  void resolve_record(const Record& record) {
    const std::vector<const AvroField*> targets = avro_fields(*record.writer, *record.reader);
    std::vector<AvroOp::Step> steps;
    bool first = true;
    for (std::size_t i = 0; i < targets.size(); ++i) {
      const AvroField& written = record.writer->fields[i];
      AvroOp::Step step;
      step.name = targets[i] == nullptr ? written.name : targets[i]->name;
      if (targets[i] == nullptr) {
        step.op = resolve(*written.type, *written.type);
      } else {
        step.before = member(step.name, std::exchange(first, false));
        step.op = resolve(*written.type, *targets[i]->type);
      }
      steps.push_back(std::move(step));
    }
    std::vector<Default> missing;
    const std::set<const AvroField*> filled(targets.begin(), targets.end());
    for (const AvroField& field : record.reader->fields) {
      if (filled.contains(&field)) continue;
      if (!field.default_value) {
        become_failure(record.op, "the writer's " + record.writer->describe() + " lacks " +
                                      field.name + ", for which the reader has no default");
        return;
      }
      missing.push_back({record.op, &field, resolve(*field.type, *field.type), false});
    }
    AvroOp& op = program_.ops[record.op];
    op.steps = std::move(steps);
    if (missing.empty()) {
      op.text = first ? "{}" : "}";
    } else {
      missing.back().last = true;
      op.text = first ? "{" : ",";
      defaults_.insert(defaults_.end(), missing.begin(), missing.end());
    }
  }

  static std::string member(std::string_view name, bool first) {
    return (first ? "{" : ",") + json_string(name) + ":";
  }

  void become_failure(std::uint32_t op, std::string reason) {
    program_.ops[op] = AvroOp{};
    program_.ops[op].kind = Kind::fail;
    program_.ops[op].text = std::move(reason);
  }

  /// Appends a field with its default to what closes the record. Defaults become binary and are
  /// decoded, when all that decodes them is there; what they consist of needs no defaults.
  void render(const Default& value) {
    if (program_.ops[value.record].kind == Kind::fail) return;
    std::string binary;
    std::string reason =
        encode_avro_default(*value.field->default_value, *value.field->type, binary);
    OutBuffer text;
    if (reason.empty()) {
      AvroDecoder decoder(max_default_text);
      const std::uint32_t root = std::exchange(program_.root, value.op);
      if (!decoder.decode(program_, binary, text)) reason = decoder.reason();
      program_.root = root;
    }
    default_text_ += text.size();
    if (default_text_ > max_default_text) reason = "is one of more than 1 MiB of defaults";
    if (!reason.empty()) {
      become_failure(value.record, "the reader's default of " + value.field->name + " " + reason);
      return;
    }
    std::string& close = program_.ops[value.record].text;
    close += json_string(value.field->name) + ":";
    close += text.view();
    close += value.last ? '}' : ',';
  }

  AvroOutput output_;
  AvroProgram program_;
  std::map<std::pair<const AvroNode*, const AvroNode*>, std::uint32_t> named_;
  std::vector<Record> records_;
  std::vector<Default> defaults_;
  std::size_t default_text_ = 0;
};

}  // namespace

AvroProgram resolve_avro(const AvroSchema& writer, const AvroSchema& reader, AvroOutput output) {
  return Resolver(output).run(writer.root(), reader.root());
}

}  // namespace kpipe
