#include "stream/codec/json_concat.hpp"

#include <fmt/format.h>

#include <utility>

#include "stream/text/ascii.hpp"
#include "stream/text/json.hpp"

namespace stream {
namespace {

using ascii::is_space;

constexpr std::string_view kBom = "\xEF\xBB\xBF";
constexpr std::string_view kSpace = " \t\r\n";  // RFC 8259 §2

}  // namespace

Status JsonConcatDecoder::feed(std::string_view bytes, std::vector<JsonConcatItem>& out) {
  if (failure_) return fail(*failure_);
  for (std::size_t at = 0; at < bytes.size();) {
    if (state_ == State::between) {
      const char c = bytes[at];
      if (!is_space(c)) {
        begin(c);
        continue;
      }
      ++at;
      ++offset_;
      if (c == '\n') {
        ++line_;
        line_begin_ = offset_;
      }
      continue;
    }
    const std::size_t next = scan(bytes, at);
    text_.append(bytes.substr(at, next - at));
    offset_ += next - at;
    at = next;
    if (text_.size() > options_.limits.max_entry) {
      failure_ = Error{ErrorCode::limit, fmt::format("a value of more than {} bytes (--max-entry)", options_.limits.max_entry),
                       begin_, "use --max-entry to allow more"};
      return fail(*failure_);
    }
    if (state_ == State::between) give(false, out);
  }
  return {};
}

void JsonConcatDecoder::begin(char first) {
  state_ = first == '"' ? State::string : first == '{' || first == '[' ? State::nested : State::word;
  depth_ = 0;
  escaped_ = false;
  begin_ = Place{options_.source, line_, offset_ - line_begin_ + 1, offset_, {}};
}

// Where the current value ends in `bytes`, of which it goes on at `at`; the state is then `between`.
std::size_t JsonConcatDecoder::scan(std::string_view bytes, std::size_t at) {
  const bool first = text_.empty();
  for (std::size_t i = at; i < bytes.size(); ++i) {
    const char c = bytes[i];
    if (c == '\n' && state_ != State::word) {
      ++line_;
      line_begin_ = offset_ + (i - at) + 1;
    }
    switch (state_) {
      case State::word:
        // What was not the first of its value may be the first of the next one.
        if (is_space(c) || ((i > at || !first) && (c == '"' || c == '{' || c == '['))) {
          state_ = State::between;
          return i;
        }
        break;
      case State::string:
      case State::nested_string:
        if (first && i == at && state_ == State::string) break;  // the opening quotation mark
        if (escaped_) {
          escaped_ = false;
        } else if (c == '\\') {
          escaped_ = true;
        } else if (c == '"') {
          state_ = state_ == State::string ? State::between : State::nested;
          if (state_ == State::between) return i + 1;
        }
        break;
      case State::nested:
        if (c == '"') {
          state_ = State::nested_string;
        } else if (c == '{' || c == '[') {
          ++depth_;
        } else if (c == '}' || c == ']') {
          if (--depth_ == 0) {
            state_ = State::between;
            return i + 1;
          }
        }
        break;
      case State::between:
        return i;
    }
  }
  return bytes.size();
}

Status JsonConcatDecoder::finish(std::vector<JsonConcatItem>& out) {
  if (failure_) return fail(*failure_);
  if (state_ != State::between) give(true, out);
  state_ = State::between;
  return {};
}

// Appends the current value; `cut`: the input ends where it would go on.
void JsonConcatDecoder::give(bool cut, std::vector<JsonConcatItem>& out) {
  std::string text = std::exchange(text_, {});
  Place place = begin_;
  if (place.offset == 0 && text.starts_with(kBom)) {
    report(Level::warning, "json-concat-bom", "a byte order mark at the start; it is left out", place);
    text.erase(0, kBom.size());
    place.offset = kBom.size();
    place.column += kBom.size();
    if (text.find_first_not_of(kSpace) == std::string::npos) return;
  }
  JsonConcatItem& item = out.emplace_back();
  item.text = std::move(text);
  item.line = place.line;
  item.begin = *place.offset;
  item.end = item.begin + item.text.size();
  if (!options_.parse && !cut) return;
  const auto parsed = parse_json(item.text, options_.limits);
  if (parsed) return;
  item.valid = false;
  const Error error = locate(parsed.error(), place);
  if (cut) {
    report(Level::error, "json-concat-truncated", fmt::format("the last value is cut off: {}", error.message), error.place);
  } else {
    report(Level::error, "json-concat-invalid", error.message, error.place);
  }
}

void JsonConcatDecoder::report(Level level, std::string_view rule, std::string message, const Place& place) const {
  if (options_.findings) options_.findings({level, std::string(rule), std::move(message), place});
}

}  // namespace stream
