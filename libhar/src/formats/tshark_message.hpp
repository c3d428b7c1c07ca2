#pragma once

#include <optional>
#include <string>
#include <vector>

#include "formats/http_message.hpp"
#include "formats/logged_exchange.hpp"
#include "formats/tshark_frame.hpp"

namespace har::format {

/// How many octets came when, of one direction of a connection, since its last message.
struct TsharkArrivals {
  struct Part {
    stream::WallTime time{};
    std::uint64_t size = 0;
  };
  std::vector<Part> parts{};
  std::uint64_t size = 0;
  void add(stream::WallTime time, std::uint64_t count);
  /// When octet number `at` of a message that is `whole` long and ends here came; `otherwise` if that is not known.
  stream::WallTime time_of(std::uint64_t at, std::uint64_t whole, stream::WallTime otherwise) const;
  void clear() { *this = {}; }
};

/// A message of HTTP/1 as tshark shows it.
struct TsharkMessage {
  bool is_request = false;
  bool is_response = false;
  RequestMessage request{};
  ResponseMessage response{};  ///< without its body
  std::vector<std::string> pieces{};
  bool decoded = false;  ///< tshark has undone the body's content coding
  std::optional<std::uint64_t> coded_size{};
  bool damaged = false;                      ///< tshark wrote the body as text, and it is none
  std::uint64_t head_size = 0;               ///< on the wire
  std::uint64_t size = 0;                    ///< on the wire, about
  std::vector<std::uint64_t> ends{};         ///< of each piece: where it ends on the wire
  std::optional<std::int64_t> request_in{};  ///< the number of the packet that it answers
};

/// `octets`: of the layer, with -x. `tls`: the URL is https where tshark does not say it.
TsharkMessage tshark_message(const TsharkLayer& http, const std::optional<std::string>& octets, bool tls);

}  // namespace har::format
