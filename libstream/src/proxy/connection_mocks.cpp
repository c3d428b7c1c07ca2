// What does not come from the origin as it is: answers of mocks, and faults.
#include <algorithm>
#include <utility>

#include "connection.hpp"
#include "connection_parts.hpp"

namespace stream::proxy {

/// The answer comes from a mock.
void Connection::play(std::shared_ptr<const replay::Answer> answer, std::unique_ptr<replay::Conversation> conversation) {
  drop_origin();
  mock_origin_ = std::make_unique<MockOrigin>(services_, std::move(answer), std::move(conversation),
                                              [this](const replay::Deviation& deviation) { on_deviation(deviation); });
  auto transport = mock_origin_->connect();
  if (!transport) return fail_exchange(500, "error", "there are no sockets left for a mock");
  exchange_->mocked = true;
  exchange_->reached = now_;
  exchange_->repeatable = false;
  origin_number_ = ++shared_.origins;
  absolute_form_ = false;
  proxy_authorization_.clear();
  origin_.open(std::move(*transport));
  forward_head();
}

/// Of a mock that plays alone.
void Connection::on_deviation(const replay::Deviation& deviation) {
  if (!exchange_) return;
  const std::string text = "mock: " + to_string(deviation);
  if (deviation.kind != replay::Deviation::Kind::failed) {
    if (shared_.options.on_unmatched != mock::Unmatched::report) return;
    ++shared_.stats.deviations;
    if (exchange_->deviation.empty()) exchange_->deviation = text;
  }
  shared_.report(peer_, exchange_->to.origin.host, text);
}

/// What a mock has done to a WebSocket.
void Connection::carry_out(WebSocketMocker::Out out) {
  shared_.stats.messages += out.messages;
  shared_.stats.mocked += out.mocked;
  if (!out.trouble.empty()) shared_.report(peer_, origin_key_.host, "mock: " + out.trouble);
  if (!out.to_origin.empty()) send(origin_, out.to_origin);
  if (mode_ != Mode::closed && !out.to_client.empty()) send(client_, out.to_client);
  if (mode_ != Mode::websocket) return;
  if (const auto next = mocker_->next()) services_.timers.arm(mock_timer_, net::SteadyTime(*next));
}

/// The request is known as far as it will be when it is decided who answers.
void Connection::meet_faults(bool body_known) {
  Exchange& exchange = *exchange_;
  if (!shared_.faults.active() || exchange.fault) return;
  const replay::FaultRequest asked{exchange.head.method, exchange.to.target, exchange.body, &exchange.head.headers, body_known};
  LiveRequest facts;
  facts.head = exchange.head.method == "HEAD";
  facts.websocket = exchange.websocket;
  facts.chunks = exchange.head.minor_version != 0;
  facts.max_head = shared_.options.max_head;
  auto fault = std::make_unique<LiveFault>(shared_.faults, asked, facts, tap_time(now_));
  if (!fault->active()) return;
  exchange.fault = std::move(fault);
  if (const auto next = exchange.fault->next()) services_.timers.arm(fault_timer_, net::SteadyTime(*next));
}

void Connection::from_origin(std::string_view bytes) {
  if (!exchange_ || !exchange_->fault) return take_origin(bytes);
  exchange_->fault->origin(bytes, tap_time(now_));
  run_faults();
}

void Connection::origin_gone(bool reset) {
  if (!exchange_ || !exchange_->fault) return reset ? lost(origin_) : origin_ended();
  exchange_->fault->origin_ended(reset, tap_time(now_));
  run_faults();
}

/// Does what is due.
void Connection::run_faults() {
  if (mode_ == Mode::closed || !exchange_ || !exchange_->fault) return;
  LiveFault* const fault = exchange_->fault.get();
  const auto id = exchange_->id;
  const bool was_full = fault->full();
  bool alive = true;
  for (LiveOp& op : fault->advance(tap_time(now_))) {
    if (mode_ == Mode::closed) return;
    alive = exchange_ && exchange_->id == id && !exchange_->ended;
    if (op.kind == LiveOp::Kind::reset || op.kind == LiveOp::Kind::cut) {
      return break_off(op.kind == LiveOp::Kind::reset, alive ? "a fault that was asked for: " + fault->note() : std::string());
    }
    if (!alive && mode_ != Mode::tunnel) return;
    switch (op.kind) {
      case LiveOp::Kind::pass:
        take_origin(op.bytes);
        break;
      case LiveOp::Kind::raw:
        send(client_, op.bytes);
        break;
      case LiveOp::Kind::end:
        origin_ended();
        break;
      case LiveOp::Kind::lost:
        return lost(origin_);
      default:
        break;
    }
  }
  if (mode_ == Mode::closed || !exchange_ || exchange_->id != id) return;
  if (const auto next = fault->next()) services_.timers.arm(fault_timer_, net::SteadyTime(*next));
  if (was_full) read_origin();
}

/// In the middle of what the client is to get.
void Connection::break_off(bool reset, const std::string& why) {
  end_exchange(reset ? "reset" : "error", why);
  exchange_.reset();
  drop_origin();
  if (reset) {
    client_.transport().reset_on_close();
    if (client_.unsent() == 0) return close();
  }
  close_when_sent();
}

}  // namespace stream::proxy
