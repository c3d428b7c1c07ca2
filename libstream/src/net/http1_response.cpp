#include "http1_response.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "stream/codec/http_grammar.hpp"
#include "stream/text/ascii.hpp"

namespace stream::net {
namespace {

using ascii::shown;
using ascii::trimmed;
using http::each_element;
using http::is_token_char;

constexpr std::size_t kMostShown = 60;  // octets of a line in a message

Error syntax(std::string message) { return {ErrorCode::syntax, std::move(message), {}, {}}; }

}  // namespace

Status Http1ResponseReader::give_up(Error error) {
  failure_ = std::move(error);
  return fail(*failure_);
}

void Http1ResponseReader::advance(std::string_view& bytes, std::size_t count) {
  bytes.remove_prefix(count);
  consumed_ += count;
}

Status Http1ResponseReader::feed(std::string_view bytes, std::vector<Http1Item>& out) {
  if (failure_) return fail(*failure_);
  while (!bytes.empty() && state_ != State::done) STREAM_TRY(step(bytes, out));
  return {};
}

Status Http1ResponseReader::finish(std::vector<Http1Item>& out) {
  if (failure_) return fail(*failure_);
  switch (state_) {
    case State::done:
      return {};
    case State::until_close:
      out.push_back({Http1Item::Kind::end, {}, {}, {}});
      state_ = State::done;
      return {};
    case State::line:
      return give_up({ErrorCode::truncated,
                      consumed_ == 0 ? "the connection was closed without an answer"
                                     : "the connection was closed within the head of the response",
                      {},
                      {}});
    case State::length:
      return give_up({ErrorCode::truncated,
                      fmt::format("the connection was closed after {} of {} bytes of the body", length_ - remaining_, length_),
                      {},
                      {}});
    case State::chunked:
      return give_up({ErrorCode::truncated, "the connection was closed before the last chunk of the body", {}, {}});
  }
  return {};
}

Status Http1ResponseReader::step(std::string_view& bytes, std::vector<Http1Item>& out) {
  switch (state_) {
    case State::line: {
      auto end = bytes.find('\n');
      std::size_t taken = end == std::string_view::npos ? bytes.size() : end + 1;
      // What is no HTTP at all is known by its first bytes; one should not have to wait for a line feed.
      constexpr std::size_t kSure = std::string_view("HTTP/").size();
      if (!in_fields_ && line_.size() < kSure && line_.size() + taken > kSure) {
        taken = kSure - line_.size();
        end = std::string_view::npos;
      }
      if (taken > max_head_ - head_bytes_) {
        return give_up({ErrorCode::limit, fmt::format("the head of the response is larger than {} bytes", max_head_), {}, {}});
      }
      head_bytes_ += taken;
      line_.append(bytes.substr(0, taken));
      advance(bytes, taken);
      if (end == std::string_view::npos) {
        if (!in_fields_ && line_.size() == kSure && line_.find('\r') == std::string::npos && !line_.starts_with("HTTP/")) {
          return give_up(
              syntax("expected \"HTTP/1.1\", found \"" + shown(line_.substr(0, 5), kMostShown) + "\": this is no HTTP/1 server"));
        }
        return {};
      }
      std::string line = std::exchange(line_, {});
      line.pop_back();
      if (line.ends_with('\r')) line.pop_back();
      return take_line(line, out);
    }
    case State::length: {
      const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, bytes.size()));
      out.push_back({Http1Item::Kind::data, {}, std::string(bytes.substr(0, taken)), {}});
      advance(bytes, taken);
      remaining_ -= taken;
      if (remaining_ == 0) {
        out.push_back({Http1Item::Kind::end, {}, {}, {}});
        state_ = State::done;
      }
      return {};
    }
    case State::until_close:
      out.push_back({Http1Item::Kind::data, {}, std::string(bytes), {}});
      advance(bytes, bytes.size());
      return {};
    case State::chunked:
      return feed_chunked(bytes, out);
    case State::done:
      return {};
  }
  return {};
}

Status Http1ResponseReader::feed_chunked(std::string_view& bytes, std::vector<Http1Item>& out) {
  chunk_items_.clear();
  const std::uint64_t before = chunks_->consumed();
  const auto status = chunks_->feed(bytes, chunk_items_);
  advance(bytes, static_cast<std::size_t>(chunks_->consumed() - before));
  std::string data;
  for (const ChunkedItem& item : chunk_items_) data += item.data;
  // Chunks that came in one piece are one piece: how the sender had cut them is framing, when they came is not.
  if (!data.empty()) out.push_back({Http1Item::Kind::data, {}, std::move(data), {}});
  if (!status) return give_up(status.error());
  if (!chunks_->done()) return {};
  Http1Item end{Http1Item::Kind::end, {}, {}, {}};
  for (const ChunkedItem& item : chunk_items_) {
    for (const ChunkedTrailer& trailer : item.trailers) end.trailers.push_back({trailer.name, trailer.value});
  }
  out.push_back(std::move(end));
  state_ = State::done;
  return {};
}

Status Http1ResponseReader::take_line(std::string_view line, std::vector<Http1Item>& out) {
  if (!in_fields_) {
    if (line.empty()) {  // as servers put behind an earlier body (RFC 9112 §2.2 has it for requests)
      head_begin_ = head_bytes_;
      return {};
    }
    in_fields_ = true;
    return take_status_line(line);
  }
  return line.empty() ? end_head(out) : take_field(line);
}

Status Http1ResponseReader::take_status_line(std::string_view line) {
  // "HTTP/1.1 200 OK"; the reason may be missing, with its space.
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (!line.starts_with("HTTP/")) {
    return give_up(
        syntax("expected \"HTTP/1.1\", found \"" + shown(line.substr(0, 5), kMostShown) + "\": this is no HTTP/1 server"));
  }
  const bool version = line.size() >= 12 && line[5] == '1' && line[6] == '.' && digit(line[7]) && line[8] == ' ';
  const bool code = version && digit(line[9]) && digit(line[10]) && digit(line[11]) && (line.size() == 12 || line[12] == ' ');
  if (!code || line[9] == '0') {
    return give_up(syntax("expected a status line like \"HTTP/1.1 200 OK\", found \"" + shown(line, kMostShown) + "\""));
  }
  head_.minor_version = line[7] - '0';
  head_.status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
  head_.reason = line.size() > 13 ? line.substr(13) : std::string_view{};
  return {};
}

Status Http1ResponseReader::take_field(std::string_view line) {
  if (line.front() == ' ' || line.front() == '\t') {  // obs-fold: RFC 9112 §5.2 has it replaced by a space
    if (head_.headers.empty()) return give_up(syntax("the head of the response begins with a folded line"));
    std::string& value = head_.headers.back().value;
    if (const auto more = trimmed(line); !more.empty()) value.append(value.empty() ? "" : " ").append(more);
    return {};
  }
  const auto colon = line.find(':');
  const std::string_view name = trimmed(line.substr(0, std::min(colon, line.size())));
  if (colon == std::string_view::npos || name.empty() || !std::all_of(name.begin(), name.end(), is_token_char)) {
    return give_up(syntax("expected a header field like \"Name: value\", found \"" + shown(line, kMostShown) + "\""));
  }
  head_.headers.push_back({std::string(name), std::string(trimmed(line.substr(colon + 1)))});
  return {};
}

Status Http1ResponseReader::end_head(std::vector<Http1Item>& out) {
  in_fields_ = false;
  head_.size = head_bytes_ - head_begin_;
  head_begin_ = head_bytes_;
  const int status = head_.status;
  if (status / 100 == 1 && status != 101) {
    out.push_back({Http1Item::Kind::interim, std::exchange(head_, {}), {}, {}});
    return {};
  }
  STREAM_TRY(choose_framing());
  out.push_back({Http1Item::Kind::head, std::exchange(head_, {}), {}, {}});
  if (state_ == State::done) out.push_back({Http1Item::Kind::end, {}, {}, {}});
  return {};
}

/// RFC 9112 §6.3.
Status Http1ResponseReader::choose_framing() {
  if (head_request_ || head_.status == 101 || head_.status == 204 || head_.status == 304) {
    state_ = State::done;
    return {};
  }
  std::optional<std::uint64_t> length;
  std::string_view last_coding;
  std::optional<Error> error;
  for (const replay::HeaderField& field : head_.headers) {
    if (replay::iequals(field.name, "Transfer-Encoding")) {
      each_element(field.value, [&](std::string_view element) { last_coding = element; });
    } else if (replay::iequals(field.name, "Content-Length")) {
      each_element(field.value, [&](std::string_view element) {
        std::uint64_t value = 0;
        const auto [end, problem] = std::from_chars(element.data(), element.data() + element.size(), value);
        if (problem != std::errc() || end != element.data() + element.size()) {
          error = syntax("expected a number as Content-Length, found \"" + shown(element, kMostShown) + "\"");
        } else if (length && *length != value) {
          error = syntax(fmt::format("the response has two lengths, {} and {}", *length, value));
        }
        length = value;
      });
    }
  }
  if (!last_coding.empty()) {  // it overrides a length
    if (replay::iequals(last_coding, "chunked")) {
      ChunkedOptions options;
      options.pieces = true;
      options.lenient = true;
      options.limits.max_entry = std::max(max_head_ * 1024, options.limits.max_entry);
      chunks_.emplace(std::move(options));
      state_ = State::chunked;
    } else {
      state_ = State::until_close;
    }
    return {};
  }
  if (error) return give_up(std::move(*error));
  if (!length) {
    state_ = State::until_close;
    return {};
  }
  length_ = remaining_ = *length;
  state_ = length_ == 0 ? State::done : State::length;
  return {};
}

}  // namespace stream::net
