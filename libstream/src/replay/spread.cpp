#include "spread.hpp"

#include <algorithm>

#include "clock.hpp"

namespace stream::replay {
namespace {

constexpr Nanos kBetween = std::chrono::milliseconds(20);  // as often as makes a difference to whom it arrives at
constexpr std::int64_t kMostPieces = 256;
constexpr std::size_t kSmallest = 1024;

/// The end of the first event or line that ends at or behind `from`.
std::size_t boundary(std::string_view bytes, std::size_t from, StreamKind kind) {
  if (kind != StreamKind::sse && kind != StreamKind::ndjson && kind != StreamKind::text && kind != StreamKind::json_seq)
    return from;
  for (std::size_t at = from - 1; at < bytes.size(); ++at) {
    at = bytes.find('\n', at);
    if (at == std::string_view::npos) break;
    if (kind != StreamKind::sse) return at + 1;
    const std::string_view before = bytes.substr(0, at);
    if (before.ends_with('\n') || before.ends_with("\n\r")) return at + 1;
  }
  return bytes.size();
}

/// time * part / whole, rounded up. `whole` is not 0, and a few gigabytes at most.
Nanos share(Nanos time, std::uint64_t part, std::uint64_t whole) {
  const auto count = static_cast<std::uint64_t>(time.count());
  return Nanos(static_cast<std::int64_t>(count / whole * part + (count % whole * part + whole - 1) / whole));
}

}  // namespace

Spread find_spread(const Exchange& exchange, const Pace& pace) {
  Spread spread;
  if (pace.interval || pace.min_gap || pace.no_delay || exchange.status() == 0 || !exchange.end) return spread;
  const Event* body = nullptr;
  for (const Event& event : exchange.timeline) {
    if (event.kind != EventKind::data || event.direction != Direction::receive || event.data.empty()) continue;
    if (body != nullptr) return spread;
    body = &event;
  }
  const Json& receive = exchange.response->timings["receive"];
  const Nanos head = exchange.response->t;
  if (body == nullptr || !receive.is_number() || body->t != exchange.end->t || body->t <= head) return spread;
  const Nanos time = std::min(parse_decimal_millis(receive.number_text()).value_or(Nanos{}), body->t - head);
  const std::int64_t count = std::min(time / kBetween, kMostPieces);
  if (count < 2) return spread;

  const std::string_view bytes = body->data;
  const StreamKind kind = exchange.kind();
  const bool has_lines = boundary(bytes, 1, kind) != 1;
  const std::size_t size = std::max(bytes.size() / static_cast<std::size_t>(count), has_lines ? std::size_t{1} : kSmallest);
  for (std::size_t from = 0, to = 0; from < bytes.size(); from = to) {
    to = bytes.size() - from <= size ? bytes.size() : boundary(bytes, from + size, kind);
    spread.pieces.push_back({add(head, share(time, to, bytes.size())), bytes.substr(from, to - from)});
  }
  if (spread.pieces.size() < 2) return {};
  spread.event = body;
  return spread;
}

}  // namespace stream::replay
