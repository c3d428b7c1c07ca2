// Mocks files (docs/mocks.md) as recordings: each mock is an exchange, asked for as its own URL says, and answered as it says.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "formats/http_message.hpp"
#include "formats/read_mocks.hpp"
#include "har/exchange.hpp"
#include "har/side_files.hpp"
#include "stream/mock/file.hpp"
#include "stream/mock/http_mocks.hpp"
#include "stream/text/utf8.hpp"

namespace har::format {
namespace {

using stream::Direction;
using stream::Event;
using stream::EventKind;
using stream::Exchange;
using stream::fail;
using stream::Json;
using stream::Nanos;
using stream::Result;
using namespace stream::mock;

/// The text that an expression is for alone, as exact_expression() has made it; none for others.
std::optional<std::string> exact_text(std::string_view expression) {
  if (!expression.starts_with('^') || !expression.ends_with('$')) return std::nullopt;
  std::string out;
  for (std::size_t i = 1; i + 1 < expression.size(); ++i) {
    const char c = expression[i];
    if (c == '\\') {
      if (++i + 1 >= expression.size()) return std::nullopt;
      const char next = expression[i];
      if ((next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z') || (next >= '0' && next <= '9')) return std::nullopt;
      out += next;
    } else if (std::string_view("^$.|?*+()[]{}").find(c) != std::string_view::npos) {
      return std::nullopt;
    } else {
      out += c;
    }
  }
  return out;
}

/// What is known of the body, or the message, that is asked for. None: any.
std::optional<std::string> asked(const BodyMatch& match) {
  switch (match.kind) {
    case BodyMatch::Kind::json:
      return to_json(match.json);
    case BodyMatch::Kind::fragment:
      return match.text;
    case BodyMatch::Kind::regex:
      return exact_text(match.text);
    case BodyMatch::Kind::any:
      break;
  }
  return std::nullopt;
}

class Reader final : public ItemReader {
 public:
  Reader(stream::ByteSource& source, const ReadOptions& options)
      : source_(source),
        options_(options),
        folder_(source.name() == "<stdin>" ? std::string() : mocks_folder(source.name())),
        files_(source.name() == "<stdin>" ? "-" : source.name(), options.limits.max_entry) {}

  Result<std::optional<Item>> next() override {
    if (!std::exchange(begun_, true)) {
      auto read = open();
      if (!read) {
        failed_ = true;
        return fail(std::move(read).error());
      }
    }
    if (failed_) return std::optional<Item>();
    const std::size_t index = index_;
    if (index == file_.http.size() + file_.websocket.size()) return std::optional<Item>();
    ++index_;
    Item item;
    item.index = index;
    item.place = file_.kind == FileKind::http ? file_.http[index].place : file_.websocket[index].place;
    auto exchange = file_.kind == FileKind::http ? http(file_.http[index]) : websocket(file_.websocket[index]);
    if (!exchange) return fail(std::move(exchange).error());
    exchange->id = std::to_string(index + 1);
    item.exchange = std::move(*exchange);
    return std::optional(std::move(item));
  }
  bool can_continue() const override { return begun_ && !failed_; }
  const LogInfo& info() const override { return info_; }

 private:
  stream::Status open() {
    STREAM_ASSIGN(const std::string text, stream::read_all(source_, options_.limits.max_entry));
    STREAM_ASSIGN(file_, stream::mock::read_mocks(text, {source_.name(), folder_, options_.limits, options_.report, true}));
    return {};
  }

  void note(const stream::Place& place, std::string rule, std::string message) const {
    if (options_.report) options_.report({stream::Level::note, std::move(rule), std::move(message), place});
  }

  /// What a mock says of when it answers, and its URL where that is for many.
  static void keep(Exchange& exchange, const Counting& counting, std::string_view url) {
    Json kept = Json::object();
    if (url.find('*') != std::string_view::npos) kept.set("url", url);
    if (counting.nth != 0) kept.set("nth", counting.nth);
    if (counting.every != 0) kept.set("every", counting.every);
    Json& entry = exchange.request->entry;
    if (!entry.is_object()) entry = Json::object();
    entry.set("_mocked", true);
    if (!kept.as_object().empty()) entry.set("_mock", std::move(kept));
  }

  Result<Exchange> http(const HttpMock& mock) const {
    RequestMessage request;
    request.method = mock.request.method;
    request.url = mock.request.url;
    for (const HeaderMatch& header : mock.request.headers) {
      if (header.value) request.fields.push_back({header.name, *header.value});
    }
    if (auto body = asked(mock.request.body)) request.body = std::move(*body);
    if (mock.request.body.kind != BodyMatch::Kind::any && request.body.empty())
      note(mock.place, "mocks-body", "the body that this mock is for is not known: it has an expression");
    // The mock by itself answers whatever is asked for.
    HttpMock alone = mock;
    alone.request.body = {};
    alone.request.counting = {};
    alone.request.headers.clear();
    HttpMocks mocks({alone}, {folder_, options_.limits});
    std::vector<stream::replay::HeaderField> headers;
    for (const Field& field : request.fields) headers.push_back({field.name, field.value});
    STREAM_ASSIGN(const HttpMatch match, mocks.match({request.method, request.url, &headers, request.body}));
    const Counting counting = mock.request.counting;
    if (match.answer == nullptr) {
      Exchange exchange = make_exchange(std::move(request), std::nullopt, {}, "the mock does not answer its own URL");
      keep(exchange, counting, mock.request.url);
      return exchange;
    }
    ResponseMessage response;
    response.version = "HTTP/1.1";
    response.status = match.answer->status;
    response.reason = match.answer->reason;
    for (const auto& field : match.answer->headers) response.fields.push_back({field.name, field.value});
    MessageTimes times;
    times.responded = Nanos{};
    for (const stream::replay::Step& step : match.answer->steps) {
      times.ended = step.at;
      if (step.kind == stream::replay::StepKind::head) times.responded = step.at;
      if (step.kind == stream::replay::StepKind::data) response.pieces.push_back({step.at, std::string(step.bytes)});
    }
    const std::string url = mock.request.url;
    Exchange exchange = make_exchange(std::move(request), std::move(response), times);
    keep(exchange, counting, url);
    return exchange;
  }

  Result<std::string> bytes(const Content& content) const {
    switch (content.kind) {
      case Content::Kind::json:
        return to_json(content.json);
      case Content::Kind::file:
        return files_.read(content.text);
      case Content::Kind::text:
      case Content::Kind::bytes:
        return content.text;
      case Content::Kind::none:
        break;
    }
    return std::string();
  }

  /// The conversation of a client that says what each rule is for, one after the other.
  Result<Exchange> websocket(const WebSocketMock& mock) const {
    RequestMessage request;
    request.version = "HTTP/1.1";
    request.url = mock.url;
    request.fields = {{"Connection", "Upgrade"}, {"Upgrade", "websocket"}, {"Sec-WebSocket-Version", "13"}};
    ResponseMessage response;
    response.version = "HTTP/1.1";
    response.status = 101;
    response.reason = "Switching Protocols";
    response.fields = {{"Connection", "Upgrade"}, {"Upgrade", "websocket"}};
    if (mock.subprotocol) {
      request.fields.push_back({"Sec-WebSocket-Protocol", *mock.subprotocol});
      response.fields.push_back({"Sec-WebSocket-Protocol", *mock.subprotocol});
    }
    Exchange exchange = make_exchange(std::move(request), std::move(response), {});
    exchange.response->stream_kind = to_string(stream::StreamKind::websocket);
    Nanos t{};
    const auto send = [&](const WebSocketMessage& message) -> stream::Status {
      t += message.delay.fixed;
      Event event;
      event.kind = EventKind::message;
      event.t = t;
      event.opcode = message.binary ? 2 : 1;
      event.mocked = true;
      STREAM_ASSIGN(event.data, bytes(message.content));
      exchange.timeline.push_back(std::move(event));
      return {};
    };
    bool closed = false;
    const auto close = [&](const Close& how) {
      if (!how.close || std::exchange(closed, true)) return;
      Event event;
      event.kind = EventKind::close;
      event.t = t += how.delay.fixed;
      event.code = how.code;
      event.reason = how.reason;
      exchange.timeline.push_back(std::move(event));
    };
    for (const WebSocketMessage& message : mock.on_connect) STREAM_TRY(send(message));
    // A rule that closes comes last: behind it nothing is said.
    for (const bool closes : {false, true}) {
      for (const WebSocketRule& rule : mock.rules) {
        if (rule.close.close != closes || closed) continue;
        const auto text = asked(rule.match);
        if (!text) {
          note(rule.place, "mocks-rule", "a rule for any message is no part of a conversation, and left out");
          continue;
        }
        Event event;
        event.kind = EventKind::message;
        event.t = t;
        event.direction = Direction::send;
        event.data = *text;
        if (!stream::is_utf8(event.data)) event.opcode = 2;
        exchange.timeline.push_back(std::move(event));
        for (const WebSocketMessage& message : rule.responses) STREAM_TRY(send(message));
        close(rule.close);
      }
    }
    close(mock.close);
    if (exchange.end) exchange.end->t = std::max(exchange.end->t, t);
    keep(exchange, mock.counting, mock.url);
    return exchange;
  }

  stream::ByteSource& source_;
  ReadOptions options_;
  std::string folder_;
  SideFiles files_;
  MockFile file_;
  std::size_t index_ = 0;
  bool begun_ = false;
  bool failed_ = false;
  LogInfo info_;
};

/// Whether a JSON document begins like a mocks file, and of which kind.
bool begins_as(std::string_view prefix, bool websocket) {
  if (prefix.starts_with("\xEF\xBB\xBF")) prefix.remove_prefix(3);
  const std::size_t first = prefix.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || prefix[first] != '{') return false;
  const std::size_t mocks = prefix.find("\"mocks\"");
  if (mocks == std::string_view::npos) return false;
  // Nothing but notes stands before it.
  if (std::count(prefix.begin() + static_cast<std::ptrdiff_t>(first), prefix.begin() + static_cast<std::ptrdiff_t>(mocks), '{') >
      1)
    return false;
  const std::string_view rest = prefix.substr(mocks + 7);
  const std::size_t request = rest.find("\"request\"");
  const std::size_t url = rest.find("\"url\"");
  if (url == std::string_view::npos) return false;
  return websocket ? request == std::string_view::npos || url < request : request < url;
}

}  // namespace

int sniff_http_mocks(std::string_view prefix) { return begins_as(prefix, false) ? 92 : 0; }
int sniff_websocket_mocks(std::string_view prefix) { return begins_as(prefix, true) ? 91 : 0; }

std::unique_ptr<ItemReader> open_mocks_reader(stream::ByteSource& source, const ReadOptions& options) {
  return std::make_unique<Reader>(source, options);
}

}  // namespace har::format
