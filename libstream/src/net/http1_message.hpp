#pragma once

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "stream/net/server.hpp"

/// HTTP/1 as text: no socket and no clock here.
namespace stream::net {

/// A request body of which the beginning is kept and the rest counted.
struct KeptBody {
  struct value_type {
    std::string bytes{};
    std::uint64_t size = 0;
    std::size_t keep = 0;
  };

  class reader {
   public:
    template <bool is_request, class Fields>
    explicit reader(boost::beast::http::header<is_request, Fields>&, value_type& body) : body_(body) {}
    void init(const boost::optional<std::uint64_t>&, boost::beast::error_code& error) { error = {}; }
    template <class Buffers>
    std::size_t put(const Buffers& buffers, boost::beast::error_code& error) {
      error = {};
      std::size_t total = 0;
      for (auto it = boost::asio::buffer_sequence_begin(buffers); it != boost::asio::buffer_sequence_end(buffers); ++it) {
        const boost::asio::const_buffer piece = *it;
        const std::size_t room = body_.keep - body_.bytes.size();
        body_.bytes.append(static_cast<const char*>(piece.data()), std::min(room, piece.size()));
        total += piece.size();
      }
      body_.size += total;
      return total;
    }
    void finish(boost::beast::error_code& error) { error = {}; }

   private:
    value_type& body_;
  };
};

using RequestHeader = boost::beast::http::request_header<>;
using RequestParser = boost::beast::http::request_parser<KeptBody>;

/// The head of a request, with the target's forms (RFC 9112 §3.2) brought to one.
Request make_request(const RequestHeader& header, std::string peer);

/// What CONNECT asks for.
struct ConnectTarget {
  std::string host{};  ///< without the brackets of an IPv6 address
  std::uint16_t port = 0;
  bool address = false;  ///< the host is an IP address

  bool operator==(const ConnectTarget&) const = default;
};
/// RFC 9112 §3.2.3: a host and a port, which is not 0. A host has letters, digits, "-", "." and "_".
std::optional<ConnectTarget> parse_connect_target(std::string_view target);
/// Tells a request that it came through a tunnel to `authority`, which CONNECT named.
void set_tunnel(Request& request, std::string_view authority);

/// The status that answers a request which cannot be read.
int status_of_error(const boost::beast::error_code& error);
/// "Not Found"; empty for a status without a name.
std::string_view standard_reason(int status);

enum class Framing {
  none,         ///< no body follows: HEAD, 1xx, 204, 304
  length,       ///< Content-Length
  chunked,      ///< only HTTP/1.1
  until_close,  ///< HTTP/1.0 without a length
};

struct ResponseHead {
  std::string bytes{};  ///< with the empty line
  Framing framing = Framing::none;
  bool keep_alive = false;
};

/// The head of an answer to `request`; `keep_alive`: the client would go on with this connection.
///
/// A complete body that was recorded with a Content-Length gets one, of its own size; any other goes in chunks. A body that
/// was cut off gets the Content-Length it was recorded with, if that says more than there is, so that the client notices.
ResponseHead make_response_head(const replay::Answer& answer, const Request& request, bool keep_alive);

/// `size` in hexadecimal and CR LF.
void append_chunk_size(std::string& out, std::size_t size);
/// The last chunk and the trailer fields.
void append_last_chunk(std::string& out, const replay::Answer& answer);

/// A whole response with a JSON body {"error": why}, after which the connection is closed.
std::string make_refusal(int status, std::string_view why);

}  // namespace stream::net
