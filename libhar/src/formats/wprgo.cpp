// Archives of Web Page Replay (Catapult, web_page_replay_go/src/webpagereplay/archive.go): gzip of one JSON document,
//   {"Requests": {host: {url: [{"SerializedRequest": base64, "SerializedResponse": base64}, …]}}, "Certs": …, …}
// The messages are as Go's net/http writes them. They stand in order of host and URL, and have no times.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "formats/formats.hpp"
#include "formats/http_message.hpp"
#include "formats/octet_reader.hpp"
#include "stream/text/ascii.hpp"
#include "stream/text/base64.hpp"
#include "stream/text/json.hpp"

namespace har::format {
namespace {

using stream::ErrorCode;
using stream::fail;
using stream::Json;
using stream::Level;
using stream::Result;
using stream::Status;
using stream::ascii::is_space;

constexpr std::string_view kRequests = "Requests";

/// The tokens of a document around the values that are wanted, in the memory of the largest of these.
class Walk {
 public:
  Walk(stream::ByteSource& source, const stream::Limits& limits) : in_(source), limits_(limits) {}

  stream::Place place() const { return in_.place(); }

  /// The next character that is no white space; it is not taken. Errors: `truncated`.
  Result<char> peek() {
    for (;;) {
      const std::string_view view = in_.view();
      std::size_t spaces = 0;
      while (spaces < view.size() && is_space(view[spaces])) ++spaces;
      in_.take(spaces);
      if (!in_.view().empty()) return in_.view().front();
      STREAM_ASSIGN(const bool more, in_.more());
      if (!more) return fail({ErrorCode::truncated, "the input ends within the archive", in_.place()});
    }
  }
  /// Takes `c` if it comes next.
  Result<bool> taken(char c) {
    STREAM_ASSIGN(const char next, peek());
    if (next != c) return false;
    in_.take(1);
    return true;
  }
  Status expect(char c, std::string_view what) {
    STREAM_ASSIGN(const bool found, taken(c));
    if (!found) return fail({ErrorCode::syntax, fmt::format("expected {}", what), in_.place()});
    return {};
  }
  /// The text of the next value, which done() takes; valid until then.
  Result<std::string_view> value() {
    STREAM_TRY(peek());
    std::size_t at = 0;
    std::size_t depth = 0;
    bool string = false;
    for (;; ++at) {
      while (at >= in_.view().size()) {
        if (at > limits_.max_entry) {
          return fail({ErrorCode::limit, fmt::format("the value is larger than {} bytes", limits_.max_entry), in_.place(),
                       "raise the limit with --max-entry"});
        }
        STREAM_ASSIGN(const bool more, in_.more());
        if (!more) return fail({ErrorCode::truncated, "the input ends within the archive", in_.place()});
      }
      const std::string_view view = in_.view();
      if (string) {
        at = std::min(view.find_first_of("\"\\", at), view.size());
        if (at == view.size()) {
          --at;  // on with what comes
          continue;
        }
        if (view[at] == '\\') {
          ++at;
        } else {
          string = false;
          if (depth == 0) return give(at + 1);
        }
        continue;
      }
      const char c = view[at];
      if (c == '"') {
        string = true;
      } else if (c == '{' || c == '[') {
        ++depth;
      } else if (c == '}' || c == ']') {
        if (depth == 0) return give(at);  // a word or a number ends here
        if (--depth == 0) return give(at + 1);
      } else if (depth == 0 && (c == ',' || is_space(c))) {
        return give(at);
      }
    }
  }
  /// A name and its colon; none at the end of the object, whose brace is taken.
  Result<std::optional<std::string>> member(bool& first) {
    STREAM_ASSIGN(const bool end, taken('}'));
    if (end) return std::optional<std::string>();
    if (!std::exchange(first, false)) STREAM_TRY(expect(',', "a comma or }"));
    STREAM_ASSIGN(const char next, peek());
    if (next != '"') return fail({ErrorCode::syntax, "expected a member's name", in_.place()});
    const stream::Place place = in_.place();
    STREAM_ASSIGN(const std::string_view text, value());
    auto name = stream::parse_json(text, limits_);
    if (!name) return fail(locate(std::move(name).error(), place));
    done();
    STREAM_TRY(expect(':', "a colon"));
    return std::optional(name->as_string());
  }
  /// Passes over the value that value() gave.
  void done() { in_.take(std::exchange(given_, 0)); }

 private:
  std::string_view give(std::size_t size) {
    given_ = size;
    return in_.view().substr(0, size);
  }

  OctetReader in_;
  stream::Limits limits_;
  std::size_t given_ = 0;
};

class Reader final : public ItemReader {
 public:
  Reader(stream::ByteSource& source, const ReadOptions& options)
      : walk_(source, options.limits), options_(options), name_(source.name()) {}

  Result<std::optional<Item>> next() override {
    continues_ = false;
    if (state_ == State::end) return std::optional<Item>();
    auto item = advance();
    if (!item && !continues_) state_ = State::end;
    return item;
  }
  bool can_continue() const override { return continues_; }
  const LogInfo& info() const override { return info_; }

 private:
  enum class State { begin, document, hosts, urls, requests, end };

  Result<std::optional<Item>> advance() {
    for (;;) {
      switch (state_) {
        case State::begin:
          STREAM_TRY(walk_.expect('{', "an archive of Web Page Replay, a JSON object"));
          enter(State::document);
          break;
        case State::document: {
          STREAM_ASSIGN(const auto member, walk_.member(first_[0]));
          if (!member) {
            state_ = State::end;
            if (!found_)
              return fail({ErrorCode::syntax, "expected an archive of Web Page Replay, with \"Requests\"", walk_.place()});
            return std::optional<Item>();
          }
          if (*member == kRequests) {
            found_ = true;
            STREAM_TRY(enter_object(State::hosts));
          } else {
            STREAM_TRY(skip());
          }
          break;
        }
        case State::hosts: {
          STREAM_ASSIGN(const auto host, walk_.member(first_[1]));
          if (!host) {
            state_ = State::document;
          } else {
            STREAM_TRY(enter_object(State::urls));
          }
          break;
        }
        case State::urls: {
          STREAM_ASSIGN(auto url, walk_.member(first_[2]));
          if (!url) {
            state_ = State::hosts;
            break;
          }
          url_ = std::move(*url);
          STREAM_ASSIGN(const char next, walk_.peek());
          if (next == 'n') {
            STREAM_TRY(skip());
          } else {
            STREAM_TRY(walk_.expect('[', "an array of requests"));
            enter(State::requests);
          }
          break;
        }
        case State::requests: {
          STREAM_ASSIGN(const bool end, walk_.taken(']'));
          if (end) {
            state_ = State::urls;
            break;
          }
          if (!std::exchange(first_[3], false)) STREAM_TRY(walk_.expect(',', "a comma or ]"));
          STREAM_TRY(walk_.peek());
          const stream::Place place = walk_.place();
          STREAM_ASSIGN(const std::string_view text, walk_.value());
          auto item = item_of(text, place);
          walk_.done();
          continues_ = !item;
          return item;
        }
        case State::end:
          return std::optional<Item>();
      }
    }
  }

  void enter(State state) {
    state_ = state;
    first_[static_cast<std::size_t>(state) - 1] = true;
  }
  /// A map of Go that is nil is null.
  Status enter_object(State state) {
    STREAM_ASSIGN(const char next, walk_.peek());
    if (next == 'n') return skip();
    STREAM_TRY(walk_.expect('{', "an object"));
    enter(state);
    return {};
  }
  Status skip() {
    STREAM_TRY(walk_.value());
    walk_.done();
    return {};
  }

  Result<std::optional<Item>> item_of(std::string_view text, const stream::Place& place) {
    const auto refuse = [&](std::string_view what) {
      return fail({ErrorCode::syntax, fmt::format("expected {} in a request of {}", what, url_), place});
    };
    auto json = stream::parse_json(text, options_.limits);
    if (!json) return fail(locate(std::move(json).error(), place));
    const auto request_octets = stream::base64_decode((*json)["SerializedRequest"].string_or(""));
    const auto response_octets = stream::base64_decode((*json)["SerializedResponse"].string_or(""));
    if (!request_octets || request_octets->empty()) return refuse("a SerializedRequest in base64");
    if (!response_octets) return refuse("a SerializedResponse in base64");
    Http1Options http1;
    http1.source = name_;
    http1.scheme = url_scheme(url_).empty() ? "http" : url_scheme(url_);
    http1.limits = options_.limits;
    // The octets stand in the file in base64: the place is the entry's.
    http1.report = [&](const stream::Finding& finding) {
      if (options_.report) options_.report({finding.level, finding.rule, finding.message, place});
    };
    auto request = parse_request(*request_octets, http1);
    if (!request) return refuse("a request of HTTP/1.1");
    if (!url_.empty()) request->url = url_;
    std::optional<ResponseMessage> response;
    if (!response_octets->empty()) {
      http1.head_only = request->method == "HEAD";
      auto parsed = parse_response(*response_octets, http1);
      if (!parsed) return refuse("a response of HTTP/1.1");
      response = std::move(*parsed);
    }
    if (index_ == 0 && options_.report) {
      options_.report({Level::note, "wprgo-no-time",
                       "an archive of Web Page Replay has no times: 1970-01-01T00:00:00Z stands for them", place});
    }
    Item item;
    item.index = index_++;
    item.place = place;
    item.exchange = make_exchange(std::move(*request), std::move(response), {});
    item.exchange->id = std::to_string(item.index + 1);
    return std::optional(std::move(item));
  }

  Walk walk_;
  ReadOptions options_;
  std::string name_;
  LogInfo info_;
  State state_ = State::begin;
  bool first_[4] = {true, true, true, true};  ///< of document, hosts, urls, requests: no member has come yet
  std::string url_;
  std::size_t index_ = 0;
  bool found_ = false;
  bool continues_ = false;
};

int sniff(std::string_view prefix) {
  std::size_t at = 0;
  const auto is_next = [&](std::string_view text) {
    while (at < prefix.size() && is_space(prefix[at])) ++at;
    const bool fits = prefix.substr(at).starts_with(text);
    at += text.size();
    return fits;
  };
  return is_next("{") && is_next("\"Requests\"") && is_next(":") && is_next("{") ? 92 : 0;
}

std::unique_ptr<ItemReader> read(stream::ByteSource& source, const ReadOptions& options) {
  return std::make_unique<Reader>(source, options);
}

}  // namespace

const Format kWprgo{"wprgo", "an archive of Web Page Replay, of Chromium", ".wprgo", sniff, read, nullptr};

}  // namespace har::format
