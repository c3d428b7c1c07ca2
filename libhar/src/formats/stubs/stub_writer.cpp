#include "formats/stubs/stub_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>

#include "formats/http_message.hpp"
#include "stream/text/utf8.hpp"

namespace har::format {

using stream::Json;
using stream::Status;

namespace {

/// A rule: two JSON objects in one line each.
struct Stub {
  std::string host{};  ///< what the request does not have, if it does not
  std::string request{};
  std::string response{};
};

void append_stub(std::string& out, const Stub& stub) {
  const std::hash<std::string_view> hash;
  out += fmt::format("{} {} {} {} {}\n", hash(stub.request), hash("second " + stub.request), hash(stub.host), stub.request.size(),
                     stub.response.size());
  out += stub.request;
  out += stub.response;
}

}  // namespace

Status StubWriter::render_exchange(const stream::Exchange& exchange, const Item& item, const RenderContext& context,
                                   std::string& out) const {
  const Lost lost = [&](std::string_view what, std::string message) {
    report_loss(what, std::move(message), item.where(), context.report);
  };
  if (exchange.kind() == stream::StreamKind::websocket || exchange.status() == 101) {
    lost("websocket", fmt::format("a WebSocket is left out: {} has no place for it", place_name()));
    return {};
  }
  const auto answer = response_message(exchange);
  const bool failed = exchange.end && (exchange.end->reason == "error" || exchange.end->reason == "reset");
  if (!exchange.request || (!answer && !(failed && fails_on_purpose()))) {
    lost("exchange", exchange.request ? "it is left out: there was no answer" : "it is left out: it has no request");
    return {};
  }
  const RequestMessage asked = request_message(exchange);
  if (url_scheme(asked.url).empty()) {
    lost("exchange", "it is left out: its URL is not one of http or https");
    return {};
  }
  Stub stub;
  stub.request = to_json(request_of(asked, lost));
  for (const std::string& version : {asked.version, answer ? answer->version : std::string()}) {
    if (!version.empty() && version != "HTTP/1.1") lost("httpVersion", fmt::format("that it was {} is left out", version));
  }
  stub.response = to_json(response_of(answer ? &*answer : nullptr, exchange, asked.method));
  if (!tells_hosts_apart()) stub.host = url_authority(asked.url);
  append_stub(out, stub);
  return {};
}

Status StubWriter::write(std::string_view rendered) {
  while (!rendered.empty()) {
    const auto number = [&] {
      std::uint64_t out = 0;
      const auto [end, error] = std::from_chars(rendered.data(), rendered.data() + rendered.size(), out);
      rendered.remove_prefix(std::min(static_cast<std::size_t>(end - rendered.data()) + 1, rendered.size()));
      return out;
    };
    const std::uint64_t first = number();
    const std::uint64_t second = number();
    const std::uint64_t host = number();
    Record record;
    record.request = number();
    record.response = number();
    const auto [group, is_new] = groups_.try_emplace({first, second}, Group{counts_.size(), host});
    if (is_new) counts_.push_back(0);
    if (group->second.host != host && !std::exchange(told_hosts_, true)) several_hosts();
    record.group = group->second.index;
    record.position = ++counts_[record.group];
    record.offset = file_.size();
    const auto size = static_cast<std::size_t>(record.request + record.response);
    STREAM_TRY(file_.append(rendered.substr(0, size)));
    rendered.remove_prefix(std::min(size, rendered.size()));
    records_.push_back(record);
  }
  return {};
}

Status StubWriter::finish() {
  STREAM_TRY(sink().write(head()));
  // Numbers are given to those groups that have several, in the order of their first.
  std::vector<std::size_t> numbers(counts_.size());
  std::size_t last = 0;
  std::string text;
  for (std::size_t i = 0; i < records_.size(); ++i) {
    const Record& record = records_[i];
    if (counts_[record.group] > 1 && numbers[record.group] == 0) numbers[record.group] = ++last;
    text.resize(static_cast<std::size_t>(record.request + record.response));
    if (!text.empty()) STREAM_TRY(file_.read(record.offset, text));
    file_.release(record.offset, text.size());
    const std::string_view view = text;
    std::string rule = this->rule(view.substr(0, static_cast<std::size_t>(record.request)),
                                  view.substr(static_cast<std::size_t>(record.request)),
                                  {numbers[record.group], record.position, counts_[record.group]});
    if (options().style == WriteOptions::Style::pretty) {
      if (auto json = stream::parse_json(rule)) rule = to_json(*json, {2, 2});
    }
    if (i + 1 < records_.size()) rule += ',';
    STREAM_TRY(sink().write(rule + '\n'));
  }
  return sink().write(tail());
}

std::string with_member(std::string_view object, std::string_view name, const Json& value) {
  std::string out(object.substr(0, object.size() - 1));
  if (out.size() > 1) out += ',';
  stream::write_json_string(out, name);
  out += ':';
  write_json(out, value);
  return out += '}';
}

StubBody stub_body(const Fields& fields, std::string_view body) {
  if (body.empty()) return StubBody::none;
  const std::string type = joined_field(fields, "content-type");
  if (type.find("multipart/") != std::string::npos) return StubBody::multipart;
  if (!stream::is_utf8(body)) return StubBody::binary;
  const bool json = type.find("json") != std::string::npos || body.front() == '{' || body.front() == '[';
  return json && stream::parse_json(body) ? StubBody::json : StubBody::text;
}

Json stub_headers(const ResponseMessage& response) {
  constexpr std::string_view kOfConnections[] = {"Connection", "Content-Length",    "Keep-Alive", "Proxy-Connection",
                                                 "Trailer",    "Transfer-Encoding", "Upgrade"};
  Json out = Json::object();
  for (const Field& field : response.fields) {
    if (std::any_of(std::begin(kOfConnections), std::end(kOfConnections),
                    [&](std::string_view name) { return same_name(name, field.name); }))
      continue;
    Json value(stream::replace_invalid_utf8(field.value));
    Json::Object& members = out.as_object();
    const auto before = std::find_if(members.begin(), members.end(),
                                     [&](const stream::JsonMember& member) { return same_name(member.name, field.name); });
    if (before != members.end()) {
      before->value.as_array().push_back(std::move(value));
    } else {
      out.set(field.name, Json(Json::Array{std::move(value)}));
    }
  }
  return out;
}

std::string stub_content(const ResponseMessage& response, std::string_view method) {
  if (method == "HEAD") return {};
  ResponseMessage whole = response;
  for (const ResponseMessage::Piece& piece : response.pieces) whole.body += piece.bytes;
  return coded_body(whole);
}

}  // namespace har::format
