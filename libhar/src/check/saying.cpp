#include "check/saying.hpp"

#include <fmt/format.h>

#include <array>

#include "stream/text/json.hpp"

namespace har::check {
namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(Slot::count_)> kSlots = {
    "/startedDateTime",
    "/time",
    "/pageref",
    "/serverIPAddress",
    "/connection",
    "/_resourceType",
    "/request/method",
    "/request/url",
    "/request/httpVersion",
    "/request/headers",
    "/request/cookies",
    "/request/queryString",
    "/request/headersSize",
    "/request/bodySize",
    "/request/postData/mimeType",
    "/request/postData/params",
    "/request/postData/text",
    "/request/postData/_encoding",
    "/request/postData/_file",
    "/response/status",
    "/response/httpVersion",
    "/response/headers",
    "/response/cookies",
    "/response/redirectURL",
    "/response/headersSize",
    "/response/bodySize",
    "/response/_transferSize",
    "/response/content/size",
    "/response/content/compression",
    "/response/content/mimeType",
    "/response/content/text",
    "/response/content/encoding",
    "/response/content/_file",
    "/timings/blocked",
    "/timings/dns",
    "/timings/connect",
    "/timings/ssl",
    "/timings/send",
    "/timings/wait",
    "/timings/receive",
    "/_webSocketMessages",
    "/_eventSourceMessages",
    "/_streamChunks",
    "/_chunks",
};
static_assert(!kSlots.back().empty(), "one pointer for each slot");

constexpr std::array<std::string_view, static_cast<std::size_t>(List::count_)> kLists = {
    "/request/headers",         "/response/headers",   "/request/cookies",      "/response/cookies", "/request/queryString",
    "/request/postData/params", "/_webSocketMessages", "/_eventSourceMessages", "/_streamChunks",    "/_chunks",
};
static_assert(!kLists.back().empty(), "one pointer for each list");

}  // namespace

std::string in_words(double number) {
  std::string text = fmt::format("{:.3f}", number);
  if (text.find('.') == std::string::npos) return text;  // infinite
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text == "-0" ? "0" : text;
}

std::string_view pointer_of(Slot slot) { return kSlots[static_cast<std::size_t>(slot)]; }
std::string_view pointer_of(List list) { return kLists[static_cast<std::size_t>(list)]; }

std::string pointer_of(List list, const Record& record, std::string_view member) {
  std::string pointer = fmt::format("{}/{}", pointer_of(list), record.index);
  if (!member.empty()) stream::append_pointer(pointer, member);
  return pointer;
}

void mark(Marks& marks, RuleId rule, const Facts& facts, Slot slot, std::string message, std::optional<Severity> regular) {
  marks.push_back({rule, facts.offset(facts[slot]), std::string(pointer_of(slot)), std::move(message), regular});
}

void mark(Marks& marks, RuleId rule, const Facts& facts, List list, const Record& record, const Field& field,
          std::string_view member, std::string message, std::optional<Severity> regular) {
  const std::size_t offset = facts.offset(field ? field.raw : record.object);
  marks.push_back({rule, offset, pointer_of(list, record, field ? member : std::string_view{}), std::move(message), regular});
}

void RecordMarks::finish() {
  if (count_ <= kMost) return;
  marks_.push_back({rule_,
                    facts_.offset(facts_[list_].back().object),
                    std::string(pointer_of(list_)),
                    fmt::format("{} more of them", count_ - kMost),
                    {}});
}

}  // namespace har::check
