#include "formats/keploy/from_exchange.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "formats/http_message.hpp"
#include "formats/keploy/keploy.hpp"
#include "formats/losses.hpp"
#include "stream/io/decompressor.hpp"
#include "stream/text/ascii.hpp"

namespace har::format::keploy {
namespace {

using stream::Direction;
using stream::Event;
using stream::EventKind;
using stream::Exchange;
using stream::Json;
using stream::WallTime;
using stream::ascii::lower_case;

Fields copied(const format::Fields& fields) {
  Fields out;
  out.reserve(fields.size());
  for (const Field& field : fields) out.emplace_back(field.name, field.value);
  return out;
}

std::optional<stream::Compression> coding_of(std::string_view coding) {
  if (coding == "gzip" || coding == "x-gzip") return stream::Compression::gzip;
  if (coding == "deflate") return stream::Compression::zlib;
  if (coding == "br") return stream::Compression::brotli;
  if (coding == "zstd") return stream::Compression::zstd;
  return std::nullopt;
}

/// The response's body piece by piece, its content coding undone as Keploy does: whether one was.
bool body_of_response(const Exchange& exchange, const ResponseMessage& response, WallTime start, std::size_t limit,
                      std::vector<TimedBytes>& out) {
  const bool timed = start != WallTime{};
  std::vector<TimedBytes> raw;
  for (const Event& event : exchange.timeline) {
    if (event.kind != EventKind::data || event.direction != Direction::receive || event.data.empty()) continue;
    raw.push_back({timed ? std::optional(start + event.t) : std::nullopt, event.data});
  }
  if (raw.empty()) {
    if (!response.body.empty())
      raw.push_back({timed ? std::optional(start + exchange.response->t) : std::nullopt, response.body});
    for (const ResponseMessage::Piece& piece : response.pieces)
      raw.push_back({timed ? std::optional(start + piece.t) : std::nullopt, piece.bytes});
  }
  const std::string* const named = find_field(response.fields, "content-encoding");
  const auto coding = named != nullptr ? coding_of(*named) : std::nullopt;
  if (!coding) {
    out = std::move(raw);
    return false;
  }
  stream::Decompressor decoder(*coding);
  std::size_t size = 0;
  for (const TimedBytes& piece : raw) {
    std::string bytes;
    if (!decoder.feed(piece.bytes, bytes) || (size += bytes.size()) > limit) {
      // What a HAR holds is decoded already.
      out = std::move(raw);
      return true;
    }
    if (!bytes.empty()) out.push_back({piece.at, std::move(bytes)});
  }
  return true;
}

/// What of header fields does not come back: several lines of a name, their order and spelling, and what Go takes away.
void report_headers(const format::Fields& fields, std::string_view side, const stream::Place& place,
                    const stream::FindingSink& report) {
  std::set<std::string> seen;
  bool joined = false;
  bool moved = false;
  std::string_view before;
  for (const Field& field : fields) {
    const std::string name = lower_case(field.name);
    if (name == "transfer-encoding") {
      report_loss(fmt::format("{}-headers-transfer-encoding", side), "Transfer-Encoding is left out, as Keploy does", place,
                  report);
      continue;
    }
    // The reader takes cookies apart again.
    joined = joined || (!seen.insert(name).second && name != "set-cookie");
    moved = moved || canonical(field.name) != field.name || (!before.empty() && key_less(field.name, before));
    before = field.name;
  }
  if (joined) {
    report_loss(fmt::format("{}-headers-lines", side), "several lines of a header become one: keploy has one value a name", place,
                report);
  }
  if (moved) {
    report_loss(fmt::format("{}-headers-order", side),
                "the order of headers, and how their names are spelled, is not kept by keploy", place, report);
  }
}

Json kept_of(const Exchange& exchange) {
  const Json& kept = exchange.request ? exchange.request->entry["_keploy"] : Json();
  return kept.is_object() ? kept : Json();
}

}  // namespace

std::optional<Made> from_exchange(const Exchange& exchange, Document::Form form, const stream::Limits& limits,
                                  const stream::Place& place, const stream::FindingSink& report) {
  if (exchange.kind() == stream::StreamKind::websocket || exchange.status() == 101) {
    report_loss("websocket", "the WebSocket is left out: keploy has no place for it", place, report);
    return std::nullopt;
  }
  const auto response = response_message(exchange);
  if (!response || exchange.status() < 100 || !exchange.request) {
    report_loss("exchange", "it is left out: keploy has no place for a request without an answer", place, report);
    return std::nullopt;
  }
  const RequestMessage request = request_message(exchange);
  const WallTime start = exchange.start.value_or(WallTime{});
  Made made;
  Document& document = made.document;
  document.kept = kept_of(exchange);
  document.form = form;
  if (document.kept.is_object()) {
    const bool mock =
        document.kept.find("reqTimestampMock") != nullptr || document.kept["metadata"]["type"] == Json("HTTP_CLIENT");
    document.form = mock ? Document::Form::mock : Document::Form::test;
  }
  document.connection = document.kept["connectionId"].string_or("0");

  Document::Request& to = document.request;
  to.method = request.method;
  to.url = request.url;
  to.version = version_of(request.version);
  to.headers = copied(request.fields);
  to.body = decoded_body(request, limits).value_or(request.body);
  to.at = start == WallTime{} ? start : start + exchange.begin();
  // A mock's URL is a path; who asks for it sends the host.
  if (document.form == Document::Form::mock && find_field(request.fields, "host") == nullptr &&
      !url_authority(request.url).empty()) {
    to.headers.emplace_back("Host", url_authority(request.url));
  }
  report_headers(request.fields, "request", place, report);

  Document::Response& from = document.response;
  from.status = response->status;
  from.reason = response->reason;
  from.version = version_of(response->version);
  from.headers = copied(response->fields);
  from.decoded = body_of_response(exchange, *response, start, limits.max_entry, from.body);
  from.at = start == WallTime{} ? start : start + exchange.response->t;
  // The head came before the body, whatever the phases say.
  if (!from.body.empty() && from.body.front().at) from.at = std::min(from.at, *from.body.front().at);
  from.end = start;
  if (start != WallTime{}) {
    from.end += exchange.response->t;
    for (const Event& event : exchange.timeline) from.end = std::max(from.end, start + event.t);
    if (exchange.end) from.end = std::max(from.end, start + exchange.end->t);
  }
  from.complete = exchange.end && exchange.end->reason == "eof";
  report_headers(response->fields, "response", place, report);
  if (document.kept["resp"]["body_skipped"].bool_or(false) && from.body.empty()) {
    const std::int64_t size = document.kept["resp"]["body_size"].int_or(0);
    from.whole = static_cast<std::uint64_t>(std::max<std::int64_t>(size, 0));
  }
  made.trailers = copied(response->trailers);
  return made;
}

std::optional<NamedStream> take_stream(Document& document, const Fields& trailers, std::uint64_t number) {
  Document::Response& response = document.response;
  const bool told = document.kept["resp"]["stream_ref"].is_object();
  if (document.form != Document::Form::mock || (!told && !wants_stream_file(response))) return std::nullopt;
  const bool complete = response.complete && !response.whole;
  StreamFile file = write_stream_file(response.body, response.end, complete, trailers);
  std::string path(document.kept["resp"]["stream_ref"]["path"].string_or(""));
  const bool usable = path.starts_with("streams/") && path.size() > 8 && path.find('/', 8) == std::string::npos && path[8] != '.';
  if (!usable) path = fmt::format("streams/stream_{}_{}.ndjson", response.at.time_since_epoch().count(), number);
  response.stream = StreamRef{path, response.end, file.records};
  return NamedStream{std::move(path), std::move(file.text)};
}

}  // namespace har::format::keploy
