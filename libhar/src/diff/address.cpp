#include "diff/address.hpp"

#include <algorithm>

#include "check/url_parts.hpp"
#include "diff/fields.hpp"
#include "diff/profile.hpp"

namespace har::diff {
namespace {

std::vector<std::string> segments_of(std::string_view path) {
  std::vector<std::string> out;
  for (;;) {
    const std::size_t end = std::min(path.find('/'), path.size());
    out.emplace_back(path.substr(0, end));
    if (end == path.size()) return out;
    path.remove_prefix(end + 1);
  }
}

bool is_variable(std::string_view segment) { return segment.size() > 2 && segment.front() == '{' && segment.back() == '}'; }

bool is_web(std::string_view scheme) { return scheme == "http" || scheme == "https"; }

}  // namespace

Addresses::Addresses(Judge& judge) : judge_(judge) {
  for (const std::string& name : judge.options().ignored_query) ignored_.push_back(lower_case(name));
  for (const std::string& text : judge.options().path_templates) templates_.push_back(segments_of(text));
}

bool Addresses::ignored(std::string_view name) const {
  return !ignored_.empty() && std::find(ignored_.begin(), ignored_.end(), lower_case(name)) != ignored_.end();
}

void Addresses::apply_templates(std::string& path) const {
  if (templates_.empty()) return;
  const auto segments = segments_of(path);
  for (const auto& pattern : templates_) {
    const bool fits =
        std::equal(pattern.begin(), pattern.end(), segments.begin(), segments.end(), [](const auto& wanted, const auto& segment) {
          return wanted == segment || wanted == "*" || (is_variable(wanted) && !segment.empty());
        });
    if (!fits) continue;
    path.clear();
    for (std::size_t i = 0; i < pattern.size(); ++i) {
      if (i != 0) path += '/';
      path += pattern[i];
    }
    return;
  }
}

Address Addresses::read(std::string_view url, SideOf side) {
  Address out;
  const Judge::Spot spot = judge_.spot(Half::request, Field::url);
  match::Request request = match::make_request("GET", url);
  if (!is_web(request.scheme) || request.host.empty()) {  // data:, blob:, about: … are what they are
    out.base = judge_.masked(spot, url);
    out.path = out.base;
    return out;
  }
  if (side == SideOf::expected) (void)judge_.options().hosts.apply(request);
  out.host = request.scheme + "://" + request.authority();
  out.path = std::move(request.path);
  apply_templates(out.path);
  out.base = judge_.masked(spot, out.host + out.path);
  for (auto& [name, value] : request.query) {
    if (ignored(name) || judge_.spot(Half::request, Field::query, name).ignored) continue;
    out.query.emplace_back(std::move(name), std::move(value));
  }
  return out;
}

std::string Addresses::mapped(std::string_view value, SideOf side) const {
  const match::HostMap& hosts = judge_.options().hosts;
  if (side == SideOf::actual || hosts.empty()) return std::string(value);
  const auto parts = check::split_url(value);
  const bool absolute = parts.has_scheme && parts.has_authority;
  match::Request request;
  if (absolute) {
    match::set_url(request, value);
  } else if (value.find('/') == std::string_view::npos) {
    match::set_authority(request, value);
  }
  if (request.host.empty() || !hosts.apply(request)) return std::string(value);
  if (!absolute) return request.authority();
  std::string out = request.scheme + "://" + request.authority();
  const std::size_t rest = value.find(parts.authority) + parts.authority.size();
  return out.append(value.substr(rest));
}

bool Addresses::passes(std::string_view name, std::string_view expected, std::string_view actual) const {
  return judge_.standard() && is_volatile_query(name) && is_opaque(expected) && is_opaque(actual);
}

std::string shape_of(std::string_view path) {
  std::string out;
  for (const std::string& segment : segments_of(path)) {
    const bool number = !segment.empty() && segment.find_first_not_of("0123456789") == std::string::npos;
    // app.3f9ac1d2.js: the parts between dots by themselves.
    std::string_view rest = segment;
    std::string shape;
    while (!number) {
      const std::size_t end = std::min(rest.find('.'), rest.size());
      const std::string_view part = rest.substr(0, end);
      const bool hash = part.size() >= 8 && part.find_first_not_of("0123456789abcdefABCDEF-") == std::string_view::npos &&
                        part.find_first_of("0123456789") != std::string_view::npos;
      shape += hash || is_opaque(part) ? std::string_view("*") : part;
      if (end == rest.size()) break;
      shape += '.';
      rest.remove_prefix(end + 1);
    }
    out += '/';
    out += number ? "*" : shape;
  }
  return out;
}

}  // namespace har::diff
