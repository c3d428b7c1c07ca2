// GoReplay's files (github.com/buger/goreplay, protocol.go and input_file.go): records of a line, "type id time duration", and
// the octets of a message, each with a separator behind it. Type 1 is a request, 2 its response, 3 the response of a replay.
// Times are nanoseconds since 1970; what a duration is of is the message itself.
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "formats/exchange_writer.hpp"
#include "formats/formats.hpp"
#include "formats/framed.hpp"
#include "formats/http_message.hpp"
#include "formats/message_members.hpp"
#include "formats/octet_reader.hpp"
#include "formats/unheld.hpp"

namespace har::format {
namespace {

using stream::ErrorCode;
using stream::Exchange;
using stream::fail;
using stream::Level;
using stream::Nanos;
using stream::Result;
using stream::Status;

// Three monkeys in a line of their own.
constexpr std::string_view kSeparator = "\n\xF0\x9F\x90\xB5\xF0\x9F\x99\x88\xF0\x9F\x99\x89\n";
/// A line that begins a record is short.
constexpr std::size_t kMaxMeta = 256;
constexpr std::size_t kWindowRecords = 256;
constexpr std::size_t kWindowBytes = std::size_t{32} << 20;

struct Meta {
  char type = 0;
  std::string id{};
  std::int64_t time = 0;
  std::int64_t duration = 0;  ///< 0 also where it is not known
};

std::optional<std::int64_t> number(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (text.empty() || text.size() > 19 || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  std::int64_t out = 0;
  for (const char c : text) {
    if (__builtin_mul_overflow(out, 10, &out) || __builtin_add_overflow(out, c - '0', &out)) return std::nullopt;
  }
  return negative ? -out : out;
}

/// The line without its end. The duration may be missing: old versions have none.
std::optional<Meta> parse_meta(std::string_view line) {
  std::vector<std::string_view> parts;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find(' '), line.size());
    parts.push_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  if (parts.size() < 3 || parts.size() > 4 || parts[0].size() != 1 || parts[0][0] < '1' || parts[0][0] > '3') return std::nullopt;
  const auto time = number(parts[2]);
  const auto duration = parts.size() == 4 ? number(parts[3]) : 0;
  if (!time || !duration || parts[1].empty() || parts[1].find_first_not_of("0123456789abcdefABCDEF-") != std::string_view::npos)
    return std::nullopt;
  return Meta{parts[0][0], std::string(parts[1]), *time, std::max<std::int64_t>(*duration, 0)};
}

// ---- reading

struct Record {
  Meta meta{};
  std::string octets{};
  std::uint64_t offset = 0;  ///< of the line
  std::uint64_t body = 0;    ///< of the octets
  bool cut = false;
};

struct Pair {
  std::optional<Record> request{};
  std::optional<Record> response{};
  std::size_t bytes() const { return (request ? request->octets.size() : 0) + (response ? response->octets.size() : 0); }
  bool ready = false;
};

class Reader final : public ItemReader {
 public:
  Reader(stream::ByteSource& source, const ReadOptions& options) : in_(source), options_(options) {}

  Result<std::optional<Item>> next() override {
    continues_ = false;
    for (;;) {
      if (!window_.empty() && (window_.front().ready || ended_ || window_.size() > kWindowRecords || bytes_ > kWindowBytes)) {
        Pair pair = std::move(window_.front());
        window_.pop_front();
        bytes_ -= pair.bytes();
        auto item = item_of(std::move(pair));
        if (!item) continues_ = true;
        return item;
      }
      if (ended_) {
        if (!error_) return std::optional<Item>();
        auto error = std::move(*error_);
        error_.reset();
        return fail(std::move(error));
      }
      if (auto status = take(); !status) {
        if (status.error().code == ErrorCode::syntax || status.error().code == ErrorCode::limit) {
          continues_ = true;
          return fail(std::move(status).error());
        }
        ended_ = true;
        error_ = std::move(status).error();
      }
    }
  }
  bool can_continue() const override { return continues_; }
  const LogInfo& info() const override { return info_; }

 private:
  void report(std::string rule, std::string message, std::uint64_t offset) const {
    if (options_.report) options_.report({Level::warning, std::move(rule), std::move(message), in_.place(offset)});
  }

  /// Where the separator begins that ends what is next; npos at the end of the input.
  Result<std::size_t> find_separator() {
    std::size_t from = 0;
    for (;;) {
      const std::size_t found = in_.view().find(kSeparator, from);
      if (found != std::string_view::npos && found <= options_.limits.max_entry) return found;
      from = in_.view().size() - std::min(in_.view().size(), kSeparator.size() - 1);
      if (in_.view().size() > options_.limits.max_entry) {
        const std::uint64_t begin = in_.offset();
        STREAM_TRY(pass_over());
        return fail({ErrorCode::limit, fmt::format("the record is larger than {} bytes", options_.limits.max_entry),
                     in_.place(begin), "raise the limit with --max-entry"});
      }
      STREAM_ASSIGN(const bool more, in_.more());
      if (!more) return std::string_view::npos;
    }
  }
  /// Behind the next separator, in bounded memory.
  Status pass_over() {
    for (;;) {
      const std::size_t found = in_.view().find(kSeparator);
      if (found != std::string_view::npos) {
        in_.take(found + kSeparator.size());
        return {};
      }
      in_.take(in_.view().size() - std::min(in_.view().size(), kSeparator.size() - 1));
      STREAM_ASSIGN(const bool more, in_.more());
      if (!more) {
        in_.take(in_.view().size());
        return {};
      }
    }
  }

  Status take() {
    Record record;
    record.offset = in_.offset();
    auto end = find_separator();
    // What came before an error of the source is still worth reading.
    std::optional<stream::Error> broken;
    if (!end && (end.error().code == ErrorCode::limit)) return fail(std::move(end).error());
    if (!end) broken = end.error();
    record.cut = !end || *end == std::string_view::npos;
    const std::string_view text = in_.view().substr(0, record.cut ? in_.view().size() : *end);
    if (record.cut) {
      ended_ = true;
      error_ = broken;
      if (text.find_first_not_of("\r\n") == std::string_view::npos) return {};
    }
    const std::size_t line = std::min(text.find('\n'), text.size());
    auto meta = parse_meta(text.substr(0, line));
    const bool whole_line = line < text.size();
    record.octets = text.substr(std::min(line + 1, text.size()));
    record.body = record.offset + line + 1;
    in_.take(text.size() + (record.cut ? 0 : kSeparator.size()));
    // A line that was cut off may be anything, but not the whole file.
    if (record.cut && (meta || (!whole_line && record.offset > 0))) {
      if (!broken) report("gor-cut", "the last record is cut off", record.offset);
      if (!whole_line) return {};
    }
    if (!meta) {
      return fail(
          {ErrorCode::syntax, "expected a line \"type id time duration\", type being 1, 2 or 3", in_.place(record.offset)});
    }
    record.meta = std::move(*meta);
    add(std::move(record));
    return {};
  }

  void add(Record record) {
    const bool request = record.meta.type == '1';
    // Where both are there, the original's response and the replay's, the exchange is the original's.
    if (record.meta.type == '3' && std::find(answered_.begin(), answered_.end(), record.meta.id) != answered_.end()) {
      report("gor-replayed", "the response of a replay is left out: the original's is there", record.offset);
      return;
    }
    if (!request) {
      answered_.push_back(record.meta.id);
      if (answered_.size() > kWindowRecords) answered_.pop_front();
    }
    bytes_ += record.octets.size();
    const auto found = std::find_if(window_.begin(), window_.end(), [&](const Pair& pair) {
      if (pair.ready) return false;
      const auto& other = request ? pair.response : pair.request;
      return !(request ? pair.request : pair.response) && other && other->meta.id == record.meta.id;
    });
    Pair& pair = found != window_.end() ? *found : window_.emplace_back();
    (request ? pair.request : pair.response) = std::move(record);
    pair.ready = pair.request && pair.response;
  }

  Http1Options http1(const Record& record, bool head_only) const {
    Http1Options out;
    out.source = in_.name();
    out.origin = record.body;
    out.limits = options_.limits;
    out.report = options_.report;
    out.head_only = head_only;
    return out;
  }

  Result<std::optional<Item>> item_of(Pair pair) {
    RequestMessage request;
    MessageTimes times;
    const Record& first = pair.request ? *pair.request : *pair.response;
    if (pair.request) {
      STREAM_ASSIGN(request, parse_request(pair.request->octets, http1(*pair.request, false)));
    } else {
      report("gor-no-request", "a response whose request is not in the file, or too far from it", first.offset);
    }
    times.start = stream::WallTime(Nanos(first.meta.time));
    std::optional<ResponseMessage> response;
    if (pair.response) {
      STREAM_ASSIGN(response, parse_response(pair.response->octets, http1(*pair.response, request.method == "HEAD")));
      if (pair.response->cut) response->complete = false;
      const Meta& meta = pair.response->meta;
      Nanos::rep since = 0;
      if (__builtin_sub_overflow(meta.time, first.meta.time, &since) || since < 0) {
        report("gor-time", "the response begins before its request: it is taken to begin with it", pair.response->offset);
        since = 0;
      }
      Nanos::rep ended = 0;
      if (__builtin_add_overflow(since, meta.duration, &ended)) ended = since;
      times.responded = Nanos(since);
      times.ended = Nanos(ended);
    }
    Item item;
    item.index = index_++;
    item.place = in_.place(first.offset);
    item.exchange = make_exchange(std::move(request), std::move(response), times);
    item.exchange->id = std::to_string(item.index + 1);
    return std::optional(std::move(item));
  }

  OctetReader in_;
  ReadOptions options_;
  LogInfo info_;
  std::deque<Pair> window_;
  std::size_t bytes_ = 0;
  std::size_t index_ = 0;
  std::deque<std::string> answered_;  ///< the last ids that had a response
  std::optional<stream::Error> error_{};
  bool ended_ = false;
  bool continues_ = false;
};

// ---- writing

constexpr std::string_view kOthers[] = {"startedDateTime", "time",
                                        "_incomplete",    // a response that is: see render_exchange()
                                        "_streamChunks",  // see report_unheld()
                                        "timings.send",    "timings.wait", "timings.receive"};
constexpr auto kHeld = with_messages(kOthers);

class Writer final : public ExchangeWriter {
 public:
  using ExchangeWriter::ExchangeWriter;

  /// An id is 24 hexadecimal digits; the pair's number in the file is the last 16, so that it is unique.
  Status write(std::string_view rendered) override {
    while (!rendered.empty()) {
      const Frame frame = take_frame(rendered);
      if (frame.kind == '1') ++pairs_;
      STREAM_TRY(sink().write(fmt::format("{} {:08x}{:016x} {}\n", frame.kind, std::uint32_t{0x68617200}, pairs_, frame.head)));
      STREAM_TRY(sink().write(frame.body));
      STREAM_TRY(sink().write(kSeparator));
    }
    return {};
  }

 protected:
  HeldMembers held() const override { return kHeld; }
  std::string_view format_name() const override { return "a file of GoReplay"; }

  Status render_exchange(const Exchange& exchange, const Item& item, const RenderContext& context,
                         std::string& out) const override {
    if (exchange.url().empty()) {
      return fail({ErrorCode::unsupported, "a file of GoReplay is of requests, and this exchange has none", item.where(),
                   "write a recording or raw bytes of it"});
    }
    const RequestMessage request = request_message(exchange);
    const auto response = response_message(exchange);
    const MessageTimes times = message_times(exchange);
    report_unheld(exchange, times, format_name(), item.where(), context.report);
    const auto lose = [&](std::string_view what, std::string message) {
      report_loss(what, std::move(message), item.where(), context.report);
    };
    if (url_scheme(request.url) == "https")
      lose("request-url", "https is left out of the URL: a file of GoReplay does not say it");
    const std::string* const host = find_field(request.fields, "host");
    if (host != nullptr && !same_name(*host, url_authority(request.url)))
      lose("request-url", "the authority of the URL is left out: Host says another");
    for (const auto& version : {request.version, response ? response->version : std::string()}) {
      if (version == "HTTP/2" || version == "HTTP/3") {
        lose("request-httpVersion", fmt::format("{} is left out: a file of GoReplay holds HTTP/1.1", version));
        break;
      }
    }
    if (response && !response->complete)
      lose("incomplete", "that the response is not whole is left out: a file of GoReplay has no place for it");
    const std::int64_t start = times.start.value_or(stream::WallTime{}).time_since_epoch().count();
    if (start <= 0) {
      if (context.report) {
        context.report({Level::warning, "gor-no-time",
                        "there is no time when the request began: 1970-01-01T00:00:00Z stands for it", item.where()});
      }
    }
    const std::size_t before = out.size();
    STREAM_TRY(append(out, '1', start, 0, write_request(request, TargetForm::origin, item.where(), context.report), item));
    if (!response) return {};
    const Nanos responded = std::max(times.responded.value_or(Nanos{}), Nanos{});
    const Nanos ended = std::max(times.ended.value_or(responded), responded);
    Nanos::rep began = 0;
    if (__builtin_add_overflow(start, responded.count(), &began)) began = start;
    auto status = append(out, '2', began, (ended - responded).count(),
                         write_response(*response, request.method, item.where(), context.report), item);
    if (!status) out.resize(before);
    return status;
  }

 private:
  static Status append(std::string& out, char type, std::int64_t time, std::int64_t duration, std::string octets,
                       const Item& item) {
    // It is looked for line by line, and nothing escapes it.
    if (octets.find(kSeparator.substr(1)) != std::string::npos) {
      return fail({ErrorCode::unsupported, "the message holds the line that ends a record in files of GoReplay", item.where()});
    }
    append_frame(out, {type, fmt::format("{} {}", time, duration), octets});
    return {};
  }

  std::uint64_t pairs_ = 0;
};

int sniff(std::string_view prefix) {
  const std::size_t line = prefix.find('\n');
  if (line == std::string_view::npos || line > kMaxMeta) return 0;
  if (!parse_meta(prefix.substr(0, line))) return 0;
  return prefix.find(kSeparator) != std::string_view::npos ? 97 : 80;
}

std::unique_ptr<ItemReader> read(stream::ByteSource& source, const ReadOptions& options) {
  return std::make_unique<Reader>(source, options);
}
std::unique_ptr<ItemWriter> write(stream::ByteSink& sink, const WriteOptions& options) {
  return std::make_unique<Writer>(sink, options);
}

}  // namespace

const Format kGor{"gor", "GoReplay's recordings of requests and responses", ".gor", sniff, read, write};

}  // namespace har::format
