#include "formats/bodies.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "body_text.hpp"
#include "formats/losses.hpp"
#include "stream/text/base64.hpp"
#include "stream/text/sha1.hpp"
#include "stream/text/utf8.hpp"

namespace har::format {
namespace {

using stream::ErrorCode;
using stream::fail;
using stream::Json;
using stream::JsonMember;
using stream::Level;
using stream::Result;

constexpr std::string_view kFile = "_file";
constexpr std::string_view kMessages = "_webSocketMessages";

/// One of the two places of an entry that hold a body.
struct BodyPlace {
  std::string_view parent, name;  ///< "response", "content"
  std::string_view encoding;      ///< the member that says "base64" where we write it
  std::string_view pointer;       ///< of the file's name
};
constexpr std::array kPlaces = {
    BodyPlace{"request", "postData", "_encoding", "/request/postData/_file"},
    BodyPlace{"response", "content", "encoding", "/response/content/_file"},
};

Json* body_in(Json& entry, const BodyPlace& at) {
  Json* const parent = entry.find(at.parent);
  Json* const body = parent != nullptr ? parent->find(at.name) : nullptr;
  return body != nullptr && body->is_object() ? body : nullptr;
}

bool says_base64(const Json& body, const BodyPlace& at) {
  return body[at.encoding].string_or("") == "base64" || body["encoding"].string_or("") == "base64";
}

JsonMember* member_of(Json& object, std::string_view name) {
  const auto found = std::find_if(object.as_object().begin(), object.as_object().end(),
                                  [&](const JsonMember& member) { return member.name == name; });
  return found != object.as_object().end() ? &*found : nullptr;
}

bool is_websocket(const Json& entry) {
  const std::string_view url = entry["request"]["url"].string_or("");
  return entry["_resourceType"].string_or("") == "websocket" || entry["response"]["status"].int_or(0) == 101 ||
         url.starts_with("ws:") || url.starts_with("wss:");
}

/// The media type without parameters, in lower case.
std::string essence(std::string_view type) {
  std::string out(type.substr(0, type.find(';')));
  while (!out.empty() && out.back() == ' ') out.pop_back();
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

std::string_view suffix_of(std::string_view media_type) {
  struct Suffix {
    std::string_view type, suffix;
  };
  static constexpr Suffix kSuffixes[] = {
      {"text/html", "html"},
      {"text/css", "css"},
      {"text/javascript", "js"},
      {"application/javascript", "js"},
      {"application/json", "json"},
      {"text/plain", "txt"},
      {"application/xml", "xml"},
      {"text/xml", "xml"},
      {"text/csv", "csv"},
      {"text/markdown", "md"},
      {"image/png", "png"},
      {"image/jpeg", "jpeg"},
      {"image/gif", "gif"},
      {"image/svg+xml", "svg"},
      {"image/webp", "webp"},
      {"image/avif", "avif"},
      {"image/x-icon", "ico"},
      {"font/woff", "woff"},
      {"font/woff2", "woff2"},
      {"application/pdf", "pdf"},
      {"application/wasm", "wasm"},
      {"application/zip", "zip"},
      {"application/gzip", "gz"},
      {"application/octet-stream", "bin"},
      {"video/mp4", "mp4"},
      {"video/webm", "webm"},
      {"audio/mpeg", "mp3"},
      {"application/x-ndjson", "ndjson"},
      {"application/xhtml+xml", "xhtml"},
  };
  const std::string type = essence(media_type);
  const auto* const found =
      std::find_if(std::begin(kSuffixes), std::end(kSuffixes), [&](const Suffix& s) { return s.type == type; });
  return found != std::end(kSuffixes) ? found->suffix : type.ends_with("+json") ? "json" : "dat";
}

Blob blob_of(std::string bytes, std::string_view suffix) {
  std::string name = fmt::format("{}.{}", stream::sha1_hex(bytes), suffix);
  return {std::move(name), std::move(bytes)};
}

// ---- embed

Json::Array messages_of(std::string_view lines, const std::string& name, const std::function<void(std::string)>& note) {
  Json::Array out;
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    if (line.find_first_not_of(" \r\t") == std::string_view::npos) continue;
    if (auto json = stream::parse_json(line)) {
      out.push_back(std::move(*json));
    } else {
      note(fmt::format("a line of {} is not JSON: {}", name, json.error().message));
    }
  }
  return out;
}

/// Where Chrome and we have them, behind `_resourceType`; else last.
void set_messages(Json& entry, Json messages) {
  entry.erase(kMessages);
  Json::Object& members = entry.as_object();
  const auto type =
      std::find_if(members.begin(), members.end(), [](const JsonMember& member) { return member.name == "_resourceType"; });
  members.insert(type == members.end() ? type : std::next(type), JsonMember{std::string(kMessages), std::move(messages)});
}

BodyFacts facts_at(const Json& entry, const BodyPlace& at) {
  const Json& parent = entry[at.parent];
  return at.name == "content" ? response_facts(parent) : request_facts(parent);
}

/// Puts the bytes where `_file` stands, or where a text already does.
void set_text(Json& body, const BodyPlace& at, const BodyFacts& facts, std::string bytes) {
  const bool base64 = says_base64(body, at);
  auto legible = base64 ? std::nullopt : text_of_octets(bytes, facts);
  const bool encode = !legible;
  Json text(encode ? stream::base64_encode(bytes) : std::move(*legible));
  if (JsonMember* const there = member_of(body, "text")) {
    there->value = std::move(text);
    body.erase(kFile);
  } else {
    JsonMember& file = *member_of(body, kFile);
    file.name = "text";
    file.value = std::move(text);
  }
  if (encode && !base64) body.set(at.encoding, "base64");
}

// ---- attach

bool attach(Json& entry, const BodyPlace& at, std::vector<Blob>& blobs) {
  Json* const body = body_in(entry, at);
  if (body == nullptr || body->find(kFile) != nullptr) return false;
  JsonMember* const text = member_of(*body, "text");
  if (text == nullptr || !text->value.is_string() || text->value.as_string().empty() || &text->value != body->find("text"))
    return false;
  const std::string& written = text->value.as_string();
  std::optional<std::string> bytes;
  if (says_base64(*body, at)) {
    bytes = stream::base64_decode(written);
    if (!bytes || stream::base64_encode(*bytes) != written) return false;
  } else {
    if (!stream::is_utf8(written)) return false;  // a lone surrogate, which has no bytes
    const BodyFacts facts = facts_at(entry, at);
    bytes = octets_of_text(written, facts);
    if (!bytes) bytes = written;
    if (facts.charset && text_of_octets(*bytes, facts) != written) return false;
  }
  Blob blob = blob_of(std::move(*bytes), suffix_of((*body)["mimeType"].string_or("")));
  text->name = kFile;
  text->value = blob.name;
  blobs.push_back(std::move(blob));
  return true;
}

bool attach_messages(Json& entry, std::vector<Blob>& blobs) {
  const Json& messages = entry[kMessages];
  Json* const content = body_in(entry, kPlaces[1]);
  if (!messages.is_array() || messages.as_array().empty() || content == nullptr || !is_websocket(entry)) return false;
  if (!(*content)["text"].string_or("").empty() || content->find(kFile) != nullptr) return false;
  std::string lines;
  for (const Json& message : messages.as_array()) {
    write_json(lines, message);
    lines += '\n';
  }
  Blob blob = blob_of(std::move(lines), "jsonl");
  content->set(kFile, blob.name);
  entry.erase(kMessages);
  blobs.push_back(std::move(blob));
  return true;
}

}  // namespace

Result<bool> embed_bodies(Json& entry, const BlobReader& read, const stream::Place& place, const stream::FindingSink& report) {
  bool changed = false;
  for (const BodyPlace& at : kPlaces) {
    Json* const body = body_in(entry, at);
    if (body == nullptr || !(*body)[kFile].is_string()) continue;
    const std::string name = (*body)[kFile].as_string();
    const auto note = [&](std::string message) {
      if (!report) return;
      stream::Place where = place;
      where.pointer += at.pointer;
      report({Level::warning, "side-file", std::move(message), std::move(where)});
    };
    auto bytes = read(name);
    if (!bytes) {
      if (bytes.error().code == ErrorCode::limit) return fail(std::move(bytes).error());
      note(bytes.error().message);
      continue;
    }
    if (name.ends_with(".jsonl") && at.name == "content" && is_websocket(entry)) {
      if (entry[kMessages].is_array() && !entry[kMessages].as_array().empty()) continue;
      body->erase(kFile);
      set_messages(entry, messages_of(*bytes, name, note));
    } else {
      set_text(*body, at, facts_at(entry, at), std::move(*bytes));
    }
    changed = true;
  }
  return changed;
}

bool attach_bodies(Json& entry, std::vector<Blob>& blobs) {
  bool changed = false;
  for (const BodyPlace& at : kPlaces) changed = attach(entry, at, blobs) || changed;
  return attach_messages(entry, blobs) || changed;
}

bool omit_bodies(Json& entry, const stream::Place& place, const stream::FindingSink& report) {
  bool changed = false;
  const auto drop = [&](Json& object, std::string_view name, std::string path) {
    const Json* const value = object.find(name);
    if (value == nullptr) return;
    const bool empty = value->is_null() || (value->is_string() && value->as_string().empty()) ||
                       (value->is_array() && value->as_array().empty());
    object.erase(name);
    changed = true;
    if (empty) return;
    std::string message = fmt::format("{} is left out, as it was asked for", path);
    std::replace(path.begin(), path.end(), '.', '-');
    report_loss(path, std::move(message), place, report);
  };
  for (const BodyPlace& at : kPlaces) {
    Json* const body = body_in(entry, at);
    if (body == nullptr) continue;
    const std::string path = fmt::format("{}.{}.", at.parent, at.name);
    const bool had_text = body->find("text") != nullptr;
    drop(*body, "text", path + "text");
    drop(*body, kFile, fmt::format("{}{}", path, kFile));
    if (at.name == "postData") drop(*body, "params", "request.postData.params");
    if (!had_text) continue;
    body->erase("encoding");
    body->erase(at.encoding);
  }
  for (const std::string_view name : {"_webSocketMessages", "_eventSourceMessages", "_recordingEvents"})
    drop(entry, name, std::string(name));
  return changed;
}

Result<std::optional<Json>> entry_with_bodies(const Item& item, WriteOptions::Bodies bodies, const RenderContext& context,
                                              const stream::Limits& limits, std::vector<Blob>& blobs) {
  using Bodies = WriteOptions::Bodies;
  if (bodies == Bodies::as_it_is && !item.exchange) return std::optional<Json>();
  STREAM_ASSIGN(Json entry, entry_of(item, {limits, context.report}));
  bool changed = item.exchange.has_value();
  if (entry.is_object() && (bodies == Bodies::embed || bodies == Bodies::attach)) {
    const auto read = [&](const std::string& name) -> Result<std::string> {
      if (context.files != nullptr) return context.files->read(name);
      return fail({ErrorCode::unsupported, fmt::format("the side file \"{}\" cannot be found", name)});
    };
    STREAM_ASSIGN(const bool embedded, embed_bodies(entry, read, item.where(), context.report));
    const bool attached = bodies == Bodies::attach && attach_bodies(entry, blobs);
    changed = changed || embedded || attached;
  } else if (entry.is_object() && bodies == Bodies::omit) {
    changed = omit_bodies(entry, item.where(), context.report) || changed;
  }
  return changed ? std::optional(std::move(entry)) : std::nullopt;
}

stream::Error no_place_for_files(std::string_view format) {
  return {ErrorCode::usage,
          fmt::format("{} has no place for bodies in files of their own", format),
          {},
          "an archive has: write har-zip, or embed them"};
}

}  // namespace har::format
