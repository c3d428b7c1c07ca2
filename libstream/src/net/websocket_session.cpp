#include "websocket_session.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/rfc7230.hpp>

namespace stream::net {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using boost::beast::error_code;
using replay::StepKind;

constexpr int kPing = 9;
constexpr int kPong = 10;
constexpr std::size_t kMaxControl = 125;  // RFC 6455 §5.5
constexpr auto kCloseTime = std::chrono::seconds(5);

bool offers(const http::request<http::empty_body>& request, std::string_view protocol) {
  for (const auto offered : http::token_list(request[http::field::sec_websocket_protocol])) {
    if (std::string_view(offered.data(), offered.size()) == protocol) return true;
  }
  return false;
}

/// RFC 6455 §7.4: what may stand in a close frame; everything else becomes a frame without a code.
websocket::close_reason close_reason(const replay::Step& step) {
  const bool sendable = step.number >= 1000 && step.number < 5000 && step.number != 1004 && step.number != 1005 &&
                        step.number != 1006 && step.number != 1015;
  if (!sendable) return {};
  std::string_view text = step.bytes.substr(0, kMaxControl - 2);
  if (text.size() < step.bytes.size()) {  // not in the middle of a character
    while (!text.empty() && (static_cast<unsigned char>(step.bytes[text.size()]) & 0xc0) == 0x80) text.remove_suffix(1);
  }
  return {static_cast<websocket::close_code>(step.number), {text.data(), text.size()}};
}

}  // namespace

WebSocketSession::WebSocketSession(Services& services, Socket socket, Request request, RequestHeader header, Player player)
    : services_(services),
      stream_(std::move(socket)),
      request_(std::move(request)),
      handshake_(std::move(header)),
      player_(std::move(player)),
      step_timer_([this] {
        const auto self = shared_from_this();
        on_timer();
      }) {}

WebSocketSession::~WebSocketSession() { services_.timers.disarm(step_timer_); }

void WebSocketSession::start() {
  websocket::stream_base::timeout timeout;
  timeout.handshake_timeout = kCloseTime;  // of the handshake and of the closing one
  timeout.idle_timeout = websocket::stream_base::none();
  timeout.keep_alive_pings = false;
  stream_.set_option(timeout);
  stream_.auto_fragment(false);  // a recorded message is one message
  stream_.read_message_max(0);   // what is dropped needs no limit
  stream_.control_callback([this](websocket::frame_type kind, boost::beast::string_view payload) {
    if (kind == websocket::frame_type::close) return client_closes();
    services_.handler.received(request_, kind == websocket::frame_type::ping ? kPing : kPong, payload.size());
  });
  advance();
}

void WebSocketSession::abort() { close(); }

void WebSocketSession::on_timer() {
  if (!sending_ && !finished_) return advance();
  finish(Outcome::timed_out);  // does not read, or has been stalled for long enough
  close();
}

void WebSocketSession::limit(Nanos time) { services_.timers.arm(step_timer_, SteadyClock::now() + time); }

void WebSocketSession::advance() {
  if (closed_ || finished_ || sending_) return;
  const SteadyTime now = SteadyClock::now();
  if (player_.next_time() > now) return services_.timers.arm(step_timer_, player_.next_time());
  const replay::Step step = player_.take(now);
  served_.last = step.kind;
  switch (step.kind) {
    case StepKind::head:
      return accept();
    case StepKind::message:
    case StepKind::close:
      return send(step);
    case StepKind::raw:
      return send_raw(step);
    case StepKind::data:
    case StepKind::end:
    case StepKind::cut:
      finish(Outcome::complete);
      return close();
    case StepKind::reset:
      finish(Outcome::complete);
      {
        error_code ignored;
        stream_.next_layer().set_option(asio::socket_base::linger(true, 0), ignored);
      }
      return close();
    case StepKind::stall:
      finish(Outcome::complete);
      return limit(services_.options.idle_timeout);
  }
}

void WebSocketSession::accept() {
  const replay::Answer& answer = player_.answer();
  if (answer.deflate) {
    websocket::permessage_deflate deflate;
    deflate.server_enable = true;
    stream_.set_option(deflate);
  }
  stream_.set_option(websocket::stream_base::decorator([this, &answer](websocket::response_type& response) {
    response.erase(http::field::server);
    for (const replay::HeaderField& field : answer.headers) response.insert(field.name, field.value);
    if (!answer.subprotocol.empty() && offers(handshake_, answer.subprotocol)) {
      response.set(http::field::sec_websocket_protocol, answer.subprotocol);
    }
    served_.status = static_cast<int>(response.result_int());
  }));
  sending_ = true;
  stream_.async_accept(handshake_, [self = shared_from_this(), this](const error_code& error) {
    if (closed_) return;
    sending_ = false;
    if (error) {  // Beast has answered with what was wrong
      served_.status = 400;
      finish(Outcome::failed);
      return close();
    }
    read();
    advance();
  });
}

void WebSocketSession::send(const replay::Step& step) {
  const asio::const_buffer bytes(step.bytes.data(), step.bytes.size());
  const auto done = [self = shared_from_this(), this](const error_code& error, std::size_t = 0) { sent(error); };
  sending_ = true;
  if (step.kind == StepKind::close) {
    limit(2 * kCloseTime);
    stream_.async_close(close_reason(step), [self = shared_from_this(), this](const error_code& error) {
      if (closed_) return;
      // The close frame is out. A client that does not answer it, or not end the connection, has heard everything.
      const bool left = error == asio::error::connection_reset || error == asio::error::broken_pipe;
      finish(left ? Outcome::client_left : Outcome::complete);
      close();
    });
    return;
  }
  limit(services_.options.idle_timeout);
  served_.body_bytes += step.bytes.size();
  services_.stats.bytes += step.bytes.size();
  ++served_.messages;
  if (step.number == kPing || step.number == kPong) {
    const std::string_view text = step.bytes.substr(0, kMaxControl);
    const websocket::ping_data payload(text.data(), text.size());
    if (step.number == kPing) return stream_.async_ping(payload, done);
    return stream_.async_pong(payload, done);
  }
  stream_.binary(step.number != 1);
  stream_.async_write(bytes, done);
}

void WebSocketSession::send_raw(const replay::Step& step) {
  sending_ = true;
  limit(services_.options.idle_timeout);
  served_.body_bytes += step.bytes.size();
  services_.stats.bytes += step.bytes.size();
  asio::async_write(stream_.next_layer(), asio::const_buffer(step.bytes.data(), step.bytes.size()),
                    [self = shared_from_this(), this](const error_code& error, std::size_t) { sent(error); });
}

void WebSocketSession::sent(const error_code& error) {
  if (closed_) return;
  sending_ = false;
  services_.timers.disarm(step_timer_);
  if (error) {
    finish(Outcome::client_left);
    return close();
  }
  advance();
}

void WebSocketSession::read() {
  stream_.async_read_some(asio::buffer(buffer_), [self = shared_from_this(), this](const error_code& error, std::size_t size) {
    if (closed_) return;
    message_size_ += size;
    if (error) {
      // A close of our own has its own handler, which comes as well.
      if (served_.last == StepKind::close && !finished_) return;
      const bool rude = error != websocket::error::closed &&
                        error.category() == websocket::make_error_code(websocket::error::closed).category();
      finish(rude ? Outcome::failed : Outcome::client_left);
      return close();
    }
    if (stream_.is_message_done()) {
      services_.handler.received(request_, stream_.got_binary() ? 2 : 1, message_size_);
      message_size_ = 0;
    }
    read();
  });
}

void WebSocketSession::client_closes() {
  // A client that closes when everything has been said does what the recorded one did.
  const bool over =
      served_.last == StepKind::close ||
      (!sending_ && !player_.done() && (player_.next().kind == StepKind::close || player_.next().kind == StepKind::end));
  finish(over ? Outcome::complete : Outcome::client_left);
  limit(kCloseTime);  // for it to end the connection, which is the last thing the library waits for
}

void WebSocketSession::finish(Outcome outcome) {
  if (finished_) return;
  finished_ = true;
  served_.outcome = outcome;
  served_.max_lateness = player_.max_lateness();
  services_.handler.served(request_, player_.answer(), served_);
}

void WebSocketSession::close() {
  if (closed_) return;
  closed_ = true;
  services_.timers.disarm(step_timer_);
  error_code ignored;
  stream_.next_layer().close(ignored);
  services_.release(*this);
}

}  // namespace stream::net
