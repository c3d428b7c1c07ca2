#include <string>
#include <utility>

#include "hardiff/report.hpp"
#include "stream/text/base64.hpp"
#include "stream/text/json.hpp"
#include "stream/text/utf8.hpp"

namespace tools::hardiff {
namespace {

using har::diff::DiffResult;
using har::diff::DiffStep;
using har::diff::EntryRef;
using har::diff::FieldDifference;
using har::diff::Half;
using har::diff::PhasePair;
using har::diff::SideCount;
using stream::Json;
using stream::ShownValue;
using stream::Status;

constexpr std::size_t kBytes = 64;

std::string_view kind_of(DiffStep::Kind kind) {
  switch (kind) {
    case DiffStep::Kind::equal:
      return "equal";
    case DiffStep::Kind::changed:
      return "changed";
    case DiffStep::Kind::missing:
      return "missing";
    case DiffStep::Kind::extra:
      return "extra";
  }
  return "";
}

Json text_json(std::string_view text) { return Json(stream::replace_invalid_utf8(text)); }

Json number_json(double value) {
  // Three decimals of a millisecond, as recorders have them.
  std::string text = std::to_string(value);
  text.resize(text.size() - 3);
  return Json(Json::Number{text});
}

class NdjsonReport : public har::diff::DiffSink {
 public:
  NdjsonReport(stream::ByteSink& sink, const ReportOptions& options) : sink_(sink), options_(options) {}

  Status begin(const SideCount& expected, const SideCount& actual) override {
    expected_ = expected.inputs;
    actual_ = actual.inputs;
    return {};
  }

  Status step(const DiffStep& step) override {
    if (shown_ >= options_.max_differences && step.kind != DiffStep::Kind::equal) return {};
    Json::Object out = record("entry");
    out.push_back({"kind", kind_of(step.kind)});
    if (step.moved) out.push_back({"moved", true});
    if (step.alike) out.push_back({"alike", true});
    if (step.expected != nullptr) out.push_back({"expected", entry(*step.expected, expected_)});
    if (step.actual != nullptr) out.push_back({"actual", entry(*step.actual, actual_)});
    if (step.differences != nullptr) {
      if (step.kind == DiffStep::Kind::changed) {
        Json::Array list;
        for (const FieldDifference& each : step.differences->differences) {
          if (shown_ >= options_.max_differences) break;
          ++shown_;
          list.emplace_back(difference(each));
        }
        const std::size_t total = step.differences->total;
        if (list.size() < total) out.push_back({"more", total - list.size()});
        out.push_back({"differences", std::move(list)});
        if (step.differences->bounded) out.push_back({"bounded", true});
      }
      if (!step.differences->phases.empty()) out.push_back({"phases", phases(step.differences->phases)});
    } else {
      ++shown_;
    }
    return write(std::move(out));
  }

  Status skip(std::size_t /*count*/) override { return {}; }
  bool wants_equal() const override { return options_.timing || options_.show_equal; }

  Status end(const DiffResult& result) override {
    Json::Object out = record("summary");
    out.push_back({"same", result.same(options_.order)});
    const std::pair<std::string_view, std::size_t> counts[] = {
        {"equal", result.equal}, {"changed", result.changed}, {"missing", result.missing},
        {"extra", result.extra}, {"moved", result.moved},     {"differences", result.differences},
    };
    for (const auto& [name, count] : counts) out.push_back({std::string(name), count});
    Json::Object fields;
    for (std::size_t i = 0; i < result.fields.size(); ++i) {
      if (result.fields[i] != 0) fields.push_back({std::string(to_string(static_cast<har::diff::Field>(i))), result.fields[i]});
    }
    out.push_back({"fields", std::move(fields)});
    if (result.bounded) out.push_back({"bounded", true});
    if (result.stopped) out.push_back({"stopped", true});
    for (const auto& [name, side] : {std::pair("expected", &result.expected), std::pair("actual", &result.actual)}) {
      Json::Array inputs;
      for (const std::string& input : side->inputs) inputs.push_back(text_json(input));
      Json::Object object{{"inputs", std::move(inputs)}, {"entries", side->entries}};
      if (side->broken) object.push_back({"broken", true});
      out.push_back({name, std::move(object)});
    }
    if (options_.timing) {
      Json::Array list;
      for (const auto& phase : result.phases) {
        Json::Object object{{"phase", phase.phase}, {"entries", phase.count}};
        for (const auto& [name, sum, p50, p95] :
             {std::tuple("expected", phase.expected_sum, phase.expected_p50, phase.expected_p95),
              std::tuple("actual", phase.actual_sum, phase.actual_p50, phase.actual_p95)}) {
          object.push_back({name, Json::Object{{"sum", number_json(sum)}, {"p50", number_json(p50)}, {"p95", number_json(p95)}}});
        }
        list.emplace_back(std::move(object));
      }
      out.push_back({"phases", std::move(list)});
      Json::Array thresholds;
      for (const auto& each : result.thresholds) {
        Json::Object object{{"rule", text_json(each.threshold.spelling)}, {"exceeded", each.exceeded}};
        if (each.count != 0) object.push_back({"entries", each.count});
        if (each.pair != 0) object.push_back({"worst", each.pair});
        if (each.without_data) {
          object.push_back({"without_data", true});
        } else {
          object.push_back({"expected", number_json(each.expected)});
          object.push_back({"actual", number_json(each.actual)});
        }
        thresholds.emplace_back(std::move(object));
      }
      out.push_back({"thresholds", std::move(thresholds)});
    }
    return write(std::move(out));
  }

 private:
  static Json::Object record(std::string_view what) { return {{"hardiff", 1}, {"record", what}}; }

  static Json entry(const EntryRef& ref, const std::vector<std::string>& inputs) {
    Json::Object out{{"number", ref.number}, {"index", ref.index}};
    if (inputs.size() > 1) out.push_back({"input", text_json(inputs[ref.input])});
    out.push_back({"method", text_json(ref.method)});
    out.push_back({"url", text_json(ref.url)});
    out.push_back({"status", ref.status});
    return out;
  }

  static Json phases(const std::vector<PhasePair>& pairs) {
    Json::Array list;
    for (const PhasePair& pair : pairs) {
      Json::Object object{{"phase", pair.phase}};
      if (pair.expected) object.push_back({"expected", number_json(*pair.expected)});
      if (pair.actual) object.push_back({"actual", number_json(*pair.actual)});
      list.emplace_back(std::move(object));
    }
    return list;
  }

  static void value(Json::Object& side, const ShownValue& shown, const FieldDifference& difference) {
    switch (shown.form) {
      case ShownValue::Form::none:
        break;
      case ShownValue::Form::json: {
        auto json = stream::parse_json(shown.text);
        side.push_back({json ? "json" : "text", json ? std::move(*json) : text_json(shown.text)});
        break;
      }
      case ShownValue::Form::text:
        side.push_back({"text", text_json(shown.text)});
        break;
      case ShownValue::Form::bytes: {
        const std::size_t offset = std::min<std::size_t>(difference.offset.value_or(0), shown.text.size());
        side.push_back({"size", shown.text.size()});
        side.push_back({"offset", offset});
        side.push_back({"base64", stream::base64_encode(std::string_view(shown.text).substr(offset, kBytes))});
        break;
      }
    }
  }

  static Json difference(const FieldDifference& each) {
    Json::Object out{{"place", text_json(each.place)}, {"field", to_string(each.field)}};
    if (each.half != Half::entry) out.push_back({"half", to_string(each.half)});
    if (!each.name.empty()) out.push_back({"name", text_json(each.name)});
    out.push_back({"change", to_string(each.change)});
    if (each.duplicate) out.push_back({"duplicate", true});
    if (each.item) {
      const stream::Difference& item = *each.item;
      out.push_back({"subject", to_string(item.subject)});
      const stream::ItemRef& ref = item.expected.number != 0 ? item.expected : item.actual;
      if (ref.number != 0) {
        out.push_back({"item", to_string(ref.kind)});
        if (ref.kind == stream::ItemKind::message) out.push_back({"direction", to_string(ref.direction)});
      }
      if (!item.field.empty()) out.push_back({"item_field", text_json(item.field)});
    }
    const auto side = [&](const ShownValue& shown, const std::string& pointer, const std::string& in_body, std::uint64_t line,
                          std::size_t number) {
      Json::Object object;
      if (number != 0) object.push_back({"number", number});
      if (!pointer.empty()) object.push_back({"pointer", text_json(pointer)});
      if (!in_body.empty()) object.push_back({"body_pointer", text_json(in_body)});
      if (line != 0) object.push_back({"line", line});
      value(object, shown, each);
      return object;
    };
    const bool extra = each.change == stream::ValueChange::extra;
    const bool missing = each.change == stream::ValueChange::missing;
    if (!extra)
      out.push_back({"expected", side(each.expected, each.expected_pointer, each.pointer, each.expected_line,
                                      each.item ? each.item->expected.number : 0)});
    if (!missing) {
      out.push_back({"actual", side(each.actual, each.actual_pointer, extra ? each.pointer : each.actual_body_pointer,
                                    each.actual_line, each.item ? each.item->actual.number : 0)});
    }
    return out;
  }

  Status write(Json::Object record) { return sink_.write(to_json(Json(std::move(record))) + '\n'); }

  stream::ByteSink& sink_;
  ReportOptions options_;
  std::vector<std::string> expected_{};
  std::vector<std::string> actual_{};
  std::size_t shown_ = 0;
};

}  // namespace

std::unique_ptr<har::diff::DiffSink> make_ndjson_report(stream::ByteSink& sink, const ReportOptions& options) {
  return std::make_unique<NdjsonReport>(sink, options);
}

}  // namespace tools::hardiff
