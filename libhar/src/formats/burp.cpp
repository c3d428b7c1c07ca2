// What Burp Suite writes by "Save items": XML with a document type, <items burpVersion exportTime>, and in it for each message
//   <item> <time>, <url>, <host ip>, <port>, <protocol>, <method>, <path>, <extension>, <request base64>, <status>,
//   <responselength>, <mimetype>, <response base64>, <comment> </item>
// Times are as Java's Date.toString() has them: whole seconds, and the abbreviation of a zone.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "formats/formats.hpp"
#include "formats/http_message.hpp"
#include "formats/xml_reader.hpp"
#include "stream/text/base64.hpp"
#include "stream/text/timestamp.hpp"
#include "stream/text/utf8.hpp"

namespace har::format {
namespace {

using stream::ErrorCode;
using stream::fail;
using stream::Json;
using stream::Level;
using stream::Result;
using stream::Status;
using stream::WallTime;

struct Zone {
  std::string_view name;
  int minutes;       ///< east of UTC
  bool sure = true;  ///< false: zones of several continents are called so
};
constexpr Zone kZones[] = {
    {"UTC", 0},    {"GMT", 0},    {"Z", 0},      {"WET", 0},     {"WEST", 60},         {"BST", 60, false},  {"CET", 60},
    {"CEST", 120}, {"MET", 60},   {"MEST", 120}, {"EET", 120},   {"EEST", 180},        {"MSK", 180},        {"TRT", 180},
    {"SAST", 120}, {"CAT", 120},  {"EAT", 180},  {"WAT", 60},    {"IDT", 180},         {"IST", 330, false}, {"PKT", 300},
    {"NPT", 345},  {"ICT", 420},  {"WIB", 420},  {"SGT", 480},   {"MYT", 480},         {"HKT", 480},        {"PHT", 480, false},
    {"AWST", 480}, {"JST", 540},  {"KST", 540},  {"ACST", 570},  {"ACDT", 630},        {"AEST", 600},       {"AEDT", 660},
    {"NZST", 720}, {"NZDT", 780}, {"EST", -300}, {"EDT", -240},  {"CST", -360, false}, {"CDT", -300},       {"MST", -420, false},
    {"MDT", -360}, {"PST", -480}, {"PDT", -420}, {"AKST", -540}, {"AKDT", -480},       {"HST", -600},       {"AST", -240, false},
    {"ADT", -180}, {"NST", -210}, {"NDT", -150}, {"BRT", -180},  {"BRST", -120},       {"ART", -180},       {"COT", -300},
    {"PET", -300}, {"ECT", -300}, {"CLT", -240}, {"CLST", -180},
};

/// Minutes of "GMT+02:00", "+0200", "-03".
std::optional<int> offset_of(std::string_view text) {
  if (text.starts_with("GMT") || text.starts_with("UTC")) text.remove_prefix(3);
  if (text.size() < 3 || (text.front() != '+' && text.front() != '-')) return std::nullopt;
  const int sign = text.front() == '-' ? -1 : 1;
  std::string digits(text.substr(1));
  std::erase(digits, ':');
  if (digits.size() == 2) digits += "00";
  if (digits.size() != 4 || digits.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  return sign * (((digits[0] - '0') * 10 + (digits[1] - '0')) * 60 + (digits[2] - '0') * 10 + (digits[3] - '0'));
}

struct JavaTime {
  WallTime time{};
  std::string zone{};  ///< its name where it is not known, or not sure
  int minutes = 0;
};

std::optional<int> small_number(std::string_view text) {
  if (text.empty() || text.size() > 4 || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  int out = 0;
  for (const char c : text) out = out * 10 + (c - '0');
  return out;
}

/// "Fri Jul 14 10:52:04 CEST 2023".
std::optional<JavaTime> java_time(std::string_view text) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(" \t\r\n"), text.size());
    if (end > 0) parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (parts.size() != 6 || parts[1].size() != 3 || parts[3].size() != 8 || parts[3][2] != ':' || parts[3][5] != ':')
    return std::nullopt;
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const std::size_t month = kMonths.find(parts[1]);
  const auto day = small_number(parts[2]);
  const auto hour = small_number(parts[3].substr(0, 2));
  const auto minute = small_number(parts[3].substr(3, 2));
  const auto second = small_number(parts[3].substr(6));
  const auto year = small_number(parts[5]);
  if (month == std::string_view::npos || month % 3 != 0 || !day || !hour || !minute || !second || !year) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(month / 3 + 1)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60 || *year < 1970 || *year > 2200) return std::nullopt;
  JavaTime out;
  const auto zone = std::find_if(std::begin(kZones), std::end(kZones), [&](const Zone& known) { return known.name == parts[4]; });
  if (zone != std::end(kZones)) {
    out.minutes = zone->minutes;
    if (!zone->sure) out.zone = parts[4];
  } else if (const auto minutes = offset_of(parts[4])) {
    out.minutes = *minutes;
  } else {
    out.zone = parts[4];
  }
  out.time = WallTime(std::chrono::sys_days(date)) + std::chrono::hours(*hour) + std::chrono::minutes(*minute - out.minutes) +
             std::chrono::seconds(*second);
  return out;
}

/// What an <item> holds; others of its elements say what the messages say.
struct Element {
  std::string name{};
  std::string text{};
  std::string base64{};
  std::string ip{};
};

class Reader final : public ItemReader {
 public:
  Reader(stream::ByteSource& source, const ReadOptions& options) : xml_(source, options.limits), options_(options) {}

  Result<std::optional<Item>> next() override {
    continues_ = false;
    if (ended_) return std::optional<Item>();
    bool read = false;
    auto item = advance(read);
    ended_ = !item ? !read : !*item;
    continues_ = !item && read;
    return item;
  }
  bool can_continue() const override { return continues_; }
  const LogInfo& info() const override { return info_; }

 private:
  using Kind = XmlToken::Kind;

  /// `read`: an item was read to its end, whatever is wrong with what it says.
  Result<std::optional<Item>> advance(bool& read) {
    for (;;) {
      STREAM_ASSIGN(const XmlToken token, xml_.next());
      if (token.kind == Kind::document_end) return std::optional<Item>();
      if (token.kind != Kind::start) continue;  // space between items, the end of <items>
      if (!std::exchange(begun_, true)) {
        if (token.name != "items")
          return fail({ErrorCode::syntax, fmt::format("expected <items> of Burp Suite, found <{}>", token.name),
                       xml_.place(token.offset)});
        if (const std::string_view version = token.attribute("burpVersion"); !version.empty()) {
          info_.log.push_back(
              {"creator", Json(Json::Object{{"name", "Burp Suite"}, {"version", stream::replace_invalid_utf8(version)}})});
        }
        continue;
      }
      STREAM_ASSIGN(const auto elements, children(token));
      if (token.name != "item") {
        report("burp-element", fmt::format("<{}> is passed over", token.name), token.offset);
        continue;
      }
      read = true;
      return item_of(elements, token.offset);
    }
  }

  /// The elements within `parent`, up to its end. What is within them is passed over.
  Result<std::vector<Element>> children(const XmlToken& parent) {
    std::vector<Element> out;
    std::size_t depth = 0;  // below parent
    std::size_t size = 0;
    for (;;) {
      STREAM_ASSIGN(XmlToken token, xml_.next());
      size += token.text.size() + token.name.size();
      for (const auto& [name, value] : token.attributes) size += name.size() + value.size();
      if (size > options_.limits.max_entry) {
        return fail({ErrorCode::limit, fmt::format("<{}> is larger than {} bytes", parent.name, options_.limits.max_entry),
                     xml_.place(parent.offset), "raise the limit with --max-entry"});
      }
      if (token.kind == Kind::start && ++depth == 1) {
        out.push_back({std::move(token.name), {}, std::string(token.attribute("base64")), std::string(token.attribute("ip"))});
      } else if (token.kind == Kind::text && depth == 1) {
        out.back().text += token.text;
      } else if (token.kind == Kind::end && depth-- == 0) {
        return out;
      }
    }
  }

  void report(std::string rule, std::string message, std::uint64_t offset) const {
    if (options_.report) options_.report({Level::warning, std::move(rule), std::move(message), xml_.place(offset)});
  }

  static const Element* find(const std::vector<Element>& elements, std::string_view name) {
    const auto found =
        std::find_if(elements.begin(), elements.end(), [&](const Element& element) { return element.name == name; });
    return found != elements.end() ? &*found : nullptr;
  }
  static std::string_view text_of(const std::vector<Element>& elements, std::string_view name) {
    const Element* const element = find(elements, name);
    if (element == nullptr) return {};
    std::string_view text = element->text;
    while (!text.empty() && std::string_view(" \t\r\n").find(text.front()) != std::string_view::npos) text.remove_prefix(1);
    while (!text.empty() && std::string_view(" \t\r\n").find(text.back()) != std::string_view::npos) text.remove_suffix(1);
    return text;
  }
  /// A message's octets; none: there is no such element.
  Result<std::optional<std::string>> octets_of(const std::vector<Element>& elements, std::string_view name,
                                               std::uint64_t offset) const {
    const Element* const element = find(elements, name);
    if (element == nullptr || element->text.empty()) return std::optional<std::string>();
    if (element->base64 != "true") return std::optional(element->text);
    auto octets = stream::base64_decode(element->text);
    if (!octets) return fail({ErrorCode::syntax, fmt::format("expected base64 in <{}>", name), xml_.place(offset)});
    if (octets->empty()) return std::optional<std::string>();
    return std::optional(std::move(*octets));
  }

  Result<std::optional<Item>> item_of(const std::vector<Element>& elements, std::uint64_t offset) {
    STREAM_ASSIGN(const auto request_octets, octets_of(elements, "request", offset));
    STREAM_ASSIGN(const auto response_octets, octets_of(elements, "response", offset));
    if (!request_octets) return fail({ErrorCode::syntax, "expected a <request> in the <item>", xml_.place(offset)});
    const std::string_view protocol = text_of(elements, "protocol");
    Http1Options http1;
    http1.scheme = protocol == "https" ? "https" : "http";
    http1.limits = options_.limits;
    // The octets stand in the file in base64, or as text with references: the place is the item's.
    http1.report = [&](const stream::Finding& finding) { report(finding.rule, finding.message, offset); };
    const auto located = [&](stream::Error error, std::string_view what) {
      error.message += fmt::format(", in the {} of an item", what);
      error.place = xml_.place(offset);
      return fail(std::move(error));
    };
    auto request = parse_request(*request_octets, http1);
    if (!request) return located(std::move(request).error(), "request");
    if (const std::string_view url = text_of(elements, "url"); !url.empty()) request->url = url;
    std::optional<ResponseMessage> response;
    if (response_octets) {
      http1.head_only = request->method == "HEAD";
      auto parsed = parse_response(*response_octets, http1);
      if (!parsed) return located(std::move(parsed).error(), "response");
      response = std::move(*parsed);
    }
    Item item;
    item.index = index_++;
    item.place = xml_.place(offset);
    item.exchange = make_exchange(std::move(*request), std::move(response), {time_of(text_of(elements, "time"), offset), {}, {}});
    item.exchange->id = std::to_string(item.index + 1);
    Json& entry = item.exchange->request->entry;
    if (const Element* const host = find(elements, "host"); host != nullptr && !host->ip.empty())
      entry.set("serverIPAddress", stream::replace_invalid_utf8(host->ip));
    if (const std::string_view comment = text_of(elements, "comment"); !comment.empty())
      entry.set("comment", stream::replace_invalid_utf8(comment));
    return std::optional(std::move(item));
  }

  std::optional<WallTime> time_of(std::string_view text, std::uint64_t offset) {
    if (text.empty()) return std::nullopt;
    if (const auto iso = stream::parse_iso8601(text)) return iso->time;
    const auto java = java_time(text);
    if (!java) {
      report("burp-time",
             fmt::format("expected a time such as \"Fri Jul 14 10:52:04 CEST 2023\", found \"{}\"",
                         stream::replace_invalid_utf8(text)),
             offset);
      return std::nullopt;
    }
    if (!java->zone.empty() && !std::exchange(zone_said_, true)) {
      const int minutes = std::abs(java->minutes);
      report("burp-zone",
             fmt::format("the zone {} is taken for UTC{}{:02}:{:02}", stream::replace_invalid_utf8(java->zone),
                         java->minutes < 0 ? '-' : '+', minutes / 60, minutes % 60),
             offset);
    }
    return java->time;
  }

  XmlReader xml_;
  ReadOptions options_;
  LogInfo info_;
  std::size_t index_ = 0;
  bool begun_ = false;
  bool ended_ = false;
  bool continues_ = false;
  bool zone_said_ = false;
};

int sniff(std::string_view prefix) {
  if (prefix.starts_with("\xEF\xBB\xBF")) prefix.remove_prefix(3);
  if (!prefix.starts_with('<')) return 0;
  const std::size_t items = prefix.find("<items");
  if (items == std::string_view::npos) return 0;
  return prefix.substr(items, prefix.find('>', items) - items).find("burpVersion") != std::string_view::npos ? 96 : 5;
}

std::unique_ptr<ItemReader> read(stream::ByteSource& source, const ReadOptions& options) {
  return std::make_unique<Reader>(source, options);
}

}  // namespace

const Format kBurp{"burp", "items saved by Burp Suite, XML", ".burp.xml", sniff, read, nullptr};

}  // namespace har::format
