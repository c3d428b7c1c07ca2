#include "formats/json_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "stream/text/ascii.hpp"

namespace har::format {

using stream::ErrorCode;
using stream::fail;
using stream::Result;
using stream::Status;

namespace {

using stream::ascii::is_space;

constexpr std::size_t kRead = std::size_t{128} << 10;

bool ends_word(char c) { return is_space(c) || c == ',' || c == ']' || c == '}' || c == ':' || c == '"' || c == '[' || c == '{'; }

/// Characters that a scan of a value stops at: within a string, and outside.
struct Stops {
  bool inside[256] = {};
  bool outside[256] = {};
  constexpr Stops() {
    for (const char c : {'"', '\\'}) inside[static_cast<unsigned char>(c)] = true;
    for (const char c : {'"', '{', '}', '[', ']'}) outside[static_cast<unsigned char>(c)] = true;
  }
};
constexpr Stops kStops;

}  // namespace

JsonValues::JsonValues(stream::ByteSource& source, const stream::Limits& limits)
    : source_(source), limits_(limits), name_(source.name()), buffer_(2 * kRead) {}

void JsonValues::advance(std::size_t count) {
  line_ += static_cast<std::uint64_t>(std::count(buffer_.data() + begin_, buffer_.data() + begin_ + count, '\n'));
  begin_ += count;
  offset_ += count;
}

Result<bool> JsonValues::fill() {
  if (eof_) return false;
  if (begin_ > 0 && (begin_ == end_ || buffer_.size() - end_ < kRead)) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() - end_ < kRead) buffer_.resize(buffer_.size() * 2);
  STREAM_ASSIGN(const std::size_t count, source_.read(std::span(buffer_.data() + end_, buffer_.size() - end_)));
  end_ += count;
  eof_ = count == 0;
  return count > 0;
}

Result<std::optional<char>> JsonValues::peek() {
  advance(std::exchange(given_, 0));
  for (;;) {
    if (!started_ && (end_ - begin_ >= 3 || eof_)) {
      started_ = true;
      if (std::string_view(buffer_.data() + begin_, end_ - begin_).starts_with("\xEF\xBB\xBF")) advance(3);
    }
    while (started_ && begin_ < end_) {
      if (!is_space(buffer_[begin_])) return std::optional(buffer_[begin_]);
      advance(1);
    }
    STREAM_ASSIGN(const bool more, fill());
    if (!more && started_ && begin_ == end_) return std::optional<char>();
  }
}

void JsonValues::skip() {
  if (begin_ < end_) advance(1);
}

Status JsonValues::skip_line() {
  given_ = 0;
  for (;;) {
    const auto* const at = static_cast<const char*>(std::memchr(buffer_.data() + begin_, '\n', end_ - begin_));
    if (at != nullptr) {
      advance(static_cast<std::size_t>(at - (buffer_.data() + begin_)) + 1);
      return {};
    }
    advance(end_ - begin_);
    STREAM_ASSIGN(const bool more, fill());
    if (!more) return {};
  }
}

Result<JsonValues::Value> JsonValues::value() {
  STREAM_ASSIGN(const auto first, peek());
  if (!first) return fail({ErrorCode::truncated, "expected a value, found the end of the input", place()});
  const bool word = *first != '{' && *first != '[' && *first != '"';
  const auto too_large = [&] {
    return fail({ErrorCode::limit, fmt::format("a value is larger than {} bytes", limits_.max_entry), place(),
                 "raise the limit with --max-entry"});
  };
  bool inside = false;
  std::size_t depth = 0;
  for (std::size_t at = 0;;) {
    const char* const data = buffer_.data() + begin_;
    const std::size_t size = end_ - begin_;
    while (at < size) {
      const char c = data[at];
      if (word) {
        if (at > 0 && ends_word(c)) {
          given_ = at;
          return Value{{data, given_}, place()};
        }
        ++at;
        continue;
      }
      const auto& stops = inside ? kStops.inside : kStops.outside;
      if (!stops[static_cast<unsigned char>(c)]) {
        ++at;
        continue;
      }
      if (c == '\\') {
        if (at + 1 == size && !eof_) break;  // what is escaped comes with the next read
        at += 2;
        continue;
      }
      ++at;
      if (c == '"') {
        inside = !inside;
      } else {
        depth += c == '{' || c == '[' ? 1 : static_cast<std::size_t>(-1);
      }
      if (!inside && depth == 0) {
        if (at > limits_.max_entry) return too_large();
        given_ = at;
        return Value{{data, given_}, place()};
      }
    }
    if (at > limits_.max_entry) return too_large();
    STREAM_ASSIGN(const bool more, fill());
    if (more) continue;
    if (word) {
      given_ = end_ - begin_;
      return Value{{buffer_.data() + begin_, given_}, place()};
    }
    return fail({ErrorCode::truncated, "the input ends within a value", place()});
  }
}

}  // namespace har::format
