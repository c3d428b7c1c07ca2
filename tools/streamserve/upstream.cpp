#include "streamserve/upstream.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <system_error>
#include <thread>

#include "common/tool.hpp"
#include "stream/net/client_events.hpp"
#include "stream/net/url.hpp"
#include "stream/record/writer.hpp"
#include "stream/replay/live.hpp"

namespace tools::streamserve {
namespace {

namespace net = stream::net;
using stream::Json;
using stream::Status;
using stream::replay::Answer;
using stream::replay::LiveSteps;
using stream::replay::Step;
using stream::replay::StepKind;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostRelays = 256;                  // at once
constexpr std::size_t kMostAhead = std::size_t{1} << 20;  // bytes that the client has not taken yet

std::shared_ptr<const Answer> refusal(int status, std::string_view why) {
  return stream::replay::make_answer(status, "application/json", stream::to_json(Json(Json::Object{{"error", why}})) + "\n");
}

/// Request fields that go on: not those of the connection, nor those that the client makes itself.
std::vector<stream::replay::HeaderField> fields_for(const net::Request& request) {
  Json list = Json::array();
  for (const auto& field : request.headers) {
    if (stream::replay::iequals(field.name, "host") || stream::replay::iequals(field.name, "expect")) continue;
    list.as_array().push_back(Json::Object{{"name", field.name}, {"value", field.value}});
  }
  return stream::replay::end_to_end_headers(list);
}

}  // namespace

/// Appends whole lines to a recording, from any thread.
class Upstream::Recorder {
 public:
  static stream::Result<std::unique_ptr<Recorder>> open(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (descriptor < 0) {
      return stream::fail({stream::ErrorCode::io,
                           fmt::format("cannot append to the recording: {}", std::system_category().message(errno)),
                           {path},
                           {},
                           errno});
    }
    std::unique_ptr<Recorder> recorder(new Recorder(descriptor));
    std::string line;
    // Behind a line that was cut, another begins; a recording may have several headers.
    if (::lseek(descriptor, 0, SEEK_END) > 0) line = "\n";
    stream::write_event(line, stream::make_header(std::chrono::time_point_cast<stream::Nanos>(std::chrono::system_clock::now()),
                                                  Json::Object{{"name", "streamserve"}, {"version", version()}}));
    recorder->write(line);
    return recorder;
  }
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;
  ~Recorder() { ::close(descriptor_); }

  std::string next_id() { return fmt::format("m{}-{}", ::getpid(), ++ids_); }

  void write(stream::Event event, Clock::time_point moment) {
    std::string line;
    const std::lock_guard lock(mutex_);
    last_ = event.t = std::max(last_, std::chrono::duration_cast<stream::Nanos>(moment - start_));
    stream::write_event(line, event);
    write(line);
  }

 private:
  explicit Recorder(int descriptor) : descriptor_(descriptor), start_(Clock::now()) {}

  void write(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
      if (written < 0 && errno != EINTR) return;  // a full disk must not stop the relaying
      bytes.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
    }
  }

  const int descriptor_;
  const Clock::time_point start_;
  std::mutex mutex_;
  stream::Nanos last_{};
  std::atomic<std::uint64_t> ids_{0};
};

/// One request that is passed on.
class Upstream::Relay final : public net::ClientSink, public std::enable_shared_from_this<Relay> {
 public:
  Relay(net::Server& server, Recorder* recorder, const net::ClientOptions& how, net::ClientRequest request)
      : server_(server), recorder_(recorder), how_(how), request_(std::move(request)), begin_(Clock::now()) {
    if (recorder_ != nullptr) id_ = recorder_->next_id();
  }

  /// Starts the thread. `done` is called at its end, in it.
  std::shared_ptr<const Answer> start(std::function<void()> done) {
    const auto live = std::make_shared<LiveSteps>(LiveSteps::Keep::unread);
    live->on_taken = [self = shared_from_this()](std::size_t bytes) { self->taken(bytes); };
    live->on_abandoned = [self = shared_from_this()] { self->stop(); };
    const auto answer = std::make_shared<Answer>();
    answer->live = live;
    answer->chunked = true;
    answer->complete = true;
    live_ = live;
    answer_ = answer;
    thread_ = std::thread([self = shared_from_this(), done = std::move(done)] {
      self->run();
      done();
    });
    return answer;
  }
  void stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    if (client_) client_->stop();
    room_.notify_all();
  }
  void join() {
    if (!thread_.joinable()) return;
    if (thread_.get_id() == std::this_thread::get_id()) return thread_.detach();
    thread_.join();
  }

  Status take(net::ClientEvent event) override {
    switch (event.kind) {
      case net::ClientEvent::Kind::request: {
        record(net::request_event(event, request_.body), event.at);
        if (auto body = net::sent_body(request_.body)) record(std::move(*body), event.at);
        break;
      }
      case net::ClientEvent::Kind::head:
        record(net::response_event(event, net::stream_kind_of(event)), event.at);
        head(event);
        break;
      case net::ClientEvent::Kind::data:
        record(net::timeline_event(event), event.at);
        push(StepKind::data, std::move(event.bytes), event.at);
        break;
      default:
        break;
    }
    return {};
  }

 private:
  void record(stream::Event event, Clock::time_point moment) {
    if (recorder_ == nullptr) return;
    event.id = id_;
    recorder_->write(std::move(event), moment);
  }

  void run() {
    auto client = net::Client::create(how_);  // here, for it may read the system's certificates
    if (!client) return fail(to_string(client.error()), Clock::now());
    {
      const std::lock_guard lock(mutex_);
      client_ = std::move(*client);
      if (stopped_) client_->stop();
    }
    const auto end = client_->run(request_, *this);
    const Clock::time_point now = Clock::now();
    if (!end) return fail(end.error().message, now);
    if (end->answered || recorder_ != nullptr) record(net::end_event(*end), end->at);
    if (!end->answered) return fail(end->error.empty() ? "there was no answer" : end->error, now);
    const bool complete = end->kind == net::ClientEnd::Kind::complete;
    push(complete ? StepKind::end : end->kind == net::ClientEnd::Kind::reset ? StepKind::reset : StepKind::cut, {}, now);
  }

  /// In the server's thread, where the answer is.
  void head(const net::ClientEvent& event) {
    Json list = Json::array();
    for (const auto& field : event.headers) list.as_array().push_back(Json::Object{{"name", field.name}, {"value", field.value}});
    server_.post([held = answer_, kind = net::stream_kind_of(event), status = event.status, reason = event.reason,
                  headers = stream::replay::end_to_end_headers(list), at = event.at - begin_] {
      const auto answer = held.lock();
      if (!answer) return;
      answer->kind = kind;
      answer->status = status;
      answer->reason = reason;
      answer->headers = headers;
      answer->live->push({at, StepKind::head, 0, {}});
    });
  }

  void push(StepKind kind, std::string bytes, Clock::time_point moment) {
    {
      std::unique_lock lock(mutex_);
      ahead_ += bytes.size();
      room_.wait(lock, [this] { return ahead_ <= kMostAhead || stopped_; });
    }
    server_.post([live = live_, kind, bytes = std::move(bytes), at = moment - begin_] {
      if (const auto steps = live.lock()) steps->push({at, kind, 0, bytes});
    });
  }

  void fail(const std::string& why, Clock::time_point moment) {
    const std::string body =
        stream::to_json(Json(Json::Object{{"error", fmt::format("{} could not be asked: {}", request_.url, why)}})) + "\n";
    server_.post([held = answer_, body, at = moment - begin_] {
      const auto answer = held.lock();
      if (!answer) return;
      answer->status = 502;
      answer->headers = {{"Content-Type", "application/json"}};
      answer->live->push({at, StepKind::head, 0, {}});
      answer->live->push({at, StepKind::data, 0, body});
      answer->live->push({at, StepKind::end, 0, {}});
    });
  }

  void taken(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    ahead_ -= std::min(ahead_, bytes);
    room_.notify_all();
  }

  net::Server& server_;
  Recorder* const recorder_;
  const net::ClientOptions how_;
  const net::ClientRequest request_;
  std::unique_ptr<net::Client> client_{};  // of the relay's thread, which sets it under the lock
  const Clock::time_point begin_;
  std::string id_;
  // Both are held by who plays them, and touched in the server's thread alone.
  std::weak_ptr<Answer> answer_;
  std::weak_ptr<LiveSteps> live_;
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable room_;
  std::size_t ahead_ = 0;
  bool stopped_ = false;
};

Upstream::Upstream(UpstreamOptions options) : options_(std::move(options)) {}

Upstream::~Upstream() {
  std::vector<std::shared_ptr<Relay>> relays;
  {
    const std::lock_guard lock(mutex_);
    relays.swap(relays_);
  }
  for (const auto& relay : relays) relay->stop();
  for (const auto& relay : relays) relay->join();
}

stream::Result<std::unique_ptr<Upstream>> Upstream::open(const UpstreamOptions& options) {
  std::unique_ptr<Upstream> upstream(new Upstream(options));
  if (!options.url.empty()) {
    STREAM_ASSIGN(const net::Url url, net::parse_url(options.url));
    // "http://host/" and "http://host" are the same; a path is put in front of what is asked for.
    upstream->options_.url = url.text();
    while (upstream->options_.url.ends_with('/')) upstream->options_.url.pop_back();
  }
  if (!options.record.empty()) {
    STREAM_ASSIGN(upstream->recorder_, Recorder::open(options.record));
  }
  return upstream;
}

std::string Upstream::url_of(const net::Request& request) const {
  if (!options_.url.empty()) return options_.url + request.target;
  if (!request.absolute && !request.tunnel) return {};
  return fmt::format("{}://{}{}", request.scheme.empty() ? "http" : request.scheme, request.authority, request.target);
}

std::shared_ptr<const Answer> Upstream::relay(const net::Request& request) {
  if (request.websocket) return refusal(502, "a WebSocket that was not recorded is not passed on");
  if (request.body_size > request.body.size()) return refusal(413, "the body is too large to be passed on");
  net::ClientRequest ask;
  ask.method = request.method;
  ask.url = url_of(request);
  if (ask.url.empty())
    return refusal(502, "which server is meant is not known: ask as a proxy is asked, or use --miss upstream=URL");
  ask.headers = fields_for(request);
  ask.body = request.body;
  net::ClientOptions how;
  how.verify = !options_.insecure;
  const std::lock_guard lock(mutex_);
  if (relays_.size() >= kMostRelays) return refusal(503, "too many requests are being passed on");
  const auto relay = std::make_shared<Relay>(*server_, recorder_.get(), how, std::move(ask));
  relays_.push_back(relay);
  return relay->start([this, key = relay.get()] {
    const std::lock_guard over(mutex_);
    const auto found = std::find_if(relays_.begin(), relays_.end(), [key](const auto& each) { return each.get() == key; });
    if (found == relays_.end()) return;  // it is being joined
    (*found)->join();
    relays_.erase(found);
  });
}

}  // namespace tools::streamserve
