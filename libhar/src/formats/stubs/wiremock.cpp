// Mappings of WireMock (schemas/wiremock-stub-mapping-or-mappings.json there), several in one file.
#include <fmt/format.h>

#include <algorithm>

#include "formats/formats.hpp"
#include "formats/http_message.hpp"
#include "formats/message_members.hpp"
#include "formats/stubs/stub_writer.hpp"
#include "har/exchange.hpp"
#include "stream/text/base64.hpp"
#include "stream/text/utf8.hpp"

namespace har::format {
namespace {

using stream::Json;
using stream::Nanos;

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
  Json request_of(const RequestMessage& asked, const Lost& lost) const override {
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
    return request;
  }

  Json response_of(const ResponseMessage* answer, const stream::Exchange& exchange, std::string_view method) const override {
    return answer != nullptr ? response(*answer, exchange, method) : fault(exchange);
  }
  bool fails_on_purpose() const override { return true; }
  bool tells_hosts_apart() const override { return false; }
  std::string_view place_name() const override { return "a mapping"; }

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
    static constexpr std::string_view kOthers[] = {"response.statusText", "_error"};
    static constexpr auto kHeld = with_members(kStubMembers, kOthers);
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
    Json headers = stub_headers(answer);
    for (stream::JsonMember& member : headers.as_object()) {
      if (Json::Array& values = member.value.as_array(); values.size() == 1) member.value = Json(std::move(values.front()));
    }
    if (!headers.as_object().empty()) out.set("headers", std::move(headers));
    const std::string bytes = stub_content(answer, method);
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
