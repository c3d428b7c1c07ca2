#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <utility>

#include "formats/http_message.hpp"
#include "formats/saz/frames.hpp"
#include "formats/saz/meta.hpp"
#include "formats/saz/saz.hpp"
#include "formats/zip/archive.hpp"

namespace har::format::saz {
namespace {

using stream::ErrorCode;
using stream::Event;
using stream::Exchange;
using stream::fail;
using stream::Json;
using stream::Level;
using stream::Nanos;
using stream::Place;
using stream::Result;
using stream::Status;

enum class Part : std::size_t { request, response, meta, frames };
constexpr std::size_t kParts = 4;

/// The members of a session, null where there is none.
using Session = std::array<const zip::Member*, kParts>;

struct PartName {
  std::uint64_t number = 0;
  Part part = Part::request;
};

/// "raw/0012_c.txt"
std::optional<PartName> part_of(std::string_view name) {
  if (!name.starts_with("raw/")) return std::nullopt;
  name.remove_prefix(4);
  PartName out;
  const auto [stop, error] = std::from_chars(name.data(), name.data() + name.size(), out.number);
  if (error != std::errc() || stop == name.data()) return std::nullopt;
  const std::string_view rest = name.substr(static_cast<std::size_t>(stop - name.data()));
  static constexpr std::string_view kEnds[kParts] = {"_c.txt", "_s.txt", "_m.xml", "_w.txt"};
  const auto* const found = std::find(std::begin(kEnds), std::end(kEnds), rest);
  if (found == std::end(kEnds)) return std::nullopt;
  out.part = static_cast<Part>(found - std::begin(kEnds));
  return out;
}

class Reader final : public ItemReader {
 public:
  Reader(stream::ByteSource& source, const ReadOptions& options) : source_(source), options_(options) {}

  Result<std::optional<Item>> next() override {
    if (!std::exchange(opened_, true)) {
      at_ = sessions_.end();
      STREAM_TRY(open());
    }
    while (at_ != sessions_.end()) {
      const auto& [number, session] = *at_++;
      continues_ = true;
      STREAM_ASSIGN(auto exchange, read(number, session));
      if (!exchange) continue;
      Item item;
      item.exchange = std::move(exchange);
      item.index = index_++;
      item.place.source = place_;
      return std::optional(std::move(item));
    }
    continues_ = false;
    return std::optional<Item>();
  }
  bool can_continue() const override { return continues_; }
  const LogInfo& info() const override { return info_; }

 private:
  Status open() {
    STREAM_ASSIGN(archive_, zip::Archive::open(source_, options_.limits));
    for (const zip::Member& member : archive_->members()) {
      const auto name = part_of(member.name);
      if (!name) continue;
      const zip::Member*& place = sessions_[name->number][static_cast<std::size_t>(name->part)];
      if (place != nullptr) {
        return fail(
            {ErrorCode::unsupported,
             fmt::format("session {} stands twice in the archive: \"{}\", \"{}\"", name->number, place->name, member.name),
             {source_.name()}});
      }
      place = &member;
    }
    if (sessions_.empty() && archive_->find("_index.htm") == nullptr && archive_->find("[Content_Types].xml") == nullptr)
      return fail({ErrorCode::syntax, "there are no sessions in the archive: expected raw/1_c.txt and so on", {source_.name()}});
    at_ = sessions_.begin();
    creator();
    return {};
  }

  /// "Fiddler (v5.0.20204.45441) Session Archive. …"
  void creator() {
    const std::string_view comment = archive_->comment();
    const std::size_t open = comment.find(" (v");
    const std::size_t close = comment.find(") Session Archive");
    if (open == std::string_view::npos || close == std::string_view::npos || close < open) return;
    info_.log.push_back(
        {"creator", Json::Object{{"name", comment.substr(0, open)}, {"version", comment.substr(open + 3, close - open - 3)}}});
  }

  void report(Level level, std::string rule, std::string message) const {
    if (options_.report) options_.report({level, std::move(rule), std::move(message), {place_}});
  }

  /// None: a session that is no exchange.
  Result<std::optional<Exchange>> read(std::uint64_t number, const Session& session) {
    std::array<std::string, kParts> texts;
    std::size_t left = options_.limits.max_entry;
    for (std::size_t part = 0; part < kParts; ++part) {
      if (session[part] == nullptr) continue;
      STREAM_ASSIGN(texts[part], archive_->read(*session[part], left));
      left -= texts[part].size();
    }
    const auto* const first = std::find_if(session.begin(), session.end(), [](const auto* member) { return member != nullptr; });
    place_ = source_.name() + "/" + (*first)->name;
    if (session[0] == nullptr) {
      report(Level::warning, "saz-no-request", fmt::format("session {} has no request; it is left out", number));
      return std::optional<Exchange>();
    }
    Meta meta = parse_meta(texts[static_cast<std::size_t>(Part::meta)]);
    if (meta.sid.empty()) meta.sid = std::to_string(number);

    Http1Options http{place_, 0, "http", options_.limits, options_.report, false};
    STREAM_ASSIGN(RequestMessage request, parse_request(texts[0], http));
    std::optional<ResponseMessage> response;
    if (!texts[1].empty()) {
      http.source = source_.name() + "/" + session[1]->name;
      http.head_only = request.method == "HEAD";
      STREAM_ASSIGN(response, parse_response(texts[1], http));
    }
    const Connecting made = connecting(meta, request);
    if (request.method == "CONNECT") {
      // What Fiddler has seen into is in sessions of its own; of what it has not, this is all that there is.
      if (response && response->status == 200 && !meta.has(SessionBit::blind_tunnel)) {
        report(Level::note, "saz-connect",
               fmt::format("session {}, the tunnel to {}, is left out: what went through it stands in sessions of its own",
                           number, request.url));
        return std::optional<Exchange>();
      }
      request.url = fmt::format("https://{}/", request.url);
      request.body.clear();  // what Fiddler has to say of TLS
      if (response) response->body.clear();
    }
    if (!texts[3].empty() && request.url.starts_with("http")) request.url.replace(0, 4, "ws");
    const Times times = times_of(meta.timers, made);
    MessageTimes message_times;
    message_times.start = times.start;
    if (times.start && times.responded) message_times.responded = std::max(Nanos{}, *times.responded - *times.start);
    if (times.start && times.ended) message_times.ended = std::max(Nanos{}, *times.ended - *times.start);

    const std::string error = error_of(meta, response);
    const std::string extensions = response ? joined_field(response->fields, "sec-websocket-extensions") : "";
    Exchange exchange = make_exchange(std::move(request), std::move(response), message_times, error);
    exchange.id = std::to_string(number);
    if (find(meta.flags, kAborted) != nullptr && exchange.end) {
      exchange.end->reason = "abort";
      exchange.end->data.clear();
    }
    if (exchange.response && !times.timings.is_null()) exchange.response->timings = times.timings;
    add_entry(*exchange.request, meta);
    if (!texts[3].empty()) STREAM_TRY(add_frames(exchange, texts[3], extensions, *session[3]));
    return std::optional(std::move(exchange));
  }

  /// Of https the times stand with the CONNECT session; the first that goes through its pipe has them.
  Connecting connecting(const Meta& meta, const RequestMessage& request) {
    if (request.method == "CONNECT") {
      if (const Connecting made = connecting_of(meta.timers); made.any()) pipes_[meta.sid] = made;
      return {};
    }
    const std::string* const socket = find(meta.flags, "x-serversocket");
    if (socket == nullptr) return {};
    constexpr std::string_view kPipe = "ServerPipe#";
    const std::size_t at = socket->find(kPipe);
    if (at == std::string::npos) return {};
    const auto found = pipes_.find(socket->substr(at + kPipe.size()));
    if (found == pipes_.end()) return {};
    const Connecting made = found->second;
    pipes_.erase(found);
    return made;
  }

  static std::string error_of(const Meta& meta, const std::optional<ResponseMessage>& response) {
    const std::string* flag = find(meta.flags, kFailed);
    if (flag == nullptr) flag = find(meta.flags, kAborted);
    if (flag == nullptr) return {};
    if (response && response->reason.starts_with("Fiddler - ")) return response->reason;
    return flag->empty() ? std::string("failed") : *flag;
  }

  static void add_entry(Event& request, const Meta& meta) {
    const auto take = [&](std::string_view member, std::string_view flag) {
      const std::string* const value = find(meta.flags, flag);
      if (value != nullptr && !value->empty() && request.entry.find(member) == nullptr) request.entry.set(member, *value);
    };
    take("serverIPAddress", kServer);
    take("connection", kOwnPort);
    take("connection", kClientPort);
    take("comment", kComment);
    request.entry.set(kMember, to_json(meta));
  }

  Status add_frames(Exchange& exchange, std::string_view text, std::string_view extensions, const zip::Member& member) {
    FrameOptions frames;
    frames.start = exchange.start.value_or(stream::WallTime{});
    frames.place.source = source_.name() + "/" + member.name;
    frames.limits = options_.limits;
    frames.report = options_.report;
    auto agreed = stream::agreed_ws_deflate(extensions);
    if (agreed) frames.deflate = *agreed;
    STREAM_ASSIGN(std::vector<Event> events, parse_frames(text, frames));
    Nanos last = exchange.end ? exchange.end->t : Nanos{};
    for (Event& event : events) {
      last = std::max(last, event.t);
      exchange.timeline.push_back(std::move(event));
    }
    std::stable_sort(exchange.timeline.begin(), exchange.timeline.end(),
                     [](const Event& a, const Event& b) { return a.t < b.t; });
    if (exchange.end) exchange.end->t = last;
    if (exchange.response) exchange.response->stream_kind = to_string(stream::StreamKind::websocket);
    return {};
  }

  stream::ByteSource& source_;
  ReadOptions options_;
  LogInfo info_;
  std::unique_ptr<zip::Archive> archive_;
  std::map<std::uint64_t, Session> sessions_;
  std::map<std::uint64_t, Session>::const_iterator at_{};
  std::map<std::string, Connecting> pipes_;  ///< by the SID of their CONNECT session
  std::string place_;
  std::size_t index_ = 0;
  bool opened_ = false;
  bool continues_ = false;
};

}  // namespace

std::unique_ptr<ItemReader> open_reader(stream::ByteSource& source, const ReadOptions& options) {
  return std::make_unique<Reader>(source, options);
}

}  // namespace har::format::saz
