#include "har/capture/recorder.hpp"

#include <atomic>
#include <unordered_map>
#include <utility>

#include "capture/batch.hpp"
#include "capture/har_output.hpp"
#include "capture/keploy_output.hpp"
#include "capture/ndjson_output.hpp"
#include "capture/writer.hpp"

namespace har::capture {
namespace {

using stream::Direction;
using stream::Nanos;
using stream::TapInterest;
using stream::TapTime;

/// What is kept of an exchange of which it is not decided yet whether it is recorded.
constexpr std::size_t kUndecided = std::size_t{1} << 20;

/// The first `most` bytes, and where they are text no half of a character.
std::string_view cut_to(std::string_view bytes, std::uint64_t most) {
  if (bytes.size() <= most) return bytes;
  auto end = static_cast<std::size_t>(most);
  const auto continues = [&](std::size_t at) { return (static_cast<unsigned char>(bytes[at]) & 0xc0) == 0x80; };
  std::size_t back = 0;
  while (back < 3 && end > back && continues(end - back)) ++back;
  if (!continues(end - back)) end -= back;
  return bytes.substr(0, end);
}

class FileRecorder final : public Recorder {
 public:
  explicit FileRecorder(RecorderOptions options) : options_(std::move(options)) {}

  stream::Status start() {
    std::vector<std::unique_ptr<Output>> outputs;
    for (const OutputOptions& output : options_.outputs) {
      if (output.form == OutputForm::har) {
        STREAM_ASSIGN(auto opened, HarOutput::open(options_, output.path));
        outputs.push_back(std::move(opened));
      } else if (output.form != OutputForm::recording) {
        STREAM_ASSIGN(auto opened, KeployOutput::open(options_, output));
        outputs.push_back(std::move(opened));
      } else {
        STREAM_ASSIGN(auto opened, NdjsonOutput::open(options_, output.path));
        outputs.push_back(std::move(opened));
      }
    }
    writer_ = std::make_unique<Writer>(options_, std::move(outputs));
    batch_.reserve(kBatchRoom);
    return {};
  }

  TapInterest request(Id id, TapTime at, const stream::TapRequest& request) override {
    const auto wanted = options_.watch.of_request(request.method, request.url, request.fields);
    if (wanted && !*wanted) return TapInterest::none;
    if (!room(request.head_size)) return TapInterest::none;
    State& state = states_[id];
    state = State();
    last_ = &state;
    last_id_ = id;
    if (!wanted) {
      state.undecided = std::make_unique<Batch>();
      state.header_matched = options_.watch.wants(request.fields);
    }
    Captured captured;
    captured.kind = Captured::Kind::request;
    captured.id = id;
    captured.t = at - options_.zero;
    captured.request = request;
    to(state).put(captured);
    ++exchanges_;
    took();
    return TapInterest::all;
  }

  void request_data(Id id, TapTime at, std::string_view bytes) override { body(id, at, Direction::send, bytes); }
  void data(Id id, TapTime at, std::string_view bytes) override { body(id, at, Direction::receive, bytes); }

  void request_trailers(Id id, TapTime at, std::span<const stream::TapField> trailers) override {
    fields(Captured::Kind::trailers, id, at, 0, trailers);
  }
  void interim(Id id, TapTime at, int status, std::span<const stream::TapField> list) override {
    fields(Captured::Kind::interim, id, at, status, list);
  }

  TapInterest response(Id id, TapTime at, const stream::TapResponse& response) override {
    State* const state = find(id);
    if (state == nullptr) return TapInterest::none;
    if (state->undecided) {
      if (!options_.watch.of_response(response.fields, state->header_matched)) {
        --exchanges_;
        forget(id);
        return TapInterest::none;
      }
      decide(*state);
    }
    Captured captured;
    captured.kind = Captured::Kind::response;
    captured.id = id;
    captured.t = at - options_.zero;
    captured.response = response;
    to(*state).put(captured);  // even if there is no room: of what is recorded, the head and the end are
    took();
    return TapInterest::all;
  }

  void message(Id id, TapTime at, const stream::TapMessage& message) override {
    State* const state = find(id);
    if (state == nullptr || !room_for(*state, message.data.size())) return;
    if (whole_messages_) {
      to(*state).put_message(id, at - options_.zero, message);
    } else {
      stream::TapMessage kept = message;
      kept.data = wants(message.direction) ? cut_to(message.data, limit()) : std::string_view();
      if (kept.data.size() != message.data.size()) {
        kept.truncated = true;
        kept.size = std::max<std::uint64_t>(message.size, message.data.size());
      }
      to(*state).put_message(id, at - options_.zero, kept);
    }
    took();
  }

  void close(Id id, TapTime at, const stream::TapClose& close) override {
    State* const state = find(id);
    if (state == nullptr) return;
    Captured captured;
    captured.kind = Captured::Kind::close;
    captured.id = id;
    captured.t = at - options_.zero;
    captured.close = close;
    to(*state).put(captured);
    took();
  }

  void end(Id id, TapTime at, const stream::TapEnd& end) override {
    State* const state = find(id);
    if (state == nullptr) return;
    // There was no response that could have said that it is not wanted: failures are.
    if (state->undecided) decide(*state);
    Captured captured;
    captured.kind = Captured::Kind::end;
    captured.id = id;
    captured.t = at - options_.zero;
    captured.end = end;
    captured.sent = state->bodies[0];
    captured.received = state->bodies[1];
    captured.sent.wanted = wants(Direction::send);
    captured.received.wanted = wants(Direction::receive);
    captured.dropped = state->dropped;
    to(*state).put(captured);
    forget(id);
    took();
  }

  void idle() override { writer_->hand_over(batch_); }

  void rotate() override { writer_->rotate(); }

  void flush(std::function<void()> done) override {
    writer_->hand_over(batch_);
    writer_->flush(std::move(done));
  }

  Summary summary() const override {
    Summary summary;
    summary.exchanges = exchanges_;
    summary.events = events_;
    writer_->add_summary(summary);
    return summary;
  }

  Summary finish() override {
    for (auto& [id, state] : states_) {
      if (state.undecided) decide(state);
    }
    writer_->hand_over(batch_);
    writer_->stop();
    states_.clear();
    last_ = nullptr;
    return summary();
  }

 private:
  struct State {
    std::unique_ptr<Batch> undecided{};  ///< what has happened, until the response decides
    bool header_matched = false;
    Captured::Body bodies[2]{};
    std::uint64_t dropped = 0;
  };

  bool wants(Direction direction) const {
    return options_.bodies == Bodies::all ||
           options_.bodies == (direction == Direction::send ? Bodies::request : Bodies::response);
  }
  std::uint64_t limit() const { return options_.max_body == 0 ? UINT64_MAX : options_.max_body; }

  State* find(Id id) {
    if (last_ != nullptr && last_id_ == id) return last_;
    const auto found = states_.find(id);
    if (found == states_.end()) return nullptr;
    last_ = &found->second;
    last_id_ = id;
    return last_;
  }
  void forget(Id id) {
    states_.erase(id);
    last_ = nullptr;
  }
  Batch& to(State& state) { return state.undecided ? *state.undecided : batch_; }
  void decide(State& state) {
    batch_.append(*state.undecided);
    state.undecided.reset();
  }
  void took() {
    events_.store(events_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    if (batch_.size() >= kBatchSize) writer_->hand_over(batch_);
  }

  /// Whether there is room for an event; says so once where there is not.
  bool room(std::size_t bytes) {
    if (writer_->has_room(batch_.size())) {
      stalled_ = false;
      return true;
    }
    writer_->hand_over(batch_);
    // The relay waits once, and not again before there was room.
    if (!stalled_ && writer_->wait_for_room()) return true;
    stalled_ = true;
    writer_->dropped(bytes);
    return false;
  }
  bool room_for(State& state, std::size_t bytes) {
    if (state.undecided ? state.undecided->size() < kUndecided : room(bytes)) return true;
    if (state.undecided) writer_->dropped(bytes);
    ++state.dropped;
    return false;
  }

  void body(Id id, TapTime at, Direction direction, std::string_view bytes) {
    State* const state = find(id);
    if (state == nullptr) return;
    Captured::Body& body = state->bodies[direction == Direction::send ? 0 : 1];
    body.size += bytes.size();
    if (!wants(direction) || bytes.empty()) return;
    // What was cut or dropped is followed by nothing: a body is recorded up to where something is missing.
    if (body.kept + bytes.size() != body.size) {
      if (state->dropped != 0) {
        ++state->dropped;
        writer_->dropped(bytes.size());
      }
      return;
    }
    const std::string_view kept = cut_to(bytes, limit() - body.kept);
    if (kept.empty() || !room_for(*state, bytes.size())) return;
    body.kept += kept.size();
    to(*state).put_data(id, at - options_.zero, direction, kept);
    took();
  }

  void fields(Captured::Kind kind, Id id, TapTime at, int status, std::span<const stream::TapField> list) {
    State* const state = find(id);
    if (state == nullptr || !room_for(*state, 0)) return;
    Captured captured;
    captured.kind = kind;
    captured.id = id;
    captured.t = at - options_.zero;
    captured.status = status;
    captured.fields = list;
    to(*state).put(captured);
    took();
  }

  const RecorderOptions options_;
  const bool whole_messages_ = options_.bodies == Bodies::all && options_.max_body == 0;
  std::unique_ptr<Writer> writer_;
  Batch batch_;
  std::unordered_map<Id, State> states_;
  State* last_ = nullptr;  ///< of last_id_
  Id last_id_ = 0;
  bool stalled_ = false;
  std::atomic<std::uint64_t> exchanges_{0};
  std::atomic<std::uint64_t> events_{0};
};

}  // namespace

stream::Result<std::unique_ptr<Recorder>> Recorder::open(RecorderOptions options) {
  auto recorder = std::make_unique<FileRecorder>(std::move(options));
  STREAM_TRY(recorder->start());
  return recorder;
}

}  // namespace har::capture
