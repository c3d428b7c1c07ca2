#include "lockstep.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "json_text.hpp"
#include "line_scan.hpp"
#include "noise_matcher.hpp"
#include "stream/text/ascii.hpp"
#include "stream/text/json.hpp"
#include "stream/text/utf8.hpp"

namespace stream {
namespace {

using ascii::is_digit;
using ascii::is_space;

constexpr std::size_t kNone = kNoEnd;

std::size_t word_end(std::string_view text, std::size_t at, std::string_view word) {
  return text.substr(at, word.size()) == word ? at + word.size() : kNone;
}

/// Where the value at `at` ends, which must be valid and without a line feed; kNone if it is not.
std::size_t value_end(std::string_view text, std::size_t at, const Limits& limits) {
  if (at >= text.size() || is_space(text[at])) return kNone;
  const char first = text[at];
  if (is_digit(first) || first == '-') return number_end(text, at);
  if (first == '"') return string_end(text, at);
  text = text.substr(0, text.find('\n', at));
  std::size_t consumed = 0;
  return parse_json_prefix(text.substr(at), consumed, limits) ? at + consumed : kNone;
}

/// A value that is valid.
Json value_of(std::string_view text, const Limits& limits) {
  if (text.front() == '-' || is_digit(text.front())) return Json(Json::Number{std::string(text)});
  auto value = parse_json(text, limits);
  return value ? std::move(*value) : Json();
}

}  // namespace

Lockstep::Lockstep(JsonComparer& json, State root, const Limits& limits)
    : json_(json),
      root_(root),
      limits_(limits),
      max_depth_(std::min(limits.max_depth, kDeepestLimit)),
      hash_(NumberRule::value, max_depth_) {}

PassedLines Lockstep::pass(std::string_view expected, std::string_view actual, const LineTokens* tokens, std::size_t begin) {
  PassedLines out;
  const std::uint32_t* token = nullptr;
  const std::uint32_t* end = nullptr;
  if (tokens != nullptr) {
    end = tokens->offsets.data() + tokens->offsets.size();
    token = std::lower_bound(tokens->offsets.data(), end, begin);
  }
  std::size_t same = kNone;  // how much of what comes is known to be the same
  while (out.expected < expected.size() && out.actual < actual.size()) {
    Line line;
    line.both = expected.substr(out.expected);
    line.actual = actual.substr(out.actual);
    const auto* const feed = static_cast<const char*>(std::memchr(line.both.data(), '\n', line.both.size()));
    if (feed == nullptr) break;
    line.expected = line.both.substr(0, static_cast<std::size_t>(feed - line.both.data()));
    const std::size_t size = line.expected.size();
    line.differ = same != kNone ? same : common_prefix(line.both, line.actual);
    if (line.differ > size || size == 0 || static_cast<unsigned char>(line.expected.front()) <= 0x20) break;
    const std::size_t at = begin + out.expected;
    if (tokens != nullptr && at >= tokens->begin && at + size < tokens->end) {
      line.token = token;
      line.end = end;
      line.base = at;
    } else if (!find_tokens(line)) {
      break;
    }
    if (!walk(line)) break;
    if (line.base == at && line.end == end) token = line.token;
    out.expected += size + 1;
    out.actual += static_cast<std::size_t>(static_cast<std::ptrdiff_t>(size) + line.delta) + 1;
    ++out.lines;
    same = line.differ - size - 1;
  }
  return out;
}

std::optional<Lockstep::Changes> Lockstep::count(std::string_view expected, std::string_view actual) {
  if (expected.empty() || actual.empty()) return std::nullopt;
  both_.assign(expected).push_back('\n');
  other_.assign(actual).push_back('\n');
  Line line;
  line.both = both_;
  line.actual = other_;
  line.expected = line.both.substr(0, expected.size());
  line.differ = common_prefix(line.both, line.actual);
  if (!find_tokens(line)) return std::nullopt;
  changes_.emplace();
  const bool known = walk(line);
  const auto found = std::exchange(changes_, std::nullopt);
  return known ? found : std::nullopt;
}

bool Lockstep::differ_surely(std::string_view expected, std::string_view actual) {
  if (expected.front() != '"' || actual.front() != '"') return false;
  if (expected.find('\\') == std::string_view::npos && actual.find('\\') == std::string_view::npos) return expected != actual;
  const auto hash_e = hash_.hash(expected);
  const auto hash_a = hash_.hash(actual);
  return hash_e && hash_a && *hash_e != *hash_a;
}

bool Lockstep::counts(State leaf) {
  if (!changes_ || frames_.empty()) return false;
  // Elements are aligned, and rules may be for a whole.
  if (!json_.matcher().effect(leaf).relaxed.empty()) return false;
  for (std::size_t i = 0; i < frames_.size(); ++i) {
    if (frames_[i].array || !json_.matcher().effect(state_of(i)).relaxed.empty()) return false;
  }
  return true;
}

bool Lockstep::find_tokens(Line& line) {
  found_.clear();
  if (line.expected.size() > UINT32_MAX || !is_utf8(line.expected)) return false;
  finder_.start(line.expected);
  for (std::size_t at = finder_.next(); at != JsonTokens::kEnd; at = finder_.next())
    found_.push_back(static_cast<std::uint32_t>(at));
  line.token = found_.data();
  line.end = found_.data() + found_.size();
  line.base = 0;
  return !finder_.bad_string();
}

bool Lockstep::walk(Line& line) {
  const std::string_view text = line.expected;
  const auto next = [&] { return line.token == line.end ? kNone : *line.token++ - line.base; };
  const auto peek = [&] { return line.token == line.end ? kNone : *line.token - line.base; };
  frames_.clear();
  ignored_ = kNone;
  for (;;) {
    // A value.
    std::size_t at = next();
    if (at >= text.size()) return false;
    if (line.differ < at && !leave_out(at)) return false;
    const char first = text[at];
    std::size_t end = at + 1;
    bool open = false;
    switch (first) {
      case '{':
      case '[': {
        if (frames_.size() >= max_depth_) return false;
        Frame& frame = frames_.emplace_back();
        frame.array = first == '[';
        frame.at = at;
        frame.delta = line.delta;
        if (line.differ == at && !leave_out(at)) return false;
        const std::size_t inner = peek();
        if (inner >= text.size()) return false;
        open = text[inner] != (frame.array ? ']' : '}');
        if (!open) {
          ++line.token;
          if (line.differ <= inner && !leave_out(inner)) return false;
          if (!close(line, inner + 1)) return false;
          end = inner + 1;
        }
        break;
      }
      case '"':
        // It ends before the white space before the next token.
        end = std::min(peek(), text.size());
        while (is_space(text[end - 1])) --end;
        if (end - at < 2 || text[end - 1] != '"') return false;
        if (line.differ < end && !scalar(line, at, end)) return false;
        break;
      case 't':
      case 'f':
      case 'n':
        end = word_end(text, at, first == 't' ? "true" : first == 'f' ? "false" : "null");
        if (end == kNone || (line.differ <= end && !scalar(line, at, end))) return false;
        break;
      default:
        end = number_end(text, at);
        if (end == kNone || (line.differ <= end && !scalar(line, at, end))) return false;
    }
    // What follows it.
    while (!open) {
      const std::size_t behind = peek();
      if (frames_.empty()) {
        for (std::size_t i = end; i < text.size(); ++i) {
          if (!is_space(text[i])) return false;
        }
        return line.differ > text.size();
      }
      // A word or a number that goes on is no token of its own.
      if (behind >= text.size()) return false;
      for (std::size_t i = end; i < behind; ++i) {
        if (!is_space(text[i])) return false;
      }
      if (line.differ <= behind && !leave_out(behind)) return false;
      ++line.token;
      Frame& frame = frames_.back();
      if (text[behind] == ',') {
        ++frame.index;
        break;
      }
      if (text[behind] != (frame.array ? ']' : '}')) return false;
      end = behind + 1;
      if (!close(line, end)) return false;
    }
    // What comes before the next value.
    if (frames_.back().array) continue;
    at = next();
    const std::size_t colon = next();
    if (colon >= text.size() || text[at] != '"' || text[colon] != ':') return false;
    end = colon;
    while (is_space(text[end - 1])) --end;
    if (end - at < 2 || text[end - 1] != '"') return false;
    if (line.differ <= colon && !leave_out(colon)) return false;
    frames_.back().name = text.substr(at + 1, end - at - 2);
  }
}

bool Lockstep::close(Line& line, std::size_t end) {
  const Frame frame = frames_.back();
  frames_.pop_back();
  if (ignored_ != frames_.size()) return true;
  ignored_ = kNone;
  Limits limits = limits_;
  limits.max_depth = max_depth_ - frames_.size();
  const std::size_t from = static_cast<std::size_t>(static_cast<std::ptrdiff_t>(frame.at) + frame.delta);
  const std::size_t end_actual = value_end(line.actual, from, limits);
  if (end_actual == kNone) return false;
  resume(line, end, end_actual);
  return true;
}

void Lockstep::resume(Line& line, std::size_t end, std::size_t end_actual) {
  line.delta = static_cast<std::ptrdiff_t>(end_actual) - static_cast<std::ptrdiff_t>(end);
  line.differ = end + common_prefix(line.both.substr(end), line.actual.substr(end_actual));
}

bool Lockstep::leave_out(std::size_t /*at*/) {
  if (ignored_ != kNone) return true;
  for (std::size_t i = 0; i < frames_.size(); ++i) {
    if (!json_.matcher().ignored(state_of(i))) continue;
    ignored_ = i;
    return true;
  }
  return false;
}

bool Lockstep::scalar(Line& line, std::size_t at, std::size_t end) {
  if (leave_out(at)) return true;
  Limits limits = limits_;
  limits.max_depth = max_depth_ - frames_.size();
  const auto from = static_cast<std::size_t>(static_cast<std::ptrdiff_t>(at) + line.delta);
  const std::size_t end_actual = value_end(line.actual, from, limits);
  if (end_actual == kNone) return false;
  const State state = frames_.empty() ? root_ : step(frames_.back());
  if (!json_.matcher().ignored(state)) {
    const std::string_view expected_text = line.expected.substr(at, end - at);
    const std::string_view actual_text = line.actual.substr(from, end_actual - from);
    if (state == NoiseMatcher::kNothing && differ_surely(expected_text, actual_text)) {
      if (!counts(state)) return false;
      ++changes_->changed;
      resume(line, end, end_actual);
      return true;
    }
    const Json expected = value_of(expected_text, limits_);
    const Json actual = value_of(actual_text, limits_);
    if (!json_.equal(expected, state, actual, state)) {
      if (!counts(state)) return false;
      ++(expected.kind() == actual.kind() ? changes_->changed : changes_->type);
    }
  }
  resume(line, end, end_actual);
  return true;
}

Lockstep::State Lockstep::state_of(std::size_t frame) {
  Frame& known = frames_[frame];
  if (!known.state) {
    // The states of those around it are known: they were asked for before.
    known.state = frame == 0 ? root_ : step(frames_[frame - 1]);
  }
  return *known.state;
}

/// The place of what is looked at in the frame, whose own place is known.
Lockstep::State Lockstep::step(Frame& frame) {
  const State state = *frame.state;
  if (state == NoiseMatcher::kNothing) return state;
  if (frame.array) return json_.matcher().element(state, frame.index);
  if (frame.name.find('\\') == std::string_view::npos) return json_.matcher().member(state, frame.name);
  const auto name = parse_json('"' + std::string(frame.name) + '"');
  return json_.matcher().member(state, name->as_string());
}

}  // namespace stream
