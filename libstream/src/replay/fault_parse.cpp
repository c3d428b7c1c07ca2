#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "stream/replay/fault.hpp"
#include "stream/text/near.hpp"
#include "stream/text/units.hpp"

namespace stream::replay {
namespace {

constexpr std::array<std::pair<std::string_view, Fault>, 13> kFaults{{{"reset", Fault::reset},
                                                                      {"stall", Fault::stall},
                                                                      {"truncate", Fault::truncate},
                                                                      {"end", Fault::end},
                                                                      {"close", Fault::close},
                                                                      {"slow", Fault::slow},
                                                                      {"latency", Fault::latency},
                                                                      {"status", Fault::status},
                                                                      {"duplicate", Fault::duplicate},
                                                                      {"reorder", Fault::reorder},
                                                                      {"drop", Fault::drop},
                                                                      {"corrupt", Fault::corrupt},
                                                                      {"malformed", Fault::malformed}}};
constexpr std::array<std::string_view, 12> kConditions{"url", "method", "kind", "id",     "header", "body",
                                                       "nth", "rate",   "at",   "within", "after",  "retry-after"};
constexpr std::array<std::string_view, 7> kMalformed{"opcode", "rsv", "masked", "fragment", "control", "utf8", "length"};
constexpr std::array<std::string_view, 8> kKinds{"http", "sse", "ndjson", "json-seq", "multipart", "text", "binary", "websocket"};

Status wrong(std::string message, std::string hint = {}) {
  return fail({ErrorCode::usage, std::move(message), {}, std::move(hint)});
}

template <class Words>
std::string list(const Words& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// "0.25" or "25%" into millionths; none above 1.
std::optional<std::uint64_t> probability(std::string_view text) {
  const bool percent = text.ends_with('%');
  if (percent) text.remove_suffix(1);
  std::uint64_t value = 0;
  int decimals = -1;
  bool digits = false;
  for (const char c : text) {
    if (c == '.' && decimals < 0) {
      decimals = 0;
      continue;
    }
    if (c < '0' || c > '9' || decimals == 6 || value > 100'000'000) return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
    digits = true;
    if (decimals >= 0) ++decimals;
  }
  if (!digits) return std::nullopt;
  for (int i = std::max(decimals, 0); i < 6; ++i) value *= 10;
  if (percent) value = (value + 50) / 100;
  return value > 1'000'000 ? std::nullopt : std::optional(value);
}

bool is_bare_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789.") == std::string_view::npos;
}

class Parser {
 public:
  explicit Parser(FaultRule& rule) : rule_(rule) {}

  Status word(std::string_view text) {
    const auto equals = text.find('=');
    const std::string_view name = text.substr(0, equals);
    const std::string_view value = equals == std::string_view::npos ? std::string_view{} : text.substr(equals + 1);
    const auto* const fault =
        std::find_if(kFaults.begin(), kFaults.end(), [&](const auto& known) { return known.first == name; });
    if (fault != kFaults.end()) return this->fault(fault->second, name, value, equals != std::string_view::npos);
    if (std::find(kConditions.begin(), kConditions.end(), name) == kConditions.end()) return unknown(name);
    if (value.empty()) return wrong(fmt::format("{} needs a value: {}=…", name, name));
    if (std::find(seen_.begin(), seen_.end(), name) != seen_.end()) return wrong(fmt::format("{} stands there twice", name));
    seen_.push_back(name);
    if (name == "at") return place(FaultPlace::Side::at, name, value);
    if (name == "within") return place(FaultPlace::Side::within, name, value);
    if (name == "after") return place(FaultPlace::Side::after, name, value);
    return condition(name, value);
  }

  Status finish() const {
    if (!has_fault_) return wrong("there is no fault in the rule", faults_hint());
    if (rule_.retry_after && rule_.fault != Fault::status) return wrong("retry-after goes with status=CODE");
    using Unit = FaultPlace::Unit;
    const Unit unit = rule_.place.unit;
    const std::string_view name = name_of(rule_.fault);
    switch (rule_.fault) {
      case Fault::slow:
      case Fault::status:
        if (unit != Unit::none) return wrong(fmt::format("{} is for the whole answer and takes no place", name));
        break;
      case Fault::duplicate:
      case Fault::reorder:
      case Fault::drop:
        if (unit != Unit::none && (unit != Unit::event || rule_.place.side != FaultPlace::Side::at))
          return wrong(fmt::format("{} takes an event: at=event:N", name));
        break;
      case Fault::corrupt:
        if (unit != Unit::none && ((unit != Unit::event && unit != Unit::byte) || rule_.place.side != FaultPlace::Side::at))
          return wrong("corrupt takes an event or a byte: at=event:N, at=byte:N");
        break;
      case Fault::latency:
      case Fault::malformed:
      case Fault::close:
      case Fault::end:
        if (rule_.place.side == FaultPlace::Side::within)
          return wrong(fmt::format("{} cannot be within an event: at=event:N, after=event:N", name));
        break;
      case Fault::reset:
      case Fault::stall:
      case Fault::truncate:
        break;
    }
    return {};
  }

 private:
  static std::string_view name_of(Fault fault) {
    for (const auto& [name, value] : kFaults) {
      if (value == fault) return name;
    }
    return {};
  }
  static std::string faults_hint() {
    std::vector<std::string_view> names;
    for (const auto& known : kFaults) names.push_back(known.first);
    return "faults are " + list(names);
  }
  Status unknown(std::string_view name) const {
    std::vector<std::string_view> words(kConditions.begin(), kConditions.end());
    for (const auto& known : kFaults) words.push_back(known.first);
    const auto near = near_word(name, words);
    return wrong(fmt::format("\"{}\" is no fault and no condition{}", name, near ? fmt::format("; did you mean {}?", *near) : ""),
                 near ? std::string{} : faults_hint());
  }

  Status condition(std::string_view name, std::string_view value) {
    if (name == "url") {
      if (!value.starts_with('/') && !value.starts_with('*'))
        return wrong(fmt::format("url: expected a path such as /chat*, found \"{}\"", value));
      rule_.url = value;
    } else if (name == "method") {
      rule_.method = value;
    } else if (name == "id") {
      rule_.id = value;
    } else if (name == "body") {
      rule_.body = value;
    } else if (name == "kind") {
      rule_.kind = stream_kind_from_name(value);
      if (!rule_.kind) {
        const auto near = near_word(value, kKinds);
        return wrong(fmt::format("kind: expected {}, found \"{}\"{}", list(kKinds), value,
                                 near ? fmt::format("; did you mean {}?", *near) : ""));
      }
    } else if (name == "header") {
      const auto colon = value.find(':');
      if (colon == 0 || colon == std::string_view::npos)
        return wrong(fmt::format("header: expected NAME:GLOB, found \"{}\"", value));
      rule_.header = {std::string(value.substr(0, colon)), std::string(value.substr(colon + 1))};
    } else if (name == "rate") {
      const auto rate = probability(value);
      if (!rate) return wrong(fmt::format("rate: expected a probability from 0 to 1, found \"{}\"", value));
      rule_.rate_millionths = *rate;
    } else if (name == "nth") {
      const auto dots = value.find("..");
      const auto first = number(value.substr(0, dots));
      auto last = dots == std::string_view::npos ? first : number(value.substr(dots + 2));
      if (dots != std::string_view::npos && dots + 2 == value.size()) last = static_cast<std::uint64_t>(-1);
      if (!first || !last || *first == 0 || *last < *first)
        return wrong(fmt::format("nth: expected a number from 1, or some as in 2..5 or 3.., found \"{}\"", value));
      rule_.first = *first;
      rule_.last = *last;
    } else {
      rule_.retry_after = number(value);
      if (!rule_.retry_after) return wrong(fmt::format("retry-after: expected seconds, found \"{}\"", value));
    }
    return {};
  }

  Status place(FaultPlace::Side side, std::string_view name, std::string_view value) {
    using Unit = FaultPlace::Unit;
    FaultPlace& place = rule_.place;
    if (place.unit != Unit::none) return wrong("at, within and after: a rule has one place");
    place.side = side;
    const auto colon = value.find(':');
    const std::string_view unit = value.substr(0, colon);
    if (value == "head") {
      place.unit = Unit::head;
    } else if (colon != std::string_view::npos && (unit == "event" || unit == "byte")) {
      const auto count = number(value.substr(colon + 1));
      if (!count || (unit == "event" && *count == 0)) {
        return wrong(fmt::format("{}: expected {}, found \"{}\"", name,
                                 unit == "event" ? "event:N; events are counted from 1" : "byte:N", value));
      }
      place.unit = unit == "event" ? Unit::event : Unit::byte;
      place.number = *count;
    } else if (const auto time = parse_duration(value); time && *time >= Nanos{}) {
      place.unit = Unit::time;
      place.time = *time;
    } else {
      return wrong(fmt::format("{}: expected head, event:N, byte:N or a time such as 2s, found \"{}\"", name, value));
    }
    if (side != FaultPlace::Side::at && place.unit != Unit::event &&
        (side == FaultPlace::Side::within || place.unit != Unit::head)) {
      return wrong(fmt::format("{}: expected event:N, found \"{}\"", name, value));
    }
    return {};
  }

  Status fault(Fault fault, std::string_view name, std::string_view value, bool has_value) {
    if (has_fault_) return wrong(fmt::format("{}: a rule has one fault", name), "give another rule for another fault");
    has_fault_ = true;
    rule_.fault = fault;
    if (has_value && value.empty()) return wrong(fmt::format("{} needs a value behind the \"=\"", name));
    switch (fault) {
      case Fault::close:
        return close(value);
      case Fault::slow: {
        if (!value.ends_with("/s"))
          return wrong(fmt::format("slow: expected a size a second such as 2kB/s, found \"{}\"", value));
        const auto size = parse_size(value.substr(0, value.size() - 2));
        if (!size || *size == 0) return wrong(fmt::format("slow: expected a size a second such as 2kB/s, found \"{}\"", value));
        rule_.number = *size;
        return {};
      }
      case Fault::latency:
        return latency(value);
      case Fault::status: {
        const auto status = number(value);
        if (!status || *status < 200 || *status > 599)
          return wrong(fmt::format("status: expected a number from 200 to 599, found \"{}\"", value));
        rule_.number = *status;
        return {};
      }
      case Fault::corrupt: {
        const auto count = has_value ? number(value) : 1;
        if (!count || *count == 0) return wrong(fmt::format("corrupt: expected a number of bytes, found \"{}\"", value));
        rule_.number = *count;
        return {};
      }
      case Fault::malformed:
        rule_.word = has_value ? value : kMalformed.front();
        if (std::find(kMalformed.begin(), kMalformed.end(), rule_.word) == kMalformed.end())
          return wrong(fmt::format("malformed: expected {}, found \"{}\"", list(kMalformed), value));
        return {};
      default:
        if (has_value) return wrong(fmt::format("{} takes no value", name), "the place is a word of its own: at=event:5");
        return {};
    }
  }

  Status close(std::string_view value) {
    const auto colon = value.find(':');
    const auto code = number(value.substr(0, colon));
    if (!code || *code < 1000 || *code > 4999)
      return wrong(fmt::format("close: expected a code from 1000 to 4999, found \"{}\"", value));
    if (*code == 1004 || *code == 1005 || *code == 1006 || *code == 1015)
      return wrong(fmt::format("close: {} never stands in a close frame (RFC 6455 §7.4)", *code),
                   *code == 1006 ? "truncate ends the connection without one" : "");
    rule_.number = *code;
    if (colon != std::string_view::npos) rule_.word = value.substr(colon + 1);
    return {};
  }

  Status latency(std::string_view value) {
    const auto dots = value.find("..");
    std::string first(value.substr(0, dots));
    const std::string_view second = dots == std::string_view::npos ? value : value.substr(dots + 2);
    // "50..200ms": the unit is that of the second.
    if (is_bare_number(first) && dots != std::string_view::npos)
      first += second.substr(std::min(second.find_first_not_of("0123456789."), second.size()));
    const auto least = parse_duration(first);
    const auto most = parse_duration(second);
    if (!least || !most || *least < Nanos{} || *most < *least || *most > std::chrono::hours(24))
      return wrong(fmt::format("latency: expected a time such as 100ms, or a range such as 50..200ms, found \"{}\"", value));
    rule_.least = *least;
    rule_.most = *most;
    return {};
  }

  FaultRule& rule_;
  bool has_fault_ = false;
  std::vector<std::string_view> seen_;
};

}  // namespace

Result<FaultRule> parse_fault(std::string_view text) {
  FaultRule rule;
  rule.text = text;
  Parser parser(rule);
  constexpr std::string_view kSpace = " \t\r\n";
  for (auto begin = text.find_first_not_of(kSpace); begin != std::string_view::npos;
       begin = text.find_first_not_of(kSpace, begin)) {
    const auto end = std::min(text.find_first_of(kSpace, begin), text.size());
    STREAM_TRY(parser.word(text.substr(begin, end - begin)));
    begin = end;
  }
  STREAM_TRY(parser.finish());
  return rule;
}

Status check_live_fault(const FaultRule& rule) {
  if (!rule.id.empty())
    return wrong("id names an exchange of a recording, and those on the wire have no names",
                 "url= and header= tell requests apart");
  if (rule.place.unit != FaultPlace::Unit::none) return {};
  const bool bytes = rule.fault == Fault::corrupt || rule.fault == Fault::malformed;
  if (bytes || rule.fault == Fault::duplicate || rule.fault == Fault::reorder || rule.fault == Fault::drop) {
    return wrong("on live traffic it is not known how many events there will be, so that none can be chosen by chance",
                 bytes ? "name the place: at=event:N or at=byte:N" : "name the event: at=event:N");
  }
  return {};
}

bool matches_glob(std::string_view glob, std::string_view text) {
  std::size_t g = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;  // the last one, and what it has taken so far
  std::size_t taken = 0;
  while (t < text.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      taken = t;
    } else if (g < glob.size() && glob[g] == text[t]) {
      ++g;
      ++t;
    } else if (star != std::string_view::npos) {
      g = star + 1;
      t = ++taken;
    } else {
      return false;
    }
  }
  return glob.find_first_not_of('*', g) == std::string_view::npos;
}

}  // namespace stream::replay
