#include <deque>
#include <map>
#include <utility>

#include "stream/record/reader.hpp"
#include "streams.hpp"

namespace har {
namespace {

using stream::Event;
using stream::EventKind;
using stream::Result;
using stream::Status;

/// An exchange of which events have come.
struct Begun {
  ExchangeHead head{};
  std::optional<stream::WallTime> start{};
  std::deque<Event> waiting{};
  bool wanted = false;  ///< its events are kept
  bool ended = false;
};

class RecordingStreams final : public StreamReader {
 public:
  RecordingStreams(stream::ByteSource& source, const StreamInput& options)
      : source_(source),
        report_(options.input.report),
        events_(source, report_, options.input.input.limits),
        select_(options.select) {
    if (source.live()) return;
    for (std::size_t size = 0; !ended_ && size < kLookAhead;) size += pump();
  }

  Result<std::optional<OpenStream>> next() override {
    while (begun_.empty() && !ended_) pump();
    if (!begun_.empty()) {
      std::shared_ptr<Begun> exchange = std::move(begun_.front());
      begun_.pop_front();
      ExchangeHead head = exchange->head;
      return std::optional(OpenStream{std::move(head), std::make_unique<Events>(*this, std::move(exchange))});
    }
    if (error_) return stream::fail(*error_);
    return std::optional<OpenStream>();
  }
  const std::vector<ExchangeHead>& heads() const override { return heads_; }
  bool all_known() const override { return ended_ && !error_; }

 private:
  /// What one exchange brings, as it is asked for. Once it is gone nothing more is kept for it.
  class Events final : public stream::EventSource {
   public:
    Events(RecordingStreams& reader, std::shared_ptr<Begun> exchange) : reader_(reader), exchange_(std::move(exchange)) {}
    Events(const Events&) = delete;
    Events& operator=(const Events&) = delete;
    ~Events() override {
      exchange_->wanted = false;
      exchange_->waiting.clear();
    }

    Result<std::optional<Event>> next() override {
      while (exchange_->waiting.empty() && !exchange_->ended && !reader_.ended_) reader_.pump();
      if (!exchange_->waiting.empty()) {
        Event event = std::move(exchange_->waiting.front());
        exchange_->waiting.pop_front();
        return std::optional(std::move(event));
      }
      if (!exchange_->ended && reader_.error_) return stream::fail(*reader_.error_);
      return std::optional<Event>();
    }
    bool live() const override { return reader_.source_.live(); }
    std::optional<stream::WallTime> start() const override { return exchange_->start; }

   private:
    RecordingStreams& reader_;
    std::shared_ptr<Begun> exchange_;
  };

  /// Reads one event, and returns how large it is. An error waits until what came before it was asked for.
  std::size_t pump() {
    auto event = events_.next();
    if (!event && event.error().code == stream::ErrorCode::timeout) {
      finish("timeout");
      ended_ = true;
    } else if (!event) {
      error_ = std::move(event).error();
      ended_ = true;
    } else if (!*event) {
      finish({});
      ended_ = true;
    } else {
      const std::size_t size = (*event)->data.size() + sizeof(Event);
      take(std::move(**event));
      return size;
    }
    return 0;
  }

  void take(Event event) {
    if (event.kind == EventKind::header) {
      finish({});  // another recording begins: its ids are its own
      start_ = event.start;
      return;
    }
    auto open = open_.find(event.id);
    const bool again = open != open_.end() && event.kind == EventKind::request && open->second->head.method.size() != 0;
    if (again) {
      close(*open->second, {});
      open_.erase(open);
      open = open_.end();
    }
    if (open == open_.end()) open = begin(event);
    const std::shared_ptr<Begun> exchange = open->second;
    if (event.kind == EventKind::response) {
      stream::Exchange answered;
      answered.response = event;
      ExchangeHead& head = heads_[exchange->head.number];
      head.status = answered.status();
      head.kind = to_string(answered.kind());
    }
    const bool last = event.kind == EventKind::end;
    if (exchange->wanted) exchange->waiting.push_back(std::move(event));
    if (!last) return;
    exchange->ended = true;
    open_.erase(open);
  }

  std::map<std::string, std::shared_ptr<Begun>>::iterator begin(const Event& event) {
    stream::Exchange first;
    first.id = event.id;
    if (event.kind == EventKind::request) first.request = event;
    if (event.kind == EventKind::response) first.response = event;
    auto exchange = std::make_shared<Begun>();
    exchange->head = head_of(first, heads_.size());
    if (!first.response) exchange->head.kind.clear();
    exchange->start = start_;
    exchange->wanted = select_.takes(exchange->head);
    heads_.push_back(exchange->head);
    if (exchange->wanted) begun_.push_back(exchange);
    return open_.emplace(event.id, std::move(exchange)).first;
  }

  void finish(std::string_view reason) {
    for (const auto& [id, exchange] : open_) close(*exchange, reason);
    open_.clear();
  }

  /// It has no end of its own.
  void close(Begun& exchange, std::string_view reason) {
    exchange.ended = true;
    if (!exchange.wanted) return;
    if (!reason.empty()) {
      Event end;
      end.kind = EventKind::end;
      end.id = exchange.head.id;
      end.reason = reason;
      exchange.waiting.push_back(std::move(end));
    } else if (report_) {
      report_({stream::Level::note,
               "recording-incomplete",
               "the exchange \"" + exchange.head.id + "\" has no end: it was still going on when the recording stopped",
               {source_.name()}});
    }
  }

  stream::ByteSource& source_;
  stream::FindingSink report_;
  stream::RecordingReader events_;
  StreamSelection select_;
  std::optional<stream::WallTime> start_;
  std::vector<ExchangeHead> heads_;
  std::map<std::string, std::shared_ptr<Begun>> open_;  ///< by id
  std::deque<std::shared_ptr<Begun>> begun_;            ///< selected, and not asked for yet
  std::optional<stream::Error> error_;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<StreamReader> recording_streams(stream::ByteSource& source, const StreamInput& options) {
  return std::make_unique<RecordingStreams>(source, options);
}

}  // namespace har
