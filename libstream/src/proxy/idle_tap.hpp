#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "stream/record/tap.hpp"

namespace stream::proxy {

/// Hands everything on to another tap, and tells it when the handlers that were ready have run.
class IdleTap final : public Tap {
 public:
  /// `to` outlives it, and it the context's run().
  explicit IdleTap(Tap& to) : to_(to) {}
  void runs_in(boost::asio::io_context& context) { context_ = &context; }

  TapInterest request(Id id, TapTime at, const TapRequest& request) override { return busy().request(id, at, request); }
  void request_data(Id id, TapTime at, std::string_view bytes) override { busy().request_data(id, at, bytes); }
  void request_trailers(Id id, TapTime at, std::span<const TapField> trailers) override {
    busy().request_trailers(id, at, trailers);
  }
  void interim(Id id, TapTime at, int status, std::span<const TapField> fields) override {
    busy().interim(id, at, status, fields);
  }
  TapInterest response(Id id, TapTime at, const TapResponse& response) override { return busy().response(id, at, response); }
  void data(Id id, TapTime at, std::string_view bytes) override { busy().data(id, at, bytes); }
  void message(Id id, TapTime at, const TapMessage& message) override { busy().message(id, at, message); }
  void close(Id id, TapTime at, const TapClose& close) override { busy().close(id, at, close); }
  void end(Id id, TapTime at, const TapEnd& end) override { busy().end(id, at, end); }
  void idle() override { to_.idle(); }

 private:
  Tap& busy() {
    if (!waiting_ && context_ != nullptr) {
      waiting_ = true;
      boost::asio::post(*context_, [this] {
        waiting_ = false;
        to_.idle();
      });
    }
    return to_;
  }

  Tap& to_;
  boost::asio::io_context* context_ = nullptr;
  bool waiting_ = false;
};

}  // namespace stream::proxy
