#include "fields.hpp"

#include <algorithm>

namespace stream::replay {

bool has_field(const std::vector<HeaderField>& headers, std::string_view name) {
  return std::any_of(headers.begin(), headers.end(), [&](const HeaderField& field) { return iequals(field.name, name); });
}

std::string joined_fields(const std::vector<HeaderField>& headers, std::string_view name) {
  std::string joined;
  bool first = true;
  for (const HeaderField& field : headers) {
    if (!iequals(field.name, name)) continue;
    joined.append(first ? "" : ", ").append(field.value);
    first = false;
  }
  return joined;
}

void remove_fields(std::vector<HeaderField>& headers, std::string_view name) {
  std::erase_if(headers, [&](const HeaderField& field) { return iequals(field.name, name); });
}

void set_field(std::vector<HeaderField>& headers, std::string_view name, std::string value) {
  const auto is_it = [&](const HeaderField& field) { return iequals(field.name, name); };
  const auto first = std::find_if(headers.begin(), headers.end(), is_it);
  if (first == headers.end()) {
    headers.push_back({std::string(name), std::move(value)});
    return;
  }
  first->value = std::move(value);
  headers.erase(std::remove_if(first + 1, headers.end(), is_it), headers.end());
}

void add_to_list(std::vector<HeaderField>& headers, std::string_view name, std::string_view element) {
  std::string list = joined_fields(headers, name);
  bool there = false;
  each_listed(list, [&](std::string_view each) { there = there || each == "*" || iequals(each, element); });
  if (there) return;
  list.append(list.empty() ? "" : ", ").append(element);
  set_field(headers, name, std::move(list));
}

}  // namespace stream::replay
