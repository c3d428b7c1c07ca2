#include "log_walker.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "stream/text/ascii.hpp"

namespace har {
namespace {

using stream::ErrorCode;
using stream::fail;
using stream::Json;
using stream::Result;
using stream::ascii::is_space;

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' || c == '.';
}

std::string found(std::string_view text, std::size_t at) {
  if (at >= text.size()) return "the end of the input";
  const auto byte = static_cast<unsigned char>(text[at]);
  if (byte < 0x20 || byte >= 0x7f) return fmt::format("the byte 0x{:02x}", byte);
  return fmt::format("'{}'", text[at]);
}

stream::Place place_at(std::string_view text, std::size_t at) {
  const std::string_view before = text.substr(0, at);
  const std::size_t feed = before.rfind('\n');
  stream::Place place;
  place.line = 1 + static_cast<std::uint64_t>(std::count(before.begin(), before.end(), '\n'));
  place.column = before.size() - (feed == std::string_view::npos ? 0 : feed + 1) + 1;
  place.offset = before.size();
  return place;
}

}  // namespace

std::string_view LogWalker::closing() const {
  if (rest_ == Rest::in_log) return wrapped_ ? "]}});" : "]}}";
  return "";
}

Result<LogWalker::Step> LogWalker::walk(std::string_view text, bool last, const stream::Limits& limits, LogInfo& info) {
  std::size_t at = 0;
  bool out_of_text = false;  // the text ends too early; the caller may have more
  LogInfo seen;              // taken over only when the walk arrives somewhere
  bool wrapped = wrapped_;
  std::size_t logs = logs_;
  stream::Error error;

  const auto skip_space = [&] {
    while (at < text.size() && is_space(text[at])) ++at;
  };
  const auto refuse = [&](std::string_view expected) {
    if (at >= text.size()) {
      out_of_text = true;
      error = {ErrorCode::truncated, fmt::format("expected {}, found the end of the input", expected),
               place_at(text, text.size())};
    } else {
      error = {ErrorCode::syntax, fmt::format("expected {}, found {}", expected, found(text, at)), place_at(text, at)};
    }
    return false;
  };
  const auto value = [&](Json& out, std::string_view pointer) {
    std::size_t consumed = 0;
    auto parsed = stream::parse_json_prefix(text.substr(at), consumed, limits);
    // A number at the very end of the text may go on.
    if (!parsed || (at + consumed == text.size() && !last)) {
      out_of_text = parsed || parsed.error().code == ErrorCode::truncated;
      if (!parsed) {
        stream::Place origin = place_at(text, at);
        origin.pointer = pointer;
        error = locate(std::move(parsed).error(), origin);
      }
      return false;
    }
    at += consumed;
    out = std::move(*parsed);
    return true;
  };
  const auto key = [&](Json& out) {
    skip_space();
    if (at >= text.size() || text[at] != '"') return refuse("a member name");
    if (!value(out, "")) return false;
    skip_space();
    if (at >= text.size() || text[at] != ':') return refuse("':' after a member name");
    ++at;
    skip_space();
    if (at >= text.size()) return refuse("a JSON value");
    return true;
  };
  const auto arrived = [&](Outcome outcome) {
    std::move(seen.log.begin(), seen.log.end(), std::back_inserter(info.log));
    std::move(seen.root.begin(), seen.root.end(), std::back_inserter(info.root));
    wrapped_ = wrapped;
    logs_ = logs;
    if (outcome == Outcome::entries) {
      rest_ = Rest::in_log;
      ++arrays_;
    }
    return Step{outcome, at};
  };
  const auto stopped = [&]() -> Result<Step> {
    if (out_of_text && !last) return Step{Outcome::more, 0};
    return fail(std::move(error));
  };

  enum class Where { log_member, log_next, root_member, root_next };
  Where where = Where::log_next;
  if (rest_ == Rest::start) {
    if (text.starts_with("\xEF\xBB\xBF")) {
      bom_ = true;
      at = 3;
    }
    skip_space();
    if (at >= text.size()) {
      if (!last) return Step{Outcome::more, 0};
      return fail({ErrorCode::truncated, "the input is empty", {}, "a HAR is a JSON object {\"log\": {\"entries\": […]}}"});
    }
    const std::size_t name = at;
    while (at < text.size() && is_name(text[at])) ++at;
    if (at > name && at == text.size() && !last) return Step{Outcome::more, 0};
    if (at > name && at < text.size() && text[at] == '(') {
      wrapped = true;
      ++at;
      skip_space();
    } else {
      at = name;
    }
    if (text[name] == '<') {
      return fail({ErrorCode::syntax, "this is HTML or XML, not a HAR", place_at(text, name),
                   "was a web page saved instead of the file?"});
    }
    if (at >= text.size() || text[at] != '{') {
      refuse("a HAR, a JSON object {\"log\": …}");
      return stopped();
    }
    ++at;
    where = Where::root_member;
    skip_space();
    if (at < text.size() && text[at] == '}') where = Where::root_next;
  }

  Json name;
  for (;;) {
    switch (where) {
      case Where::log_next:
        skip_space();
        if (at < text.size() && text[at] == ',') {
          ++at;
          where = Where::log_member;
        } else if (at < text.size() && text[at] == '}') {
          ++at;
          where = Where::root_next;
        } else {
          refuse("',' or '}' in /log");
          return stopped();
        }
        break;
      case Where::log_member: {
        if (!key(name)) return stopped();
        if (name.as_string() == "entries") {
          if (text[at] == '[') {
            ++at;
            return arrived(Outcome::entries);
          }
          refuse("an array");
          error.place.pointer = "/log/entries";
          return stopped();
        }
        std::string pointer = "/log";
        stream::append_pointer(pointer, name.as_string());
        Json member;
        if (!value(member, pointer)) return stopped();
        seen.log.push_back({name.as_string(), std::move(member)});
        where = Where::log_next;
        break;
      }
      case Where::root_next:
        skip_space();
        if (at < text.size() && text[at] == ',') {
          ++at;
          where = Where::root_member;
          break;
        }
        if (at >= text.size() || text[at] != '}') {
          refuse("',' or '}' behind /log");
          return stopped();
        }
        ++at;
        skip_space();
        if (wrapped) {
          if (at >= text.size() || text[at] != ')') {
            refuse("')' at the end of the JSONP call");
            return stopped();
          }
          ++at;
          while (at < text.size() && (is_space(text[at]) || text[at] == ';')) ++at;
        }
        if (arrays_ == 0) {
          return fail({ErrorCode::unsupported,
                       logs == 0 ? "this is JSON, but not a HAR: it has no member \"log\"" : "this HAR has no array /log/entries",
                       {},
                       "a HAR is a JSON object {\"log\": {\"entries\": […]}}"});
        }
        if (at < text.size()) {
          refuse("the end of the input");
          if (text[at] == '{') error.hint = "these are two documents in a row; split them and give them as two inputs";
          return stopped();
        }
        if (!last) return Step{Outcome::more, 0};
        return arrived(Outcome::end);
      case Where::root_member: {
        if (!key(name)) return stopped();
        if (name.as_string() == "log" && text[at] == '{') {
          ++at;
          ++logs;
          skip_space();
          where = at < text.size() && text[at] == '}' ? Where::log_next : Where::log_member;
          break;
        }
        std::string pointer;
        stream::append_pointer(pointer, name.as_string());
        Json member;
        if (!value(member, pointer)) return stopped();
        seen.root.push_back({name.as_string(), std::move(member)});
        where = Where::root_next;
        break;
      }
    }
  }
}

}  // namespace har
