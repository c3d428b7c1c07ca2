// An exchange becomes a response, its request, and metadata with the time that it took: in this order most programs write them.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "formats/exchange_writer.hpp"
#include "formats/framed.hpp"
#include "formats/http_message.hpp"
#include "formats/message_members.hpp"
#include "formats/unheld.hpp"
#include "formats/warc/digest.hpp"
#include "formats/warc/warc.hpp"
#include "stream/text/timestamp.hpp"

namespace har::format::warc {
namespace {

using stream::ErrorCode;
using stream::Exchange;
using stream::fail;
using stream::Json;
using stream::JsonMember;
using stream::Status;

constexpr std::string_view kOthers[] = {"startedDateTime", "time",
                                        "timings",  // what is known of them: see render_exchange()
                                        "serverIPAddress", "_incomplete", "_streamChunks"};  // see report_unheld()
constexpr auto kHeld = with_messages(kOthers);

// The kinds of frames.
constexpr char kFirst = 'f';  ///< begins a capture
constexpr char kMore = 'm';   ///< belongs to the first before it

/// A version 8 UUID (RFC 9562 §5.8): of what the record holds, and of its number in the file. So it is the same for the same
/// input, and unique in its file.
std::string record_id(std::string_view head, std::uint64_t number) {
  Digest digest = sha1(head);
  digest[6] = static_cast<std::uint8_t>((digest[6] & 0x0F) | 0x80);
  digest[8] = static_cast<std::uint8_t>((digest[8] & 0x3F) | 0x80);
  std::string out = "<urn:uuid:";
  for (std::size_t i = 0; i < 10; ++i) {
    if (i == 4 || i == 6 || i == 8) out += '-';
    out += fmt::format("{:02x}", digest[i]);
  }
  return out += fmt::format("-{:012x}>", number & 0xFFFF'FFFF'FFFFU);
}

/// A value of a field: no line ends, and none of the other controls.
std::string field_value(std::string_view text) {
  std::string out(text);
  std::erase_if(out, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
  return out;
}

/// A URI has no spaces.
std::string uri_of(std::string_view url) {
  std::string out = field_value(url.substr(0, url.find('#')));
  for (std::size_t at = 0; (at = out.find(' ', at)) != std::string::npos;) out.replace(at, 1, "%20");
  return out;
}

/// What all records of a capture have, and a record's own fields.
class Heads {
 public:
  Heads(const Exchange& exchange, const MessageTimes& times)
      : common_(fmt::format("WARC-Target-URI: {}\r\nWARC-Date: {}\r\n", uri_of(exchange.url()),
                            stream::format_iso8601(times.start.value_or(stream::WallTime{})))) {
    std::string_view address = exchange.request->entry["serverIPAddress"].string_or("");
    if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
    if (!address.empty() && address.find_first_not_of("0123456789abcdefABCDEF.:%") == std::string_view::npos)
      address_ = fmt::format("WARC-IP-Address: {}\r\n", address);
  }

  void append(std::string& out, std::string_view type, std::string_view content, std::string_view own, std::string_view block) {
    const std::string head =
        fmt::format("WARC-Type: {}\r\n{}{}{}WARC-Block-Digest: {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n", type,
                    common_, type == "metadata" ? "" : address_, own, labelled(sha1(block)), content, block.size());
    append_frame(out, {std::exchange(begun_, true) ? kMore : kFirst, head, block});
  }

 private:
  std::string common_;
  std::string address_;
  bool begun_ = false;
};

/// IIPC's extension for what HTTP/1.1 octets do not say.
std::string protocol_of(const std::string& version) {
  if (version == "HTTP/2") return "WARC-Protocol: h2\r\n";
  if (version == "HTTP/3") return "WARC-Protocol: h3\r\n";
  return {};
}

std::string_view reason_of_cut(const Exchange& exchange) {
  const std::string_view reason = exchange.end ? std::string_view(exchange.end->reason) : std::string_view();
  if (reason == "timeout") return "time";
  return reason == "reset" || reason == "abort" ? "disconnect" : "unspecified";
}

class Writer final : public ExchangeWriter {
 public:
  using ExchangeWriter::ExchangeWriter;

  Status begin(const Item& first, const LogInfo& info) override {
    stream::WallTime date{};
    if (first.exchange) {
      date = message_times(*first.exchange).start.value_or(date);
    } else if (const auto entry = entry_of(first, {options().limits, {}})) {
      date = stream::parse_iso8601((*entry)["startedDateTime"].string_or("")).value_or(stream::ParsedTime{}).time;
    }
    Json creator;
    for (const JsonMember& member : info.log) {
      if (member.name == "creator") creator = member.value;
    }
    return write_info(creator.is_object() ? creator : options().creator, date);
  }

  /// Writes the records of the frames, each a member of its own where the output is compressed.
  Status write(std::string_view rendered) override {
    while (!rendered.empty()) {
      const Frame frame = take_frame(rendered);
      std::string ids;
      const std::string id = record_id(frame.head, ++count_);
      if (frame.kind == kFirst) {
        first_ = id;
      } else {
        ids = fmt::format("WARC-Concurrent-To: {}\r\n", first_);
      }
      STREAM_TRY(
          write_record(fmt::format("WARC-Record-ID: {}\r\nWARC-Warcinfo-ID: {}\r\n{}", id, info_, ids), frame.head, frame.body));
    }
    return {};
  }

  Status finish() override { return begun_ ? Status() : write_info(options().creator, {}); }

 protected:
  HeldMembers held() const override { return kHeld; }
  std::string_view format_name() const override { return "WARC"; }

  Status render_exchange(const Exchange& exchange, const Item& item, const RenderContext& context,
                         std::string& out) const override {
    if (exchange.url().empty()) {
      return fail({ErrorCode::unsupported, "a record needs a URI, and this exchange has none", item.where(),
                   "write a recording or raw bytes of it"});
    }
    const RequestMessage request = request_message(exchange);
    const auto response = response_message(exchange);
    const MessageTimes times = message_times(exchange);
    if (!times.start || *times.start == stream::WallTime{})
      report(item, context, "warc-no-time", "there is no time when the request began: 1970-01-01T00:00:00Z stands for it");
    if (times.responded.value_or(stream::Nanos{}) > stream::Nanos{})
      report_loss("timings", "timings are left out, but for their sum: WARC has no place for them", item.where(), context.report);
    report_unheld(exchange, times, format_name(), item.where(), context.report);
    const std::string protocol = protocol_of(request.version.empty() && response ? response->version : request.version);
    Heads heads(exchange, times);
    if (response) append_response(heads, *response, request.method, exchange, protocol, item.where(), context.report, out);
    heads.append(out, "request", "application/http; msgtype=request", protocol,
                 write_request(request, TargetForm::origin, item.where(), context.report));
    const auto taken = std::chrono::round<std::chrono::milliseconds>(times.ended.value_or(stream::Nanos{}));
    if (taken.count() > 0)
      heads.append(out, "metadata", "application/warc-fields", {}, fmt::format("fetchTimeMs: {}\r\n", taken.count()));
    return {};
  }

 private:
  void report(const Item& item, const RenderContext& context, std::string rule, std::string message) const {
    if (context.report) context.report({stream::Level::warning, std::move(rule), std::move(message), item.where()});
  }

  static void append_response(Heads& heads, ResponseMessage response, std::string_view method, const Exchange& exchange,
                              std::string_view protocol, const stream::Place& place, const stream::FindingSink& report,
                              std::string& out) {
    Message whole;
    whole.fields = response.fields;
    whole.body = response.body;
    for (const ResponseMessage::Piece& piece : response.pieces) whole.body += piece.bytes;
    std::string payload = coded_body(whole);
    if (response.pieces.empty() || payload != whole.body) {
      response.pieces.clear();
      response.body = payload;
    }
    const bool none = method == "HEAD" || response.status == 204 || response.status == 304 || response.status == 101;
    std::string own(protocol);
    // Programs do not agree whether the payload of a chunked message has its framing; the field may be left out.
    const bool chunked = joined_field(response.fields, "transfer-encoding").find("chunked") != std::string::npos;
    if (!none && !chunked) own += fmt::format("WARC-Payload-Digest: {}\r\n", labelled(sha1(payload)));
    if (!response.complete) own += fmt::format("WARC-Truncated: {}\r\n", reason_of_cut(exchange));
    heads.append(out, "response", "application/http; msgtype=response", own, write_response(response, method, place, report));
  }

  Status write_info(const Json& creator, stream::WallTime date) {
    begun_ = true;
    std::string block;
    if (const std::string_view name = creator["name"].string_or(""); !name.empty())
      block += field_value(fmt::format("software: {} {}", name, creator["version"].string_or(""))) + "\r\n";
    block +=
        "format: WARC File Format 1.1\r\n"
        "conformsTo: http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/\r\n";
    const std::string head = fmt::format(
        "WARC-Type: warcinfo\r\nWARC-Date: {}\r\nWARC-Block-Digest: {}\r\nContent-Type: application/warc-fields\r\n"
        "Content-Length: {}\r\n\r\n",
        stream::format_iso8601(date), labelled(sha1(block)), block.size());
    info_ = record_id(head, 0);
    return write_record(fmt::format("WARC-Record-ID: {}\r\n", info_), head, block);
  }

  Status write_record(std::string_view ids, std::string_view head, std::string_view block) {
    STREAM_TRY(sink().write("WARC/1.1\r\n"));
    STREAM_TRY(sink().write(ids));
    STREAM_TRY(sink().write(head));
    STREAM_TRY(sink().write(block));
    STREAM_TRY(sink().write("\r\n\r\n"));
    return sink().end_member();
  }

  bool begun_ = false;
  std::uint64_t count_ = 0;
  std::string info_;   ///< the ID of the warcinfo record
  std::string first_;  ///< that of the capture's first record
};

}  // namespace

std::unique_ptr<ItemWriter> open_writer(stream::ByteSink& sink, const WriteOptions& options) {
  return std::make_unique<Writer>(sink, options);
}

}  // namespace har::format::warc
