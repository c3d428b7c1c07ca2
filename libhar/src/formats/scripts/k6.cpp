// A script for k6: requests one by one with the pauses between them, those that overlapped as a batch, and WebSockets with what
// was sent and when.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "formats/exchange_writer.hpp"
#include "formats/scripts/literals.hpp"
#include "formats/scripts/script_request.hpp"
#include "har/exchange.hpp"
#include "stream/text/base64.hpp"
#include "stream/text/utf8.hpp"

namespace har::format {
namespace {

using stream::Event;
using stream::EventKind;
using stream::Nanos;
using stream::Status;

constexpr ScriptClient kK6Client{"k6", false, true, "\"<>\\^`{|}", true, true};

constexpr std::string_view kHead = R"(// Run with: k6 run FILE.js
import http from "k6/http";
import ws from "k6/ws";
import encoding from "k6/encoding";
import {check, sleep} from "k6";

export const options = {vus: 1, iterations: 1};

const params = (headers) => ({headers, redirects: 0});
const bytes = (base64) => encoding.b64decode(base64);
function expect(responses, statuses) {
  responses.forEach((response, i) => {
    const status = statuses[i];
    if (status > 0) check(response, {[`the status is ${status}`]: (r) => r.status === status});
  });
}

export default function () {
)";
constexpr std::string_view kTail = "}\n";

/// A rendered item, with what write() must know of it before its text: "SIZE KIND STATUS BEGIN END\n".
struct Piece {
  std::string text{};
  bool web_socket = false;
  int status = 0;
  std::int64_t begin = 0;  ///< ns since 1970
  std::int64_t end = 0;
};

void append_piece(std::string& out, const Piece& piece) {
  out += fmt::format("{} {} {} {} {}\n", piece.text.size(), piece.web_socket ? 1 : 0, piece.status, piece.begin, piece.end);
  out += piece.text;
}

Piece take_piece(std::string_view& rendered) {
  const auto number = [&] {
    std::int64_t out = 0;
    const auto [end, error] = std::from_chars(rendered.data(), rendered.data() + rendered.size(), out);
    rendered.remove_prefix(static_cast<std::size_t>(end - rendered.data()) + 1);  // the space or line feed behind it
    return out;
  };
  Piece piece;
  const auto size = static_cast<std::size_t>(number());
  piece.web_socket = number() != 0;
  piece.status = static_cast<int>(number());
  piece.begin = number();
  piece.end = number();
  piece.text = rendered.substr(0, size);
  rendered.remove_prefix(std::min(size, rendered.size()));
  return piece;
}

std::string value_of(std::string_view octets) {
  return stream::is_utf8(octets) ? js_string(octets) : fmt::format("bytes(\"{}\")", stream::base64_encode(octets));
}

std::string headers_of(const ScriptRequest& request, std::string_view indent) {
  std::string out = "{";
  for (const Field& field : request.fields)
    out += fmt::format("\n{}  [{}]: {},", indent, js_string(field.name), js_string(stream::replace_invalid_utf8(field.value)));
  if (!request.fields.empty()) out.append("\n").append(indent);
  return out += '}';
}

/// Milliseconds as k6 takes them for a timer, which must be above 0.
std::int64_t timer(Nanos t) { return std::max<std::int64_t>(1, std::chrono::round<std::chrono::milliseconds>(t).count()); }

class Writer final : public ExchangeWriter {
 public:
  using ExchangeWriter::ExchangeWriter;

  Status write(std::string_view rendered) override {
    std::string out;
    while (!rendered.empty()) add(take_piece(rendered), out);
    return out.empty() ? Status() : sink().write(out);
  }
  Status finish() override {
    std::string out;
    end_group(out);
    // The head comes first, also where there was nothing.
    finishing_ = std::move(out);
    return ExchangeWriter::finish();
  }

 protected:
  Status render_exchange(const stream::Exchange& exchange, const Item& item, const RenderContext& context,
                         std::string& out) const override {
    const auto request = script_request(exchange, kK6Client, item.where(), context.report);
    if (!request) return {};
    Piece piece;
    const MessageTimes times = message_times(exchange);
    piece.begin = times.start.value_or(stream::WallTime{}).time_since_epoch().count();
    if (__builtin_add_overflow(piece.begin, times.ended.value_or(Nanos{}).count(), &piece.end)) piece.end = piece.begin;
    piece.status = exchange.status();
    piece.web_socket = request->web_socket;
    piece.text = request->web_socket ? web_socket(*request, exchange, item, context) : plain(*request);
    append_piece(out, piece);
    return {};
  }
  HeldMembers held() const override {
    static const std::vector<std::string_view> members = [] {
      std::vector<std::string_view> all(script_members().begin(), script_members().end());
      for (const std::string_view more : {"startedDateTime", "time", "_webSocketMessages", "_webSocketClose"})
        all.push_back(more);
      return all;
    }();
    return members;
  }
  std::string_view format_name() const override { return "k6"; }
  std::string head() const override { return std::string(kHead); }
  std::string tail() const override { return finishing_ + std::string(kTail); }

 private:
  /// Without its ends: what both http.request() and http.batch() take.
  static std::string plain(const ScriptRequest& request) {
    const std::string body = request.body.empty() ? "null" : value_of(request.body);
    return fmt::format("{},\n      {},\n      {},\n      params({})", js_string(request.method), js_string(request.url), body,
                       headers_of(request, "      "));
  }

  static std::string web_socket(const ScriptRequest& request, const stream::Exchange& exchange, const Item& item,
                                const RenderContext& context) {
    const Nanos opened = exchange.response ? exchange.response->t : exchange.begin();
    std::string out = fmt::format("  ws.connect({}, {{headers: {}}}, (socket) => {{\n    socket.on(\"open\", () => {{\n",
                                  js_string(request.url), headers_of(request, "  "));
    bool received = false;
    bool pong = false;
    Nanos last = opened;
    std::string close = "socket.close()";
    for (const Event& event : exchange.timeline) {
      last = std::max(last, event.t);
      std::string call;
      if (event.kind == EventKind::close && event.code) close = fmt::format("socket.close({})", *event.code);
      if (event.kind != EventKind::message) continue;
      if (event.direction == stream::Direction::receive) {
        received = true;
        continue;
      }
      if (event.opcode == 9) {
        call = "socket.ping()";
      } else if (event.opcode == 10) {
        pong = true;
        continue;
      } else if (event.opcode == 1 && stream::is_utf8(event.data)) {
        call = fmt::format("socket.send({})", js_string(event.data));
      } else {
        call = fmt::format("socket.sendBinary(bytes(\"{}\"))", stream::base64_encode(event.data));
      }
      out += fmt::format("      socket.setTimeout(() => {}, {});\n", call, timer(event.t - opened));
    }
    if (exchange.end) last = std::max(last, exchange.end->t);
    out += fmt::format("      socket.setTimeout(() => {}, {});\n    }});\n  }});\n", close, timer(last - opened));
    if (received)
      report_loss("webSocketMessages-received", "messages that were received are left out: a script only sends", item.where(),
                  context.report);
    if (pong) report_loss("webSocketMessages-pong", "pongs are left out: k6 answers pings itself", item.where(), context.report);
    return out;
  }

  void add(Piece piece, std::string& out) {
    if (piece.web_socket || count_ == 0 || piece.begin >= group_end_) {
      const std::int64_t before = group_end_;
      end_group(out);
      // Requests without a time, and recordings joined in another order, make no pause.
      if (before > 0 && piece.begin > before) {
        const std::int64_t millis = (piece.begin - before) / 1000000;
        if (millis > 0) out += fmt::format("  sleep({}.{:03});\n", millis / 1000, millis % 1000);
      }
      group_end_ = std::max(group_end_, piece.begin);
    }
    group_end_ = std::max(group_end_, piece.end);
    if (piece.web_socket) {
      out += piece.text;
      return;
    }
    if (count_ == 0) {
      pending_ = std::move(piece.text);
    } else {
      if (count_ == 1) out += "  expect(http.batch([\n    " + batched(std::exchange(pending_, {}));
      out += ",\n    " + batched(piece.text);
    }
    statuses_.push_back(piece.status);
    ++count_;
  }

  static std::string batched(const std::string& arguments) { return "[\n      " + arguments + ",\n    ]"; }

  void end_group(std::string& out) {
    if (count_ == 0) return;
    out +=
        count_ == 1 ? "  expect([\n    http.request(\n      " + std::exchange(pending_, {}) + ",\n    ),\n  ], [" : ",\n  ]), [";
    for (std::size_t i = 0; i < statuses_.size(); ++i) out += (i > 0 ? ", " : "") + std::to_string(statuses_[i]);
    out += "]);\n";
    statuses_.clear();
    count_ = 0;
  }

  std::string pending_;         ///< the first request of a group, which may stay the only one
  std::vector<int> statuses_;   ///< of the group
  std::size_t count_ = 0;       ///< requests in the group
  std::int64_t group_end_ = 0;  ///< when all that was written had ended
  std::string finishing_;
};

}  // namespace

const Format kK6{
    "k6",
    "a script for k6",
    ".k6.js",
    nullptr,
    nullptr,
    [](stream::ByteSink& sink, const WriteOptions& options) -> std::unique_ptr<ItemWriter> {
      return std::make_unique<Writer>(sink, options);
    },
};

}  // namespace har::format
