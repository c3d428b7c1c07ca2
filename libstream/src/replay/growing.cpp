#include "stream/replay/growing.hpp"

#include "clock.hpp"
#include "ending.hpp"

namespace stream::replay {
namespace {

bool names_coding(const Exchange& exchange) {
  const Json& headers = exchange.response->object["headers"];
  if (!headers.is_array()) return false;
  for (const Json& header : headers.as_array()) {
    if (iequals(header["name"].string_or(""), "content-encoding")) return true;
  }
  return false;
}

}  // namespace

GrowingAnswer::GrowingAnswer(const Exchange& begun, const Pace& pace) : pace_(pace), made_(std::make_shared<Answer>()) {
  head_.id = begun.id;
  head_.start = begun.start;
  head_.request = begun.request;
  head_.response = begun.response;
  clock_ = std::make_unique<Clock>(stream::replay::add(begun.begin(), pace_.start.value_or(Nanos{})), pace_);
  made_->live = std::make_shared<LiveSteps>(LiveSteps::Keep::all);
  answer_ = made_;
  // Whether the bytes are in the coding that the head names, they say themselves.
  if (!names_coding(begun)) head(nullptr);
  for (const Event& event : begun.timeline) this->add(event);
}

GrowingAnswer::~GrowingAnswer() = default;

void GrowingAnswer::head(const Event* first) {
  headed_ = true;
  auto sample = std::make_shared<Exchange>(head_);
  if (first != nullptr) sample->timeline.push_back(*first);
  const auto like = make_answer(std::move(sample), pace_);
  made_->id = like->id;
  made_->status = like->status;
  made_->reason = like->reason;
  made_->headers = like->headers;
  made_->head_only = like->head_only;
  made_->kind = like->kind;
  made_->recorded_coding = like->recorded_coding;
  made_->recorded_at = like->recorded_at;
  made_->chunked = true;
  made_->complete = true;
  made_->live->push({clock_->head(head_.response->t), StepKind::head, 0, {}});
}

void GrowingAnswer::data(const Event& event) {
  if (event.direction != Direction::receive || event.data.empty()) return;
  if (!headed_) head(&event);
  if (pace_.start && event.t < stream::replay::add(head_.begin(), *pace_.start)) return;
  made_->live->push({clock_->payload(event.t), StepKind::data, 0, event.data});
}

void GrowingAnswer::add(const Event& event) {
  if (over()) return;
  if (pace_.end && event.t >= stream::replay::add(head_.begin(), *pace_.end)) {
    if (!headed_) head(nullptr);
    return made_->live->push({clock_->other(stream::replay::add(head_.begin(), *pace_.end)), StepKind::end, 0, {}});
  }
  if (event.kind == EventKind::data) return data(event);
  if (event.kind != EventKind::end) return;
  if (!headed_) head(nullptr);
  made_->trailers = end_to_end_headers(event.trailers);
  made_->live->push({clock_->other(event.t), ending_of(event.reason), 0, {}});
}

bool GrowingAnswer::over() const { return made_->live->ended(); }

}  // namespace stream::replay
