#include "check/recording_rules.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "check/entry_rules.hpp"
#include "check/words.hpp"
#include "stream/text/json_find.hpp"
#include "stream/text/utf8.hpp"

namespace har::check {
namespace {

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r") == std::string_view::npos; }

Field member(std::string_view object, std::initializer_list<std::string_view> path) {
  return {stream::find_raw_value(object, path).value_or(std::string_view())};
}

/// Whether a mark of the walk is about the schema, and not about JSON.
bool is_shape(RuleId rule) {
  return rule == RuleId::har_type || rule == RuleId::har_required || rule == RuleId::har_member || rule == RuleId::har_value ||
         rule == RuleId::har_version || rule == RuleId::date_format;
}

}  // namespace

/// False: there is no event to be had of the line.
bool RecordingRules::well_formed(const stream::Line& line, Marks& marks) {
  const std::size_t before = marks.size();
  const std::string_view text = line.text;
  bool good = true;
  if (const std::size_t bad = stream::find_invalid_utf8(text); bad != std::string_view::npos) {
    marks.push_back({RuleId::json_utf8, bad, "",
                     fmt::format("expected UTF-8, found the byte 0x{:02X}", static_cast<unsigned char>(text[bad]))});
    good = false;
  }
  const Shape& shape = recording_shape(text);
  if (good) good = walker_.walk(text, shape, shape.root(), nullptr, nullptr, marks);
  if (!good && !line.terminated) {
    marks.erase(marks.begin() + static_cast<std::ptrdiff_t>(before), marks.end());
    marks.push_back({RuleId::recording_cut, 0, "",
                     fmt::format("expected a whole line, found {} of one", counted(text.size(), "byte", "bytes"))});
    return false;
  }
  for (auto mark = marks.begin() + static_cast<std::ptrdiff_t>(before); mark != marks.end(); ++mark) {
    if (!is_shape(mark->rule)) continue;
    // Within the heads it is what HARs of well-known programs have, too, and what became of it here.
    const bool in_head = mark->pointer.starts_with("/request/") || mark->pointer.starts_with("/response/");
    mark->regular.reset();
    if (in_head && mark->rule == RuleId::har_type) {
      mark->regular = text.substr(mark->offset).starts_with("null") ? Severity::note : Severity::warning;
    }
    mark->rule = RuleId::recording_shape;
  }
  return good && !text.empty() && text[text.find_first_not_of(" \t")] == '{';
}

void RecordingRules::line(const stream::Line& line, Marks& marks, std::vector<Said>& said) {
  if (is_blank(line.text) || !well_formed(line, marks)) return;
  if (stream::find_raw_value(line.text, {"recording"})) {
    finish(said);
    ended_.clear();
    ended_order_.clear();
    header(line.text);
  } else {
    event(line, marks, said);
  }
}

void RecordingRules::header(std::string_view text) {
  if (!producer_.empty()) return;
  producer_ = text_of(member(text, {"creator", "name"}));
  const std::string version = text_of(member(text, {"creator", "version"}));
  if (!producer_.empty() && !version.empty()) producer_ += " " + version;
}

void RecordingRules::event(const stream::Line& line, Marks& marks, std::vector<Said>& said) {
  const Field name = member(line.text, {"ev"});
  const Field id = member(line.text, {"id"});
  const Field time = member(line.text, {"t"});
  if (!name.is_string() || (id && !id.is_string())) return;  // recording-shape
  std::string scratch;
  const std::string_view ev = text_of(name, scratch);
  id_ = text_of(id);
  const auto at = [&](const Field& field) { return field ? static_cast<std::size_t>(field.raw.data() - line.text.data()) : 0; };
  const auto mark = [&](RuleId rule, const Field& field, std::string_view pointer, std::string message) {
    marks.push_back({rule, at(field), std::string(field ? pointer : std::string_view()), std::move(message)});
  };
  const bool known = ev == "request" || ev == "response" || ev == "data" || ev == "message" || ev == "close" || ev == "end";

  auto open = open_.find(id_);
  if (ev == "request") {
    if (open != open_.end() && open->second.requested) {
      incomplete(id_, open->second, fmt::format("found the next request with its id in line {}", line.number), said);
      open_.erase(open);
      open = open_.end();
    }
    if (const auto ended = ended_.find(id_); ended != ended_.end()) ended->second = true;  // used again: nothing behind it is odd
    if (open == open_.end()) {
      open = open_.emplace(id_, Open{line.number, line.offset, {}, {}, true, false}).first;
      ++exchanges_;
    }
    open->second.requested = true;
  } else if (open == open_.end()) {
    if (const auto ended = ended_.find(id_); ended != ended_.end()) {
      if (!ended->second) {
        mark(RuleId::recording_after_end, id, "/id",
             fmt::format("expected nothing of exchange {} behind its end, found {}", quoted(id_), quoted(ev)));
        ended->second = true;
      }
      return;
    }
    if (!known && !id) return;  // a note about the recording as a whole
    // What came out of a pipe has neither a request nor an id.
    if (id) {
      mark(RuleId::recording_id, id, "/id",
           fmt::format("expected the request of exchange {} first, found {}", quoted(id_), quoted(ev)));
    }
    open = open_.emplace(id_, Open{line.number, line.offset, {}, {}, false, false}).first;
    ++exchanges_;
  }

  Open& exchange = open->second;
  if (const auto t = time.is_number() ? stream::parse_decimal_seconds(time.raw) : std::nullopt) {
    if (!exchange.last || *t >= *exchange.last) {
      exchange.last = t;
      exchange.last_raw = time.raw;
    } else if (!exchange.went_back) {
      exchange.went_back = true;
      mark(RuleId::recording_time, time, "/t",
           fmt::format("expected a time not before {}, the exchange's event before, found {}", exchange.last_raw, time.raw));
    }
  }
  if (ev == "request" || ev == "response") head(line.text, ev, marks);
  if (ev == "end") {
    ended(id_);
    open_.erase(open);
  }
}

/// What HAR says of a request's or a response's head holds here too.
void RecordingRules::head(std::string_view text, std::string_view ev, Marks& marks) {
  facts_.clear(text);
  const auto set = [&](Slot slot, std::string_view name) {
    facts_.slots[static_cast<std::size_t>(slot)] = member(text, {ev, name});
  };
  const bool request = ev == "request";
  if (request) {
    set(Slot::method, "method");
    set(Slot::url, "url");
    set(Slot::request_version, "httpVersion");
    set(Slot::request_headers, "headers");
  } else {
    set(Slot::status, "status");
    set(Slot::response_version, "httpVersion");
    set(Slot::response_headers, "headers");
  }
  auto& list = facts_.lists[static_cast<std::size_t>(request ? List::request_headers : List::response_headers)];
  stream::each_raw_element(facts_[request ? Slot::request_headers : Slot::response_headers].raw, [&](std::string_view header) {
    Record record;
    record.index = list.size();
    record.object = header;
    record.name = member(header, {"name"});
    record.value = member(header, {"value"});
    list.push_back(record);
    return true;
  });
  check_values(facts_, marks);
}

void RecordingRules::incomplete(const std::string& id, const Open& open, std::string why, std::vector<Said>& said) const {
  if (!open.requested) return;  // recording-id
  said.push_back(
      {RuleId::recording_incomplete, fmt::format("expected an end of exchange {}, {}", quoted(id), why), open.line, open.offset});
}

void RecordingRules::ended(const std::string& id) {
  const auto [known, inserted] = ended_.insert_or_assign(id, false);
  if (!inserted) return;
  ended_order_.push_back(id);
  if (ended_order_.size() > kEnded) {
    ended_.erase(ended_order_.front());
    ended_order_.pop_front();
  }
}

void RecordingRules::finish(std::vector<Said>& said) {
  const auto from = static_cast<std::ptrdiff_t>(said.size());
  for (const auto& [id, open] : open_) incomplete(id, open, "found none", said);
  open_.clear();
  std::sort(said.begin() + from, said.end(), [](const Said& a, const Said& b) { return a.line < b.line; });
}

}  // namespace har::check
