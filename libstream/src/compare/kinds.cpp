#include "kinds.hpp"

#include <algorithm>

namespace stream {
namespace {

/// What is known of the kind of one side.
struct Kind {
  explicit Kind(const SideHead& head) : kind(head.exchange.kind()), bare(head.bare) {
    const Exchange& exchange = head.exchange;
    const bool named = exchange.response && (!exchange.response->stream_kind.empty() || !content_type(exchange).empty());
    const bool empty = head.whole && std::none_of(exchange.timeline.begin(), exchange.timeline.end(), [](const Event& event) {
                         return (event.kind == EventKind::data && event.direction == Direction::receive && !event.data.empty()) ||
                                event.kind == EventKind::message;
                       });
    open = bare ? empty || is_plain(kind) : !named && empty;
  }
  StreamKind kind;
  bool bare;  // its kind was found by looking at its bytes
  bool open;  // it may be anything
};

}  // namespace

bool is_plain(StreamKind kind) { return kind == StreamKind::http || kind == StreamKind::text || kind == StreamKind::binary; }

std::optional<StreamKind> common_kind(const SideHead& expected, const SideHead& actual) {
  const Kind e(expected);
  const Kind a(actual);
  if (e.kind == a.kind) return e.kind;
  if (is_plain(e.kind) && is_plain(a.kind)) return StreamKind::http;
  if (e.open) return a.kind;
  if (a.open) return e.kind;
  // An answer that was recorded as ordinary text may look like a stream when it stands alone.
  if (e.bare && !a.bare && is_plain(a.kind)) return a.kind;
  if (a.bare && !e.bare && is_plain(e.kind)) return e.kind;
  return std::nullopt;
}

BodyForm common_form(const Exchange& expected, const Exchange& actual, const Limits& limits) {
  const auto e = body_forms(expected, limits);
  const auto a = body_forms(actual, limits);
  const bool json = is_json_type(content_type(expected)) || is_json_type(content_type(actual));
  for (const BodyForm form : e) {
    if (form == BodyForm::value && !json) continue;  // text that happens to be JSON, such as a number
    if (std::find(a.begin(), a.end(), form) != a.end()) return form;
  }
  return BodyForm::bytes;
}

}  // namespace stream
