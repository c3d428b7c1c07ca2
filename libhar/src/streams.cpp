#include "streams.hpp"

#include <deque>
#include <utility>

namespace har {

using stream::Exchange;
using stream::Result;

namespace {

class BodyStreams final : public StreamReader {
 public:
  BodyStreams(stream::ByteSource& source, stream::StreamKind kind, const StreamInput& options)
      : source_(source), kind_(kind), clock_(source.live() ? options.clock : stream::Clock()), select_(options.select) {
    heads_.push_back({});
    heads_.front().kind = to_string(kind);
  }

  Result<std::optional<OpenStream>> next() override {
    if (std::exchange(done_, true) || !select_.takes(heads_.front())) return std::optional<OpenStream>();
    return std::optional(OpenStream{heads_.front(), stream::body_events(source_, kind_, clock_)});
  }
  const std::vector<ExchangeHead>& heads() const override { return heads_; }
  bool all_known() const override { return true; }

 private:
  stream::ByteSource& source_;
  stream::StreamKind kind_;
  stream::Clock clock_;
  StreamSelection select_;
  std::vector<ExchangeHead> heads_;
  bool done_ = false;
};

class WholeStreams final : public StreamReader {
 public:
  WholeStreams(std::unique_ptr<ExchangeReader> exchanges, const StreamInput& options)
      : exchanges_(std::move(exchanges)), select_(options.select) {
    for (std::size_t size = 0; !ended_ && size < kLookAhead && heads_.size() < kAhead;) size += read();
  }

  Result<std::optional<OpenStream>> next() override {
    while (waiting_.empty() && !ended_) read();
    if (!waiting_.empty()) {
      auto [head, exchange] = std::move(waiting_.front());
      waiting_.pop_front();
      return std::optional(OpenStream{std::move(head), events_of(std::move(exchange))});
    }
    if (error_) return stream::fail(*error_);
    return std::optional<OpenStream>();
  }
  const std::vector<ExchangeHead>& heads() const override { return heads_; }
  bool all_known() const override { return ended_ && !error_; }

 private:
  static constexpr std::size_t kAhead = 64;

  /// How many bytes of data came. An error waits until what came before it was asked for.
  std::size_t read() {
    auto exchange = exchanges_->next();
    if (!exchange || !*exchange) {
      if (!exchange) error_ = std::move(exchange).error();
      ended_ = true;
      return 0;
    }
    std::size_t size = 0;
    for (const stream::Event& event : (*exchange)->timeline) size += event.data.size() + sizeof(event);
    heads_.push_back(head_of(**exchange, heads_.size()));
    if (select_.takes(heads_.back())) waiting_.emplace_back(heads_.back(), std::move(**exchange));
    return size;
  }

  std::unique_ptr<ExchangeReader> exchanges_;
  StreamSelection select_;
  std::vector<ExchangeHead> heads_;
  std::deque<std::pair<ExchangeHead, Exchange>> waiting_;
  std::optional<stream::Error> error_;
  bool ended_ = false;
};

}  // namespace

bool StreamSelection::takes(const ExchangeHead& head) const {
  if (id && *id != head.id) return false;
  if (entry && *entry != head.number) return false;
  return !match || match->matches(head.method, head.url);
}

ExchangeHead head_of(const Exchange& exchange, std::size_t number) {
  ExchangeHead head;
  head.number = number;
  head.id = exchange.id;
  head.method = exchange.method();
  head.url = exchange.url();
  head.status = exchange.status();
  head.kind = to_string(exchange.kind());
  return head;
}

std::unique_ptr<StreamReader> body_streams(stream::ByteSource& source, stream::StreamKind kind, const StreamInput& options) {
  return std::make_unique<BodyStreams>(source, kind, options);
}

std::unique_ptr<StreamReader> whole_streams(std::unique_ptr<ExchangeReader> exchanges, const StreamInput& options) {
  return std::make_unique<WholeStreams>(std::move(exchanges), options);
}

}  // namespace har
