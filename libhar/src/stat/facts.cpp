#include "har/stat/facts.hpp"

#include <algorithm>

#include "check/http_text.hpp"
#include "har/entry_checksum.hpp"
#include "har/entry_view.hpp"
#include "har/http_protocol.hpp"
#include "har/resource_type.hpp"
#include "message_time.hpp"
#include "stat/json_walk.hpp"
#include "stat/timeline.hpp"
#include "stat/url_host.hpp"
#include "stream/text/base64.hpp"
#include "stream/text/json_tokens.hpp"

namespace har::stat {
namespace {

using stream::RawJson;
using stream::StreamKind;

constexpr std::size_t kTextKept = 1024;                   // of a URL and the like, for people
constexpr std::int64_t kLongest = std::int64_t{1} << 60;  // 36 years: several of these can be added
constexpr std::array<std::string_view, kPhases> kPhaseNames = {"time", "blocked", "dns",     "connect", "ssl",
                                                               "send", "wait",    "receive", "ttfb"};

/// A decimal number without an exponent times 10^`scale`; nothing for what is larger, or has more decimals: the long way knows
/// of these, too.
std::optional<std::int64_t> plain_decimal(std::string_view number, unsigned scale) {
  if (number.size() > 18 || number.empty()) return std::nullopt;
  std::int64_t value = 0;
  unsigned decimals = 0;
  bool point = false;
  for (const char c : number) {
    if (c == '.' && !point) {
      point = true;
    } else if (c >= '0' && c <= '9') {
      value = value * 10 + (c - '0');
      decimals += point ? 1 : 0;
    } else {
      return std::nullopt;
    }
  }
  if (decimals > scale || number.front() == '.' || number.back() == '.') return std::nullopt;
  for (; decimals < scale; ++decimals) {
    if (value > INT64_MAX / 10) return std::nullopt;
    value *= 10;
  }
  return value;
}

/// ns, of milliseconds; kNoTime for what is negative, or no number.
std::int64_t millis(RawJson raw) {
  if (!raw.is_number()) return kNoTime;
  if (const auto plain = plain_decimal(raw.text, 6)) return std::min(*plain, kLongest);
  const auto time = stream::parse_decimal_millis(raw.text);
  if (time) return time->count() >= 0 ? std::min<std::int64_t>(time->count(), kLongest) : kNoTime;
  return raw.number().value_or(-1) > 0 ? kLongest : kNoTime;  // centuries, as Fiddler has them now and then
}

std::optional<std::int64_t> seconds(RawJson raw) {
  if (!raw.is_number()) return std::nullopt;
  if (const auto plain = plain_decimal(raw.text, 9)) return plain;
  const auto time = stream::parse_decimal_seconds(raw.text);
  return time ? std::optional(time->count()) : std::nullopt;
}

/// Bytes; nothing for what is negative, or no number. A part of a byte is none.
std::optional<std::uint64_t> size_of(RawJson raw) {
  constexpr std::int64_t kMost = std::int64_t{1} << 53;
  if (const auto integer = raw.integer()) {
    return *integer >= 0 ? std::optional(static_cast<std::uint64_t>(std::min(*integer, kMost))) : std::nullopt;
  }
  const auto number = raw.number();
  if (!number || *number < 0) return std::nullopt;
  return static_cast<std::uint64_t>(std::min(*number, static_cast<double>(kMost)));
}

std::int64_t or_zero(std::int64_t time) { return std::max<std::int64_t>(0, time); }

/// 0 for what is before; as long as can be for what is too far away.
std::int64_t since(std::int64_t begin, std::int64_t moment) {
  std::int64_t span = 0;
  if (__builtin_sub_overflow(moment, begin, &span)) return moment > begin ? kLongest : 0;
  return std::clamp<std::int64_t>(span, 0, kLongest);
}

}  // namespace

std::string_view to_string(Phase phase) { return kPhaseNames[static_cast<std::size_t>(phase)]; }

void EntryFactsList::clear() {
  text.clear();
  entries.clear();
  sockets.clear();
  streams.clear();
}

struct FactsReader::Impl {
  bool read(std::string_view entry, const Context& context, EntryFactsList& out);

 private:
  bool entry_member(JsonWalk& walk, std::string_view name);
  bool request_member(JsonWalk& walk, std::string_view name);
  bool response_member(JsonWalk& walk, std::string_view name);
  bool content_member(JsonWalk& walk, std::string_view name);
  bool headers(JsonWalk& walk);
  bool timing(JsonWalk& walk, std::string_view name);
  bool messages(JsonWalk& walk);
  bool message(JsonWalk& walk);
  template <class Member>
  static bool into(JsonWalk& walk, const Member& member) {
    return walk.at_object() ? walk.object(member) : walk.skip();
  }

  void begin();
  void times(EntryFacts& facts) const;
  void sizes(EntryFacts& facts);
  void hash_request(EntryFacts& facts);
  void timeline(std::string_view entry, const Context& context, EntryFacts& facts, EntryFactsList& out);
  bool socket(SocketFacts& facts);
  bool stream(StreamFacts& facts);
  std::string_view body();
  std::int64_t answer_after() const;
  std::int64_t duration(std::int64_t last) const;
  static FactText keep(EntryFactsList& out, std::string_view text);

  // What was found in the entry: views of its text.
  RawJson page_, started_, type_, time_, from_cache_, address_;
  RawJson chunks_, progress_, server_events_, recording_events_, close_, stream_kind_, incomplete_;
  RawJson method_, url_, request_version_, request_size_, post_data_;
  RawJson status_, version_, body_size_, headers_size_, transferred_, disk_cache_, prefetch_cache_;
  RawJson content_size_, mime_, text_, encoding_, file_, content_type_header_;
  std::array<RawJson, kPhases> timings_{};
  CacheFields cache_{};
  bool has_response_ = false;
  bool has_messages_ = false;
  bool odd_messages_ = false;  ///< not as Chrome writes them
  SocketFacts socket_{};
  std::vector<std::int64_t> message_times_{};  ///< of data, ns since 1970
  std::vector<double> all_times_{};            ///< of all there are, as they are written
  std::int64_t first_message_ = 0;             ///< in the order of the list
  std::int64_t first_received_ = 0;
  std::int64_t last_message_ = 0;

  std::string url_text_, method_text_, mime_text_, type_text_, name_, value_, scratch_, body_, decoded_;
  std::optional<std::int64_t> started_at_{};
  std::vector<std::int64_t> event_times_{};
};

FactText FactsReader::Impl::keep(EntryFactsList& out, std::string_view text) {
  const auto begin = static_cast<std::uint32_t>(out.text.size());
  out.text += text.substr(0, kTextKept);
  return {begin, static_cast<std::uint32_t>(std::min(text.size(), kTextKept))};
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

bool FactsReader::Impl::messages(JsonWalk& walk) {
  if (!walk.at_array()) return walk.skip();
  has_messages_ = true;
  odd_messages_ = false;
  socket_ = {};
  message_times_.clear();
  all_times_.clear();
  first_received_ = INT64_MAX;
  last_message_ = INT64_MIN;
  const std::size_t from = walk.at();
  const bool whole = walk.array([&] { return !odd_messages_ && message(walk); });
  if (whole) return true;
  odd_messages_ = true;  // or the text is broken, which is found when it is passed over
  walk.go_back(from);
  return walk.skip();
}

/// One as Chrome writes it; any other makes them odd.
bool FactsReader::Impl::message(JsonWalk& walk) {
  RawJson type;
  RawJson time;
  RawJson opcode;
  RawJson data;
  RawJson encoding;
  odd_messages_ = true;
  const bool read = walk.at_object() && walk.object([&](std::string_view name) {
    if (name == "type") return walk.value(type);
    if (name == "time") return walk.value(time);
    if (name == "opcode") return walk.value(opcode);
    if (name == "data") return walk.value(data);
    if (name == "encoding") return walk.value(encoding);
    return walk.skip();
  });
  if (!read) return false;
  const auto at = seconds(time);
  if (!at || *at < 0) return true;
  if (type.text == R"("error")") {
    ++socket_.errors;
  } else {
    const bool sent = type.text == R"("send")" || type.text == R"("request")";
    if (!sent && type.text != R"("receive")" && type.text != R"("response")") return true;
    if (!data.is_string() || encoding) return true;
    const auto code = opcode ? opcode.integer() : std::optional<std::int64_t>(1);
    if (!code || *code < 1 || *code > 15) return true;
    if (*code >= 8) {
      ++socket_.control;
    } else {
      std::uint64_t bytes = data.text.size() - 2;
      if (*code != 1) {
        const auto length = base64_length(data.inner());
        if (!length) return true;
        bytes = *length;
      } else if (data.inner().find('\\') != std::string_view::npos) {
        bytes = std::min<std::uint64_t>(bytes, stream::decoded_length(data.inner()));
      }
      ++socket_.messages[sent ? 0 : 1];
      socket_.bytes[sent ? 0 : 1] += bytes;
      message_times_.push_back(*at);
      if (!sent) first_received_ = std::min(first_received_, *at);
    }
  }
  if (all_times_.empty()) first_message_ = *at;
  all_times_.push_back(static_cast<double>(*at) / 1e9);
  last_message_ = std::max(last_message_, *at);
  odd_messages_ = false;
  return true;
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

/// How long after the beginning the answer came, as its exchange has it.
std::int64_t FactsReader::Impl::answer_after() const {
  std::int64_t answer = 0;
  for (const Phase phase : {Phase::blocked, Phase::dns, Phase::connect, Phase::send, Phase::wait}) {
    answer += or_zero(millis(timings_[static_cast<std::size_t>(phase)]));
  }
  return answer;
}

/// How long it took until the entry was over; `last`: the latest event that has a time, since the beginning.
std::int64_t FactsReader::Impl::duration(std::int64_t last) const {
  const std::int64_t answer = answer_after();
  if (incomplete_.is_true()) return std::max(answer, last);
  return std::max({answer + or_zero(millis(timings_[static_cast<std::size_t>(Phase::receive)])), or_zero(millis(time_)), last});
}

/// The messages of Chrome's form. False: they are of another.
bool FactsReader::Impl::socket(SocketFacts& facts) {
  if (odd_messages_ || !has_response_ || recording_events_.is_array() || (!has_messages_ && file_)) return false;
  if (!has_messages_) {
    socket_ = {};
    message_times_.clear();
    all_times_.clear();
    first_received_ = INT64_MAX;
    last_message_ = INT64_MIN;
  }
  const std::int64_t begin = started_at_.value_or(0);
  bool rebased = false;
  if (!all_times_.empty()) {
    const auto clock = detect_message_clock(std::span<double>(all_times_), stream::WallTime(stream::Nanos(begin)));
    rebased = clock == MessageClock::monotonic;
    if (clock != MessageClock::seconds && !rebased) return false;
  }
  facts = std::move(socket_);
  facts.timed = !message_times_.empty();
  if (!std::is_sorted(message_times_.begin(), message_times_.end())) std::sort(message_times_.begin(), message_times_.end());
  for (std::size_t i = 1; i < message_times_.size(); ++i) {
    facts.gaps.push_back(static_cast<std::uint64_t>(message_times_[i] - message_times_[i - 1]));
  }
  std::int64_t last = last_message_ == INT64_MIN ? 0 : since(begin, last_message_);
  // Of a clock whose zero nobody knows the first message is put at the handshake.
  if (rebased) last = answer_after() + (last_message_ - first_message_);
  if (close_.is_object()) {
    stream::JsonObjectView close(close_);
    if (const auto code = close.find("code").integer(); code && *code >= 0 && *code <= 65535) {
      facts.close_code = static_cast<int>(*code);
    }
    if (const auto at = seconds(close.find("timestamp"))) last = std::max(last, since(begin, *at));
  }
  if (!started_at_) return true;
  facts.duration = duration(last);
  if (facts.messages[1] != 0 && !rebased) facts.first = since(begin, first_received_);
  return true;
}

/// Events of Chrome's form, and whole bodies without times. False: they are of another.
bool FactsReader::Impl::stream(StreamFacts& facts) {
  const auto listed = [](RawJson list) { return list.is_array() && stream::JsonArrayView(list).next(); };
  if (listed(chunks_) || listed(progress_) || recording_events_.is_array() || !has_response_) return false;
  const bool no_text = !text_.is_string() || text_.text.size() == 2;
  if (facts.kind != StreamKind::sse || (no_text && file_)) return false;
  const std::int64_t begin = started_at_.value_or(0);
  std::int64_t last = 0;
  if (listed(server_events_)) {
    if (!no_text || text_.is_string()) return false;
    event_times_.clear();
    stream::JsonArrayView events(server_events_);
    stream::JsonObjectView event;
    while (const RawJson element = events.next()) {
      event.reset(element);
      const auto at = seconds(event.find("time"));
      if (!at) return false;
      event_times_.push_back(event_times_.empty() ? *at : std::max(*at, event_times_.back()));
    }
    facts.events = facts.chunks = event_times_.size();
    for (std::size_t i = 1; i < event_times_.size(); ++i) {
      facts.gaps.push_back(static_cast<std::uint64_t>(event_times_[i] - event_times_[i - 1]));
    }
    facts.chunk_gaps = facts.gaps;
    last = since(begin, event_times_.back());
    if (started_at_) facts.first = since(begin, event_times_.front());
  } else if (!no_text) {
    std::string_view text = body();
    if (encoding_.text == R"("base64")") {
      auto bytes = stream::base64_decode(text);
      if (!bytes) return false;
      decoded_ = std::move(*bytes);
      text = decoded_;
    }
    facts.events = count_sse_events(text);
  }
  if (started_at_) facts.duration = duration(last);
  return true;
}

void FactsReader::Impl::timeline(std::string_view entry, const Context& context, EntryFacts& facts, EntryFactsList& out) {
  // As Exchange::kind() has it.
  const auto listed = [](RawJson list) { return list.is_array() && stream::JsonArrayView(list).next(); };
  StreamKind kind = StreamKind::http;
  const auto named = stream_kind_.is_string() ? stream::stream_kind_from_name(stream_kind_.inner()) : std::nullopt;
  if (named) {
    kind = *named;
  } else if (has_messages_ || type_.text == R"("websocket")") {
    kind = StreamKind::websocket;
  } else {
    kind = stream::stream_kind_of_media_type(mime_text_);
  }
  if (kind == StreamKind::http && !named && !text_.is_string() && listed(server_events_)) kind = StreamKind::sse;
  const bool pieces = listed(chunks_) || (listed(progress_)) || listed(server_events_) || recording_events_.is_array();
  const bool side_file = file_.is_string() && file_.inner().ends_with(".jsonl");
  if (kind == StreamKind::http && !pieces && !side_file) return;

  TimelineFacts read;
  const bool socket = kind == StreamKind::websocket;
  if (!socket) read.stream.emplace().kind = kind;
  const bool fast = !context.slow_streams && (socket ? this->socket(read.socket.emplace()) : stream(*read.stream));
  if (!fast) read = read_timeline(entry, context);
  if (read.socket) {
    facts.socket = static_cast<std::int32_t>(out.sockets.size());
    out.sockets.push_back(std::move(*read.socket));
  } else if (read.stream) {
    facts.stream = static_cast<std::int32_t>(out.streams.size());
    out.streams.push_back(std::move(*read.stream));
  }
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
