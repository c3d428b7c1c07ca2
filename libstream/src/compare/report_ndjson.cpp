#include <utility>

#include "report_base.hpp"
#include "report_code.hpp"
#include "report_json.hpp"

namespace stream {
namespace {

Json side_json(const ItemRef& item, const std::string& pointer, const ShownValue& value, const Difference& difference) {
  Json side = Json::object();
  if (item.number != 0) {
    side.set("number", json_of_number(item.number));
    if (item.t) side.set("t", Json(Json::Number{format_decimal_seconds(*item.t)}));
    if (item.line != 0) side.set("line", json_of_number(item.line));
    side.set("byte", json_of_number(item.offset));
  }
  if (!item.fields.empty()) side.set("fields", json_of_fields(item.fields));
  if (difference.subject == Subject::data && value.form == ShownValue::Form::json) side.set("pointer", Json(pointer));
  // Of a text it counts characters of the whole.
  set_value(side, value, difference.subject == Subject::text ? std::nullopt : difference.offset);
  return side;
}

Json summary_json(const SideSummary& side, const std::string& name) {
  Json out = Json::object();
  out.set("source", Json(name));
  out.set("kind", Json(to_string(side.kind)));
  out.set("items", json_of_number(side.items));
  for (const auto& [kind, count] : side.counts) {
    Json& counts = out.find("counts") != nullptr ? *out.find("counts") : out.set("counts", Json::object());
    counts.set(to_string(kind), json_of_number(count));
  }
  if (side.last) out.set("last", Json(Json::Number{format_decimal_seconds(*side.last)}));
  if (side.unread) {
    out.set("unread", Json(true));
    return out;
  }
  out.set("ending", side.cut_off ? Json(nullptr) : Json(side.end_reason));
  if (!side.end_error.empty()) out.set("error", Json(side.end_error));
  return out;
}

/// For programs: a record a line, see docs/streamdiff.md.
class NdjsonReport final : public ReportBase {
 public:
  using ReportBase::ReportBase;

  Status begin(const SideSummary& expected, const SideSummary& /*actual*/, std::span<const Difference> differences) override {
    kind_ = expected.kind;
    return say(differences);
  }
  Status step(const CompareStep& step) override { return say(step.differences); }
  Status skip(std::size_t /*count*/) override { return {}; }

  Status end(const Comparison& result, std::span<const Difference> ending) override {
    STREAM_TRY(say(ending));
    count(result);
    Json json = record("summary");
    json.set("equal", Json(result.equal()));
    json.set("differences", json_of_number(result.total));
    if (shown() < result.total) json.set("shown", json_of_number(shown()));
    if (result.stopped) json.set("stopped", Json(true));
    if (result.bounded) json.set("bounded", Json(true));
    if (result.windowed) json.set("windowed", Json(true));
    if (result.after_cut != 0) json.set("after_cut", json_of_number(result.after_cut));
    if (result.between != 0) json.set("between", json_of_number(result.between));
    if (result.extra_allowed) json.set("extra_allowed", Json(true));
    if (const std::string code = keploy_reason(result); !code.empty()) json.set("code", Json(code));
    json.set("expected", summary_json(result.expected, pair().expected));
    json.set("actual", summary_json(result.actual, pair().actual));
    return write(json);
  }

  Status failed(const Error& error) override {
    count_failure();
    Json json = record("error");
    json.set("message", Json(error.message));
    json.set("expected", Json::object()).set("source", Json(pair().expected));
    json.set("actual", Json::object()).set("source", Json(pair().actual));
    return write(json);
  }
  Status finish() override { return {}; }

 private:
  Json record(std::string_view name) const {
    Json json = Json::object();
    json.set("streamdiff", Json(1));
    json.set("record", Json(name));
    if (several()) json.set("exchange", json_of_number(pair().number));
    return json;
  }

  Status write(const Json& json) {
    std::string line = to_json(json) + '\n';
    return put(line);
  }

  Status say(std::span<const Difference> differences) {
    for (const Difference& difference : differences) {
      if (!show_one()) return {};
      STREAM_TRY(write(difference_json(difference)));
    }
    return {};
  }

  Json difference_json(const Difference& difference) const {
    Json json = record("difference");
    json.set("subject", Json(to_string(difference.subject)));
    json.set("change", Json(to_string(difference.change)));
    if (const std::string code = keploy_reason(kind_, difference); !code.empty()) json.set("code", Json(code));
    const ItemRef& item = difference.expected.number != 0 ? difference.expected : difference.actual;
    if (item.number != 0) {
      json.set("item", Json(to_string(item.kind)));
      json.set("direction", Json(to_string(item.direction)));
    }
    if (!difference.field.empty()) json.set("field", Json(difference.field));
    if (difference.duplicate) json.set("duplicate", Json(true));
    if (difference.subject == Subject::text && difference.offset) json.set("character", json_of_number(*difference.offset));
    const bool extra = difference.change == ValueChange::extra;
    const bool has_expected = difference.expected.number != 0 || difference.expected_value.form != ShownValue::Form::none;
    const bool has_actual = difference.actual.number != 0 || difference.actual_value.form != ShownValue::Form::none;
    if (has_expected) {
      json.set("expected", side_json(difference.expected, extra ? difference.actual_pointer : difference.pointer,
                                     difference.expected_value, difference));
    }
    if (has_actual) {
      json.set("actual", side_json(difference.actual, extra ? difference.pointer : difference.actual_pointer,
                                   difference.actual_value, difference));
    }
    return json;
  }

  StreamKind kind_ = StreamKind::http;
};

}  // namespace

std::unique_ptr<Report> ndjson_report(ByteSink& sink, const ReportOptions& options) {
  return std::make_unique<NdjsonReport>(sink, options);
}

}  // namespace stream
