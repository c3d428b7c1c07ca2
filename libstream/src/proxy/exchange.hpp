#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "heads.hpp"
#include "http1_request.hpp"
#include "http1_response.hpp"
#include "live_fault.hpp"
#include "stream/mock/websocket_mocks.hpp"
#include "stream/record/tap.hpp"
#include "timer_queue.hpp"

namespace stream::proxy {

/// A request on its way, and its answer.
struct Exchange {
  explicit Exchange(const net::Http1RequestLimits& limits) : request(limits) {}

  Tap::Id id = 0;     ///< 0: its head has not come
  bool told = false;  ///< somebody wants to hear of it
  net::Http1RequestReader request;
  std::string raw_head{};  ///< as it came
  net::Http1RequestHead head{};
  Destination to{};
  bool websocket = false;
  bool sent_head = false;
  bool request_done = false;

  std::optional<net::Http1ResponseReader> response{};
  std::string held{};  ///< of a response's head, until all of it is here
  bool headed = false;
  int status = 0;
  bool response_done = false;
  bool reusable = false;  ///< the connection to the origin, once both are done

  /// What was sent to an origin whose connection had been used before, as long as it may have to be sent again.
  std::string copy{};
  std::string again{};  ///< of it, while there is a new connection to be made
  bool repeatable = false;

  net::SteadyTime began{};    ///< the request's first byte
  net::SteadyTime reached{};  ///< there was a connection
  net::SteadyTime sent{};     ///< the request's last byte was handed to the system
  net::SteadyTime first{};    ///< the response's first byte
  TapTimings timings{};
  std::uint64_t request_wire = 0;  ///< bytes of bodies with transfer coding
  std::uint64_t response_wire = 0;
  std::vector<replay::HeaderField> trailers{};

  // Mocks.
  bool collecting = false;  ///< all of the request is to come before it is known who answers
  std::string body{};       ///< of a request that is collected, without transfer coding
  bool mocked = false;      ///< the origin is a mock
  /// Of a WebSocket: what answers some of its messages, or all where the origin cannot be reached.
  std::unique_ptr<mock::WebSocketConversation> conversation{};
  std::unique_ptr<LiveFault> fault{};  ///< what goes wrong with the answer; null: nothing
  std::string deviation{};             ///< what the client did that the mock does not know
  bool ended = false;                  ///< it was told so
};

}  // namespace stream::proxy
