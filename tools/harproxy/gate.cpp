#include "harproxy/gate.hpp"

namespace tools::harproxy {

using stream::TapInterest;
using stream::TapTime;

TapInterest Gate::request(Id id, TapTime at, const stream::TapRequest& request) {
  return recording() ? recorder_->request(id, at, request) : TapInterest::none;
}
// The rest is only told of what was let in.
void Gate::request_data(Id id, TapTime at, std::string_view bytes) { recorder_->request_data(id, at, bytes); }
void Gate::request_trailers(Id id, TapTime at, std::span<const stream::TapField> trailers) {
  recorder_->request_trailers(id, at, trailers);
}
void Gate::interim(Id id, TapTime at, int status, std::span<const stream::TapField> fields) {
  recorder_->interim(id, at, status, fields);
}
TapInterest Gate::response(Id id, TapTime at, const stream::TapResponse& response) {
  return recorder_->response(id, at, response);
}
void Gate::data(Id id, TapTime at, std::string_view bytes) { recorder_->data(id, at, bytes); }
void Gate::message(Id id, TapTime at, const stream::TapMessage& message) { recorder_->message(id, at, message); }
void Gate::close(Id id, TapTime at, const stream::TapClose& close) { recorder_->close(id, at, close); }
void Gate::end(Id id, TapTime at, const stream::TapEnd& end) { recorder_->end(id, at, end); }
void Gate::rotate() {
  if (recorder_ == nullptr) return;
  recorder_->idle();
  recorder_->rotate();
}

void Gate::idle() {
  if (recorder_ != nullptr) recorder_->idle();
}

}  // namespace tools::harproxy
