// Messages of HTTP/1.1 as octets: a request, a request and its response one behind the other, or several of these, as `curl -i`,
// nc and the text of intercepting proxies have them.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "formats/exchange_writer.hpp"
#include "formats/formats.hpp"
#include "formats/http_message.hpp"
#include "formats/message_members.hpp"
#include "stream/codec/chunked.hpp"

namespace har::format {
namespace {

using stream::ErrorCode;
using stream::fail;
using stream::Result;
using stream::Status;

constexpr std::size_t kBlock = std::size_t{64} << 10;

bool is_upper_token(std::string_view text) {
  return !text.empty() && text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ-_") == std::string_view::npos;
}

bool is_version(std::string_view text) {
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text.starts_with("HTTP/") && text.size() >= 6 && text.size() <= 8 &&
         text.find_first_not_of("0123456789.", 5) == std::string_view::npos;
}

bool is_request_line(std::string_view line) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  return first != std::string_view::npos && last > first && is_upper_token(line.substr(0, first)) &&
         is_version(line.substr(last + 1));
}

bool is_status_line(std::string_view line) {
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos || !is_version(line.substr(0, space)) || line.size() < space + 4) return false;
  const std::string_view code = line.substr(space + 1, 3);
  const char behind = line.size() > space + 4 ? line[space + 4] : ' ';
  return code.find_first_not_of("0123456789") == std::string_view::npos && (behind == ' ' || behind == '\r');
}

enum class Start : std::uint8_t { none, request, response };

Start start_of(std::string_view line) {
  if (is_status_line(line)) return Start::response;
  return is_request_line(line) ? Start::request : Start::none;
}

/// The octets of the input that were not taken yet.
class Window {
 public:
  Window(stream::ByteSource& source, const stream::Limits& limits) : source_(source), limits_(limits) {}

  std::string_view view() const { return std::string_view(buffer_).substr(begin_); }
  std::uint64_t offset() const { return offset_; }
  bool ended() const { return ended_; }
  void take(std::size_t size) {
    begin_ += size;
    offset_ += size;
    if (begin_ > kBlock && begin_ > buffer_.size() / 2) {
      buffer_.erase(0, begin_);
      begin_ = 0;
    }
  }
  /// Reads on. Errors: those of the source; `limit`.
  Status more() {
    if (ended_) return {};
    if (view().size() > limits_.max_entry) {
      stream::Place place{source_.name()};
      place.offset = offset_;
      return fail({ErrorCode::limit, fmt::format("the message is larger than {} bytes", limits_.max_entry), std::move(place),
                   "raise the limit with --max-entry"});
    }
    const std::size_t size = buffer_.size();
    buffer_.resize(size + std::min(kBlock, limits_.max_entry + 1 - view().size()));
    const auto got = source_.read(std::span(buffer_).subspan(size));
    buffer_.resize(size + (got ? *got : 0));
    if (!got) return fail(got.error());
    ended_ = *got == 0;
    return {};
  }
  Status fill(std::size_t size) {
    while (!ended_ && view().size() < size) STREAM_TRY(more());
    return {};
  }

 private:
  stream::ByteSource& source_;
  stream::Limits limits_;
  std::string buffer_;
  std::size_t begin_ = 0;
  std::uint64_t offset_ = 0;
  bool ended_ = false;
};

struct Head {
  std::size_t size = 0;  ///< with the empty line
  bool chunked = false;
  std::optional<std::uint64_t> length{};
  int status = 0;
};

class Reader final : public ItemReader {
 public:
  Reader(stream::ByteSource& source, const ReadOptions& options)
      : window_(source, options.limits), options_(options), name_(source.name()) {}

  Result<std::optional<Item>> next() override {
    if (failed_) return std::optional<Item>();
    auto item = read();
    if (!item) failed_ = true;
    return item;
  }
  const LogInfo& info() const override { return info_; }

 private:
  Result<std::optional<Item>> read() {
    STREAM_ASSIGN(const Start start, next_start());
    stream::Place place{name_};
    place.offset = window_.offset();
    if (start == Start::none) {
      if (window_.view().empty() && count_ > 0) return std::optional<Item>();
      return fail(
          {ErrorCode::syntax, "expected a request line or a status line of HTTP: GET /path HTTP/1.1", std::move(place), {}});
    }
    RequestMessage request;
    std::optional<ResponseMessage> response;
    if (start == Start::request) {
      STREAM_ASSIGN(const std::size_t size, message_size(""));
      STREAM_ASSIGN(request, parse_request(window_.view().substr(0, size), options(request_scheme(window_.view()))));
      window_.take(size);
    }
    STREAM_ASSIGN(const Start following, next_start());
    if (following == Start::response) {
      STREAM_ASSIGN(const std::size_t size, message_size(request.method));
      Http1Options parse = options("http");
      parse.head_only = request.method == "HEAD" && start == Start::request;
      STREAM_ASSIGN(response, parse_response(window_.view().substr(0, size), parse));
      window_.take(size);
    }
    Item item;
    item.index = count_++;
    item.place = std::move(place);
    item.exchange = make_exchange(std::move(request), std::move(response), {});
    item.exchange->id = std::to_string(item.index + 1);
    if (start == Start::response) item.exchange->request.reset();
    return std::optional(std::move(item));
  }

  /// A target in origin form tells nothing of the scheme, but HTTP/2 is not spoken without TLS (as its text in proxies has it).
  static std::string_view request_scheme(std::string_view text) {
    const std::string_view line = text.substr(0, text.find('\n'));
    return line.find(" HTTP/2") != std::string_view::npos || line.find(" HTTP/3") != std::string_view::npos ? "https" : "http";
  }

  Http1Options options(std::string_view scheme) const {
    Http1Options out;
    out.source = name_;
    out.origin = window_.offset();
    out.scheme = scheme;
    out.limits = options_.limits;
    out.report = options_.report;
    return out;
  }

  /// Passes over empty lines; what the line there begins.
  Result<Start> next_start() {
    for (;;) {
      const std::string_view view = window_.view();
      const std::size_t blank = std::min(view.find_first_not_of("\r\n"), view.size());
      window_.take(blank);
      if (!window_.view().empty() || window_.ended()) break;
      STREAM_TRY(window_.more());
    }
    STREAM_ASSIGN(const std::string_view line, line_at(0));
    return start_of(line);
  }

  Result<std::string_view> line_at(std::size_t at) {
    for (;;) {
      const std::size_t end = window_.view().find('\n', at);
      if (end != std::string_view::npos) return window_.view().substr(at, end - at);
      if (window_.ended()) return window_.view().substr(std::min(at, window_.view().size()));
      STREAM_TRY(window_.more());
    }
  }

  Result<Head> head(std::size_t at) {
    Head out;
    out.size = at;
    for (bool first = true;; first = false) {
      STREAM_ASSIGN(const std::string_view whole, line_at(out.size));
      const bool terminated = out.size + whole.size() < window_.view().size();
      std::string_view line = whole;
      if (line.ends_with('\r')) line.remove_suffix(1);
      out.size += whole.size() + (terminated ? 1 : 0);
      if (first && is_status_line(line)) {
        for (const char c : line.substr(line.find(' ') + 1, 3)) out.status = out.status * 10 + (c - '0');
      }
      if (line.empty() || !terminated) return out;
      const std::size_t colon = line.find(':');
      if (first || colon == std::string_view::npos) continue;
      const std::string_view name = line.substr(0, colon);
      std::string_view value = line.substr(colon + 1);
      value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
      if (same_name(name, "transfer-encoding") && value.find("chunked") != std::string_view::npos) out.chunked = true;
      if (same_name(name, "content-length") && !value.empty() && value.size() <= 18) {
        std::uint64_t length = 0;
        std::size_t digits = 0;
        for (; digits < value.size() && value[digits] >= '0' && value[digits] <= '9'; ++digits)
          length = length * 10 + static_cast<std::uint64_t>(value[digits] - '0');
        if (digits > 0) out.length = length;
      }
    }
  }

  /// The octets of the message at the window's begin. `method`: of the request that it answers.
  Result<std::size_t> message_size(std::string_view method) {
    STREAM_ASSIGN(Head head, this->head(0));
    const bool request = head.status == 0;
    while (head.status >= 100 && head.status < 200 && head.status != 101) {  // the next head is of the same answer
      const std::size_t before = head.size;
      STREAM_ASSIGN(const std::string_view line, line_at(before));
      if (!is_status_line(line)) break;
      STREAM_ASSIGN(head, this->head(before));
    }
    const bool none = !request && (method == "HEAD" || head.status == 204 || head.status == 304 || head.status < 200);
    if (none) return head.size;
    if (head.chunked) {
      STREAM_ASSIGN(const auto size, chunked_size(head.size));
      if (size) return head.size + *size;
    } else if (head.length) {
      STREAM_TRY(window_.fill(head.size + static_cast<std::size_t>(*head.length)));
      const std::size_t end = std::min(head.size + static_cast<std::size_t>(*head.length), window_.view().size());
      STREAM_ASSIGN(const bool clean, nothing_else(end));
      if (clean) return end;
    }
    // To the next message, or the end.
    for (std::size_t at = head.size;;) {
      STREAM_ASSIGN(const std::string_view line, line_at(at));
      const Start start = start_of(line);
      if (start == Start::response || (start == Start::request && !request)) return at;
      if (start == Start::request && !head.length && !head.chunked) return at;
      at += line.size() + 1;
      if (at >= window_.view().size() && window_.ended()) return window_.view().size();
      if (at > window_.view().size()) STREAM_TRY(window_.fill(at));
    }
  }

  /// Whether behind a message at `at` there is the next, or nothing.
  Result<bool> nothing_else(std::size_t at) {
    STREAM_TRY(window_.fill(at + 1));
    for (;;) {
      const std::size_t next = std::min(window_.view().find_first_not_of("\r\n", at), window_.view().size());
      if (next < window_.view().size()) {
        STREAM_ASSIGN(const std::string_view line, line_at(next));
        return start_of(line) != Start::none;
      }
      if (window_.ended()) return true;
      STREAM_TRY(window_.more());
    }
  }

  /// None: it is not chunked.
  Result<std::optional<std::size_t>> chunked_size(std::size_t at) {
    stream::ChunkedOptions options;
    options.limits = options_.limits;
    options.lenient = true;
    options.pieces = true;
    stream::ChunkedDecoder decoder(options);
    std::vector<stream::ChunkedItem> items;
    std::size_t fed = at;
    for (;;) {
      const std::string_view rest = window_.view().substr(fed);
      if (!decoder.feed(rest, items)) return std::optional<std::size_t>();
      items.clear();
      fed = window_.view().size();
      if (decoder.done()) return std::optional<std::size_t>(static_cast<std::size_t>(decoder.consumed()));
      if (window_.ended()) return std::optional<std::size_t>(window_.view().size() - at);
      STREAM_TRY(window_.more());
    }
  }

  Window window_;
  ReadOptions options_;
  std::string name_;
  LogInfo info_;
  std::size_t count_ = 0;
  bool failed_ = false;
};

class Writer final : public ExchangeWriter {
 public:
  using ExchangeWriter::ExchangeWriter;

 protected:
  Status render_exchange(const stream::Exchange& exchange, const Item& item, const RenderContext& context,
                         std::string& out) const override {
    const auto lost = [&](std::string_view what, std::string message) {
      report_loss(what, std::move(message), item.where(), context.report);
    };
    std::string method;
    if (exchange.request) {
      const RequestMessage request = request_message(exchange);
      method = request.method;
      if (request.url.empty()) {
        lost("request", "the request is left out: it has no URL");
      } else {
        version(request.version, "request", lost);
        // The scheme stands in the absolute form only (RFC 9112 §3.2.2).
        const TargetForm form = url_scheme(request.url) == "http" ? TargetForm::origin : TargetForm::absolute;
        out += write_request(request, form, item.where(), context.report);
      }
    }
    const auto response = response_message(exchange);
    if (!response) {
      if (exchange.request) return {};
      lost("exchange", "it has neither a request nor a response");
      return {};
    }
    version(response->version, "response", lost);
    out += write_response(*response, method, item.where(), context.report);
    return {};
  }
  HeldMembers held() const override {
    static constexpr std::string_view kOthers[] = {"request.postData.params", "_incomplete"};
    static constexpr auto kHeld = with_messages(kOthers);
    return kHeld;
  }
  std::string_view format_name() const override { return "HTTP/1.1"; }

 private:
  template <class Lost>
  static void version(std::string_view version, std::string_view side, const Lost& lost) {
    if (!version.empty() && version != "HTTP/1.1" && version != "HTTP/1.0" && version != "HTTP/0.9")
      lost(fmt::format("{}-httpVersion", side),
           fmt::format("that it was {} is left out: the message becomes one of HTTP/1.1", version));
  }
};

int sniff(std::string_view prefix) {
  prefix.remove_prefix(std::min(prefix.find_first_not_of("\r\n"), prefix.size()));
  const std::string_view line = prefix.substr(0, prefix.find('\n'));
  switch (start_of(line)) {
    case Start::response:
      return 95;
    case Start::request:
      return 90;
    case Start::none:
      break;
  }
  return 0;
}

}  // namespace

const Format kHttp1{
    "http1",
    "messages of HTTP/1.1 as octets, requests and their responses",
    ".http1",
    sniff,
    [](stream::ByteSource& source, const ReadOptions& options) -> std::unique_ptr<ItemReader> {
      return std::make_unique<Reader>(source, options);
    },
    [](stream::ByteSink& sink, const WriteOptions& options) -> std::unique_ptr<ItemWriter> {
      return std::make_unique<Writer>(sink, options);
    },
};

}  // namespace har::format
