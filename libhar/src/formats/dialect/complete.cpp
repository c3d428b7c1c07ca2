// What HAR 1.2 requires: members that are missing or of another type, as writers have them, are mended.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "body_text.hpp"
#include "formats/dialect/dialect.hpp"
#include "formats/http_message.hpp"
#include "stream/text/base64.hpp"
#include "stream/text/timestamp.hpp"
#include "stream/text/utf8.hpp"

namespace har::format::dialect {
namespace {

using stream::Json;
using stream::JsonMember;

/// Halves of surrogate pairs, which JSON can escape and no program can encode, become U+FFFD.
void mend_text(Json& value) {
  if (value.is_string()) {
    if (!stream::is_utf8(value.as_string())) value = Json(stream::replace_invalid_utf8(value.as_string()));
  } else if (value.is_array()) {
    for (Json& element : value.as_array()) mend_text(element);
  } else if (value.is_object()) {
    for (JsonMember& member : value.as_object()) {
      if (!stream::is_utf8(member.name)) member.name = stream::replace_invalid_utf8(member.name);
      mend_text(member.value);
    }
  }
}

/// Of members of one name the last one counts, for every program.
void without_repeats(Json& value) {
  if (value.is_array()) {
    for (Json& element : value.as_array()) without_repeats(element);
  }
  if (!value.is_object()) return;
  auto& members = value.as_object();
  if (members.size() < 16) {
    for (std::size_t i = 0; i < members.size(); ++i) {
      const auto later = std::find_if(members.begin() + static_cast<std::ptrdiff_t>(i) + 1, members.end(),
                                      [&](const JsonMember& other) { return other.name == members[i].name; });
      if (later != members.end()) members.erase(members.begin() + static_cast<std::ptrdiff_t>(i--));
    }
  } else {
    std::set<std::string> seen;
    for (std::size_t i = members.size(); i-- > 0;) {
      if (!seen.insert(members[i].name).second) members.erase(members.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
  for (JsonMember& member : members) without_repeats(member.value);
}

bool is_iso(std::string_view text) {
  // YYYY-MM-DDThh:mm:ss, a fraction, Z or ±hh:mm
  constexpr std::string_view kForm = "0000-00-00T00:00:00";
  if (text.size() <= kForm.size()) return false;
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    if (kForm[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != kForm[i]) return false;
  }
  text.remove_prefix(kForm.size());
  if (text.starts_with('.')) {
    const std::size_t end = std::min(text.find_first_not_of("0123456789", 1), text.size());
    if (end == 1) return false;
    text.remove_prefix(end);
  }
  if (text == "Z") return true;
  return text.size() == 6 && (text[0] == '+' || text[0] == '-') && text[3] == ':';
}

/// As Playwright and others write it, to the digits that are needed: at least milliseconds, and microseconds at most, which is
/// what all programs read.
std::string date_text(stream::WallTime time) {
  std::string text = stream::format_iso8601(std::chrono::floor<std::chrono::microseconds>(time));
  const std::size_t dot = text.find('.');
  const std::size_t zone = text.find_first_not_of("0123456789", dot + 1);
  if (dot == std::string::npos || zone == std::string::npos) return text;
  std::string fraction = text.substr(dot + 1, zone - dot - 1);
  fraction.resize(std::min<std::size_t>(fraction.size(), 6));
  while (fraction.size() > 3 && fraction.back() == '0') fraction.pop_back();
  return text.substr(0, dot + 1) + fraction + text.substr(zone);
}

class Mender {
 public:
  Mender(const stream::Place& place, const stream::FindingSink& report) : place_(place), report_(report) {}

  void entry(Json& value) {
    date(value, "startedDateTime");
    number(value, "time", 0);
    request_of(object(value, "request"));
    response_of(object(value, "response"));
    timings(object(value, "timings"));
    cache(object(value, "cache"));
    for (const std::string_view name : {"pageref", "connection", "comment"}) optional_text(value, name);
    address(value);
    order(value, {"pageref", "startedDateTime", "time", "request", "response", "cache", "timings"});
  }

 private:
  void lost(std::string_view path, std::string message) {
    std::string rule(path);
    std::replace(rule.begin(), rule.end(), '/', '-');
    report_loss(rule, std::move(message), place_, report_);
  }
  static bool says(const Json* value) { return value != nullptr && !value->is_null() && *value != Json(""); }

  void date(Json& holder, std::string_view name) {
    const std::string_view text = holder[name].string_or("");
    const auto time = stream::parse_iso8601(text);
    if (time && is_iso(text) && text.size() <= 32) {
      // More digits than a microsecond has are read by few.
      const std::size_t dot = text.find('.');
      const std::size_t end = dot == std::string_view::npos ? 0 : text.find_first_not_of("0123456789", dot + 1) - dot - 1;
      if (end <= 6) return;
    }
    if (!time) lost(name, fmt::format("{} is no time: that of 1970 stands for it", name));
    holder.set(name, date_text(time ? time->time : stream::WallTime{}));
  }

  Json& object(Json& holder, std::string_view name) {
    Json* found = holder.find(name);
    if (found != nullptr && found->is_object()) return *found;
    if (says(found)) lost(name, fmt::format("{} is no object, and left out", name));
    return holder.set(name, Json::object());
  }

  void text(Json& holder, std::string_view name, std::string_view otherwise, std::string_view path) {
    Json* const found = holder.find(name);
    if (found != nullptr && found->is_string()) return;
    if (found != nullptr && (found->is_number() || found->is_bool())) {
      *found = Json(to_json(*found));
      return;
    }
    if (says(found)) lost(fmt::format("{}-{}", path, name), fmt::format("{}.{} is no text, and left out", path, name));
    holder.set(name, otherwise);
  }
  void optional_text(Json& holder, std::string_view name) {
    Json* const found = holder.find(name);
    if (found == nullptr || found->is_string()) return;
    if (found->is_number() || found->is_bool()) {
      *found = Json(to_json(*found));
      return;
    }
    if (!found->is_null()) lost(name, fmt::format("{} is no text, and left out", name));
    holder.erase(name);
  }

  /// Numbers that stand in strings are numbers.
  static std::optional<Json> as_number(const Json* value) {
    if (value == nullptr) return std::nullopt;
    if (value->is_number() && std::isfinite(value->number_or(NAN))) return *value;
    if (!value->is_string()) return std::nullopt;
    auto number = stream::parse_json(value->as_string());
    return number && number->is_number() && std::isfinite(number->number_or(NAN)) ? std::optional(std::move(*number))
                                                                                  : std::nullopt;
  }
  /// `least`: smaller ones are unknown.
  void number(Json& holder, std::string_view name, double least, std::string_view unknown = "0") {
    const auto value = as_number(holder.find(name));
    if (value && value->number_or(0) >= least) {
      if (*value != holder[name]) holder.set(name, *value);
      return;
    }
    holder.set(name, Json(Json::Number{std::string(unknown)}));
  }
  void optional_number(Json& holder, std::string_view name) {
    if (holder.find(name) == nullptr) return;
    const auto value = as_number(holder.find(name));
    if (!value) {
      holder.erase(name);
    } else if (value->number_or(0) < 0 && value->number_or(0) != -1) {
      holder.set(name, -1);
    } else if (*value != holder[name]) {
      holder.set(name, *value);
    }
  }
  /// Without a fraction, which Python reads as another type.
  void integer(Json& holder, std::string_view name, std::int64_t unknown) {
    const auto value = as_number(holder.find(name));
    const double number = value ? value->number_or(NAN) : NAN;
    if (!(std::abs(number) < 9e15)) {
      holder.set(name, unknown);
    } else if (holder[name].int_or(INT64_MIN) == INT64_MIN ||
               holder[name].number_text().find_first_of(".eE") != std::string::npos) {
      holder.set(name, static_cast<std::int64_t>(std::llround(number)));
    }
  }

  /// A list of {name, value}; pairs in arrays, which some write, become objects.
  void pairs(Json& holder, std::string_view name, std::string_view path, bool cookies = false) {
    Json* found = holder.find(name);
    if (found == nullptr || !found->is_array()) {
      if (says(found)) lost(fmt::format("{}-{}", path, name), fmt::format("{}.{} is no list, and left out", path, name));
      holder.set(name, Json::array());
      return;
    }
    std::size_t dropped = 0;
    std::erase_if(found->as_array(), [&](Json& pair) {
      if (pair.is_array() && pair.as_array().size() == 2 && pair.as_array()[0].is_string()) {
        Json made = Json::Object{{"name", pair.as_array()[0]}, {"value", pair.as_array()[1]}};
        pair = std::move(made);
      }
      if (!pair.is_object()) {
        ++dropped;
        return true;
      }
      // Charles has pairs of nothing.
      if (!says(pair.find("name")) && !says(pair.find("value"))) return true;
      text(pair, "name", "", path);
      text(pair, "value", "", path);
      optional_text(pair, "comment");
      if (cookies) cookie(pair);
      return false;
    });
    if (dropped > 0)
      lost(fmt::format("{}-{}", path, name), fmt::format("{} elements of {}.{} are none, and left out", dropped, path, name));
  }

  void cookie(Json& cookie) {
    for (const std::string_view name : {"path", "domain"}) optional_text(cookie, name);
    for (const std::string_view name : {"httpOnly", "secure"}) {
      if (const Json* value = cookie.find(name); value != nullptr && !value->is_bool()) cookie.erase(name);
    }
    const Json* const expires = cookie.find("expires");
    if (expires == nullptr) return;
    const std::string_view text = expires->string_or("");
    if (is_iso(text) && stream::parse_iso8601(text)) return;
    const auto time = stream::parse_iso8601(text);
    if (time) {
      cookie.set("expires", date_text(time->time));
      return;
    }
    if (!text.empty()) lost("cookies-expires", "the expires of a cookie is no date, and left out");
    cookie.erase("expires");
  }

  void request_of(Json& request) {
    text(request, "method", "GET", "request");
    text(request, "url", "", "request");
    text(request, "httpVersion", "unknown", "request");
    pairs(request, "cookies", "request", true);
    pairs(request, "headers", "request");
    pairs(request, "queryString", "request");
    if (Json* post = request.find("postData"); post != nullptr) {
      if (!post->is_object() || post->as_object().empty()) {
        request.erase("postData");
      } else {
        post_data(*post);
      }
    }
    integer(request, "headersSize", -1);
    integer(request, "bodySize", -1);
    optional_text(request, "comment");
    order(request, {"method", "url", "httpVersion", "cookies", "headers", "queryString", "postData", "headersSize", "bodySize"});
  }

  void post_data(Json& post) {
    text(post, "mimeType", "", "request-postData");
    if (post.find("params") != nullptr) pairs(post, "params", "request-postData");
    for (Json& param : post.find("params") != nullptr ? post.find("params")->as_array() : none_) {
      for (const std::string_view name : {"fileName", "contentType"}) optional_text(param, name);
    }
    const bool base64 = post["_encoding"].string_or("") == "base64" || post["encoding"].string_or("") == "base64";
    Json* const written = post.find("text");
    if (base64 && written != nullptr && written->is_string()) {
      if (const auto bytes = stream::base64_decode(written->as_string())) {
        // As charset text it stands for the same octets: programs put it into the charset that the type names.
        const auto text = text_of_octets(*bytes, {text_charset(post["mimeType"].string_or("")), -1});
        if (!text)
          lost("request-postData-bytes",
               "the request's body is no text, and HAR 1.2 has no other form: U+FFFD stands for what is none");
        *written = Json(text ? *text : stream::replace_invalid_utf8(*bytes));
        post.erase("_encoding");
        post.erase("encoding");
      }
    }
    if (post["text"].is_string()) return;
    // Of a form that has its fields only, the text is known.
    std::string made;
    if (post["params"].is_array() && post["mimeType"].string_or("").find("urlencoded") != std::string_view::npos) {
      for (const Json& param : post["params"].as_array()) {
        if (!made.empty()) made += '&';
        made.append(form_encoded(param["name"].string_or(""))).append("=").append(form_encoded(param["value"].string_or("")));
      }
    }
    post.set("text", made);
  }

  void response_of(Json& response) {
    integer(response, "status", 0);
    text(response, "statusText", "", "response");
    text(response, "httpVersion", "unknown", "response");
    pairs(response, "cookies", "response", true);
    pairs(response, "headers", "response");
    Json* content = response.find("content");
    if (content == nullptr || !content->is_object()) content = &response.set("content", Json::object());
    const bool has_text = (*content)["text"].is_string();
    std::int64_t known = 0;
    if (has_text) {
      const std::string& written = (*content)["text"].as_string();
      const auto bytes = (*content)["encoding"].string_or("") == "base64" ? stream::base64_decode(written)
                                                                          : octets_of_text(written, response_facts(response));
      known = static_cast<std::int64_t>(bytes ? bytes->size() : written.size());
    }
    integer(*content, "size", known);
    if (content->find("compression") != nullptr) {
      if (as_number(content->find("compression"))) {
        integer(*content, "compression", 0);
      } else {
        content->erase("compression");
      }
    }
    text(*content, "mimeType", "x-unknown", "response-content");
    optional_text(*content, "text");
    optional_text(*content, "comment");
    if (const Json* encoding = content->find("encoding"); encoding != nullptr && encoding->string_or("") != "base64") {
      if (says(encoding))
        lost("response-content-encoding", "content.encoding is not base64, and left out: the text is taken as it stands");
      content->erase("encoding");
    } else if (encoding != nullptr && has_text && !stream::base64_decode((*content)["text"].as_string())) {
      lost("response-content-encoding", "the body is not the base64 that it is said to be: it is taken as text");
      content->erase("encoding");
    }
    text(response, "redirectURL", "", "response");
    integer(response, "headersSize", -1);
    integer(response, "bodySize", -1);
    optional_text(response, "comment");
    order(response,
          {"status", "statusText", "httpVersion", "cookies", "headers", "content", "redirectURL", "headersSize", "bodySize"});
  }

  void timings(Json& timings) {
    for (const std::string_view name : {"send", "wait", "receive"}) number(timings, name, 0);
    for (const std::string_view name : {"blocked", "dns", "connect", "ssl"}) optional_number(timings, name);
    for (JsonMember& member : timings.as_object()) {  // Chrome's own
      if (member.name.starts_with('_') && !member.value.is_number()) member.value = Json(-1);
    }
    optional_text(timings, "comment");
  }

  void cache(Json& cache) {
    for (const std::string_view name : {"beforeRequest", "afterRequest"}) {
      const Json* const state = cache.find(name);
      if (state == nullptr || state->is_null()) continue;
      const bool whole = state->is_object() && (*state)["lastAccess"].is_string() && (*state)["eTag"].is_string() &&
                         (*state)["hitCount"].is_number() &&
                         (state->find("expires") == nullptr || is_iso((*state)["expires"].string_or("")));
      if (whole) continue;
      lost(fmt::format("cache-{}", name), fmt::format("cache.{} is not as HAR 1.2 has it, and left out", name));
      cache.erase(name);
    }
    optional_text(cache, "comment");
  }

  void address(Json& entry) {
    const Json* const found = entry.find("serverIPAddress");
    if (found == nullptr) return;
    std::string text(found->string_or(""));
    if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
    const bool v4 = text.find_first_not_of("0123456789.") == std::string::npos && std::count(text.begin(), text.end(), '.') == 3;
    const bool v6 =
        text.find_first_not_of("0123456789abcdefABCDEF:.") == std::string::npos && text.find(':') != std::string::npos;
    if (v4 || v6) {
      entry.set("serverIPAddress", text);
      return;
    }
    if (!text.empty()) lost("serverIPAddress", "serverIPAddress is no address, and left out");
    entry.erase("serverIPAddress");
  }

  /// What was added stands where HAR 1.2 has it.
  static void order(Json& value, std::initializer_list<std::string_view> names) {
    auto& members = value.as_object();
    const auto rank = [&](const JsonMember& member) {
      return std::find(names.begin(), names.end(), member.name) - names.begin();
    };
    std::stable_sort(members.begin(), members.end(), [&](const JsonMember& a, const JsonMember& b) { return rank(a) < rank(b); });
  }

  const stream::Place& place_;
  const stream::FindingSink& report_;
  Json::Array none_{};
};

}  // namespace

void complete(Json& entry, const stream::Place& place, const stream::FindingSink& report) {
  mend_text(entry);
  without_repeats(entry);
  Mender(place, report).entry(entry);
}

}  // namespace har::format::dialect
