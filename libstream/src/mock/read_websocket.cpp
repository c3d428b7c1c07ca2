#include <fmt/format.h>

#include <array>

#include "pattern.hpp"
#include "reader.hpp"
#include "stream/text/base64.hpp"

// An element of a WebSocket mocks file.
namespace stream::mock {
namespace {

constexpr std::array<std::string_view, 13> kMock{"url",          "onConnect",     "rules",      "closeOnUnmatched", "nth",
                                                 "every",        "subprotocol",   "closeAfter", "closeCode",        "closeReason",
                                                 "closeDelayMs", "closeJitterMs", "template"};
constexpr std::array<std::string_view, 10> kRule{"match",     "responses",   "closeAfter",   "nth",           "every",
                                                 "closeCode", "closeReason", "closeDelayMs", "closeJitterMs", "template"};
constexpr std::array<std::string_view, 3> kMatch{"bodyFragment", "bodyRegex", "bodyJson"};
constexpr std::array<std::string_view, 4> kMessage{"body", "messageType", "delayMs", "jitterMs"};

/// Codes that an endpoint may send (RFC 6455 §7.4.1, and the IANA's list).
bool may_send(std::int64_t code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

/// What the strings of a mock may be filled with.
struct Filling {
  bool on = false;
  std::size_t stars = 0;
  const TextPattern* pattern = nullptr;
};

class WebSocketReader {
 public:
  explicit WebSocketReader(const Reader& reader) : reader_(reader) {}

  Result<WebSocketMock> read(const Node& node) const {
    WebSocketMock out;
    out.place = reader_.place(node);
    STREAM_ASSIGN(const Members members, reader_.members(node, "a mock", kMock));
    const Node* const url = members.find("url");
    if (url == nullptr) return reader_.refuse(node, ErrorCode::syntax, "a mock without a url", R"(write "url": "*" for any)");
    STREAM_ASSIGN(out.url, reader_.text(*url));
    if (out.url.empty()) return reader_.refuse(*url, ErrorCode::syntax, "the url is empty", R"(write "url": "*" for any)");
    auto pattern = UrlPattern::make(with_http_scheme(out.url), UrlPattern::Case::ignored_without_star);
    if (!pattern) return reader_.refuse(*url, std::move(pattern).error());
    out.pattern = std::move(*pattern);
    STREAM_ASSIGN(out.counting, reader_.counting(members));
    if (const Node* const subprotocol = members.find("subprotocol")) {
      STREAM_ASSIGN(out.subprotocol, reader_.text(*subprotocol));
    }
    STREAM_ASSIGN(out.filled, flag(members, "template"));
    const Filling filling{out.filled, out.pattern->stars(), nullptr};
    if (const Node* const messages = members.find("onConnect")) {
      STREAM_ASSIGN(out.on_connect, read_messages(*messages, filling));
    }
    if (const Node* const rules = members.find("rules")) {
      STREAM_ASSIGN(const auto elements, reader_.elements(*rules, "rules"));
      for (const Node& element : elements) {
        STREAM_ASSIGN(auto rule, read_rule(element, filling));
        out.rules.push_back(std::move(rule));
      }
    }
    STREAM_ASSIGN(out.close_on_unmatched, flag(members, "closeOnUnmatched"));
    STREAM_ASSIGN(out.close, read_close(members, out.close_on_unmatched));
    return out;
  }

 private:
  Result<bool> flag(const Members& members, std::string_view name) const {
    const Node* const node = members.find(name);
    if (node == nullptr) return false;
    return reader_.boolean(*node);
  }

  Result<Close> read_close(const Members& members, bool used) const {
    Close out;
    STREAM_ASSIGN(out.close, flag(members, "closeAfter"));
    STREAM_ASSIGN(out.delay, reader_.delay(members, "closeDelayMs", "closeJitterMs"));
    if (const Node* const code = members.find("closeCode")) {
      STREAM_ASSIGN(const std::int64_t number, reader_.integer(*code, 1000, 4999));
      if (!may_send(number))
        return reader_.refuse(*code, ErrorCode::syntax, fmt::format("no server may close with {}", number),
                              "use 1000 to 1003, 1007 to 1014, or 3000 to 4999");
      out.code = static_cast<int>(number);
    }
    if (const Node* const reason = members.find("closeReason")) {
      STREAM_ASSIGN(out.reason, reader_.text(*reason));
      if (out.reason.size() > 123) return reader_.refuse(*reason, ErrorCode::limit, "the reason of a close is at most 123 bytes");
    }
    if (!out.close && !used) {
      if (const Node* const unused = members.any({"closeCode", "closeReason", "closeDelayMs", "closeJitterMs"}))
        reader_.warn("mocks-unused", *unused, "nothing closes the connection here: closeAfter is not set");
    }
    return out;
  }

  Result<WebSocketRule> read_rule(const Node& node, const Filling& mock) const {
    WebSocketRule out;
    out.place = reader_.place(node);
    STREAM_ASSIGN(const Members members, reader_.members(node, "a rule", kRule));
    if (const Node* const match = members.find("match")) {
      STREAM_ASSIGN(const Members criteria, reader_.members(*match, "a match", kMatch));
      STREAM_ASSIGN(out.match, reader_.body_match(criteria));
    }
    STREAM_ASSIGN(out.counting, reader_.counting(members));
    STREAM_ASSIGN(out.filled, flag(members, "template"));
    out.filled = out.filled || mock.on;
    const Filling filling{out.filled, mock.stars, out.match.kind == BodyMatch::Kind::regex ? out.match.pattern.get() : nullptr};
    if (const Node* const responses = members.find("responses")) {
      STREAM_ASSIGN(out.responses, read_messages(*responses, filling));
    }
    STREAM_ASSIGN(out.close, read_close(members, false));
    return out;
  }

  Result<std::vector<WebSocketMessage>> read_messages(const Node& node, const Filling& filling) const {
    std::vector<WebSocketMessage> out;
    STREAM_ASSIGN(const auto elements, reader_.elements(node, "messages"));
    for (const Node& element : elements) {
      STREAM_ASSIGN(auto message, read_message(element, filling));
      out.push_back(std::move(message));
    }
    return out;
  }

  Result<WebSocketMessage> read_message(const Node& node, const Filling& filling) const {
    WebSocketMessage out;
    STREAM_ASSIGN(const Members members, reader_.members(node, "a message", kMessage));
    STREAM_ASSIGN(out.delay, reader_.delay(members));
    if (const Node* const type = members.find("messageType")) {
      STREAM_ASSIGN(const std::string name, reader_.text(*type));
      out.binary = replay::iequals(name, "binary");
      if (!out.binary && !replay::iequals(name, "text"))
        return reader_.refuse(*type, ErrorCode::syntax, fmt::format("'{}' is no type of messages", name), "use text or binary");
    }
    const Node* const body = members.find("body");
    if (body == nullptr)
      return reader_.refuse(node, ErrorCode::syntax, "a message without a body", R"(write "body": "" for an empty one)");
    if (filling.on) STREAM_TRY(reader_.check_filled(*body, filling.stars, filling.pattern));
    STREAM_ASSIGN(out.content, reader_.content(*body));
    // A binary message is written in base64, unless it is a file.
    if (out.binary && out.content.kind == Content::Kind::text) {
      STREAM_ASSIGN(out.content, reader_.base64(*body));
    }
    return out;
  }

  const Reader& reader_;
};

}  // namespace

Result<WebSocketMock> read_websocket_mock(const Reader& reader, const Node& node) { return WebSocketReader(reader).read(node); }

}  // namespace stream::mock
