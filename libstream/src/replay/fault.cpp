#include "stream/replay/fault.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "clock.hpp"
#include "edit.hpp"
#include "fault_words.hpp"
#include "random.hpp"
#include "stream/codec/websocket.hpp"
#include "stream/text/units.hpp"

namespace stream::replay {
namespace {

using Unit = FaultPlace::Unit;
using Side = FaultPlace::Side;

/// In front of a step, at a time.
struct Position {
  std::size_t index = 0;
  Nanos at{};
};

/// Applies one rule that has hit.
class Hit {
 public:
  Hit(const FaultRule& rule, std::shared_ptr<const Answer> answer, Random& random)
      : rule_(rule), edit_(std::move(answer)), random_(random) {}

  /// Null: it does not concern this answer.
  std::shared_ptr<const Answer> apply() {
    switch (rule_.fault) {
      case Fault::reset:
        return ending(StepKind::reset, "reset");
      case Fault::stall:
        return ending(StepKind::stall, "stalled");
      case Fault::truncate:
        return ending(StepKind::cut, "truncated");
      case Fault::end:
        return ending(edit_.answer().websocket ? StepKind::close : StepKind::end, "ended");
      case Fault::close:
        return edit_.answer().websocket ? ending(StepKind::close, fmt::format("closed with {}", rule_.number)) : nullptr;
      case Fault::slow:
        return slow();
      case Fault::latency:
        return latency();
      case Fault::status:
        return status();
      case Fault::duplicate:
        return duplicate();
      case Fault::reorder:
        return reorder();
      case Fault::drop:
        return drop();
      case Fault::corrupt:
        return corrupt();
      case Fault::malformed:
        return malformed();
    }
    return nullptr;
  }

 private:
  std::string place_text() const { return fault_place_text(rule_.place); }

  /// Unrolls rounds until `found()` gives something; nothing where there is none.
  template <class Find>
  auto reach(Find find) -> decltype(find()) {
    for (std::uint64_t rounds = 1;; rounds *= 2) {
      if (auto found = find()) return found;
      if (!edit_.unroll(rounds)) return {};
    }
  }

  /// The event of the rule, or one by chance; of those that have `behind` more behind them.
  std::optional<std::size_t> find_event(std::size_t behind = 0) {
    if (rule_.place.unit != Unit::event) {
      edit_.unroll(1);
      const std::size_t count = Events(edit_).size();
      if (count <= behind) return std::nullopt;
      return static_cast<std::size_t>(random_.below(count - behind));
    }
    return reach([&]() -> std::optional<std::size_t> {
      if (Events(edit_).size() < rule_.place.number || Events(edit_).size() - rule_.place.number < behind) return std::nullopt;
      return static_cast<std::size_t>(rule_.place.number - 1);
    });
  }

  /// Where the rule says; `otherwise` where it says nothing.
  std::optional<Position> find_place(std::size_t otherwise) {
    const FaultPlace& place = rule_.place;
    switch (place.unit) {
      case Unit::none:
        return at(otherwise);
      case Unit::head:
        if (place.side == Side::after && edit_.first() == 0) return std::nullopt;
        return place.side == Side::after ? Position{1, edit_.steps()[0].at} : at(0);
      case Unit::event:
        return place_of_event();
      case Unit::byte:
        return reach([&]() -> std::optional<Position> {
          if (place.number > edit_.body_size()) return std::nullopt;
          return at(edit_.answer().websocket ? message_of_byte(place.number) : edit_.split(place.number));
        });
      case Unit::time:
        return reach([&]() -> std::optional<Position> {
          const auto& steps = edit_.steps();
          const std::size_t count = edit_.answer().rounds == 1 ? steps.size() : edit_.once();
          for (std::size_t i = 0; i < count; ++i) {
            if (steps[i].at >= place.time) return Position{i, place.time};
          }
          return std::nullopt;
        });
    }
    return std::nullopt;
  }
  /// How many of the client's messages come before what is put in there.
  std::uint64_t after(const Position& place) const {
    const bool behind = place.index > 0 && (rule_.place.side != Side::at || rule_.place.unit == Unit::time);
    return edit_.steps()[behind ? place.index - 1 : place.index].after;
  }
  Position at(std::size_t index) { return {index, edit_.steps()[index].at}; }

  std::size_t message_of_byte(std::uint64_t byte) {
    std::uint64_t end = 0;
    for (std::size_t i = edit_.first(); i < edit_.once(); ++i) {
      if (edit_.steps()[i].kind != StepKind::message || edit_.steps()[i].number > 2) continue;
      end += edit_.steps()[i].bytes.size();
      if (byte < end) return i;
    }
    return edit_.once();
  }

  std::optional<Position> place_of_event() {
    const auto index = find_event();
    if (!index) return std::nullopt;
    Events events(edit_);
    const StepRange range = events.steps(*index);
    switch (rule_.place.side) {
      case Side::at:
        return at(range.begin);
      case Side::after:
        return Position{range.end, edit_.steps()[range.end - 1].at};
      case Side::within:
        break;
    }
    return events.are_messages() ? half_of_message(range.begin) : half_of_event(range, events.bytes(*index).size() / 2);
  }
  /// A frame that says how much comes, and not all of it.
  Position half_of_message(std::size_t index) {
    const Step step = edit_.steps()[index];
    std::string frame;
    append_frame(frame, {true, 0, step.number == 1 ? WsOpcode::text : WsOpcode::binary, {}}, step.bytes);
    frame.resize(frame.size() - step.bytes.size() / 2 - (step.bytes.empty() ? 1 : step.bytes.size() % 2));
    edit_.steps()[index] = {step.at, StepKind::raw, 0, edit_.keep(std::move(frame)), step.after};
    return {index + 1, step.at};
  }
  Position half_of_event(StepRange range, std::size_t half) {
    const std::size_t index = edit_.split(offset_of(range.begin) + half);
    return {index, edit_.steps()[index - 1].at};
  }

  std::shared_ptr<const Answer> ending(StepKind kind, std::string_view what) {
    const bool well = kind == StepKind::end || kind == StepKind::close;
    auto place = find_place(well ? edit_.first() : 0);
    if (!place) return nullptr;
    if (well && edit_.first() == 0) return nullptr;  // nothing was answered that could end
    if (well) place->index = std::max(place->index, edit_.first());
    Step last{place->at, kind, 0, {}, after(*place)};
    if (kind == StepKind::close) {
      last.number = rule_.fault == Fault::close ? static_cast<int>(rule_.number) : 1000;
      last.bytes = edit_.keep(rule_.word);
    }
    last.at = std::max(last.at, place->index == 0 ? Nanos{} : edit_.steps()[place->index - 1].at);
    edit_.finish_with(place->index, last);
    return edit_.take(fmt::format("{}{}", what, place_text()));
  }

  std::shared_ptr<const Answer> slow() {
    Answer& answer = edit_.answer();
    answer.rate = answer.rate == 0 ? rule_.number : std::min(answer.rate, rule_.number);
    return edit_.take(fmt::format("slowed to {}/s", format_size(rule_.number)));
  }

  std::shared_ptr<const Answer> latency() {
    const auto range = static_cast<std::uint64_t>((rule_.most - rule_.least).count());
    const Nanos more = rule_.least + Nanos(static_cast<std::int64_t>(random_.below(range + 1)));
    const auto place = find_place(0);
    if (!place) return nullptr;
    for (std::size_t i = place->index; i < edit_.steps().size(); ++i) edit_.steps()[i].at = add(edit_.steps()[i].at, more);
    return edit_.take(fmt::format("{} later{}", format_duration(more), place_text()));
  }

  std::shared_ptr<const Answer> status() {
    const auto plain = make_answer(static_cast<int>(rule_.number), "application/json", std::string(kFaultBody));
    Answer answer = *plain;
    if (rule_.retry_after) answer.headers.push_back({"Retry-After", std::to_string(*rule_.retry_after)});
    const Nanos at = edit_.steps().front().at;
    for (Step& step : answer.steps) step.at = at;
    answer.id = edit_.answer().id;
    answer.origin = edit_.answer().origin;
    answer.note = edit_.answer().note;
    Edit made(std::make_shared<const Answer>(std::move(answer)));
    return made.take(fmt::format("status {}", rule_.number));
  }

  std::shared_ptr<const Answer> duplicate() {
    const auto index = find_event();
    if (!index) return nullptr;
    const StepRange range = Events(edit_).steps(*index);
    std::size_t behind = range.end;
    for (std::size_t i = range.begin; i < range.end; ++i) {
      Step step = edit_.steps()[i];
      step.at = edit_.steps()[range.end - 1].at;
      edit_.insert(behind++, step);
    }
    return edit_.take(fmt::format("event {} twice", *index + 1));
  }

  std::shared_ptr<const Answer> drop() {
    const auto index = find_event();
    if (!index) return nullptr;
    edit_.erase(Events(edit_).steps(*index));
    return edit_.take(fmt::format("event {} left out", *index + 1));
  }

  std::shared_ptr<const Answer> reorder() {
    const auto index = find_event(1);
    if (!index) return nullptr;
    Events events(edit_);
    const StepRange first = events.steps(*index);
    std::size_t behind = events.steps(*index + 1).end;
    const Nanos at = edit_.steps()[behind - 1].at;
    for (std::size_t i = first.begin; i < first.end; ++i) {
      Step step = edit_.steps()[i];
      step.at = at;
      edit_.insert(behind++, step);
    }
    edit_.erase(first);
    return edit_.take(fmt::format("event {} behind event {}", *index + 1, *index + 2));
  }

  std::shared_ptr<const Answer> corrupt() {
    if (rule_.place.unit == Unit::byte) {
      const auto begin =
          reach([&] { return rule_.place.number < edit_.body_size() ? std::optional(rule_.place.number) : std::nullopt; });
      if (!begin) return nullptr;
      const std::uint64_t count = std::min(rule_.number, edit_.body_size() - *begin);
      for (std::uint64_t i = 0; i < count; ++i) flip(*begin + i);
      return edit_.take(fmt::format("{} corrupted from byte {} on", fault_bytes_text(count), *begin));
    }
    const auto index = find_event();
    if (!index) return nullptr;
    Events events(edit_);
    const std::uint64_t begin = offset_of(events.steps(*index).begin);
    const std::size_t size = events.bytes(*index).size();
    if (size == 0) return nullptr;
    const std::uint64_t count = std::min<std::uint64_t>(rule_.number, size);
    for (std::uint64_t i = 0; i < count; ++i) flip(begin + random_.below(size));
    return edit_.take(fmt::format("{} of event {} corrupted", fault_bytes_text(count), *index + 1));
  }

  std::shared_ptr<const Answer> malformed() {
    const bool frames = edit_.answer().websocket;
    std::optional<Position> place;
    if (rule_.place.unit != Unit::none) {
      place = find_place(0);
    } else if (const auto index = find_event()) {
      place = at(Events(edit_).steps(*index).begin);
    }
    if (!place || edit_.first() == 0) return nullptr;
    place->index = std::max(place->index, edit_.first());
    const Nanos at = std::max(place->at, edit_.steps()[place->index - 1].at);
    edit_.insert(place->index, {at, StepKind::raw, 0, frames ? wrong_ws_frame(rule_.word) : kWrongChunk, after(*place)});
    if (!frames) edit_.answer().chunked = true;
    return edit_.take(frames ? fmt::format("a malformed frame ({}){}", rule_.word, place_text())
                             : fmt::format("a malformed chunk{}", place_text()));
  }

  /// Of the body, or of all messages together.
  std::uint64_t offset_of(std::size_t index) const {
    std::uint64_t offset = 0;
    for (std::size_t i = 0; i < index; ++i) offset += payload_size(edit_.steps()[i]);
    return offset;
  }
  static std::size_t payload_size(const Step& step) {
    return step.kind == StepKind::data || (step.kind == StepKind::message && step.number <= 2) ? step.bytes.size() : 0;
  }
  void flip(std::uint64_t offset) {
    for (Step& step : edit_.steps()) {
      const std::size_t size = payload_size(step);
      if (offset >= size) {
        offset -= size;
        continue;
      }
      std::string bytes(step.bytes);
      char& byte = bytes[static_cast<std::size_t>(offset)];
      byte = static_cast<char>(static_cast<unsigned char>(byte) ^ (1 + random_.below(255)));
      step.bytes = edit_.keep(std::move(bytes));
      return;
    }
  }

  const FaultRule& rule_;
  Edit edit_;
  Random& random_;
};

/// All but the kind and the body.
bool concerns(const FaultRule& rule, const FaultRequest& request, std::string_view id) {
  const bool with_query = rule.url.find('?') != std::string::npos;
  const std::string_view target = with_query ? request.target : request.target.substr(0, request.target.find('?'));
  if (!rule.url.empty() && !matches_glob(rule.url, target)) return false;
  if (!rule.method.empty() && !iequals(rule.method, request.method)) return false;
  if (!rule.id.empty() && !matches_glob(rule.id, id)) return false;
  if (rule.header.name.empty()) return true;
  return request.headers != nullptr &&
         std::any_of(request.headers->begin(), request.headers->end(), [&](const HeaderField& field) {
           return iequals(field.name, rule.header.name) && matches_glob(rule.header.value, field.value);
         });
}

}  // namespace

std::vector<std::size_t> FaultPlan::concerned(const FaultRequest& request, std::string_view id) const {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    const std::string& body = rules_[i].body;
    if (!concerns(rules_[i], request, id)) continue;
    if (body.empty() || (request.body_known && matches_glob(body, request.body))) found.push_back(i);
  }
  return found;
}

bool FaultPlan::asks_for_body(const FaultRequest& request) const {
  return std::any_of(rules_.begin(), rules_.end(),
                     [&](const FaultRule& rule) { return !rule.body.empty() && concerns(rule, request, {}); });
}

std::optional<FaultHit> FaultPlan::count(std::size_t rule) {
  const FaultRule& asked = rules_[rule];
  const std::uint64_t nth = ++counts_[rule];
  if (nth < asked.first || nth > asked.last) return std::nullopt;
  Random random(mix(mix(seed_, rule), nth));
  if (asked.rate_millionths < 1'000'000 && random.millionths() >= asked.rate_millionths) return std::nullopt;
  return FaultHit{&asked, rule, random.state()};
}

std::shared_ptr<const Answer> FaultPlan::apply(const FaultRequest& request, std::shared_ptr<const Answer> answer) {
  const StreamKind kind = answer->websocket ? StreamKind::websocket : answer->kind;
  for (const std::size_t rule : concerned(request, answer->id)) {
    if (rules_[rule].kind && *rules_[rule].kind != kind) continue;
    const auto hit = count(rule);
    if (!hit) continue;
    Random random(hit->chance);
    if (auto changed = Hit(*hit->rule, answer, random).apply()) answer = std::move(changed);
  }
  return answer;
}

}  // namespace stream::replay
