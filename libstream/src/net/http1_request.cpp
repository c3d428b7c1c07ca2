#include "http1_request.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "stream/codec/http_grammar.hpp"
#include "stream/text/ascii.hpp"

namespace stream::net {
namespace {

using ascii::is_blank;
using ascii::is_control;
using ascii::is_digit;
using ascii::shown;
using ascii::trimmed;
using http::each_between;
using http::each_element;
using http::is_token_char;

constexpr std::uint64_t kSizeLine = 18;  // sixteen digits and CRLF
constexpr std::size_t kMostShown = 40;   // octets of a request in a message
constexpr char kTlsHandshake = '\x16';   // RFC 8446 §5.1: the content type of a ClientHello's record

/// RFC 3986 §3.2.2 in outline: what cannot be part of a host and a port, and what others would read as the end of them.
bool is_authority(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    return is_control(c) || static_cast<unsigned char>(c) >= 0x80 ||
           std::string_view(" /\\?#@,\"<>^`{|}").find(c) != std::string_view::npos;
  });
}

bool ends_with_port(std::string_view authority) {
  const auto colon = authority.rfind(':');
  return colon != std::string_view::npos && colon > 0 && colon + 1 < authority.size() &&
         std::all_of(authority.begin() + static_cast<std::ptrdiff_t>(colon) + 1, authority.end(), is_digit);
}

}  // namespace

bool lists_token(const std::vector<replay::HeaderField>& headers, std::string_view name, std::string_view token) {
  bool found = false;
  for (const replay::HeaderField& field : headers) {
    if (!replay::iequals(field.name, name)) continue;
    each_element(field.value, [&](std::string_view element) { found = found || replay::iequals(element, token); });
  }
  return found;
}

void Http1RequestReader::refuse(int status, std::string why) {
  if (!refusal_) refusal_ = Http1Refusal{status, std::move(why)};
}

std::size_t Http1RequestReader::feed(std::string_view bytes) {
  if (refusal_) return 0;
  switch (state_) {
    case State::line:
    case State::fields:
      return feed_head(bytes);
    case State::length:
      return feed_length(bytes);
    case State::chunked:
      return feed_chunked(bytes);
    case State::done:
      return 0;
  }
  return 0;
}

std::size_t Http1RequestReader::feed_head(std::string_view bytes) {
  std::size_t used = 0;
  while (used < bytes.size() && !refusal_ && !headed()) {
    std::string_view part = bytes.substr(used);
    const auto end = part.find('\n');
    if (end != std::string_view::npos) part = part.substr(0, end + 1);
    const bool whole = part.size() <= limits_.max_head - head_bytes_;
    if (!whole) part = part.substr(0, limits_.max_head - head_bytes_);
    // What is no request at all is known by its first bytes; nobody has to wait for a line's end.
    if (!method_over_) check_method(part);
    used += part.size();
    head_bytes_ += part.size();
    if (refusal_) break;
    if (!whole) {
      const bool in_line = state_ == State::line;
      refuse(in_line ? 414 : 431,
             fmt::format("the {} is larger than {} bytes", in_line ? "request line" : "head of the request", limits_.max_head));
      break;
    }
    if (end == std::string_view::npos) {
      line_ += part;
      break;
    }
    if (line_.empty()) {  // which is the rule: no copy
      end_line(part);
      continue;
    }
    const std::string line = std::exchange(line_, {}).append(part);
    end_line(line);
  }
  return used;
}

/// With its line feed.
void Http1RequestReader::end_line(std::string_view line) {
  line.remove_suffix(1);
  if (!line.ends_with('\r')) return refuse(400, "a line of the head ends with LF alone");
  line.remove_suffix(1);
  take_line(line);
}

void Http1RequestReader::check_method(std::string_view part) {
  for (std::size_t i = 0; i < part.size(); ++i) {
    const char c = part[i];
    const bool first = i == 0 && line_.empty();
    if (c == ' ' && !first) {
      method_over_ = true;
      return;
    }
    if (is_token_char(c)) continue;
    if (c == kTlsHandshake && first) return refuse(0, "a TLS handshake, where plain HTTP is spoken");
    return refuse(400, "what came does not begin like a request");
  }
}

void Http1RequestReader::take_line(std::string_view line) {
  if (line.find('\r') != std::string_view::npos) return refuse(400, "a CR within a line of the head");
  if (state_ == State::line) return take_request_line(line);
  line.empty() ? end_head() : take_field(line);
}

void Http1RequestReader::take_request_line(std::string_view line) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    return refuse(400, fmt::format("expected a request line like \"GET / HTTP/1.1\", found \"{}\"", shown(line, kMostShown)));
  }
  const std::string_view version = line.substr(last + 1);
  head_.method = line.substr(0, first);
  head_.target = line.substr(first + 1, last - first - 1);
  const bool known =
      version.size() == 8 && version.starts_with("HTTP/") && is_digit(version[5]) && version[6] == '.' && is_digit(version[7]);
  if (!known)
    return refuse(400, fmt::format("expected HTTP/1.1 at the end of the request line, found \"{}\"", shown(version, kMostShown)));
  if (version[5] != '1') return refuse(505, fmt::format("{} is not spoken here, HTTP/1.1 is", version));
  head_.minor_version = version[7] == '0' ? 0 : 1;
  check_target();
  state_ = State::fields;
}

/// RFC 9112 §3.2.
void Http1RequestReader::check_target() {
  const std::string_view target = head_.target;
  const bool clean = std::none_of(target.begin(), target.end(), [](char c) { return is_control(c) || c == ' '; });
  const auto scheme = target.find("://");
  bool good = false;
  if (head_.method == "CONNECT") {
    good = is_authority(target) && ends_with_port(target);
  } else if (target == "*") {
    good = head_.method == "OPTIONS";
  } else if (target.starts_with('/')) {
    good = true;
  } else if (scheme != std::string_view::npos && scheme != 0) {
    const bool name = std::all_of(target.begin(), target.begin() + static_cast<std::ptrdiff_t>(scheme),
                                  [](char c) { return is_token_char(c); });
    const auto end = std::min(target.find_first_of("/?#", scheme + 3), target.size());
    const std::string_view authority = target.substr(scheme + 3, end - scheme - 3);
    good = name && !authority.empty() && is_authority(authority);
  }
  if ((!good || !clean) && head_.method == "CONNECT") return refuse(400, "CONNECT needs a host and a port");
  if (!good || !clean) refuse(400, fmt::format("\"{}\" is nothing that {} can ask for", shown(target, kMostShown), head_.method));
}

void Http1RequestReader::take_field(std::string_view line) {
  if (is_blank(line.front())) return refuse(400, "a folded line, or white space in front of a field");
  const auto colon = line.find(':');
  const std::string_view name = line.substr(0, std::min(colon, line.size()));
  if (colon == std::string_view::npos || name.empty() || !std::all_of(name.begin(), name.end(), is_token_char)) {
    return refuse(400, fmt::format("expected a header field like \"Name: value\", found \"{}\"", shown(line, kMostShown)));
  }
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (std::any_of(value.begin(), value.end(), [](char c) { return is_control(c) && c != '\t'; })) {
    return refuse(400, fmt::format("a control character in {}", shown(name, kMostShown)));
  }
  if (head_.headers.size() == limits_.max_fields) {
    return refuse(431, fmt::format("the request has more than {} header fields", limits_.max_fields));
  }
  head_.headers.push_back({std::string(name), std::string(value)});
}

void Http1RequestReader::end_head() {
  check_host();
  if (!refusal_) choose_framing();
  if (refusal_) return;
  const bool close = lists_token(head_.headers, "Connection", "close");
  head_.keep_alive = !close && (head_.minor_version > 0 || lists_token(head_.headers, "Connection", "keep-alive"));
}

/// RFC 9112 §3.2. Where the target has an authority that one counts, whatever Host says. CONNECT has nothing but an authority,
/// and there are clients that leave Host out there: nothing hangs on it.
void Http1RequestReader::check_host() {
  std::size_t count = 0;
  for (const replay::HeaderField& field : head_.headers) {
    if (!replay::iequals(field.name, "Host")) continue;
    ++count;
    if (!is_authority(field.value)) refuse(400, fmt::format("\"{}\" is no host", shown(field.value, kMostShown)));
  }
  if (count > 1) refuse(400, "the request has more than one Host field");
  if (count == 0 && head_.minor_version > 0 && head_.method != "CONNECT") refuse(400, "the request has no Host field");
}

/// RFC 9112 §6.
void Http1RequestReader::choose_framing() {
  std::size_t lengths = 0;
  bool coded = false;
  std::string_view length;
  for (const replay::HeaderField& field : head_.headers) {
    coded = coded || replay::iequals(field.name, "Transfer-Encoding");
    if (!replay::iequals(field.name, "Content-Length")) continue;
    ++lengths;
    length = field.value;
  }
  if (lengths > 1) return refuse(400, "the request has more than one Content-Length");
  if (coded) return choose_coding(lengths != 0);
  if (lengths != 0) return choose_length(length);
  state_ = State::done;
}

void Http1RequestReader::choose_length(std::string_view value) {
  if (value.empty() || !std::all_of(value.begin(), value.end(), is_digit)) {
    return refuse(400, fmt::format("expected a number as Content-Length, found \"{}\"", shown(value, kMostShown)));
  }
  const auto [end, problem] = std::from_chars(value.data(), value.data() + value.size(), remaining_);
  if (problem != std::errc() || remaining_ > limits_.max_body) {
    return refuse(413, fmt::format("the body is larger than {} bytes", limits_.max_body));
  }
  state_ = remaining_ == 0 ? State::done : State::length;
}

void Http1RequestReader::choose_coding(bool with_length) {
  if (with_length) return refuse(400, "the request has Content-Length and Transfer-Encoding");
  if (head_.minor_version == 0) return refuse(400, "Transfer-Encoding in a request of HTTP/1.0");
  std::vector<std::string_view> codings;
  for (const replay::HeaderField& field : head_.headers) {
    if (!replay::iequals(field.name, "Transfer-Encoding")) continue;
    each_between(field.value, ',', [&](std::string_view coding) { codings.push_back(coding); });
  }
  const auto is_chunked = [](std::string_view coding) { return replay::iequals(coding, "chunked"); };
  if (!is_chunked(codings.back()) || std::count_if(codings.begin(), codings.end(), is_chunked) != 1) {
    return refuse(400, fmt::format("expected \"chunked\" as Transfer-Encoding, found \"{}\"", shown(codings.back(), kMostShown)));
  }
  if (codings.size() > 1)
    return refuse(501, fmt::format("the transfer coding \"{}\" is not known here", shown(codings.front(), kMostShown)));
  ChunkedOptions options;
  options.pieces = true;
  options.limits.max_entry = 0;  // lines of the least size that the decoder knows
  chunks_.emplace(std::move(options));
  state_ = State::chunked;
}

void Http1RequestReader::keep(std::string_view data) {
  if (data.size() > limits_.max_body - body_size_) {
    return refuse(413, fmt::format("the body is larger than {} bytes", limits_.max_body));
  }
  body_size_ += data.size();
  body_ += data.substr(0, limits_.kept_body - body_.size());
}

std::size_t Http1RequestReader::feed_length(std::string_view bytes) {
  const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, bytes.size()));
  keep(bytes.substr(0, taken));
  remaining_ -= taken;
  if (remaining_ == 0) state_ = State::done;
  return taken;
}

std::size_t Http1RequestReader::feed_chunked(std::string_view bytes) {
  items_.clear();
  const std::uint64_t before = chunks_->consumed();
  const Status status = chunks_->feed(bytes, items_);
  for (ChunkedItem& item : items_) {
    if (item.kind == ChunkedItem::Kind::size_line) {
      const std::uint64_t line = item.data_begin - item.begin;
      framing_bytes_ += line > kSizeLine ? line - kSizeLine : 0;
      // Refused by its announcement: nobody has to send it first.
      if (item.size > limits_.max_body - body_size_)
        refuse(413, fmt::format("the body is larger than {} bytes", limits_.max_body));
      if (framing_bytes_ > limits_.max_head)
        refuse(431, fmt::format("the chunks' size lines are larger than {} bytes", limits_.max_head));
    } else if (item.kind == ChunkedItem::Kind::data) {
      keep(item.data);
    } else if (item.trailers.size() > limits_.max_fields) {
      refuse(431, fmt::format("the request has more than {} trailer fields", limits_.max_fields));
    } else {
      trailers_ = std::move(item.trailers);
    }
    if (refusal_) break;
  }
  if (!refusal_ && !status) refuse(status.error().code == ErrorCode::limit ? 431 : 400, status.error().message);
  if (!refusal_ && chunks_->done()) state_ = State::done;
  return static_cast<std::size_t>(chunks_->consumed() - before);
}

}  // namespace stream::net
