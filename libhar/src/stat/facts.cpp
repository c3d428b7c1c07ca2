#include "har/stat/facts.hpp"

#include <algorithm>

#include "check/http_text.hpp"
#include "har/entry_checksum.hpp"
#include "har/entry_view.hpp"
#include "har/http_protocol.hpp"
#include "har/resource_type.hpp"
#include "stat/facts_reader.hpp"
#include "stat/numbers.hpp"
#include "stat/timeline.hpp"
#include "stat/url_host.hpp"
#include "stream/text/base64.hpp"

namespace har::stat {
namespace {

using stream::RawJson;

constexpr std::size_t kTextKept = 1024;  // of a URL and the like, for people
constexpr std::array<std::string_view, kPhases> kPhaseNames = {"time", "blocked", "dns",     "connect", "ssl",
                                                               "send", "wait",    "receive", "ttfb"};

}  // namespace

std::string_view to_string(Phase phase) { return kPhaseNames[static_cast<std::size_t>(phase)]; }

void EntryFactsList::clear() {
  text.clear();
  entries.clear();
  sockets.clear();
  streams.clear();
}

FactText FactsReader::Impl::keep(EntryFactsList& out, std::string_view text) {
  const auto begin = static_cast<std::uint32_t>(out.text.size());
  const std::string_view kept = cut_text(text, kTextKept);
  out.text += kept;
  return {begin, static_cast<std::uint32_t>(kept.size())};
}

void FactsReader::Impl::begin() {
  page_ = started_ = type_ = time_ = from_cache_ = address_ = {};
  chunks_ = progress_ = server_events_ = recording_events_ = close_ = stream_kind_ = incomplete_ = {};
  method_ = url_ = request_version_ = request_size_ = post_data_ = {};
  status_ = version_ = body_size_ = headers_size_ = transferred_ = disk_cache_ = prefetch_cache_ = {};
  content_size_ = mime_ = text_ = encoding_ = file_ = content_type_header_ = {};
  timings_.fill({});
  cache_.reset();
  has_response_ = has_messages_ = odd_messages_ = false;
}

bool FactsReader::Impl::entry_member(JsonWalk& walk, std::string_view name) {
  switch (name.size()) {
    case 4:
      if (name == "time") return walk.value(time_);
      break;
    case 7:
      if (name == "request") return into(walk, [&](std::string_view inner) { return request_member(walk, inner); });
      if (name == "timings") return into(walk, [&](std::string_view inner) { return timing(walk, inner); });
      if (name == "pageref") return walk.value(page_);
      if (name == "_chunks") return walk.value(progress_);
      break;
    case 8:
      if (name == "response") {
        has_response_ = true;
        return into(walk, [&](std::string_view inner) { return response_member(walk, inner); });
      }
      break;
    case 10:
      if (name == "_fromCache") return walk.value(from_cache_);
      break;
    case 11:
      if (name == "_streamKind") return walk.value(stream_kind_);
      if (name == "_incomplete") return walk.value(incomplete_);
      break;
    case 13:
      if (name == "_resourceType") return walk.value(type_);
      if (name == "_streamChunks") return walk.value(chunks_);
      break;
    case 15:
      if (name == "startedDateTime") return walk.value(started_);
      if (name == "serverIPAddress") return walk.value(address_);
      if (name == "_webSocketClose") return walk.value(close_);
      break;
    case 16:
      if (name == "_recordingEvents") return walk.value(recording_events_);
      break;
    case 18:
      if (name == "_webSocketMessages") return messages(walk);
      break;
    case 20:
      if (name == "_eventSourceMessages") return walk.value(server_events_);
      break;
    default:
      break;
  }
  return walk.skip();
}

bool FactsReader::Impl::request_member(JsonWalk& walk, std::string_view name) {
  if (name == "method") return walk.value(method_);
  if (name == "url") return walk.value(url_);
  if (name == "httpVersion") return walk.value(request_version_);
  if (name == "bodySize") return walk.value(request_size_);
  if (name == "postData") return walk.value(post_data_);
  return walk.skip();
}

bool FactsReader::Impl::response_member(JsonWalk& walk, std::string_view name) {
  switch (name.size()) {
    case 6:
      if (name == "status") return walk.value(status_);
      break;
    case 7:
      if (name == "content") return into(walk, [&](std::string_view inner) { return content_member(walk, inner); });
      if (name == "headers") return headers(walk);
      break;
    case 8:
      if (name == "bodySize") return walk.value(body_size_);
      break;
    case 11:
      if (name == "httpVersion") return walk.value(version_);
      if (name == "headersSize") return walk.value(headers_size_);
      break;
    case 13:
      if (name == "_transferSize") return walk.value(transferred_);
      if (name == "fromDiskCache") return walk.value(disk_cache_);
      break;
    case 17:
      if (name == "fromPrefetchCache") return walk.value(prefetch_cache_);
      break;
    default:
      break;
  }
  return walk.skip();
}

bool FactsReader::Impl::content_member(JsonWalk& walk, std::string_view name) {
  if (name == "text") return walk.value(text_);
  if (name == "size") return walk.value(content_size_);
  if (name == "mimeType") return walk.value(mime_);
  if (name == "encoding") return walk.value(encoding_);
  if (name == "_file") return walk.value(file_);
  return walk.skip();
}

bool FactsReader::Impl::headers(JsonWalk& walk) {
  if (!walk.at_array()) return walk.skip();
  return walk.array([&] {
    RawJson name;
    RawJson value;
    const auto member = [&](std::string_view inner) {
      if (inner == "name") return walk.value(name);
      if (inner == "value") return walk.value(value);
      return walk.skip();
    };
    if (!into(walk, member)) return false;
    if (!name.is_string()) return true;
    const std::string_view field = name.string(name_);
    // Which names matter is seen by their lengths, mostly.
    if (field.size() == 12 && check::equal_ignoring_case(field, "content-type")) {
      content_type_header_ = value;
    } else if (field.size() <= 13 && value.is_string()) {
      cache_.add(field, value.string(value_));
    }
    return true;
  });
}

bool FactsReader::Impl::timing(JsonWalk& walk, std::string_view name) {
  for (std::size_t i = 1; i + 1 < kPhases; ++i) {
    if (name == kPhaseNames[i]) return walk.value(timings_[i]);
  }
  return walk.skip();
}

void FactsReader::Impl::times(EntryFacts& facts) const {
  facts.phases[0] = millis(time_);
  for (std::size_t i = 1; i + 1 < kPhases; ++i) facts.phases[i] = millis(timings_[i]);
  const auto phase = [&](Phase name) { return facts.phases[static_cast<std::size_t>(name)]; };
  std::int64_t& ttfb = facts.phases[static_cast<std::size_t>(Phase::ttfb)];
  ttfb = phase(Phase::wait);
  if (ttfb == kNoTime) return;
  // ssl is a part of connect (HAR 1.2 §4.2.16).
  for (const Phase name : {Phase::blocked, Phase::dns, Phase::connect, Phase::send}) ttfb += or_zero(phase(name));
}

/// The text of the answer's body, without its escapes; not what base64 stands for.
std::string_view FactsReader::Impl::body() { return text_.is_string() ? text_.string(body_) : std::string_view(); }

void FactsReader::Impl::sizes(EntryFacts& facts) {
  if (const auto size = size_of(content_size_)) {
    facts.response_bytes = *size;
  } else if (text_.is_string()) {
    const std::string_view text = body();
    facts.response_bytes = text.size();
    if (encoding_.text == R"("base64")") {
      if (const auto length = base64_length(text)) {
        facts.response_bytes = *length;
      } else if (const auto bytes = stream::base64_decode(text)) {
        facts.response_bytes = bytes->size();
      }
    }
  }
  if (const auto whole = size_of(transferred_)) {
    facts.transferred = *whole;
  } else {
    facts.transferred = size_of(headers_size_).value_or(0) + size_of(body_size_).value_or(0);
  }
}

/// The body of a request, and the hash of all of it.
void FactsReader::Impl::hash_request(EntryFacts& facts) {
  scratch_.assign(method_text_);
  scratch_ += '\0';
  scratch_ += url_text_;
  scratch_ += '\0';
  const auto said = size_of(request_size_);
  facts.request_bytes = said.value_or(0);
  if (post_data_.is_object()) {
    // As a view of an entry that has nothing else.
    decoded_ = R"({"request":{"postData":)";
    decoded_ += post_data_.text;
    decoded_ += "}}";
    EntryView view(decoded_);
    const BodyBytes body = view.request_body();
    scratch_ += body.bytes;
    if (!said) facts.request_bytes = body.bytes.size();
  }
  const EntryChecksum hash = siphash128(scratch_);
  facts.request_high = hash.high;
  facts.request_low = hash.low;
}

bool FactsReader::Impl::read(std::string_view entry, const Context& context, EntryFactsList& out) {
  begin();
  JsonWalk walk(entry);
  walk.skip_space();
  if (!walk.object([&](std::string_view name) { return entry_member(walk, name); })) return false;
  walk.skip_space();
  if (!walk.at_end()) return false;

  // Half a surrogate pair is U+FFFD wherever text is looked at.
  method_text_ = method_.string(scratch_);
  url_text_ = url_.string(scratch_);
  mime_text_ = mime_.string(scratch_);
  if (mime_text_.empty()) mime_text_ = content_type_header_.string(scratch_);
  type_text_ = type_.string(scratch_);

  EntryFacts facts;
  const auto started = stream::parse_iso8601(started_.string(scratch_));
  started_at_ = started ? std::optional(static_cast<std::int64_t>(started->time.time_since_epoch().count())) : std::nullopt;
  facts.started = started_at_;
  const auto status = status_.number();
  facts.status = status && *status > 0 ? static_cast<int>(std::min(*status, 999.0)) : 0;  // what has more digits is none
  times(facts);
  sizes(facts);
  hash_request(facts);
  facts.protocol = http_protocol(version_.string(scratch_));
  if (facts.protocol == "unknown") facts.protocol = http_protocol(request_version_.string(scratch_));
  facts.cache = cache_.classify(method_text_, facts.status);
  facts.validator = cache_.has_validator();
  facts.from_cache =
      (from_cache_.is_string() && from_cache_.text.size() > 2) || disk_cache_.is_true() || prefetch_cache_.is_true();

  facts.method = keep(out, method_text_);
  facts.url = keep(out, url_text_);
  facts.type = keep(out, resource_type(type_text_, mime_text_, url_text_));
  facts.path = keep(out, path_of(url_text_));
  facts.page = keep(out, page_.string(scratch_));
  std::string_view address = address_.string(scratch_);
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  facts.address = keep(out, address);
  value_.clear();
  append_host(value_, url_text_);
  facts.host = keep(out, value_);
  value_ = check::essence_of(mime_text_);
  for (char& c : value_) c = check::to_lower(c);
  facts.mime = keep(out, value_);

  timeline(entry, context, facts, out);
  out.entries.push_back(facts);
  return true;
}

FactsReader::FactsReader() : impl_(std::make_unique<Impl>()) {}
FactsReader::~FactsReader() = default;

bool FactsReader::read(std::string_view entry, const Context& context, EntryFactsList& out) {
  return impl_->read(entry, context, out);
}

}  // namespace har::stat
