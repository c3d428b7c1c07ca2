#include "check/fix_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "stream/text/ascii.hpp"
#include "stream/text/json.hpp"

namespace har::check::edit {
namespace {

using stream::JsonTokens;
using stream::ascii::is_digit;
using stream::ascii::is_space;

/// RFC 8259 §6.
bool is_number(std::string_view text) {
  std::size_t at = text.starts_with('-') ? 1 : 0;
  const auto digits = [&] {
    const std::size_t from = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at - from;
  };
  const std::size_t whole = digits();
  if (whole == 0 || (whole > 1 && text[at - whole] == '0')) return false;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (digits() == 0) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

/// What stands between a string's quotes, its escapes undone.
std::string unescaped(std::string_view raw) {
  auto json = stream::parse_json(raw);
  return json && json->is_string() ? std::move(json->as_string()) : std::string(raw.substr(1, raw.size() - 2));
}

}  // namespace

std::string quote(std::string_view text) {
  std::string out;
  stream::write_json_string(out, text);
  return out;
}

std::string shown(std::string_view json) {
  constexpr std::size_t kMost = 60;
  std::string out;
  for (const char c : json) {
    const auto byte = static_cast<unsigned char>(c);
    if (out.size() >= kMost && (byte & 0xC0U) != 0x80U) return out + "…";  // not inside a character
    if (byte >= 0x20 && byte != 0x7f) {
      out += c;
    } else if (!is_space(c)) {
      out += fmt::format("\\x{:02x}", byte);
    } else if (!out.ends_with(' ')) {
      out += ' ';
    }
  }
  return out;
}

std::size_t before(const std::vector<Edit>& edits, std::size_t at) {
  std::size_t written = 0;   // where the edited text is behind the edit before
  std::size_t consumed = 0;  // and the old one
  for (const Edit& edit : edits) {
    const std::size_t start = written + (edit.at - consumed);
    if (at < start) break;
    if (at < start + edit.text.size()) return edit.at;
    written = start + edit.text.size();
    consumed = edit.at + edit.length;
  }
  return consumed + (at - written);
}

Text::Text(const stream::Limits& limits) : max_depth_(std::min(limits.max_depth, stream::kDeepestLimit)) {}

bool Text::read(std::string_view text) {
  text_ = text;
  values_.clear();
  words_.clear();
  edits_.clear();
  touched_.clear();
  additions_.clear();
  said_.clear();
  changed_ = false;
  tokens_.start(text);
  const std::size_t first = tokens_.next();
  if (first == JsonTokens::kEnd || !value(first, kNone, true, true, 0, first, first)) return false;
  if (tokens_.next() != JsonTokens::kEnd) return false;
  if (!tokens_.bad_string()) return true;
  const std::size_t before = words_.size();
  find_controls();
  return words_.size() != before;
}

std::size_t Text::before_space(std::size_t token) const {
  std::size_t at = std::min(token, text_.size());
  while (at > 0 && is_space(text_[at - 1])) --at;
  return at;
}

/// A number or a word, or what programs write for a number that is none.
bool Text::scalar(std::size_t token, Kind& kind, std::size_t& end) {
  end = before_space(tokens_.peek());
  const std::string_view word = text_.substr(token, end - token);
  if (word == "null") {
    kind = Kind::null;
  } else if (word == "true" || word == "false") {
    kind = Kind::boolean;
  } else if (is_number(word)) {
    kind = Kind::number;
  } else if (word == "NaN" || word == "Infinity" || word == "-Infinity" || word == "undefined") {
    kind = Kind::null;
    words_.push_back({token, word.size(), "null", RuleId::json_syntax, fmt::format("was {}, now null", word)});
  } else {
    return false;
  }
  return true;
}

bool Text::value(std::size_t token, Node parent, bool remember, bool inside, std::size_t depth, std::size_t name,
                 std::size_t name_end) {
  Node node = kNone;
  if (remember) {
    node = static_cast<Node>(values_.size());
    Value& made = values_.emplace_back();
    made.begin = token;
    made.name = name;
    made.name_end = name_end;
    made.parent = parent;
    if (parent != kNone) {
      Value& of = at(parent);
      if (of.last == kNone) {
        of.first = node;
      } else {
        at(of.last).next = node;
      }
      of.last = node;
    }
  }
  const char c = text_[token];
  Kind kind = Kind::null;
  std::size_t end = 0;
  if (c == '"') {
    kind = Kind::string;
    end = before_space(tokens_.peek());
    if (end < token + 2 || text_[end - 1] != '"') return false;
  } else if (c == '{' || c == '[') {
    if (depth >= max_depth_) return false;
    const bool object = c == '{';
    kind = object ? Kind::object : Kind::array;
    const char close = object ? '}' : ']';
    std::size_t comma = JsonTokens::kEnd;
    for (;;) {
      std::size_t at = tokens_.next();
      if (at == JsonTokens::kEnd) return false;
      if (text_[at] == close) {
        if (comma != JsonTokens::kEnd) {
          words_.push_back({comma, 1, "", RuleId::json_syntax, fmt::format("a comma before '{}', dropped", close)});
        }
        end = at + 1;
        break;
      }
      std::size_t member = at;
      std::size_t member_end = at;
      bool in_member = inside;
      if (object) {
        if (text_[at] != '"') return false;
        const std::size_t colon = tokens_.next();
        if (colon == JsonTokens::kEnd || text_[colon] != ':') return false;
        member_end = before_space(colon);
        if (member_end < member + 2 || text_[member_end - 1] != '"') return false;
        in_member = inside && text_[member + 1] != '_';
        at = tokens_.next();
        if (at == JsonTokens::kEnd) return false;
      }
      if (!value(at, node, inside, in_member, depth + 1, member, member_end)) return false;
      const std::size_t behind = tokens_.next();
      if (behind == JsonTokens::kEnd) return false;
      if (text_[behind] == close) {
        end = behind + 1;
        break;
      }
      if (text_[behind] != ',') return false;
      comma = behind;
    }
  } else if (!scalar(token, kind, end)) {
    return false;
  }
  if (remember) {
    at(node).kind = kind;
    at(node).end = end;
  }
  return true;
}

/// Raw control characters in strings. Everything else that makes a string bad can't be mended.
void Text::find_controls() {
  bool inside = false;
  for (std::size_t i = 0; i < text_.size(); ++i) {
    const char c = text_[i];
    if (c == '"') {
      inside = !inside;
    } else if (inside && c == '\\') {
      ++i;
    } else if (inside && static_cast<unsigned char>(c) < 0x20) {
      const auto byte = static_cast<unsigned char>(c);
      std::string escape = c == '\n' ? "\\n" : c == '\r' ? "\\r" : c == '\t' ? "\\t" : fmt::format("\\u{:04x}", byte);
      std::string message = fmt::format("a string held the control character 0x{:02x}, now {}", byte, escape);
      words_.push_back({i, 1, std::move(escape), RuleId::json_syntax, std::move(message)});
    }
  }
}

bool Text::repair_words() {
  for (Word& word : words_) {
    edits_.push_back({word.at, word.length, std::move(word.text)});
    say(word.rule, word.at, "", std::move(word.message));
  }
  return !words_.empty();
}

Node Text::find(Node object, std::string_view name) const {
  if (!is(object, Kind::object)) return kNone;
  Node found = kNone;
  for (Node member = first(object); member != kNone; member = next(member)) {
    const Value& value = at(member);
    const std::string_view raw = text_.substr(value.name + 1, value.name_end - value.name - 2);
    if (raw == name || (raw.find('\\') != std::string_view::npos && this->name(member) == name)) found = member;
  }
  return found;
}

std::string Text::name(Node member) const {
  const Value& value = at(member);
  const std::string_view raw = text_.substr(value.name, value.name_end - value.name);
  return raw.find('\\') == std::string_view::npos ? std::string(raw.substr(1, raw.size() - 2)) : unescaped(raw);
}

std::string_view Text::string(Node node, std::string& scratch) const {
  if (!is(node, Kind::string)) return {};
  const std::string_view raw = this->raw(node);
  if (raw.find('\\') == std::string_view::npos) return raw.substr(1, raw.size() - 2);
  return scratch = unescaped(raw);
}

std::string Text::string(Node node) const {
  std::string scratch;
  return std::string(string(node, scratch));
}

std::string Text::pointer(Node node) const {
  std::vector<Node> path;
  for (Node i = node; i != kNone && at(i).parent != kNone; i = at(i).parent) path.push_back(i);
  std::string out;
  for (auto i = path.rbegin(); i != path.rend(); ++i) {
    const Node parent = at(*i).parent;
    if (at(parent).kind == Kind::object) {
      stream::append_pointer(out, name(*i));
    } else {
      std::size_t index = 0;
      for (Node sibling = first(parent); sibling != *i; sibling = next(sibling)) ++index;
      stream::append_pointer(out, index);
    }
  }
  return out;
}

void Text::say(RuleId rule, std::size_t offset, std::string pointer, std::string message) {
  said_.push_back({rule, offset, std::move(pointer), std::move(message), true});
  changed_ = true;
}

void Text::set(Node node, RuleId rule, std::string json, std::string_view why) {
  say(rule, at(node).begin, pointer(node),
      fmt::format("was {}, now {}{}{}", shown(raw(node)), shown(json), why.empty() ? "" : ": ", why));
  edits_.push_back({at(node).begin, at(node).end - at(node).begin, std::move(json)});
}

void Text::drop(Node node, RuleId rule, std::string_view why) {
  say(rule, at(node).name, pointer(node), fmt::format("was {}, dropped{}{}", shown(raw(node)), why.empty() ? "" : ": ", why));
  at(node).removed = true;
  touch(at(node).parent);
}

void Text::touch(Node parent) {
  if (at(parent).touched) return;
  at(parent).touched = true;
  touched_.push_back(parent);
}

void Text::add(Node object, std::string_view name, std::string json, RuleId rule, std::string_view why) {
  std::string where = pointer(object);
  stream::append_pointer(where, name);
  say(rule, at(object).begin, std::move(where),
      fmt::format("was missing, now {}{}{}", shown(json), why.empty() ? "" : ": ", why));
  additions_.push_back({object, quote(name) + colon(object) + json});
  touch(object);
}

void Text::spread(Node element, const std::vector<std::string>& jsons, RuleId rule, std::string message) {
  say(rule, at(element).begin, pointer(element), std::move(message));
  std::string all;
  for (const std::string& json : jsons) {
    if (!all.empty()) all.append(",").append(lead(at(element).parent));
    all += json;
  }
  edits_.push_back({at(element).begin, at(element).end - at(element).begin, std::move(all)});
}

/// The white space before the container's values: that of the last one.
std::string_view Text::lead(Node parent) const {
  const Node last = at(parent).last;
  if (last == kNone) return {};
  const std::size_t to = at(last).name;
  const std::size_t from = before_space(to);
  return text_.substr(from, to - from);
}

/// What stands between a member's name and its value.
std::string Text::colon(Node object) const {
  const Node last = at(object).last;
  return last == kNone ? ":" : std::string(text_.substr(at(last).name_end, at(last).begin - at(last).name_end));
}

/// The edits that take out what was removed, with the comma that goes with it, and put in what was added.
void Text::container_edits(Node parent, std::vector<Edit>& edits) const {
  Node kept = kNone;  // the last one
  for (Node i = first(parent); i != kNone; i = next(i)) {
    if (!at(i).removed) kept = i;
  }
  std::string added;
  for (const Addition& addition : additions_) {
    if (addition.parent != parent) continue;
    if (kept != kNone || !added.empty()) added.append(",").append(lead(parent));
    added += addition.text;
  }
  if (kept == kNone) {
    const std::size_t from = at(parent).begin + 1;
    edits.push_back({from, at(parent).end - 1 - from, std::move(added)});
    return;
  }
  if (!added.empty()) edits.push_back({at(kept).end, 0, std::move(added)});
  bool leading = true;  // nothing that is kept stands before
  Node previous = kNone;
  for (Node i = first(parent); i != kNone; previous = i, i = next(i)) {
    if (!at(i).removed) {
      leading = false;
    } else if (leading) {
      edits.push_back({at(i).name, at(next(i)).name - at(i).name, ""});
    } else {
      edits.push_back({at(previous).end, at(i).end - at(previous).end, ""});
    }
  }
}

std::string Text::apply(std::vector<Edit>& edits, Repairs& said) {
  edits.clear();
  for (const Node parent : touched_) container_edits(parent, edits);
  std::move(edits_.begin(), edits_.end(), std::back_inserter(edits));
  edits_.clear();
  std::stable_sort(edits.begin(), edits.end(), [](const Edit& a, const Edit& b) { return a.at < b.at; });
  std::string out;
  out.reserve(text_.size() + 256);
  std::size_t done = 0;
  for (const Edit& edit : edits) {
    out.append(text_.substr(done, edit.at - done)).append(edit.text);
    done = edit.at + edit.length;
  }
  out.append(text_.substr(done));
  std::stable_sort(said_.begin(), said_.end(), [](const Repair& a, const Repair& b) { return a.offset < b.offset; });
  std::move(said_.begin(), said_.end(), std::back_inserter(said));
  said_.clear();
  return out;
}

}  // namespace har::check::edit
