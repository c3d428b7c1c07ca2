#pragma once

#include <algorithm>
#include <span>
#include <string_view>

#include "stream/record/tap.hpp"

/// Header fields and the small words in them.
namespace har::capture {

inline char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

inline bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

inline std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// The value of the last field of that name; empty without one.
inline std::string_view field_value(std::span<const stream::TapField> fields, std::string_view name) {
  std::string_view value;
  for (const stream::TapField& field : fields) {
    if (same_name(field.name, name)) value = field.value;
  }
  return value;
}

/// Calls with each part of a list, trimmed, that is not empty.
template <class Call>
void each_part(std::string_view list, char separator, Call&& call) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(separator), list.size());
    const std::string_view part = trimmed(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
    if (!part.empty()) call(part);
  }
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
