// The check of arbitrary bytes; what the walk takes for JSON is what the parser takes for
// JSON; and a string is as long as its tokens say.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "check/locate.hpp"
#include "check/shape.hpp"
#include "check/walker.hpp"
#include "har/check/check.hpp"
#include "stream/text/json.hpp"
#include "stream/text/json_tokens.hpp"
#include "stream/text/utf8.hpp"

namespace {

using namespace har::check;

void must(bool holds) {
  if (!holds) std::abort();
}

constexpr std::size_t kMaxDepth = 64;

struct Said {
  std::vector<stream::Finding> findings;
  Summary summary;
  bool operator==(const Said& other) const {
    return findings == other.findings && summary.entries == other.summary.entries && summary.count == other.summary.count;
  }
};

Said checked(std::string_view text, std::string_view format, Options options, std::size_t max_read) {
  har::Input input;
  input.path = "-";
  input.source = stream::memory_source(text, "x", max_read);
  input.format = har::find_format(format);
  options.limits.max_depth = kMaxDepth;
  Said out;
  const auto summary = check(input, options, [&](const stream::Finding& finding) { out.findings.push_back(finding); });
  if (summary) out.summary = *summary;
  for (const stream::Finding& finding : out.findings) {
    must(stream::is_utf8(finding.message));
    must(!finding.place.offset || *finding.place.offset <= text.size());
  }
  return out;
}

/// One format and one program for each text, so that many texts are tried.
void check_as_something(std::string_view text) {
  std::size_t pick = text.size();
  for (const char c : text) pick = pick * 31 + static_cast<unsigned char>(c);
  constexpr std::string_view kFormats[] = {"har", "har", "harl", "recording"};
  constexpr Profile kPrograms[] = {Profile::chrome, Profile::firefox, Profile::playwright, Profile::mitmproxy,
                                   Profile::har_schema};
  const std::string_view format = kFormats[pick % 4];
  Options options;
  options.secrets = true;
  const Said regular = checked(text, format, options, SIZE_MAX);
  // The cuts of the input say nothing.
  if (text.size() < 4000) must(checked(text, format, options, 7) == regular);
  options.profile = pick % 3 == 0 ? Profile::strict : kPrograms[pick / 4 % 5];
  checked(text, format, options, SIZE_MAX);
}

void strings(const stream::Json& value, std::string_view text) {
  if (value.is_string()) {
    // The same string, written again: its length is known.
    const std::string raw = stream::to_json(value);
    if (stream::is_utf8(value.as_string()))
      must(stream::decoded_length(std::string_view(raw).substr(1, raw.size() - 2)) == value.as_string().size());
  } else if (value.is_array()) {
    for (const stream::Json& each : value.as_array()) strings(each, text);
  } else if (value.is_object()) {
    for (const stream::JsonMember& member : value.as_object()) strings(member.value, text);
  }
}

void walk_and_parse(std::string_view text) {
  stream::Limits limits;
  limits.max_depth = kMaxDepth;
  const auto parsed = stream::parse_json(text, limits);
  const bool utf8 = stream::is_utf8(text);
  const HarShape& har = har_shape();
  for (const int node : {Shape::kNone, har.entry, har.document}) {
    Walker walker(kMaxDepth);
    Facts facts;
    MessageChecks messages;
    Marks marks;
    const bool entry = node == har.entry;
    const bool good = walker.walk(text, har.shape, node, entry ? &facts : nullptr, entry ? &messages : nullptr, marks);
    if (utf8) must(good == parsed.has_value());
    for (const Mark& mark : marks) must(mark.offset <= text.size());
    // Of members with the same name a pointer names the first one.
    const auto is = [](RuleId rule) { return [rule](const Mark& mark) { return mark.rule == rule; }; };
    if (!good || std::any_of(marks.begin(), marks.end(), is(RuleId::har_duplicate_member))) continue;
    for (const Mark& mark : marks) {
      if (mark.rule == RuleId::har_type)
        must(mark.message.find(" more like ") != std::string::npos || locate(text, mark.pointer) == mark.offset);
    }
  }
  if (parsed && utf8) strings(*parsed, text);

  // Between a string's quotes, as it stands in the text.
  if (!parsed || !utf8) return;
  stream::JsonTokens tokens;
  tokens.start(text);
  for (std::size_t at = tokens.next(); at != stream::JsonTokens::kEnd; at = tokens.next()) {
    if (text[at] != '"') continue;
    std::size_t end = at + 1;
    while (text[end] != '"') end += text[end] == '\\' ? std::size_t{2} : std::size_t{1};
    const std::string_view inner = text.substr(at + 1, end - at - 1);
    const auto value = stream::parse_json(text.substr(at, end + 1 - at), limits);
    must(value.has_value() && value->is_string());
    must(stream::decoded_length(inner) == value->as_string().size());
    std::string scratch;
    const std::string_view decoded = text_of(Field{text.substr(at, end + 1 - at)}, scratch);
    must(decoded.size() == value->as_string().size());
    if (stream::is_utf8(value->as_string())) must(decoded == value->as_string());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  walk_and_parse(text);
  check_as_something(text);
  return 0;
}
