#include "stream/replay/adapt.hpp"

#include "edit.hpp"
#include "fields.hpp"

namespace stream::replay {
namespace {

using std::chrono::seconds;

/// The attribute of a cookie that has a date, moved.
void move_cookie(std::string& cookie, seconds shift) {
  std::string moved;
  std::size_t begin = 0;
  for (;;) {
    const auto end = std::min(cookie.find(';', begin), cookie.size());
    const std::string_view part = std::string_view(cookie).substr(begin, end - begin);
    const auto equals = part.find('=');
    const bool expires = begin != 0 && equals != std::string_view::npos && iequals(trimmed(part.substr(0, equals)), "expires");
    const auto date = expires ? parse_http_date(trimmed(part.substr(equals + 1))) : std::nullopt;
    if (date) {
      moved.append(part.substr(0, equals + 1)).append(format_http_date(*date + shift));
    } else {
      moved.append(part);
    }
    if (end == cookie.size()) break;
    moved += ';';
    begin = end + 1;
  }
  cookie = std::move(moved);
}

}  // namespace

std::shared_ptr<const Answer> refresh_dates(std::shared_ptr<const Answer> answer, Moment moment) {
  std::optional<HttpTime> recorded;
  if (answer->recorded_at) {
    recorded = std::chrono::floor<seconds>(*answer->recorded_at);
  } else {
    recorded = parse_http_date(find_header(answer->headers, "date"));
  }
  if (!recorded || answer->headers.empty()) return answer;
  const seconds shift = moment.now - *recorded;
  const seconds fixed = moment.started - *recorded;
  Edit edit(answer);
  for (HeaderField& field : edit.answer().headers) {
    const auto is = [&](std::string_view name) { return iequals(field.name, name); };
    if (is("set-cookie")) {
      move_cookie(field.value, shift);
    } else if (is("date") || is("expires") || is("retry-after") || is("last-modified")) {
      if (const auto date = parse_http_date(field.value))
        field.value = format_http_date(*date + (is("last-modified") ? fixed : shift));
    }
  }
  return edit.take({});
}

}  // namespace stream::replay
