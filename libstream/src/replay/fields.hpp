#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "stream/replay/answer.hpp"
#include "stream/text/ascii.hpp"

/// Header fields and what stands in them.
namespace stream::replay {

using ascii::trimmed;
bool has_field(const std::vector<HeaderField>& headers, std::string_view name);
/// The values of all fields of that name, as one list (RFC 9110 §5.3).
std::string joined_fields(const std::vector<HeaderField>& headers, std::string_view name);
void remove_fields(std::vector<HeaderField>& headers, std::string_view name);
/// In the place of the first of that name, else at the end; others of that name go.
void set_field(std::vector<HeaderField>& headers, std::string_view name, std::string value);
/// Adds an element to a list such as Vary's, unless it or "*" is in it.
void add_to_list(std::vector<HeaderField>& headers, std::string_view name, std::string_view element);

/// Calls `each` for the elements of a list that is separated by commas, those in quotes left alone; empty ones are left out.
template <class Each>
void each_listed(std::string_view list, Each each) {
  std::size_t begin = 0;
  bool quoted = false;
  for (std::size_t i = 0; i <= list.size(); ++i) {
    const bool end = i == list.size();
    if (!end && list[i] == '"') quoted = !quoted;
    if (!end && (quoted || list[i] != ',')) continue;
    if (const std::string_view element = trimmed(list.substr(begin, i - begin)); !element.empty()) each(element);
    begin = i + 1;
  }
}

}  // namespace stream::replay
