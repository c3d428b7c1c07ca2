#include <algorithm>
#include <array>

#include "stream/codec/http_grammar.hpp"
#include "stream/replay/answer.hpp"
#include "stream/text/ascii.hpp"

namespace stream::replay {
namespace {

using http::is_token;

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r";
  const auto first = text.find_first_not_of(kSpace);
  return first == std::string_view::npos ? std::string_view{} : text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

bool is_hop_by_hop(std::string_view name) {
  constexpr std::array<std::string_view, 7> kNames{"connection", "keep-alive",    "te", "trailer", "transfer-encoding",
                                                   "upgrade",    "content-length"};
  return std::any_of(kNames.begin(), kNames.end(), [&](std::string_view known) { return iequals(name, known); }) ||
         iequals(name.substr(0, 6), "proxy-");
}

/// What a field's line may hold (RFC 9110 §5.5), without white space around it.
std::string safe_value(std::string_view text) {
  const auto is_control = [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; };
  std::string value(text);
  std::replace_if(value.begin(), value.end(), is_control, ' ');
  return std::string(trim(value));
}

template <class Function>
void for_each_item(std::string_view list, char separator, Function function) {
  for (;;) {
    const auto end = list.find(separator);
    function(trim(list.substr(0, end)));
    if (end == std::string_view::npos) return;
    list.remove_prefix(end + 1);
  }
}

}  // namespace

bool iequals(std::string_view a, std::string_view b) { return ascii::equal_ignoring_case(a, b); }

std::string_view find_header(const std::vector<HeaderField>& headers, std::string_view name) {
  const auto found =
      std::find_if(headers.rbegin(), headers.rend(), [&](const HeaderField& field) { return iequals(field.name, name); });
  return found == headers.rend() ? std::string_view{} : std::string_view(found->value);
}

std::vector<HeaderField> end_to_end_headers(const Json& headers) {
  std::vector<HeaderField> out;
  if (!headers.is_array()) return out;
  std::vector<std::string_view> named_by_connection;
  for (const Json& header : headers.as_array()) {
    if (!iequals(header["name"].string_or(""), "connection")) continue;
    for_each_item(header["value"].string_or(""), ',', [&](std::string_view name) { named_by_connection.push_back(name); });
  }
  for (const Json& header : headers.as_array()) {
    const std::string_view name = header["name"].string_or("");
    if (!is_token(name) || is_hop_by_hop(name)) continue;
    const auto is_name = [&](std::string_view other) { return iequals(name, other); };
    if (std::any_of(named_by_connection.begin(), named_by_connection.end(), is_name)) continue;
    const std::string_view value = header["value"].string_or("");
    for_each_item(value, '\n', [&](std::string_view line) {
      if (!line.empty() || value.empty()) out.push_back({std::string(name), safe_value(line)});
    });
  }
  return out;
}

}  // namespace stream::replay
