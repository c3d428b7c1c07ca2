#include "hardiff/against/live_exchange.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <thread>
#include <utility>

#include "stream/io/decompressor.hpp"
#include "stream/net/client_events.hpp"
#include "stream/text/units.hpp"

namespace tools::hardiff {

using stream::Direction;
using stream::Event;
using stream::EventKind;
using stream::Exchange;
using stream::Json;
using stream::Nanos;
using stream::Result;
using stream::Status;
using stream::StreamKind;
using stream::net::Client;
using stream::net::ClientEnd;
using stream::net::ClientEvent;
using stream::net::Moment;
using stream::replay::find_header;
using stream::replay::iequals;
using stream::replay::Reenactment;
using Clock = std::chrono::steady_clock;

namespace {

/// What arrives, for a comparison on another thread.
class Arrivals final : public stream::EventSource {
 public:
  void push(Event event) {
    const std::lock_guard lock(mutex_);
    if (left_) return;
    events_.push_back(std::move(event));
    come_.notify_one();
  }
  void finish() {
    const std::lock_guard lock(mutex_);
    finished_ = true;
    come_.notify_one();
  }
  /// Nobody reads any more.
  void leave() {
    const std::lock_guard lock(mutex_);
    left_ = true;
    events_.clear();
  }
  Result<std::optional<Event>> next() override {
    std::unique_lock lock(mutex_);
    come_.wait(lock, [this] { return !events_.empty() || finished_; });
    if (events_.empty()) return std::optional<Event>();
    std::optional<Event> event(std::move(events_.front()));
    events_.pop_front();
    return event;
  }
  bool live() const override { return true; }

 private:
  std::mutex mutex_{};
  std::condition_variable come_{};
  std::deque<Event> events_{};
  bool finished_ = false;
  bool left_ = false;
};

std::optional<stream::Compression> compression_of(std::string_view coding) {
  if (iequals(coding, "gzip") || iequals(coding, "x-gzip")) return stream::Compression::gzip;
  if (iequals(coding, "deflate")) return stream::Compression::zlib;
  if (iequals(coding, "br")) return stream::Compression::brotli;
  if (iequals(coding, "zstd")) return stream::Compression::zstd;
  return std::nullopt;
}

bool is_stream(StreamKind kind) {
  return kind != StreamKind::http && kind != StreamKind::binary && kind != StreamKind::websocket;
}

}  // namespace

void Clients::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  for (Client* client : clients_) client->stop();
}

bool Clients::stopped() const {
  const std::lock_guard lock(mutex_);
  return stopped_;
}

void Clients::add(Client& client) {
  const std::lock_guard lock(mutex_);
  clients_.insert(&client);
  if (stopped_) client.stop();
}

void Clients::remove(Client& client) {
  const std::lock_guard lock(mutex_);
  clients_.erase(&client);
}

Nanos recorded_duration(const Exchange& exchange) {
  Nanos last = exchange.begin();
  if (exchange.response) last = std::max(last, exchange.response->t);
  for (const Event& event : exchange.timeline) last = std::max(last, event.t);
  if (exchange.end) last = std::max(last, exchange.end->t);
  return last - exchange.begin();
}

bool is_open_ended(const Exchange& exchange) {
  return is_stream(exchange.kind()) && (!exchange.end || exchange.end->reason == "abort");
}

/// One request on its way.
class LiveExchange final : public stream::net::ClientSink {
 public:
  LiveExchange(const LiveRequest& request, Clients& clients) : request_(request), clients_(clients) {
    out_.got.id = request.id;
    out_.recorded = recorded_duration(*request.recorded);
    out_.recorded_closes =
        static_cast<std::size_t>(std::count_if(request.recorded->timeline.begin(), request.recorded->timeline.end(),
                                               [](const Event& event) { return event.kind == EventKind::close; }));
    if (request.websocket) {
      const auto pace = request.recorded_pace ? Reenactment::Pace::recorded : Reenactment::Pace::lockstep;
      talk_.emplace(*request.recorded, pace, request.speed_millionths);
    }
    closes_early_ = is_stream(request.recorded->kind()) && (request.allow_extra || is_open_ended(*request.recorded));
  }

  Result<LiveOutcome> run() {
    stream::net::ClientOptions how = request_.client;
    begin_ = Clock::now();
    // It may take as long as it took, and as it takes at another speed.
    const double slower = std::max(1.0, 1e6 / static_cast<double>(request_.speed_millionths));
    const auto allowed = Nanos(static_cast<std::int64_t>(static_cast<double>(out_.recorded.count()) * slower)) + request_.margin;
    how.deadline = begin_ + allowed;
    how.connect_timeout = std::min(how.connect_timeout, std::max(allowed, Nanos(std::chrono::seconds(1))));
    STREAM_ASSIGN(client_, Client::create(how));
    clients_.add(*client_);
    auto end = run_client();
    clients_.remove(*client_);
    if (!end) {
      if (end.error().code != stream::ErrorCode::io) return stream::fail(std::move(end).error());
      out_.unreachable = end.error();
      fail_without_request(end.error());
      return std::move(out_);
    }
    finish(*end);
    return std::move(out_);
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
      case ClientEvent::Kind::close:
        return take_message(event);
      case ClientEvent::Kind::interim:
        push(stream::net::timeline_event(event), event.at);
        return {};
    }
    return {};
  }

 private:
  Result<ClientEnd> run_client() {
    if (closes_early_) {
      std::optional<Result<ClientEnd>> end;
      std::thread client([&] {
        end.emplace(client_->run(request_.request, *this));
        arrivals_.finish();
      });
      compare();
      client.join();
      return std::move(*end);
    }
    if (talk_ && request_.recorded_pace) {
      std::thread pacer([this] { keep_pace(); });
      auto end = client_->run(request_.request, *this);
      {
        const std::lock_guard lock(mutex_);
        over_ = true;
        changed_.notify_one();
      }
      pacer.join();
      return end;
    }
    return client_->run(request_.request, *this);
  }

  /// Compares what arrives, and ends the request when all that is expected has come.
  void compare() {
    Exchange expected = *request_.recorded;
    if (!expected.end || expected.end->reason == "abort") {
      Event end;
      end.kind = EventKind::end;
      end.reason = "eof";
      end.t = expected.begin() + out_.recorded;
      expected.end = std::move(end);
    }
    stream::CompareOptions options = request_.compare;
    options.allow_extra = true;
    const auto events = stream::events_of(expected);
    const auto comparison = compare_streams(*events, arrivals_, options);
    arrivals_.leave();
    // What cannot be compared while it arrives is compared when it is there.
    const bool came = comparison && comparison->actual.unread;
    met_ = came && comparison->equal();
    if (!came) return;
    ended_by_us_.store(true);
    client_->stop();
  }

  // ---- what happens

  void push(Event event, Moment at) {
    event.id = request_.id;
    last_ = event.t = std::max(last_, std::chrono::duration_cast<Nanos>(at - request_.origin));
    if (closes_early_) arrivals_.push(event);
    switch (event.kind) {
      case EventKind::request:
        out_.got.request = std::move(event);
        break;
      case EventKind::response:
        out_.got.response = std::move(event);
        break;
      case EventKind::end:
        out_.got.end = std::move(event);
        break;
      default:
        out_.got.timeline.push_back(std::move(event));
    }
  }

  Status take_request(const ClientEvent& event) {
    push(stream::net::request_event(event, request_.request.body), event.at);
    if (auto body = stream::net::sent_body(request_.request.body)) push(std::move(*body), event.at);
    return {};
  }

  Status take_head(const ClientEvent& event) {
    if (request_.on_head) request_.on_head(event);
    StreamKind kind = stream::net::stream_kind_of(event);
    Event line = stream::net::response_event(event, kind);
    // What the recorder knew beyond the type is true of the same type again.
    if (kind == StreamKind::http && is_stream(request_.recorded->kind())) {
      Exchange live;
      live.response = line;
      if (content_type(live) == content_type(*request_.recorded)) line.stream_kind = to_string(request_.recorded->kind());
    }
    // Its size is that of the body, which is counted when it is there.
    if (stream::Json* content = line.object.find("content")) content->erase("size");
    push(std::move(line), event.at);
    if (const auto compression = compression_of(find_header(event.headers, "Content-Encoding"))) {
      stream::Limits limits;
      limits.max_entry = request_.max_bytes;
      decoder_.emplace(*compression, limits);
    }
    if (talk_ && event.websocket) {
      const std::lock_guard lock(mutex_);
      talk_->open(since_begin(event.at));
      send_due(event.at);
    }
    return {};
  }

  Status take_data(ClientEvent& event) {
    out_.wire_bytes += event.bytes.size();
    if (decoder_) {
      std::string plain;
      const auto decoded = decoder_->feed(event.bytes, plain);
      event.bytes = std::move(plain);
      if (!decoded) {
        broken_ = "the body is not in its Content-Encoding: " + decoded.error().message;
        client_->stop();
      }
    }
    held_ += event.bytes.size();
    if (held_ > request_.max_bytes) {
      broken_ = fmt::format("the answer is larger than --max-entry ({})", stream::format_size(request_.max_bytes));
      client_->stop();
      return {};
    }
    if (!event.bytes.empty()) push(stream::net::timeline_event(event), event.at);
    return {};
  }

  Status take_message(const ClientEvent& event) {
    held_ += event.bytes.size();
    if (held_ > request_.max_bytes) {
      broken_ = fmt::format("the conversation is larger than --max-entry ({})", stream::format_size(request_.max_bytes));
      client_->stop();
      return {};
    }
    if (!talk_) {
      push(stream::net::timeline_event(event), event.at);
      return {};
    }
    const std::lock_guard lock(mutex_);
    // Where the recording has no close, who closes behind its last message is not what it tells.
    const bool all = talk_->missing() == 0 && talk_->unsent() == 0;
    if (event.kind == ClientEvent::Kind::close && all && out_.recorded_closes == 0 && out_.counted == SIZE_MAX) {
      out_.counted = out_.got.timeline.size();
    }
    push(stream::net::timeline_event(event), event.at);
    if (event.kind == ClientEvent::Kind::close) {
      if (event.direction == Direction::receive) talk_->closed(since_begin(event.at));
    } else if (event.direction == Direction::receive) {
      talk_->message(event.opcode, since_begin(event.at));
    }
    send_due(event.at);
    changed_.notify_one();
    return {};
  }

  // ---- a WebSocket

  Nanos since_begin(Moment at) const { return std::chrono::duration_cast<Nanos>(at - begin_); }

  /// Under the lock.
  void send_due(Moment now) {
    while (const auto due = talk_->due()) {
      if (*due > since_begin(now)) return;
      const Reenactment::Step step = talk_->take();
      if (step.opcode != 8) {
        (void)client_->send(step.opcode, std::string(step.bytes));
        continue;
      }
      // A close that cannot be sent as it was recorded is sent without a code.
      if (!client_->close(step.code, std::string(step.bytes))) (void)client_->close(std::nullopt);
    }
  }

  void keep_pace() {
    std::unique_lock lock(mutex_);
    while (!over_) {
      if (const auto due = talk_->due()) {
        changed_.wait_until(lock, begin_ + *due);
        if (!over_) send_due(Clock::now());
      } else {
        changed_.wait(lock);
      }
    }
  }

  // ---- the end

  void finish(ClientEnd& end) {
    if (out_.got.response && end.kind == ClientEnd::Kind::complete && !talk_) {
      Json& response = out_.got.response->object;
      response.set("bodySize", out_.wire_bytes);
      // HAR 1.2 §4.2.12: what the coding has saved.
      if (decoder_ && held_ > out_.wire_bytes)
        response.find("content")->set("compression", std::uint64_t{held_ - out_.wire_bytes});
    }
    out_.interrupted = clients_.stopped() && end.kind == ClientEnd::Kind::stopped && !ended_by_us_.load();
    out_.met = met_;
    out_.left = ended_by_us_.load() && end.kind == ClientEnd::Kind::stopped;
    out_.timed_out = end.kind == ClientEnd::Kind::timeout;
    out_.waited = since_begin(end.at);
    if (!out_.got.request) return;  // it was interrupted before there was one
    if (!broken_.empty()) {
      Event line = stream::net::end_event(end);
      line.reason = "error";
      line.data = broken_;
      push(std::move(line), end.at);
      return;
    }
    if (out_.interrupted) return;  // incomplete
    if (out_.left) return;         // so is this
    Event line = stream::net::end_event(end);
    if (out_.timed_out) {
      line.data = fmt::format("timed out after {}; the recording took {}", stream::format_duration(out_.waited),
                              stream::format_duration(out_.recorded));
      if (talk_ && talk_->missing() != 0 && out_.got.status() == 101) {
        line.data += fmt::format("; {} of {} messages had not come", talk_->missing(), talk_->expected());
      }
    }
    push(std::move(line), end.at);
  }

  void fail_without_request(const stream::Error& error) {
    const Moment now = Clock::now();
    ClientEvent asked;
    asked.kind = ClientEvent::Kind::request;
    asked.method = request_.request.method;
    asked.url = request_.request.url;
    asked.headers = request_.request.headers;
    Event line = stream::net::request_event(asked, request_.request.body);
    line.entry = stream::Json::object();
    push(std::move(line), begin_);
    Event end;
    end.kind = EventKind::end;
    end.reason = "error";
    end.data = error.message;
    push(std::move(end), now);
  }

  const LiveRequest& request_;
  Clients& clients_;
  std::unique_ptr<Client> client_{};
  LiveOutcome out_{};
  Moment begin_{};
  Nanos last_{};
  std::size_t held_ = 0;
  std::string broken_{};
  std::optional<stream::Decompressor> decoder_{};
  bool closes_early_ = false;
  bool met_ = false;
  std::atomic<bool> ended_by_us_ = false;
  Arrivals arrivals_{};
  std::mutex mutex_{};  ///< of what follows
  std::condition_variable changed_{};
  std::optional<Reenactment> talk_{};
  bool over_ = false;
};

Result<LiveOutcome> run_live(const LiveRequest& request, Clients& clients) { return LiveExchange(request, clients).run(); }

}  // namespace tools::hardiff
