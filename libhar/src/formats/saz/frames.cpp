#include "formats/saz/frames.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "formats/losses.hpp"
#include "formats/saz/meta.hpp"
#include "stream/codec/websocket.hpp"

namespace har::format::saz {
namespace {

using stream::Direction;
using stream::ErrorCode;
using stream::Event;
using stream::EventKind;
using stream::fail;
using stream::Level;
using stream::Nanos;
using stream::Result;
using stream::Status;

constexpr std::string_view kSent = "Request-Length";
constexpr std::string_view kReceived = "Response-Length";

/// What stands before a frame.
struct Head {
  Direction direction = Direction::receive;
  std::uint64_t size = 0;
  bool sized = false;
  std::optional<stream::WallTime> time{};
};

class Parser {
 public:
  Parser(std::string_view text, const FrameOptions& options) : rest_(text), options_(options), size_(text.size()) {
    for (const auto sender : {stream::WsSender::client, stream::WsSender::server}) {
      stream::WsMessageOptions messages;
      messages.sender = sender;
      messages.any_masking = true;
      messages.deflate = options.deflate;
      messages.limits = options.limits;
      sides_.push_back({stream::WsMessageDecoder(messages), false});
    }
  }

  Result<std::vector<Event>> parse() {
    for (;;) {
      while (rest_.starts_with('\r') || rest_.starts_with('\n')) rest_.remove_prefix(1);
      if (rest_.empty()) break;
      const std::uint64_t at = size_ - rest_.size();
      const Head head = take_head();
      // The file's own head has no frame behind it.
      if (!head.sized) continue;
      if (head.size > rest_.size()) {
        note(at, fmt::format("a frame is cut off: {} bytes are announced, and there are {}", head.size, rest_.size()));
        break;
      }
      STREAM_TRY(take_frame(head, rest_.substr(0, static_cast<std::size_t>(head.size)), at));
      rest_.remove_prefix(static_cast<std::size_t>(head.size));
    }
    return std::move(events_);
  }

 private:
  struct Side {
    stream::WsMessageDecoder decoder;
    bool failed = false;
  };

  void note(std::uint64_t at, std::string message) const {
    if (!options_.report) return;
    stream::Place place = options_.place;
    place.offset = at;
    options_.report({Level::warning, "saz-frames", std::move(message), std::move(place)});
  }

  std::string_view take_line() {
    const std::size_t end = rest_.find('\n');
    std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }

  Head take_head() {
    Head head;
    while (!rest_.empty()) {
      const std::string_view line = take_line();
      if (line.empty()) return head;
      const std::size_t colon = line.find(':');
      if (colon == std::string_view::npos) continue;
      const std::string_view name = line.substr(0, colon);
      std::string_view value = line.substr(colon + 1);
      value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
      if (name == kSent || name == kReceived) {
        head.direction = name == kSent ? Direction::send : Direction::receive;
        head.sized = std::from_chars(value.data(), value.data() + value.size(), head.size).ec == std::errc();
      } else if (name == "DoneRead") {
        head.time = parse_time(value);
      }
    }
    return head;
  }

  Status take_frame(const Head& head, std::string_view frame, std::uint64_t at) {
    Side& side = sides_[head.direction == Direction::send ? 0 : 1];
    if (head.time) time_ = std::max(*head.time - options_.start, Nanos{});
    if (side.failed) return {};
    if (side.decoder.closed()) {
      note(at, "frames behind the one that closes are left out");
      side.failed = true;
      return {};
    }
    std::vector<stream::WsMessage> messages;
    const Status status = side.decoder.feed(frame, messages);
    for (stream::WsMessage& message : messages) {
      total_ += message.data.size();
      if (total_ > options_.limits.max_entry) {
        return fail({ErrorCode::limit, fmt::format("the session's messages are larger than {} bytes", options_.limits.max_entry),
                     options_.place, "raise the limit with --max-entry"});
      }
      add(head.direction, std::move(message));
    }
    if (!status) {
      if (status.error().code == ErrorCode::limit) return fail(status.error());
      side.failed = true;
      note(at, fmt::format("{}; frames of this direction from here on are left out", status.error().message));
    }
    return {};
  }

  void add(Direction direction, stream::WsMessage message) {
    Event event;
    event.direction = direction;
    event.t = time_;
    if (message.opcode == stream::WsOpcode::close) {
      event.kind = EventKind::close;
      if (message.code) event.code = *message.code;
      event.reason = std::move(message.data);
    } else {
      event.kind = EventKind::message;
      event.opcode = static_cast<int>(message.opcode);
      event.data = std::move(message.data);
    }
    events_.push_back(std::move(event));
  }

  std::string_view rest_;
  const FrameOptions& options_;
  std::size_t size_;
  std::vector<Side> sides_;
  std::vector<Event> events_;
  Nanos time_{};
  std::uint64_t total_ = 0;
};

/// The frame of an event; empty: there is none.
std::string frame_of(const Event& event, std::string& why) {
  // A client's frames are masked, with a key that changes nothing: there is nobody to be protected from.
  const std::optional<stream::WsMask> mask = event.direction == Direction::send ? std::optional(stream::WsMask{}) : std::nullopt;
  std::string out;
  if (event.kind == EventKind::close) {
    std::optional<int> code = event.code;
    if (code == stream::kWsNoStatus && event.reason.empty()) code.reset();
    if (!stream::append_close(out, code, event.reason, mask)) {
      out.clear();
      why = code ? fmt::format("a close with the code {} was no frame", *code) : "a close without a code has no reason";
    }
    return out;
  }
  stream::WsFrameHead head;
  head.mask = mask;
  constexpr std::size_t kMostOfControl = 125;
  switch (event.opcode) {
    case 1:
    case 2:
      break;
    case 9:
    case 10:
      if (event.data.size() <= kMostOfControl) break;
      why = "a ping or pong of more than 125 bytes is no frame";
      return out;
    default:
      why = fmt::format("there is no frame for a message of opcode {}", event.opcode);
      return out;
  }
  head.opcode = static_cast<stream::WsOpcode>(event.opcode);
  append_frame(out, head, event.data);
  return out;
}

}  // namespace

Result<std::vector<Event>> parse_frames(std::string_view text, const FrameOptions& options) {
  return Parser(text, options).parse();
}

std::string write_frames(const stream::Exchange& exchange, stream::WallTime start, const stream::Place& place,
                         const stream::FindingSink& report) {
  std::string out;
  std::size_t number = 0;
  for (const Event& event : exchange.timeline) {
    if (event.kind != EventKind::message && event.kind != EventKind::close) continue;
    std::string why;
    const std::string frame = frame_of(event, why);
    if (frame.empty()) {
      report_loss(event.kind == EventKind::close ? "_webSocketClose" : "_webSocketMessages", why, place, report);
      continue;
    }
    const std::string time = format_time(start + event.t);
    if (out.empty()) out = "\r\n";  // a head without lines
    out += fmt::format("{}: {}\r\nID: {}\r\nBitFlags: 0\r\nDoneRead: {}\r\nBeginSend: {}\r\nDoneSend: {}\r\n\r\n",
                       event.direction == Direction::send ? kSent : kReceived, frame.size(), ++number, time, time, time);
    out += frame;
    out += "\r\n";
  }
  return out;
}

}  // namespace har::format::saz
