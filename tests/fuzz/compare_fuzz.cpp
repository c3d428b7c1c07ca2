// Two bodies of any kind: the verdict is the same from both sides, a body equals itself however it is cut, what is reported is
// printable, and the differences that are told are as many as are counted.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <string>
#include <string_view>

#include "stream/compare/compare.hpp"
#include "stream/compare/report.hpp"
#include "stream/text/utf8.hpp"

namespace {

using stream::Comparison;
using stream::Exchange;
using stream::StreamKind;

void require(bool condition) {
  if (!condition) std::abort();
}

Exchange exchange(StreamKind kind, std::string_view body, std::size_t chunk, bool cut_off) {
  Exchange out;
  stream::Event response;
  response.kind = stream::EventKind::response;
  response.stream_kind = to_string(kind);
  response.object = stream::Json::object();
  if (cut_off) response.object.set("status", 200);
  out.response = response;
  for (std::size_t at = 0; at < body.size(); at += chunk) {
    stream::Event event;
    event.t = stream::Nanos(static_cast<std::int64_t>(at));
    const std::string_view piece = body.substr(at, chunk);
    if (kind == StreamKind::websocket) {
      // Each chunk is a message; its first byte says of which sort.
      const auto head = static_cast<unsigned char>(piece.front());
      event.kind = head % 16 == 15 ? stream::EventKind::close : stream::EventKind::message;
      event.direction = head & 0x10U ? stream::Direction::send : stream::Direction::receive;
      constexpr int kOpcodes[] = {1, 2, 9, 10};
      event.opcode = kOpcodes[head % 4];
      if (event.kind == stream::EventKind::close) event.code = head;
    } else {
      event.kind = stream::EventKind::data;
    }
    event.data = piece;
    out.timeline.push_back(event);
  }
  if (!cut_off) {
    stream::Event end;
    end.kind = stream::EventKind::end;
    end.reason = "eof";
    out.end = end;
  }
  return out;
}

Comparison compare(const Exchange& expected, const Exchange& actual, const stream::CompareOptions& options) {
  auto result = stream::compare_exchanges(expected, actual, options);
  require(result.has_value());
  std::size_t counted = 0;
  for (const std::size_t count : result->by_change) counted += count;
  require(counted == result->total);
  require(result->differences.size() == result->total);
  const auto reported = [&](stream::ReportForm form, stream::ReportOptions how = {}) {
    std::string out;
    const auto sink = stream::string_sink(out);
    const auto report = make_report(form, *sink, how);
    stream::CompareOptions told = options;
    told.context = report->context();
    report->next({"e", "a", 0});
    require(stream::compare_exchanges(expected, actual, told, report.get()).has_value());
    require(report->finish().has_value());
    return out;
  };
  stream::ReportOptions narrow;
  narrow.width = 40;
  narrow.context = 1;
  for (const std::string& text : {reported(stream::ReportForm::text), reported(stream::ReportForm::text, narrow),
                                  reported(stream::ReportForm::side_by_side, narrow), reported(stream::ReportForm::markdown)}) {
    require(std::all_of(text.begin(), text.end(), [](char c) { return c == '\n' || static_cast<unsigned char>(c) >= 0x20; }));
    require(stream::is_utf8(text));
  }
  for (const std::string& text : {reported(stream::ReportForm::junit), reported(stream::ReportForm::html)})
    require(stream::is_utf8(text));
  const std::string json = reported(stream::ReportForm::ndjson);
  const auto lines = static_cast<std::size_t>(std::count(json.begin(), json.end(), '\n'));
  require(lines == result->total + 1);
  require(stream::parse_json(std::string_view(json).substr(0, json.find('\n')), {SIZE_MAX, SIZE_MAX}).has_value());
  const std::string patch = reported(stream::ReportForm::json_patch);
  if (!patch.empty())
    require(stream::parse_json(std::string_view(patch).substr(0, patch.find('\n')), {SIZE_MAX, SIZE_MAX}).has_value());
  return std::move(*result);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  constexpr StreamKind kKinds[] = {StreamKind::sse,  StreamKind::ndjson, StreamKind::json_seq, StreamKind::multipart,
                                   StreamKind::text, StreamKind::binary, StreamKind::http,     StreamKind::websocket};
  const StreamKind kind = kKinds[data[0] % std::size(kKinds)];
  const unsigned flags = data[1];
  const std::size_t chunk = 1 + data[2] % 32;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 3, size - 3);
  const std::size_t separator = rest.find('|');
  const std::string_view first = rest.substr(0, separator == std::string_view::npos ? rest.size() / 2 : separator);
  const std::string_view second = rest.substr(separator == std::string_view::npos ? rest.size() / 2 : separator + 1);

  stream::CompareOptions options;
  if (flags & 1U) options.noise = stream::Noise::include;
  if (flags & 2U) options.values.numbers = stream::NumberRule::spelling;
  if (flags & 4U) require(options.values.noise.ignore("/**/a").has_value() && options.values.noise.ignore("/*/1").has_value());
  if (flags & 8U) require(options.values.noise.ignore("@id").has_value());
  if (flags & 16U) options.truncation = stream::Truncation::allowed;
  if (flags & 32U) options.align = {0, 0, 2, 4};
  const bool cut_off = (flags & 64U) != 0;

  const Exchange a = exchange(kind, first, kind == StreamKind::websocket ? chunk : 4096, false);
  const Exchange b = exchange(kind, second, chunk, cut_off);
  const Comparison forwards = compare(a, b, options);
  const Comparison backwards = compare(b, a, options);
  require(forwards.equal() == backwards.equal());
  require(compare(a, a, options).equal());
  require(compare(b, b, options).equal());
  if (kind != StreamKind::websocket) require(compare(a, exchange(kind, first, chunk, false), options).equal());
  return 0;
}
