#include "formats/saz/meta.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "formats/http_message.hpp"
#include "stream/text/utf8.hpp"
#include "stream/text/xml.hpp"

namespace har::format::saz {
namespace {

using stream::Json;
using stream::JsonMember;
using stream::Nanos;
using stream::WallTime;

constexpr std::string_view kSpace = " \t\r\n";

// ---- XML, as far as it takes

std::string without_entities(std::string_view text) {
  static constexpr std::pair<std::string_view, char> kNamed[] = {
      {"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
  std::string out;
  while (!text.empty()) {
    const std::size_t end = text.front() == '&' ? text.find(';') : std::string_view::npos;
    if (end == std::string_view::npos || end > 10) {
      out += text.front();
      text.remove_prefix(1);
      continue;
    }
    std::string_view name = text.substr(1, end - 1);
    const auto* const named =
        std::find_if(std::begin(kNamed), std::end(kNamed), [&](const auto& entity) { return entity.first == name; });
    std::uint32_t code = 0;
    if (named != std::end(kNamed)) {
      out += named->second;
    } else if (name.starts_with('#')) {
      name.remove_prefix(1);
      const bool hex = name.starts_with('x') || name.starts_with('X');
      if (hex) name.remove_prefix(1);
      const auto [stop, error] = std::from_chars(name.data(), name.data() + name.size(), code, hex ? 16 : 10);
      const bool good = error == std::errc() && stop == name.data() + name.size() && code > 0 && code < 0x110000 &&
                        (code < 0xD800 || code > 0xDFFF);
      stream::append_utf8(out, good ? code : 0xFFFD);
    } else {
      out += text.substr(0, end + 1);
    }
    text.remove_prefix(end + 1);
  }
  return stream::replace_invalid_utf8(out);
}

/// The start tags of a document, one after another.
class Tags {
 public:
  explicit Tags(std::string_view xml) : rest_(xml) {}

  bool next(std::string_view& name, Attributes& attributes) {
    attributes.clear();
    for (;;) {
      const std::size_t at = rest_.find('<');
      if (at == std::string_view::npos) return false;
      rest_.remove_prefix(at + 1);
      if (rest_.starts_with("!--")) {
        skip_behind("-->");
      } else if (!rest_.empty() && rest_.front() != '/' && rest_.front() != '?' && rest_.front() != '!') {
        break;
      }
    }
    name = take_until(" \t\r\n/>");
    for (;;) {
      rest_.remove_prefix(std::min(rest_.find_first_not_of(kSpace), rest_.size()));
      if (rest_.empty()) return true;
      if (rest_.front() == '>' || rest_.front() == '/') return true;
      const std::string_view attribute = take_until(" \t\r\n=/>");
      rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n="), rest_.size()));
      if (rest_.empty() || (rest_.front() != '"' && rest_.front() != '\'')) return true;
      const std::size_t end = rest_.find(rest_.front(), 1);
      if (end == std::string_view::npos || attribute.empty()) return true;
      attributes.emplace_back(stream::replace_invalid_utf8(attribute), without_entities(rest_.substr(1, end - 1)));
      rest_.remove_prefix(end + 1);
    }
  }

 private:
  std::string_view take_until(std::string_view stops) {
    const std::string_view out = rest_.substr(0, rest_.find_first_of(stops));
    rest_.remove_prefix(out.size());
    return out;
  }
  void skip_behind(std::string_view mark) {
    const std::size_t at = rest_.find(mark);
    rest_.remove_prefix(at == std::string_view::npos ? rest_.size() : at + mark.size());
  }

  std::string_view rest_;
};

void put(std::string& out, std::string_view tag, const Attributes& attributes) {
  out.append("  <").append(tag);
  for (const auto& [name, value] : attributes) out += fmt::format(" {}=\"{}\"", name, stream::xml_attribute(value));
  out += " />\r\n";
}

bool is_name(std::string_view text) { return !text.empty() && text.find_first_of("<>&\"'=/ \t\r\n") == std::string_view::npos; }

// ---- times

std::optional<WallTime> time_in(const Attributes& timers, std::string_view name) {
  const std::string* const text = find(timers, name);
  return text != nullptr ? parse_time(*text) : std::nullopt;
}

std::optional<WallTime> first_of(const Attributes& timers, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (auto time = time_in(timers, name)) return time;
  }
  return std::nullopt;
}

Json millis(Nanos span) { return Json(Json::Number{stream::format_decimal_millis(span)}); }

Nanos phase(const Json& timings, std::string_view name) {
  const Json& value = timings[name];
  const auto time = value.is_number() ? stream::parse_decimal_millis(value.number_text()) : std::nullopt;
  return std::max(Nanos{}, time.value_or(Nanos{}));
}

/// What is cut off stays in the times beside it, so that no phase takes longer than there was time.
std::int64_t whole_millis(Nanos span) { return std::chrono::floor<std::chrono::milliseconds>(span).count(); }

}  // namespace

const std::string* find(const Attributes& attributes, std::string_view name) {
  const auto found =
      std::find_if(attributes.begin(), attributes.end(), [&](const auto& attribute) { return same_name(attribute.first, name); });
  return found != attributes.end() ? &found->second : nullptr;
}

Meta parse_meta(std::string_view xml) {
  Meta meta;
  Tags tags(xml);
  std::string_view name;
  for (Attributes found; tags.next(name, found);) {
    if (name == "Session") {
      for (auto& [attribute, value] : found) {
        if (attribute == "SID") meta.sid = std::move(value);
        if (attribute == "BitFlags") meta.bit_flags = std::move(value);
      }
    } else if (name == "SessionTimers") {
      meta.timers = std::move(found);
    } else if (name == "PipeInfo") {
      meta.pipe = std::move(found);
    } else if (name == "TunnelInfo") {
      meta.tunnel = std::move(found);
    } else if (name == "SessionFlag") {
      const std::string* const flag = find(found, "N");
      const std::string* const value = find(found, "V");
      if (flag != nullptr && value != nullptr) meta.flags.emplace_back(*flag, *value);
    }
  }
  return meta;
}

std::string write_meta(const Meta& meta, std::uint64_t sid) {
  std::string out = "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n";
  out += fmt::format("<Session SID=\"{}\" BitFlags=\"{}\">\r\n",
                     stream::xml_attribute(meta.sid.empty() ? std::to_string(sid) : meta.sid),
                     stream::xml_attribute(meta.bit_flags.empty() ? "0" : std::string_view(meta.bit_flags)));
  put(out, "SessionTimers", meta.timers);
  put(out, "PipeInfo", meta.pipe);
  if (!meta.tunnel.empty()) put(out, "TunnelInfo", meta.tunnel);
  out += "  <SessionFlags>\r\n";
  for (const auto& [name, value] : meta.flags) {
    out += fmt::format("    <SessionFlag N=\"{}\" V=\"{}\" />\r\n", stream::xml_attribute(name), stream::xml_attribute(value));
  }
  out += "  </SessionFlags>\r\n</Session>";
  return out;
}

bool Meta::has(SessionBit bit) const {
  std::uint32_t bits = 0;
  const auto [stop, error] = std::from_chars(bit_flags.data(), bit_flags.data() + bit_flags.size(), bits, 16);
  return error == std::errc() && (bits & static_cast<std::uint32_t>(bit)) != 0;
}

Connecting connecting_of(const Attributes& timers) {
  const auto value = [&](std::string_view name) -> std::optional<std::int64_t> {
    const std::string* const text = find(timers, name);
    std::int64_t number = 0;
    if (text == nullptr) return std::nullopt;
    const auto [stop, error] = std::from_chars(text->data(), text->data() + text->size(), number);
    constexpr std::int64_t kMost = 1'000'000'000;
    return error == std::errc() && number > 0 && number < kMost ? std::optional(number) : std::nullopt;
  };
  return {value("DNSTime"), value("TCPConnectTime"), value("HTTPSHandshakeTime")};
}

/// The requests' way through Fiddler: ClientBeginRequest, ClientDoneRequest, ServerConnected, FiddlerBeginRequest,
/// ServerGotRequest, ServerBeginResponse, GotResponseHeaders, ServerDoneResponse, ClientDoneResponse.
Times times_of(const Attributes& timers, const Connecting& connecting) {
  Times out;
  out.start = first_of(timers, {"ClientBeginRequest", "ClientConnected", "FiddlerBeginRequest"});
  if (!out.start) return out;
  const auto sent = first_of(timers, {"FiddlerBeginRequest", "ClientDoneRequest"});
  const auto got = first_of(timers, {"ServerGotRequest"});
  out.responded = first_of(timers, {"ServerBeginResponse", "GotResponseHeaders", "ClientBeginResponse"});
  out.ended = first_of(timers, {"ServerDoneResponse", "ClientDoneResponse"});
  const auto span = [](std::optional<std::int64_t> value) { return Nanos(std::chrono::milliseconds(value.value_or(0))); };
  Connecting made = connecting_of(timers);
  const bool borrowed = !made.any() && connecting.any();
  if (borrowed) made = connecting;
  const Nanos connect = span(made.tcp) + span(made.tls);
  const Nanos took = span(made.dns) + connect;
  const Nanos before = std::max(Nanos{}, sent ? *sent - *out.start : Nanos{});
  // What a connection took that was made for this request, in a session of its own, is a part of its time. One that was made
  // while nobody waited for it is none.
  if (borrowed) *out.start -= took;
  const bool counts = borrowed || (made.any() && took <= before);
  const Nanos blocked = counts && !borrowed ? before - took : before;
  Json timings = Json::object();
  timings.set("blocked", blocked > Nanos{} ? millis(blocked) : Json(-1));
  timings.set("dns", counts && made.dns ? Json(*made.dns) : Json(-1));
  timings.set("connect", counts && (made.tcp || made.tls) ? Json(connect / std::chrono::milliseconds(1)) : Json(-1));
  timings.set("ssl", counts && made.tls ? Json(*made.tls) : Json(-1));
  const auto between = [](std::optional<WallTime> from, std::optional<WallTime> to) {
    return from && to && *to > *from ? *to - *from : Nanos{};
  };
  timings.set("send", millis(between(sent, got)));
  timings.set("wait", millis(between(got ? got : sent, out.responded)));
  timings.set("receive", millis(between(out.responded, out.ended)));
  out.timings = std::move(timings);
  return out;
}

Attributes timers_of(WallTime start, const Json& timings, Nanos time) {
  const Nanos ssl = phase(timings, "ssl");
  const Nanos connect = phase(timings, "connect");
  // HAR 1.2 §4.2.17: ssl is a part of connect.
  const Nanos tcp = std::max(Nanos{}, connect - ssl);
  const WallTime connected = start + phase(timings, "blocked") + phase(timings, "dns") + connect;
  const WallTime got = connected + phase(timings, "send");
  const WallTime answered = got + phase(timings, "wait");
  const WallTime done = answered + phase(timings, "receive");
  const std::string begin = format_time(start);
  const auto number = [](Nanos span) { return std::to_string(whole_millis(span)); };
  return {{"ClientConnected", begin},
          {"ClientBeginRequest", begin},
          {"GotRequestHeaders", begin},
          {"ClientDoneRequest", begin},
          {"GatewayTime", "0"},
          {"DNSTime", number(phase(timings, "dns"))},
          {"TCPConnectTime", number(tcp)},
          {"HTTPSHandshakeTime", number(std::min(ssl, connect))},
          {"ServerConnected", format_time(connected)},
          {"FiddlerBeginRequest", format_time(connected)},
          {"ServerGotRequest", format_time(got)},
          {"ServerBeginResponse", format_time(answered)},
          {"GotResponseHeaders", format_time(answered)},
          {"ServerDoneResponse", format_time(done)},
          {"ClientBeginResponse", format_time(answered)},
          {"ClientDoneResponse", format_time(std::max(done, start + std::max(time, Nanos{})))}};
}

std::string format_time(WallTime time) {
  using Ticks = std::chrono::duration<std::int64_t, std::ratio<1, 10'000'000>>;
  std::string text = stream::format_iso8601(std::chrono::floor<Ticks>(time));
  const std::size_t point = text.find('.');
  text.pop_back();  // Z
  if (point == std::string::npos) return text + ".0000000Z";
  text.resize(point + 8, '0');
  return text + 'Z';
}

std::optional<WallTime> parse_time(std::string_view text) {
  if (text.starts_with("0001-")) return std::nullopt;
  const auto time = stream::parse_iso8601(text);
  return time ? std::optional(time->time) : std::nullopt;
}

Json to_json(const Meta& meta) {
  const auto object = [](const Attributes& attributes) {
    Json out = Json::object();
    for (const auto& [name, value] : attributes) out.as_object().push_back({name, value});
    return out;
  };
  Json out = Json::object();
  if (!meta.sid.empty()) out.set("sid", meta.sid);
  if (!meta.bit_flags.empty()) out.set("bitFlags", meta.bit_flags);
  if (!meta.timers.empty()) out.set("timers", object(meta.timers));
  if (!meta.pipe.empty()) out.set("pipe", object(meta.pipe));
  if (!meta.tunnel.empty()) out.set("tunnel", object(meta.tunnel));
  if (!meta.flags.empty()) out.set("flags", object(meta.flags));
  return out;
}

Meta from_json(const Json& json) {
  const auto attributes = [&](std::string_view name) {
    Attributes out;
    const Json& object = json[name];
    if (!object.is_object()) return out;
    for (const JsonMember& member : object.as_object()) {
      const bool good = member.value.is_string() && (name == "flags" || is_name(member.name));
      if (good && find(out, member.name) == nullptr) out.emplace_back(member.name, member.value.as_string());
    }
    return out;
  };
  Meta meta;
  meta.sid = json["sid"].string_or("");
  meta.bit_flags = json["bitFlags"].string_or("");
  meta.timers = attributes("timers");
  meta.pipe = attributes("pipe");
  meta.tunnel = attributes("tunnel");
  meta.flags = attributes("flags");
  return meta;
}

}  // namespace har::format::saz
