// mitmproxy's flow files: typed netstrings, one a flow, with nothing around them. Read flow by flow.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <memory>
#include <utility>

#include "check/url_parts.hpp"
#include "formats/exchange_writer.hpp"
#include "formats/formats.hpp"
#include "formats/http_message.hpp"
#include "formats/message_members.hpp"
#include "formats/mitmproxy/entry_of_flow.hpp"
#include "formats/mitmproxy/flow.hpp"
#include "formats/mitmproxy/flow_of_exchange.hpp"
#include "stream/text/utf8.hpp"

namespace har::format {
namespace {

using stream::ErrorCode;
using stream::fail;
using stream::Place;
using stream::Result;
using stream::Status;

constexpr std::size_t kBuffer = std::size_t{1} << 20;
constexpr std::string_view kSpaces = " \t\r\n";

class Reader final : public ItemReader {
 public:
  Reader(stream::ByteSource& source, const ReadOptions& options)
      : source_(source), options_(options), entry_(options.limits, options.report) {}

  Result<std::optional<Item>> next() override {
    for (;;) {
      continues_ = false;
      if (ended_) return rest();
      auto payload = next_payload();
      if (!payload) {
        if (continues_) return fail(std::move(payload).error());
        ended_ = true;
        error_ = std::move(payload).error();
        continue;
      }
      if (!*payload) {
        ended_ = true;
        continue;
      }
      STREAM_ASSIGN(auto item, take(**payload));
      if (item) return item;
    }
  }
  bool can_continue() const override { return continues_; }
  const LogInfo& info() const override { return info_; }

 private:
  /// A flow that has told of the handshake of a WebSocket, and whose messages come in one of their own.
  struct Handshake {
    std::string id;
    std::string payload;
    std::uint64_t offset = 0;
  };

  Place place(std::uint64_t offset) const { return {source_.name(), 0, 0, offset, {}}; }
  std::size_t available() const { return end_ - begin_; }
  std::string_view held() const { return std::string_view(buffer_).substr(begin_, available()); }

  /// Reads until `count` bytes are there; false where the input ends before. The buffer grows with what comes, and not with what
  /// a length promises.
  Result<bool> ensure(std::size_t count) {
    while (available() < count) {
      if (begin_ != 0) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, available());
        end_ -= begin_;
        begin_ = 0;
      }
      if (end_ == buffer_.size()) buffer_.resize(std::max(kBuffer, std::min(2 * buffer_.size(), count + kBuffer)));
      STREAM_ASSIGN(const std::size_t size, source_.read({buffer_.data() + end_, buffer_.size() - end_}));
      if (size == 0) return false;
      end_ += size;
    }
    return true;
  }
  void consume(std::size_t count) {
    begin_ += count;
    offset_ += count;
  }
  Status skip(std::uint64_t count) {
    while (count > 0) {
      STREAM_ASSIGN(const bool there, ensure(1));
      if (!there) return {};
      const auto step = static_cast<std::size_t>(std::min<std::uint64_t>(count, available()));
      consume(step);
      count -= step;
    }
    return {};
  }

  /// The payload of the next dict; none at the end.
  Result<std::optional<std::string_view>> next_payload() {
    consume(std::exchange(taken_, 0));
    STREAM_ASSIGN(const bool any, ensure(1));
    if (!any) return std::optional<std::string_view>();
    start_ = offset_;
    STREAM_TRY(ensure(mitm::kMaxLengthDigits + 1));
    const std::string_view head = held().substr(0, mitm::kMaxLengthDigits + 1);
    const std::size_t digits = std::min(head.find_first_not_of("0123456789"), head.size());
    if (digits == 0 || digits == head.size() || head[digits] != ':') {
      if (digits > 0 && digits == head.size() && digits <= mitm::kMaxLengthDigits) return cut();
      return fail(
          {ErrorCode::syntax, "expected a flow, its length and a colon", place(offset_), "mitmproxy writes such files with -w"});
    }
    std::uint64_t length = 0;
    for (const char digit : head.substr(0, digits)) length = length * 10 + static_cast<std::uint64_t>(digit - '0');
    if (length > options_.limits.max_entry) {
      const Place where = place(offset_);
      STREAM_TRY(skip(digits + 1 + length + 1));
      continues_ = true;
      return fail({ErrorCode::limit, fmt::format("the flow is of {} bytes, more than {}", length, options_.limits.max_entry),
                   where, "raise the limit with --max-entry"});
    }
    const auto size = static_cast<std::size_t>(length);
    STREAM_ASSIGN(const bool whole, ensure(digits + 1 + size + 1));
    if (!whole) return cut();
    const std::string_view flow = held().substr(digits + 1, size + 1);
    if (flow.back() != mitm::tag::kDict) {
      return fail({ErrorCode::syntax, fmt::format("expected a dict, \"}}\", where the flow of {} bytes ends", length),
                   place(offset_ + digits + 1 + size), ""});
    }
    payload_offset_ = offset_ + digits + 1;
    taken_ = digits + 1 + size + 1;
    return std::optional(flow.substr(0, size));
  }
  tl::unexpected<stream::Error> cut() const {
    return fail({ErrorCode::truncated, "the input ends inside a flow", place(start_), "the flows before it are there"});
  }

  Result<std::optional<Item>> take(std::string_view payload) {
    if (const auto wrong = mitm::read_flow(payload, flow_)) {
      continues_ = true;
      Place where = place(payload_offset_ + wrong->offset);
      where.pointer = wrong->pointer;
      return fail({ErrorCode::syntax, wrong->message, where, ""});
    }
    if (flow_.version > mitm::kNewest && !std::exchange(newer_, true)) {
      warn("mitmproxy-version", fmt::format("version {} is newer than those that are known, up to {}; it is read as that",
                                            flow_.version, mitm::kNewest));
    }
    if (!flow_.handshake.empty()) return join();
    if (flow_.type != "http") {
      const std::string type = stream::replace_invalid_utf8(flow_.type.substr(0, 40));
      report_loss("flow-" + (type == "tcp" || type == "udp" || type == "dns" || type == "websocket" ? type : "type"),
                  fmt::format("a flow of type {} is left out: it is no exchange of HTTP", type), place(start_), options_.report);
      return std::optional<Item>();
    }
    if (flow_.awaits_websocket && held_bytes_ + payload.size() <= options_.limits.max_entry) {
      held_bytes_ += payload.size();
      handshakes_.push_back({std::string(flow_.id), std::string(payload), start_});
      return std::optional<Item>();
    }
    return item(start_);
  }

  /// The messages of a WebSocket: they become a part of the flow with its handshake.
  Result<std::optional<Item>> join() {
    const auto found = std::find_if(handshakes_.begin(), handshakes_.end(),
                                    [&](const Handshake& handshake) { return handshake.id == flow_.handshake; });
    if (found == handshakes_.end()) {
      warn("mitmproxy-handshake", "there is no flow with the handshake of these messages; its request is made up");
      make_up_handshake();
      return item(start_);
    }
    mitm::Flow messages = std::exchange(flow_, {});
    joined_ = std::move(*found);
    held_bytes_ -= joined_.payload.size();
    handshakes_.erase(found);
    static_cast<void>(mitm::read_flow(joined_.payload, flow_));  // it was read before
    flow_.websocket = std::move(messages.websocket);
    if (messages.failed && !flow_.failed) {
      flow_.failed = true;
      flow_.error = messages.error;
      flow_.error_at = messages.error_at;
    }
    return item(joined_.offset);
  }

  void make_up_handshake() {
    const mitm::Connection& server = flow_.server;
    mitm::Request& request = flow_.request = {};
    request.method = "GET";
    request.version = "HTTP/1.1";
    request.scheme = server.tls ? "https" : "http";
    request.host = server.target.empty() ? "unknown" : server.target;
    request.port = server.target_port != 0 ? server.target_port : server.tls ? 443 : 80;
    request.path = "/";
    request.content.known = true;
    if (!flow_.websocket->messages.empty()) request.start = flow_.websocket->messages.front().time;
    mitm::Response& response = flow_.response.emplace();
    response.status = 101;
    response.version = "HTTP/1.1";
    response.content.known = true;
    response.start = response.end = request.end = request.start;
  }

  /// Behind the last flow: handshakes whose messages did not come, and then what was wrong.
  Result<std::optional<Item>> rest() {
    if (!handshakes_.empty()) {
      joined_ = std::move(handshakes_.front());
      handshakes_.pop_front();
      static_cast<void>(mitm::read_flow(joined_.payload, flow_));
      return item(joined_.offset);
    }
    if (error_) return fail(*std::exchange(error_, std::nullopt));
    return std::optional<Item>();
  }

  Result<std::optional<Item>> item(std::uint64_t offset) {
    const Place where = place(offset);
    if (flow_.has_backup) {
      report_loss("flow-backup", "the flow was changed by hand; what it was before is left out", where, options_.report);
    }
    Item out;
    out.text = entry_.write(flow_, where);
    out.index = index_++;
    out.place = where;
    return std::optional(std::move(out));
  }

  void warn(std::string rule, std::string message) const {
    if (options_.report) options_.report({stream::Level::warning, std::move(rule), std::move(message), place(start_)});
  }

  stream::ByteSource& source_;
  ReadOptions options_;
  LogInfo info_;
  mitm::EntryText entry_;
  mitm::Flow flow_;
  std::string buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t taken_ = 0;             ///< bytes of the flow that was given last
  std::uint64_t offset_ = 0;          ///< of begin_ in the input
  std::uint64_t start_ = 0;           ///< of the flow
  std::uint64_t payload_offset_ = 0;  ///< of its payload
  std::size_t index_ = 0;
  std::deque<Handshake> handshakes_;
  std::size_t held_bytes_ = 0;
  Handshake joined_;
  std::optional<stream::Error> error_;
  bool newer_ = false;
  bool ended_ = false;
  bool continues_ = false;
};

class Writer final : public ExchangeWriter {
 public:
  using ExchangeWriter::ExchangeWriter;

 private:
  Status render_exchange(const stream::Exchange& exchange, const Item& item, const RenderContext& context,
                         std::string& out) const override {
    if (!exchange.request || exchange.url().empty()) {
      return fail({ErrorCode::unsupported, "a flow is of a request, and this has none", item.where(),
                   "choose others with --where or --entry"});
    }
    if (const check::UrlParts parts = check::split_url(exchange.url()); parts.has_scheme && url_scheme(exchange.url()).empty()) {
      report_loss("entry", fmt::format("the entry is left out: a flow is of HTTP, and this is of {}:", parts.scheme),
                  item.where(), context.report);
      return {};
    }
    mitm::write_flow(out, exchange, item.index, item.where(), context.report);
    return {};
  }
  HeldMembers held() const override {
    static constexpr std::string_view kOthers[] = {"_mocked",
                                                   "startedDateTime",
                                                   "time",
                                                   "request.postData.params",
                                                   "request._trailers",
                                                   "response._trailers",
                                                   "response._error",
                                                   "response._failureText",
                                                   "timings.blocked",
                                                   "timings.connect",
                                                   "timings.ssl",
                                                   "timings.send",
                                                   "timings.wait",
                                                   "timings.receive",
                                                   "serverIPAddress",
                                                   "connection",
                                                   "comment",
                                                   "_serverPort",
                                                   "_clientAddress",
                                                   "_resourceType",
                                                   "_webSocketMessages",
                                                   "_webSocketClose",
                                                   "_eventSourceMessages",
                                                   "_streamChunks",
                                                   "_error",
                                                   "_incomplete",
                                                   "_streamKind",
                                                   mitm::kMember};
    static constexpr auto kHeld = with_messages(kOthers);
    return kHeld;
  }
  std::string_view format_name() const override { return "a mitmproxy flow"; }
};

/// A length, and a dict whose first key is one of a flow's.
int sniff(std::string_view prefix) {
  constexpr int kPerhaps = 5;  // if the name says so
  if (prefix.empty()) return kPerhaps;
  const std::size_t colon = prefix.find_first_not_of("0123456789");
  if (colon == std::string_view::npos || colon == 0 || colon > mitm::kMaxLengthDigits || prefix[colon] != ':') return 0;
  prefix.remove_prefix(colon + 1);
  mitm::Value key;
  if (!mitm::take_value(prefix, key) || !key.is_string()) return 0;
  static constexpr std::array<std::string_view, 23> kKeys{
      "version",      "type",       "id",           "error",         "client_conn", "server_conn",
      "intercepted",  "is_replay",  "marked",       "metadata",      "comment",     "timestamp_created",
      "request",      "response",   "websocket",    "backup",        "mode",        "messages",
      "close_sender", "close_code", "close_reason", "close_message", "live"};
  if (std::find(kKeys.begin(), kKeys.end(), key.payload) == kKeys.end()) return 0;
  const std::size_t next = prefix.find_first_not_of("0123456789");
  return next != std::string_view::npos && next > 0 && next <= mitm::kMaxLengthDigits && prefix[next] == ':' ? 95 : 0;
}

}  // namespace

const Format kMitmproxy{
    "mitmproxy",
    "mitmproxy's flow files: versions 4 to 21 and older are read, 17 is written",
    ".mitm .flow .flows",
    sniff,
    [](stream::ByteSource& source, const ReadOptions& options) -> std::unique_ptr<ItemReader> {
      return std::make_unique<Reader>(source, options);
    },
    [](stream::ByteSink& sink, const WriteOptions& options) -> std::unique_ptr<ItemWriter> {
      return std::make_unique<Writer>(sink, options);
    },
};

}  // namespace har::format
