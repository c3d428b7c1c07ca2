#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "check/base64_shape.hpp"
#include "check/fix_lists.hpp"
#include "check/fix_rules.hpp"
#include "check/fix_values.hpp"
#include "stream/text/ascii.hpp"
#include "stream/text/json_tokens.hpp"
#include "stream/text/timestamp.hpp"

namespace har::check::edit {
namespace {

using stream::ascii::lower_case;

constexpr std::string_view kUnknownType = "application/octet-stream";
/// As Chrome writes it.
constexpr std::string_view kUnknownVersion = "\"unknown\"";

/// What stands between a string's quotes.
std::string_view inner_of(std::string_view raw) { return raw.substr(1, raw.size() - 2); }

/// How many characters a text has: in code points, and in JavaScript's units.
std::pair<std::size_t, std::size_t> characters(std::string_view utf8) {
  std::size_t points = 0;
  std::size_t units = 0;
  for (const char c : utf8) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0U) == 0x80U) continue;
    ++points;
    units += byte >= 0xF0 ? 2U : 1U;
  }
  return {points, units};
}

class EntryRound {
 public:
  explicit EntryRound(Text& text)
      : text_(text),
        entry_(text.root()),
        request_(text.find(entry_, "request")),
        response_(text.find(entry_, "response")),
        request_headers_(text.find(request_, "headers")),
        response_headers_(text.find(response_, "headers")) {}

  void headers() {
    repair_headers(text_, request_);
    repair_headers(text_, response_);
  }

  void lists() {
    repair_lists(text_, request_, Side::request);
    repair_lists(text_, response_, Side::response);
    if (const Node post_data = text_.find(request_, "postData"); text_.is(post_data, Kind::object)) {
      repair_params(text_, post_data);
    }
  }

  void values() {
    drop_null(text_, entry_, "pageref");
    drop_null(text_, entry_, "comment");
    drop_null(text_, entry_, "connection");
    make_string(text_, text_.find(entry_, "pageref"));
    make_string(text_, text_.find(entry_, "connection"));
    make_date(text_, text_.find(entry_, "startedDateTime"));
    time();
    timings();
    cache();
    server_address();
    if (text_.is(request_, Kind::object)) request();
    if (text_.is(response_, Kind::object)) {
      response();
    } else if (text_.is(request_, Kind::object) && (response_ == kNone || text_.is_null(response_))) {
      require(
          text_, entry_, "response",
          fmt::format("{{\"status\":0,\"statusText\":\"\",\"httpVersion\":{},\"cookies\":[],\"headers\":[],"
                      "\"content\":{{\"size\":0,\"mimeType\":\"{}\"}},\"redirectURL\":\"\",\"headersSize\":-1,\"bodySize\":-1}}",
                      kUnknownVersion, kUnknownType),
          "there was no answer");
    }
  }

 private:
  /// A time in milliseconds, if it is known.
  std::optional<stream::Nanos> duration(Node node) const {
    std::optional<stream::Nanos> time;
    if (text_.is(node, Kind::number)) time = stream::parse_decimal_millis(text_.raw(node));
    if (text_.is(node, Kind::string)) {
      if (const auto number = number_in(text_.string(node))) time = stream::parse_decimal_millis(*number);
    }
    // An hour-long request has a million times less than what would not fit into the sum.
    constexpr stream::Nanos kMost{std::int64_t{1} << 59};
    return time && *time >= stream::Nanos(0) && *time < kMost ? time : std::nullopt;
  }

  /// HAR 1.2 section 4.2.16: the sum of the timings that are known; ssl is part of connect, unless it is the longer one.
  void time() {
    const Node node = text_.find(entry_, "time");
    make_number(text_, node);
    const bool unknown =
        text_.is(node, Kind::number) && stream::parse_decimal_millis(text_.raw(node)) == stream::Nanos(-1'000'000);
    if (node != kNone && !text_.is_null(node) && !unknown) return;
    const Node timings = text_.find(entry_, "timings");
    stream::Nanos sum{0};
    bool known = false;
    for (const std::string_view name : {"blocked", "dns", "connect", "send", "wait", "receive"}) {
      const auto phase = duration(text_.find(timings, name));
      known = known || phase;
      sum += phase.value_or(stream::Nanos(0));
    }
    const auto ssl = duration(text_.find(timings, "ssl"));
    if (ssl && *ssl > duration(text_.find(timings, "connect")).value_or(stream::Nanos(0))) sum += *ssl;
    constexpr std::string_view kWhy = "the sum of the timings";
    if (!unknown) {
      require(text_, entry_, "time", stream::format_decimal_millis(sum), kWhy);
    } else if (known) {
      text_.set(node, RuleId::timings_negative, stream::format_decimal_millis(sum), kWhy);
    }
  }

  void timings() {
    const Node timings = text_.find(entry_, "timings");
    if (!text_.is(timings, Kind::object)) {
      require(text_, entry_, "timings", R"({"send":-1,"wait":-1,"receive":-1})", "not known");
      return;
    }
    for (const std::string_view name : {"send", "wait", "receive"}) {
      require(text_, timings, name, "-1", "not known");
      make_number(text_, text_.find(timings, name));
    }
    for (const std::string_view name : {"blocked", "dns", "connect", "ssl", "comment"}) {
      drop_null(text_, timings, name);
      if (name != "comment") make_number(text_, text_.find(timings, name));
    }
  }

  void cache() {
    const Node cache = text_.find(entry_, "cache");
    if (text_.is(cache, Kind::object)) {
      drop_null(text_, cache, "comment");
    } else if (cache == kNone || text_.is_null(cache)) {
      require(text_, entry_, "cache", "{}");
    } else {
      text_.set(cache, RuleId::har_type, "{}");
    }
  }

  void server_address() {
    const Node node = text_.find(entry_, "serverIPAddress");
    if (node == kNone) return;
    if (!text_.is(node, Kind::string)) {
      text_.drop(node, RuleId::har_type);
      return;
    }
    const std::string now = text_.string(node);
    const auto address = ip_address(now);
    const bool form = now.empty() || (address && now == "[" + *address + "]");
    const RuleId rule = form ? RuleId::server_address_form : RuleId::server_address;
    if (!address) {
      text_.drop(node, rule);
    } else if (*address != now) {
      text_.set(node, rule, quote(*address));
    }
  }

  void version(Node message, Node other) {
    if (lacks(text_, message, "httpVersion")) {
      const Node known = text_.find(other, "httpVersion");
      const std::string there = text_.string(known);
      const bool take = !there.empty() && without_controls(there) == there;
      require(text_, message, "httpVersion", take ? text_.raw(known) : kUnknownVersion, take ? "that of the other message" : "");
      return;
    }
    const Node version = text_.find(message, "httpVersion");
    make_string(text_, version);
    if (!text_.is(version, Kind::string) || text_.raw(version).find('\\') == std::string_view::npos) return;
    const std::string now = text_.string(version);
    if (std::string clean = without_controls(now); clean != now) text_.set(version, RuleId::http_version, quote(clean));
  }

  /// -1 for sizes that are not known.
  void size(Node message, std::string_view name, std::string_view otherwise = "-1", std::string_view why = "not known") {
    require(text_, message, name, otherwise, why);
    make_number(text_, text_.find(message, name), true);
  }

  /// What Content-Length says.
  std::optional<std::string> length(Node headers) const {
    auto value = header(text_, headers, "content-length");
    const bool good = value && is_integer(*value) && value->front() != '-' && number_in(*value) == *value;
    return good ? std::move(value) : std::nullopt;
  }

  void body_size(Node message, Node headers, bool body) {
    std::optional<std::string> known;
    if (body && lacks(text_, message, "bodySize")) known = length(headers);
    size(message, "bodySize", known.value_or("-1"), known ? "Content-Length" : "not known");
  }

  void media_type(Node object, Node headers) {
    if (lacks(text_, object, "mimeType")) {
      const auto type = header(text_, headers, "content-type");
      require(text_, object, "mimeType", quote(type ? *type : kUnknownType), type ? "Content-Type" : "not known");
    } else {
      make_string(text_, text_.find(object, "mimeType"));
    }
  }

  void request() {
    drop_null(text_, request_, "comment");
    version(request_, response_);
    size(request_, "headersSize");
    body_size(request_, request_headers_, true);
    const Node post_data = text_.find(request_, "postData");
    if (text_.is_null(post_data)) text_.drop(post_data, RuleId::har_type);
    if (text_.is(post_data, Kind::string)) {
      const auto type = header(text_, request_headers_, "content-type");
      text_.set(post_data, RuleId::har_type,
                fmt::format("{{\"mimeType\":{},\"text\":{}}}", quote(type ? *type : kUnknownType), text_.raw(post_data)));
    }
    if (!text_.is(post_data, Kind::object)) return;
    if (text_.first(post_data) == kNone) {
      text_.drop(post_data, RuleId::har_required, "it says nothing");
      return;
    }
    drop_null(text_, post_data, "comment");
    media_type(post_data, request_headers_);
    const Node body = text_.find(post_data, "text");
    if (text_.is_null(body)) {
      if (text_.find(post_data, "params") != kNone) {
        text_.drop(body, RuleId::har_type);
      } else {
        text_.set(body, RuleId::har_type, "\"\"");
      }
    }
    for (const std::string_view name : {"_encoding", "encoding"}) {
      if (text_.string(text_.find(post_data, name)) == "base64") base64(body);
    }
  }

  int status() const {
    const Node node = text_.find(response_, "status");
    const auto number = text_.is(node, Kind::string)
                            ? number_in(text_.string(node))
                            : std::optional(std::string(text_.is(node, Kind::number) ? text_.raw(node) : "0"));
    return number && number->size() == 3 && is_integer(*number) ? std::stoi(*number) : 0;
  }

  void response() {
    drop_null(text_, response_, "comment");
    require(text_, response_, "status", "0", "there was no answer");
    make_number(text_, text_.find(response_, "status"), true);
    if (lacks(text_, response_, "statusText")) {
      require(text_, response_, "statusText", quote(reason_phrase(status())));
    } else {
      make_string(text_, text_.find(response_, "statusText"));
    }
    version(response_, request_);
    if (lacks(text_, response_, "redirectURL")) {
      const auto location = header(text_, response_headers_, "location");
      require(text_, response_, "redirectURL", quote(location.value_or("")), location ? "Location" : "");
    }
    size(response_, "headersSize");
    const bool head = text_.string(text_.find(request_, "method")) == "HEAD";
    const bool body = !head && status() >= 200 && status() != 204 && status() != 304;  // RFC 9110 section 6.4.1
    body_size(response_, response_headers_, body);
    content(body);
  }

  void content(bool body) {
    const Node content = text_.find(response_, "content");
    if (!text_.is(content, Kind::object)) {
      require(text_, response_, "content", "{}");
      return;  // the next round fills it
    }
    for (const std::string_view name : {"comment", "text", "compression"}) drop_null(text_, content, name);
    make_number(text_, text_.find(content, "compression"), true);
    media_type(content, response_headers_);
    if (!encoding(content)) content_size(content, body);  // else in the next round
  }

  /// Whether it repaired something.
  bool encoding(Node content) {
    const Node encoding = text_.find(content, "encoding");
    const Node body = text_.find(content, "text");
    const std::string name = lower_case(text_.string(encoding));
    if (text_.is_null(encoding)) {
      text_.drop(encoding, RuleId::har_type);
    } else if (text_.is(encoding, Kind::string) && (name.empty() || name == "utf-8" || name == "utf8")) {
      text_.drop(encoding, RuleId::content_encoding);  // the text stands as it is
    } else if (name == "base64" && text_.string(encoding) != name) {
      text_.set(encoding, RuleId::content_encoding, quote(name));
    } else if (name == "base64") {
      return base64(body);
    } else if (encoding == kNone && undeclared_base64(content, body)) {
      text_.add(content, "encoding", "\"base64\"", RuleId::base64_undeclared, "the text decodes to as many bytes as size says");
    } else {
      return false;
    }
    return true;
  }

  bool base64(Node body) {
    if (!text_.is(body, Kind::string)) return false;
    const std::string_view inner = inner_of(text_.raw(body));
    if (is_clean_base64(inner)) return false;
    const std::string now = text_.string(body);
    auto mended = mended_base64(now);
    if (!mended) return false;
    const bool breaks =
        std::any_of(now.begin(), now.end(), [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; });
    text_.set(body, breaks ? RuleId::base64_breaks : RuleId::base64_invalid, quote(*mended),
              breaks ? "in one piece" : "with its padding");
    return true;
  }

  /// Long enough to be no word, and as long as base64 of a body of that size.
  bool undeclared_base64(Node content, Node body) const {
    constexpr std::size_t kLeast = 16;
    const Node size = text_.find(content, "size");
    if (!text_.is(body, Kind::string) || !text_.is(size, Kind::number)) return false;
    const std::string_view inner = inner_of(text_.raw(body));
    if (inner.size() < kLeast || inner.size() % 4 != 0) return false;
    return text_.raw(size) == std::to_string(base64_bytes(inner)) && is_clean_base64(inner);
  }

  /// How many bytes the body has that the entry holds; nothing if that can't be told.
  std::optional<std::size_t> held(Node content) const {
    const Node body = text_.find(content, "text");
    if (!text_.is(body, Kind::string)) return std::nullopt;
    const std::string_view inner = inner_of(text_.raw(body));
    const Node encoding = text_.find(content, "encoding");
    if (encoding == kNone) return stream::decoded_length(inner);
    if (text_.string(encoding) != "base64") return std::nullopt;
    return is_clean_base64(inner) ? std::optional(base64_bytes(inner)) : std::nullopt;
  }

  /// Whether what the text holds are the body's own bytes: base64, or UTF-8 that says so and in which no byte was replaced.
  bool faithful(Node content) const {
    if (text_.find(content, "encoding") != kNone) return true;
    const std::string type = lower_case(text_.string(text_.find(content, "mimeType")) + " " +
                                        header(text_, response_headers_, "content-type").value_or(""));
    const bool utf8 = type.find("charset=utf-8") != std::string::npos || type.find("charset=\"utf-8\"") != std::string::npos;
    const bool other = type.find("charset=") != std::string::npos && !utf8;
    const bool json = !other && (type.find("/json") != std::string::npos || type.find("+json") != std::string::npos);
    if (!utf8 && !json) return false;
    const std::string_view raw = text_.raw(text_.find(content, "text"));
    return raw.find("\xEF\xBF\xBD") == std::string_view::npos && raw.find("\\ufffd") == std::string_view::npos &&
           raw.find("\\uFFFD") == std::string_view::npos;
  }

  void content_size(Node content, bool body) {
    const Node node = text_.find(content, "size");
    const auto bytes = held(content);
    if (node != kNone && !text_.is_null(node)) {
      make_number(text_, node, true);
      if (bytes) correct_size(content, node, *bytes);
    } else if (bytes) {
      require(text_, content, "size", std::to_string(*bytes), "the text's");
    } else if (status() < 100) {
      require(text_, content, "size", "0", "there was no answer");
    } else if (!body && status() != 304) {
      require(text_, content, "size", "0", "there is no body");
    } else {
      const bool plain = body && !header(text_, response_headers_, "content-encoding");
      const auto known = plain ? length(response_headers_) : std::nullopt;
      require(text_, content, "size", known.value_or("-1"), known ? "Content-Length" : "not known");
    }
  }

  std::optional<std::size_t> count(Node node) const {
    if (!text_.is(node, Kind::number) || !is_integer(text_.raw(node)) || text_.raw(node).size() > 15) return std::nullopt;
    const long long value = std::stoll(std::string(text_.raw(node)));
    return value < 0 ? std::nullopt : std::optional(static_cast<std::size_t>(value));
  }

  /// Where it is certain that the size is not that of the bytes in the text, and what it is instead: that of their compressed
  /// form, or how many characters they are.
  void correct_size(Node content, Node node, std::size_t bytes) {
    const auto size = count(node);
    if (!size || *size >= bytes || !faithful(content)) return;
    const auto transferred = count(text_.find(response_, "bodySize"));
    std::string_view why;
    if (text_.find(content, "encoding") != kNone) {
      why = "the text's";
    } else if (header(text_, response_headers_, "content-encoding") &&
               (size == transferred || length(response_headers_) == std::to_string(*size))) {
      why = "the text's; it was the compressed size";
    } else if (const auto [points, units] = characters(text_.string(text_.find(content, "text")));
               *size == points || *size == units) {
      why = "the text's; it was that of its characters";
    } else {
      return;
    }
    text_.set(node, RuleId::content_size, std::to_string(bytes), why);
    const Node compression = text_.find(content, "compression");
    if (transferred && text_.is(compression, Kind::number) &&
        text_.raw(compression) == std::to_string(static_cast<long long>(*size) - static_cast<long long>(*transferred))) {
      text_.set(compression, RuleId::content_compression,
                std::to_string(static_cast<long long>(bytes) - static_cast<long long>(*transferred)), "size less bodySize");
    }
  }

  Text& text_;
  Node entry_;
  Node request_;
  Node response_;
  Node request_headers_;
  Node response_headers_;
};

}  // namespace

void repair_entry(Text& text) {
  if (!text.is(text.root(), Kind::object)) return;
  EntryRound round(text);
  round.headers();
  if (!text.changed()) round.lists();
  if (!text.changed()) round.values();
}

}  // namespace har::check::edit
