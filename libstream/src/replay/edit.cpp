#include "edit.hpp"

#include <algorithm>

#include "clock.hpp"
#include "stream/codec/sse.hpp"

namespace stream::replay {
namespace {

constexpr std::size_t kMostSteps = 1'000'000;

bool is_payload(const Step& step) { return step.kind == StepKind::data || (step.kind == StepKind::message && step.number <= 2); }

std::ptrdiff_t at(std::size_t index) { return static_cast<std::ptrdiff_t>(index); }

}  // namespace

bool is_plain(const Answer& answer) {
  const std::string_view coding = find_header(answer.headers, "content-encoding");
  return coding.empty() || iequals(coding, "identity");
}

Edit::Edit(std::shared_ptr<const Answer> origin) : answer_(*origin), kept_(std::make_shared<Kept>()) {
  answer_.origin = origin->origin ? origin->origin : origin;
  kept_->origin = std::move(origin);
}

bool Edit::unroll(std::uint64_t rounds) {
  if (answer_.rounds == 1) return false;
  if (answer_.rounds != 0) rounds = std::min(rounds, answer_.rounds - 1);
  const std::size_t first = answer_.loop_first;
  const std::size_t size = steps().size() - 1 - first;
  if (size == 0 || steps().size() >= kMostSteps) return false;
  rounds = std::min<std::uint64_t>(rounds, std::max<std::size_t>(1, (kMostSteps - steps().size()) / size));
  const std::vector<Step> round(steps().begin() + at(first), steps().end());  // with the last step
  steps().resize(first);
  Nanos shift{};
  for (std::uint64_t i = 0; i <= rounds; ++i) {
    for (Step step : round) {
      if (is_last(step.kind) && i != rounds) continue;
      step.at = add(step.at, shift);
      step.after += i * answer_.client.size();
      steps().push_back(step);
    }
    shift = add(shift, answer_.loop_period);
  }
  answer_.loop_first = first + static_cast<std::size_t>(rounds) * size;
  if (answer_.rounds != 0) answer_.rounds -= rounds;
  return true;
}

std::string Edit::body() const {
  std::string bytes;
  for (std::size_t i = 0; i < once(); ++i) {
    if (is_payload(answer_.steps[i])) bytes += answer_.steps[i].bytes;
  }
  return bytes;
}

std::uint64_t Edit::body_size() const {
  std::uint64_t size = 0;
  for (std::size_t i = 0; i < once(); ++i) {
    if (is_payload(answer_.steps[i])) size += answer_.steps[i].bytes.size();
  }
  return size;
}

std::size_t Edit::split(std::uint64_t offset) {
  std::uint64_t begin = 0;
  std::size_t behind = first();
  for (std::size_t i = first(); i < once(); ++i) {
    const Step step = steps()[i];
    if (step.kind != StepKind::data) continue;
    if (begin == offset) return i;
    const std::uint64_t end = begin + step.bytes.size();
    behind = i + 1;
    if (offset < end) {
      const auto size = static_cast<std::size_t>(offset - begin);
      steps()[i].bytes = step.bytes.substr(0, size);
      Step rest = step;
      rest.bytes.remove_prefix(size);
      insert(behind, rest);
      return behind;
    }
    begin = end;
    if (begin == offset) return behind;
  }
  return behind;
}

void Edit::insert(std::size_t index, Step step) {
  steps().insert(steps().begin() + at(index), step);
  if (answer_.rounds != 1) ++answer_.loop_first;
}

void Edit::erase(StepRange range) {
  steps().erase(steps().begin() + at(range.begin), steps().begin() + at(range.end));
  if (answer_.rounds != 1) answer_.loop_first -= range.end - range.begin;
}

void Edit::finish_with(std::size_t index, Step last) {
  steps().resize(index);
  steps().push_back(last);
  answer_.rounds = 1;
  answer_.loop_first = 0;
  answer_.complete = last.kind == StepKind::end;
  if (index == 0) answer_.status = 0;
}

std::string_view Edit::keep(std::string bytes) { return kept_->strings.emplace_back(std::move(bytes)); }

std::shared_ptr<const Answer> Edit::take(std::string_view note) {
  answer_.body_size = 0;
  for (const Step& step : steps()) {
    if (step.kind == StepKind::data) answer_.body_size += step.bytes.size();
  }
  if (!answer_.note.empty() && !note.empty()) answer_.note += "; ";
  answer_.note += note;
  answer_.owner = std::move(kept_);
  return std::make_shared<const Answer>(std::move(answer_));
}

Events::Events(Edit& edit) : edit_(edit) {
  if (edit.answer().websocket) {
    messages_ = true;
    for (std::size_t i = edit.first(); i < edit.once(); ++i) {
      if (is_payload(edit.steps()[i])) extents_.push_back({i, i + 1});
    }
    return;
  }
  const StreamKind kind = is_plain(edit.answer()) ? edit.answer().kind : StreamKind::binary;
  if (kind == StreamKind::sse || kind == StreamKind::ndjson || kind == StreamKind::text || kind == StreamKind::json_seq) {
    find_in(kind, edit.body());
    return;
  }
  std::uint64_t begin = 0;
  for (std::size_t i = edit.first(); i < edit.once(); ++i) {
    if (edit.steps()[i].kind != StepKind::data) continue;
    const std::uint64_t end = begin + edit.steps()[i].bytes.size();
    extents_.push_back({begin, end});
    begin = end;
  }
}

void Events::find_in(StreamKind kind, std::string_view body) {
  if (kind == StreamKind::sse) {
    SseOptions options;
    options.limits.max_entry = std::max(options.limits.max_entry, body.size() + 1);
    SseDecoder decoder(std::move(options));
    std::vector<SseItem> items;
    if (!decoder.feed(body, items) || !decoder.finish(items)) return;
    for (const SseItem& item : items) {
      if (item.kind == SseItem::Kind::event) extents_.push_back({item.begin, item.end});
    }
    return;
  }
  constexpr char kRecord = '\x1e';  // RFC 7464: it begins a text
  const bool sequence = kind == StreamKind::json_seq;
  for (std::size_t from = 0, to = 0; from < body.size(); from = to) {
    to = body.find(sequence ? kRecord : '\n', from + (sequence ? 1 : 0));
    to = to == std::string_view::npos ? body.size() : to + (sequence ? 0 : 1);
    if (body.substr(from, to - from).find_first_not_of("\r\n\x1e \t") != std::string_view::npos) extents_.push_back({from, to});
  }
}

StepRange Events::steps(std::size_t index) {
  const Extent extent = extents_[index];
  if (messages_) return {static_cast<std::size_t>(extent.begin), static_cast<std::size_t>(extent.end)};
  const std::size_t begin = edit_.split(extent.begin);
  // An end inside of a step makes one more of it, behind `begin`.
  return {begin, edit_.split(extent.end)};
}

std::string Events::bytes(std::size_t index) {
  const StepRange range = steps(index);
  std::string bytes;
  for (std::size_t i = range.begin; i < range.end; ++i) bytes += edit_.steps()[i].bytes;
  return bytes;
}

}  // namespace stream::replay
