#include "check/fix_source.hpp"

#include <algorithm>

#include "stream/text/ascii.hpp"
#include "stream/text/json.hpp"
#include "stream/text/json_find.hpp"

namespace har::check {
namespace {

using stream::ascii::is_space;

constexpr std::size_t kLook = std::size_t{64} << 10;
constexpr std::string_view kBom = "\xEF\xBB\xBF";

enum class Root { har, log, entries };

/// What the document that begins so is. Anything else is left to those who read it.
Root root_of(std::string_view text) {
  std::size_t at = 0;
  const auto skip_space = [&] {
    while (at < text.size() && is_space(text[at])) ++at;
    return at < text.size() ? text[at] : '\0';
  };
  const char first = skip_space();
  ++at;
  if (first == '[' && skip_space() == '{') {
    return stream::find_raw_value(text.substr(at), {"request"}) ? Root::entries : Root::har;
  }
  if (first != '{') return Root::har;
  for (;;) {
    if (skip_space() != '"') return Root::har;
    std::size_t consumed = 0;
    const auto name = stream::parse_json_prefix(text.substr(at), consumed);
    if (!name) return Root::har;
    at += consumed;
    if (skip_space() != ':') return Root::har;
    ++at;
    const char value = skip_space();
    if (name->as_string() == "log") return Root::har;
    if (name->as_string() == "entries") return value == '[' ? Root::log : Root::har;
    if (!stream::parse_json_prefix(text.substr(at), consumed)) return Root::har;
    at += consumed;
    if (skip_space() != ',') return Root::har;
    ++at;
  }
}

}  // namespace

WholeSource::WholeSource(stream::ByteSource& source) : source_(source) {
  std::string begun(kLook, '\0');
  std::size_t size = 0;
  while (size < kLook && !ended_) {
    auto count = source_.read({begun.data() + size, kLook - size});
    if (!count) {
      error_ = std::move(count).error();
      ended_ = true;
    } else {
      ended_ = *count == 0;
      size += *count;
    }
  }
  begun.resize(size);
  const bool bom = begun.starts_with(kBom);
  const Root root = root_of(std::string_view(begun).substr(bom ? kBom.size() : 0));
  if (root != Root::har) {
    dropped_ = bom ? kBom.size() : 0;
    before_ = root == Root::log ? "{\"log\":" : "{\"log\":{\"entries\":";
    behind_ = root == Root::log ? "}" : "}}";
    begun.erase(0, dropped_);
    follow(begun);
  }
  begun_ = std::string(before_) + begun;
}

/// Keeps the depth of brackets.
void WholeSource::follow(std::string_view bytes) {
  if (before_.empty()) return;
  for (const char c : bytes) {
    if (in_string_) {
      if (escaped_) {
        escaped_ = false;
      } else if (c == '\\') {
        escaped_ = true;
      } else if (c == '"') {
        in_string_ = false;
      }
    } else if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      ++depth_;
    } else if ((c == '}' || c == ']') && depth_ > 0) {
      --depth_;
    }
  }
}

stream::Result<std::size_t> WholeSource::read(std::span<char> buffer) {
  if (given_ < begun_.size()) {
    const std::size_t count = std::min(buffer.size(), begun_.size() - given_);
    std::copy_n(begun_.data() + given_, count, buffer.data());
    given_ += count;
    if (given_ == begun_.size()) {
      begun_.clear();
      begun_.shrink_to_fit();
      given_ = 0;
    }
    return count;
  }
  if (!ended_) {
    auto count = source_.read(buffer);
    if (!count) {
      error_ = std::move(count).error();
    } else if (*count != 0) {
      follow({buffer.data(), *count});
      return *count;
    }
    ended_ = true;
  }
  if (error_) return stream::fail(*error_);
  if (behind_.empty() || depth_ != 0 || in_string_) return 0;
  const std::size_t count = std::min(buffer.size(), behind_.size());
  std::copy_n(behind_.data(), count, buffer.data());
  behind_.remove_prefix(count);
  return count;
}

stream::Place WholeSource::original(stream::Place place) const {
  const auto move = [&](std::uint64_t at) { return std::max<std::uint64_t>(at + dropped_, before_.size()) - before_.size(); };
  if (before_.empty()) return place;
  if (place.offset) place.offset = move(*place.offset);
  if (place.line == 1 && place.column != 0) place.column = std::max<std::uint64_t>(move(place.column), 1);
  return place;
}

}  // namespace har::check
