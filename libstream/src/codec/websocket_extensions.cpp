#include <fmt/format.h>

#include <algorithm>

#include "stream/codec/http_grammar.hpp"
#include "stream/codec/websocket_deflate.hpp"
#include "stream/text/ascii.hpp"

namespace stream {
namespace {

using ascii::is_blank;
using http::is_token;
using http::is_token_char;
using http::skip_quoted_string;

constexpr std::string_view kDeflateName = "permessage-deflate";
constexpr std::string_view kServerNoTakeover = "server_no_context_takeover";
constexpr std::string_view kClientNoTakeover = "client_no_context_takeover";
constexpr std::string_view kServerWindow = "server_max_window_bits";
constexpr std::string_view kClientWindow = "client_max_window_bits";

/// extension-list = 1#( token *( ";" token [ "=" ( token / quoted-string ) ] ) ), RFC 6455 §9.1.
class ExtensionParser {
 public:
  explicit ExtensionParser(std::string_view text) : text_(text) {}

  Result<std::vector<WsExtension>> parse() {
    std::vector<WsExtension> extensions;
    for (;;) {
      // A list may have empty elements (RFC 9110 §5.6.1.2).
      while (skip_blanks() && text_[at_] == ',') ++at_;
      if (at_ == text_.size()) return extensions;
      STREAM_ASSIGN(auto extension, parse_extension());
      extensions.push_back(std::move(extension));
      if (skip_blanks() && text_[at_] != ',') return expected("',' or ';'");
    }
  }

 private:
  Result<WsExtension> parse_extension() {
    WsExtension extension;
    STREAM_ASSIGN(extension.name, parse_token("the name of an extension"));
    while (skip_blanks() && text_[at_] == ';') {
      ++at_;
      WsExtension::Param param;
      STREAM_ASSIGN(param.name, parse_token("the name of a parameter"));
      if (skip_blanks() && text_[at_] == '=') {
        ++at_;
        STREAM_ASSIGN(param.value, parse_value());
      }
      extension.params.push_back(std::move(param));
    }
    return extension;
  }

  Result<std::string> parse_value() {
    if (!skip_blanks() || text_[at_] != '"') return parse_token("a value");
    const std::size_t end = skip_quoted_string(text_, at_);
    if (end == std::string_view::npos) return expected("the end of a quoted value");
    std::string value;
    for (std::size_t i = at_ + 1; i + 1 < end; ++i) {
      if (text_[i] == '\\') ++i;
      value.push_back(text_[i]);
    }
    if (!is_token(value)) return expected("a quoted value that is a token (RFC 6455 §9.1)");
    at_ = end;
    return value;
  }

  Result<std::string> parse_token(std::string_view what) {
    skip_blanks();
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_token_char(text_[at_])) ++at_;
    if (at_ == begin) return expected(what);
    return std::string(text_.substr(begin, at_ - begin));
  }

  /// Whether there is anything behind the blanks.
  bool skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
    return at_ < text_.size();
  }

  tl::unexpected<Error> expected(std::string_view what) const {
    Place place;
    place.offset = at_;
    return fail({ErrorCode::syntax,
                 fmt::format("expected {} in Sec-WebSocket-Extensions, found {}", what,
                             at_ < text_.size() ? fmt::format("\"{}\"", text_.substr(at_, 20)) : "its end"),
                 std::move(place),
                 {}});
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

/// 8 to 15, without leading zeros (RFC 7692 §7.1.2).
std::optional<int> window_bits(const std::optional<std::string>& value) {
  if (!value) return std::nullopt;
  for (int bits = 8; bits <= 15; ++bits) {
    if (*value == std::to_string(bits)) return bits;
  }
  return std::nullopt;
}

void append_param(std::string& out, bool present, std::string_view name, std::optional<int> value = std::nullopt) {
  if (!present) return;
  out.append("; ").append(name);
  if (value) out.append("=").append(std::to_string(*value));
}

tl::unexpected<Error> refuse(std::string message) { return fail({ErrorCode::unsupported, std::move(message), {}, {}}); }

}  // namespace

Result<std::vector<WsExtension>> parse_ws_extensions(std::string_view header) { return ExtensionParser(header).parse(); }

std::string to_string(const WsExtension& extension) {
  std::string out = extension.name;
  for (const auto& param : extension.params) {
    out.append("; ").append(param.name);
    if (!param.value) continue;
    out += '=';
    if (is_token(*param.value)) {
      out += *param.value;
      continue;
    }
    out += '"';
    for (const char c : *param.value) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  }
  return out;
}

std::string to_string(const WsDeflateOffer& offer) {
  std::string out(kDeflateName);
  append_param(out, offer.server_no_context_takeover, kServerNoTakeover);
  append_param(out, offer.client_no_context_takeover, kClientNoTakeover);
  append_param(out, offer.server_max_window_bits.has_value(), kServerWindow, offer.server_max_window_bits);
  append_param(out, offer.client_window, kClientWindow, offer.client_max_window_bits);
  return out;
}

std::optional<WsDeflateOffer> read_ws_deflate_offer(const WsExtension& extension) {
  if (extension.name != kDeflateName) return std::nullopt;
  WsDeflateOffer offer;
  offer.client_window = false;
  for (const auto& [name, value] : extension.params) {
    if (name == kServerNoTakeover && !value && !offer.server_no_context_takeover) {
      offer.server_no_context_takeover = true;
    } else if (name == kClientNoTakeover && !value && !offer.client_no_context_takeover) {
      offer.client_no_context_takeover = true;
    } else if (name == kServerWindow && window_bits(value) && !offer.server_max_window_bits) {
      offer.server_max_window_bits = window_bits(value);
    } else if (name == kClientWindow && (!value || window_bits(value)) && !offer.client_window) {
      offer.client_window = true;
      offer.client_max_window_bits = window_bits(value);
    } else {
      return std::nullopt;
    }
  }
  return offer;
}

Result<std::optional<WsDeflateAnswer>> answer_ws_deflate(std::string_view offers, const WsDeflateParams& wanted) {
  STREAM_ASSIGN(const auto extensions, parse_ws_extensions(offers));
  for (const auto& extension : extensions) {
    const auto offer = read_ws_deflate_offer(extension);
    if (!offer) continue;
    WsDeflateAnswer answer;
    WsDeflateParams& params = answer.params;
    params.server_no_context_takeover = offer->server_no_context_takeover || wanted.server_no_context_takeover;
    params.client_no_context_takeover = offer->client_no_context_takeover || wanted.client_no_context_takeover;
    params.server_max_window_bits = std::min(offer->server_max_window_bits.value_or(15), wanted.server_max_window_bits);
    if (offer->client_window) {
      params.client_max_window_bits = std::min(offer->client_max_window_bits.value_or(15), wanted.client_max_window_bits);
    }
    answer.header = kDeflateName;
    append_param(answer.header, params.server_no_context_takeover, kServerNoTakeover);
    append_param(answer.header, params.client_no_context_takeover, kClientNoTakeover);
    append_param(answer.header, params.server_max_window_bits < 15 || offer->server_max_window_bits, kServerWindow,
                 params.server_max_window_bits);
    append_param(answer.header, params.client_max_window_bits < 15, kClientWindow, params.client_max_window_bits);
    return answer;
  }
  return std::nullopt;
}

Result<std::optional<WsDeflateParams>> agreed_ws_deflate(std::string_view response, const WsDeflateOffer* offer) {
  STREAM_ASSIGN(const auto extensions, parse_ws_extensions(response));
  if (extensions.empty()) return std::nullopt;
  for (const auto& extension : extensions) {
    if (extension.name != kDeflateName) return refuse(fmt::format("the server uses the WebSocket extension {}", extension.name));
  }
  if (extensions.size() > 1) return refuse("the server agrees to permessage-deflate twice");
  const auto answer = read_ws_deflate_offer(extensions.front());
  // Of the same form as an offer, but the client's window must have a value (RFC 7692 §7.1.2.2).
  if (!answer || (answer->client_window && !answer->client_max_window_bits)) {
    return refuse(
        fmt::format("the server agrees to permessage-deflate with invalid parameters: \"{}\"", to_string(extensions.front())));
  }
  if (offer) {
    if (offer->server_no_context_takeover && !answer->server_no_context_takeover) {
      return refuse("the server does not agree to server_no_context_takeover");
    }
    if (offer->server_max_window_bits && answer->server_max_window_bits.value_or(15) > *offer->server_max_window_bits) {
      return refuse(fmt::format("the server does not agree to server_max_window_bits={}", *offer->server_max_window_bits));
    }
    if (!offer->client_window && answer->client_window) {
      return refuse("the server asks for client_max_window_bits, which was not offered");
    }
    if (answer->client_max_window_bits.value_or(8) > offer->client_max_window_bits.value_or(15)) {
      return refuse(
          fmt::format("the server asks for client_max_window_bits={}, more than was offered", *answer->client_max_window_bits));
    }
  }
  WsDeflateParams params;
  params.server_no_context_takeover = answer->server_no_context_takeover;
  params.client_no_context_takeover = answer->client_no_context_takeover;
  params.server_max_window_bits = answer->server_max_window_bits.value_or(15);
  params.client_max_window_bits = answer->client_max_window_bits.value_or(15);
  return params;
}

}  // namespace stream
