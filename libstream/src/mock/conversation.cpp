#include "stream/mock/conversation.hpp"

#include <algorithm>
#include <deque>
#include <utility>

namespace stream::mock {
namespace {

using replay::Deviation;
using replay::Step;
using replay::StepKind;

constexpr int kPolicyViolation = 1008;
constexpr int kInternalError = 1011;
// More than this is not piled up for a client that says much and waits for nothing.
constexpr std::size_t kMostPending = 1000;
constexpr std::size_t kMostPendingBytes = std::size_t{1} << 20;

class MockedConversation final : public replay::Conversation {
 public:
  MockedConversation(std::unique_ptr<WebSocketConversation> mock, Unmatched unmatched)
      : mock_(std::move(mock)), unmatched_(unmatched) {}

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
    if (!headed_) return Nanos{};
    return pending_.empty() ? std::nullopt : std::optional(pending_.front().at);
  }
  bool over() const override { return done_ || (headed_ && (pending_.empty() || pending_.front().kind == Action::Kind::close)); }
  bool listens() const override { return pending_.size() < kMostPending && pending_bytes_ < kMostPendingBytes; }

  Step take() override {
    if (!std::exchange(headed_, true)) return {Nanos{}, StepKind::head, 0, {}};
    current_ = std::move(pending_.front());
    pending_.pop_front();
    pending_bytes_ -= current_.bytes.size();
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
  answer->steps = {{Nanos{}, StepKind::head, 0, {}}, {Nanos{}, StepKind::close, 1000, {}}};
  return answer;
}

std::unique_ptr<replay::Conversation> make_conversation(std::unique_ptr<WebSocketConversation> mock, Unmatched unmatched) {
  return std::make_unique<MockedConversation>(std::move(mock), unmatched);
}

}  // namespace stream::mock
