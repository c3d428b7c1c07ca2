// Responses on their way back, and how an exchange ends.
#include <algorithm>
#include <utility>

#include "connection.hpp"
#include "connection_parts.hpp"
#include "http1_message.hpp"

namespace stream::proxy {
namespace {

/// As RFC 9112 §9.3 has it.
bool persists(const net::Http1Head& head) {
  if (net::lists_token(head.headers, "Connection", "close")) return false;
  return head.minor_version > 0 || net::lists_token(head.headers, "Connection", "keep-alive");
}

/// The part of a response up to the end of its head, or of a line of it.
std::string_view of_head(std::string_view bytes) {
  constexpr std::string_view kEnd = "\r\n\r\n";
  const std::size_t end = bytes.find(kEnd);
  if (end != std::string_view::npos) return bytes.substr(0, end + kEnd.size());
  const std::size_t line = bytes.find('\n');
  return bytes.substr(0, line == std::string_view::npos ? bytes.size() : line + 1);
}

}  // namespace

void Connection::take_response(std::string_view bytes) {
  Exchange& exchange = *exchange_;
  std::vector<net::Http1Item> items;
  while (!bytes.empty() && exchange_ && !exchange.response_done && mode_ == Mode::http) {
    if (exchange.first == net::SteadyTime{}) exchange.first = now_;
    if (const std::uint64_t plain = exchange.response->plain(); plain != 0) {
      const std::string_view part = bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(plain, bytes.size())));
      exchange.response->skip_plain(part.size());
      exchange.response_wire += part.size();
      if (exchange.told) shared_.options.tap->data(exchange.id, tap_time(now_), part);
      bytes.remove_prefix(part.size());
      exchange.response_done = exchange.response->done();
      answer(part);
      continue;
    }
    items.clear();
    const std::uint64_t before = exchange.response->consumed();
    const bool headed = exchange.headed;
    // Up to the end of the head first: what follows is passed on without a copy, if it can be.
    const std::string_view piece = headed ? bytes : of_head(bytes);
    const Status status = exchange.response->feed(piece, items);
    const auto used = static_cast<std::size_t>(exchange.response->consumed() - before);
    const std::string_view wire = bytes.substr(0, used);
    bytes.remove_prefix(used);
    if (!headed) {
      exchange.held.append(wire);
    } else {
      exchange.response_wire += used;
    }
    for (auto& item : items) on_response_item(item);
    if (mode_ == Mode::closed || !exchange_) return;
    if (headed) answer(wire);
    if (mode_ == Mode::closed || !exchange_) return;
    if (!status) {
      if (exchange.headed) answer({});
      if (mode_ == Mode::closed) return;
      return response_broken("error", status.error().message);
    }
  }
  if (exchange_ && exchange_->headed) answer({});
  if (mode_ == Mode::websocket || mode_ == Mode::tunnel) {
    if (!bytes.empty()) take_origin(bytes);
    return;
  }
  if (!exchange_ || mode_ != Mode::http) return;
  if (exchange.response_done) {
    if (!bytes.empty()) exchange.reusable = false;  // there is more than a response
    finish_exchange();
  }
}

/// To the client: what it gets of the answer's head, if it has not got it yet, and `wire` behind it, in one piece.
void Connection::answer(std::string_view wire) {
  const std::string head = std::exchange(exchange_->held, {});
  if (!head.empty() || !wire.empty()) send(client_, head, wire);
}

void Connection::on_response_item(net::Http1Item& item) {
  Exchange& exchange = *exchange_;
  switch (item.kind) {
    case net::Http1Item::Kind::interim:
      if (exchange.told) {
        const auto fields = fields_of(item.head.headers);
        shared_.options.tap->interim(exchange.id, tap_time(now_), item.head.status, fields);
      }
      exchange.first = {};  // of the answer itself
      send(client_, std::exchange(exchange.held, {}));
      return;
    case net::Http1Item::Kind::head:
      return on_response_head(item.head);
    case net::Http1Item::Kind::data:
      if (exchange.told) shared_.options.tap->data(exchange.id, tap_time(now_), item.data);
      return;
    case net::Http1Item::Kind::end:
      exchange.response_done = true;
      if (mode_ == Mode::http && exchange.told && !item.trailers.empty()) {
        // Told with the end.
        exchange.trailers = std::move(item.trailers);
      }
      return;
  }
}

void Connection::on_response_head(const net::Http1Head& head) {
  Exchange& exchange = *exchange_;
  exchange.headed = true;
  exchange.status = head.status;
  exchange.copy.clear();
  exchange.repeatable = false;
  exchange.reusable = persists(head) && !exchange.response->until_close();
  exchange.timings.send = (exchange.sent == net::SteadyTime{} ? exchange.first : exchange.sent) - exchange.reached;
  exchange.timings.wait = exchange.sent == net::SteadyTime{} ? Nanos{} : exchange.first - exchange.sent;
  if (exchange.told) {
    const auto fields = fields_of(head.headers);
    TapResponse told;
    told.status = head.status;
    told.reason = head.reason;
    told.version = kVersions[head.minor_version != 0 ? 1 : 0];
    told.fields = fields;
    told.head_size = static_cast<std::size_t>(head.size);
    told.timings = exchange.timings;
    told.connection = tap_connection();
    told.mocked = exchange.mocked;
    exchange.told = shared_.options.tap->response(exchange.id, tap_time(now_), told) == TapInterest::all;
  }
  // What came with the head goes on with it; behind this one there are frames.
  if (head.status != 101) return;
  answer({});
  if (mode_ != Mode::closed) begin_websocket(head);
}

void Connection::begin_websocket(const net::Http1Head& head) {
  Exchange& exchange = *exchange_;
  if (exchange.conversation) {
    mode_ = Mode::websocket;
    mocker_ = std::make_unique<WebSocketMocker>(std::move(exchange.conversation), exchange.told ? shared_.options.tap : nullptr,
                                                exchange.id, shared_.options.max_message);
    WebSocketMocker::Out out;
    mocker_->open(tap_time(now_), out);
    carry_out(std::move(out));
  } else if (exchange.websocket) {
    std::string extensions;
    for (const auto& field : head.headers) {
      if (!replay::iequals(field.name, "Sec-WebSocket-Extensions")) continue;
      extensions += extensions.empty() ? field.value : ", " + field.value;
    }
    frames_ = std::make_unique<WebSocketTap>(exchange.told ? shared_.options.tap : nullptr, exchange.id, extensions,
                                             shared_.options.max_message);
    mode_ = Mode::websocket;
  } else {
    end_exchange("eof", {});
    mode_ = Mode::tunnel;
  }
  // What the client has sent before it knew.
  const std::string early = std::exchange(in_, {});
  if (!early.empty()) take_client(early);
  if (client_.ended && mode_ != Mode::closed) {
    origin_.shut_wanted = true;
    shut_if_wanted(origin_);
  }
}

/// The origin has not kept what it began.
void Connection::response_broken(std::string_view reason, const std::string& error) {
  if (!exchange_) return;
  if (!exchange_->headed) return fail_exchange(502, reason, error);
  // Where the client has ended first, the origin only did as it was told.
  if (client_.ended) {
    end_exchange("abort", "the client ended the connection before it had the response");
  } else {
    end_exchange(reason, error);
  }
  exchange_.reset();
  drop_origin();
  // The client sees that there should have been more.
  if (reason == "reset") client_.transport().reset_on_close();
  if (client_.unsent() == 0) return close();
  closing_ = true;
}

/// A connection that was kept may have been closed by the origin just when it was used again.
bool Connection::retry() {
  if (!exchange_ || !exchange_->repeatable || exchange_->first != net::SteadyTime{}) return false;
  Exchange& exchange = *exchange_;
  exchange.repeatable = false;
  exchange.sent = {};
  const std::string copy = std::exchange(exchange.copy, {});
  drop_origin();
  exchange.again = copy;
  connect(exchange.to.origin, exchange.websocket, &Connection::on_reached_again);
  return true;
}

void Connection::on_reached_again(Result<OriginConnection> reached) {
  if (!exchange_) return;
  if (!reached) return unreached(reached.error());
  adopt(*reached);
  origin_.put_first(std::exchange(exchange_->again, {}));
  const Side::Sent sent = origin_.flush();
  if (sent == Side::Sent::all && exchange_->request_done) exchange_->sent = now_;
  settle(origin_, sent);
  if (mode_ == Mode::closed) return;
  read_origin();
  read_client();
}

void Connection::finish_exchange() {
  Exchange& exchange = *exchange_;
  if (mode_ != Mode::http) return;
  const bool persists = exchange.reusable && exchange.head.keep_alive && !client_.ended;
  if (!exchange.request_done) {
    // The client is still sending. Where it has been told that the connection ends, nobody waits for that.
    if (persists && !origin_.ended) return;
    end_exchange("eof", {});
    exchange_.reset();
    drop_origin();
    return close_when_sent();
  }
  end_exchange("eof", {});
  const bool cut_short = exchange.fault && exchange.fault->cut_short();
  const bool keep_origin = exchange.reusable && !origin_.ended && !mock_origin_ && !cut_short;
  exchange_.reset();
  origin_used_ = true;
  if (!keep_origin) drop_origin();
  if (!persists || draining_) return close_when_sent();
  if (!in_.empty()) {
    // Not from here: a client could ask us into a deep recursion.
    boost::asio::post(services_.context, [self = shared_from_this(), this] {
      if (mode_ != Mode::http || exchange_ || in_.empty()) return;
      now_ = net::SteadyClock::now();
      parse_requests();
      read_client();
    });
    return;
  }
  read_client();
  read_origin();  // an end is noticed
}

/// There is no answer of the origin's: the client gets one of ours.
void Connection::fail_exchange(int status, std::string_view reason, const std::string& why) {
  end_exchange(reason, why);
  exchange_.reset();
  drop_origin();
  send(client_, net::make_refusal(status, why));
  close_when_sent();
}

void Connection::end_exchange(std::string_view reason, std::string_view error) {
  if (!exchange_ || exchange_->id == 0 || exchange_->ended) return;
  exchange_->ended = true;
  --shared_.stats.open_exchanges;
  if (reason == "eof" && !exchange_->deviation.empty()) {
    reason = "error";
    error = exchange_->deviation;
  }
  if (reason != "eof") ++shared_.stats.failed;
  const std::string_view fault = exchange_->fault ? std::string_view(exchange_->fault->note()) : std::string_view();
  if (!fault.empty()) ++shared_.stats.faulted;
  if (!exchange_->told) return;
  const auto trailers = fields_of(exchange_->trailers);
  TapEnd end;
  end.reason = reason;
  end.error = error;
  end.fault = fault;
  end.trailers = trailers;
  end.request_body_wire = exchange_->request_wire;
  end.response_body_wire = exchange_->response_wire;
  shared_.options.tap->end(exchange_->id, tap_time(now_), end);
}

}  // namespace stream::proxy
