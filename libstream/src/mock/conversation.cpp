#include "stream/mock/conversation.hpp"

#include <algorithm>
#include <deque>
#include <utility>

#include "stream/replay/playback.hpp"

namespace stream::mock {
namespace {

using replay::Deviation;
using replay::Step;
using replay::StepKind;

constexpr int kPolicyViolation = 1008;
constexpr int kInternalError = 1011;
constexpr int kEndOfMock = 1005;  // RFC 6455 §7.4.1: a code that no frame has, and so no fault
// More than this is not piled up for a client that says much and waits for nothing.
constexpr std::size_t kMostPending = 1000;
constexpr std::size_t kMostPendingBytes = std::size_t{1} << 20;

class MockedConversation final : public replay::Conversation {
 public:
  MockedConversation(std::unique_ptr<WebSocketConversation> mock, Unmatched unmatched, Nanos head, std::uint64_t rate)
      : mock_(std::move(mock)), unmatched_(unmatched), head_(head), rate_(rate) {}

  void open(Nanos now) override { schedule(mock_->open(now), now); }

  void message(int opcode, std::string_view bytes, Nanos now) override {
    if (opcode > 2 || done_ || left_) return;
    ++number_;
    auto reply = mock_->message(opcode, bytes, now);
    if (!reply) return schedule(tl::unexpected(std::move(reply.error())), now);
    schedule(std::move(reply->actions), now);
    if (reply->handled || unmatched_ == Unmatched::drop) return;
    deviate({Deviation::Kind::unexpected, number_, 1, {}, {}, replay::shown_message(opcode, bytes)});
    if (unmatched_ == Unmatched::close) add({now, Action::Kind::close, kPolicyViolation, "no mock fits this message"});
  }

  void closed(Nanos) override { left_ = true; }

  bool done() const override { return done_; }
  std::optional<Nanos> due() const override {
    if (done_) return std::nullopt;
    if (!headed_) return head_;
    return pending_.empty() ? std::nullopt : std::optional(std::max(pending_.front().at, free_at_));
  }
  bool over() const override { return done_ || (headed_ && (pending_.empty() || pending_.front().kind == Action::Kind::close)); }
  bool listens() const override { return pending_.size() < kMostPending && pending_bytes_ < kMostPendingBytes; }

  Step take() override {
    if (!std::exchange(headed_, true)) return {head_, StepKind::head, 0, {}};
    current_ = std::move(pending_.front());
    pending_.pop_front();
    pending_bytes_ -= current_.bytes.size();
    current_.at = std::max(current_.at, free_at_);
    if (rate_ != 0) {
      const Nanos takes = replay::transfer_time(current_.bytes.size(), rate_);
      free_at_ = takes > Nanos::max() - current_.at ? Nanos::max() : current_.at + takes;
    }
    done_ = current_.kind == Action::Kind::close;
    return {current_.at, done_ ? StepKind::close : StepKind::message, current_.number, current_.bytes};
  }

 private:
  void schedule(Result<std::vector<Action>> actions, Nanos now) {
    if (!actions) {
      deviate({Deviation::Kind::failed, number_, 1, {}, {}, stream::to_string(actions.error())});
      return add({now, Action::Kind::close, kInternalError, "the mock has no answer"});
    }
    for (Action& action : *actions) add(std::move(action));
  }

  /// In the order of time; of one time, as they came.
  void add(Action action) {
    pending_bytes_ += action.bytes.size();
    const auto later = [](Nanos at, const Action& other) { return at < other.at; };
    pending_.insert(std::upper_bound(pending_.begin(), pending_.end(), action.at, later), std::move(action));
  }

  std::unique_ptr<WebSocketConversation> mock_;
  Unmatched unmatched_;
  const Nanos head_;
  const std::uint64_t rate_;  // bytes a second; 0: any
  Nanos free_at_{};           // when the message before is out, at that rate
  std::deque<Action> pending_{};
  std::size_t pending_bytes_ = 0;
  Action current_{};
  std::uint64_t number_ = 0;
  bool headed_ = false;
  bool done_ = false;
  bool left_ = false;
};

}  // namespace

std::shared_ptr<const replay::Answer> handshake_answer(const WebSocketConversation& mock, std::string id) {
  auto answer = std::make_shared<replay::Answer>();
  answer->id = std::move(id);
  answer->status = 101;
  answer->websocket = true;
  answer->kind = StreamKind::websocket;
  answer->subprotocol = mock.subprotocol();
  answer->steps = {{Nanos{}, StepKind::head, 0, {}}, {Nanos{}, StepKind::close, kEndOfMock, {}}};
  return answer;
}

bool leaves_mock(const replay::Answer& handshake) {
  const auto& steps = handshake.steps;
  return handshake.websocket && steps.size() == 2 && steps[0].kind == StepKind::head && steps[1].kind == StepKind::close &&
         steps[1].number == kEndOfMock;
}

std::unique_ptr<replay::Conversation> make_conversation(std::unique_ptr<WebSocketConversation> mock, Unmatched unmatched,
                                                        const replay::Answer& handshake) {
  return std::make_unique<MockedConversation>(std::move(mock), unmatched, handshake.steps.front().at, handshake.rate);
}

}  // namespace stream::mock
