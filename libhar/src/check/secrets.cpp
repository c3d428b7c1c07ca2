// What a file should not hold if it is to be given away.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "check/entry_rules.hpp"
#include "check/url_parts.hpp"
#include "check/words.hpp"
#include "stream/text/ascii.hpp"
#include "stream/text/base64.hpp"

namespace har::check {
namespace {

/// How sure a name makes us that its value is a secret.
enum class Sure : std::uint8_t { no, if_long, yes };

struct SecretName {
  std::string_view name;  ///< in lower case, without the marks between words
  Sure sure;
};

// Sorted. "code" is OAuth's, or a country's: what is long, without spaces, and of letters and digits is taken for a secret.
constexpr SecretName kNames[] = {
    {"accesskey", Sure::yes},
    {"accesstoken", Sure::yes},
    {"apikey", Sure::yes},
    {"apisecret", Sure::yes},
    {"assertion", Sure::if_long},
    {"auth", Sure::if_long},
    {"authenticitytoken", Sure::yes},
    {"authorization", Sure::yes},
    {"authtoken", Sure::yes},
    {"awsaccesskeyid", Sure::yes},
    {"bearertoken", Sure::yes},
    {"clientassertion", Sure::yes},
    {"clientsecret", Sure::yes},
    {"code", Sure::if_long},
    {"codeverifier", Sure::yes},
    {"cookie", Sure::if_long},
    {"credential", Sure::if_long},
    {"credentials", Sure::if_long},
    {"csrfmiddlewaretoken", Sure::yes},
    {"csrftoken", Sure::yes},
    {"devicetoken", Sure::yes},
    {"idtoken", Sure::yes},
    {"jsessionid", Sure::yes},
    {"jwt", Sure::yes},
    {"key", Sure::if_long},
    {"newpassword", Sure::yes},
    {"oauthsignature", Sure::yes},
    {"oauthtoken", Sure::yes},
    {"oldpassword", Sure::yes},
    {"passphrase", Sure::yes},
    {"passwd", Sure::yes},
    {"password", Sure::yes},
    {"phpsessid", Sure::yes},
    {"privatekey", Sure::yes},
    {"pwd", Sure::yes},
    {"refreshtoken", Sure::yes},
    {"samlrequest", Sure::if_long},
    {"samlresponse", Sure::if_long},
    {"secret", Sure::yes},
    {"secretkey", Sure::yes},
    {"session", Sure::if_long},
    {"sessionid", Sure::yes},
    {"sessiontoken", Sure::yes},
    {"sid", Sure::if_long},
    {"sig", Sure::if_long},
    {"signature", Sure::if_long},
    {"token", Sure::if_long},
    {"userpassword", Sure::yes},
    {"xamzcredential", Sure::yes},
    {"xamzsecuritytoken", Sure::yes},
    {"xamzsignature", Sure::yes},
    {"xgoogcredential", Sure::yes},
    {"xgoogsignature", Sure::yes},
    {"xsrftoken", Sure::yes},
};
static_assert(std::is_sorted(std::begin(kNames), std::end(kNames),
                             [](const SecretName& a, const SecretName& b) { return a.name < b.name; }));

/// Headers besides those whose names, less a leading "x", are among kNames.
constexpr std::string_view kHeaders[] = {
    "authorization", "cookie",        "cookie2",     "proxyauthorization",         "setcookie",   "setcookie2", "xauthkey",
    "xclientsecret", "xfirebaseauth", "xgoogapikey", "xgoogiamauthorizationtoken", "xvaulttoken",
};
constexpr std::size_t kLongestName = 32;
constexpr std::size_t kLong = 16;

/// The name in lower case and without '-', '_', '.', in memory of its own; empty if it is longer than any we know.
class PlainName {
 public:
  explicit PlainName(std::string_view name) {
    for (const char c : name) {
      if (c == '-' || c == '_' || c == '.') continue;
      if (size_ == text_.size()) {
        size_ = 0;
        return;
      }
      text_[size_++] = stream::ascii::to_lower(c);
    }
  }
  std::string_view view() const { return {text_.data(), size_}; }

 private:
  std::array<char, kLongestName> text_{};
  std::size_t size_ = 0;
};

Sure sure_of(std::string_view name) {
  const PlainName plain(name);
  const auto* const found = std::lower_bound(std::begin(kNames), std::end(kNames), plain.view(),
                                             [](const SecretName& entry, std::string_view text) { return entry.name < text; });
  return found != std::end(kNames) && found->name == plain.view() ? found->sure : Sure::no;
}

bool is_secret_header(std::string_view name) {
  const PlainName plain(name);
  if (std::find(std::begin(kHeaders), std::end(kHeaders), plain.view()) != std::end(kHeaders)) return true;
  const std::string_view text = plain.view();
  const auto is_one = [](std::string_view word) {
    const auto* const found =
        std::find_if(std::begin(kNames), std::end(kNames), [&](const SecretName& entry) { return entry.name == word; });
    return found != std::end(kNames) && found->sure == Sure::yes;
  };
  return is_one(text) || (text.starts_with('x') && is_one(text.substr(1)));
}

/// Whether a value holds something: it is not empty, and not what somebody put in a secret's place.
bool holds(std::string_view value) {
  if (value.size() < 2) return false;
  const char first = value.front();
  const char last = value.back();
  if ((first == '[' && last == ']') || (first == '<' && last == '>') || (first == '{' && last == '}')) return false;
  if (value.find_first_not_of("*xX.-_ ") == std::string_view::npos) return false;
  const PlainName plain(value);
  for (const std::string_view word : {"redacted", "removed", "hidden", "masked", "scrubbed", "undefined", "null", "none", "false",
                                      "true", "manuallyremoved", "filtered"}) {
    if (plain.view() == word) return false;
  }
  return true;
}

bool holds(Sure sure, std::string_view value) {
  if (sure == Sure::no || !holds(value)) return false;
  if (sure == Sure::yes) return true;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  using stream::ascii::is_letter;
  return value.size() >= kLong && value.find_first_of(" \t\n") == std::string_view::npos &&
         std::any_of(value.begin(), value.end(), is_digit) && std::any_of(value.begin(), value.end(), is_letter);
}

/// A value is named in messages, not shown: what harcheck prints ends up in logs.
std::string message(std::string_view what, std::string_view name, std::size_t size) {
  return fmt::format("expected no {}, found {} with a value of {}", what, quoted(name), counted(size, "character", "characters"));
}

class Search {
 public:
  Search(const Facts& facts, Marks& marks) : facts_(facts), marks_(marks) {}

  void all() {
    headers(List::request_headers, "/request/headers");
    headers(List::response_headers, "/response/headers");
    cookies(List::request_cookies, "/request/cookies");
    cookies(List::response_cookies, "/response/cookies");
    if (!facts_[List::query].empty()) {
      named(List::query, "/request/queryString", RuleId::secret_query, "query parameter with credentials");
    } else {
      address(facts_[Slot::url], "/request/url");
    }
    user_in_url();
    address(facts_[Slot::redirect], "/response/redirectURL");
    form();
    if (facts_[Slot::text]) body(facts_[Slot::text], facts_[Slot::encoding], facts_[Slot::mime], "/response/content/text");
    if (facts_[Slot::messages]) members(facts_[Slot::messages].raw, facts_[Slot::messages], "/_webSocketMessages", "message");
    if (facts_[Slot::event_messages]) {
      members(facts_[Slot::event_messages].raw, facts_[Slot::event_messages], "/_eventSourceMessages", "event");
    }
    tokens(facts_.entry, 0);
  }

 private:
  void mark(RuleId rule, const Field& at, std::string pointer, std::string message) {
    marks_.push_back({rule, facts_.offset(at), std::move(pointer), std::move(message)});
  }

  void headers(List list, std::string_view pointer) {
    for (const Record& header : facts_[list]) {
      const std::string_view name = text_of(header.name, name_);
      const std::string_view value = text_of(header.value, value_);
      if (is_secret_header(name)) {
        // What a cookie was deleted with is no secret.
        if (holds(value) && value != "deleted") {
          mark(RuleId::secret_header, header.value, fmt::format("{}/{}/value", pointer, header.index),
               message("header with credentials", name, value.size()));
        }
        continue;
      }
      const PlainName plain(name);
      if (plain.view() == "referer" || plain.view() == "location" || plain.view() == "contentlocation") {
        address(header.value, fmt::format("{}/{}/value", pointer, header.index));
      }
    }
  }

  void cookies(List list, std::string_view pointer) {
    for (const Record& cookie : facts_[list]) {
      const std::string_view value = text_of(cookie.value, value_);
      if (!holds(value) || value == "deleted") continue;
      mark(RuleId::secret_cookie, cookie.value, fmt::format("{}/{}/value", pointer, cookie.index),
           message("value of a cookie", text_of(cookie.name, name_), value.size()));
    }
  }

  void named(List list, std::string_view pointer, RuleId rule, std::string_view what) {
    for (const Record& record : facts_[list]) {
      const std::string_view name = text_of(record.name, name_);
      const std::string_view value = text_of(record.value, value_);
      if (!holds(sure_of(name), value)) continue;
      mark(rule, record.value, fmt::format("{}/{}/value", pointer, record.index), message(what, name, value.size()));
    }
  }

  /// The parameters of a URL, before and behind '#' (where OAuth's implicit flow puts them).
  void address(const Field& url, const std::string& pointer) {
    if (!url.is_string()) return;
    const std::string_view text = text_of(url, value_);
    const std::size_t from = text.find_first_of("?#");
    if (from != std::string_view::npos)
      pairs(text.substr(from + 1), url, pointer, RuleId::secret_query, "query parameter with credentials");
  }

  void user_in_url() {
    const Field& url = facts_[Slot::url];
    if (!url.is_string()) return;
    const std::string_view user = split_url(text_of(url, value_)).authority;
    const std::size_t at = user.rfind('@');
    const std::size_t colon = user.find(':');
    if (at == std::string_view::npos || colon >= at || !holds(user.substr(colon + 1, at - colon - 1))) return;
    mark(RuleId::secret_query, url, "/request/url", message("password in a URL", user.substr(0, colon), at - colon - 1));
  }

  /// "a=1&b=2"
  void pairs(std::string_view text, const Field& at, const std::string& pointer, RuleId rule, std::string_view what) {
    while (!text.empty()) {
      const std::size_t end = std::min(text.find_first_of("&#;"), text.size());
      const std::string_view piece = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      const std::size_t equals = piece.find('=');
      if (equals == std::string_view::npos) continue;
      const std::string_view value = piece.substr(equals + 1);
      if (holds(sure_of(piece.substr(0, equals)), value))
        mark(rule, at, pointer, message(what, piece.substr(0, equals), value.size()));
    }
  }

  void form() {
    if (!facts_[List::params].empty())
      named(List::params, "/request/postData/params", RuleId::secret_body, "field with credentials");
    const Field& text = facts_[Slot::post_text];
    if (!text.is_string()) return;
    const std::string mime = text_of(facts_[Slot::post_mime]);
    if (mime.find("x-www-form-urlencoded") != std::string::npos) {
      if (facts_[List::params].empty()) {
        pairs(text_of(text, value_), text, "/request/postData/text", RuleId::secret_body, "field with credentials");
      }
      return;
    }
    body(text, facts_[Slot::post_encoding], facts_[Slot::post_mime], "/request/postData/text");
  }

  /// A body that is JSON, by its type or as it looks.
  void body(const Field& text, const Field& encoding, const Field& type, std::string_view pointer) {
    if (!text.is_string()) return;
    const std::string_view mime = text_of(type, name_);
    const bool json = mime.find("json") != std::string_view::npos;
    if (encoding.is_string() && encoding.inner() == "base64") {
      const bool form = mime.find("x-www-form-urlencoded") != std::string_view::npos;
      if (!json && !form && !mime.starts_with("text/plain")) return;
      const auto bytes = stream::base64_decode(text_of(text, value_));
      if (!bytes) return;
      members(*bytes, text, pointer, "body");
      tokens(*bytes, facts_.offset(text));
      return;
    }
    const std::string_view inner = text.inner();
    const std::size_t first = inner.find_first_not_of(" \t");
    if (!json && (first == std::string_view::npos || (inner[first] != '{' && inner[first] != '['))) return;
    members(inner, text, pointer, "body");
  }

  /// `"name": "value"` at any level of escapes: JSON that stands in a JSON string (in a JSON string) is not decoded first.
  void members(std::string_view text, const Field& at, std::string_view pointer, std::string_view what) {
    const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
    for (std::size_t colon = text.find(':'); colon != std::string_view::npos; colon = text.find(':', colon + 1)) {
      std::size_t end = colon;
      while (end != 0 && is_space(text[end - 1])) --end;
      if (end < 2 || text[end - 1] != '"') continue;
      --end;
      while (end != 0 && text[end - 1] == '\\') --end;
      std::size_t begin = end;
      while (begin != 0 && end - begin <= kLongestName && text[begin - 1] != '"') --begin;
      if (begin == 0 || text[begin - 1] != '"' || begin == end) continue;
      const std::string_view name = text.substr(begin, end - begin);
      const Sure sure = sure_of(name);
      if (sure == Sure::no) continue;
      std::size_t from = colon + 1;
      while (from < text.size() && is_space(text[from])) ++from;
      while (from < text.size() && text[from] == '\\') ++from;
      if (from >= text.size() || text[from] != '"') continue;
      const std::size_t stop = std::min(text.find_first_of("\"\\", from + 1), text.size());
      const std::string_view value = text.substr(from + 1, stop - from - 1);
      // A text for people ("Password" in a translation) has spaces, or is the name.
      if (value.find(' ') != std::string_view::npos || PlainName(value).view() == PlainName(name).view() || !holds(sure, value))
        continue;
      marks_.push_back({RuleId::secret_body, offset(text, begin, at), std::string(pointer),
                        message(fmt::format("{} with credentials", what), name, value.size())});
    }
  }

  /// Where something of `text` stands in the entry; of a text that was decoded where the whole stands.
  std::size_t offset(std::string_view text, std::size_t at, const Field& whole) const {
    const std::less_equal<const char*> not_after;
    const bool inside =
        not_after(facts_.entry.data(), text.data()) && not_after(text.data(), facts_.entry.data() + facts_.entry.size());
    return inside ? facts_.offset(text) + at : facts_.offset(whole);
  }

  static bool is_base64url(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  }
  static std::size_t base64url_end(std::string_view text, std::size_t at) {
    while (at < text.size() && is_base64url(text[at])) ++at;
    return at;
  }

  /// JSON Web Tokens: "eyJ" is the base64 of "{\"", twice, and then a signature. `base`: of a text that is not the entry's,
  /// where it stands there.
  void tokens(std::string_view text, std::size_t base) {
    const bool entry = text.data() == facts_.entry.data();
    for (std::size_t at = text.find("eyJ"); at != std::string_view::npos; at = text.find("eyJ", at)) {
      const std::size_t begin = at;
      const std::size_t head = base64url_end(text, at);
      at = head;
      if (begin != 0 && is_base64url(text[begin - 1]) && text[begin - 1] != 'n') continue;  // within a longer word
      if (head + 4 > text.size() || text.substr(head, 4) != ".eyJ") continue;
      const std::size_t claims = base64url_end(text, head + 1);
      at = claims;
      if (claims >= text.size() || text[claims] != '.') continue;
      const std::size_t end = base64url_end(text, claims + 1);
      at = end;
      // Without a signature ("alg":"none", or cut off by somebody who shares the file) it opens nothing.
      if (end - claims - 1 < kLong) continue;
      const std::string_view token = text.substr(begin, end - begin);
      if (std::find(seen_.begin(), seen_.end(), token) != seen_.end()) continue;
      if (entry) seen_.push_back(token);
      const std::size_t place = entry ? begin : base;
      marks_.push_back({RuleId::secret_token, place, pointer_at(place),
                        fmt::format("expected no JSON Web Token, found one of {} characters", token.size())});
    }
  }

  /// The value that an offset of the entry lies in, as far as the facts know.
  std::string pointer_at(std::size_t at) const {
    const auto within = [&](const Field& field) {
      return field && at >= facts_.offset(field) && at < facts_.offset(field) + field.raw.size();
    };
    constexpr std::pair<List, std::string_view> kLists[] = {
        {List::request_headers, "/request/headers"}, {List::response_headers, "/response/headers"},
        {List::request_cookies, "/request/cookies"}, {List::response_cookies, "/response/cookies"},
        {List::query, "/request/queryString"},       {List::params, "/request/postData/params"},
    };
    for (const auto& [list, pointer] : kLists) {
      for (const Record& record : facts_[list]) {
        if (within(record.value)) return fmt::format("{}/{}/value", pointer, record.index);
      }
    }
    constexpr std::pair<Slot, std::string_view> kSlots[] = {
        {Slot::url, "/request/url"},
        {Slot::post_text, "/request/postData/text"},
        {Slot::redirect, "/response/redirectURL"},
        {Slot::text, "/response/content/text"},
        {Slot::messages, "/_webSocketMessages"},
        {Slot::event_messages, "/_eventSourceMessages"},
    };
    for (const auto& [slot, pointer] : kSlots) {
      if (within(facts_[slot])) return std::string(pointer);
    }
    return {};
  }

  const Facts& facts_;
  Marks& marks_;
  std::string name_;
  std::string value_;
  std::vector<std::string_view> seen_;
};

}  // namespace

void check_secrets(const Facts& facts, Marks& marks) { Search(facts, marks).all(); }

}  // namespace har::check
