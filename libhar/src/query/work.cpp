#include "query/work.hpp"

#include <charconv>

#include "stream/text/base64.hpp"

namespace har::query {

using stream::RawJson;

namespace {

/// More is given back when the next entry comes.
constexpr std::size_t kKept = std::size_t{1} << 20;

UrlParts parts_of(std::string_view url, std::string& host) {
  UrlParts out;
  if (const std::size_t at = url.find('#'); at != std::string_view::npos) {
    out.fragment = url.substr(at + 1);
    out.has_fragment = true;
    url = url.substr(0, at);
  }
  if (const std::size_t at = url.find('?'); at != std::string_view::npos) {
    out.query = url.substr(at + 1);
    out.has_query = true;
    url = url.substr(0, at);
  }
  const std::size_t colon = url.find("://");
  if (colon == std::string_view::npos || url.find('/') < colon) {
    out.path = url;
    return out;
  }
  out.scheme = url.substr(0, colon);
  url.remove_prefix(colon + 3);
  std::string_view authority = url.substr(0, url.find('/'));
  out.path = url.substr(authority.size());
  if (out.path.empty()) out.path = "/";
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) authority.remove_prefix(at + 1);
  const std::size_t end = authority.starts_with('[') ? authority.find(']') : 0;
  if (const std::size_t at = authority.find(':', end == std::string_view::npos ? 0 : end); at != std::string_view::npos) {
    const std::string_view digits = authority.substr(at + 1);
    unsigned port = 0;
    const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error == std::errc{} && stop == digits.data() + digits.size()) out.port = port;
    authority = authority.substr(0, at);
  }
  host.assign(authority);
  for (char& c : host) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  out.host = host;
  if (!out.port) {
    if (out.scheme == "http" || out.scheme == "ws") out.port = 80;
    if (out.scheme == "https" || out.scheme == "wss") out.port = 443;
  }
  return out;
}

}  // namespace

void Work::begin() {
  for (std::size_t i = 0; i < used_; ++i) {
    if (strings_[i].capacity() > kKept) strings_[i] = {};
  }
  used_ = 0;
  url_.reset();
  response_body_.reset();
  request_body_.reset();
  if (websocket_known_ && websocket_.capacity() * sizeof(FoundMessage) > kKept) websocket_ = {};
  websocket_known_ = events_known_ = false;
  websocket_.clear();
  events_.clear();
  exchange_.reset();
  event_texts_.clear();
}

std::string& Work::fresh() {
  if (used_ == strings_.size()) strings_.emplace_back();
  std::string& out = strings_[used_++];
  out.clear();
  return out;
}

const UrlParts& Work::url(const Subject& subject) {
  if (!url_) url_ = parts_of(subject.entry.url(), host_);
  return *url_;
}

const BodyBytes& Work::response_body(const Subject& subject) {
  if (!response_body_) response_body_ = subject.entry.response_body();
  return *response_body_;
}

const BodyBytes& Work::request_body(const Subject& subject) {
  if (!request_body_) request_body_ = subject.entry.request_body();
  return *request_body_;
}

std::string_view text_of(RawJson string, Work& work) {
  if (!string.is_string() || string.text.size() < 2) return {};
  if (string.inner().find('\\') == std::string_view::npos) return string.inner();
  return string.string(work.fresh());
}

std::string_view data_of(const FoundMessage& message, Work& work) {
  if (!message.raw) return message.message.data;
  const std::string_view text = text_of(message.raw, work);
  if (!message.base64) return text;
  auto bytes = stream::base64_decode(text);
  if (!bytes) return text;  // it is not what it is said to be
  return work.fresh() = std::move(*bytes);
}

Value value_of(RawJson json, Work& work) {
  if (!json || json.is_null()) return {};
  if (json.is_string()) return Value::of(text_of(json, work));
  if (json.is_true() || json.is_false()) return Value::of(json.is_true());
  if (const auto number = json.number()) return Value::of(*number);
  if (!json.is_object() && !json.is_array()) return {};
  Value out;
  out.kind = Kind::json;
  out.text = json.text;
  return out;
}

RawJson json_in(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t from = text.find_first_not_of(kSpace);
  if (from == std::string_view::npos) return {};
  text = text.substr(from, text.find_last_not_of(kSpace) - from + 1);
  const bool bracket = (text.front() == '{' && text.back() == '}') || (text.front() == '[' && text.back() == ']');
  const RawJson json{text};
  if (bracket || json.is_null() || json.is_true() || json.is_false() || json.number()) return json;
  return text.size() > 1 && text.front() == '"' && text.back() == '"' ? json : RawJson{};
}

}  // namespace har::query
