#include "stream/replay/conversation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "clock.hpp"
#include "stream/replay/playback.hpp"
#include "stream/text/json.hpp"
#include "stream/text/utf8.hpp"

namespace stream::replay {
namespace {

constexpr std::size_t kMostDeviations = 100;
constexpr int kClose = 8;

class RecordedConversation final : public Conversation {
 public:
  RecordedConversation(std::shared_ptr<const Answer> answer, WsMode mode, MessageMatcher matches)
      : playback_(answer), client_(answer->client), mode_(mode), matches_(std::move(matches)) {
    const Answer& recorded = answer->origin ? *answer->origin : *answer;
    period_ = recorded.loop_period;
    constexpr auto kEndless = std::numeric_limits<std::uint64_t>::max();
    const bool fits = recorded.rounds != 0 && (client_.empty() || recorded.rounds < kEndless / client_.size());
    expected_ = fits ? recorded.rounds * client_.size() : client_.empty() ? 0 : kEndless;
  }

  void open(Nanos now) override { ready_ = std::max(ready_, now); }

  void message(int opcode, std::string_view bytes, Nanos now) override {
    if (mode_ == WsMode::timed || opcode > 2 || done() || closed_) return;
    ++number_;
    const ClientMessage* const expected = next_expected();
    if (expected == nullptr || expected->opcode == kClose) {
      return deviate({Deviation::Kind::unexpected, number_, 1, {}, {}, shown_message(opcode, bytes)});
    }
    if (auto mismatch = matches_(*expected, opcode, bytes)) {
      const bool whole = mismatch->expected.empty() && mismatch->actual.empty();
      deviate({Deviation::Kind::different, number_, 1, std::move(mismatch->where),
               whole ? shown_message(expected->opcode, expected->bytes) : std::move(mismatch->expected),
               whole ? shown_message(opcode, bytes) : std::move(mismatch->actual)});
    }
    hear(*expected, now);
  }

  void closed(Nanos now) override {
    if (closed_) return;
    closed_ = true;
    const ClientMessage* const expected = next_expected();
    if (mode_ == WsMode::timed || done() || expected == nullptr) return;
    if (expected->opcode == kClose) return hear(*expected, now);
    if (expected_ == std::numeric_limits<std::uint64_t>::max()) return;  // no client hears out what never ends
    std::uint64_t count = expected_ - heard_;
    if (client_.back().opcode == kClose) --count;
    deviate({Deviation::Kind::missing, number_ + 1, count, {}, shown_message(expected->opcode, expected->bytes), {}});
  }

  bool done() const override { return playback_.done(); }

  std::optional<Nanos> due() const override {
    if (done()) return std::nullopt;
    const Step& next = playback_.next();
    if (mode_ == WsMode::timed) return next.at;
    if (heard_ < next.after) return std::nullopt;
    if (mode_ == WsMode::lockstep) return ready_;
    Nanos shift = shift_;
    for (const Late& late : late_) {
      if (late.index >= next.after) break;
      shift = late.shift;
    }
    return add(next.at, shift);
  }

  bool over() const override {
    return done() || playback_.next().kind == StepKind::close || playback_.next().kind == StepKind::end;
  }

  bool answers_close() const override {
    return mode_ != WsMode::timed && closed_ && !done() && is_last(playback_.next().kind) && heard_ >= playback_.next().after;
  }

  Step take() override {
    const Step step = playback_.next();
    while (!late_.empty() && late_.front().index < step.after) {
      shift_ = late_.front().shift;
      late_.erase(late_.begin());
    }
    playback_.take();
    return step;
  }

 private:
  /// From the client's message `index` on the schedule is that much later.
  struct Late {
    std::uint64_t index = 0;
    Nanos shift{};
  };

  const ClientMessage* next_expected() const {
    return heard_ < expected_ ? &client_[static_cast<std::size_t>(heard_ % client_.size())] : nullptr;
  }

  void hear(const ClientMessage& expected, Nanos now) {
    const std::uint64_t round = heard_ / client_.size();
    const std::uint64_t far = static_cast<std::uint64_t>(Nanos::max().count());
    const bool known = period_ == Nanos{} || round <= far / static_cast<std::uint64_t>(period_.count());
    const Nanos begin =
        known ? Nanos(static_cast<std::int64_t>(round * static_cast<std::uint64_t>(period_.count()))) : Nanos::max();
    const Nanos due = add(expected.at, begin);
    // Only what is later than anything before moves something, so this list does not grow with what a client sends at once.
    const Nanos latest = late_.empty() ? shift_ : late_.back().shift;
    if (mode_ == WsMode::both && now - due > latest) late_.push_back({heard_, now - due});
    const bool waited = !done() && heard_ < playback_.next().after;
    ++heard_;
    if (waited && heard_ >= playback_.next().after) ready_ = now;
  }

  Playback playback_;
  const std::vector<ClientMessage>& client_;  // the playback holds the answer
  WsMode mode_;
  MessageMatcher matches_;
  Nanos period_{};
  std::uint64_t expected_ = 0;  // messages of the client's, with its close, in all rounds
  std::uint64_t heard_ = 0;     // of those
  std::uint64_t number_ = 0;    // of the last message, expected or not
  Nanos ready_{};               // when the client had said what the next step waits for
  Nanos shift_{};
  std::vector<Late> late_{};  // what later steps will be moved by
  bool closed_ = false;
};

}  // namespace

std::string shown_message(int opcode, std::string_view bytes) {
  constexpr std::size_t kMostText = 80;
  constexpr std::size_t kMostOctets = 16;
  if (opcode == 1 && is_utf8(bytes)) {
    std::size_t end = std::min(bytes.size(), kMostText);
    while (end < bytes.size() && end > 0 && (static_cast<unsigned char>(bytes[end]) & 0xC0) == 0x80) --end;
    return to_json(Json(bytes.substr(0, end))) + (end < bytes.size() ? fmt::format("… ({} bytes)", bytes.size()) : "");
  }
  std::string out = fmt::format("{} byte{}", bytes.size(), bytes.size() == 1 ? "" : "s");
  for (std::size_t i = 0; i < std::min(bytes.size(), kMostOctets); ++i) {
    out += fmt::format("{}{:02x}", i == 0 ? " " : "", static_cast<unsigned char>(bytes[i]));
  }
  return out + (bytes.size() > kMostOctets ? "…" : "");
}

std::string to_string(const Deviation& deviation) {
  switch (deviation.kind) {
    case Deviation::Kind::different:
      return fmt::format("message {}: {}{}expected {}, got {}", deviation.number, deviation.where,
                         deviation.where.empty() ? "" : ": ", deviation.expected, deviation.actual);
    case Deviation::Kind::unexpected:
      return fmt::format("message {}: expected no message, got {}", deviation.number, deviation.actual);
    case Deviation::Kind::missing:
      return fmt::format("the client left before {} expected message{}: message {} is {}", deviation.count,
                         deviation.count == 1 ? "" : "s", deviation.number, deviation.expected);
    case Deviation::Kind::failed:
      return fmt::format("message {}: no answer could be made: {}", deviation.number, deviation.actual);
  }
  return {};
}

std::vector<Deviation> Conversation::take_deviations() { return std::exchange(deviations_, {}); }

void Conversation::deviate(Deviation deviation) {
  if (++deviation_count_ <= kMostDeviations) deviations_.push_back(std::move(deviation));
}

std::optional<Mismatch> match_exactly(const ClientMessage& expected, int opcode, std::string_view bytes) {
  if (expected.opcode == opcode && expected.bytes == bytes) return std::nullopt;
  return Mismatch{};
}

std::unique_ptr<Conversation> make_conversation(std::shared_ptr<const Answer> answer, WsMode mode, MessageMatcher matches) {
  return std::make_unique<RecordedConversation>(std::move(answer), mode, std::move(matches));
}

}  // namespace stream::replay
