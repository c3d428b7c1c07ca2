#include "check/base64_shape.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "check/words.hpp"
#include "stream/text/json_tokens.hpp"

namespace har::check {
namespace {

/// Shorter texts may be words.
constexpr std::size_t kLeast = 16;

std::size_t padding(std::string_view text) { return text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0; }

}  // namespace

bool is_clean_base64(std::string_view inner) {
  if (inner.size() % 4 != 0) return false;
  return inner.find('=') >= inner.size() - padding(inner) && stream::is_base64_alphabet(inner);
}

std::size_t base64_bytes(std::string_view inner) { return inner.size() / 4 * 3 - padding(inner); }

Base64Shape base64_shape(const Field& field) {
  Base64Shape shape;
  if (field.is_string() && is_clean_base64(field.inner())) {
    shape.bytes = base64_bytes(field.inner());
    return shape;
  }
  std::string text = text_of(field);
  const std::size_t length = text.size();
  text.erase(std::remove_if(text.begin(), text.end(), [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }),
             text.end());
  shape.breaks = text.size() != length;
  if (is_clean_base64(text)) {
    shape.bytes = base64_bytes(text);
    return shape;
  }
  const auto other = std::find_if_not(text.begin(), text.end(), [](char c) { return stream::is_base64_alphabet({&c, 1}); });
  const std::size_t equals = text.find('=');
  if (other != text.end()) {
    const std::string_view rest(&*other, static_cast<std::size_t>(text.end() - other));
    shape.wrong = *other == '-' || *other == '_'
                      ? fmt::format("found {}, which is of base64url", quoted(rest.substr(0, 1)))
                      : fmt::format("found {} behind {} good characters", quoted(rest), other - text.begin());
  } else if (equals < text.size() - padding(text)) {
    shape.wrong = fmt::format("found '=' behind {} of {} characters", equals, text.size());
  } else if (equals == std::string::npos && text.size() % 4 != 1) {
    shape.unpadded = true;
    shape.bytes = text.size() * 3 / 4;
  } else {
    shape.wrong = fmt::format("found {} characters, which is no multiple of 4", text.size());
  }
  return shape;
}

bool is_undeclared_base64(const Facts& facts) {
  const Field& text = facts[Slot::text];
  const Field& encoding = facts[Slot::encoding];
  if (!text.is_string() || (encoding && !encoding.is_null() && encoding.raw != "\"\"")) return false;
  const std::string_view inner = text.inner();
  if (inner.size() < kLeast || inner.size() % 4 != 0) return false;
  return number_of(facts[Slot::size], -1) == static_cast<double>(base64_bytes(inner)) && is_clean_base64(inner);
}

}  // namespace har::check
