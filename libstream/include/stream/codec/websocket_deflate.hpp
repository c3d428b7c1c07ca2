#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stream/io/error.hpp"
#include "stream/io/limits.hpp"

/// Compression of WebSocket messages: permessage-deflate (RFC 7692), and its negotiation.
namespace stream {

/// Whose messages: the two directions are compressed independently of each other.
enum class WsSender { client, server };

/// What both sides have agreed on (RFC 7692 §7.1). Window bits are 8 to 15.
struct WsDeflateParams {
  bool server_no_context_takeover = false;
  bool client_no_context_takeover = false;
  int server_max_window_bits = 15;
  int client_max_window_bits = 15;

  /// Whether `sender` may refer back to its earlier messages, and how far.
  bool context_takeover(WsSender sender) const {
    return !(sender == WsSender::server ? server_no_context_takeover : client_no_context_takeover);
  }
  int window_bits(WsSender sender) const { return sender == WsSender::server ? server_max_window_bits : client_max_window_bits; }

  bool operator==(const WsDeflateParams&) const = default;
};

/// One element of a Sec-WebSocket-Extensions header (RFC 6455 §9.1).
struct WsExtension {
  struct Param {
    std::string name{};
    std::optional<std::string> value{};  ///< without quotes
    bool operator==(const Param&) const = default;
  };
  std::string name{};
  std::vector<Param> params{};

  bool operator==(const WsExtension&) const = default;
};

/// Reads the header's value; several headers are joined with ", " beforehand. Nothing, if it is empty. Errors: `syntax`.
Result<std::vector<WsExtension>> parse_ws_extensions(std::string_view header);
std::string to_string(const WsExtension& extension);

/// What a client asks for.
struct WsDeflateOffer {
  bool server_no_context_takeover = false;
  bool client_no_context_takeover = false;
  std::optional<int> server_max_window_bits{};
  /// The client will keep to a smaller window if the server answers so; without it the server must not ask.
  bool client_window = true;
  std::optional<int> client_max_window_bits{};  ///< with client_window: the largest that the client will use

  bool operator==(const WsDeflateOffer&) const = default;
};

/// The client's header: "permessage-deflate; client_max_window_bits".
std::string to_string(const WsDeflateOffer& offer);

/// What one extension element asks for; no value if it is not permessage-deflate or not a valid offer (RFC 7692 §7:
/// unknown or repeated parameters, values out of range), which a server declines.
std::optional<WsDeflateOffer> read_ws_deflate_offer(const WsExtension& extension);

/// A server's answer to a client's header.
struct WsDeflateAnswer {
  WsDeflateParams params{};
  std::string header{};  ///< the value of Sec-WebSocket-Extensions in the response
};

/// Accepts the first offer of the client's header that can be met; no value: answer without the extension. `wanted` is
/// what the server would like: smaller windows and no takeover are asked for where the offer allows it.
/// Errors: `syntax`: the header cannot be read.
Result<std::optional<WsDeflateAnswer>> answer_ws_deflate(std::string_view offers, const WsDeflateParams& wanted = {});

/// What a server's response agrees to; no value: no compression. With `offer`, what the client had asked for, the answer
/// must keep to it. Errors: `syntax`; `unsupported`: another extension than permessage-deflate, or an answer that RFC 7692
/// §7.1 does not allow: a client must fail the connection.
Result<std::optional<WsDeflateParams>> agreed_ws_deflate(std::string_view response, const WsDeflateOffer* offer = nullptr);

/// Inflates the messages of one sender, in order, piece by piece.
class WsInflater {
 public:
  /// Always uses a window of 32 KiB, for that reads what was made with any smaller one (and some writers use one of 512
  /// bytes where 256 were agreed).
  explicit WsInflater(bool context_takeover);
  WsInflater(WsInflater&&) noexcept;
  WsInflater& operator=(WsInflater&&) noexcept;
  ~WsInflater();

  /// Appends to `out` what `bytes`, a piece of a message's payload, give. Once `out` would be larger than `limit` it is
  /// filled up to that and refused. Errors: `syntax`, `limit` (--max-entry); the inflater is of no use afterwards.
  Status inflate(std::string_view bytes, std::string& out, std::size_t limit);
  /// The message is complete (RFC 7692 §7.2.2: the tail is put back). Errors: as above.
  Status end_message(std::string& out, std::size_t limit);

 private:
  struct State;
  Status run(std::string_view bytes, std::string& out, std::size_t limit, bool tail);
  std::unique_ptr<State> state_;
};

/// Deflates the messages of one sender, in order.
class WsDeflater {
 public:
  /// `window_bits` 8 to 15. zlib has no raw deflate with 8; there a window of 9 bits is used, in which zlib never refers
  /// further back than 512-262 = 250 bytes. `level` 0 to 9.
  WsDeflater(int window_bits, bool context_takeover, int level = 6);
  WsDeflater(const WsDeflateParams& params, WsSender sender, int level = 6)
      : WsDeflater(params.window_bits(sender), params.context_takeover(sender), level) {}
  WsDeflater(WsDeflater&&) noexcept;
  WsDeflater& operator=(WsDeflater&&) noexcept;
  ~WsDeflater();

  /// Appends the payload of the whole message (RFC 7692 §7.2.1: without the tail 00 00 ff ff), for frames of which the first
  /// has RSV1.
  void deflate(std::string_view message, std::string& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace stream
