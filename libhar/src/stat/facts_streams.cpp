// WebSocket messages and events of an entry: in Chrome's form out of its text, in all others by way of its exchange.
#include <algorithm>

#include "message_time.hpp"
#include "stat/facts_reader.hpp"
#include "stat/numbers.hpp"
#include "stat/timeline.hpp"
#include "stream/text/base64.hpp"
#include "stream/text/json_tokens.hpp"

namespace har::stat {

using stream::RawJson;
using stream::StreamKind;

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

}  // namespace har::stat
