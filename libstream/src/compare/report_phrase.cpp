#include "report_phrase.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "stream/text/json.hpp"

namespace stream {
namespace {

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

// "moved" in one word, and where from.
std::string moved_title(const Difference& difference) {
  return fmt::format("{} moved: it is actual {}", name_of(difference.expected), name_of(difference.actual));
}

std::string text_title(const Difference& difference, std::string_view where) {
  std::string out = fmt::format("text of {}", escape_controls(difference.field));
  if (difference.change == ValueChange::missing) return out + " is missing";
  if (difference.change == ValueChange::extra) return out + " is extra";
  out += " changed";
  if (difference.offset) {
    out += fmt::format(" at character {}", *difference.offset + 1);
  } else if (!where.empty()) {
    out += fmt::format(" {}", where);
  }
  if (difference.expected.number != 0 && difference.actual.number != 0) {
    out += fmt::format(", in {}", name_of_pair(difference.expected, difference.actual));
  }
  return out;
}

// How a side went on behind its items: " in 2.443 s, then cut off".
std::string course_of(const SideSummary& side) {
  std::string out;
  if (side.last) out += fmt::format(" in {}", seconds_of(*side.last));
  if (side.unread) return out + ", not read further";
  if (side.cut_off) return out + ", then cut off";
  if (side.end_reason != "eof" && !side.end_reason.empty()) {
    out += fmt::format(", ended with {}", escape_controls(side.end_reason));
    if (!side.end_error.empty()) out += fmt::format(" ({})", escape_controls(side.end_error));
  }
  return out;
}

bool is_cut(const SideSummary& side) { return side.cut_off || side.end_reason != "eof"; }

}  // namespace

std::string plural(ItemKind kind, std::size_t count) {
  if (count == 1) return std::string(to_string(kind));
  if (kind == ItemKind::id_block) return "blocks without data";
  if (kind == ItemKind::body) return "bodies";
  return std::string(to_string(kind)) + 's';
}

std::string counted(std::size_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string seconds_of(Nanos t) { return fmt::format("{:.3f} s", static_cast<double>(t.count()) / 1e9); }

std::string name_of(const ItemRef& item, std::string_view more) {
  std::string notes;
  const auto note = [&](std::string_view text) {
    if (text.empty()) return;
    if (!notes.empty()) notes += ", ";
    notes += text;
  };
  if (item.kind == ItemKind::message || item.kind == ItemKind::control || item.kind == ItemKind::close) {
    note(item.direction == Direction::send ? "sent" : "received");
  }
  if (item.t) note("t=" + seconds_of(*item.t));
  note(more);
  std::string out(to_string(item.kind));
  // There is one body, and an exchange is closed once in each direction.
  if (item.kind != ItemKind::body && item.kind != ItemKind::close) out += fmt::format(" {}", item.number);
  if (!notes.empty()) out += fmt::format(" ({})", notes);
  return out;
}

std::string name_of_pair(const ItemRef& expected, const ItemRef& actual) {
  if (expected.number == actual.number && expected.kind == actual.kind) {
    const bool times = expected.t && actual.t && seconds_of(*expected.t) != seconds_of(*actual.t);
    return name_of(expected, times ? "actual t=" + seconds_of(*actual.t) : std::string());
  }
  return fmt::format("{}, actual {}", name_of(expected), name_of(actual));
}

ItemRef ref_of(const Item& item) { return {item.kind, item.direction, item.number, item.t, item.offset, item.line, item.fields}; }

ShownValue shown_data(const Item& item) {
  if (item.form == DataForm::none) return {};
  if (item.form == DataForm::bytes) return {ShownValue::Form::bytes, item.data};
  if (item.form == DataForm::value) {
    if (const auto value = parse_json(item.data)) return {ShownValue::Form::json, to_json(*value)};
  }
  return {ShownValue::Form::text, item.data};
}

ShownValue shown_data(const Item& item, std::string& last) {
  ShownValue out = shown_data(item);
  const std::string_view text(out.text);
  const auto [at, other] = std::mismatch(text.begin(), text.end(), last.begin(), last.end());
  out.focus = static_cast<std::size_t>(at - text.begin());
  last = out.text;
  return out;
}

std::string shown_fields(const std::vector<ItemField>& fields) {
  std::string out;
  for (const ItemField& field : fields) {
    if (const std::string shown = shown_field(field); !shown.empty()) out += (out.empty() ? "" : ", ") + shown;
  }
  return out;
}

std::string whole_item(const std::vector<ItemField>& fields, const ShownValue& value, std::size_t width) {
  std::string out = shown_fields(fields);
  if (value.form == ShownValue::Form::none) return out;
  return (out.empty() ? out : out + ", ") + excerpt(value, width);
}

std::string place_in_item(const Difference& difference) {
  if (difference.subject == Subject::field) return "@" + escape_controls(difference.field);
  if (difference.pointer.empty())
    return difference.change == ValueChange::missing || difference.change == ValueChange::extra ? "" : "data";
  std::string out = escape_controls(difference.pointer);
  const bool both = difference.change == ValueChange::changed || difference.change == ValueChange::type;
  if (both && difference.actual_pointer != difference.pointer)
    out += fmt::format(" (actual {})", escape_controls(difference.actual_pointer));
  return out;
}

std::string what_changed(const Difference& difference, std::string_view where) {
  const std::string subject = place_in_item(difference);
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

Sentence sentence_of(const Difference& difference, std::size_t width) {
  Sentence out;
  const auto one = [](std::string text) { return text.empty() ? ShownLine{} : ShownLine{{std::move(text), false}}; };
  if (const auto title = title_of(difference.subject); !title.empty()) {
    out.title = fmt::format("{}: expected {}, actual {}", title, escape_controls(difference.expected_value.text),
                            escape_controls(difference.actual_value.text));
    if (difference.subject == Subject::stream_kind) out.note = "what is in them was not compared; --kind tells what both are";
    return out;
  }
  if (difference.subject == Subject::timing) {
    if (difference.expected.number != 0) out.title = name_of_pair(difference.expected, difference.actual) + ": ";
    out.title += fmt::format("timing {}: expected {}, actual {}", escape_controls(difference.field),
                             escape_controls(difference.expected_value.text), escape_controls(difference.actual_value.text));
    return out;
  }
  if (difference.subject == Subject::item) {
    switch (difference.change) {
      case ValueChange::moved:
        out.title = moved_title(difference);
        out.same = one(whole_item(difference.expected.fields, difference.expected_value, width));
        break;
      case ValueChange::missing:
        out.title = name_of(difference.expected) + " is missing";
        out.expected = one(whole_item(difference.expected.fields, difference.expected_value, width));
        break;
      default:
        out.title = fmt::format("actual {} is extra", name_of(difference.actual));
        out.actual = one(whole_item(difference.actual.fields, difference.actual_value, width));
        break;
    }
    return out;
  }
  const bool text = difference.subject == Subject::text;
  Excerpts shown =
      text ? excerpts(difference.expected_value, difference.actual_value, std::nullopt, width) : excerpts(difference, width);
  out.title =
      text ? text_title(difference, shown.where)
           : fmt::format("{}: {}", name_of_pair(difference.expected, difference.actual), what_changed(difference, shown.where));
  out.expected = std::move(shown.expected);
  out.actual = std::move(shown.actual);
  return out;
}

std::string ending_title(const SideSummary& expected, const SideSummary& actual) {
  return fmt::format("ending: expected {}, actual {}", ending_of(expected), ending_of(actual));
}

std::string contents_of(const SideSummary& side) {
  std::string out;
  for (const auto& [kind, count] : side.counts)
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", count, plural(kind, count));
  return out;
}

std::string count_of_differences(const Comparison& comparison, std::size_t shown) {
  const auto count = [&](ValueChange change) { return comparison.by_change[static_cast<std::size_t>(change)]; };
  std::string text = (comparison.stopped ? "at least " : "") + counted(comparison.total, "difference", "differences");
  const auto& counts = comparison.expected.counts.empty() ? comparison.actual.counts : comparison.expected.counts;
  if (comparison.items_differing > 0 && !comparison.stopped && !counts.empty()) {
    const std::size_t n = comparison.items_differing;
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
  if (shown < comparison.total) {
    text += shown == 0 ? std::string("; none shown") : fmt::format("; the first {} shown", shown);
  }
  return text;
}

std::string sides_in_words(const Comparison& comparison) {
  const SideSummary& e = comparison.expected;
  const SideSummary& a = comparison.actual;
  const auto contents = [](const SideSummary& side) {
    std::string out;
    for (std::size_t i = 0; i < side.counts.size(); ++i) {
      const auto& [kind, count] = side.counts[i];
      const std::string_view before = i == 0 ? "" : i + 1 == side.counts.size() ? " and " : ", ";
      out += fmt::format("{}{} {}", before, count, plural(kind, count));
    }
    return out.empty() ? std::string("nothing") : out;
  };
  std::string came = contents(a);
  const bool alike = e.counts.size() == 1 && a.counts.size() == 1 && e.counts.front().first == a.counts.front().first;
  if (alike) {
    came = std::to_string(a.counts.front().second);
  } else if (e.counts == a.counts && !e.counts.empty()) {
    came = "as many";
  }
  return fmt::format("{} expected{}, {} came{}", contents(e), course_of(e), came, course_of(a));
}

std::string equal_in_words(const Comparison& comparison) {
  const SideSummary& e = comparison.expected;
  const SideSummary& a = comparison.actual;
  if (is_cut(e) != is_cut(a) && !e.unread && !a.unread) return "equal up to the cut; " + sides_in_words(comparison);
  if (e.unread || a.unread || e.counts != a.counts) return "equal; " + sides_in_words(comparison);
  std::string out = e.counts.empty() ? "equal" : "equal: " + contents_of(e);
  const std::string time_e = e.last ? seconds_of(*e.last) : std::string();
  const std::string time_a = a.last ? seconds_of(*a.last) : std::string();
  if (!time_e.empty() && time_e == time_a) return out + " in " + time_e;
  if (!time_e.empty()) out += ", expected in " + time_e;
  if (!time_a.empty()) out += ", actual in " + time_a;
  return out;
}

std::vector<std::string> notes_of(const Comparison& comparison) {
  std::vector<std::string> out;
  if (comparison.after_cut != 0) {
    out.push_back(fmt::format("{} behind the cut; not compared", counted(comparison.after_cut, "item is", "items are")));
  }
  if (comparison.bounded)
    out.emplace_back("the streams are too different for the shortest list of differences; a shorter one may exist");
  if (comparison.windowed) out.emplace_back("no equal items were found within a window; --window looks further");
  if (comparison.between != 0)
    out.push_back(
        fmt::format("{} in between, which is allowed", counted(comparison.between, "other item came", "other items came")));
  if (comparison.extra_allowed) out.emplace_back("the actual stream goes on behind what is expected, which is allowed");
  return out;
}

std::string verdict_of_all(std::size_t compared, std::size_t differing, std::size_t failed) {
  std::string out = differing == 0 ? fmt::format("{} {} equal", compared, compared == 1 ? "exchange is" : "exchanges are")
                                   : fmt::format("{} of {} {}", differing, counted(compared, "exchange", "exchanges"),
                                                 differing == 1 ? "differs" : "differ");
  if (failed != 0) out += fmt::format(", {} {} not compared", failed, failed == 1 ? "was" : "were");
  return out;
}

}  // namespace stream
