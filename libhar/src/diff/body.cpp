#include "diff/body.hpp"

#include <algorithm>
#include <optional>

#include "check/http_text.hpp"
#include "check/pairs.hpp"
#include "diff/lists.hpp"
#include "stream/codec/multipart.hpp"
#include "stream/compare/item.hpp"
#include "stream/text/json.hpp"
#include "stream/text/utf8.hpp"

namespace har::diff {
namespace {

using stream::Json;
using stream::ShownValue;
using stream::ValueChange;

// Lines of a text that are told of one by one; more are one difference of the whole.
constexpr std::size_t kMaxLines = std::size_t{1} << 20;

bool is_text(std::string_view bytes) { return bytes.find('\0') == std::string_view::npos && stream::is_utf8(bytes); }

std::size_t first_difference(std::string_view a, std::string_view b) {
  const auto at = std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(std::min(a.size(), b.size())), b.begin());
  return static_cast<std::size_t>(at.first - a.begin());
}

std::vector<Named> form_of(const BodyText& body) {
  std::vector<Named> out;
  check::each_piece(body.bytes, '&', [&](std::string_view name, std::string_view value) {
    Named each{std::string(name), std::string(value), std::string(body.pointer)};
    check::percent_decode(each.name);
    check::percent_decode(each.value);
    out.push_back(std::move(each));
    return true;
  });
  return out;
}

std::string parameter_of(std::string_view text, std::string_view name) {
  std::string out;
  check::each_piece(text, ';', [&](std::string_view key, std::string_view value) {
    if (!check::equal_ignoring_case(check::trimmed(key), name)) return true;
    value = check::trimmed(value);
    if (value.size() > 1 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    out = value;
    return false;
  });
  return out;
}

std::optional<std::vector<Named>> parts_of(const BodyText& body) {
  stream::MultipartOptions options;
  options.boundary = stream::boundary_of(body.media_type).value_or("");
  stream::MultipartDecoder decoder(options);
  std::vector<stream::MultipartItem> parts;
  if (!decoder.feed(body.bytes, parts) || !decoder.finish(parts) || parts.empty()) return std::nullopt;
  std::vector<Named> out;
  for (const stream::MultipartItem& part : parts) {
    const std::string* const disposition = part.header("content-disposition");
    Named each{{}, part.body, std::string(body.pointer)};
    if (disposition != nullptr) each.name = parameter_of(*disposition, "name");
    if (each.name.empty()) each.name = std::to_string(part.number);
    // What a file is called, and its type, are parts of the field.
    if (const std::string file = disposition != nullptr ? parameter_of(*disposition, "filename") : ""; !file.empty())
      out.push_back({each.name + "/filename", file, each.pointer});
    if (const std::string* const type = part.header("content-type")) out.push_back({each.name + "/type", *type, each.pointer});
    out.push_back(std::move(each));
  }
  return out;
}

class Comparison {
 public:
  Comparison(Found& found, Judge& judge, Half half, const BodyText& expected, const BodyText& actual)
      : found_(found), judge_(judge), half_(half), expected_(expected), actual_(actual), state_(judge.body(half)) {}

  void run() {
    if (expected_.bytes == actual_.bytes || judge_.json().ignored(state_)) return;
    const BodyForm form_e = body_form(expected_);
    const BodyForm form_a = body_form(actual_);
    if (form_e == BodyForm::json && form_a == BodyForm::json) {
      if (json()) return;
    } else if (form_e == BodyForm::form && form_a == BodyForm::form) {
      return lists(form_of(expected_), form_of(actual_));
    } else if (form_e == BodyForm::multipart && form_a == BodyForm::multipart) {
      auto parts_e = parts_of(expected_);
      auto parts_a = parts_of(actual_);
      if (parts_e && parts_a) return lists(*parts_e, *parts_a);
    }
    if (!judge_.shown(half_, "")) return;
    if (!judge_.json().plain(state_) &&
        judge_.json().equal(Json(std::string(expected_.bytes)), state_, Json(std::string(actual_.bytes)), state_))
      return;
    if (!is_text(expected_.bytes) || !is_text(actual_.bytes)) return bytes();
    if (form_e != form_a && !expected_.bytes.empty() && !actual_.bytes.empty()) return whole_text(ValueChange::type);
    text();
  }

 private:
  FieldDifference difference(ValueChange change) const {
    FieldDifference out = difference_of(half_, Field::body, {}, change);
    out.expected_pointer = expected_.pointer;
    out.actual_pointer = actual_.pointer;
    return out;
  }

  void lists(const std::vector<Named>& expected, const std::vector<Named>& actual) {
    ListRules rules;
    rules.half = half_;
    rules.field = Field::body;
    rules.in_body = true;
    rules.in_order = true;
    compare_lists(found_, judge_, expected, actual, rules);
  }

  /// False: one of them is no JSON after all.
  bool json() {
    const auto value_e = stream::parse_json(expected_.bytes, judge_.options().limits);
    const auto value_a = stream::parse_json(actual_.bytes, judge_.options().limits);
    if (!value_e || !value_a) return false;
    // One more than is shown tells that there are more.
    const std::size_t limit = found_.room() + 1000;
    const auto differences = judge_.json().compare(*value_e, state_, *value_a, state_, limit);
    if (differences.size() == limit) found_.bounded();
    for (const stream::JsonDifference& part : differences) {
      const std::string& pointer = part.change == ValueChange::extra ? part.actual_pointer : part.expected_pointer;
      if (!judge_.shown(half_, pointer)) continue;
      FieldDifference out = difference(part.change);
      out.pointer = pointer;
      out.actual_body_pointer = part.change == ValueChange::missing ? "" : part.actual_pointer;
      out.whole = pointer.empty();
      out.place += pointer;
      out.duplicate = part.duplicate;
      if (part.expected != nullptr) out.expected = {ShownValue::Form::json, to_json(*part.expected)};
      if (part.actual != nullptr) out.actual = {ShownValue::Form::json, to_json(*part.actual)};
      found_.add(std::move(out));
    }
    return true;
  }

  void bytes() {
    FieldDifference out = difference(ValueChange::changed);
    out.whole = true;
    out.offset = first_difference(expected_.bytes, actual_.bytes);
    out.expected = {ShownValue::Form::bytes, std::string(expected_.bytes)};
    out.actual = {ShownValue::Form::bytes, std::string(actual_.bytes)};
    found_.add(std::move(out));
  }

  struct Lines {
    std::vector<std::string_view> lines{};
    std::vector<std::size_t> offsets{};
  };
  static Lines lines_of(std::string_view text) {
    Lines out;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      out.offsets.push_back(at);
      out.lines.push_back(text.substr(at, end - at));
      at = end + 1;
    }
    return out;
  }
  std::uint64_t hash_of(std::string_view line) {
    return judge_.json().plain(state_) ? stream::hash_bytes(line) : stream::hash_bytes(judge_.json().apply_masks(state_, line));
  }

  void text() {
    const Lines e = lines_of(expected_.bytes);
    const Lines a = lines_of(actual_.bytes);
    if (e.lines.size() > kMaxLines || a.lines.size() > kMaxLines) return whole_text(ValueChange::changed);
    std::vector<std::uint64_t> hashes_e;
    std::vector<std::uint64_t> hashes_a;
    for (const std::string_view line : e.lines) hashes_e.push_back(hash_of(line));
    for (const std::string_view line : a.lines) hashes_a.push_back(hash_of(line));
    stream::Alignment alignment = stream::align(hashes_e, hashes_a, judge_.options().align);
    if (alignment.bounded) found_.bounded();
    alignment.matches.push_back({e.lines.size(), a.lines.size()});
    const std::size_t before = found_.total();
    std::size_t i = 0;
    std::size_t j = 0;
    for (const stream::Match& match : alignment.matches) {
      run_of_lines(e, i, match.expected, a, j, match.actual);
      i = match.expected + 1;
      j = match.actual + 1;
    }
    if (found_.total() == before) whole_text(ValueChange::changed);  // how the last line ends
  }

  /// Lines between two that are equal: as many as both have are the same lines, changed.
  void run_of_lines(const Lines& e, std::size_t i, std::size_t end_e, const Lines& a, std::size_t j, std::size_t end_a) {
    for (; i < end_e || j < end_a; ++i, ++j) {
      const bool in_e = i < end_e;
      const bool in_a = j < end_a;
      FieldDifference out = difference(in_e && in_a ? ValueChange::changed : in_e ? ValueChange::missing : ValueChange::extra);
      if (in_e) {
        out.expected = text_value(e.lines[i]);
        out.expected_line = i + 1;
        out.offset = e.offsets[i];
      }
      if (in_a) {
        out.actual = text_value(a.lines[j]);
        out.actual_line = j + 1;
      }
      if (in_e && in_a) *out.offset += first_difference(e.lines[i], a.lines[j]);
      found_.add(std::move(out));
    }
  }

  void whole_text(ValueChange change) {
    FieldDifference out = difference(change);
    out.whole = true;
    out.offset = first_difference(expected_.bytes, actual_.bytes);
    out.expected = text_value(expected_.bytes);
    out.actual = text_value(actual_.bytes);
    found_.add(std::move(out));
  }

  Found& found_;
  Judge& judge_;
  Half half_;
  const BodyText& expected_;
  const BodyText& actual_;
  stream::JsonComparer::State state_;
};

}  // namespace

BodyForm body_form(const BodyText& body) {
  const std::string type = lower_case(check::essence_of(body.media_type));
  if (type.starts_with("multipart/")) return BodyForm::multipart;
  const std::size_t begin = body.bytes.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return BodyForm::text;
  // Pages send JSON as text/plain, curl as a form: an array or an object is known by itself.
  const bool bracket = body.bytes[begin] == '{' || body.bytes[begin] == '[';
  const bool script = type.ends_with("javascript") || type == "text/css" || type == "text/html" || type.ends_with("xml");
  if (stream::is_json_type(type) || (bracket && !script)) return BodyForm::json;
  if (type == "application/x-www-form-urlencoded") return BodyForm::form;
  return is_text(body.bytes) ? BodyForm::text : BodyForm::bytes;
}

void compare_bodies(Found& found, Judge& judge, Half half, const BodyText& expected, const BodyText& actual) {
  Comparison(found, judge, half, expected, actual).run();
}

std::uint64_t body_hash(Judge& judge, Half half, const BodyText& body) {
  const auto state = judge.body(half);
  stream::JsonComparer& json = judge.json();
  if (json.ignored(state) || body.bytes.empty()) return 1;
  const BodyForm form = body_form(body);
  if (form == BodyForm::json) {
    if (const auto value = stream::parse_json(body.bytes, judge.options().limits)) return json.hash(*value, state);
  }
  std::optional<std::vector<Named>> fields;
  if (form == BodyForm::form) fields = form_of(body);
  if (form == BodyForm::multipart) fields = parts_of(body);
  if (fields) {
    std::uint64_t sum = 0;
    for (const Named& field : *fields) {
      std::string pointer;
      stream::append_pointer(pointer, field.name);
      const auto at = json.below(state, pointer);
      if (!json.ignored(at)) sum += stream::hash_combine(stream::hash_bytes(field.name), json.hash(Json(field.value), at));
    }
    return sum;
  }
  return json.plain(state) ? stream::hash_bytes(body.bytes) : json.hash(Json(std::string(body.bytes)), state);
}

std::vector<std::uint32_t> body_features(Judge& judge, Half half, const BodyText& body, std::size_t limit) {
  std::vector<std::uint32_t> out;
  const auto state = judge.body(half);
  if (judge.json().ignored(state)) return out;
  const BodyForm form = body_form(body);
  if (form == BodyForm::bytes) {
    for (std::size_t at = 0; at < body.bytes.size() && out.size() < limit; at += 64)
      out.push_back(static_cast<std::uint32_t>(stream::hash_bytes(body.bytes.substr(at, 64))));
  } else if (form == BodyForm::json) {
    if (const auto value = stream::parse_json(body.bytes, judge.options().limits)) {
      judge.json().features(out, *value, state, limit);
    } else {
      stream::text_features(out, body.bytes, limit);
    }
  } else {
    stream::text_features(out, body.bytes, limit);
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace har::diff
