#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <thread>

#include "common/signals.hpp"
#include "stream/net/client_events.hpp"
#include "stream/net/url.hpp"
#include "stream/text/units.hpp"
#include "streamrec/streamrec.hpp"

namespace tools::streamrec {
namespace {

using stream::Event;
using stream::Nanos;
using stream::Status;
using stream::StreamKind;
using stream::net::Client;
using stream::net::ClientEnd;
using stream::net::ClientEvent;
using stream::net::ClientRequest;
using stream::replay::find_header;
using Clock = std::chrono::steady_clock;

constexpr int kMaxRedirects = 10;
// What an EventSource waits without a `retry` field is left to it; Chromium takes this.
constexpr std::chrono::milliseconds kRetry{3000};
constexpr std::chrono::milliseconds kLongestRetry{60'000};

/// Writes down what one client makes of one URL: the exchanges that redirects and lost connections make of it.
class Session final : public stream::net::ClientSink {
 public:
  Session(Tool& tool, const Options& options, Recorder& recorder, Watch& watch, Client& client)
      : tool_(tool), options_(options), recorder_(recorder), watch_(watch), client_(client) {}

  /// Another request is about to be made.
  void begin(const ClientRequest& request) {
    request_ = &request;
    id_ = std::to_string(++exchanges_);
    status_ = 0;
    headers_.clear();
    kind_ = StreamKind::http;
    websocket_ = false;
    hidden_ = false;
    open_ = false;
  }

  Status take(ClientEvent event) override {
    switch (event.kind) {
      case ClientEvent::Kind::request:
        return take_request(event);
      case ClientEvent::Kind::sent:
        return {};
      case ClientEvent::Kind::head:
        return take_head(event);
      case ClientEvent::Kind::data:
        return take_data(event);
      case ClientEvent::Kind::message:
        return take_message(event);
      case ClientEvent::Kind::interim:
      case ClientEvent::Kind::close:
        return write(stream::net::timeline_event(event), event.at);
    }
    return {};
  }

  /// The exchange is over. `why`: of an abort.
  Status end(const ClientEnd& end, const std::string& why) {
    watch_.end();
    return write(stream::net::end_event(end, why), end.at);
  }

  /// A request has been sent: ever, and of this exchange.
  bool requested() const { return requested_; }
  bool open() const { return open_; }
  int status() const { return status_; }
  StreamKind kind() const { return kind_; }
  bool websocket() const { return websocket_; }
  const std::string& reason() const { return reason_; }
  const std::vector<stream::replay::HeaderField>& headers() const { return headers_; }
  bool redirected() const {
    return options_.follow && (status_ == 301 || status_ == 302 || status_ == 303 || status_ == 307 || status_ == 308) &&
           !find_header(headers_, "Location").empty();
  }

  void summary(Moment now) const {
    tool_.messages().verbose(fmt::format("status {}, {}, {}, first byte after {}, duration {}", status_,
                                         watch_.events() == 1 ? "1 event" : fmt::format("{} events", watch_.events()),
                                         bytes_ == 1 ? "1 byte" : fmt::format("{} bytes", bytes_),
                                         first_byte_ ? stream::format_duration(*first_byte_) : "-",
                                         stream::format_duration(now - recorder_.start())));
  }

 private:
  Status write(Event line, Moment moment) {
    line.id = id_;
    return recorder_.write(std::move(line), moment);
  }

  Status take_request(const ClientEvent& event) {
    requested_ = open_ = true;
    asked_ = event.at;
    tool_.messages().verbose(
        fmt::format("connected to {} ({}){}", event.url, event.address, event.tls.empty() ? "" : ", " + event.tls));
    STREAM_TRY(write(stream::net::request_event(event, request_->body), event.at));
    auto bytes = stream::net::sent_body(request_->body);
    return bytes ? write(std::move(*bytes), event.at) : Status();
  }

  Status take_head(const ClientEvent& event) {
    status_ = event.status;
    reason_ = event.reason;
    headers_ = event.headers;
    websocket_ = event.websocket;
    kind_ = stream::net::stream_kind_of(event);
    hidden_ = (options_.fail && status_ >= 400) || redirected();
    watch_.begin(kind_);
    return write(stream::net::response_event(event, kind_), event.at);
  }

  void received(const ClientEvent& event) {
    bytes_ += event.bytes.size();
    if (!first_byte_) first_byte_ = event.at - asked_;
  }

  Status take_data(const ClientEvent& event) {
    received(event);
    STREAM_TRY(write(stream::net::timeline_event(event), event.at));
    if (hidden_) return {};
    STREAM_TRY(recorder_.print(event.bytes));
    watch_.data(event.bytes);
    if (!watch_.reached().empty()) client_.stop();
    return {};
  }

  Status take_message(const ClientEvent& event) {
    STREAM_TRY(write(stream::net::timeline_event(event), event.at));
    if (event.direction == stream::Direction::send || event.opcode > 2) return {};
    received(event);
    STREAM_TRY(recorder_.print(event.bytes + "\n"));
    watch_.message(event.bytes);
    if (!watch_.reached().empty()) client_.stop();
    return {};
  }

  Tool& tool_;
  const Options& options_;
  Recorder& recorder_;
  Watch& watch_;
  Client& client_;
  const ClientRequest* request_ = nullptr;
  std::string id_;
  int exchanges_ = 0;
  bool requested_ = false;
  bool open_ = false;
  int status_ = 0;
  std::string reason_;
  std::vector<stream::replay::HeaderField> headers_;
  StreamKind kind_ = StreamKind::http;
  bool websocket_ = false;
  bool hidden_ = false;  // the payload is not printed
  Moment asked_{};
  std::optional<Nanos> first_byte_;
  std::uint64_t bytes_ = 0;
};

/// Sends the lines of standard input as messages, from a thread of its own, and closes at their end.
class InputSender {
 public:
  explicit InputSender(Client& client) : client_(client), stop_(eventfd(0, EFD_CLOEXEC)), thread_([this] { run(); }) {}
  InputSender(const InputSender&) = delete;
  InputSender& operator=(const InputSender&) = delete;
  ~InputSender() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(stop_, &one, sizeof one);
    thread_.join();
    ::close(stop_);
  }

 private:
  void run() {
    std::string line;
    std::array<char, 16384> buffer{};
    for (;;) {
      pollfd waiting[2] = {{STDIN_FILENO, POLLIN, 0}, {stop_, POLLIN, 0}};
      if (::poll(waiting, 2, -1) < 0) continue;
      if (waiting[1].revents != 0) return;
      const ssize_t got = ::read(STDIN_FILENO, buffer.data(), buffer.size());
      if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (got <= 0) break;
      line.append(buffer.data(), static_cast<std::size_t>(got));
      for (std::size_t end = 0; (end = line.find('\n')) != std::string::npos; line.erase(0, end + 1)) {
        std::string text = line.substr(0, end);
        if (text.ends_with('\r')) text.pop_back();
        (void)client_.send(1, std::move(text));
      }
    }
    if (!line.empty()) (void)client_.send(1, std::move(line));
    (void)client_.close(1000);
  }

  Client& client_;
  int stop_;
  std::thread thread_;
};

/// Turns the request to where the response points; false if that cannot be.
Status follow(ClientRequest& request, const Session& session) {
  STREAM_ASSIGN(const auto from, stream::net::parse_url(request.url));
  STREAM_ASSIGN(const auto to, stream::net::resolve_url(from, find_header(session.headers(), "Location")));
  if (to.websocket() != from.websocket() && to.websocket()) {
    return stream::fail({stream::ErrorCode::unsupported, "the redirect leads to a WebSocket: " + to.text(), {}, {}});
  }
  // RFC 9110 §15.4: what everybody does with POST; 303 means it for all methods.
  const bool get = (session.status() == 303 && request.method != "HEAD") ||
                   ((session.status() == 301 || session.status() == 302) && request.method == "POST");
  if (get) {
    request.method = "GET";
    request.body.clear();
  }
  std::erase_if(request.headers, [&](const stream::replay::HeaderField& field) {
    const auto is = [&](std::string_view name) { return stream::replay::iequals(field.name, name); };
    if (get && (is("Content-Type") || is("Content-Length"))) return true;
    return !from.same_origin(to) && (is("Authorization") || is("Cookie") || is("Host"));
  });
  request.url = to.text();
  return {};
}

/// Whether an event stream that ended so is asked for again (HTML Standard §9.2.3).
bool goes_on(const Session& session, const ClientEnd& end) {
  return session.status() == 200 && session.kind() == StreamKind::sse && end.kind != ClientEnd::Kind::stopped;
}

}  // namespace

int record_url(Tool& tool, const Options& options, Recorder& recorder, Watch& watch) {
  Messages& messages = tool.messages();
  auto request = make_request(options);
  if (!request) return failed(tool, request.error());
  bool input = false;
  auto outgoing = make_messages(options, input);
  if (!outgoing) return failed(tool, outgoing.error());

  stream::net::ClientOptions how;
  how.verify = !options.insecure;
  how.ca_file = options.ca_file;
  if (options.connect_timeout) how.connect_timeout = *options.connect_timeout;
  how.head_timeout = how.idle_timeout = options.idle_timeout;
  const bool planned = options.duration && (!options.max_time || *options.duration <= *options.max_time);
  if (options.duration || options.max_time) how.deadline = recorder.start() + (planned ? *options.duration : *options.max_time);
  const auto made = Client::create(how);
  if (!made) return failed(tool, made.error());
  Client& client = **made;
  const StopOnSignals signals([&client] { client.stop(); });
  for (std::string& text : *outgoing) {
    if (auto status = client.send(1, std::move(text)); !status) return failed(tool, status.error());
  }
  std::optional<InputSender> sender;
  if (input) sender.emplace(client);

  Session session(tool, options, recorder, watch, client);
  const auto over = [&] { return how.deadline && Clock::now() >= *how.deadline; };
  const std::vector<stream::replay::HeaderField> headers = request->headers;
  int redirects = 0;
  auto pause = kRetry;
  for (;;) {
    session.begin(*request);
    auto end = client.run(*request, session);
    std::string why;  // it ends because that was wanted
    if (!watch.reached().empty()) {
      why = watch.reached();
    } else if (client.stopped()) {
      why = "interrupted";
    } else if (planned && over()) {
      why = "--duration is over";
    }
    bool again = false;
    if (!end) {
      if (stream::is_broken_pipe(end.error())) {
        ClientEnd left;
        left.kind = ClientEnd::Kind::stopped;
        left.at = Clock::now();
        (void)session.end(left, "nobody reads the payload any more");
        return kYes;
      }
      // The first connection must come about; later ones may fail for a while.
      const bool retry = options.reconnect && session.requested() && end.error().code == stream::ErrorCode::io;
      if (!retry || !why.empty()) {
        if (why.empty() || !session.requested()) return failed(tool, end.error());
        return kYes;
      }
      messages.note(fmt::format("{}; trying again", to_string(end.error())));
      again = true;
      pause = std::min(pause * 2, kLongestRetry);
    } else if (session.open()) {
      if (auto status = session.end(*end, why); !status) return failed(tool, status.error());
    }
    if (end && why.empty() && end->kind == ClientEnd::Kind::complete && session.redirected()) {
      if (++redirects > kMaxRedirects) {
        return failed(tool, {stream::ErrorCode::io, fmt::format("there were more than {} redirects", kMaxRedirects), {}, {}});
      }
      if (auto status = follow(*request, session); !status) return failed(tool, status.error());
      continue;
    }
    if (end && why.empty() && options.reconnect && goes_on(session, *end) && !over()) {
      again = true;
      pause = watch.retry() ? std::chrono::milliseconds(std::min<std::uint64_t>(*watch.retry(), 3'600'000)) : kRetry;
      messages.verbose(fmt::format("the stream ended ({}); connecting again in {}", end->error.empty() ? "complete" : end->error,
                                   stream::format_duration(pause)));
    }
    if (again) {
      Moment next = Clock::now() + pause;
      if (how.deadline) next = std::min(next, *how.deadline);
      if (client.wait_until(next) && !over()) {
        std::erase_if(request->headers, [](const auto& field) { return stream::replay::iequals(field.name, "Last-Event-ID"); });
        if (!watch.last_event_id().empty()) request->headers.push_back({"Last-Event-ID", watch.last_event_id()});
        continue;
      }
      session.summary(Clock::now());
      return planned || client.stopped() ? kYes : kNo;
    }
    session.summary(end->at);
    if (!why.empty()) return session.requested() ? kYes : kFailure;
    if (end->kind != ClientEnd::Kind::complete) {
      messages.error(end->error);
      return kNo;
    }
    const auto asked = stream::net::parse_url(request->url);
    if (asked && asked->websocket() && !session.websocket()) {
      messages.error(fmt::format("the server declined the WebSocket: {} {}", session.status(), session.reason()));
      return kNo;
    }
    if (options.fail && session.status() >= 400) {
      messages.error(fmt::format("the server answered {} {}", session.status(), session.reason()));
      return kNo;
    }
    return kYes;
  }
}

}  // namespace tools::streamrec
