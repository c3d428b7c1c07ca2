#include "stat/url_host.hpp"

#include "check/http_text.hpp"
#include "check/url_parts.hpp"

namespace har::stat {

void append_host(std::string& out, std::string_view url) {
  const check::UrlParts parts = check::split_url(url);
  if (!parts.has_scheme) {
    out += "(none)";
    return;
  }
  const std::size_t from = out.size();
  if (!parts.has_authority || parts.authority.empty()) {
    out += '(';
    out += parts.scheme;
    out += ')';
  } else {
    std::string_view host = parts.authority;
    if (const auto at = host.rfind('@'); at != std::string_view::npos) host.remove_prefix(at + 1);
    if (host.ends_with(':')) host.remove_suffix(1);
    const auto same = [&](std::string_view scheme) { return check::equal_ignoring_case(parts.scheme, scheme); };
    if ((same("https") || same("wss")) && host.ends_with(":443")) host.remove_suffix(4);
    if ((same("http") || same("ws")) && host.ends_with(":80")) host.remove_suffix(3);
    out += host;
  }
  for (std::size_t i = from; i < out.size(); ++i) out[i] = check::to_lower(out[i]);
}

std::string_view path_of(std::string_view url) {
  const check::UrlParts parts = check::split_url(url);
  if (parts.has_scheme && !parts.has_authority) return {};
  return parts.path.empty() ? "/" : parts.path;
}

std::string_view cut_text(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80U) --most;
  return text.substr(0, most);
}

}  // namespace har::stat
