#include "stream/replay/answer.hpp"

#include <algorithm>
#include <charconv>

#include "edit.hpp"
#include "stream/text/utf8.hpp"

namespace stream::replay {
namespace {

constexpr int kClose = 8;

/// All of a recorded body, whatever is played of it; a view where it came in one piece.
class Body {
 public:
  explicit Body(const Exchange& exchange) {
    std::size_t count = 0;
    for (const Event& event : exchange.timeline) {
      if (event.kind != EventKind::data || event.direction != Direction::receive || event.data.empty()) continue;
      if (++count == 2) joined_ = std::string(view_);
      if (count >= 2) joined_ += event.data;
      view_ = event.data;
    }
    if (count >= 2) view_ = joined_;
  }
  Body(const Body&) = delete;
  Body& operator=(const Body&) = delete;
  std::string_view view() const { return view_; }

 private:
  std::string joined_;
  std::string_view view_;
};

std::string_view raw_header(const Json& headers, std::string_view name) {
  std::string_view value;
  if (!headers.is_array()) return value;
  for (const Json& header : headers.as_array()) {
    if (iequals(header["name"].string_or(""), name)) value = header["value"].string_or("");
  }
  return value;
}

std::optional<std::uint64_t> parse_length(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string_view media_type_of(StreamKind kind) {
  switch (kind) {
    case StreamKind::sse:
      return "text/event-stream";
    case StreamKind::ndjson:
      return "application/x-ndjson";
    case StreamKind::json_seq:
      return "application/json-seq";
    case StreamKind::multipart:
      return "multipart/mixed";
    case StreamKind::text:
      return "text/plain; charset=utf-8";
    case StreamKind::http:
    case StreamKind::binary:
    case StreamKind::websocket:
      break;
  }
  return "application/octet-stream";
}

bool is_textual(std::string_view type) {
  std::string lower(type.substr(0, type.find(';')));
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  const auto has = [&](std::string_view part) { return lower.find(part) != std::string::npos; };
  return has("text/") || has("json") || has("xml") || has("javascript") || has("ecmascript");
}

/// Takes Content-Encoding away where the body is not in it; whether it did.
bool drop_stale_coding(Answer& answer, std::string_view body) {
  std::vector<HeaderField>& headers = answer.headers;
  std::string_view coding = find_header(headers, "content-encoding");
  if (const auto comma = coding.rfind(','); comma != std::string_view::npos)
    coding.remove_prefix(comma + 1);  // the last was applied last
  while (!coding.empty() && coding.front() == ' ') coding.remove_prefix(1);
  if (coding.empty() || looks_encoded(body, coding, find_header(headers, "content-type"))) return false;
  answer.recorded_coding = find_header(headers, "content-encoding");
  std::erase_if(headers, [](const HeaderField& field) { return iequals(field.name, "content-encoding"); });
  return true;
}

void take_handshake(Answer& answer, const Json& recorded) {
  answer.subprotocol = find_header(answer.headers, "sec-websocket-protocol");
  answer.deflate = raw_header(recorded, "sec-websocket-extensions").find("permessage-deflate") != std::string_view::npos;
  std::erase_if(answer.headers,
                [](const HeaderField& field) { return iequals(std::string_view(field.name).substr(0, 14), "sec-websocket-"); });
}

}  // namespace

bool looks_encoded(std::string_view body, std::string_view coding, std::string_view media_type) {
  const auto starts = [&](std::string_view magic) { return body.starts_with(magic); };
  if (iequals(coding, "gzip") || iequals(coding, "x-gzip")) return starts("\x1f\x8b");
  if (iequals(coding, "zstd")) return starts("\x28\xb5\x2f\xfd");
  if (iequals(coding, "deflate")) {  // RFC 1950 §2.2
    if (body.size() < 2) return false;
    const auto first = static_cast<unsigned char>(body[0]);
    return (first & 0x0f) == 8 && (first * 256 + static_cast<unsigned char>(body[1])) % 31 == 0;
  }
  if (iequals(coding, "br")) return !body.empty() && is_textual(media_type) && !is_utf8(body);
  return iequals(coding, "identity");
}

std::shared_ptr<const Answer> make_answer(std::shared_ptr<const Exchange> exchange, const Pace& pace) {
  auto answer = std::make_shared<Answer>();
  answer->id = exchange->id;
  answer->steps = make_schedule(*exchange, pace, &answer->client);
  answer->websocket = is_websocket(*exchange);
  answer->complete = answer->steps.back().kind == StepKind::end;
  answer->head_only = iequals(exchange->method(), "HEAD");
  for (const Step& step : answer->steps) {
    if (step.kind == StepKind::data) answer->body_size += step.bytes.size();
  }
  const bool answered = answer->steps.front().kind == StepKind::head;
  if (answered) answer->status = exchange->status();
  if (exchange->response && answered) {
    const Json& response = exchange->response->object;
    const Json& headers = response["headers"];
    answer->reason = response["statusText"].string_or("");
    answer->headers = end_to_end_headers(headers);
    answer->chunked = raw_header(headers, "transfer-encoding").find("chunked") != std::string_view::npos;
    answer->recorded_length = parse_length(raw_header(headers, "content-length"));
    const Body body(*exchange);
    if (!answer->head_only && drop_stale_coding(*answer, body.view()) && !answer->complete) answer->recorded_length.reset();
    if (answer->websocket) take_handshake(*answer, headers);
  }
  if (answered && answer->status == 0) {  // bytes or messages without a response: what they are is all that is known
    answer->status = answer->websocket ? 101 : 200;
    if (!answer->websocket && find_header(answer->headers, "content-type").empty()) {
      answer->headers.push_back({"Content-Type", std::string(media_type_of(exchange->kind()))});
    }
  }
  if (exchange->request) answer->last_event_id = raw_header(exchange->request->object["headers"], "last-event-id");
  answer->kind = exchange->kind();
  if (exchange->start) answer->recorded_at = *exchange->start + exchange->begin();
  if (answered && answer->kind == StreamKind::sse && !answer->websocket && is_plain(*answer) && pace.keepalive) {
    answer->keepalive = pace.keepalive;
    answer->chunked = true;  // its length is not known any more
  }
  if (answer->kind != StreamKind::http && pace.rounds != 1) repeat(*answer, pace.rounds);
  if (exchange->end) answer->trailers = end_to_end_headers(exchange->end->trailers);
  std::replace_if(
      answer->reason.begin(), answer->reason.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; },
      ' ');
  answer->owner = std::move(exchange);
  return answer;
}

std::shared_ptr<const Answer> make_answer(int status, std::string_view media_type, std::string body) {
  auto answer = std::make_shared<Answer>();
  auto text = std::make_shared<const std::string>(std::move(body));
  answer->status = status;
  answer->headers = {{"Content-Type", std::string(media_type)}};
  answer->steps = {{Nanos{}, StepKind::head, 0, {}}, {Nanos{}, StepKind::data, 0, *text}, {Nanos{}, StepKind::end, 0, {}}};
  answer->body_size = text->size();
  answer->recorded_length = text->size();
  answer->complete = true;
  answer->owner = std::move(text);
  return answer;
}

bool repeat(Answer& answer, std::uint64_t rounds) {
  const std::size_t first = answer.steps.empty() || answer.steps.front().kind != StepKind::head ? 0 : 1;
  if (answer.steps.size() < first + 2 || answer.head_only) return false;
  // From the head, so that the pause before the first piece is there each time.
  const Nanos begin = first == 0 ? Nanos{} : answer.steps.front().at;
  const Nanos period = answer.steps.back().at - begin;
  if (rounds == 0 && period == Nanos{}) return false;
  answer.rounds = rounds;
  answer.loop_first = first;
  answer.loop_period = period;
  if (rounds != 1) answer.chunked = true;
  // A close is none of what is repeated.
  while (!answer.client.empty() && answer.client.back().opcode == kClose) answer.client.pop_back();
  for (Step& step : answer.steps) step.after = std::min<std::uint64_t>(step.after, answer.client.size());
  return true;
}

}  // namespace stream::replay
