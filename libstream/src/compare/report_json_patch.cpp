#include <algorithm>
#include <utility>

#include "json_patch.hpp"
#include "report_base.hpp"
#include "report_json.hpp"
#include "stream/text/base64.hpp"
#include "stream/text/utf8.hpp"

namespace stream {
namespace {

using Form = ShownValue::Form;

Json operation(std::string_view op, const std::string& path) {
  Json json = Json::object();
  json.set("op", Json(op));
  json.set("path", Json(path));
  return json;
}

/// A line for each item that differs, with the patch that turns its expected data into the actual one.
class JsonPatchReport final : public ReportBase {
 public:
  using ReportBase::ReportBase;

  Status begin(const SideSummary& /*expected*/, const SideSummary& /*actual*/, std::span<const Difference> differences) override {
    return say(differences);
  }

  Status step(const CompareStep& step) override {
    using Kind = CompareStep::Kind;
    if (step.kind == Kind::equal || !show_more()) return {};
    if (step.kind != Kind::changed || step.expected == nullptr || step.actual == nullptr) return say(step.differences);
    const bool patched = std::any_of(step.differences.begin(), step.differences.end(), [](const Difference& difference) {
      return difference.subject == Subject::data || difference.subject == Subject::field;
    });
    if (patched) STREAM_TRY(write(changed(step)));
    std::size_t shown = 0;
    for (const Difference& difference : step.differences) {
      if (difference.subject == Subject::data || difference.subject == Subject::field) {
        ++shown;
      } else {
        STREAM_TRY(say({&difference, 1}));
      }
    }
    show_all(shown);
    return {};
  }

  Status skip(std::size_t /*count*/) override { return {}; }

  Status end(const Comparison& result, std::span<const Difference> ending) override {
    STREAM_TRY(say(ending));
    count(result);
    if (shown() >= result.total) return {};
    Json json = line();
    json.set("differences", json_of_number(result.total));
    json.set("shown", json_of_number(shown()));
    return write(json);
  }

  Status failed(const Error& error) override {
    count_failure();
    Json json = line();
    json.set("error", Json(error.message));
    return write(json);
  }
  Status finish() override { return {}; }

 private:
  Json line() const {
    Json json = Json::object();
    if (several()) json.set("exchange", json_of_number(pair().number));
    return json;
  }
  Status write(const Json& json) {
    std::string text = to_json(json) + '\n';
    return put(text);
  }

  Json line_of(const ItemRef& expected, const ItemRef& actual, std::string_view change) const {
    Json json = line();
    if (expected.number != 0) json.set("event", json_of_number(expected.number));
    if (actual.number != 0) json.set("actual", json_of_number(actual.number));
    const ItemRef& item = expected.number != 0 ? expected : actual;
    json.set("item", Json(to_string(item.kind)));
    json.set("direction", Json(to_string(item.direction)));
    json.set("change", Json(change));
    return json;
  }

  // JSON as it is, text as a string, bytes as base64, which `object` says.
  static Json value_of(Json& object, const ShownValue& value) {
    if (auto json = json_of(value)) return std::move(*json);
    if (value.form != Form::bytes && is_utf8(value.text)) return Json(value.text);
    object.set("encoding", Json("base64"));
    return Json(base64_encode(value.text));
  }

  Json changed(const CompareStep& step) const {
    const Difference& first = step.differences.front();
    Json json = line_of(first.expected, first.actual, "changed");
    std::vector<Difference> data;
    Json fields = Json::array();
    for (const Difference& difference : step.differences) {
      if (difference.subject == Subject::data) data.push_back(difference);
      if (difference.subject != Subject::field) continue;
      std::string path;
      append_pointer(path, difference.field);
      const bool missing = difference.change == ValueChange::missing;
      Json one = operation(missing ? "remove" : difference.change == ValueChange::extra ? "add" : "replace", path);
      if (!missing) one.set("value", Json(difference.actual_value.text));
      fields.as_array().push_back(std::move(one));
    }
    const auto no_json = [](const ShownValue& value) { return value.form == Form::text || value.form == Form::bytes; };
    Json patch = Json::array();
    if (data.size() == 1 && (no_json(data.front().expected_value) || no_json(data.front().actual_value))) {
      Json one = operation("replace", "");
      one.set("value", value_of(json, data.front().actual_value));
      patch.as_array().push_back(std::move(one));
    } else if (!data.empty()) {
      const auto expected = json_of(*step.expected);
      const auto actual = json_of(*step.actual);
      if (expected && actual) patch = json_patch(data, *expected, *actual);
    }
    json.set("patch", std::move(patch));
    if (!fields.as_array().empty()) json.set("fields", std::move(fields));
    return json;
  }

  Status say(std::span<const Difference> differences) {
    for (const Difference& difference : differences) {
      if (!show_one()) return {};
      const bool of_item = difference.expected.number != 0 || difference.actual.number != 0;
      Json json = of_item ? line_of(difference.expected, difference.actual, to_string(difference.change)) : line();
      if (difference.subject != Subject::item) {
        json.set("subject", Json(to_string(difference.subject)));
        if (!difference.field.empty()) json.set("field", Json(difference.field));
        if (difference.offset) json.set("character", json_of_number(*difference.offset));
        if (difference.expected_value.form != Form::none) json.set("expected_value", Json(difference.expected_value.text));
        if (difference.actual_value.form != Form::none) json.set("actual_value", Json(difference.actual_value.text));
      } else if (difference.change != ValueChange::moved) {
        const bool missing = difference.change == ValueChange::missing;
        const ItemRef& item = missing ? difference.expected : difference.actual;
        const ShownValue& value = missing ? difference.expected_value : difference.actual_value;
        if (!item.fields.empty()) json.set("fields", json_of_fields(item.fields));
        if (value.form != Form::none) json.set("value", value_of(json, value));
      }
      STREAM_TRY(write(json));
    }
    return {};
  }
};

}  // namespace

std::unique_ptr<Report> json_patch_report(ByteSink& sink, const ReportOptions& options) {
  return std::make_unique<JsonPatchReport>(sink, options);
}

}  // namespace stream
