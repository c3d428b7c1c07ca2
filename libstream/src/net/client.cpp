#include "stream/net/client.hpp"

#include <fmt/format.h>
#include <sys/random.h>

#include <array>
#include <deque>
#include <mutex>
#include <utility>

#include "client_request.hpp"
#include "client_socket.hpp"
#include "http1_response.hpp"
#include "stream/codec/websocket.hpp"
#include "stream/text/base64.hpp"
#include "stream/text/units.hpp"

namespace stream::net {
namespace {

using Clock = std::chrono::steady_clock;
using Kind = ClientEvent::Kind;

constexpr std::size_t kReadSize = 64 * 1024;
// How long the other side has to answer a close frame, and to end the connection behind it.
constexpr auto kCloseTime = std::chrono::seconds(5);

template <std::size_t size>
std::array<std::uint8_t, size> random_bytes() {
  std::array<std::uint8_t, size> bytes{};
  for (std::size_t have = 0; have < size;) {
    const ssize_t got = getrandom(bytes.data() + have, size - have, 0);
    if (got > 0) have += static_cast<std::size_t>(got);
  }
  return bytes;
}

std::string random_key() {
  const auto bytes = random_bytes<16>();
  return base64_encode({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

struct Outgoing {
  int opcode = 1;  // 8: close
  std::string bytes;
  std::optional<int> code;
};

/// What was asked to be sent, from any thread.
class Outbox {
 public:
  void put(Outgoing message) {
    const std::lock_guard lock(mutex_);
    messages_.push_back(std::move(message));
  }
  std::deque<Outgoing> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(messages_, {});
  }

 private:
  std::mutex mutex_;
  std::deque<Outgoing> messages_;
};

/// One request on its connection.
class Run {
 public:
  Run(const ClientOptions& options, const ClientRequest& request, ClientSink& sink, ClientSocket& socket, const WakeUp& stop,
      const WakeUp& wake, Outbox& outbox)
      : options_(options),
        request_(request),
        sink_(sink),
        socket_(socket),
        stop_(stop),
        wake_(wake),
        outbox_(outbox),
        response_(request.method == "HEAD", options.max_head) {}

  Result<ClientEnd> run(const Url& url, const PreparedRequest& prepared, std::string websocket_key) {
    key_ = std::move(websocket_key);
    websocket_wanted_ = url.websocket();
    ClientEvent event;
    event.kind = Kind::request;
    event.at = Clock::now();
    event.method = prepared.method;
    event.url = url.text();
    event.headers = prepared.headers;
    event.address = socket_.address();
    event.local_port = socket_.local_port();
    event.tls = socket_.tls_version();
    event.timings = socket_.timings();
    out_ = prepared.head + request_.body;
    last_ = event.at;
    STREAM_TRY(deliver(std::move(event)));
    while (!end_) STREAM_TRY(step());
    return std::move(*end_);
  }

 private:
  Status deliver(ClientEvent event) {
    if (end_) return {};
    STREAM_TRY(sink_.take(std::move(event)));
    if (stop_.raised()) end(ClientEnd::Kind::stopped, Clock::now());
    return {};
  }

  void end(ClientEnd::Kind kind, Moment at, std::string error = {}) {
    if (end_) return;
    end_ = ClientEnd{kind, at, std::move(error), response_.headed(), std::move(trailers_)};
  }

  /// One round: send what is to be sent, wait, take what has come.
  Status step() {
    STREAM_TRY(send_outbox());
    STREAM_TRY(flush());
    if (end_) return {};
    const auto [limit, what] = next_limit();
    switch (socket_.wait(!out_.empty(), limit)) {
      case Waited::stopped:
        end(ClientEnd::Kind::stopped, Clock::now());
        return {};
      case Waited::timeout:
        on_timeout(what);
        return {};
      case Waited::woken:
        wake_.lower();
        return {};
      case Waited::ready:
        return read();
    }
    return {};
  }

  enum class Limit { none, deadline, head, idle, close };

  std::pair<std::optional<Moment>, Limit> next_limit() const {
    std::pair<std::optional<Moment>, Limit> first{options_.deadline, Limit::deadline};
    const auto consider = [&](std::optional<Moment> moment, Limit what) {
      if (moment && (!first.first || *moment < *first.first)) first = {moment, what};
    };
    if (close_limit_) {
      consider(close_limit_, Limit::close);
    } else if (!response_.headed()) {
      if (options_.head_timeout && sent_) consider(last_ + *options_.head_timeout, Limit::head);
    } else if (options_.idle_timeout) {
      consider(last_ + *options_.idle_timeout, Limit::idle);
    }
    return first;
  }

  void on_timeout(Limit what) {
    const Moment now = Clock::now();
    switch (what) {
      case Limit::close:
        // The conversation was over; that the connection stays open is the server's affair.
        return close_received_ ? end(ClientEnd::Kind::complete, now)
                               : end(ClientEnd::Kind::timeout, now, "the server did not answer the close frame");
      case Limit::head:
        return end(ClientEnd::Kind::timeout, now,
                   fmt::format("there was no answer for {}", format_duration(options_.head_timeout.value_or(Nanos{}))));
      case Limit::idle:
        return end(ClientEnd::Kind::timeout, now,
                   fmt::format("nothing came for {}", format_duration(options_.idle_timeout.value_or(Nanos{}))));
      case Limit::deadline:
      case Limit::none:
        return end(ClientEnd::Kind::timeout, now, "the time for all of it is over");
    }
  }

  // ---- sending

  Status flush() {
    while (written_ < out_.size()) {
      const Transfer transfer = socket_.write(std::string_view(out_).substr(written_));
      if (transfer.kind == Transfer::Kind::again) return {};
      if (transfer.kind != Transfer::Kind::done) {
        // An answer may have come nevertheless: reading tells how it is.
        written_ = out_.size();
        break;
      }
      written_ += transfer.size;
    }
    if (out_.empty()) return {};
    out_.clear();
    written_ = 0;
    if (std::exchange(sent_, true)) return {};
    ClientEvent event;
    event.kind = Kind::sent;
    event.at = last_ = Clock::now();
    return deliver(std::move(event));
  }

  Status send_outbox() {
    if (!decoder_) return {};
    for (Outgoing& message : outbox_.take()) {
      if (close_sent_) break;
      STREAM_TRY(message.opcode == 8 ? send_close(message.code, message.bytes)
                                     : send_message(message.opcode, std::move(message.bytes)));
    }
    return {};
  }

  Status send_message(int opcode, std::string bytes) {
    WsFrameHead head;
    head.opcode = static_cast<WsOpcode>(opcode);
    head.mask = random_bytes<4>();
    if (deflater_ && !is_control(head.opcode)) {
      std::string payload;
      deflater_->deflate(bytes, payload);
      head.rsv = kWsRsv1;
      append_frame(out_, head, payload);
    } else {
      append_frame(out_, head, bytes);
    }
    STREAM_TRY(flush());
    ClientEvent event;
    event.kind = Kind::message;
    event.at = Clock::now();
    event.direction = Direction::send;
    event.opcode = opcode;
    event.bytes = std::move(bytes);
    return deliver(std::move(event));
  }

  Status send_close(std::optional<int> code, const std::string& reason) {
    if (close_sent_) return {};
    STREAM_TRY(append_close(out_, code, reason, random_bytes<4>()));
    close_sent_ = true;
    close_limit_ = Clock::now() + kCloseTime;
    STREAM_TRY(flush());
    return deliver_close(Direction::send, code, reason, Clock::now());
  }

  Status deliver_close(Direction direction, std::optional<int> code, const std::string& reason, Moment at) {
    ClientEvent event;
    event.kind = Kind::close;
    event.at = at;
    event.direction = direction;
    event.code = code;
    event.reason = reason;
    return deliver(std::move(event));
  }

  // ---- receiving

  Status read() {
    const Transfer transfer = socket_.read(buffer_);
    const Moment now = Clock::now();
    switch (transfer.kind) {
      case Transfer::Kind::done:
        last_ = now;
        return feed(std::string_view(buffer_.data(), transfer.size), now);
      case Transfer::Kind::again:
        return {};
      case Transfer::Kind::end:
        return on_end(now, false);
      case Transfer::Kind::unclean_end:
        return on_end(now, true);
      case Transfer::Kind::reset:
        end(close_received_ ? ClientEnd::Kind::complete : ClientEnd::Kind::reset, now,
            close_received_ ? "" : "the server reset the connection");
        return {};
      case Transfer::Kind::failed:
        end(ClientEnd::Kind::broken, now, "the connection failed: " + transfer.why);
        return {};
    }
    return {};
  }

  Status on_end(Moment now, bool unclean) {
    if (decoder_) {
      if (close_received_) {
        end(ClientEnd::Kind::complete, now);
      } else {
        end(ClientEnd::Kind::truncated, now, "the connection was closed without a close frame");
      }
      return {};
    }
    if (unclean && response_.until_close()) {
      end(ClientEnd::Kind::truncated, now, "the connection was closed without TLS's closing alert: the body may have been cut");
      return {};
    }
    std::vector<Http1Item> items;
    const auto status = response_.finish(items);
    end(status ? ClientEnd::Kind::complete : ClientEnd::Kind::truncated, now, status ? "" : status.error().message);
    return {};
  }

  Status feed(std::string_view bytes, Moment now) {
    if (decoder_) return feed_websocket(bytes, now);
    std::vector<Http1Item> items;
    const std::uint64_t before = response_.consumed();
    const auto status = response_.feed(bytes, items);
    bytes.remove_prefix(static_cast<std::size_t>(response_.consumed() - before));
    for (Http1Item& item : items) {
      STREAM_TRY(take(item, now));
      if (end_) return {};
    }
    if (!status) end(ClientEnd::Kind::broken, now, to_string(status.error()));
    return decoder_ && !bytes.empty() ? feed_websocket(bytes, now) : Status();
  }

  Status take(Http1Item& item, Moment now) {
    ClientEvent event;
    event.at = now;
    switch (item.kind) {
      case Http1Item::Kind::interim:
      case Http1Item::Kind::head:
        event.kind = item.kind == Http1Item::Kind::head ? Kind::head : Kind::interim;
        event.status = item.head.status;
        event.minor_version = item.head.minor_version;
        event.reason = item.head.reason;
        event.head_size = item.head.size;
        event.headers = std::move(item.head.headers);
        return take_head(std::move(event));
      case Http1Item::Kind::data:
        event.kind = Kind::data;
        event.bytes = std::move(item.data);
        return deliver(std::move(event));
      case Http1Item::Kind::end:
        if (decoder_) return {};
        trailers_ = std::move(item.trailers);
        end(ClientEnd::Kind::complete, now);
        return {};
    }
    return {};
  }

  Status take_head(ClientEvent event) {
    if (event.status != 101) return deliver(std::move(event));
    const Moment now = event.at;
    if (!websocket_wanted_) {
      STREAM_TRY(deliver(std::move(event)));
      end(ClientEnd::Kind::broken, now, "the server changed the protocol, which nobody had asked for");
      return {};
    }
    const auto agreed = check_handshake(event.headers, request_, key_);
    event.websocket = agreed.has_value();
    STREAM_TRY(deliver(std::move(event)));
    if (!agreed) {
      end(ClientEnd::Kind::broken, now, agreed.error().message);
      return {};
    }
    WsMessageOptions options;
    options.sender = WsSender::server;
    options.deflate = *agreed;
    options.limits.max_entry = options_.max_message;
    decoder_.emplace(std::move(options));
    if (*agreed) deflater_.emplace(**agreed, WsSender::client);
    return send_outbox();  // before the server's first messages are looked at: a close may have come with them
  }

  Status feed_websocket(std::string_view bytes, Moment now) {
    if (close_received_) return {};
    std::vector<WsMessage> messages;
    const auto status = decoder_->feed(bytes, messages);
    for (WsMessage& message : messages) {
      STREAM_TRY(take_message(message, now));
      if (end_) return {};
    }
    if (status) return {};
    const std::string why = decoder_->failure() ? decoder_->failure()->error.message : status.error().message;
    if (decoder_->failure()) STREAM_TRY(send_close(decoder_->failure()->close_code, ""));
    end(ClientEnd::Kind::broken, now, "the server broke the WebSocket protocol: " + why);
    return {};
  }

  Status take_message(WsMessage& message, Moment now) {
    if (message.opcode == WsOpcode::close) {
      close_received_ = true;
      close_limit_ = now + kCloseTime;
      const std::optional<int> code = message.code ? std::optional<int>(*message.code) : std::nullopt;
      STREAM_TRY(deliver_close(Direction::receive, code, message.data, now));
      return send_close(code, "");
    }
    ClientEvent event;
    event.kind = Kind::message;
    event.at = now;
    event.opcode = static_cast<int>(message.opcode);
    event.bytes = message.data;
    STREAM_TRY(deliver(std::move(event)));
    // RFC 6455 §5.5.2: unless a close frame has come; one of ours does not count.
    if (message.opcode == WsOpcode::ping && !end_) return send_message(10, std::move(message.data));
    return {};
  }

  const ClientOptions& options_;
  const ClientRequest& request_;
  ClientSink& sink_;
  ClientSocket& socket_;
  const WakeUp& stop_;
  const WakeUp& wake_;
  Outbox& outbox_;
  Http1ResponseReader response_;
  std::string key_;
  bool websocket_wanted_ = false;
  std::array<char, kReadSize> buffer_{};
  std::string out_;  // what is to be sent
  std::size_t written_ = 0;
  bool sent_ = false;  // the request is
  Moment last_{};      // something arrived, or the request was sent
  std::optional<WsMessageDecoder> decoder_;
  std::optional<WsDeflater> deflater_;
  bool close_sent_ = false;
  bool close_received_ = false;
  std::optional<Moment> close_limit_;
  std::vector<replay::HeaderField> trailers_;
  std::optional<ClientEnd> end_;
};

}  // namespace

class ClientCertificates {
 public:
  explicit ClientCertificates(TlsContext context) : context_(std::move(context)) {}
  SSL_CTX* context() const { return context_.get(); }

 private:
  TlsContext context_;
};

Result<std::shared_ptr<const ClientCertificates>> read_certificates(const ClientOptions& options) {
  STREAM_ASSIGN(TlsContext context, make_tls_context(options));
  return std::make_shared<const ClientCertificates>(std::move(context));
}

struct Client::Impl {
  explicit Impl(const ClientOptions& client_options) : options(client_options) {}
  ClientOptions options;
  WakeUp stop;
  WakeUp wake;
  Outbox outbox;
  std::shared_ptr<const ClientCertificates> certificates;  // read when they are first needed
};

Result<std::unique_ptr<Client>> Client::create(const ClientOptions& options) {
  auto impl = std::make_unique<Impl>(options);
  if (impl->stop.descriptor() < 0 || impl->wake.descriptor() < 0) {
    return fail({ErrorCode::io, "cannot make a client: the system has no descriptor left", {}, {}});
  }
  impl->certificates = options.certificates;
  if (!impl->certificates && !options.ca_file.empty()) {
    STREAM_ASSIGN(impl->certificates, read_certificates(options));
  }
  return std::unique_ptr<Client>(new Client(std::move(impl)));
}

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::~Client() = default;

Result<ClientEnd> Client::run(const ClientRequest& request, ClientSink& sink) {
  STREAM_ASSIGN(const Url url, parse_url(request.url));
  std::string key = url.websocket() ? random_key() : std::string();
  STREAM_ASSIGN(const PreparedRequest prepared, prepare_request(request, url, key));
  if (url.secure() && impl_->certificates == nullptr) {
    STREAM_ASSIGN(impl_->certificates, read_certificates(impl_->options));
  }
  SSL_CTX* const tls = impl_->certificates ? impl_->certificates->context() : nullptr;
  ClientSocket socket(impl_->stop, impl_->wake);
  if (auto status = socket.open(url, impl_->options, tls); !status) {
    if (impl_->stop.raised()) {
      ClientEnd end;
      end.kind = ClientEnd::Kind::stopped;
      end.at = Clock::now();
      return end;
    }
    return fail(std::move(status).error());
  }
  auto run = std::make_unique<Run>(impl_->options, request, sink, socket, impl_->stop, impl_->wake, impl_->outbox);
  auto end = run->run(url, prepared, std::move(key));
  socket.finish();
  return end;
}

Status Client::send(int opcode, std::string bytes) {
  if (opcode != 1 && opcode != 2 && opcode != 9 && opcode != 10) {
    return fail({ErrorCode::usage, fmt::format("{} is no opcode of a message", opcode), {}, {}});
  }
  if (opcode >= 8 && bytes.size() > 125) {
    return fail({ErrorCode::usage, "a ping or pong has at most 125 bytes (RFC 6455 §5.5)", {}, {}});
  }
  impl_->outbox.put({opcode, std::move(bytes), {}});
  impl_->wake.raise();
  return {};
}

Status Client::close(std::optional<int> code, std::string reason) {
  std::string frame;
  STREAM_TRY(append_close(frame, code, reason));
  impl_->outbox.put({8, std::move(reason), code});
  impl_->wake.raise();
  return {};
}

void Client::stop() noexcept { impl_->stop.raise(); }
bool Client::stopped() const noexcept { return impl_->stop.raised(); }

bool Client::wait_until(Moment moment) { return !impl_->stop.wait_until(moment); }

}  // namespace stream::net
