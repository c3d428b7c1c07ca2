#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/io/error.hpp"
#include "stream/io/finding.hpp"
#include "stream/io/limits.hpp"
#include "stream/record/event.hpp"

/// What is compared: an exchange as a sequence of items, whatever chunks its bytes came in.
namespace stream {

enum class ItemKind : std::uint8_t {
  event,       ///< a server-sent event
  id_block,    ///< a server-sent block without data: no event, but its id or its retry time counts
  unfinished,  ///< what an event stream ended in the middle of
  comment,     ///< a comment of an event stream
  record,      ///< a line of NDJSON, an element of a JSON sequence
  line,        ///< a line of text
  part,        ///< a part of a multipart body
  message,     ///< a WebSocket message
  control,     ///< a WebSocket ping or pong
  close,       ///< a WebSocket close
  body,        ///< a whole body
  chunk,       ///< bytes as they came together
};
inline constexpr std::size_t kItemKinds = 12;
std::string_view to_string(ItemKind kind);  ///< "event", "unfinished event", "record" …

/// A named part of an item beside its data: type, id, retry (event, id_block); state (record of a JSON sequence that is
/// "truncated" or "stray"); newline (line: "lf", "crlf" or "none"); header/NAME (part, lower case, without Content-Length);
/// opcode (message, control); code, reason (close).
struct ItemField {
  std::string name{};
  std::string value{};
  bool operator==(const ItemField&) const = default;
};

/// How an item's data is to be compared.
enum class DataForm : std::uint8_t {
  none,    ///< there is none
  value,   ///< as JSON if it is JSON (RFC 8259), else as text
  ndjson,  ///< as the JSON array of its lines if all of them are JSON, else as text
  text,
  bytes,
};

struct Item {
  ItemKind kind = ItemKind::event;
  Direction direction = Direction::receive;
  std::size_t number = 0;           ///< among the items of its kind, from 1; an unfinished event counts as an event
  std::size_t position = 0;         ///< among all items of its exchange, from 0
  std::optional<Nanos> t{};         ///< arrival of the chunk that completed it; none where arrival times are unknown
  std::uint64_t offset = 0;         ///< of its first byte in the body
  std::uint64_t line = 0;           ///< in the body, from 1; 0: unknown
  std::vector<ItemField> fields{};  ///< in a fixed order for each kind; no name twice but for repeated headers
  DataForm form = DataForm::none;
  std::string data{};

  bool operator==(const Item&) const = default;
};

/// How the body of an ordinary answer is cut into items.
enum class BodyForm : std::uint8_t { value, text, bytes };

/// Comments, pings and pongs.
enum class Noise : std::uint8_t {
  leave_out,
  position,  ///< where they stand, and not what they say
  include,
};

struct DecodeOptions {
  Noise noise = Noise::leave_out;
  bool chunks = false;              ///< the body is cut as its bytes came, and not by what they are
  BodyForm body = BodyForm::value;  ///< of kinds http and websocket: one item for `value` and `bytes`, one a line for `text`
  std::string boundary{};           ///< of a multipart body; empty: found in the body
  std::optional<Nanos> origin{};    ///< what times are counted from; none: items have no time
  Limits limits{};
  std::string source{};    ///< for places in messages
  FindingSink findings{};  ///< what the codecs tolerated
};

/// Turns the timeline of one exchange into items, event by event as they come. Chunk boundaries never matter.
class ItemDecoder {
 public:
  ItemDecoder() = default;
  ItemDecoder(const ItemDecoder&) = delete;
  ItemDecoder& operator=(const ItemDecoder&) = delete;
  virtual ~ItemDecoder() = default;

  /// Appends the items that `event` completes. Takes received data, messages and closes; other events are no items.
  /// Errors: `limit`.
  virtual Status add(const Event& event, std::vector<Item>& out) = 0;
  /// The same for a piece of received data.
  virtual Status add_data(std::string_view bytes, Nanos t, std::vector<Item>& out) = 0;
  /// The kind of the items, if each line of the body is one.
  virtual std::optional<ItemKind> kind_of_lines() const { return std::nullopt; }
  /// Whether the next byte begins a line that is not the first. Then lines that are equal on both sides need not be added.
  virtual bool between_lines() const { return false; }
  /// Between lines: passes over whole lines that came at `t`. Of NDJSON none may be empty or hold U+0000. What the last one's
  /// time is.
  virtual std::optional<Nanos> skip(std::uint64_t /*bytes*/, std::uint64_t /*lines*/, Nanos /*t*/) { return std::nullopt; }
  /// The end of the exchange. Nothing may be added after it.
  ///
  /// A body that holds bytes but no item of its kind (an error page under the type of an event stream) becomes one item of
  /// kind `body`: two such bodies are not equal because nothing was found in either.
  virtual Status finish(std::vector<Item>& out) = 0;
};
std::unique_ptr<ItemDecoder> make_item_decoder(StreamKind kind, DecodeOptions options);

/// A body by itself: without a request, a status, and times.
bool is_bare_body(const Exchange& exchange);

/// The type of the answer, lower case and without parameters ("text/event-stream"); empty if it is not known.
std::string content_type(const Exchange& exchange);
/// The type as written, with parameters.
std::string_view content_type_header(const Exchange& exchange);

/// The forms a body may take, by its type, its kind and its bytes; from the most structured on. A body without a type may be
/// anything that its bytes allow.
std::vector<BodyForm> body_forms(const Exchange& exchange, const Limits& limits);

/// All items of an exchange. `options.origin` and `options.boundary` are filled from the exchange where they are not set.
Result<std::vector<Item>> decode_items(const Exchange& exchange, StreamKind kind, DecodeOptions options);

/// "application/json", "text/json", "…+json".
bool is_json_type(std::string_view media_type);

}  // namespace stream
