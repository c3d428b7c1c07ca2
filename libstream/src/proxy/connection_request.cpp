// Requests on their way: whom they are for, and what of them goes there.
#include <algorithm>
#include <utility>

#include "connection.hpp"
#include "connection_parts.hpp"
#include "http1_message.hpp"

namespace stream::proxy {
namespace {

/// A request up to this is sent once more where a connection that was kept turns out to be gone.
constexpr std::size_t kRepeatable = std::size_t{64} << 10;

net::Http1RequestLimits limits_of(const ProxyOptions& options) {
  net::Http1RequestLimits limits;
  limits.max_head = options.max_head;
  limits.max_fields = options.max_fields;
  limits.max_body = UINT64_MAX;
  limits.kept_body = SIZE_MAX;  // it is taken away each time
  return limits;
}

}  // namespace

void Connection::parse_requests() {
  std::string bytes = std::exchange(in_, {});
  std::string_view rest = bytes;
  while (!rest.empty() && mode_ == Mode::http && feed_request(rest)) {
  }
  if (mode_ == Mode::closed) return;
  in_.assign(rest);
  if (mode_ == Mode::greeting && !in_.empty()) greet();
}

bool Connection::feed_request(std::string_view& bytes) {
  if (closing_) return false;
  if (!exchange_) {
    exchange_.emplace(limits_of(shared_.options));
    exchange_->began = now_;
    began_ = now_;
  }
  Exchange& exchange = *exchange_;
  if (exchange.request_done) return false;
  if (!exchange.request.headed()) {
    const std::size_t used = exchange.request.feed(bytes);
    exchange.raw_head.append(bytes.substr(0, used));
    bytes.remove_prefix(used);
    if (const auto* refusal = exchange.request.refusal()) {
      refuse(refusal->status, refusal->why);
      return false;
    }
    if (!exchange.request.headed()) return !bytes.empty();
    on_request_head();
    if (!exchange_ || mode_ != Mode::http || closing_) return false;
    if (exchange.request.done()) on_request_done();
    return true;
  }
  // The body: its bytes go on as they stand.
  const std::uint64_t plain = exchange.request.plain();
  std::size_t used = 0;
  std::string decoded;
  std::string_view told;
  if (plain != 0) {
    used = static_cast<std::size_t>(std::min<std::uint64_t>(plain, bytes.size()));
    exchange.request.skip_plain(used);
    told = bytes.substr(0, used);
  } else {
    used = exchange.request.feed(bytes);
    decoded = std::move(exchange.request.body());
    exchange.request.body().clear();
    told = decoded;
  }
  if (const auto* refusal = exchange.request.refusal()) {
    const std::string why = refusal->why;
    end_exchange("error", why);
    if (!exchange.headed) {
      refuse(refusal->status, why);
    } else {
      close_when_sent();
    }
    return false;
  }
  const std::string_view wire = bytes.substr(0, used);
  bytes.remove_prefix(used);
  exchange.request_wire += used;
  if (exchange.told && !told.empty()) shared_.options.tap->request_data(exchange.id, tap_time(now_), told);
  if (exchange.collecting) {
    if (!collect(wire, told)) return false;
    if (exchange_->request.done()) on_request_done();
    return exchange_.has_value() && mode_ == Mode::http && !exchange_->request_done;
  }
  if (exchange.repeatable) {
    exchange.repeatable = exchange.copy.size() + used <= kRepeatable;
    if (exchange.repeatable) exchange.copy.append(wire);
  }
  if (!exchange.response_done || origin_.is_open()) send(origin_, wire);
  if (mode_ != Mode::http || !exchange_) return false;
  if (exchange.request.done()) on_request_done();
  return exchange_.has_value() && !(exchange_->request_done);
}

void Connection::on_request_head() {
  Exchange& exchange = *exchange_;
  exchange.head = std::move(exchange.request.head());
  if (exchange.head.method == "CONNECT") {
    const std::string authority = exchange.head.target;
    return on_connect(authority);
  }
  exchange.websocket = asks_for_websocket(exchange.head);
  auto to = find_destination(exchange.head, exchange.websocket, tunnel_ ? &*tunnel_ : nullptr, shared_.options.target,
                             shared_.options.keep_host);
  if (!to) return refuse(400, to.error().message);
  exchange.to = std::move(*to);
  exchange.id = ++shared_.exchanges;
  ++shared_.stats.exchanges;
  ++shared_.stats.open_exchanges;

  const bool same = origin_.is_open() && !origin_.ended && !mock_origin_ && origin_key_ == exchange.to.origin;
  if (!same) drop_origin();
  if (Tap* const tap = shared_.options.tap) {
    const auto fields = fields_of(exchange.head.headers);
    TapRequest told;
    told.method = exchange.head.method;
    told.url = exchange.to.url;
    told.version = kVersions[exchange.head.minor_version != 0 ? 1 : 0];
    told.fields = fields;
    told.head_size = exchange.raw_head.size();
    told.websocket = exchange.websocket;
    told.connection = tap_connection();
    exchange.told = tap->request(exchange.id, tap_time(exchange.began), told) == TapInterest::all;
  }
  if (mock::MockSet* const mocks = shared_.options.mocks) {
    const mock::Request asked{exchange.head.method, exchange.to.url, &exchange.head.headers, {}, false};
    if (exchange.websocket) {
      exchange.conversation = mocks->connect(asked);
    } else {
      exchange.collecting = mocks->may_match(asked);
    }
  }
  if (shared_.faults.asks_for_body({exchange.head.method, exchange.to.target, {}, &exchange.head.headers}))
    exchange.collecting = true;
  if (!exchange.collecting) {
    meet_faults(false);
    choose_origin();
  }
}

/// The one that there is, if it is the same; else it is to be reached.
void Connection::choose_origin() {
  Exchange& exchange = *exchange_;
  if (auto answer = exchange.fault ? exchange.fault->answer() : nullptr) return play(std::move(answer));
  if (!origin_.is_open()) return connect(exchange.to.origin, exchange.websocket, &Connection::on_reached);
  exchange.reached = now_;
  if (now_ > exchange.began) exchange.timings.blocked = now_ - exchange.began;  // its head came in pieces
  exchange.repeatable = origin_used_;
  forward_head();
}

/// False: nothing more of the request is to be fed now.
bool Connection::collect(std::string_view wire, std::string_view body) {
  Exchange& exchange = *exchange_;
  exchange.held.append(wire);
  exchange.body.append(body);
  if (exchange.body.size() <= shared_.options.max_mocked_body) return true;
  // It is too large to be held, and goes to the origin.
  exchange.collecting = false;
  exchange.body = {};
  shared_.report(peer_, exchange.to.origin.host, "a request is too large to be matched with mocks, and is relayed");
  meet_faults(false);
  choose_origin();
  return mode_ == Mode::http && exchange_.has_value();
}

void Connection::on_request_done() {
  Exchange& exchange = *exchange_;
  exchange.request_done = true;
  if (exchange.told && !exchange.request.trailers().empty()) {
    std::vector<TapField> trailers;
    for (const auto& trailer : exchange.request.trailers()) trailers.push_back({trailer.name, trailer.value});
    shared_.options.tap->request_trailers(exchange.id, tap_time(now_), trailers);
  }
  if (exchange.collecting) {
    exchange.collecting = false;
    meet_faults(true);
    std::shared_ptr<const replay::Answer> mocked;
    if (shared_.options.mocks != nullptr && !exchange.websocket) {
      const mock::Request asked{exchange.head.method, exchange.to.url, &exchange.head.headers, exchange.body, false};
      auto found = shared_.options.mocks->match(asked);
      if (!found) return fail_exchange(500, "error", "mock: " + to_string(found.error()));
      mocked = std::move(found->answer);
    }
    exchange.body = {};
    if (mocked == nullptr) return choose_origin();
    ++shared_.stats.mocked;
    if (auto answer = exchange.fault ? exchange.fault->answer() : nullptr) mocked = std::move(answer);
    return play(std::move(mocked));
  }
  if (exchange.sent_head && origin_.unsent() == 0) exchange.sent = now_;
  if (exchange.response_done) finish_exchange();
}

void Connection::on_reached(Result<OriginConnection> reached) {
  if (!exchange_) return;
  if (!reached) return unreached(reached.error());
  adopt(*reached);
  forward_head();
  if (mode_ == Mode::closed || !exchange_) return;
  if (client_.ended && exchange_->request_done) {
    origin_.shut_wanted = true;
    shut_if_wanted(origin_);
  }
  read_client();
}

void Connection::unreached(const Error& error) {
  if (exchange_->conversation) {
    shared_.report(peer_, origin_key_.host, to_string(error) + "; the mock answers alone");
    auto answer = mock::handshake_answer(*exchange_->conversation, "mock");
    auto conversation = mock::make_conversation(std::move(exchange_->conversation), shared_.options.on_unmatched, *answer);
    ++shared_.stats.mocked;
    return play(std::move(answer), std::move(conversation));
  }
  const bool late = error.code == ErrorCode::timeout;
  const int status = late ? 504 : error.system == ELOOP ? 508 : 502;
  fail_exchange(status, late ? "timeout" : "error", to_string(error));
}

/// In front of what came of the body meanwhile.
void Connection::forward_head() {
  Exchange& exchange = *exchange_;
  Forwarding forwarding;
  forwarding.target = absolute_form_ ? std::string_view(exchange.to.url) : std::string_view(exchange.to.target);
  forwarding.authority = exchange.to.authority;
  forwarding.proxy_authorization = proxy_authorization_;
  // What is compressed cannot lose a message.
  forwarding.extensions = exchange.conversation == nullptr && !(exchange.mocked && exchange.websocket) && !exchange.fault;
  std::string head = forwarded_head(exchange.raw_head, forwarding);
  head += std::exchange(exchange.held, {});  // what was collected of the body
  std::string().swap(exchange.raw_head);
  exchange.sent_head = true;
  exchange.response.emplace(exchange.head.method == "HEAD", shared_.options.max_head);
  if (exchange.repeatable) exchange.copy = head;
  origin_.put_first(head);
  const std::uint64_t before = origin_.bytes();
  const Side::Sent sent = origin_.flush();
  shared_.stats.bytes_up += origin_.bytes() - before;
  if (sent == Side::Sent::all && exchange.request_done) exchange.sent = now_;
  settle(origin_, sent);
  if (mode_ != Mode::closed && origin_.is_open()) read_origin();
}

/// `why` is a copy: it may be of the exchange, which ends here.
void Connection::refuse(int status, std::string why) {
  shared_.report(peer_, "", why);
  exchange_.reset();
  drop_origin();
  if (status != 0) send(client_, net::make_refusal(status, why));
  close_when_sent();
}

TapConnection Connection::tap_connection() const {
  TapConnection connection;
  connection.client = number_;
  connection.client_address = peer_;
  if (origin_.is_open()) {
    connection.origin = origin_number_;
    connection.origin_address = origin_address_;
    connection.origin_port = origin_port_;
    connection.origin_reused = origin_used_;
  }
  return connection;
}

void Connection::drop_origin() {
  attempt_ = {};
  origin_.close();
  mock_origin_.reset();
  origin_number_ = 0;  // late calls of its waits are not meant any more
  origin_used_ = false;
}

}  // namespace stream::proxy
