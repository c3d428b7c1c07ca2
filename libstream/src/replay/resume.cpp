#include <optional>

#include "clock.hpp"
#include "edit.hpp"
#include "stream/codec/sse.hpp"

namespace stream::replay {
namespace {

/// Where the bytes end that a client has read when its last event ID is `id`.
std::optional<std::uint64_t> end_of_event(std::string_view body, std::string_view id) {
  SseOptions options;
  options.limits.max_entry = std::max(options.limits.max_entry, body.size() + 1);
  SseDecoder decoder(std::move(options));
  std::vector<SseItem> items;
  if (!decoder.feed(body, items) || !decoder.finish(items)) return std::nullopt;
  std::optional<std::uint64_t> end;
  for (const SseItem& item : items) {
    const bool block = item.kind == SseItem::Kind::event || item.kind == SseItem::Kind::no_data;
    if (block && item.event.has_id && item.event.last_event_id == id) end = item.end;
  }
  return end;
}

}  // namespace

std::shared_ptr<const Answer> resume_after(const std::shared_ptr<const Answer>& answer, std::string_view last_event_id) {
  if (answer->kind != StreamKind::sse || answer->websocket || answer->steps.front().kind != StepKind::head ||
      last_event_id.empty() || answer->last_event_id == last_event_id || !is_plain(*answer)) {
    return nullptr;
  }
  Edit edit(answer);
  edit.answer().rounds = 1;
  const auto end = end_of_event(edit.body(), last_event_id);  // in one round
  if (!end) return nullptr;
  edit.answer().rounds = answer->rounds;
  edit.unroll(1);
  const std::size_t rest = edit.split(*end);
  // The event was read when the step came that holds its last byte: what follows is as long behind the head as it was behind
  // that.
  const Nanos read = edit.steps()[rest - 1].at;
  const Nanos head = edit.steps().front().at;
  edit.erase({1, rest});
  for (std::size_t i = 1; i < edit.steps().size(); ++i) edit.steps()[i].at = add(edit.steps()[i].at - read, head);
  return edit.take({});
}

}  // namespace stream::replay
