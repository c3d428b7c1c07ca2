#include <algorithm>
#include <array>
#include <utility>

#include "body_text.hpp"
#include "check/http_text.hpp"
#include "check/pairs.hpp"
#include "diff/address.hpp"
#include "diff/body.hpp"
#include "diff/found.hpp"
#include "diff/judge.hpp"
#include "diff/lists.hpp"
#include "diff/profile.hpp"
#include "diff/streams.hpp"
#include "har/diff/phases.hpp"
#include "har/entry_view.hpp"
#include "stream/compare/number.hpp"
#include "stream/text/json.hpp"

namespace har::diff {
namespace {

using stream::RawJson;
using stream::ShownValue;
using stream::ValueChange;

/// One of two entries.
struct Side {
  EntryView view{};
  const SideFiles* files = nullptr;
  std::vector<Named> headers{};
  std::string body{};
  std::string type{};
};

/// "h2", "http/2.0" and "HTTP/2" are one version.
std::string version_of(std::string_view text) {
  std::string out = lower_case(text);
  if (out.starts_with("http/")) out.erase(0, 5);
  if (out.starts_with('h') && out.size() > 1) out.erase(0, 1);
  if (out.starts_with("spdy") || out == "2+quic/46") return out;
  if (out.ends_with(".0") && !out.starts_with('1')) out.resize(out.size() - 2);
  return out == "unknown" ? "" : out;
}

bool absent(RawJson value) { return !value || value.is_null(); }

}  // namespace

struct EntryComparer::Impl {
  explicit Impl(const DiffOptions& the_options) : options(the_options), judge(the_options), addresses(judge) {}

  const DiffOptions& options;
  Judge judge;
  Addresses addresses;
  Side expected{};
  Side actual{};
  Found* found = nullptr;

  RawJson find_e(EntryPart part, std::string_view name) { return expected.view.find(part, name); }
  RawJson find_a(EntryPart part, std::string_view name) { return actual.view.find(part, name); }

  void tell(Half half, Field field, std::string_view name, std::string_view pointer, RawJson e, RawJson a) const {
    const ValueChange change = absent(e) ? ValueChange::extra : absent(a) ? ValueChange::missing : ValueChange::changed;
    FieldDifference out = difference_of(half, field, name, change);
    const auto value = [](RawJson raw) {
      return absent(raw) ? ShownValue() : raw.is_string() ? text_value(raw.string()) : json_value(raw.text);
    };
    out.expected = value(e);
    out.actual = value(a);
    if (!absent(e)) out.expected_pointer = pointer;
    if (!absent(a)) out.actual_pointer = pointer;
    found->add(std::move(out));
  }

  /// A member with a single value. Null counts as absent.
  bool scalar(Half half, Field field, EntryPart part, std::string_view member, std::string_view pointer,
              std::string_view name = {}) {
    const RawJson e = find_e(part, member);
    const RawJson a = find_a(part, member);
    return scalar(half, field, name, pointer, e, a);
  }
  bool scalar(Half half, Field field, std::string_view name, std::string_view pointer, RawJson e, RawJson a) {
    if (e == a || (absent(e) && absent(a))) return true;
    const Judge::Spot spot = judge.spot(half, field, name);
    if (!spot.compared) return true;
    if (!absent(e) && !absent(a)) {
      if (e.is_string() && a.is_string()) {
        if (judge.same(spot, e.string(), a.string())) return true;
      } else if (e.is_number() && a.is_number()) {
        if (equal_numbers(e, a) || judge.same(spot, e.text, a.text)) return true;
      } else if (const auto value_e = stream::parse_json(e.text, options.limits)) {
        const auto value_a = stream::parse_json(a.text, options.limits);
        if (value_a && judge.json().equal(*value_e, 0, *value_a, 0)) return true;
      }
    }
    tell(half, field, name, pointer, e, a);
    return false;
  }
  static bool equal_numbers(RawJson e, RawJson a) {
    const auto valid = [](RawJson raw) { return stream::parse_json(raw.text).has_value(); };
    return valid(e) && valid(a) && stream::equal_numbers(e.text, a.text);
  }

  void compare_method() { (void)scalar(Half::request, Field::method, EntryPart::request, "method", "/request/method"); }

  void compare_url() {
    const RawJson raw_e = find_e(EntryPart::request, "url");
    const RawJson raw_a = find_a(EntryPart::request, "url");
    const std::string url_e = raw_e.string();
    const std::string url_a = raw_a.string();
    const std::size_t before = found->total();
    if (url_e != url_a || !options.hosts.empty()) {
      const Address e = addresses.read(url_e, SideOf::expected);
      const Address a = addresses.read(url_a, SideOf::actual);
      const Judge::Spot spot = judge.spot(Half::request, Field::url);
      if (spot.compared && !judge.same(spot, e.base, a.base)) {
        FieldDifference out = difference_of(Half::request, Field::url, {}, ValueChange::changed);
        out.expected = text_value(e.base);
        out.actual = text_value(a.base);
        out.expected_pointer = out.actual_pointer = "/request/url";
        found->add(std::move(out));
      }
      const auto named = [](const Address& address) {
        std::vector<Named> list;
        for (const auto& [name, value] : address.query) list.push_back({name, value, "/request/url"});
        return list;
      };
      compare_query(named(e), named(a));
      if (!judge.standard() && found->total() == before && spot.compared && options.hosts.empty() &&
          options.ignored_query.empty() && options.path_templates.empty() &&
          judge.masked(spot, url_e) != judge.masked(spot, url_a))
        tell(Half::request, Field::url, {}, "/request/url", raw_e, raw_a);  // the same, written otherwise
    }
    const RawJson list_e = find_e(EntryPart::request, "queryString");
    const RawJson list_a = find_a(EntryPart::request, "queryString");
    if (list_e == list_a || found->total() != before) return;
    auto query_e = query_of(list_e);
    auto query_a = query_of(list_a);
    // A writer that lists none has not looked.
    const bool has_query = url_e.find('?') != std::string::npos;
    if (judge.standard() && has_query && query_e.empty() != query_a.empty()) return;
    compare_query(query_e, query_a);
  }

  std::vector<Named> query_of(RawJson list) const {
    auto out = named_of(list, "/request/queryString");
    for (Named& each : out) {  // some writers decode them, and nobody can tell which
      std::string text;
      if (check::canonical(each.name, text)) each.name = text;
      if (check::canonical(each.value, text)) each.value = text;
    }
    std::erase_if(out, [&](const Named& each) {
      return std::any_of(options.ignored_query.begin(), options.ignored_query.end(),
                         [&](const std::string& name) { return check::equal_ignoring_case(name, each.name); });
    });
    return out;
  }

  void compare_query(const std::vector<Named>& e, const std::vector<Named>& a) {
    ListRules rules;
    rules.half = Half::request;
    rules.field = Field::query;
    rules.in_order = true;
    rules.exact = !judge.standard();
    rules.passes = [this](std::string_view name, std::string_view x, std::string_view y) { return addresses.passes(name, x, y); };
    compare_lists(*found, judge, e, a, rules);
  }

  void compare_version(Half half, EntryPart part, std::string_view pointer) {
    const RawJson e = find_e(part, "httpVersion");
    const RawJson a = find_a(part, "httpVersion");
    if (judge.standard()) {
      const std::string version_e = version_of(e.string());
      const std::string version_a = version_of(a.string());
      if (version_e == version_a || version_e.empty() || version_a.empty()) return;
    }
    (void)scalar(half, Field::http_version, {}, pointer, e, a);
  }

  void compare_headers(Half half, EntryPart part) {
    const std::string pointer = half == Half::request ? "/request/headers" : "/response/headers";
    const RawJson e = find_e(part, "headers");
    const RawJson a = find_a(part, "headers");
    expected.headers = named_of(e, pointer);
    actual.headers = named_of(a, pointer);
    if (e == a && options.hosts.empty()) return;
    ListRules rules;
    rules.half = half;
    rules.field = Field::header;
    rules.any_case = true;
    rules.exact = !judge.standard();
    rules.in_order = rules.exact;
    if (!rules.exact || !options.hosts.empty()) {
      rules.passes = [this](std::string_view name, std::string_view x, std::string_view y) {
        if (judge.standard() && name.starts_with("content-security-policy")) return without_nonces(x) == without_nonces(y);
        constexpr std::array<std::string_view, 6> kOfHosts{"host",    ":authority", "origin",
                                                           "referer", "location",   "content-location"};
        return std::find(kOfHosts.begin(), kOfHosts.end(), name) != kOfHosts.end() && addresses.mapped(x, SideOf::expected) == y;
      };
    }
    if (rules.exact) return compare_lists(*found, judge, expected.headers, actual.headers, rules);
    // Cookies are compared as such.
    const auto without = [&](std::vector<Named> list) {
      std::erase_if(list, [](const Named& each) {
        return check::equal_ignoring_case(each.name, "cookie") || check::equal_ignoring_case(each.name, "set-cookie");
      });
      return list;
    };
    compare_lists(*found, judge, without(expected.headers), without(actual.headers), rules);
  }

  void compare_cookie_lists(Half half, EntryPart part) {
    const RawJson e = find_e(part, "cookies");
    const RawJson a = find_a(part, "cookies");
    compare_cookies(*found, judge, half, e, a, expected.headers, actual.headers);
  }

  static std::string_view header(const std::vector<Named>& headers, std::string_view name) {
    std::string_view value;
    for (const Named& each : headers) {
      if (check::equal_ignoring_case(each.name, name)) value = each.value;
    }
    return value;
  }

  /// The member that says again what a header does, where the header is not told of.
  void compare_type(Half half, EntryPart part, std::string_view pointer) {
    const RawJson e = find_e(part, "mimeType");
    const RawJson a = find_a(part, "mimeType");
    if (e == a) return;
    if (judge.standard()) {
      const bool headers = header(expected.headers, "content-type") != header(actual.headers, "content-type") &&
                           judge.spot(half, Field::header, "content-type").compared;
      const auto plain = [](RawJson raw) {
        std::string type = lower_case(raw.string());
        std::erase_if(type, [](char c) { return c == ' ' || c == '"'; });
        return type == "x-unknown" ? std::string() : type;  // Chrome's word for none
      };
      const std::string type_e = plain(e);
      const std::string type_a = plain(a);
      // Some leave the parameters away.
      const bool bare = type_e.find(';') == std::string::npos || type_a.find(';') == std::string::npos;
      if (headers || type_e == type_a || (bare && check::essence_of(type_e) == check::essence_of(type_a))) return;
    }
    (void)scalar(half, Field::media_type, {}, pointer, e, a);
  }

  void sizes(Half half, EntryPart part, std::initializer_list<std::string_view> names, const std::string& pointer) {
    for (const std::string_view name : names)
      (void)scalar(half, Field::size, part, name, pointer + "/" + std::string(name), name);
  }

  /// A body, and what its octets are as text where their charset is not UTF-8: an entry may hold the one or the other.
  struct Legible {
    Legible(EntryView& view, Half half)
        : type(view.header(half == Half::request ? EntryPart::request : EntryPart::response, "content-type").value_or("")),
          body(half == Half::request ? view.request_body() : view.response_body()) {
      if (stream::charset_parameter(type).empty()) type = body.media_type;
    }
    static void both(Legible& e, Legible& a) {
      if (e.body.text == a.body.text && e.body.bytes == a.body.bytes) return;
      for (Legible* const each : {&e, &a}) {
        const BodyFacts facts{text_charset(each->type), static_cast<std::int64_t>(each->body.bytes.size())};
        if (!facts.charset || each->body.text) continue;
        if (auto made = text_of_octets(each->body.bytes, facts)) each->body.bytes = each->text = std::move(*made);
      }
    }

    std::string type;
    std::string text{};
    BodyBytes body;
  };

  void compare_body(Half half, const BodyBytes& e, const BodyBytes& a, const std::string& pointer) {
    const auto state = judge.body(half);
    if (judge.json().ignored(state)) return;
    if (e.known && a.known) {
      compare_bodies(*found, judge, half, {e.bytes, e.media_type, pointer}, {a.bytes, a.media_type, pointer});
    } else if ((e.known && !e.bytes.empty()) || (a.known && !a.bytes.empty())) {
      if (!judge.shown(half, "")) return;
      const BodyBytes& there = e.known ? e : a;
      FieldDifference out = difference_of(half, Field::body, {}, e.known ? ValueChange::missing : ValueChange::extra);
      out.whole = true;
      (e.known ? out.expected_pointer : out.actual_pointer) = pointer;
      const bool text = body_form({there.bytes, there.media_type, {}}) != BodyForm::bytes;
      ShownValue& value = e.known ? out.expected : out.actual;
      value.form = text ? ShownValue::Form::text : ShownValue::Form::bytes;
      value.text = there.bytes;
      found->add(std::move(out));
    }
  }

  void compare_request() {
    const RawJson e = find_e(EntryPart::entry, "request");
    const RawJson a = find_a(EntryPart::entry, "request");
    if (e == a && options.hosts.empty()) return;
    compare_method();
    compare_url();
    compare_version(Half::request, EntryPart::request, "/request/httpVersion");
    compare_headers(Half::request, EntryPart::request);
    compare_cookie_lists(Half::request, EntryPart::request);
    compare_type(Half::request, EntryPart::post_data, "/request/postData/mimeType");
    if (find_e(EntryPart::request, "postData") != find_a(EntryPart::request, "postData")) {
      const std::size_t before = found->total();
      Legible body_e(expected.view, Half::request);
      Legible body_a(actual.view, Half::request);
      Legible::both(body_e, body_a);
      compare_body(Half::request, body_e.body, body_a.body, "/request/postData/text");
      if (found->total() == before) compare_params();
    }
    if (!judge.standard()) {
      sizes(Half::request, EntryPart::request, {"headersSize", "bodySize"}, "/request");
      others(Half::request, EntryPart::request, "/request",
             {"method", "url", "httpVersion", "headers", "cookies", "queryString", "postData", "headersSize", "bodySize"});
      others(Half::request, EntryPart::post_data, "/request/postData",
             {"mimeType", "text", "params", "_encoding", "encoding", "_file"});
    }
    comments(Half::request, EntryPart::request, "/request");
  }

  /// What the text says already stands in the params again.
  void compare_params() {
    const RawJson e = find_e(EntryPart::post_data, "params");
    const RawJson a = find_a(EntryPart::post_data, "params");
    if (e == a || (judge.standard() && absent(e) != absent(a))) return;
    auto list_e = named_of(e, "/request/postData/params");
    auto list_a = named_of(a, "/request/postData/params");
    if (judge.standard() && list_e.empty() != list_a.empty()) return;
    ListRules rules;
    rules.half = Half::request;
    rules.field = Field::body;
    rules.in_body = true;
    rules.in_order = true;
    compare_lists(*found, judge, list_e, list_a, rules);
  }

  void compare_response() {
    const RawJson e = find_e(EntryPart::entry, "response");
    const RawJson a = find_a(EntryPart::entry, "response");
    const bool streams = is_stream(expected.view) || is_stream(actual.view);
    if (e != a || !options.hosts.empty()) compare_head();
    if (streams) {
      if (compare_streams(*found, judge, expected.view, actual.view, expected.files, actual.files)) return;
    } else {
      ending();
    }
    if (find_e(EntryPart::response, "content") == find_a(EntryPart::response, "content") && expected.files == actual.files)
      return;
    Legible body_e(expected.view, Half::response);
    Legible body_a(actual.view, Half::response);
    Legible::both(body_e, body_a);
    compare_body(Half::response, body_e.body, body_a.body, "/response/content/text");
    if (judge.standard() && !body_e.body.known && !body_a.body.known) size_of_body();
  }

  /// Of bodies that were not recorded, how large they were is all that is known.
  void size_of_body() {
    const RawJson e = find_e(EntryPart::content, "size");
    const RawJson a = find_a(EntryPart::content, "size");
    if (!e.is_number() || !a.is_number() || equal_numbers(e, a) || !judge.shown(Half::response, "")) return;
    if (e.number().value_or(0) < 0 || a.number().value_or(0) < 0) return;
    FieldDifference out = difference_of(Half::response, Field::body, {}, ValueChange::changed);
    out.whole = true;
    out.expected = json_value(e.text);
    out.actual = json_value(a.text);
    out.expected_pointer = out.actual_pointer = "/response/content/size";
    found->add(std::move(out));
  }

  void compare_head() {
    (void)scalar(Half::response, Field::status, EntryPart::response, "status", "/response/status");
    const RawJson text_e = find_e(EntryPart::response, "statusText");
    const RawJson text_a = find_a(EntryPart::response, "statusText");
    // HTTP/2 has none, and another status says it already.
    const bool texts = !judge.standard() || (!text_e.string().empty() && !text_a.string().empty() &&
                                             find_e(EntryPart::response, "status") == find_a(EntryPart::response, "status"));
    if (texts) (void)scalar(Half::response, Field::status_text, {}, "/response/statusText", text_e, text_a);
    compare_version(Half::response, EntryPart::response, "/response/httpVersion");
    compare_headers(Half::response, EntryPart::response);
    compare_cookie_lists(Half::response, EntryPart::response);
    compare_redirect();
    compare_type(Half::response, EntryPart::content, "/response/content/mimeType");
    if (!judge.standard()) {
      sizes(Half::response, EntryPart::response, {"headersSize", "bodySize"}, "/response");
      sizes(Half::response, EntryPart::content, {"size", "compression"}, "/response/content");
      others(Half::response, EntryPart::response, "/response",
             {"status", "statusText", "httpVersion", "headers", "cookies", "content", "redirectURL", "headersSize", "bodySize"});
      others(Half::response, EntryPart::content, "/response/content",
             {"size", "compression", "mimeType", "text", "encoding", "_file"});
    }
    comments(Half::response, EntryPart::response, "/response");
    comments(Half::response, EntryPart::content, "/response/content");
  }

  void compare_redirect() {
    const RawJson e = find_e(EntryPart::response, "redirectURL");
    const RawJson a = find_a(EntryPart::response, "redirectURL");
    if (e == a) return;
    const std::string url_e = e.string();
    const std::string url_a = a.string();
    if (judge.standard()) {
      const bool told = header(expected.headers, "location") != header(actual.headers, "location") &&
                        judge.spot(Half::response, Field::header, "location").compared;
      if (told || (url_e.empty() && url_a.empty()) || addresses.mapped(url_e, SideOf::expected) == url_a) return;
    }
    (void)scalar(Half::response, Field::redirect_url, {}, "/response/redirectURL", e, a);
  }

  /// `_error`, and whether an entry was still open: how exchanges say that they ended badly.
  void ending() {
    const auto ended = [](RawJson raw) { return absent(raw) || raw.is_false() || raw.text == "\"\""; };
    for (const std::string_view name : {"_error", "_incomplete"}) {
      for (const EntryPart part : {EntryPart::entry, EntryPart::response}) {
        const RawJson e = find_e(part, name);
        const RawJson a = find_a(part, name);
        if (e == a || (ended(e) && ended(a)) || !judge.spot(Half::entry, Field::ending).compared) continue;
        const std::string pointer = (part == EntryPart::response ? "/response/" : "/") + std::string(name);
        tell(Half::entry, Field::ending, {}, pointer, ended(e) ? RawJson() : e, ended(a) ? RawJson() : a);
        return;
      }
    }
  }

  void comments(Half half, EntryPart part, const std::string& pointer) {
    const RawJson e = find_e(part, "comment");
    const RawJson a = find_a(part, "comment");
    if (!(e.string().empty() && a.string().empty())) (void)scalar(half, Field::comment, {}, pointer + "/comment", e, a);
  }

  /// Members that are not named here.
  void others(Half half, EntryPart part, const std::string& pointer, std::initializer_list<std::string_view> known) {
    std::vector<std::string> seen;
    for (Side* const side : {&expected, &actual}) {
      for (const auto& member : side->view.part(part).members()) {
        const std::string name(member.name);
        if (name == "comment" || std::find(known.begin(), known.end(), name) != known.end()) continue;
        if (std::find(seen.begin(), seen.end(), name) != seen.end()) continue;
        seen.push_back(name);
        std::string place = pointer;
        stream::append_pointer(place, name);
        (void)scalar(half, Field::custom, name, place, find_e(part, name), find_a(part, name));
      }
    }
  }

  void compare_rest() {
    comments(Half::entry, EntryPart::entry, "");
    if (judge.standard()) return;
    (void)scalar(Half::entry, Field::start, EntryPart::entry, "startedDateTime", "/startedDateTime");
    (void)scalar(Half::entry, Field::time, EntryPart::entry, "time", "/time");
    std::vector<std::string> phases;
    for (Side* const side : {&expected, &actual}) {
      for (const auto& member : side->view.part(EntryPart::timings).members()) {
        if (std::find(phases.begin(), phases.end(), member.name) == phases.end()) phases.emplace_back(member.name);
      }
    }
    for (const std::string& phase : phases)
      (void)scalar(Half::entry, Field::timing, EntryPart::timings, phase, "/timings/" + phase, phase);
    (void)scalar(Half::entry, Field::page, EntryPart::entry, "pageref", "/pageref");
    (void)scalar(Half::entry, Field::connection, EntryPart::entry, "connection", "/connection");
    (void)scalar(Half::entry, Field::server_ip, EntryPart::entry, "serverIPAddress", "/serverIPAddress");
    (void)scalar(Half::entry, Field::cache, EntryPart::entry, "cache", "/cache");
    others(Half::entry, EntryPart::entry, "",
           {"startedDateTime", "time", "timings", "pageref", "connection", "serverIPAddress", "cache", "request", "response",
            "_error", "_incomplete", "_webSocketMessages", "_eventSourceMessages", "_webSocketClose"});
  }

  EntryDifferences compare(std::string_view text_e, std::string_view text_a, const SideFiles* files_e, const SideFiles* files_a) {
    EntryDifferences out;
    Found gathered(out, options.max_fields);
    found = &gathered;
    expected.view.reset(text_e, expected.files = files_e);
    actual.view.reset(text_a, actual.files = files_a);
    if (text_e != text_a || files_e != files_a || !options.hosts.empty()) {
      compare_request();
      compare_response();
      compare_rest();
    }
    if (options.timing.compare) out.phases = phase_pairs(phases_of(expected.view), phases_of(actual.view));
    found = nullptr;
    return out;
  }
};

EntryComparer::EntryComparer(const DiffOptions& options) : impl_(std::make_unique<Impl>(options)) {}
EntryComparer::~EntryComparer() = default;

EntryDifferences EntryComparer::compare(std::string_view expected, std::string_view actual, const SideFiles* expected_files,
                                        const SideFiles* actual_files) {
  return impl_->compare(expected, actual, expected_files, actual_files);
}

}  // namespace har::diff
