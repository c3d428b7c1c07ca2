#pragma once

#include <algorithm>
#include <span>
#include <string_view>

#include "stream/codec/http_grammar.hpp"
#include "stream/record/tap.hpp"
#include "stream/text/ascii.hpp"

/// Header fields and the small words in them.
namespace har::capture {

using stream::ascii::trimmed;
using stream::http::each_part;

inline bool same_name(std::string_view a, std::string_view b) { return stream::ascii::equal_ignoring_case(a, b); }

/// The value of the last field of that name; empty without one.
inline std::string_view field_value(std::span<const stream::TapField> fields, std::string_view name) {
  std::string_view value;
  for (const stream::TapField& field : fields) {
    if (same_name(field.name, name)) value = field.value;
  }
  return value;
}

/// "a=b" as its two halves; without "=" the second is empty.
struct Pair {
  std::string_view name{};
  std::string_view value{};
};
inline Pair pair_of(std::string_view text) {
  const std::size_t equals = std::min(text.find('='), text.size());
  return {text.substr(0, equals), text.substr(std::min(equals + 1, text.size()))};
}

inline std::string_view query_of(std::string_view url) {
  const std::size_t mark = url.find('?');
  if (mark == std::string_view::npos) return {};
  return url.substr(mark + 1, url.find('#', mark) == std::string_view::npos ? url.size() : url.find('#', mark) - mark - 1);
}

inline bool is_form(std::string_view content_type) {
  return same_name(trimmed(content_type.substr(0, content_type.find(';'))), "application/x-www-form-urlencoded");
}

}  // namespace har::capture
