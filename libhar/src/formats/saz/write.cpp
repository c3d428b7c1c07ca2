#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "formats/exchange_writer.hpp"
#include "formats/http_message.hpp"
#include "formats/message_members.hpp"
#include "formats/saz/frames.hpp"
#include "formats/saz/meta.hpp"
#include "formats/saz/saz.hpp"
#include "formats/zip/archive.hpp"
#include "formats/zip/file_sink.hpp"
#include "formats/zip/frames.hpp"
#include "har/exchange.hpp"
#include "stream/text/xml.hpp"

namespace har::format::saz {
namespace {

using stream::Exchange;
using stream::Json;
using stream::Nanos;
using stream::Status;

constexpr std::string_view kTypes =
    "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n"
    "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\r\n"
    "  <Default Extension=\"htm\" ContentType=\"text/html\" />\r\n"
    "  <Default Extension=\"xml\" ContentType=\"application/xml\" />\r\n"
    "  <Default Extension=\"txt\" ContentType=\"text/plain\" />\r\n"
    "</Types>\r\n";

/// Takes the line at `at` out, if it is this field.
void drop_line(std::string& text, std::size_t at, std::string_view field) {
  if (text.compare(at, field.size(), field) == 0) text.erase(at, text.find("\r\n", at) + 2 - at);
}

/// A message without the fields that were added for a wire: a session's file ends where its body does, and its request line has
/// the host.
std::string as_recorded(std::string text, const Message& message) {
  if (find_field(message.fields, "content-length") == nullptr) {
    const std::size_t end = text.find("\r\n\r\n");
    if (end != std::string::npos && end > 0) drop_line(text, text.rfind("\r\n", end - 1) + 2, "Content-Length: ");
  }
  if (find_field(message.fields, "host") == nullptr && message.version.starts_with("HTTP/1"))
    drop_line(text, text.find("\r\n") + 2, "Host: ");
  return text;
}

class Writer final : public ExchangeWriter {
 public:
  Writer(stream::ByteSink& sink, const WriteOptions& options)
      : ExchangeWriter(sink, options), creator_(options.creator), index_sink_(index_, "_index.htm") {
    archive_.add_folder("raw");
  }

  Status begin(const Item&, const LogInfo& info) override {
    if (const auto found =
            std::find_if(info.log.begin(), info.log.end(), [](const auto& member) { return member.name == "creator"; });
        found != info.log.end())
      creator_ = found->value;
    return index_head();
  }

  Status write(std::string_view rendered) override {
    while (!rendered.empty()) {
      const std::string number = fmt::format("{:04}", ++count_);
      const auto add = [&](std::string_view end, std::string_view bytes) {
        return archive_.add(fmt::format("raw/{}_{}", number, end), bytes);
      };
      STREAM_TRY(add("c.txt", zip::take_frame(rendered)));
      if (const auto response = zip::take_frame(rendered); !response.empty()) STREAM_TRY(add("s.txt", response));
      const std::string_view meta = zip::take_frame(rendered);
      STREAM_TRY(add("m.xml", write_meta(from_json(*stream::parse_json(meta)), count_)));
      const std::string_view frames = zip::take_frame(rendered);
      if (!frames.empty()) STREAM_TRY(add("w.txt", frames));
      std::string links;
      for (const std::string_view file : {"c.txt", "s.txt", "m.xml", "w.txt"}) {
        if (file != "w.txt" || !frames.empty())
          links += fmt::format("<a href='raw/{}_{}'>{}</a> ", number, file, static_cast<char>(file.front() - 'a' + 'A'));
      }
      STREAM_TRY(
          index_sink_.write(fmt::format("<tr><td>{}</td><td>{}</td>{}</tr>\r\n", links, count_, zip::take_frame(rendered))));
    }
    return {};
  }

  Status end_input(const LogInfo& info) override {
    for (const stream::JsonMember& member : info.log) {
      if (member.name == "pages" && member.value.is_array() && !member.value.as_array().empty())
        report_loss("log-pages", "log.pages is left out: saz has no place for it", {}, options().report);
    }
    return {};
  }

  Status finish() override {
    STREAM_TRY(index_head());
    STREAM_TRY(index_sink_.write("</tbody></table></body></html>\r\n"));
    archive_.add_file("_index.htm", index_);
    STREAM_TRY(archive_.add("[Content_Types].xml", kTypes));
    const std::string_view name = creator_["name"].string_or("");
    if (!name.empty()) {
      std::string comment = fmt::format("{} (v{}) Session Archive", name, creator_["version"].string_or(""));
      comment.resize(std::min(comment.size(), kMostOfComment));
      archive_.set_comment(std::move(comment));
    }
    return archive_.write_to(sink());
  }

 protected:
  HeldMembers held() const override {
    static constexpr std::string_view kOthers[] = {"startedDateTime",
                                                   "time",
                                                   "request.postData",
                                                   "response._trailers",
                                                   "timings.blocked",
                                                   "timings.dns",
                                                   "timings.connect",
                                                   "timings.ssl",
                                                   "timings.send",
                                                   "timings.wait",
                                                   "timings.receive",
                                                   "serverIPAddress",
                                                   "connection",
                                                   "comment",
                                                   "_resourceType",
                                                   "_error",
                                                   "_webSocketMessages[].type",
                                                   "_webSocketMessages[].time",
                                                   "_webSocketMessages[].opcode",
                                                   "_webSocketMessages[].data",
                                                   "_webSocketClose.code",
                                                   "_webSocketClose.reason",
                                                   "_webSocketClose.timestamp",
                                                   "_webSocketClose.dir",
                                                   "_streamChunks",
                                                   "_eventSourceMessages",
                                                   "_recordingEvents",
                                                   "_fiddler"};
    static constexpr auto kHeld = with_messages(kOthers);
    return kHeld;
  }
  std::string_view format_name() const override { return "saz"; }

  Status render_exchange(const Exchange& exchange, const Item& item, const RenderContext& context,
                         std::string& out) const override {
    RequestMessage request = request_message(exchange);
    if (request.url.starts_with("ws")) request.url.replace(0, 2, "http");
    const auto response = response_message(exchange);
    const Json entry = to_entry(exchange);
    const stream::WallTime start = exchange.start.value_or(stream::WallTime{});
    report_more(entry, exchange, request, response, item.where(), context.report);
    const stream::Place place = item.where();
    zip::append_frame(out, as_recorded(write_request(request, TargetForm::absolute, place, context.report), request));
    zip::append_frame(
        out, response ? as_recorded(write_response(*response, request.method, place, context.report), *response) : std::string());
    zip::append_frame(out, stream::to_json(to_json(meta_of(entry, exchange))));
    zip::append_frame(out, write_frames(exchange, start, item.where(), context.report));
    zip::append_frame(out, row(request, response, entry));
    return {};
  }

 private:
  static constexpr std::size_t kMostOfComment = 1000;

  Status index_head() {
    if (std::exchange(begun_, true)) return {};
    return index_sink_.write(
        "<!doctype html>\r\n<html><head><meta charset='utf-8'><title>Sessions</title></head><body><table><thead><tr><th></th>"
        "<th>#</th><th>Result</th><th>Method</th><th>URL</th><th>Body</th><th>Content-Type</th></tr></thead><tbody>\r\n");
  }

  static std::string row(const RequestMessage& request, const std::optional<ResponseMessage>& response, const Json& entry) {
    const auto cell = [](std::string_view text) { return "<td>" + stream::xml_text(text) + "</td>"; };
    const Json& content = entry["response"]["content"];
    return cell(response ? std::to_string(response->status) : "-") + cell(request.method) + cell(request.url) +
           cell(std::to_string(std::max<std::int64_t>(0, content["size"].int_or(0)))) + cell(content["mimeType"].string_or(""));
  }

  /// A body is one piece, that was there at the end; frames have their times, and nothing else has one.
  template <class Lost>
  static void report_times(const Json& entry, const Exchange& exchange, const Lost& lost) {
    std::size_t pieces = 0;
    bool others = false;
    for (const stream::Event& event : exchange.timeline) {
      const bool frame = event.kind == stream::EventKind::message || event.kind == stream::EventKind::close;
      if (event.kind != stream::EventKind::data) {
        others = others || !frame;
      } else {
        pieces += event.direction == stream::Direction::send ? 2 : 1;
      }
    }
    // Errors of a WebSocket stand among its messages.
    const std::string_view where = entry.find("_recordingEvents") != nullptr ? "_recordingEvents" : "_webSocketMessages";
    if (others) lost(where, where, "saz has a place for frames alone");
    if (pieces < 2) return;
    for (const std::string_view name : {"_streamChunks", "_eventSourceMessages"}) {
      if (entry.find(name) != nullptr) lost(name, name, "saz has the time of a body's end alone");
    }
  }

  /// What is held in part, or only by some sessions.
  static void report_more(const Json& entry, const Exchange& exchange, const RequestMessage& request,
                          const std::optional<ResponseMessage>& response, const stream::Place& place,
                          const stream::FindingSink& report) {
    const auto lost = [&](std::string_view what, std::string_view path, std::string_view why) {
      report_loss(what, fmt::format("{} is left out: {}", path, why), place, report);
    };
    const auto other_version = [](const Message& message) {
      return !message.version.empty() && !message.version.starts_with("HTTP/1");
    };
    if (other_version(request)) lost("request-httpVersion", "request.httpVersion", "sessions are written as HTTP/1.1");
    if (response && other_version(*response))
      lost("response-httpVersion", "response.httpVersion", "sessions are written as HTTP/1.1");
    report_times(entry, exchange, lost);
    const std::string_view type = entry["_resourceType"].string_or("");
    const bool derived = (type == "websocket" && exchange.kind() == stream::StreamKind::websocket) ||
                         (type == "eventsource" && exchange.kind() == stream::StreamKind::sse);
    if (!type.empty() && !derived) lost("_resourceType", "_resourceType", "saz has no place for it");
    if (response && !response->trailers.empty() &&
        joined_field(response->fields, "transfer-encoding").find("chunked") == std::string::npos)
      lost("response-_trailers", "response._trailers", "only a chunked body has trailers");
  }

  static std::uint32_t bits_of(const Exchange& exchange) {
    std::uint32_t bits = 0;
    const auto set = [&](SessionBit bit) { bits |= static_cast<std::uint32_t>(bit); };
    if (url_scheme(exchange.url()) == "https") set(SessionBit::https);
    if (exchange.method() == "CONNECT") set(SessionBit::blind_tunnel);
    if (exchange.kind() == stream::StreamKind::websocket) set(SessionBit::websocket);
    return bits;
  }

  static Meta meta_of(const Json& entry, const Exchange& exchange) {
    const stream::WallTime start = exchange.start.value_or(stream::WallTime{}) + exchange.begin();
    Meta meta = from_json(entry[kMember]);
    if (meta.bit_flags.empty()) meta.bit_flags = fmt::format("{:X}", bits_of(exchange));
    // The timers of the session that it was, if they still say what the entry says.
    const Times before = times_of(meta.timers, {});
    if (meta.timers.empty() || before.start != start || before.timings != entry["timings"]) {
      const Json& time = entry["time"];
      const auto took = time.is_number() ? stream::parse_decimal_millis(time.number_text()) : std::nullopt;
      meta.timers = timers_of(start, entry["timings"], took.value_or(Nanos{}));
    }
    const auto put = [&](std::string_view flag, std::string_view value) {
      const auto found = std::find_if(meta.flags.begin(), meta.flags.end(), [&](const auto& one) { return one.first == flag; });
      if (found != meta.flags.end()) {
        found->second = value;
      } else if (!value.empty()) {
        meta.flags.emplace_back(flag, value);
      }
    };
    put(kServer, entry["serverIPAddress"].string_or(""));
    const std::string* const client = find(meta.flags, kClientPort);
    const std::string_view connection = entry["connection"].string_or("");
    if (client == nullptr || *client != connection || find(meta.flags, kOwnPort) != nullptr) put(kOwnPort, connection);
    put(kComment, entry["comment"].string_or(""));
    const std::string_view error = entry["_error"].string_or("");
    if (!error.empty() && find(meta.flags, kFailed) == nullptr && find(meta.flags, kAborted) == nullptr)
      put(error == "abort" ? kAborted : kFailed, error);
    return meta;
  }

  Json creator_{};
  zip::ArchiveWriter archive_;
  stream::TemporaryFile index_;
  zip::FileSink index_sink_;
  std::uint64_t count_ = 0;
  bool begun_ = false;
};

}  // namespace

std::unique_ptr<ItemWriter> open_writer(stream::ByteSink& sink, const WriteOptions& options) {
  return std::make_unique<Writer>(sink, options);
}

}  // namespace har::format::saz
