// Simulations of Hoverfly, version 5 (core/handlers/v2/schema.json, simulation_views_v5.go).
#include <fmt/format.h>

#include <algorithm>

#include "formats/formats.hpp"
#include "formats/http_message.hpp"
#include "formats/stubs/stub_writer.hpp"
#include "har/exchange.hpp"
#include "stream/text/ascii.hpp"
#include "stream/text/base64.hpp"
#include "stream/text/utf8.hpp"

namespace har::format {
namespace {

using stream::Json;
using stream::ascii::lower_case;

Json matchers(std::string_view matcher, Json value) {
  return Json(Json::Array{Json::Object{{"matcher", matcher}, {"value", std::move(value)}}});
}

std::string percent_decoded(std::string_view text) {
  std::string plus;
  for (const char c : text) plus += c == '+' ? std::string("%2B") : std::string(1, c);
  return form_decoded(plus);
}

/// A path as Hoverfly sees it (core/models/payload.go): decoded, unless Go would not have escaped it so (net/url setPath).
std::string seen_path(std::string_view raw) {
  constexpr std::string_view kKept = "-_.~$&+,/:;=@";
  const std::string decoded = percent_decoded(raw);
  std::string escaped;
  for (const char c : decoded) {
    const bool kept =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || kKept.find(c) != std::string_view::npos;
    escaped += kept ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return escaped == raw ? decoded : std::string(raw);
}

/// Values of one name are compared as one text (core/matching/query_matching.go), names without regard to case.
Json query_of(std::string_view query) {
  Json out = Json::object();
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string name = form_decoded(pair.substr(0, equals));
    const std::string value = form_decoded(pair.substr(std::min(equals + 1, pair.size())));
    Json* const before = out.find(name);
    if (before == nullptr) {
      out.set(name, matchers("exact", value));
    } else {
      std::string& text = before->as_array()[0].find("value")->as_string();
      text.append(";").append(value);
    }
  }
  return out;
}

class Writer final : public StubWriter {
 public:
  using StubWriter::StubWriter;

 protected:
  Json request_of(const RequestMessage& asked, const Lost& lost) const override {
    const std::string_view target = request_target(asked.url);
    const std::size_t mark = std::min(target.find('?'), target.size());
    std::string path(target.substr(0, mark));
    if (!path.starts_with('/')) path.insert(0, "/");
    Json request = Json::object();
    request.set("path", matchers("exact", seen_path(path)));
    request.set("method", matchers("exact", asked.method));
    request.set("destination", matchers("exact", lower_case(url_authority(asked.url))));
    request.set("scheme", matchers("exact", url_scheme(asked.url)));
    const std::string body = coded_body(asked);
    switch (stub_body(asked.fields, body)) {
      case StubBody::none:
        break;
      case StubBody::text:
        request.set("body", matchers("exact", body));
        break;
      case StubBody::json:
        request.set("body", matchers("json", body));
        break;
      case StubBody::binary:
        lost("request-postData", "the body is not compared: it is no text");
        break;
      case StubBody::multipart:
        lost("request-postData", "the body is not compared: clients choose a new boundary for it each time");
        break;
    }
    request.set("query", query_of(target.substr(std::min(mark + 1, target.size()))));
    return request;
  }

  Json response_of(const ResponseMessage* answer, const stream::Exchange& exchange, std::string_view method) const override {
    Json response = Json::object();
    response.set("status", answer->status);
    const std::string bytes = stub_content(*answer, method);
    const bool text = stream::is_utf8(bytes);
    response.set("body", text ? bytes : stream::base64_encode(bytes));
    response.set("encodedBody", !text);
    response.set("headers", stub_headers(*answer));
    response.set("templated", false);
    const auto delay =
        std::chrono::round<std::chrono::milliseconds>(message_times(exchange).ended.value_or(stream::Nanos{})).count();
    if (delay > 0) response.set("fixedDelay", static_cast<std::int64_t>(delay));
    return response;
  }

  std::string rule(std::string_view request, std::string_view response, const StubTurn& turn) const override {
    std::string asked(request);
    std::string answer(response);
    if (turn.count > 1) {
      const std::string state = fmt::format("sequence:{}", turn.number);
      asked = with_member(asked, "requiresState", Json(Json::Object{{state, std::to_string(turn.position)}}));
      // Behind the last nothing changes: it stays the answer.
      if (turn.position < turn.count)
        answer = with_member(answer, "transitionsState", Json(Json::Object{{state, std::to_string(turn.position + 1)}}));
    }
    return fmt::format("{{\"request\":{},\"response\":{}}}", asked, answer);
  }

  HeldMembers held() const override { return kStubMembers; }
  std::string_view format_name() const override { return "Hoverfly"; }
  std::string head() const override { return "{\"data\":{\"pairs\":[\n"; }
  std::string tail() const override {
    return "],\"globalActions\":{\"delays\":[],\"delaysLogNormal\":[]}},\"meta\":{\"schemaVersion\":\"v5.2\"}}\n";
  }
};

}  // namespace

const Format kHoverfly{
    "hoverfly",
    "a simulation of Hoverfly, version 5",
    ".hoverfly.json",
    nullptr,
    nullptr,
    [](stream::ByteSink& sink, const WriteOptions& options) -> std::unique_ptr<ItemWriter> {
      return std::make_unique<Writer>(sink, options);
    },
};

}  // namespace har::format
