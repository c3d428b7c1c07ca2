#include "check/agreements.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "check/http_text.hpp"
#include "check/pairs.hpp"
#include "check/saying.hpp"
#include "check/url_parts.hpp"
#include "check/words.hpp"
#include "stream/text/base64.hpp"

namespace har::check {
namespace {

/// Memory that is kept from entry to entry.
struct Scratch {
  std::string sent;
  std::string name;
  std::string value;
  SameText same;
};

Scratch& scratch() {
  thread_local Scratch scratch;
  return scratch;
}

std::string shown(const Pair& pair) { return quoted(pair.value.empty() ? pair.name : pair.name + "=" + pair.value); }

/// The records of a list as pairs.
std::vector<Pair> listed_pairs(const Facts& facts, List list) {
  std::vector<Pair> pairs;
  for (const Record& record : facts[list]) {
    Pair pair{text_of(record.name), text_of(record.value), pairs.size()};
    if (pair.name.empty() && pair.value.empty()) continue;
    pairs.push_back(std::move(pair));
    pairs.back().index = pairs.size() - 1;
  }
  return pairs;
}

std::vector<Pair> sent_pairs(std::string_view text, char separator) {
  std::vector<Pair> pairs;
  each_piece(text, separator, [&](std::string_view name, std::string_view value) {
    if (!name.empty() || !value.empty()) pairs.push_back({std::string(name), std::string(value), pairs.size()});
    return true;
  });
  return pairs;
}

/// Whether "a=1&b=2" and a list say the same, in the same order: what is usual, and needs no memory.
bool same_in_order(std::string_view sent, char separator, const std::vector<Record>& listed) {
  Scratch& scratch = check::scratch();
  std::size_t at = 0;
  bool same = true;
  each_piece(sent, separator, [&](std::string_view name, std::string_view value) {
    if (separator == ';') name = trimmed(name);
    same = at < listed.size() && scratch.same(name, text_of(listed[at].name, scratch.name)) &&
           scratch.same(value, text_of(listed[at].value, scratch.value));
    ++at;
    return same;
  });
  return same && at == listed.size();
}

/// What the first difference is, in words: `where` was sent, `list` is listed.
void say_difference(const Facts& facts, Marks& marks, RuleId rule, List list, std::string_view where,
                    const std::vector<Pair>& sent, const std::vector<Pair>& listed, const PairDifference& difference) {
  if (!difference.extra) {
    const Pair& missing = sent[*difference.missing];
    const std::string message = fmt::format("expected {} as in {}, found nothing of it", shown(missing), where);
    const std::size_t offset = facts[list].empty() ? 0 : facts.offset(facts[list].front().object);
    marks.push_back({rule, offset, std::string(pointer_of(list)), message, {}});
    return;
  }
  const Pair& extra = listed[*difference.extra];
  const auto& records = facts[list];
  const auto record = std::find_if(records.begin(), records.end(), [&](const Record& candidate) {
    return text_of(candidate.name) == extra.name && text_of(candidate.value) == extra.value;
  });
  const Record& place = record == records.end() ? records.front() : *record;
  if (difference.missing && sent[*difference.missing].name == extra.name) {
    mark(marks, rule, facts, list, place, place.value, "value",
         fmt::format("expected {} as in {}, found {}", quoted(sent[*difference.missing].value), where, quoted(extra.value)));
  } else {
    mark(marks, rule, facts, list, place, place.name, "name",
         fmt::format("expected what {} has, found {} besides", where, shown(extra)));
  }
}

// Cookies.

/// Without the quotes that some writers take off.
std::string unquoted(std::string_view value) {
  value = trimmed(value);
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
  return std::string(value);
}

std::vector<Pair> listed_cookies(const Facts& facts, List list) {
  std::vector<Pair> pairs = listed_pairs(facts, list);
  for (Pair& pair : pairs) {
    pair.name = trimmed(pair.name);
    pair.value = unquoted(pair.value);
  }
  return pairs;
}

void add_cookie(std::vector<Pair>& cookies, std::string_view piece) {
  piece = trimmed(piece);
  if (piece.empty()) return;
  const std::size_t equals = piece.find('=');
  const bool none = equals == std::string_view::npos;
  cookies.push_back(
      {std::string(trimmed(piece.substr(0, equals))), none ? std::string() : unquoted(piece.substr(equals + 1)), cookies.size()});
}

/// The cookies that the headers of one direction carry; nothing if a header's value can't be read. `found`: whether there was
/// such a header.
std::optional<std::vector<Pair>> sent_cookies(const Facts& facts, List headers, bool& found) {
  std::vector<Pair> cookies;
  const bool request = headers == List::request_headers;
  const std::string_view name = request ? "cookie" : "set-cookie";
  std::string text;
  for (const Record& header : facts[headers]) {
    if (!header.name.is_string() || !equal_ignoring_case(header.name.inner(), name)) continue;
    found = true;
    if (!header.value.is_string()) return std::nullopt;
    std::string_view value = text_of(header.value, text);
    for (const char separator = request ? ';' : '\n'; !value.empty();) {
      const std::size_t end = value.find(separator);
      const std::string_view piece = value.substr(0, end);
      value = end == std::string_view::npos ? std::string_view{} : value.substr(end + 1);
      add_cookie(cookies, request ? piece : piece.substr(0, piece.find(';')));
    }
  }
  return cookies;
}

void compare_cookies(const Facts& facts, List headers, List list, Slot slot, Marks& marks) {
  if (!facts[slot].is_array()) return;
  const bool request = headers == List::request_headers;
  const std::string_view where = request ? "Cookie" : "Set-Cookie";
  bool found = false;
  const auto carried = sent_cookies(facts, headers, found);
  if (!carried || (carried->empty() && facts[list].empty())) return;
  const std::vector<Pair>& sent = *carried;
  if (!found || facts[list].empty()) {
    mark(marks, RuleId::cookie_header, facts, slot,
         found ? fmt::format("expected the {} of {}, found none", counted(sent.size(), "cookie", "cookies"), where)
               : fmt::format("expected no cookies, as there is no header {}, found {}", where, facts[list].size()));
    return;
  }
  const std::vector<Pair> listed = listed_cookies(facts, list);
  if (const auto difference = compare_pairs(sent, listed)) {
    say_difference(facts, marks, RuleId::cookie_header, list, where, sent, listed, *difference);
  }
}

constexpr int kLocations = 4;

/// The one header of that name, or null: none, or several.
const Record* only_header(const Facts& facts, List headers, std::string_view name, std::size_t& count) {
  const Record* only = nullptr;
  count = 0;
  for (const Record& header : facts[headers]) {
    if (header.name.raw.size() != name.size() + 2 || !equal_ignoring_case(header.name.inner(), name)) continue;
    only = ++count == 1 ? &header : nullptr;
  }
  return only;
}

}  // namespace

void check_query(const Facts& facts, Marks& marks) {
  if (!facts[Slot::url].is_string() || !facts[Slot::query].is_array()) return;
  Scratch& scratch = check::scratch();
  const std::string_view url = text_of(facts[Slot::url], scratch.sent);
  if (equal_ignoring_case(url.substr(0, 5), "data:") || facts[Slot::method].raw == "\"CONNECT\"") return;
  const std::string_view query = query_of(url).value_or(std::string_view{});
  if (same_in_order(query, '&', facts[List::query])) return;
  const std::vector<Pair> sent = sent_pairs(query, '&');
  const std::vector<Pair> listed = listed_pairs(facts, List::query);
  const auto difference = compare_pairs(sent, listed);
  if (!difference) return;
  if (listed.empty()) {
    mark(marks, RuleId::query_url, facts, Slot::query,
         fmt::format("expected the {} of the URL, found none", counted(sent.size(), "parameter", "parameters")));
    return;
  }
  say_difference(facts, marks, RuleId::query_url, List::query, "the URL", sent, listed, *difference);
}

void check_cookies(const Facts& facts, Marks& marks) {
  std::size_t count = 0;
  // One Cookie header, and the cookies in its order: what is usual.
  const Record* header = only_header(facts, List::request_headers, "cookie", count);
  if (count != 0 || !facts[List::request_cookies].empty()) {
    const bool same =
        header != nullptr && same_in_order(text_of(header->value, scratch().sent), ';', facts[List::request_cookies]);
    if (!same) compare_cookies(facts, List::request_headers, List::request_cookies, Slot::request_cookies, marks);
  }
  only_header(facts, List::response_headers, "set-cookie", count);
  if (count != 0 || !facts[List::response_cookies].empty()) {
    compare_cookies(facts, List::response_headers, List::response_cookies, Slot::response_cookies, marks);
  }
}

void check_redirect(const Facts& facts, Marks& marks) {
  if (!facts[Slot::redirect].is_string()) return;
  std::size_t count = 0;
  only_header(facts, List::response_headers, "location", count);
  const std::string_view redirect = facts[Slot::redirect].inner();
  if (count == 0) {
    if (redirect.empty() || facts[List::response_headers].empty()) return;
    mark(marks, RuleId::redirect_location, facts, Slot::redirect,
         fmt::format("expected an empty string, as there is no Location header, found {}",
                     quoted(text_of(facts[Slot::redirect]))));
    return;
  }
  const double status = number_of(facts[Slot::status], 0);
  const std::string said = text_of(facts[Slot::redirect]);
  const std::string url = text_of(facts[Slot::url]);
  const std::string target = comparable_url(url, said);
  std::string location;
  int looked_at = 0;  // there is one, unless somebody tries how long this takes
  for (const Record& header : facts[List::response_headers]) {
    if (!header.name.is_string() || !equal_ignoring_case(header.name.inner(), "location")) continue;
    if (!header.value.is_string()) return;
    location = text_of(header.value);
    if (said == location || SameText()(comparable_url(url, location), target)) return;
    if (++looked_at == kLocations) break;
  }
  // 201 and others have a Location without sending anyone there.
  if (said.empty() && !(status >= 300 && status < 400)) return;
  mark(marks, RuleId::redirect_location, facts, Slot::redirect,
       fmt::format("expected the Location header, {}, found {}", quoted(location),
                   said.empty() ? "an empty string" : quoted(said)));
}

void check_form(const Facts& facts, Marks& marks) {
  const std::vector<Record>& params = facts[List::params];
  if (params.empty() || !facts[Slot::post_text].is_string()) return;
  constexpr std::string_view kForm = "application/x-www-form-urlencoded";
  Scratch& scratch = check::scratch();
  if (!equal_ignoring_case(essence_of(text_of(facts[Slot::post_mime], scratch.value)), kForm)) return;
  std::string_view text = text_of(facts[Slot::post_text], scratch.sent);
  if (text.empty()) return;
  if (facts[Slot::post_encoding].raw == "\"base64\"") {
    auto decoded = stream::base64_decode(text);
    if (!decoded) return;
    scratch.sent = std::move(*decoded);
    text = scratch.sent;
  }
  // Firebug and Firefox put the body's headers before it.
  if (equal_ignoring_case(text.substr(0, 8), "content-")) {
    if (const std::size_t blank = text.find("\n\n"); blank != std::string_view::npos) text.remove_prefix(blank + 2);
    if (const std::size_t blank = text.find("\r\n\r\n"); blank != std::string_view::npos) text.remove_prefix(blank + 4);
  }
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  if (same_in_order(text, '&', params)) return;
  const std::vector<Pair> sent = sent_pairs(text, '&');
  const std::vector<Pair> listed = listed_pairs(facts, List::params);
  if (const auto difference = compare_pairs(sent, listed)) {
    say_difference(facts, marks, RuleId::post_disagree, List::params, "postData.text", sent, listed, *difference);
  }
}

}  // namespace har::check
