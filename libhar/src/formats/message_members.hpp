#pragma once

#include <algorithm>
#include <array>
#include <string_view>

/// Members of an entry that formats hold which have whole messages (HeldMembers of losses.hpp).
namespace har::format {

/// What a request and a response say by their octets, and what is derived from them.
inline constexpr std::array kMessageMembers = std::to_array<std::string_view>({
    "request.method",
    "request.url",
    "request.httpVersion",
    "request.cookies",
    "request.headers[].name",
    "request.headers[].value",
    "request.queryString",
    "request.postData.mimeType",
    "request.postData.text",
    "request.postData.params[].name",
    "request.postData.params[].value",
    "request.postData._encoding",
    "request.postData.encoding",
    "request.headersSize",
    "request.bodySize",
    "response.status",
    "response.statusText",
    "response.httpVersion",
    "response.cookies",
    "response.headers[].name",
    "response.headers[].value",
    "response.content.size",
    "response.content.compression",
    "response.content.mimeType",
    "response.content.text",
    "response.content.encoding",
    "response.redirectURL",
    "response.headersSize",
    "response.bodySize",
});

/// Some members and others.
template <std::size_t count, std::size_t more>
constexpr auto with_members(const std::array<std::string_view, count>& members, const std::string_view (&others)[more]) {
  std::array<std::string_view, count + more> out{};
  std::copy(members.begin(), members.end(), std::copy(std::begin(others), std::end(others), out.begin()));
  return out;
}

template <std::size_t count>
constexpr auto with_messages(const std::string_view (&others)[count]) {
  return with_members(kMessageMembers, others);
}

}  // namespace har::format
