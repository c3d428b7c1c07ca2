#include "check/walker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

#include "stream/text/ascii.hpp"
#include "stream/text/json.hpp"
#include "stream/text/timestamp.hpp"

namespace har::check {
namespace {

using stream::JsonTokens;
using stream::ascii::is_digit;
using stream::ascii::is_space;

/// What may stand behind a number or a word.
bool ends_scalar(char c) { return c == ',' || c == '}' || c == ']' || c == ':' || is_space(c); }

/// A value as a message shows it.
std::string shown(std::string_view raw) {
  constexpr std::size_t kLongest = 60;
  if (raw.size() <= kLongest) return std::string(raw);
  std::size_t end = kLongest - 3;
  while (end > 0 && (static_cast<unsigned char>(raw[end]) & 0xC0U) == 0x80) --end;
  return std::string(raw.substr(0, end)) + "...";
}

std::string_view type_text(Shape::Type type) {
  switch (type) {
    case Shape::null:
      return "null";
    case Shape::boolean:
      return "a boolean";
    case Shape::number:
      return "a number";
    case Shape::string:
      return "a string";
    case Shape::array:
      return "an array";
    default:
      return "an object";
  }
}

std::string expected_types(const Shape::Node& node) {
  std::string text;
  for (const Shape::Type type : {Shape::object, Shape::array, Shape::string, Shape::number, Shape::boolean, Shape::null}) {
    if ((node.types & type) == 0) continue;
    if (!text.empty()) text += " or ";
    text += type == Shape::number && node.integer ? "an integer" : type_text(type);
  }
  return text;
}

template <class Word>
Word load(const char* from) {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

/// a == b: names are short.
bool same(std::string_view a, std::string_view b) {
  const std::size_t n = a.size();
  if (n != b.size()) return false;
  if (n > 16) return std::memcmp(a.data(), b.data(), n) == 0;
  const char* const p = a.data();
  const char* const q = b.data();
  if (n >= 8)
    return load<std::uint64_t>(p) == load<std::uint64_t>(q) && load<std::uint64_t>(p + n - 8) == load<std::uint64_t>(q + n - 8);
  if (n >= 4)
    return load<std::uint32_t>(p) == load<std::uint32_t>(q) && load<std::uint32_t>(p + n - 4) == load<std::uint32_t>(q + n - 4);
  if (n >= 2)
    return load<std::uint16_t>(p) == load<std::uint16_t>(q) && load<std::uint16_t>(p + n - 2) == load<std::uint16_t>(q + n - 2);
  return n == 0 || *p == *q;
}

double to_double(std::string_view raw) {
  double value = 0;
  const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), value);
  if (error == std::errc::result_out_of_range) return raw.front() == '-' ? -HUGE_VAL : HUGE_VAL;
  return value;
}

/// FNV-1a over eight bytes at a time: to tell names apart quickly, not safely.
std::uint64_t hash_of(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325U ^ name.size();
  while (name.size() >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, name.data(), 8);
    hash = (hash ^ word) * 0x100000001b3U;
    hash ^= hash >> 29;
    name.remove_prefix(8);
  }
  std::uint64_t word = 0;
  std::memcpy(&word, name.data(), name.size());
  hash = (hash ^ word) * 0x9E3779B97F4A7C15U;
  return hash ^ hash >> 32;
}

}  // namespace

std::string Walker::pointer(std::string_view member) const {
  std::string out;
  for (const Frame& frame : frames_) {
    if (frame.array) {
      stream::append_pointer(out, frame.index);
    } else if (frame.key.data() != nullptr) {
      stream::append_pointer(out, frame.key);
    }
  }
  if (member.data() != nullptr) stream::append_pointer(out, member);
  return out;
}

void Walker::mark(RuleId rule, std::size_t at, std::string message, std::optional<Severity> regular, std::string_view member) {
  if (++of_rule_[static_cast<std::size_t>(rule)] > kMarksOfRule) return;
  marks_->push_back({rule, at, pointer(member), std::move(message), regular});
}

/// A syntax error: the text is given up.
bool Walker::wrong(std::size_t at, std::string_view expected) {
  if (const auto bad = stream::find_bad_string(text_); bad && bad->at <= at) {
    mark(RuleId::json_syntax, bad->at, std::string(bad->what), {});
    return false;
  }
  std::string found = "the end";
  if (at < text_.size()) {
    const char c = text_[at];
    found = c == '"'                  ? "a string"
            : is_digit(c) || c == '-' ? "a number"
            : static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e
                ? fmt::format("the byte 0x{:02x}", static_cast<unsigned char>(c))
                : fmt::format("'{}'", c);
  }
  mark(RuleId::json_syntax, std::min(at, text_.size()), fmt::format("expected {}, found {}", expected, found), {});
  return false;
}

std::string_view Walker::no_value(std::size_t at, std::string_view expected) {
  wrong(at, expected);
  return {};
}

/// The string whose opening quote stands at `at`; the token behind it is `next`: only white space is between.
inline std::string_view Walker::string_at(std::size_t at, std::size_t next) const {
  std::size_t end = std::min(next, text_.size());
  while (end > at + 1 && text_[end - 1] != '"') --end;
  end = std::min(std::max(end, at + 2), text_.size());  // a string that is not closed is wrong later on
  return {text_.data() + at, end - at};
}

bool Walker::wrong_type(const Shape::Node& node, Shape::Type is, std::size_t at) {
  mark(RuleId::har_type, at, fmt::format("expected {}, found {}", expected_types(node), type_text(is)),
       is == Shape::null ? node.tolerance.null : node.tolerance.type);
  return false;
}

void Walker::string_value(const Shape::Node& node, std::string_view raw) {
  const std::string_view value = text_of(Field{raw}, scratch_);
  const auto at = static_cast<std::size_t>(raw.data() - text_.data());
  if (node.has_choices && std::find(node.choices.begin(), node.choices.end(), value) == node.choices.end()) {
    mark(node.value_rule, at, fmt::format("expected {}, found {}", fmt::join(node.choices, ", "), shown(raw)),
         node.tolerance.value);
  }
  if (node.pattern == Shape::kNone || shape_->matches(node.pattern, value)) return;
  if (node.value_rule == RuleId::date_format) {
    // A date that can be read though it is not written as HAR has it.
    const bool readable = stream::parse_iso8601(value).has_value();
    mark(RuleId::date_format, at, fmt::format("expected a date such as 2026-11-22T09:15:30.123Z, found {}", shown(raw)),
         readable ? std::min(Severity::warning, node.tolerance.value.value_or(Severity::warning)) : node.tolerance.value);
    return;
  }
  mark(node.value_rule, at, fmt::format("a value of another form than it must have: {}", shown(raw)), node.tolerance.value);
}

void Walker::number_value(const Shape::Node& node, std::string_view raw, bool whole) {
  const auto at = static_cast<std::size_t>(raw.data() - text_.data());
  const double value = to_double(raw);
  if (node.integer && !whole && std::floor(value) != value) {
    mark(RuleId::har_type, at, fmt::format("expected an integer, found {}", shown(raw)), node.tolerance.type);
  }
  if (value < node.minimum || value > node.maximum) {
    const bool unknown = value == -1 && node.tolerance.unknown;
    mark(unknown ? node.unknown_rule : node.value_rule, at,
         value < node.minimum ? fmt::format("expected {} or more{}, found {}", node.minimum,
                                            node.minimum == -1 ? " (-1: unknown)" : "", shown(raw))
                              : fmt::format("expected {} or less, found {}", node.maximum, shown(raw)),
         unknown ? node.tolerance.unknown : node.tolerance.value);
  }
  if (node.has_choices && std::find(node.number_choices.begin(), node.number_choices.end(), value) == node.number_choices.end()) {
    mark(node.value_rule, at, fmt::format("expected {}, found {}", fmt::join(node.number_choices, ", "), shown(raw)),
         node.tolerance.value);
  }
}

std::string_view Walker::number(std::size_t at, const Shape::Node* node) {
  const char* const begin = text_.data() + at;
  const char* const end = text_.data() + text_.size();
  const char* p = begin;
  const auto digits = [&] {
    const char* const from = p;
    while (p < end && is_digit(*p)) ++p;
    return p - from;
  };
  if (*p == '-') ++p;
  const char* const first = p;
  std::ptrdiff_t count = digits();
  if (count == 0 || (count > 1 && *first == '0')) return no_value(at);
  bool whole = true;
  bool exponent = false;
  if (p < end && *p == '.') {
    ++p;
    whole = false;
    if (digits() == 0) return no_value(static_cast<std::size_t>(p - text_.data()), "a digit");
  }
  if (p < end && (*p == 'e' || *p == 'E')) {
    ++p;
    whole = false;
    exponent = true;
    if (p < end && (*p == '+' || *p == '-')) ++p;
    if (digits() == 0) return no_value(static_cast<std::size_t>(p - text_.data()), "a digit");
  }
  if (p < end && !ends_scalar(*p)) return no_value(static_cast<std::size_t>(p - text_.data()), "the end of a number");
  const std::string_view raw{begin, static_cast<std::size_t>(p - begin)};
  if (count > 15 || exponent) {
    // 2^53 is the first integer whose neighbour a double does not have; anything above 10^308 is infinite.
    const double value = to_double(raw);
    bool exact = std::isfinite(value);
    if (exact && whole) exact = fmt::format("{:.0f}", value) == raw;
    if (!exact) mark(RuleId::json_number, at, fmt::format("{} becomes {} in a double", shown(raw), value), {});
  }
  if (node != nullptr && type(*node, Shape::number, at)) {
    // Most bounds are 0 or -1: what has no sign keeps to them.
    const bool within = (raw.front() != '-' || node->minimum == -HUGE_VAL) && node->minimum <= 0 && node->maximum == HUGE_VAL;
    if ((node->integer && !whole) || node->has_choices || !within) number_value(*node, raw, whole);
  }
  return raw;
}

/// A value that is no container; its token was taken.
inline std::string_view Walker::scalar(std::size_t at, const Shape::Node* node) {
  const char c = text_[at];
  if (c == '"') {
    const std::string_view raw = string_at(at, tokens_.peek());
    if (node != nullptr && type(*node, Shape::string, at) && (node->has_choices || node->pattern != Shape::kNone)) {
      string_value(*node, raw);
    }
    return raw;
  }
  if (c == '-' || is_digit(c)) return number(at, node);
  const auto word = [&](std::string_view wanted, Shape::Type is) -> std::string_view {
    if (!text_.substr(at).starts_with(wanted)) return no_value(at);
    if (at + wanted.size() < text_.size() && !ends_scalar(text_[at + wanted.size()])) return no_value(at);
    if (node != nullptr) type(*node, is, at);
    return text_.substr(at, wanted.size());
  };
  if (c == 't') return word("true", Shape::boolean);
  if (c == 'f') return word("false", Shape::boolean);
  if (c == 'n') return word("null", Shape::null);
  return no_value(at);
}

/// A member that the shape does not describe, or of an object that has none: it may not stand there twice.
void Walker::other_member(Frame& frame, std::string_view name, std::size_t at) {
  constexpr std::size_t kMany = 64;
  const std::uint64_t bit = std::uint64_t{1} << (hash_of(name) & 63U);
  const std::size_t count = names_.size() - frame.names;
  bool twice = false;
  if (count >= kMany) {
    const std::size_t number = frames_.size();
    if (many_at_ != number) {
      many_names_.clear();
      many_names_.insert(names_.begin() + static_cast<std::ptrdiff_t>(frame.names), names_.end());
      many_at_ = number;
    }
    twice = !many_names_.insert(name).second;
  } else if ((frame.bloom & bit) != 0) {
    twice = std::find(names_.begin() + static_cast<std::ptrdiff_t>(frame.names), names_.end(), name) != names_.end();
  }
  if (twice) {
    mark(RuleId::har_duplicate_member, at, "the member stands there twice", {}, name);
    return;
  }
  frame.bloom |= bit;
  names_.push_back(name);
}

/// Which member of the frame's node this is; kNone for another. The frame's key becomes the name, also where it is written
/// with escapes.
int Walker::member(Frame& frame, std::string_view key, std::size_t at) {
  frame.key = {};
  const Shape::Node* const node = frame.node;
  int found = Shape::kNone;
  const auto look_up = [&](std::string_view name) {
    const std::size_t count = node->members.size();
    // Producers write members in one order: what followed last time follows again.
    std::uint8_t& prediction = predictions_[node->prediction + frame.last];
    std::size_t i = prediction;
    if (i < count && same(node->members[i].name, name)) {
      found = described_member(frame, *node, i, name, at);
      return true;
    }
    for (i = 0; i < count && !same(node->members[i].name, name); ++i) {
    }
    if (i == count) return false;
    prediction = static_cast<std::uint8_t>(i);
    found = described_member(frame, *node, i, name, at);
    return true;
  };
  if (node == nullptr || !look_up(key)) {
    bool described = false;
    if (key.find('\\') != std::string_view::npos) {
      // A name that is written with escapes is the name all the same.
      const std::string quoted = fmt::format("\"{}\"", key);
      key = *decoded_names_.insert(text_of(Field{quoted})).first;
      described = node != nullptr && look_up(key);
    }
    if (!described) {
      other_member(frame, key, at);
      if (node != nullptr && node->closed && !key.starts_with('_')) undescribed(*node, key, at);
    }
  }
  frame.key = key;
  return found;
}

inline int Walker::described_member(Frame& frame, const Shape::Node& node, std::size_t found, std::string_view key,
                                    std::size_t at) {
  const std::uint64_t bit = std::uint64_t{1} << found;
  if ((frame.seen & bit) != 0) mark(RuleId::har_duplicate_member, at, "the member stands there twice", {}, key);
  frame.seen |= bit;
  frame.last = static_cast<std::uint8_t>(found + 1);
  if (node.members[found].foreign) undescribed(node, key, at);
  return node.members[found].node;
}

/// A member that the standard does not have, and that has no underscore.
void Walker::undescribed(const Shape::Node& node, std::string_view key, std::size_t at) {
  const bool tolerated = std::find(node.tolerated.begin(), node.tolerated.end(), key) != node.tolerated.end();
  if (tolerated && !strict_) return;
  mark(RuleId::har_member, at, "HAR has no such member; names of one's own begin with an underscore",
       tolerated ? std::optional(Severity::off) : std::nullopt, key);
}

/// The end of an object: what it had to have.
inline void Walker::close(const Frame& frame) {
  const Shape::Node& node = *frame.node;
  for (std::uint64_t missing = node.required & ~frame.seen; missing != 0; missing &= missing - 1) {
    const auto number = static_cast<std::size_t>(__builtin_ctzll(missing));
    const Shape::Member& member = node.members[number];
    mark(RuleId::har_required, frame.begin, fmt::format("the member \"{}\" is missing", member.name),
         shape_->node(member.node).tolerance.missing);
  }
  if (!node.one_of.empty()) {
    const auto whole = [&](std::uint64_t bits) { return (frame.seen & bits) == bits; };
    if (std::count_if(node.one_of.begin(), node.one_of.end(), whole) != 1) {
      std::vector<std::string> names;
      for (const Shape::Member& member : node.members) {
        const std::uint64_t bit = std::uint64_t{1} << static_cast<std::size_t>(&member - node.members.data());
        if (std::any_of(node.one_of.begin(), node.one_of.end(), [&](std::uint64_t bits) { return (bits & bit) != 0; }))
          names.push_back(member.name);
      }
      mark(RuleId::har_required, frame.begin, fmt::format("expected exactly one of {}", fmt::join(names, ", ")), {});
    }
  }
}

bool Walker::walk(std::string_view text, const Shape& shape, int node, Facts* facts, MessageChecks* messages, Marks& marks) {
  text_ = text;
  shape_ = &shape;
  marks_ = &marks;
  frames_.clear();
  names_.clear();
  decoded_names_.clear();
  many_at_ = 0;
  of_rule_.assign(kRuleCount, 0);
  if (predicted_ != &shape) {
    predictions_.assign(shape.predictions(), 0);
    predicted_ = &shape;
  }
  if (facts != nullptr) facts->clear(text);
  tokens_.start(text);
  root_ = node;
  bool good = run(facts, messages);
  if (good && tokens_.bad_string()) {
    frames_.clear();
    good = wrong(text.size(), "");
  }
  if (const auto at = tokens_.lone_surrogate(); at && good) {
    frames_.clear();
    mark(RuleId::json_surrogate, *at - 1, fmt::format("half a surrogate pair: {}", text.substr(*at - 1, 6)), {});
  }
  for (std::size_t i = 0; i < kRuleCount; ++i) {
    if (of_rule_[i] <= kMarksOfRule) continue;
    marks.push_back({static_cast<RuleId>(i), 0, "", fmt::format("{} more like those before", of_rule_[i] - kMarksOfRule), {}});
  }
  return good;
}

bool Walker::run(Facts* facts, MessageChecks* messages) {
  // Records are put together where they will stay: what is copied right after it was written in parts has to wait for them.
  Record of_messages;
  Record* record = nullptr;
  List list = List::count_;  // what the record is of
  std::size_t record_depth = 0;
  const Shape::Node* node = node_at(root_);
  const auto take = [&](const Shape::Node& of, std::string_view value) {
    if (facts != nullptr && of.slot != Slot::count_) facts->slots[static_cast<std::size_t>(of.slot)].raw = value;
    if (of.field != nullptr && record != nullptr) (record->*of.field).raw = value;
  };
  const auto begin_record = [&](const Frame& array) {
    list = array.node->list;
    record = &of_messages;
    if (static_cast<std::size_t>(list) < kGathered) {
      record = &facts->lists[static_cast<std::size_t>(list)].emplace_back();
    } else {
      of_messages = {};
    }
    record->index = array.index;
    record_depth = frames_.size();
  };
  const auto end_record = [&](std::string_view object) {
    record->object = object;
    if (record == &of_messages && messages != nullptr) messages->record(list, of_messages, text_, *marks_);
    record = nullptr;
  };

  for (;;) {
    // A value.
    std::size_t token = tokens_.next();
    if (token == JsonTokens::kEnd) return wrong(text_.size(), "a value");
    const char c = text_[token];
    bool opened = false;
    if (c == '{' || c == '[') {
      if (frames_.size() >= max_depth_) {
        mark(RuleId::json_limit, token, fmt::format("nested deeper than {} levels; --max-depth raises the limit", max_depth_),
             {});
        return false;
      }
      if (node != nullptr && !type(*node, c == '{' ? Shape::object : Shape::array, token)) node = nullptr;
      if (c == '{' && facts != nullptr && record == nullptr && !frames_.empty() && frames_.back().array &&
          frames_.back().node != nullptr && frames_.back().node->list != List::count_) {
        begin_record(frames_.back());
      }
      Frame& frame = frames_.emplace_back();
      frame.node = node;
      frame.array = c == '[';
      frame.begin = token;
      frame.names = names_.size();
      const std::size_t next = tokens_.peek();
      opened = next == JsonTokens::kEnd || text_[next] != (c == '{' ? '}' : ']');  // what is empty is closed below
    } else {
      const std::string_view raw = scalar(token, node);
      if (raw.empty()) return false;
      if (node != nullptr) take(*node, raw);
    }

    // What stands behind a value, or within a container that was opened.
    for (;;) {
      if (frames_.empty()) {
        const std::size_t rest = tokens_.next();
        return rest == JsonTokens::kEnd || wrong(rest, "the end");
      }
      Frame& frame = frames_.back();
      if (!opened) {
        token = tokens_.next();
        const char behind = token == JsonTokens::kEnd ? '\0' : text_[token];
        if (behind == (frame.array ? ']' : '}')) {
          const Shape::Node* const closed = frame.node;
          const std::string_view raw(text_.data() + frame.begin, token + 1 - frame.begin);
          if (!frame.array) {
            frame.key = {};
            if (closed != nullptr) close(frame);
            if (many_at_ == frames_.size()) many_at_ = 0;
          }
          names_.resize(frame.names);
          frames_.pop_back();
          if (closed != nullptr) take(*closed, raw);
          if (record != nullptr && frames_.size() == record_depth) end_record(raw);
          continue;
        }
        if (behind != ',') {
          return wrong(token == JsonTokens::kEnd ? text_.size() : token, frame.array ? "',' or ']'" : "',' or '}'");
        }
      }
      if (frame.array) {
        if (!opened) ++frame.index;
        node = frame.node == nullptr ? nullptr : node_at(frame.node->items);
        break;
      }
      // A member's name.
      token = tokens_.next();
      if (token == JsonTokens::kEnd || text_[token] != '"')
        return wrong(token == JsonTokens::kEnd ? text_.size() : token, "a member's name");
      const std::size_t colon = tokens_.next();
      if (colon == JsonTokens::kEnd || text_[colon] != ':') return wrong(colon == JsonTokens::kEnd ? text_.size() : colon, "':'");
      const std::string_view quoted = string_at(token, colon);
      node = node_at(member(frame, {quoted.data() + 1, quoted.size() - 2}, token));
      break;
    }
  }
}

}  // namespace har::check
