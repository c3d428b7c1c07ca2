// Messages of HTTP/1.1 as they are on the wire (RFC 9112), whole.
#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "formats/http_message.hpp"
#include "formats/losses.hpp"
#include "stream/codec/chunked.hpp"
#include "stream/codec/http_grammar.hpp"
#include "stream/text/ascii.hpp"

namespace har::format {
namespace {

using stream::ErrorCode;
using stream::fail;
using stream::Level;
using stream::Result;
using stream::ascii::trimmed;
using stream::http::is_token;

std::optional<std::uint64_t> length_of(std::string_view text) {
  text = trimmed(text);
  if (text.empty() || text.size() > 18 || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  std::uint64_t out = 0;
  for (const char c : text) out = out * 10 + static_cast<std::uint64_t>(c - '0');
  return out;
}

class Reader {
 public:
  Reader(std::string_view octets, const Http1Options& options) : octets_(octets), options_(options) {}

  Result<RequestMessage> request() {
    while (at_ < octets_.size() && (octets_[at_] == '\r' || octets_[at_] == '\n')) ++at_;  // RFC 9112 §2.2
    RequestMessage out;
    const std::string_view line = next_line();
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    const bool versioned = last != std::string_view::npos && last > first && line.substr(last + 1).starts_with("HTTP/");
    if (first == std::string_view::npos || !is_token(line.substr(0, first)))
      return refuse("a request line: METHOD target HTTP/1.1");
    out.method = line.substr(0, first);
    std::string_view target = trimmed(line.substr(first + 1, (versioned ? last : line.size()) - first - 1));
    if (target.empty()) return refuse("a request line: METHOD target HTTP/1.1");
    if (versioned) out.version = line.substr(last + 1);
    fields(out.fields);
    const std::string* const host = find_field(out.fields, "host");
    const bool origin = target.front() == '/' || target == "*";
    if (origin && host != nullptr && !trimmed(*host).empty()) {
      out.url = fmt::format("{}://{}{}", options_.scheme, trimmed(*host), target == "*" ? "/*" : target);
    } else {
      out.url = target;
    }
    body(out, false);
    return out;
  }

  Result<ResponseMessage> response() {
    for (;;) {
      ResponseMessage out;
      const std::string_view line = next_line();
      const std::size_t space = line.find(' ');
      const std::string_view code =
          space == std::string_view::npos ? std::string_view() : trimmed(line.substr(space + 1)).substr(0, 3);
      if (!line.starts_with("HTTP/") || code.size() != 3 || code.find_first_not_of("0123456789") != std::string_view::npos)
        return refuse("a status line: HTTP/1.1 200 OK");
      out.version = line.substr(0, space);
      out.status = (code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0');
      const std::string_view rest = trimmed(line.substr(space + 1));
      out.reason = trimmed(rest.substr(3));
      fields(out.fields);
      if (out.status >= 100 && out.status < 200 && out.status != 101 && octets_.substr(at_).starts_with("HTTP/")) continue;
      const bool none = options_.head_only || out.status == 204 || out.status == 304 || (out.status >= 100 && out.status < 200);
      body(out, none);
      return out;
    }
  }

 private:
  tl::unexpected<stream::Error> refuse(std::string_view what) const {
    return fail({ErrorCode::syntax, fmt::format("expected {}", what), place(0)});
  }
  stream::Place place(std::size_t at) const {
    stream::Place place;
    place.source = options_.source;
    place.offset = options_.origin + at;
    return place;
  }
  void report(std::string rule, std::string message, std::size_t at) const {
    if (options_.report) options_.report({Level::warning, std::move(rule), std::move(message), place(at)});
  }

  std::string_view next_line() {
    const std::size_t end = octets_.find('\n', at_);
    std::string_view line = octets_.substr(at_, end == std::string_view::npos ? end : end - at_);
    at_ = end == std::string_view::npos ? octets_.size() : end + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }

  /// Up to the empty line, or the end.
  void fields(Fields& out) {
    while (at_ < octets_.size()) {
      const std::size_t begin = at_;
      const std::string_view line = next_line();
      if (line.empty()) return;
      if ((line.front() == ' ' || line.front() == '\t') && !out.empty()) {  // RFC 9112 §5.2
        out.back().value.append(" ").append(trimmed(line));
        continue;
      }
      const std::size_t colon = line.find(':');
      const std::string_view name = trimmed(line.substr(0, colon == std::string_view::npos ? 0 : colon));
      if (!is_token(name)) {
        report("http1-line", "expected a header field, name and colon; the line is left out", begin);
        continue;
      }
      out.push_back({std::string(name), std::string(trimmed(line.substr(colon + 1)))});
    }
    cut_ = true;
  }

  void body(Message& out, bool none) {
    const std::string_view rest = octets_.substr(at_);
    if (cut_) {
      out.complete = false;
      report("http1-cut", "the head has no end", octets_.size());
      return;
    }
    if (none) {
      if (!rest.empty())
        report("http1-behind", fmt::format("{} bytes behind a message that has no body are left out", rest.size()), at_);
      return;
    }
    if (joined_field(out.fields, "transfer-encoding").find("chunked") != std::string::npos) {
      if (chunked(out, rest)) return;
      report("http1-chunked", "the head says chunked, but the body is not: it is taken as it is", at_);
      out.body = rest;
      return;
    }
    out.body = rest;
    const std::string* const length = find_field(out.fields, "content-length");
    const auto said = length != nullptr ? length_of(*length) : std::nullopt;
    if (!said || *said == rest.size()) return;
    if (rest.size() < *said) out.complete = false;
    report("http1-length", fmt::format("Content-Length says {} bytes, and there are {}", *said, rest.size()), at_);
  }

  bool chunked(Message& out, std::string_view rest) {
    stream::ChunkedOptions options;
    options.limits = options_.limits;
    options.lenient = true;
    options.pieces = true;
    options.source = options_.source;
    options.origin = options_.origin + at_;
    stream::ChunkedDecoder decoder(options);
    std::vector<stream::ChunkedItem> items;
    if (!decoder.feed(rest, items)) return false;
    const bool done = decoder.done();
    if (!done && !decoder.finish(items)) return false;
    for (stream::ChunkedItem& item : items) {
      if (item.kind == stream::ChunkedItem::Kind::data || item.kind == stream::ChunkedItem::Kind::chunk) out.body += item.data;
      for (stream::ChunkedTrailer& trailer : item.trailers)
        out.trailers.push_back({std::move(trailer.name), std::move(trailer.value)});
    }
    if (!done) {
      out.complete = false;
      report("http1-cut", "the chunked body has no end", octets_.size());
    } else if (decoder.consumed() < rest.size()) {
      report("http1-behind", fmt::format("{} bytes behind the message are left out", rest.size() - decoder.consumed()),
             at_ + decoder.consumed());
    }
    return true;
  }

  std::string_view octets_;
  const Http1Options& options_;
  std::size_t at_ = 0;
  bool cut_ = false;
};

std::string wire_version(const std::string& version) {
  return version == "HTTP/1.0" || version == "HTTP/0.9" ? version : std::string("HTTP/1.1");
}

bool is_chunked(const Fields& fields) { return joined_field(fields, "transfer-encoding").find("chunked") != std::string::npos; }

/// What of a message can be on a wire; the rest is reported.
class Wire {
 public:
  Wire(std::string_view side, const stream::Place& place, const stream::FindingSink& report)
      : side_(side), place_(place), report_(report) {}

  std::string method(const std::string& method) const {
    if (is_token(method)) return method;
    lost("method", fmt::format("the method {} cannot be sent: GET stands for it", method));
    return "GET";
  }

  void put_fields(std::string& out, const Fields& fields) const {
    for (const Field& field : fields) {
      if (has_name(field, "headers", "header"))
        out.append(field.name).append(": ").append(value(field, "headers", "header")).append("\r\n");
    }
  }

  void put_trailers(std::string& out, const Fields& trailers) const {
    std::vector<stream::ChunkedTrailer> list;
    for (const Field& field : trailers) {
      if (has_name(field, "_trailers", "trailer")) list.push_back({field.name, value(field, "_trailers", "trailer")});
    }
    (void)stream::append_last_chunk(out, list);  // takes what has been made sure of here
  }

  /// Without control characters (RFC 9110 §5.5).
  static std::string clean(std::string_view text) {
    std::string out(text);
    std::replace_if(out.begin(), out.end(), is_control, ' ');
    return out;
  }

 private:
  static bool is_control(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F; }

  bool has_name(const Field& field, std::string_view member, std::string_view what) const {
    if (is_token(field.name)) return true;
    lost(fmt::format("{}-name", member), fmt::format("a {} is left out: its name, {}, cannot be sent", what, field.name));
    return false;
  }
  std::string value(const Field& field, std::string_view member, std::string_view what) const {
    if (std::any_of(field.value.begin(), field.value.end(), is_control)) {
      lost(fmt::format("{}-value", member),
           fmt::format("control characters in the {} {} cannot be sent: spaces stand for them", what, field.name));
    }
    return clean(field.value);
  }
  void lost(std::string_view what, std::string message) const {
    report_loss(fmt::format("{}-{}", side_, what), std::move(message), place_, report_);
  }

  std::string_view side_;
  const stream::Place& place_;
  const stream::FindingSink& report_;
};

}  // namespace

Result<RequestMessage> parse_request(std::string_view octets, const Http1Options& options) {
  return Reader(octets, options).request();
}

Result<ResponseMessage> parse_response(std::string_view octets, const Http1Options& options) {
  return Reader(octets, options).response();
}

std::string write_request(const RequestMessage& request, TargetForm form, const stream::Place& place,
                          const stream::FindingSink& report) {
  const Wire wire("request", place, report);
  Fields fields = request.fields;
  const std::string_view authority = url_authority(request.url);
  if (find_field(fields, "host") == nullptr && !authority.empty())
    fields.insert(fields.begin(), {"Host", std::string(authority)});
  const std::string body = coded_body(request);
  const bool chunked = is_chunked(fields);
  if (chunked) {
    remove_field(fields, "content-length");
  } else if (!body.empty() || find_field(fields, "content-length") != nullptr) {
    set_field(fields, "Content-Length", std::to_string(body.size()));
  }
  const bool connect = request.method == "CONNECT";
  std::string target(form == TargetForm::absolute ? std::string_view(request.url) : request_target(request.url));
  if (connect) target = authority.empty() ? request.url : std::string(authority);
  std::replace(target.begin(), target.end(), ' ', '+');
  std::string out = fmt::format("{} {} {}\r\n", wire.method(request.method), Wire::clean(target), wire_version(request.version));
  wire.put_fields(out, fields);
  out += "\r\n";
  if (chunked) {
    stream::append_chunk(out, body);
    wire.put_trailers(out, request.trailers);
  } else {
    out += body;
  }
  return out;
}

std::string write_response(const ResponseMessage& response, std::string_view method, const stream::Place& place,
                           const stream::FindingSink& report) {
  const Wire wire("response", place, report);
  Fields fields = response.fields;
  const bool none = method == "HEAD" || response.status == 204 || response.status == 304 || response.status == 101;
  const bool chunked = is_chunked(fields);
  ResponseMessage whole;
  whole.fields = fields;
  whole.body = response.body;
  for (const ResponseMessage::Piece& piece : response.pieces) whole.body += piece.bytes;
  std::string body = none ? std::string() : coded_body(whole);
  if (chunked) {
    remove_field(fields, "content-length");
  } else if (!none && response.complete) {
    set_field(fields, "Content-Length", std::to_string(body.size()));
  }
  std::string out = fmt::format("{} {:03} {}\r\n", wire_version(response.version), std::clamp(response.status, 100, 999),
                                Wire::clean(response.reason));
  wire.put_fields(out, fields);
  out += "\r\n";
  if (none) return out;
  if (!chunked) return out += body;
  if (body == whole.body && !response.pieces.empty()) {
    for (const ResponseMessage::Piece& piece : response.pieces) stream::append_chunk(out, piece.bytes);
  } else {
    stream::append_chunk(out, body);
  }
  if (response.complete) wire.put_trailers(out, response.trailers);
  return out;
}

}  // namespace har::format
