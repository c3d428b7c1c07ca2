#include "store/entry_head.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "check/http_text.hpp"
#include "stream/text/json_find.hpp"
#include "stream/text/json_scan.hpp"

namespace har::store {
namespace {

using stream::Json;

/// What stands at the names that are looked for; of members that stand twice the last counts, as in Json.
template <std::size_t kCount>
class Members {
 public:
  explicit Members(const std::array<std::string_view, kCount>& names) : names_(names) {}

  /// False: a name is written with escapes, and may be any.
  bool read(std::string_view object) {
    bool plain = true;
    const char* end = nullptr;
    stream::each_raw_member(object, [&](std::string_view name, std::string_view value) {
      plain = plain && name.find('\\') == std::string_view::npos;
      end = value.data() + value.size();
      const auto known = std::find(names_.begin(), names_.end(), name);
      if (known != names_.end()) values_[static_cast<std::size_t>(known - names_.begin())] = value;
      return true;
    });
    if (!plain || end == nullptr) return false;
    // The visit ends where something is broken, too.
    const std::string_view rest = object.substr(static_cast<std::size_t>(end - object.data()));
    return rest.find_first_not_of(" \t\r\n") == rest.size() - 1 && rest.back() == '}';
  }
  bool has(std::size_t index) const { return values_[index].data() != nullptr; }
  std::string_view operator[](std::size_t index) const { return values_[index]; }

 private:
  const std::array<std::string_view, kCount>& names_;
  std::array<std::string_view, kCount> values_{};
};

/// Copies members to `out`; false if one cannot be read.
template <std::size_t kCount>
bool keep(Json& out, const std::array<std::string_view, kCount>& names, const Members<kCount>& members, std::size_t from,
          std::size_t to, const stream::Limits& limits) {
  for (std::size_t i = from; i < to; ++i) {
    if (!members.has(i)) continue;
    auto value = stream::parse_json(members[i], limits);
    if (!value) return false;
    out.set(names[i], std::move(*value));
  }
  return true;
}

constexpr auto kEntry =
    std::to_array<std::string_view>({"request", "response", "_streamKind", "_resourceType", "_webSocketMessages",
                                     "_recordingEvents", "_streamChunks", "_eventSourceMessages"});
constexpr auto kRequest = std::to_array<std::string_view>({"method", "url", "headers", "postData", "queryString"});
constexpr auto kResponse = std::to_array<std::string_view>({"status", "redirectURL", "headers", "content"});
constexpr auto kContent = std::to_array<std::string_view>({"mimeType", "_file"});

bool read_request(Json& out, std::string_view text, const stream::Limits& limits) {
  Members members(kRequest);
  if (!members.read(text) || !keep(out, kRequest, members, 0, 4, limits)) return false;
  // It is looked at only where the address has no query.
  return members[1].find('?') != std::string_view::npos || keep(out, kRequest, members, 4, 5, limits);
}

/// Walks an entry that is written as nearly all are, once, and not over its body. Whatever is unusual ends the walk: then the
/// entry is read in another way.
class PlainEntry {
 public:
  explicit PlainEntry(std::string_view text) : text_(text) {}

  bool read(EntryHead& out) {
    bool asked = false;
    if (!take('{')) return false;
    do {
      const auto name = string();
      if (!name || !take(':')) return false;
      if (*name == "request") {
        if (!request(out.recorded.request)) return false;
        asked = true;
      } else if (*name == "response") {
        return asked && response(out.recorded);
      } else if (name->starts_with('_') && std::find(kEntry.begin() + 2, kEntry.end(), *name) != kEntry.end() &&
                 *name != "_resourceType") {
        return false;
      } else if (!skip()) {
        return false;
      }
    } while (take(','));
    return false;
  }

 private:
  bool take(char c) {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t')) ++at_;
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool next_is(char c) {
    if (!take(c)) return false;
    --at_;
    return true;
  }
  /// A string without escapes.
  std::optional<std::string_view> string() {
    if (!take('"')) return std::nullopt;
    const std::size_t from = at_;
    at_ = find_quote(from);
    if (at_ == text_.size() || text_[at_] != '"') return std::nullopt;
    return text_.substr(from, at_++ - from);
  }
  /// Past a string.
  bool pass_string() {
    if (!take('"')) return false;
    for (at_ = find_quote(at_); at_ < text_.size() && text_[at_] != '"';) at_ = find_quote(std::min(at_ + 2, text_.size()));
    if (at_ == text_.size()) return false;
    ++at_;
    return true;
  }
  /// A string, of which what is escaped is a single letter.
  bool decoded(std::string& out) {
    if (!take('"')) return false;
    out.clear();
    for (;;) {
      const std::size_t from = at_;
      at_ = find_quote(from);
      out += text_.substr(from, at_ - from);
      if (at_ + 1 >= text_.size()) return false;
      if (text_[at_++] == '"') return true;
      constexpr std::string_view kEscapes = "\"\\/bfnrt";
      const std::size_t known = kEscapes.find(text_[at_++]);
      if (known == std::string_view::npos) return false;
      out += "\"\\/\b\f\n\r\t"[known];
    }
  }
  /// The first quote or backslash. Most strings are short, so that calling a function for it would take longer than this.
  std::size_t find_quote(std::size_t at) const {
    if constexpr (std::endian::native == std::endian::little) {
      constexpr std::uint64_t kOnes = 0x0101010101010101U;
      const auto zeros = [](std::uint64_t word) { return (word - kOnes) & ~word & (kOnes << 7); };  // exact up to the first
      for (; at + 8 <= text_.size(); at += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, text_.data() + at, 8);
        const std::uint64_t found = zeros(word ^ (kOnes * '"')) | zeros(word ^ (kOnes * '\\'));
        if (found != 0) return at + static_cast<std::size_t>(std::countr_zero(found)) / 8;
      }
    }
    while (at < text_.size() && text_[at] != '"' && text_[at] != '\\') ++at;
    return at;
  }
  /// Past a value.
  bool skip() {
    if (next_is('"')) return pass_string();
    if (next_is('{') || next_is('[')) {
      stream::ElementScanner scanner;
      ends_.clear();
      at_ += 1 + scanner.scan(text_.substr(at_ + 1), 0, ends_);
      return scanner.closed();
    }
    at_ = std::min(text_.find_first_of(",}] \t\r\n", at_), text_.size());
    return true;
  }

  bool request(match::Request& out) {
    std::optional<std::string_view> method;
    std::optional<std::string_view> url;
    bool pairs = false;
    bool fielded = false;
    if (!take('{')) return false;
    do {
      const auto name = string();
      if (!name || !take(':')) return false;
      bool good = true;
      if (*name == "method") {
        good = (method = string()).has_value();
      } else if (*name == "url") {
        good = (url = string()).has_value();
      } else if (*name == "headers") {
        good = fielded = fields(out.headers);
      } else if (*name == "postData") {
        good = false;
      } else if (*name == "queryString") {
        const std::size_t from = at_;
        good = skip();
        pairs = text_.substr(from, at_ - from).find_first_not_of("[] \t\r\n") != std::string_view::npos;
      } else {
        good = skip();
      }
      if (!good) return false;
    } while (take(','));
    if (!take('}') || !method || !url || (pairs && url->find('?') == std::string_view::npos)) return false;
    std::vector<match::Header> headers = std::move(out.headers);
    if (!fielded) headers.clear();
    out = match::make_request(*method, *url);
    out.headers = std::move(headers);
    out.media_type = out.header("content-type");
    return true;
  }

  /// [{"name": "…", "value": "…"}, …], written so. What stood in `out` is overwritten, so that its memory is used again.
  bool fields(std::vector<match::Header>& out) {
    std::size_t count = 0;
    if (!take('[')) return false;
    if (!take(']')) {
      do {
        if (count == out.size()) out.emplace_back();
        match::Header& field = out[count++];
        const bool good = take('{') && member("name", field.name) && take(',') && member("value", field.value) && take('}');
        if (!good) return false;
      } while (take(','));
      if (!take(']')) return false;
    }
    out.resize(count);
    return true;
  }
  bool member(std::string_view name, std::string& out) { return string() == name && take(':') && decoded(out); }

  /// Up to its status, if it is no redirect, whose place is wanted too, and no WebSocket.
  bool response(match::Recorded& out) {
    const std::size_t begin = at_;
    if (!take('{')) return false;
    do {
      const auto name = string();
      if (!name || !take(':') || *name == "content") return false;
      if (*name != "status") {
        if (!skip()) return false;
        continue;
      }
      take('0');  // no status begins with it; goes past white space
      const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), out.status);
      const bool number = error == std::errc{} && end < text_.data() + text_.size() && std::strchr(",} \t\r\n", *end) != nullptr;
      if (!number || out.status < 200) return false;
      if (out.status / 100 != 3 || out.status == 304) return true;
      at_ = begin;
      return redirect(out.location);
    } while (take(','));
    return false;
  }

  /// The last `location` of its headers, else redirectURL. Its status stands there once.
  bool redirect(std::string& location) {
    std::string_view otherwise;
    std::size_t statuses = 0;
    if (!take('{')) return false;
    do {
      const auto name = string();
      if (!name || !take(':')) return false;
      bool good = true;
      if (*name == "headers") {
        good = location_of(location);
      } else if (*name == "redirectURL" && next_is('"')) {
        const auto value = string();
        good = value.has_value();
        otherwise = value.value_or("");
      } else {
        if (*name == "redirectURL") otherwise = {};
        statuses += *name == "status" ? 1U : 0U;
        good = *name == "content" ? skip_content() : skip();
      }
      if (!good) return false;
    } while (take(','));
    if (location.empty()) location = otherwise;
    return statuses == 1 && take('}');
  }
  /// Of headers.
  bool location_of(std::string& location) {
    location.clear();
    if (!take('[')) return false;
    if (take(']')) return true;
    do {
      if (!take('{') || string() != "name" || !take(':')) return false;
      const auto name = string();
      if (!name || !take(',') || string() != "value" || !take(':')) return false;
      const bool good = check::equal_ignoring_case(*name, "location") ? decoded(location) : pass_string();
      if (!good || !take('}')) return false;
    } while (take(','));
    return take(']');
  }
  bool skip_content() { return next_is('{') && skip(); }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<std::size_t> ends_;
};

bool read_response(Json& out, std::string_view text, const stream::Limits& limits) {
  Members members(kResponse);
  if (!members.read(text) || !keep(out, kResponse, members, 0, 2, limits)) return false;
  bool typed = false;
  if (members.has(3)) {
    Members content(kContent);
    Json kept = Json::object();
    if (!content.read(members[3]) || content.has(1) || !keep(kept, kContent, content, 0, 1, limits)) return false;
    typed = !kept["mimeType"].string_or("").empty();
    out.set("content", std::move(kept));
  }
  const bool redirect = out["status"].int_or(0) / 100 == 3;
  return (typed && !redirect) || keep(out, kResponse, members, 2, 3, limits);
}

/// In any other way that JSON may be written.
std::optional<EntryHead> read_unusual(std::string_view entry, const stream::Limits& limits) {
  Members members(kEntry);
  // A timeline may hold what decides: messages, events, pieces of the request's body.
  if (!members.read(entry) || !members.has(0) || !members.has(1) || members.has(5) || members.has(6) || members.has(7))
    return std::nullopt;
  stream::Exchange out;
  stream::Event& request = out.request.emplace();
  request.kind = stream::EventKind::request;
  request.object = Json::object();
  if (!read_request(request.object, members[0], limits)) return std::nullopt;
  stream::Event& response = out.response.emplace();
  response.kind = stream::EventKind::response;
  response.object = Json::object();
  if (!read_response(response.object, members[1], limits)) return std::nullopt;

  Json rest = Json::object();
  if (!keep(rest, kEntry, members, 2, 4, limits)) return std::nullopt;
  const bool socket = members.has(4) || rest["_resourceType"].string_or("") == "websocket";
  const stream::StreamKind derived = out.kind();
  if (rest["_streamKind"].is_string()) {
    response.stream_kind = rest["_streamKind"].as_string();
  } else if (socket || derived != stream::StreamKind::http) {
    response.stream_kind = to_string(socket ? stream::StreamKind::websocket : derived);
  }
  return EntryHead{match::recorded_of(out), out.kind()};
}

}  // namespace

std::optional<EntryHead> read_head(std::string_view entry, const stream::Limits& limits) {
  EntryHead head;
  return read_head(entry, limits, head) ? std::optional(std::move(head)) : std::nullopt;
}

bool read_head(std::string_view entry, const stream::Limits& limits, EntryHead& out) {
  out.kind.reset();
  out.recorded.location.clear();
  if (PlainEntry(entry).read(out)) return true;
  auto other = read_unusual(entry, limits);
  if (other) out = std::move(*other);
  return other.has_value();
}

}  // namespace har::store
