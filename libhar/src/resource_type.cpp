#include "har/resource_type.hpp"

#include <array>
#include <cstddef>

#include "check/http_text.hpp"

namespace har {
namespace {

using check::equal_ignoring_case;
using check::to_lower;

struct Word {
  std::string_view name;
  std::string_view type;
};

// Chrome's words, and what others say instead: the DevTools protocol, extensions' webRequest, Firefox.
constexpr std::array kSaid = {Word{"document", "document"},
                              Word{"stylesheet", "stylesheet"},
                              Word{"image", "image"},
                              Word{"media", "media"},
                              Word{"font", "font"},
                              Word{"script", "script"},
                              Word{"texttrack", "texttrack"},
                              Word{"xhr", "xhr"},
                              Word{"fetch", "fetch"},
                              Word{"prefetch", "prefetch"},
                              Word{"eventsource", "eventsource"},
                              Word{"websocket", "websocket"},
                              Word{"manifest", "manifest"},
                              Word{"signed-exchange", "signed-exchange"},
                              Word{"signedexchange", "signed-exchange"},
                              Word{"ping", "ping"},
                              Word{"beacon", "ping"},
                              Word{"csp-violation-report", "csp-violation-report"},
                              Word{"cspviolationreport", "csp-violation-report"},
                              Word{"csp_report", "csp-violation-report"},
                              Word{"preflight", "preflight"},
                              Word{"wasm", "wasm"},
                              Word{"other", "other"},
                              Word{"xmlhttprequest", "xhr"},
                              Word{"main_frame", "document"},
                              Word{"sub_frame", "document"},
                              Word{"imageset", "image"}};

// Whole types, without their parameters.
constexpr std::array kTypes = {Word{"text/html", "document"},
                               Word{"application/xhtml+xml", "document"},
                               Word{"text/css", "stylesheet"},
                               Word{"text/event-stream", "eventsource"},
                               Word{"text/vtt", "texttrack"},
                               Word{"application/manifest+json", "manifest"},
                               Word{"application/wasm", "wasm"},
                               Word{"application/signed-exchange", "signed-exchange"},
                               Word{"application/vnd.ms-fontobject", "font"},
                               Word{"application/vnd.apple.mpegurl", "media"},
                               Word{"application/x-mpegurl", "media"},
                               Word{"application/dash+xml", "media"},
                               Word{"application/ogg", "media"},
                               Word{"application/json", "xhr"},
                               Word{"text/json", "xhr"},
                               Word{"application/x-ndjson", "xhr"},
                               Word{"application/jsonl", "xhr"},
                               Word{"application/json-seq", "xhr"},
                               Word{"application/xml", "xhr"},
                               Word{"text/xml", "xhr"},
                               Word{"application/csp-report", "csp-violation-report"}};

constexpr std::array kSuffixes = {Word{"html", "document"},  Word{"htm", "document"},
                                  Word{"xhtml", "document"}, Word{"css", "stylesheet"},
                                  Word{"js", "script"},      Word{"mjs", "script"},
                                  Word{"png", "image"},      Word{"jpg", "image"},
                                  Word{"jpeg", "image"},     Word{"gif", "image"},
                                  Word{"webp", "image"},     Word{"avif", "image"},
                                  Word{"svg", "image"},      Word{"ico", "image"},
                                  Word{"bmp", "image"},      Word{"woff", "font"},
                                  Word{"woff2", "font"},     Word{"ttf", "font"},
                                  Word{"otf", "font"},       Word{"eot", "font"},
                                  Word{"mp4", "media"},      Word{"webm", "media"},
                                  Word{"mp3", "media"},      Word{"m4a", "media"},
                                  Word{"m4v", "media"},      Word{"ogg", "media"},
                                  Word{"wav", "media"},      Word{"m3u8", "media"},
                                  Word{"mpd", "media"},      Word{"vtt", "texttrack"},
                                  Word{"json", "xhr"},       Word{"xml", "xhr"},
                                  Word{"ndjson", "xhr"},     Word{"webmanifest", "manifest"},
                                  Word{"wasm", "wasm"}};

template <std::size_t Size>
std::string_view look_up(const std::array<Word, Size>& words, std::string_view name) {
  for (const Word& word : words) {
    if (word.name.size() == name.size() && equal_ignoring_case(word.name, name)) return word.type;
  }
  return {};
}

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && equal_ignoring_case(text.substr(0, prefix.size()), prefix);
}

bool ends_with(std::string_view text, std::string_view suffix) {
  return text.size() >= suffix.size() && equal_ignoring_case(text.substr(text.size() - suffix.size()), suffix);
}

/// "javascript" and "ecmascript" under all the names that are in use (application/x-javascript, text/ecmascript …).
bool is_script(std::string_view essence) { return ends_with(essence, "javascript") || ends_with(essence, "ecmascript"); }

std::string_view of_media_type(std::string_view essence) {
  if (const auto type = look_up(kTypes, essence); !type.empty()) return type;
  if (is_script(essence)) return "script";
  if (starts_with(essence, "image/")) return "image";
  if (starts_with(essence, "font/") || starts_with(essence, "application/font-") || starts_with(essence, "application/x-font-")) {
    return "font";
  }
  if (starts_with(essence, "audio/") || starts_with(essence, "video/")) return "media";
  if (ends_with(essence, "+json") || ends_with(essence, "+xml") || starts_with(essence, "application/grpc")) return "xhr";
  return {};
}

/// Whether a type says no more than that there is something.
bool says_nothing(std::string_view essence) {
  constexpr std::array kEmpty = {"", "x-unknown", "application/octet-stream", "binary/octet-stream", "text/plain"};
  for (const std::string_view word : kEmpty) {
    if (equal_ignoring_case(word, essence)) return true;
  }
  return false;
}

std::string_view of_suffix(std::string_view url) {
  std::string_view path = url.substr(0, url.find_first_of("?#"));
  if (const auto authority = path.find("://"); authority != std::string_view::npos) {
    const auto slash = path.find('/', authority + 3);
    if (slash == std::string_view::npos) return {};
    path.remove_prefix(slash);
  }
  const auto dot = path.find_last_of("./");
  if (dot == std::string_view::npos || path[dot] == '/') return {};
  return look_up(kSuffixes, path.substr(dot + 1));
}

}  // namespace

std::string_view resource_type(std::string_view said, std::string_view media_type, std::string_view url) {
  if (!said.empty()) {
    const auto word = look_up(kSaid, said);
    return word.empty() ? said : word;
  }
  if (starts_with(url, "ws:") || starts_with(url, "wss:")) return "websocket";
  const std::string_view essence = check::essence_of(media_type);
  if (!says_nothing(essence)) {
    const auto type = of_media_type(essence);
    return type.empty() ? "other" : type;
  }
  const auto type = of_suffix(url);
  return type.empty() ? "other" : type;
}

}  // namespace har
