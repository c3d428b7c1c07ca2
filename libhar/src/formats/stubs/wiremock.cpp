// Mappings of WireMock (schemas/wiremock-stub-mapping-or-mappings.json there), several in one file.
#include <fmt/format.h>

#include <algorithm>

#include "formats/formats.hpp"
#include "formats/http_message.hpp"
#include "formats/stubs/stub_writer.hpp"
#include "har/exchange.hpp"
#include "stream/text/base64.hpp"
#include "stream/text/utf8.hpp"

namespace har::format {
namespace {

using stream::Json;
using stream::Nanos;
using stream::Status;

std::int64_t millis(Nanos t) { return std::chrono::round<std::chrono::milliseconds>(t).count(); }

/// Octets that no URL holds, as clients send them.
std::string encoded(std::string_view target) {
  std::string out;
  for (const char c : target) {
    const auto octet = static_cast<unsigned char>(c);
    out += octet <= 0x20 || octet >= 0x7F ? fmt::format("%{:02X}", octet) : std::string(1, c);
  }
  return out;
}

class Writer final : public StubWriter {
 public:
  using StubWriter::StubWriter;

 protected:
  Status render_exchange(const stream::Exchange& exchange, const Item& item, const RenderContext& context,
                         std::string& out) const override {
    const auto lost = [&](std::string_view what, std::string message) {
      report_loss(what, std::move(message), item.where(), context.report);
    };
    const auto answer = response_message(exchange);
    if (exchange.kind() == stream::StreamKind::websocket || exchange.status() == 101) {
      lost("websocket", "a WebSocket is left out: a mapping has no place for it");
      return {};
    }
    const bool failed = exchange.end && (exchange.end->reason == "error" || exchange.end->reason == "reset");
    if (!exchange.request || (!answer && !failed)) {
      lost("exchange", exchange.request ? "it is left out: there was no answer" : "it is left out: it has no request");
      return {};
    }
    const RequestMessage asked = request_message(exchange);
    if (url_scheme(asked.url).empty()) {
      lost("exchange", "it is left out: its URL is not one of http or https");
      return {};
    }
    Json request = Json::object();
    request.set("method", asked.method);
    std::string target = encoded(request_target(asked.url));
    if (!target.starts_with('/')) target.insert(0, "/");
    request.set("url", target);
    // WireMock undoes gzip before it compares.
    const std::string coding = joined_field(asked.fields, "content-encoding");
    std::string body = coded_body(asked);
    if (coding == "gzip") body = decoded_body(asked, options().limits).value_or(body);
    switch (stub_body(asked.fields, body)) {
      case StubBody::none:
        break;
      case StubBody::text:
        patterns(request, "equalTo", body);
        break;
      case StubBody::json:
        patterns(request, "equalToJson", body);
        break;
      case StubBody::binary:
        patterns(request, "binaryEqualTo", stream::base64_encode(body));
        break;
      case StubBody::multipart:
        lost("request-postData", "the body is not compared: clients choose a new boundary for it each time");
        break;
    }
    for (const std::string& version : {asked.version, answer ? answer->version : std::string()}) {
      if (!version.empty() && version != "HTTP/1.1") lost("httpVersion", fmt::format("that it was {} is left out", version));
    }
    Stub stub;
    stub.request = to_json(request);
    stub.response = to_json(answer ? response(*answer, exchange, asked.method) : fault(exchange));
    stub.key = stub.request;
    stub.host = url_authority(asked.url);
    append_stub(out, stub);
    return {};
  }

  std::string rule(std::string_view request, std::string_view response, const StubTurn& turn) const override {
    std::string out = fmt::format("{{\"request\":{},\"response\":{}}}", request, response);
    if (turn.count == 1) return out;
    const auto state = [](std::size_t position) { return position == 1 ? std::string("Started") : std::to_string(position); };
    out = with_member(out, "scenarioName", fmt::format("scenario-{}", turn.number));
    out = with_member(out, "requiredScenarioState", state(turn.position));
    // Behind the last nothing changes: it stays the answer.
    return turn.position < turn.count ? with_member(out, "newScenarioState", state(turn.position + 1)) : out;
  }

  void several_hosts() override {
    report_loss("request-url-host",
                "requests of the same URL for several hosts are answered in turn: mappings do not tell hosts apart", {},
                options().report);
  }

  HeldMembers held() const override {
    static constexpr std::string_view kHeld[] = {"request.method",
                                                 "request.httpVersion",
                                                 "response.httpVersion",
                                                 "request.url",
                                                 "request.queryString",
                                                 "request.postData.text",
                                                 "request.postData.mimeType",
                                                 "request.postData.params",
                                                 "request.postData._encoding",
                                                 "request.postData.encoding",
                                                 "request.headersSize",
                                                 "request.bodySize",
                                                 "response.status",
                                                 "response.statusText",
                                                 "response.headers[].name",
                                                 "response.headers[].value",
                                                 "response.cookies",
                                                 "response.redirectURL",
                                                 "response.headersSize",
                                                 "response.bodySize",
                                                 "response.content.size",
                                                 "response.content.mimeType",
                                                 "response.content.text",
                                                 "response.content.encoding",
                                                 "response.content.compression",
                                                 "time",
                                                 "_error"};
    return kHeld;
  }
  std::string_view format_name() const override { return "WireMock"; }
  std::string head() const override { return "{\"mappings\":[\n"; }
  std::string tail() const override { return fmt::format("],\"meta\":{{\"total\":{}}}}}\n", count()); }

 private:
  static void patterns(Json& request, std::string_view matcher, std::string value) {
    request.set("bodyPatterns", Json(Json::Array{Json::Object{{std::string(matcher), std::move(value)}}}));
  }

  static Json fault(const stream::Exchange& exchange) {
    Json out = Json::object();
    out.set("fault", exchange.end->reason == "reset" ? "CONNECTION_RESET_BY_PEER" : "EMPTY_RESPONSE");
    return out;
  }

  static Json response(const ResponseMessage& answer, const stream::Exchange& exchange, std::string_view method) {
    Json out = Json::object();
    out.set("status", answer.status);
    if (!answer.reason.empty()) out.set("statusMessage", stream::replace_invalid_utf8(answer.reason));
    Json headers = Json::object();
    for (const Field& field : stub_fields(answer)) {
      const std::string value = stream::replace_invalid_utf8(field.value);
      Json* before = nullptr;
      for (stream::JsonMember& member : headers.as_object()) {
        if (same_name(member.name, field.name)) before = &member.value;
      }
      if (before == nullptr) {
        headers.set(field.name, value);
      } else if (before->is_array()) {
        before->as_array().push_back(value);
      } else {
        *before = Json(Json::Array{*before, Json(value)});
      }
    }
    if (!headers.as_object().empty()) out.set("headers", std::move(headers));
    ResponseMessage whole = answer;
    for (const ResponseMessage::Piece& piece : answer.pieces) whole.body += piece.bytes;
    const std::string bytes = method == "HEAD" ? std::string() : coded_body(whole);
    if (!bytes.empty() && stream::is_utf8(bytes)) {
      out.set("body", bytes);
    } else if (!bytes.empty()) {
      out.set("base64Body", stream::base64_encode(bytes));
    }
    const MessageTimes times = message_times(exchange);
    const Nanos ended = times.ended.value_or(Nanos{});
    const Nanos responded = times.responded.value_or(ended);
    // What came in pieces comes in as many again.
    const bool pieces = answer.pieces.size() > 1 && millis(ended - responded) > 0;
    if (const std::int64_t delay = millis(pieces ? responded : ended); delay > 0) out.set("fixedDelayMilliseconds", delay);
    if (pieces) {
      out.set("chunkedDribbleDelay", Json(Json::Object{{"numberOfChunks", static_cast<std::uint64_t>(answer.pieces.size())},
                                                       {"totalDuration", millis(ended - responded)}}));
    }
    return out;
  }
};

}  // namespace

const Format kWireMock{
    "wiremock",
    "mappings of WireMock",
    ".wiremock.json",
    nullptr,
    nullptr,
    [](stream::ByteSink& sink, const WriteOptions& options) -> std::unique_ptr<ItemWriter> {
      return std::make_unique<Writer>(sink, options);
    },
};

}  // namespace har::format
