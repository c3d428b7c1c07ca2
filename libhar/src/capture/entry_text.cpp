#include "capture/entry_text.hpp"

#include <algorithm>
#include <vector>

#include "capture/coding.hpp"
#include "capture/fields.hpp"
#include "capture/head_text.hpp"
#include "stream/text/utf8.hpp"

namespace har::capture {
namespace {

using stream::Direction;
using stream::Nanos;
using stream::Status;
using stream::StreamKind;
using Sink = std::function<Status(std::string_view)>;

constexpr std::size_t kPiece = std::size_t{64} << 10;
/// What is held at once of a body in another charset than UTF-8; one that is longer is base64.
constexpr std::uint64_t kMostInCharset = std::uint64_t{2} << 20;

std::unique_ptr<stream::Decompressor> decoder_for(std::span<const stream::TapField> fields) {
  const Coding coding = coding_of(fields);
  return coding.compression ? std::make_unique<stream::Decompressor>(*coding.compression) : nullptr;
}

void put_truncated(Text& out, std::uint64_t size) {
  out << R"(,"_truncated":true,"_size":)";
  put_number(out, size);
}

/// How long a body was is only known at its end.
void put_size(Text& out, const Captured* end, const Captured::Body Captured::*body) {
  if (end == nullptr) {
    out << "-1";
  } else {
    put_number(out, (end->*body).size);
  }
}

}  // namespace

EntryText::EntryText(SpoolFile& file, stream::WallTime start, const Captured& request)
    : file_(file),
      start_(start),
      begin_(request.t),
      last_(request.t),
      request_type_(field_value(request.request.fields, "content-type")),
      request_coded_(!field_value(request.request.fields, "content-encoding").empty()),
      websocket_(request.request.websocket) {
  put_request(scratch_, request);
  request_ = scratch_.view();
  scratch_.clear();
  put_request_members(scratch_, request);
  request_members_ = scratch_.view();
  sent_.decoder = decoder_for(request.request.fields);
}

void EntryText::keep(Spool& spool, std::string_view text) {
  const Status kept = spool.append(file_, text);
  if (kept) {
    weight_ += text.size();
  } else {
    ++lost_;
    trouble_ = to_string(kept.error());
  }
}

void EntryText::put_epoch(Nanos t) { put_seconds(scratch_, start_.time_since_epoch() + t); }

void EntryText::separate(const Spool& list) {
  scratch_.clear();
  if (!list.empty()) scratch_ << ',';
}

void EntryText::take(const Captured& captured) {
  last_ = std::max(last_, captured.t);
  switch (captured.kind) {
    case Captured::Kind::response:
      return response(captured);
    case Captured::Kind::data:
      return data(captured);
    case Captured::Kind::message:
      return message(captured);
    case Captured::Kind::close:
      return close(captured);
    case Captured::Kind::trailers:
    case Captured::Kind::interim:
      separate(others_);
      scratch_ << R"({"ev":"mark","t":)";
      put_seconds(scratch_, captured.t - begin_);
      scratch_ << ',';
      put_mark(scratch_, captured);
      scratch_ << '}';
      return keep(others_, scratch_.view());
    case Captured::Kind::request:
    case Captured::Kind::end:
      break;
  }
}

void EntryText::response(const Captured& captured) {
  responded_ = true;
  response_at_ = captured.t;
  response_head_ = captured.response.head_size;
  response_type_ = field_value(captured.response.fields, "content-type");
  kind_ = kind_of(captured, websocket_);
  received_.decoder = decoder_for(captured.response.fields);
  if (kind_ == StreamKind::sse) decoder_ = std::make_unique<stream::SseDecoder>();
  const auto text = [&](std::string& to, auto&& put) {
    scratch_.clear();
    put();
    to = scratch_.view();
  };
  text(response_, [&] { put_response(scratch_, captured); });
  text(response_members_, [&] { put_response_members(scratch_, captured); });
  text(timings_, [&] { put_timings(scratch_, captured.response.timings); });
}

void EntryText::data(const Captured& captured) {
  Body& body = captured.direction == Direction::send ? sent_ : received_;
  std::string decoded;
  std::string_view bytes = captured.bytes;
  body.came += bytes.size();
  if (body.decoder) {
    keep(body.raw, bytes);
    if (!body.undecodable) body.undecodable = !body.decoder->feed(bytes, decoded);
    bytes = decoded;
  }
  if (body.text && body.validator.feed(bytes) != std::string_view::npos) body.text = false;
  body.ascii = body.ascii && stream::is_ascii(bytes);
  keep(body.bytes, bytes);
  separate(chunks_);
  scratch_ << R"({"time":)";
  put_epoch(captured.t);
  scratch_ << R"(,"offset":)";
  put_number(scratch_, body.size);
  scratch_ << R"(,"size":)";
  put_number(scratch_, bytes.size());
  scratch_ << (captured.direction == Direction::send ? R"(,"dir":"send"})" : "}");
  keep(chunks_, scratch_.view());
  body.size += bytes.size();
  if (decoder_ && captured.direction == Direction::receive) events(captured, bytes);
}

void EntryText::events(const Captured& captured, std::string_view decoded) {
  std::vector<stream::SseItem> items;
  if (!decoder_->feed(decoded, items)) {
    decoder_.reset();
    sse_.clear(file_);
    return;
  }
  for (const stream::SseItem& item : items) {
    if (item.kind != stream::SseItem::Kind::event) continue;
    separate(sse_);
    scratch_ << R"({"time":)";
    put_epoch(captured.t);
    scratch_ << R"(,"eventName":)";
    put_string(scratch_, item.event.type);
    scratch_ << R"(,"eventId":)";
    put_string(scratch_, item.event.last_event_id);
    scratch_ << R"(,"data":)";
    put_string(scratch_, item.event.data);
    scratch_ << '}';
    keep(sse_, scratch_.view());
  }
}

void EntryText::message(const Captured& captured) {
  const stream::TapMessage& message = captured.message;
  separate(messages_);
  scratch_ << (message.direction == Direction::send ? R"({"type":"send","time":)" : R"({"type":"receive","time":)");
  put_epoch(captured.t);
  scratch_ << R"(,"opcode":)";
  put_number(scratch_, static_cast<std::uint64_t>(message.opcode));
  const bool text = message.opcode == 1;
  if (text && stream::is_utf8(message.data)) {
    scratch_ << R"(,"data":")";
    put_escaped(scratch_, message.data);
    scratch_ << '"';
  } else {
    scratch_ << R"(,"data":")";
    put_base64(scratch_, message.data);
    scratch_ << (text ? R"(","encoding":"base64")" : "\"");
  }
  if (message.mocked) scratch_ << R"(,"_mocked":true)";
  if (message.truncated) put_truncated(scratch_, message.size);
  scratch_ << '}';
  keep(messages_, scratch_.view());
}

void EntryText::close(const Captured& captured) {
  const stream::TapClose& close = captured.close;
  const bool first = close_.empty();
  if (first) {
    scratch_.clear();
    scratch_ << '{';
  } else {
    separate(others_);
    scratch_ << R"({"ev":"close","t":)";
    put_seconds(scratch_, captured.t - begin_);
    scratch_ << R"(,"dir":")" << to_string(close.direction) << '"';
  }
  if (close.code) {
    scratch_ << (first ? R"("code":)" : R"(,"code":)");
    put_number(scratch_, static_cast<std::uint64_t>(std::clamp(*close.code, 0, 65535)));
  }
  if (first || !close.reason.empty()) {
    scratch_ << (first && !close.code ? R"("reason":)" : R"(,"reason":)");
    put_string(scratch_, close.reason);
  }
  if (first) {
    scratch_ << R"(,"timestamp":)";
    put_epoch(captured.t);
    if (close.direction == Direction::send) scratch_ << R"(,"dir":"send")";
  }
  if (close.mocked) scratch_ << R"(,"_mocked":true)";
  scratch_ << '}';
  if (first) {
    close_ = scratch_.view();
  } else {
    keep(others_, scratch_.view());
  }
}

/// `size`: what the entry says.
stream::Result<EntryText::Shown> EntryText::shown(const Body& body, std::string_view type, std::int64_t size) const {
  const BodyFacts facts{text_charset(type), size};
  const bool itself = !facts.charset || (body.ascii && stream::is_ascii_compatible(*facts.charset));
  if (itself || body.undecodable) return Shown{!body.is_text(), {}};
  if (body.bytes.size() > kMostInCharset) return Shown{true, {}};
  std::string octets;
  STREAM_TRY(body.bytes.each(file_, [&](std::string_view piece) -> Status {
    octets += piece;
    return {};
  }));
  auto text = text_of_octets(octets, facts);
  return Shown{!text, std::move(text)};
}

/// `"text":"…"` and what follows from it.
Status EntryText::put_body(const Body& body, const Shown& shown, Text& out, const Sink& sink) const {
  const auto hand_on = [&]() -> Status {
    if (out.size() < kPiece) return {};
    STREAM_TRY(sink(out.view()));
    out.clear();
    return {};
  };
  out << R"("text":")";
  if (shown.text) {
    put_escaped(out, *shown.text);
    out << '"';
    return hand_on();
  }
  if (!shown.base64) {
    STREAM_TRY(body.bytes.each(file_, [&](std::string_view piece) -> Status {
      put_escaped(out, piece);
      return hand_on();
    }));
    out << '"';
    return {};
  }
  std::string rest;
  STREAM_TRY(body.shown().each(file_, [&](std::string_view piece) -> Status {
    rest += piece;
    const std::size_t whole = rest.size() / 3 * 3;
    put_base64(out, std::string_view(rest).substr(0, whole));
    rest.erase(0, whole);
    return hand_on();
  }));
  put_base64(out, rest);
  out << '"';
  return {};
}

Status EntryText::write(const Captured* end, const Sink& sink) {
  const Nanos over = end != nullptr ? std::max(last_, end->t) : last_;
  Text out;
  out << R"({"startedDateTime":")" << stream::format_iso8601(start_ + begin_) << R"(","time":)";
  put_millis(out, over - begin_);

  out << R"(,"request":)" << request_ << R"(,"bodySize":)";
  put_size(out, end, &Captured::sent);
  if (!sent_.shown().empty()) {
    out << R"(,"postData":{"mimeType":)";
    put_string(out, request_type_);
    out << ',';
    if (is_form(request_type_) && sent_.is_text() && sent_.size <= kPiece) {
      std::string form;
      STREAM_TRY(sent_.bytes.each(file_, [&](std::string_view piece) -> Status {
        form += piece;
        return {};
      }));
      put_params(out, form);
    } else {
      out << R"("params":[])";
    }
    out << ',';
    const bool known = end != nullptr && !request_coded_;
    STREAM_ASSIGN(const Shown body, shown(sent_, request_type_, known ? static_cast<std::int64_t>(end->sent.size) : -1));
    STREAM_TRY(put_body(sent_, body, out, sink));
    if (body.base64) out << R"(,"_encoding":"base64")";
    if (end != nullptr && end->sent.cut()) put_truncated(out, end->sent.size);
    out << '}';
  }

  out << R"(},"response":)";
  if (responded_) {
    const std::uint64_t came = end != nullptr ? end->received.size : received_.came;
    std::uint64_t size = received_.undecodable ? received_.raw.size() : received_.size;
    if (end != nullptr && !end->received.wanted) size = came;
    out << response_ << R"(,"bodySize":)";
    put_size(out, end, &Captured::received);
    if (end != nullptr) {
      out << R"(,"_transferSize":)";
      put_number(out, response_head_ + end->end.response_body_wire);
    }
    out << R"(,"content":{"size":)";
    put_number(out, size);
    if (received_.decoder && !received_.undecodable && !received_.bytes.empty()) {
      out << R"(,"compression":)";
      if (size < came) out << '-';
      put_number(out, size < came ? came - size : size - came);
    }
    out << R"(,"mimeType":)";
    put_string(out, response_type_.empty() ? "x-unknown" : response_type_);
    if (!received_.shown().empty()) {
      out << ',';
      STREAM_ASSIGN(const Shown body, shown(received_, response_type_, static_cast<std::int64_t>(size)));
      STREAM_TRY(put_body(received_, body, out, sink));
      if (body.base64) out << R"(,"encoding":"base64")";
    }
    if (end != nullptr && end->received.cut()) put_truncated(out, end->received.size);
    out << '}';
    if (end != nullptr && !end->end.trailers.empty()) {
      out << R"(,"_trailers":)";
      put_headers(out, end->end.trailers);
    }
    out << R"(},"cache":{},"timings":)" << timings_ << R"(,"receive":)";
    put_millis(out, over - response_at_);
    out << '}';
  } else {
    out << R"({"status":0,"statusText":"","httpVersion":"unknown","cookies":[],"headers":[],)"
        << R"("content":{"size":0,"mimeType":"x-unknown"},"redirectURL":"","headersSize":-1,"bodySize":-1},)"
        << R"("cache":{},"timings":{"send":0,"wait":)";
    put_millis(out, over - begin_);
    out << R"(,"receive":0})";
  }

  if (kind_ == StreamKind::websocket) out << R"(,"_resourceType":"websocket")";
  if (kind_ == StreamKind::sse) out << R"(,"_resourceType":"eventsource")";
  const auto list = [&](std::string_view name, const Spool& spool) -> Status {
    out << name;
    STREAM_TRY(spool.each(file_, [&](std::string_view piece) -> Status {
      out << piece;
      if (out.size() < kPiece) return {};
      STREAM_TRY(sink(out.view()));
      out.clear();
      return {};
    }));
    out << ']';
    return {};
  };
  if (!messages_.empty() || kind_ == StreamKind::websocket) STREAM_TRY(list(R"(,"_webSocketMessages":[)", messages_));
  if (!close_.empty()) out << R"(,"_webSocketClose":)" << close_;
  if (!sse_.empty()) STREAM_TRY(list(R"(,"_eventSourceMessages":[)", sse_));
  // Where they cannot be read from, what the bytes of a decoded body arrived in says nothing.
  if (!chunks_.empty() && !sent_.undecodable && !received_.undecodable) STREAM_TRY(list(R"(,"_streamChunks":[)", chunks_));
  if (end != nullptr && end->end.reason != "eof") {
    out << R"(,"_error":)";
    put_string(out, end->end.error.empty() ? end->end.reason : end->end.error);
  }
  if (end == nullptr) out << R"(,"_incomplete":true)";
  if (!others_.empty()) STREAM_TRY(list(R"(,"_recordingEvents":[)", others_));
  out << ',' << request_members_;
  if (!response_members_.empty()) out << ',' << response_members_;
  if (continued_) out << R"(,"_continued":true)";
  if (const std::uint64_t dropped = lost_ + (end != nullptr ? end->dropped : 0); dropped != 0) {
    out << R"(,"_dropped":)";
    put_number(out, dropped);
  }
  if (end != nullptr && !end->end.fault.empty()) {
    out << R"(,"_fault":)";
    put_string(out, end->end.fault);
  }
  out << '}';
  return sink(out.view());
}

void EntryText::clear() {
  for (Spool* spool : {&sent_.bytes, &sent_.raw, &received_.bytes, &received_.raw, &messages_, &chunks_, &sse_, &others_}) {
    if (!spool->empty()) spool->clear(file_);
  }
}

void EntryText::go_on() {
  clear();
  for (Body* body : {&sent_, &received_}) {
    body->size = body->came = 0;
    body->validator.reset();
    body->text = body->ascii = true;
    body->undecodable = false;
  }
  close_.clear();
  lost_ = weight_ = 0;
  continued_ = true;
}

}  // namespace har::capture
