// asciicast, versions 2 and 3 (docs.asciinema.org/manual/asciicast): a terminal's output over time. Read, a cast is one exchange
// without a request. What of it is no output, input or mark is kept in events of our own, `"ev":"asciicast"`, so that it can be
// written again: {"header":…}, {"code":…,"value":…} for resizes and codes we do not know, {"comment":…}.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "formats/formats.hpp"
#include "formats/losses.hpp"
#include "formats/utf8_pieces.hpp"
#include "har/exchange.hpp"
#include "stream/record/line_reader.hpp"
#include "stream/text/utf8.hpp"

namespace har::format {
namespace {

using stream::Direction;
using stream::ErrorCode;
using stream::Event;
using stream::EventKind;
using stream::Exchange;
using stream::fail;
using stream::Json;
using stream::JsonMember;
using stream::Level;
using stream::Nanos;
using stream::Place;
using stream::Result;
using stream::Status;

constexpr std::string_view kEvent = "asciicast";
constexpr std::string_view kHeader = "header";
constexpr std::string_view kCode = "code";
constexpr std::string_view kValue = "value";
constexpr std::string_view kComment = "comment";

/// So that a time can be rounded up.
constexpr Nanos kLatest = Nanos::max() - std::chrono::seconds(1);

int version_of(const Json& header) { return static_cast<int>(header["version"].int_or(0)); }

Event own_event(Nanos t, Json::Object members) {
  Event event;
  event.kind = EventKind::unknown;
  event.ev = kEvent;
  event.t = t;
  event.other = std::move(members);
  return event;
}

const Json* member_of(const Event& event, std::string_view name) {
  if (event.kind != EventKind::unknown || event.ev != kEvent) return nullptr;
  const auto found = std::find_if(event.other.begin(), event.other.end(), [&](const JsonMember& m) { return m.name == name; });
  return found != event.other.end() ? &found->value : nullptr;
}

// ---- reading

class Reader final : public ItemReader {
 public:
  Reader(stream::ByteSource& source, const ReadOptions& options)
      : lines_(source, options.limits), options_(options), name_(source.name()) {}

  Result<std::optional<Item>> next() override {
    while (!ended_) {
      auto line = lines_.next();
      if (!line) {
        ended_ = true;
        continues_ = begun_;
        return fail(std::move(line).error());
      }
      if (!*line) break;
      if (auto status = take(**line); !status) {
        continues_ = begun_;
        ended_ = !begun_ || status.error().code == ErrorCode::limit;
        return fail(std::move(status).error());
      }
    }
    if (!begun_ && !ended_) {
      ended_ = true;
      return fail({ErrorCode::syntax, "expected the header of an asciicast, found the end of the input", {name_}});
    }
    const bool failed = std::exchange(ended_, true);
    if (!std::exchange(begun_, false)) return std::optional<Item>();
    if (!failed && !cut_) {
      Event end;
      end.kind = EventKind::end;
      end.t = t_;
      end.reason = "eof";
      exchange_.end = std::move(end);
    }
    Item item;
    item.exchange = std::move(exchange_);
    item.place.source = name_;
    return std::optional(std::move(item));
  }
  bool can_continue() const override { return continues_; }
  const LogInfo& info() const override { return info_; }

 private:
  static bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r") == std::string_view::npos; }
  Place place(const stream::Line& line) const { return {name_, line.number, 1, line.offset, {}}; }
  void report(const Place& place, std::string rule, std::string message) const {
    if (options_.report) options_.report({Level::warning, std::move(rule), std::move(message), place});
  }

  Status take(const stream::Line& line) {
    if (is_blank(line.text)) return {};
    if (!begun_) return header(line);
    bytes_ += line.text.size();
    if (bytes_ > options_.limits.max_entry) {
      return fail({ErrorCode::limit, fmt::format("the cast is larger than {} bytes", options_.limits.max_entry), place(line),
                   "raise the limit with --max-entry"});
    }
    if (line.text.starts_with('#')) {
      exchange_.timeline.push_back(own_event(t_, {{std::string(kComment), stream::replace_invalid_utf8(line.text)}}));
      return {};
    }
    auto status = event(line);
    if (!status && !line.terminated && status.error().code != ErrorCode::limit) {
      report(place(line), "cast-cut", "the last line is cut off; it is left out");
      cut_ = true;
      return {};
    }
    return status;
  }

  Status header(const stream::Line& line) {
    constexpr std::string_view kHint = "its first line is a JSON object with \"version\": 2 or 3";
    auto json = stream::parse_json(line.text, options_.limits);
    if (!json || !json->is_object()) {
      return fail({ErrorCode::syntax, "expected the header of an asciicast", place(line), std::string(kHint)});
    }
    version_ = version_of(*json);
    if (version_ == 1) {
      return fail({ErrorCode::unsupported, "an asciicast of version 1", place(line), "asciinema convert makes version 3 of it"});
    }
    if (version_ != 2 && version_ != 3)
      return fail({ErrorCode::syntax, "expected the header of an asciicast of version 2 or 3", place(line), std::string(kHint)});
    if (const Json& timestamp = (*json)["timestamp"]; timestamp.is_number()) {
      if (const auto seconds = stream::parse_decimal_seconds(timestamp.number_text()))
        exchange_.start = stream::WallTime(*seconds);
    }
    Event response;
    response.kind = EventKind::response;
    response.stream_kind = to_string(stream::StreamKind::text);
    response.object = Json::object();
    exchange_.response = std::move(response);
    exchange_.timeline.push_back(own_event(Nanos{}, {{std::string(kHeader), std::move(*json)}}));
    begun_ = true;
    return {};
  }

  Status event(const stream::Line& line) {
    auto json = stream::parse_json(line.text, options_.limits);
    if (!json) return fail(locate(std::move(json).error(), place(line)));
    const auto refuse = [&](std::string_view what, std::size_t index) {
      Place at = place(line);
      if (json->is_array() && index < json->as_array().size()) stream::append_pointer(at.pointer, index);
      return fail({ErrorCode::syntax, fmt::format("expected {}", what), std::move(at)});
    };
    if (!json->is_array() || json->as_array().size() != 3) return refuse("an event, [time, code, data]", 3);
    Json::Array& parts = json->as_array();
    const auto time = parts[0].is_number() ? stream::parse_decimal_seconds(parts[0].number_text()) : std::nullopt;
    if (!time) return refuse("a time in seconds", 0);
    if (!parts[1].is_string()) return refuse("a code, a string such as \"o\"", 1);
    const std::string& code = parts[1].as_string();
    const bool named = code == "o" || code == "i" || code == "m";
    if (named && !parts[2].is_string()) return refuse("a string", 2);
    STREAM_TRY(advance(*time, line));
    if (!named) {
      exchange_.timeline.push_back(own_event(t_, {{std::string(kCode), code}, {std::string(kValue), std::move(parts[2])}}));
      return {};
    }
    Event event;
    event.kind = code == "m" ? EventKind::mark : EventKind::data;
    event.t = t_;
    if (code == "i") event.direction = Direction::send;
    event.data = std::move(parts[2].as_string());
    exchange_.timeline.push_back(std::move(event));
    return {};
  }

  /// Version 2 has times since the start, version 3 since the event before.
  Status advance(Nanos time, const stream::Line& line) {
    Nanos::rep sum = 0;
    if (__builtin_add_overflow(version_ == 3 ? t_.count() : 0, time.count(), &sum) || sum > kLatest.count()) {
      return fail({ErrorCode::syntax, "the time is out of range", place(line)});
    }
    const Nanos t(sum);
    if (t < t_ && !std::exchange(backwards_, true))
      report(place(line), "cast-time-backwards", "time goes back here; the time of the event before is taken");
    t_ = std::max(t_, t);
    return {};
  }

  stream::LineReader lines_;
  ReadOptions options_;
  std::string name_;
  LogInfo info_;
  Exchange exchange_;
  int version_ = 0;
  Nanos t_{};
  std::size_t bytes_ = 0;
  bool begun_ = false;  ///< there is a header, and the exchange was not given out
  bool ended_ = false;
  bool cut_ = false;
  bool backwards_ = false;
  bool continues_ = false;
};

// ---- writing

/// Takes the members of that name out of an object.
Json take_out(Json& object, std::string_view name) {
  const Json* found = object.find(name);
  Json value = found != nullptr ? *found : Json();
  object.erase(name);
  return value;
}

/// A number of columns or rows; the usual one for what is none, or 0.
Json size_or(const Json& value, int usual) { return value.int_or(0) > 0 ? value : Json(usual); }

/// A header of the other version: its size, theme and type of terminal stand elsewhere.
Json header_of_version(Json header, int version) {
  const int from = version_of(header);
  if (from == version) return header;
  Json term = take_out(header, "term");
  if (!term.is_object()) term = Json::object();
  Json out = Json::object();
  out.set("version", version);
  header.erase("version");
  if (version == 3) {
    Json made = Json::object();
    made.set("cols", size_or(take_out(header, "width"), 80));
    made.set("rows", size_or(take_out(header, "height"), 24));
    if (const Json& type = header["env"]["TERM"]; type.is_string()) made.set("type", type);
    for (const JsonMember& member : term.as_object()) made.set(member.name, member.value);
    if (Json theme = take_out(header, "theme"); !theme.is_null()) made.set("theme", std::move(theme));
    out.set("term", std::move(made));
  } else {
    out.set("width", size_or(take_out(term, "cols"), 80));
    out.set("height", size_or(take_out(term, "rows"), 24));
    if (Json theme = take_out(term, "theme"); !theme.is_null()) out.set("theme", std::move(theme));
    // The type has no place in a header of version 2 but the environment.
    if (const Json& type = term["type"]; type.is_string() && header["env"]["TERM"].is_null()) {
      Json env = header["env"].is_object() ? header["env"] : Json::object();
      env.set("TERM", take_out(term, "type"));
      header.set("env", std::move(env));
    } else if (type.is_string() && header["env"]["TERM"] == type) {
      term.erase("type");
    }
    if (!term.as_object().empty()) out.set("term", std::move(term));
  }
  for (const JsonMember& member : header.as_object()) out.set(member.name, member.value);
  return out;
}

/// The text of one exchange as a cast.
class CastText {
 public:
  CastText(const Exchange& exchange, int version, std::string& out) : exchange_(exchange), version_(version), out_(out) {
    for (const Event& event : exchange.timeline) {
      if (const Json* header = member_of(event, kHeader); header != nullptr && header->is_object()) header_ = header;
    }
    pieces_.fill(Utf8Pieces(header_ != nullptr));
  }

  void write() {
    header();
    for (const Event& event : exchange_.timeline) add(event);
    for (const Direction direction : {Direction::receive, Direction::send}) output(direction, "", true);
  }
  std::size_t replaced() const { return pieces_[0].replaced() + pieces_[1].replaced(); }
  bool backwards() const { return backwards_; }

 private:
  void header() {
    Json header;
    if (header_ != nullptr) {
      header = header_of_version(*header_, version_);
    } else {
      header = header_of_version(Json(Json::Object{{"version", 0}}), version_);
      const auto start = exchange_.start.value_or(stream::WallTime{}) + exchange_.begin();
      if (const auto seconds = std::chrono::floor<std::chrono::seconds>(start).time_since_epoch().count(); seconds > 0)
        header.set("timestamp", static_cast<std::int64_t>(seconds));
      if (!exchange_.url().empty()) header.set("title", fmt::format("{} {}", exchange_.method(), exchange_.url()));
    }
    write_json(out_, header);
    out_ += '\n';
  }

  void add(const Event& event) {
    move_to(event.t);
    switch (event.kind) {
      case EventKind::data:
        output(event.direction, event.data, false);
        break;
      case EventKind::message:
        if (event.opcode > 2) break;  // pings and pongs show nothing
        output(event.direction, event.direction == Direction::receive ? event.data + "\n" : event.data, true);
        break;
      case EventKind::mark:
        line("m", event.data);
        break;
      case EventKind::close:
        line("m", fmt::format("close {}{}{}", event.code ? std::to_string(*event.code) : "", event.reason.empty() ? "" : " ",
                              event.reason));
        break;
      default:
        if (const Json* comment = member_of(event, kComment); comment != nullptr && comment->is_string()) {
          const std::string& text = comment->as_string();
          if (version_ == 3 && text.starts_with('#') && text.find('\n') == std::string::npos) out_.append(text) += '\n';
        } else if (const Json* code = member_of(event, kCode); code != nullptr && code->is_string()) {
          const Json* value = member_of(event, kValue);
          line(code->as_string(), value != nullptr ? *value : Json(""));
        }
        break;
    }
  }

  void output(Direction direction, std::string_view bytes, bool last) {
    Utf8Pieces& pieces = pieces_[static_cast<std::size_t>(direction)];
    std::string text = pieces.take(bytes, last);
    if (direction == Direction::receive && header_ == nullptr) text = with_returns(text);
    // A piece that only begins a character comes with the next; an event of a cast that is empty stays.
    const bool stays = header_ != nullptr && bytes.empty() && !last;
    if (!text.empty() || stays) line(direction == Direction::send ? "i" : "o", std::move(text));
  }

  /// A terminal that nobody drives goes down with a line feed, and not back to the left.
  std::string with_returns(std::string_view text) {
    std::string out;
    for (const char c : text) {
      if (c == '\n' && last_ != '\r') out += '\r';
      out += c;
      last_ = c;
    }
    return out;
  }

  void move_to(Nanos t) {
    Nanos::rep since = 0;
    if (__builtin_sub_overflow(t.count(), exchange_.begin().count(), &since)) since = t < exchange_.begin() ? 0 : kLatest.count();
    backwards_ = backwards_ || Nanos(since) < t_;
    t_ = std::clamp(Nanos(since), t_, std::max(t_, kLatest));
  }

  /// Intervals are whole microseconds, which is what asciinema reads of them: rounded so that what was written sums up to the
  /// time of the event, to half a microsecond.
  std::string time() {
    if (version_ == 2) return stream::format_decimal_seconds(t_);
    const auto micros = std::chrono::round<std::chrono::microseconds>(t_);
    return stream::format_decimal_seconds(micros - std::exchange(written_, micros));
  }

  void line(std::string_view code, const Json& value) {
    out_ += '[';
    out_ += time();
    out_ += ", ";
    stream::write_json_string(out_, code);
    out_ += ", ";
    write_json(out_, value);
    out_ += "]\n";
  }

  const Exchange& exchange_;
  int version_;
  std::string& out_;
  const Json* header_ = nullptr;  ///< of the cast that the exchange was
  std::array<Utf8Pieces, 2> pieces_{};
  Nanos t_{};
  std::chrono::microseconds written_{};
  char last_ = 0;
  bool backwards_ = false;
};

class Writer final : public ItemWriter {
 public:
  Writer(stream::ByteSink& sink, const WriteOptions& options, int version) : sink_(sink), options_(options), version_(version) {}

  Status begin(const Item&, const LogInfo&) override { return {}; }

  Status render(const Item& item, const RenderContext& context, std::string& out) const override {
    auto exchange = exchange_of(item, context.info, context.files, "", stream::WallTime{}, {options_.limits, context.report});
    if (!exchange) return fail(std::move(exchange).error());
    report_lost(item, *exchange, context);
    CastText cast(*exchange, version_, out);
    cast.write();
    const auto report = [&](std::string rule, std::string message) {
      if (context.report) context.report({Level::warning, std::move(rule), std::move(message), item.where()});
    };
    if (const std::size_t count = cast.replaced(); count > 0) {
      report("cast-no-text",
             fmt::format("a cast holds text: U+FFFD stands in {} place{} for bytes that are none", count, count == 1 ? "" : "s"));
    }
    if (cast.backwards()) report("cast-time-backwards", "time goes back: the time of the event before was taken");
    return {};
  }

  Status write(std::string_view rendered) override {
    // A header is the only line that begins with a brace.
    for (std::size_t at = 0; at < rendered.size(); at = std::min(rendered.find('\n', at), rendered.size() - 1) + 1) {
      if (rendered[at] == '{' && std::exchange(begun_, true)) {
        return fail({ErrorCode::usage, "a cast is of one exchange, and there are several", {}, "choose one with --entry"});
      }
    }
    return sink_.write(rendered);
  }
  Status end_input(const LogInfo&) override { return {}; }
  Status finish() override { return {}; }

 private:
  /// What was no cast has more than a terminal shows.
  void report_lost(const Item& item, const Exchange& exchange, const RenderContext& context) const {
    if (!context.report || !exchange.request) return;
    const auto entry = entry_of(item, {options_.limits, {}});
    if (!entry) return;
    constexpr std::string_view kSaid[] = {"request", "response"};
    report_loss("request", "the request is left out: a cast has no place for it", item.where(), context.report);
    report_loss("response", "of the response the body is kept, as a terminal shows it", item.where(), context.report);
    report_losses(*entry, kSaid, "a cast", item.where(), context.report);
  }

  stream::ByteSink& sink_;
  WriteOptions options_;
  int version_;
  bool begun_ = false;
};

template <int version>
int sniff(std::string_view prefix) {
  if (prefix.starts_with("\xEF\xBB\xBF")) prefix.remove_prefix(3);
  if (!prefix.starts_with('{')) return 0;
  const auto header = stream::parse_json(prefix.substr(0, prefix.find('\n')));
  const int found = header ? version_of(*header) : 0;
  if (found < 1 || found > 3) return 0;
  constexpr int kPerhaps = 5;  // if the name says so
  if (found != version) return kPerhaps;
  const bool sized =
      version == 2 ? (*header)["width"].is_number() && (*header)["height"].is_number() : (*header)["term"].is_object();
  return sized ? 95 : kPerhaps;
}

std::unique_ptr<ItemReader> read(stream::ByteSource& source, const ReadOptions& options) {
  return std::make_unique<Reader>(source, options);
}
template <int version>
std::unique_ptr<ItemWriter> write(stream::ByteSink& sink, const WriteOptions& options) {
  return std::make_unique<Writer>(sink, options, version);
}

}  // namespace

const Format kAsciicast{"asciicast", "asciicast 3, of asciinema: a stream as a terminal shows it", ".cast", sniff<3>, read,
                        write<3>};
const Format kAsciicast2{"asciicast-v2", "asciicast 2", "", sniff<2>, read, write<2>};

}  // namespace har::format
