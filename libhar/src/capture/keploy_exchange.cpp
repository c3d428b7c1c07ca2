#include "capture/keploy_exchange.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "capture/coding.hpp"
#include "capture/fields.hpp"
#include "stream/text/utf8.hpp"

namespace har::capture {
namespace {

namespace keploy = format::keploy;
using stream::Direction;
using stream::Nanos;
using stream::Result;
using stream::Status;

struct Mark {
  std::int64_t t = 0;
  std::uint64_t decoded = 0;
  std::uint64_t raw = 0;
};

keploy::Fields copied(std::span<const stream::TapField> fields) {
  keploy::Fields out;
  out.reserve(fields.size());
  for (const stream::TapField& field : fields) out.emplace_back(field.name, field.value);
  return out;
}

std::unique_ptr<stream::Decompressor> decoder_for(std::span<const stream::TapField> fields) {
  const Coding coding = coding_of(fields);
  return coding.compression ? std::make_unique<stream::Decompressor>(*coding.compression) : nullptr;
}

/// What was cut ends where its last whole character does, if it is text.
void end_with_a_character(std::vector<keploy::TimedBytes>& body) {
  if (body.empty()) return;
  std::string& last = body.back().bytes;
  for (std::size_t back = 0; back <= std::min<std::size_t>(3, last.size()); ++back) {
    if (!stream::is_utf8(std::string_view(last).substr(0, last.size() - back))) continue;
    last.resize(last.size() - back);
    return;
  }
}

}  // namespace

KeployExchange::KeployExchange(SpoolFile& file, stream::WallTime start, const Captured& request)
    : file_(file), start_(start), websocket_(request.request.websocket), last_(request.t) {
  keploy::Document::Request& to = document_.request;
  to.method = request.request.method;
  to.url = request.request.url;
  to.version = keploy::version_of(request.request.version);
  to.headers = copied(request.request.fields);
  to.at = start_ + request.t;
  document_.connection = std::to_string(request.request.connection.client);
  sent_.decoder = decoder_for(request.request.fields);
}

KeployExchange::~KeployExchange() {
  for (Body* body : {&sent_, &received_}) {
    for (Spool* spool : {&body->bytes, &body->raw, &body->marks}) {
      if (!spool->empty()) spool->clear(file_);
    }
  }
}

void KeployExchange::take(const Captured& captured) {
  last_ = std::max(last_, captured.t);
  if (captured.kind == Captured::Kind::data) {
    data(captured.direction == Direction::send ? sent_ : received_, captured);
  } else if (captured.kind == Captured::Kind::response) {
    responded_ = true;
    keploy::Document::Response& to = document_.response;
    to.status = captured.response.status;
    to.reason = captured.response.reason;
    to.version = keploy::version_of(captured.response.version);
    to.headers = copied(captured.response.fields);
    to.at = start_ + captured.t;
    received_.decoder = decoder_for(captured.response.fields);
    websocket_ = websocket_ && captured.response.status == 101;
  }
}

void KeployExchange::keep(Spool& spool, Body& body, std::string_view bytes) {
  if (const Status kept = spool.append(file_, bytes); !kept) {
    body.cut = true;
    trouble_ = to_string(kept.error());
  }
}

void KeployExchange::data(Body& body, const Captured& captured) {
  body.came += captured.bytes.size();
  if (body.cut) return;  // there is no going on behind a gap
  std::string decoded;
  std::string_view bytes = captured.bytes;
  Mark mark{captured.t.count(), 0, 0};
  if (body.decoder) {
    if (!body.undecodable) body.undecodable = !body.decoder->feed(bytes, decoded);
    bytes = bytes.substr(0, static_cast<std::size_t>(kMostBody - std::min(kMostBody, body.raw.size())));
    keep(body.raw, body, bytes);
    mark.raw = bytes.size();
    body.cut = body.cut || bytes.size() < captured.bytes.size();
    bytes = decoded;
  }
  const std::string_view kept = bytes.substr(0, static_cast<std::size_t>(kMostBody - std::min(kMostBody, body.bytes.size())));
  body.cut = body.cut || kept.size() < bytes.size();
  mark.decoded = kept.size();
  keep(body.bytes, body, kept);
  std::array<char, sizeof mark> text{};
  std::memcpy(text.data(), &mark, sizeof mark);
  keep(body.marks, body, {text.data(), text.size()});
}

Result<std::vector<keploy::TimedBytes>> KeployExchange::pieces(const Body& body) const {
  const auto all = [this](const Spool& spool) -> Result<std::string> {
    std::string out;
    STREAM_TRY(spool.each(file_, [&](std::string_view piece) -> Status {
      out += piece;
      return {};
    }));
    return out;
  };
  STREAM_ASSIGN(const std::string bytes, all(body.undecodable ? body.raw : body.bytes));
  STREAM_ASSIGN(const std::string marks, all(body.marks));
  std::vector<keploy::TimedBytes> out;
  std::size_t at = 0;
  for (std::size_t i = 0; i + sizeof(Mark) <= marks.size(); i += sizeof(Mark)) {
    Mark mark;
    std::memcpy(&mark, marks.data() + i, sizeof mark);
    const auto size = static_cast<std::size_t>(body.undecodable ? mark.raw : mark.decoded);
    if (size == 0) continue;
    out.push_back({start_ + Nanos(mark.t), bytes.substr(std::min(at, bytes.size()), size)});
    at += size;
  }
  return out;
}

std::optional<std::uint64_t> KeployExchange::whole(const Body& body, const Captured::Body* told) const {
  const std::uint64_t size = told != nullptr ? told->size : body.came;
  if (told != nullptr && (told->cut() || (!told->wanted && size != 0))) return size;
  return body.cut ? std::optional(size) : std::nullopt;
}

Result<keploy::Document> KeployExchange::finish(const Captured* end) {
  keploy::Document::Request& request = document_.request;
  keploy::Document::Response& response = document_.response;
  request.whole = whole(sent_, end != nullptr ? &end->sent : nullptr);
  response.whole = whole(received_, end != nullptr ? &end->received : nullptr);
  STREAM_ASSIGN(auto sent, pieces(sent_));
  STREAM_ASSIGN(response.body, pieces(received_));
  if (request.whole) end_with_a_character(sent);
  if (response.whole) end_with_a_character(response.body);
  for (keploy::TimedBytes& piece : sent) request.body += piece.bytes;
  response.decoded = !received_.plain();
  response.end = start_ + (end != nullptr ? std::max(end->t, last_) : last_);
  response.complete = end != nullptr && end->end.reason == "eof" && end->dropped == 0;
  return std::move(document_);
}

}  // namespace har::capture
