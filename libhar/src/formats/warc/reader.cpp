// Records become exchanges: what belongs together is looked for in a window of records, so that memory does not grow with the
// file.
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "formats/warc/record.hpp"
#include "formats/warc/warc.hpp"
#include "stream/text/utf8.hpp"

namespace har::format::warc {
namespace {

using stream::ErrorCode;
using stream::Exchange;
using stream::fail;
using stream::Json;
using stream::Level;
using stream::Result;
using stream::Status;

constexpr std::size_t kWindowRecords = 64;
constexpr std::size_t kWindowBytes = std::size_t{32} << 20;
constexpr std::size_t kKeptPayloads = std::size_t{32} << 20;

struct Record {
  Head head{};
  std::string block{};
  bool cut = false;  ///< by the end of the input
};

/// A capture of which one half, or both, have come.
struct Capture {
  std::optional<Record> request{};
  std::optional<Record> response{};  ///< a response, a revisit or a resource
  std::optional<stream::Nanos> fetch_time{};
  std::uint64_t offset = 0;
  bool ready = false;  ///< nothing more can come

  std::size_t bytes() const { return (request ? request->block.size() : 0) + (response ? response->block.size() : 0); }
  const Record& any() const { return request ? *request : *response; }
  bool has_id(std::string_view id) const {
    return (request && request->head["WARC-Record-ID"] == id) || (response && response->head["WARC-Record-ID"] == id);
  }
  /// Whether a record of it names `id`. A record may have the field several times.
  bool names(std::string_view id) const {
    const auto does = [&](const std::optional<Record>& record) {
      return record && std::any_of(record->head.fields.begin(), record->head.fields.end(), [&](const Field& field) {
               return same_name(field.name, "WARC-Concurrent-To") && field.value == id;
             });
    };
    return does(request) || does(response);
  }
};

/// Responses whose payload a revisit may mean: the last ones, as far as they have room.
class Payloads {
 public:
  void add(const Head& head, const ResponseMessage& response) {
    if (response.body.empty() || !response.complete || response.body.size() > kKeptPayloads) return;
    kept_.push_back({std::string(head["WARC-Record-ID"]), std::string(head["WARC-Payload-Digest"]),
                     std::string(without_brackets(head["WARC-Target-URI"])), std::string(head["WARC-Date"]), response});
    for (size_ += response.body.size(); size_ > kKeptPayloads; kept_.pop_front()) size_ -= kept_.front().response.body.size();
  }
  /// ISO 28500, 6.7: by record, by what was fetched when, or by what it is.
  const ResponseMessage* find(const Head& revisit) const {
    const std::string_view id = revisit["WARC-Refers-To"];
    const std::string_view digest = revisit["WARC-Payload-Digest"];
    const std::string_view uri = without_brackets(revisit["WARC-Refers-To-Target-URI"]);
    const std::string_view date = revisit["WARC-Refers-To-Date"];
    const auto by = [&](auto fits) -> const ResponseMessage* {
      const auto found = std::find_if(kept_.rbegin(), kept_.rend(), fits);
      return found != kept_.rend() ? &found->response : nullptr;
    };
    const ResponseMessage* out = nullptr;
    if (!id.empty()) out = by([&](const Kept& kept) { return kept.id == id; });
    if (out == nullptr && !uri.empty() && !date.empty())
      out = by([&](const Kept& kept) { return kept.uri == uri && kept.date == date; });
    if (out == nullptr && !digest.empty()) out = by([&](const Kept& kept) { return kept.digest == digest; });
    return out;
  }

 private:
  struct Kept {
    std::string id;
    std::string digest;
    std::string uri;
    std::string date;
    ResponseMessage response;
  };
  std::deque<Kept> kept_;
  std::size_t size_ = 0;
};

/// A field of a block of application/warc-fields; empty without it.
std::string_view field_of_block(std::string_view block, std::string_view name) {
  while (!block.empty()) {
    const std::size_t end = std::min(block.find('\n'), block.size());
    std::string_view line = block.substr(0, end);
    block.remove_prefix(std::min(end + 1, block.size()));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !same_name(line.substr(0, colon), name)) continue;
    line.remove_prefix(colon + 1);
    while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    return line;
  }
  return {};
}

/// "Wget/1.21.3 (linux-gnu)", "recorder 2.0": a name and a version.
Json creator_of(std::string_view software) {
  const auto is_version = [&](std::size_t at) { return at < software.size() && software[at] >= '0' && software[at] <= '9'; };
  std::size_t at = 0;
  for (; at < software.size(); ++at) {
    if (software[at] == '/' || (software[at] == ' ' && is_version(at + 1 + (software.substr(at + 1).starts_with('v') ? 1 : 0))))
      break;
  }
  return Json(Json::Object{{"name", stream::replace_invalid_utf8(software.substr(0, at))},
                           {"version", stream::replace_invalid_utf8(software.substr(std::min(at + 1, software.size())))}});
}

class Reader final : public ItemReader {
 public:
  Reader(stream::ByteSource& source, const ReadOptions& options) : records_(source, options.limits), options_(options) {}

  Result<std::optional<Item>> next() override {
    continues_ = false;
    for (;;) {
      if (!window_.empty() && (window_.front().ready || ended_ || beyond_window())) {
        Capture capture = std::move(window_.front());
        window_.pop_front();
        bytes_ -= capture.bytes();
        auto item = item_of(std::move(capture));
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
        continues_ = !records_.ended();
        ended_ = records_.ended();
        if (continues_) return fail(std::move(status).error());
        error_ = std::move(status).error();  // once what came whole has been given out
      }
    }
  }
  bool can_continue() const override { return continues_; }
  const LogInfo& info() const override { return info_; }

 private:
  void report(Level level, std::string rule, std::string message, std::uint64_t offset) const {
    if (options_.report) options_.report({level, std::move(rule), std::move(message), records_.place(offset)});
  }
  bool beyond_window() const { return window_.size() > kWindowRecords || bytes_ > kWindowBytes; }

  Status take() {
    STREAM_ASSIGN(auto head, records_.next());
    if (!head) {
      ended_ = true;
      return {};
    }
    const std::string_view type = (*head)["WARC-Type"];
    const std::string_view content = (*head)["Content-Type"];
    if (type == "metadata") return take_metadata(*head);
    // What was whole can't get any metadata any more.
    for (Capture& capture : window_) capture.ready = capture.ready || (capture.request && capture.response);
    if (type == "warcinfo") return take_info();
    if (type == "continuation") {
      report(Level::warning, "warc-segments", "a record in segments: the first is taken, this one is left out", head->offset);
      return {};
    }
    const std::string_view uri = without_brackets((*head)["WARC-Target-URI"]);
    const std::string_view scheme = url_scheme(uri);
    const bool http =
        (!scheme.empty() || uri.empty()) && (content.starts_with("application/http") || content.empty() || type == "revisit");
    const bool request = type == "request" && http;
    const bool response = (type == "response" && http) || (type == "revisit" && http) || (type == "resource" && !scheme.empty());
    if (!request && !response) {
      if (type != "conversion" && type != "resource" && !std::exchange(other_said_, true)) {
        report(Level::note, "warc-other",
               fmt::format("records that are no messages of HTTP are passed over (WARC-Type {}, Content-Type {})", type, content),
               head->offset);
      }
      return {};
    }
    Record record;
    STREAM_ASSIGN(record.block, records_.block());
    record.head = std::move(*head);
    record.cut = records_.cut();
    add(std::move(record), request);
    return {};
  }

  Status take_info() {
    if (std::exchange(info_taken_, true)) return {};
    STREAM_ASSIGN(const std::string block, records_.block());
    const std::string_view software = field_of_block(block, "software");
    if (!software.empty()) info_.log.push_back({"creator", creator_of(software)});
    return {};
  }

  /// Of metadata, what HAR has a place for: the time that it took (WARC 1.1, Annex C: fetchTimeMs).
  Status take_metadata(const Head& head) {
    if (!head["Content-Type"].starts_with("application/warc-fields")) return {};
    STREAM_ASSIGN(const std::string block, records_.block());
    const auto millis = stream::parse_decimal_millis(field_of_block(block, "fetchTimeMs"));
    if (!millis) return {};
    for (Capture& capture : window_) {
      for (const Field& field : head.fields) {
        if (same_name(field.name, "WARC-Concurrent-To") && capture.has_id(field.value)) capture.fetch_time = *millis;
      }
      if (capture.has_id(head["WARC-Refers-To"])) capture.fetch_time = *millis;
    }
    return {};
  }

  void add(Record record, bool request) {
    bytes_ += record.block.size();
    Capture* found = partner_of(record, request);
    if (found == nullptr) {
      found = &window_.emplace_back();
      found->offset = record.head.offset;
    }
    // A resource has no request that could still come.
    if (record.head["WARC-Type"] == "resource") found->ready = true;
    (request ? found->request : found->response) = std::move(record);
  }

  /// By name (WARC-Concurrent-To in either direction), else by URI and date, which records of one capture share.
  Capture* partner_of(const Record& record, bool request) {
    const auto by = [&](auto fits) -> Capture* {
      const auto found = std::find_if(window_.begin(), window_.end(), [&](const Capture& capture) {
        return !capture.ready && !(request ? capture.request : capture.response) && fits(capture);
      });
      return found != window_.end() ? &*found : nullptr;
    };
    Capture* out = nullptr;
    for (const Field& field : record.head.fields) {
      if (out == nullptr && same_name(field.name, "WARC-Concurrent-To"))
        out = by([&](const Capture& capture) { return capture.has_id(field.value); });
    }
    const std::string_view id = record.head["WARC-Record-ID"];
    if (out == nullptr && !id.empty()) out = by([&](const Capture& capture) { return capture.names(id); });
    const std::string_view uri = without_brackets(record.head["WARC-Target-URI"]);
    const std::string_view date = record.head["WARC-Date"];
    if (out == nullptr && !uri.empty() && !date.empty() && record.head["WARC-Type"] != "resource") {
      out = by([&](const Capture& capture) {
        const Head& other = capture.any().head;
        return without_brackets(other["WARC-Target-URI"]) == uri && other["WARC-Date"] == date;
      });
    }
    return out;
  }

  Http1Options http1(const Record& record, std::string_view uri, bool head_only) const {
    Http1Options out;
    out.source = records_.place().source;
    out.origin = record.head.block;
    out.scheme = url_scheme(uri).empty() ? "http" : url_scheme(uri);
    out.limits = options_.limits;
    out.report = options_.report;
    out.head_only = head_only;
    return out;
  }

  Result<std::optional<Item>> item_of(Capture capture) {
    const Head head = capture.any().head;
    const std::string uri(without_brackets(head["WARC-Target-URI"]));
    RequestMessage request;
    if (capture.request) {
      STREAM_ASSIGN(request, parse_request(capture.request->block, http1(*capture.request, uri, false)));
    } else if (capture.response->head["WARC-Type"] != "resource" && !std::exchange(no_request_said_, true)) {
      report(Level::note, "warc-no-request", "responses without a request's record: GET is taken for the method", capture.offset);
    }
    if (!uri.empty()) request.url = uri;
    std::optional<ResponseMessage> response;
    if (capture.response) {
      STREAM_ASSIGN(response, response_of(*capture.response, uri, request.method));
    }
    if (response && response->status == 0) response.reset();  // a revisit of nothing that we have
    const std::string version = version_of(capture);
    if (!version.empty()) {
      request.version = version;
      if (response) response->version = version;
    }
    MessageTimes times;
    if (const auto date = stream::parse_iso8601(head["WARC-Date"]); date && date->time != stream::WallTime{})
      times.start = date->time;
    times.ended = capture.fetch_time;
    Item item;
    item.index = index_++;
    item.place = records_.place(capture.offset);
    item.exchange = make_exchange(std::move(request), std::move(response), times);
    item.exchange->id = std::to_string(item.index + 1);
    std::string_view address = head["WARC-IP-Address"];
    if (address.empty() && capture.response) address = capture.response->head["WARC-IP-Address"];
    if (!address.empty()) item.exchange->request->entry.set("serverIPAddress", stream::replace_invalid_utf8(address));
    return std::optional(std::move(item));
  }

  /// WARC-Protocol, an extension of web archives: what was HTTP/2 is kept as HTTP/1.1, and this says so.
  static std::string version_of(const Capture& capture) {
    const auto protocol = [](const std::optional<Record>& record) {
      return record ? record->head["WARC-Protocol"] : std::string_view();
    };
    for (const std::string_view value : {protocol(capture.request), protocol(capture.response)}) {
      if (value == "h2" || value == "http/2") return "HTTP/2";
      if (value == "h3" || value == "http/3") return "HTTP/3";
    }
    return {};
  }

  Result<ResponseMessage> response_of(Record& record, std::string_view uri, std::string_view method) {
    const Head& head = record.head;
    ResponseMessage out;
    if (head["WARC-Type"] == "resource") {
      report(Level::note, "warc-resource", "a resource's record has no head: 200 is taken for its status", head.offset);
      out.status = 200;
      out.reason = "OK";
      if (!head["Content-Type"].empty()) out.fields.push_back({"Content-Type", std::string(head["Content-Type"])});
      out.body = std::move(record.block);
    } else if (head["WARC-Type"] == "revisit") {
      STREAM_ASSIGN(out, revisited(record, uri));
    } else {
      STREAM_ASSIGN(out, parse_response(record.block, http1(record, uri, method == "HEAD")));
      payloads_.add(head, out);
    }
    if (record.cut || !head["WARC-Truncated"].empty() || !head["WARC-Segment-Number"].empty()) out.complete = false;
    return out;
  }

  /// The head is that of the record, the payload that of the response before it.
  Result<ResponseMessage> revisited(const Record& record, std::string_view uri) {
    const Head& head = record.head;
    const bool same = head["WARC-Profile"].find("identical-payload-digest") != std::string_view::npos;
    const ResponseMessage* const original = payloads_.find(head);
    ResponseMessage out;
    if (record.block.empty()) {
      if (original != nullptr) return *original;
    } else {
      Http1Options options = http1(record, uri, false);
      options.report = {};  // its length is that of the payload
      STREAM_ASSIGN(out, parse_response(record.block, options));
      if (!same || !out.body.empty()) {
        out.complete = true;
        return out;
      }
      if (original != nullptr) {
        out.body = original->body;
        out.complete = true;
        return out;
      }
    }
    report(Level::warning, "warc-revisit",
           fmt::format("the payload of this revisit is left out: that of {} at {} is not in this file, or too far before it",
                       without_brackets(head["WARC-Refers-To-Target-URI"]), head["WARC-Refers-To-Date"]),
           head.offset);
    out.complete = false;
    return out;
  }

  RecordReader records_;
  ReadOptions options_;
  LogInfo info_;
  std::deque<Capture> window_;
  std::size_t bytes_ = 0;  ///< of the window
  Payloads payloads_;
  std::size_t index_ = 0;
  std::optional<stream::Error> error_{};
  bool ended_ = false;
  bool continues_ = false;
  bool info_taken_ = false;
  bool other_said_ = false;
  bool no_request_said_ = false;
};

}  // namespace

std::unique_ptr<ItemReader> open_reader(stream::ByteSource& source, const ReadOptions& options) {
  return std::make_unique<Reader>(source, options);
}

}  // namespace har::format::warc
