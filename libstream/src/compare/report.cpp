#include "stream/compare/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "excerpt.hpp"
#include "stream/text/base64.hpp"
#include "stream/text/json.hpp"
#include "stream/text/utf8.hpp"

namespace stream {
namespace {

std::string plural(ItemKind kind, std::size_t count) {
  if (count == 1) return std::string(to_string(kind));
  if (kind == ItemKind::id_block) return "blocks without data";
  if (kind == ItemKind::body) return "bodies";
  return std::string(to_string(kind)) + 's';
}

std::string time_of(const std::optional<Nanos>& t) {
  if (!t) return {};
  return fmt::format("{:.3f} s", static_cast<double>(t->count()) / 1e9);
}

// "event 7 (t=1.234 s)", "message 3 (sent, t=0.200 s)"
std::string name_of(const ItemRef& item, std::string_view more = {}) {
  std::string notes;
  const auto note = [&](std::string_view text) {
    if (text.empty()) return;
    if (!notes.empty()) notes += ", ";
    notes += text;
  };
  if (item.kind == ItemKind::message || item.kind == ItemKind::control || item.kind == ItemKind::close) {
    note(item.direction == Direction::send ? "sent" : "received");
  }
  if (item.t) note("t=" + time_of(item.t));
  note(more);
  std::string out(to_string(item.kind));
  // There is one body, and an exchange is closed once in each direction.
  if (item.kind != ItemKind::body && item.kind != ItemKind::close) out += fmt::format(" {}", item.number);
  if (!notes.empty()) out += fmt::format(" ({})", notes);
  return out;
}

// Both sides of a pair: their numbers are said twice only if they differ.
std::string name_of_pair(const ItemRef& expected, const ItemRef& actual) {
  if (expected.number == actual.number) {
    const bool times = expected.t && actual.t && time_of(expected.t) != time_of(actual.t);
    return name_of(expected, times ? "actual t=" + time_of(actual.t) : std::string());
  }
  return fmt::format("{}, actual {}", name_of(expected), name_of(actual));
}

std::string_view kind_of_json(std::string_view text) {
  switch (text.empty() ? '\0' : text.front()) {
    case '{':
      return "an object";
    case '[':
      return "an array";
    case '"':
      return "a string";
    case 't':
    case 'f':
      return "a boolean";
    case 'n':
      return "null";
    default:
      return "a number";
  }
}

std::string_view form_name(const ShownValue& value) {
  switch (value.form) {
    case ShownValue::Form::json:
      return "JSON";
    case ShownValue::Form::bytes:
      return "bytes";
    default:
      return "text";
  }
}

std::string pointer_of(const Difference& difference) {
  if (difference.pointer.empty())
    return difference.change == ValueChange::missing || difference.change == ValueChange::extra ? "" : "data";
  std::string out = escape_controls(difference.pointer);
  const bool both = difference.change == ValueChange::changed || difference.change == ValueChange::type;
  if (both && difference.actual_pointer != difference.pointer)
    out += fmt::format(" (actual {})", escape_controls(difference.actual_pointer));
  return out;
}

// What is said behind the name of the item: "/a/b is missing", "@id changed".
std::string what(const Difference& difference, std::string_view where) {
  const std::string subject =
      difference.subject == Subject::field ? "@" + escape_controls(difference.field) : pointer_of(difference);
  const std::string again = difference.duplicate ? " (a repeated member)" : "";
  switch (difference.change) {
    case ValueChange::missing:
      return subject + " is missing" + again;
    case ValueChange::extra:
      return subject + " is extra" + again;
    case ValueChange::changed:
      return where.empty() ? subject + " changed" : fmt::format("{} changed {}", subject, where);
    case ValueChange::moved:
    case ValueChange::type:
      break;
  }
  const ShownValue& e = difference.expected_value;
  const ShownValue& a = difference.actual_value;
  if (e.form == ShownValue::Form::json && a.form == ShownValue::Form::json) {
    return fmt::format("{} changed from {} to {}", subject, kind_of_json(e.text), kind_of_json(a.text));
  }
  return fmt::format("{} changed from {} to {}", subject, form_name(e), form_name(a));
}

// Nothing for a field that says what most items have; a word for an opcode (RFC 6455 §11.8).
std::string shown_field(const ItemField& field) {
  if ((field.name == "type" && field.value == "message") || (field.name == "newline" && field.value == "lf")) return {};
  if (field.name == "opcode") {
    if (field.value == "1") return {};
    if (field.value == "2") return "binary";
    if (field.value == "9") return "ping";
    if (field.value == "10") return "pong";
  }
  return fmt::format("{} {}", escape_controls(field.name), escape_controls(field.value));
}

// "type delta, id 7, {"a":1}"
std::string whole_item(const ItemRef& item, const ShownValue& value, std::size_t width) {
  std::string out;
  for (const ItemField& field : item.fields) {
    if (const std::string shown = shown_field(field); !shown.empty()) out += shown + ", ";
  }
  if (value.form != ShownValue::Form::none) return out + excerpt(value, width);
  if (out.size() >= 2) out.resize(out.size() - 2);
  return out;
}

std::string_view title_of(Subject subject) {
  switch (subject) {
    case Subject::status:
      return "HTTP status";
    case Subject::content_type:
      return "content type";
    case Subject::stream_kind:
      return "kind of stream";
    case Subject::ending:
      return "ending";
    default:
      return {};
  }
}

std::string ending_of(const SideSummary& side) {
  if (side.cut_off) return "was cut off";
  std::string out = "ended with " + escape_controls(side.end_reason);
  if (!side.end_error.empty()) out += fmt::format(" ({})", escape_controls(side.end_error));
  return out;
}

std::string contents_of(const SideSummary& side) {
  std::string out(to_string(side.kind));
  if (side.counts.empty()) out += ", nothing in it";
  for (const auto& [kind, count] : side.counts) out += fmt::format(", {} {}", count, plural(kind, count));
  if (side.last) out += fmt::format(" in {}", time_of(side.last));
  if (side.unread) return out + ", not read further";
  if (side.cut_off || side.end_reason != "eof") out += ", " + ending_of(side);
  return out;
}

class TextReport {
 public:
  TextReport(std::string& out, const Comparison& comparison, const ReportOptions& options)
      : out_(out), comparison_(comparison), options_(options) {}

  void run() {
    const std::size_t name_width = std::max(options_.expected_name.size(), options_.actual_name.size());
    const auto header = [&](std::string_view sign, std::string_view role, const std::string& name, const SideSummary& side) {
      line(kBold, fmt::format("{} {} {:<{}}  {}", sign, role, escape_controls(name), name_width, contents_of(side)));
    };
    header("---", "expected", options_.expected_name, comparison_.expected);
    header("+++", "actual  ", options_.actual_name, comparison_.actual);
    if (comparison_.equal()) {
      notes();
      std::string counts;
      for (const auto& [kind, count] : comparison_.expected.counts)
        counts += fmt::format("{}{} {}", counts.empty() ? ": " : ", ", count, plural(kind, count));
      const auto is_cut = [](const SideSummary& side) { return side.cut_off || side.end_reason != "eof"; };
      const bool one_cut = is_cut(comparison_.expected) != is_cut(comparison_.actual);
      line("", one_cut ? "equal up to the cut" : "equal" + counts);
      return;
    }
    out_ += '\n';
    if (!comparison_.differences.empty()) line(kBold, "first difference " + place(comparison_.differences.front()));
    for (const Difference& difference : comparison_.differences) {
      out_ += '\n';
      entry(difference);
    }
    out_ += '\n';
    notes();
    summary();
  }

 private:
  static constexpr std::string_view kBold = "\x1b[1m";
  static constexpr std::string_view kRed = "\x1b[31m";
  static constexpr std::string_view kGreen = "\x1b[32m";

  void line(std::string_view color, std::string_view text) {
    if (options_.color && !color.empty()) {
      out_ += fmt::format("{}{}\x1b[0m\n", color, text);
    } else {
      (out_ += text) += '\n';
    }
  }

  static std::string place(const Difference& difference) {
    if (const auto title = title_of(difference.subject); !title.empty()) return fmt::format("in the {}", title);
    if (difference.subject == Subject::item && difference.change == ValueChange::moved) {
      return fmt::format("at {}, which is actual {}", name_of(difference.expected), name_of(difference.actual));
    }
    if (difference.subject == Subject::item) {
      return difference.change == ValueChange::missing ? fmt::format("at {}, which is missing", name_of(difference.expected))
                                                       : fmt::format("at actual {}, which is extra", name_of(difference.actual));
    }
    return "at " + name_of_pair(difference.expected, difference.actual);
  }

  void values(std::string_view expected, std::string_view actual) {
    if (!expected.empty()) line(kRed, fmt::format("  - {}", expected));
    if (!actual.empty()) line(kGreen, fmt::format("  + {}", actual));
  }

  void entry(const Difference& difference) {
    if (difference.subject == Subject::ending) {
      line("", fmt::format("ending: expected {}, actual {}", ending_of(comparison_.expected), ending_of(comparison_.actual)));
      return;
    }
    if (const auto title = title_of(difference.subject); !title.empty()) {
      line("", fmt::format("{}: expected {}, actual {}", title, escape_controls(difference.expected_value.text),
                           escape_controls(difference.actual_value.text)));
      if (difference.subject == Subject::stream_kind) line("", "  what is in them was not compared; --kind tells what both are");
      return;
    }
    if (difference.subject == Subject::item && difference.change == ValueChange::moved) {
      line("", fmt::format("{} moved: it is actual {}", name_of(difference.expected), name_of(difference.actual)));
      line("", fmt::format("  = {}", whole_item(difference.expected, difference.expected_value, options_.width)));
      return;
    }
    if (difference.subject == Subject::item) {
      const bool missing = difference.change == ValueChange::missing;
      line("", missing ? name_of(difference.expected) + " is missing"
                       : fmt::format("actual {} is extra", name_of(difference.actual)));
      values(missing ? whole_item(difference.expected, difference.expected_value, options_.width) : "",
             missing ? "" : whole_item(difference.actual, difference.actual_value, options_.width));
      return;
    }
    const Excerpts shown = excerpts(difference, options_.width);
    line("", fmt::format("{}: {}", name_of_pair(difference.expected, difference.actual), what(difference, shown.where)));
    values(shown.expected, shown.actual);
  }

  void notes() {
    if (comparison_.after_cut != 0) {
      line("", fmt::format("note: {} {} behind the cut; not compared", comparison_.after_cut,
                           comparison_.after_cut == 1 ? "item is" : "items are"));
    }
    if (comparison_.bounded)
      line("", "note: the streams are too different for the shortest list of differences; a shorter one may exist");
    if (comparison_.windowed) line("", "note: no equal items were found within a window; --window looks further");
    if (comparison_.extra_allowed) line("", "note: the actual stream goes on behind what is expected, which is allowed");
  }

  void summary() {
    const auto count = [&](ValueChange change) { return comparison_.by_change[static_cast<std::size_t>(change)]; };
    const std::size_t total = comparison_.total;
    std::string text =
        fmt::format("{}{} {}", comparison_.stopped ? "at least " : "", total, total == 1 ? "difference" : "differences");
    const auto& counts = comparison_.expected.counts.empty() ? comparison_.actual.counts : comparison_.expected.counts;
    if (comparison_.items_differing > 0 && !comparison_.stopped && !counts.empty()) {
      const std::size_t n = comparison_.items_differing;
      text += fmt::format(" in {} {}", n, counts.size() == 1 ? plural(counts.front().first, n) : n == 1 ? "item" : "items");
    }
    std::string parts;
    const auto part = [&](std::size_t n, std::string_view name) {
      if (n != 0) parts += fmt::format("{}{} {}", parts.empty() ? ": " : ", ", n, name);
    };
    part(count(ValueChange::changed) + count(ValueChange::type), "changed");
    part(count(ValueChange::missing), "missing");
    part(count(ValueChange::extra), "extra");
    part(count(ValueChange::moved), "moved");
    text += parts;
    if (!comparison_.stopped && comparison_.differences.size() < total)
      text += fmt::format("; the first {} shown", comparison_.differences.size());
    line(kBold, text);
  }

  std::string& out_;
  const Comparison& comparison_;
  const ReportOptions& options_;
};

Json number_json(std::uint64_t number) { return Json(number); }

// {"json":…}, {"text":…}, {"base64":…}; of bytes only those from the first that differs on, with their offset and the size.
void set_value(Json& side, const ShownValue& value, const std::optional<std::uint64_t>& offset) {
  constexpr std::size_t kMaxBytes = 64;
  if (value.form == ShownValue::Form::none) return;
  if (value.form == ShownValue::Form::json) {
    if (auto json = parse_json(value.text, {SIZE_MAX, SIZE_MAX})) {
      side.set("json", std::move(*json));
      return;
    }
  }
  if (value.form != ShownValue::Form::bytes && is_utf8(value.text)) {
    side.set("text", Json(value.text));
    return;
  }
  const auto from = static_cast<std::size_t>(std::min<std::uint64_t>(offset.value_or(0), value.text.size()));
  side.set("size", number_json(value.text.size()));
  side.set("offset", number_json(from));
  side.set("base64", Json(base64_encode(std::string_view(value.text).substr(from, kMaxBytes))));
}

Json side_json(const ItemRef& item, const std::string& pointer, const ShownValue& value, const Difference& difference) {
  Json side = Json::object();
  if (item.number != 0) {
    side.set("number", number_json(item.number));
    if (item.t) side.set("t", Json(Json::Number{format_decimal_seconds(*item.t)}));
    if (item.line != 0) side.set("line", number_json(item.line));
    side.set("byte", number_json(item.offset));
  }
  if (!item.fields.empty()) {
    Json fields = Json::object();
    for (const ItemField& field : item.fields) fields.as_object().push_back({field.name, Json(field.value)});
    side.set("fields", std::move(fields));
  }
  if (difference.subject == Subject::data && value.form == ShownValue::Form::json) side.set("pointer", Json(pointer));
  set_value(side, value, difference.offset);
  return side;
}

Json summary_json(const SideSummary& side, const std::string& name) {
  Json out = Json::object();
  out.set("source", Json(name));
  out.set("kind", Json(to_string(side.kind)));
  out.set("items", number_json(side.items));
  for (const auto& [kind, count] : side.counts) {
    Json& counts = out.find("counts") != nullptr ? *out.find("counts") : out.set("counts", Json::object());
    counts.set(to_string(kind), number_json(count));
  }
  out.set("ending", side.cut_off ? Json(nullptr) : Json(side.end_reason));
  if (!side.end_error.empty()) out.set("error", Json(side.end_error));
  return out;
}

}  // namespace

void write_text_report(std::string& out, const Comparison& comparison, const ReportOptions& options) {
  TextReport(out, comparison, options).run();
}

void write_json_report(std::string& out, const Comparison& comparison, const ReportOptions& options) {
  const auto record = [&](std::string_view name) {
    Json json = Json::object();
    json.set("streamdiff", Json(1));
    json.set("record", Json(name));
    if (options.exchange != 0) json.set("exchange", number_json(options.exchange));
    return json;
  };
  for (const Difference& difference : comparison.differences) {
    Json json = record("difference");
    json.set("subject", Json(to_string(difference.subject)));
    json.set("change", Json(to_string(difference.change)));
    const ItemRef& item = difference.expected.number != 0 ? difference.expected : difference.actual;
    if (item.number != 0) {
      json.set("item", Json(to_string(item.kind)));
      json.set("direction", Json(to_string(item.direction)));
    }
    if (difference.subject == Subject::field) json.set("field", Json(difference.field));
    if (difference.duplicate) json.set("duplicate", Json(true));
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
    write_json(out, json);
    out += '\n';
  }
  Json json = record("summary");
  json.set("equal", Json(comparison.equal()));
  json.set("differences", number_json(comparison.total));
  if (comparison.stopped) json.set("stopped", Json(true));
  if (comparison.bounded) json.set("bounded", Json(true));
  if (comparison.after_cut != 0) json.set("after_cut", number_json(comparison.after_cut));
  json.set("expected", summary_json(comparison.expected, options.expected_name));
  json.set("actual", summary_json(comparison.actual, options.actual_name));
  write_json(out, json);
  out += '\n';
}

}  // namespace stream
