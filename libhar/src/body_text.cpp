#include "body_text.hpp"

#include <algorithm>
#include <array>

#include "check/http_text.hpp"
#include "stream/text/ascii.hpp"
#include "stream/text/base64.hpp"
#include "stream/text/utf8.hpp"

namespace har {
namespace {

using stream::Charset;
using stream::Json;

std::string_view header_of(const Json& headers, std::string_view name) {
  std::string_view value;
  if (!headers.is_array()) return value;
  for (const Json& header : headers.as_array()) {
    if (check::equal_ignoring_case(header["name"].string_or(""), name)) value = header["value"].string_or("");
  }
  return value;
}

std::optional<Charset> charset_in(const Json& headers, const Json& mime) {
  const std::string_view said = mime.string_or("");
  const std::string_view type = header_of(headers, "content-type");
  return text_charset(stream::charset_parameter(type).empty() ? said : type);
}

/// Whether octets are something else than text, whatever they are said to be.
bool has_controls(std::string_view utf8) {
  return std::any_of(utf8.begin(), utf8.end(), [](char c) {
    const auto octet = static_cast<unsigned char>(c);
    return octet < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f';
  });
}

}  // namespace

std::optional<Charset> text_charset(std::string_view media_type) {
  const std::string_view label = stream::charset_parameter(media_type);
  if (label.empty()) return std::nullopt;
  const auto charset = stream::charset_by_label(label);
  if (!charset || charset == Charset::utf_8) return std::nullopt;
  const std::string type = stream::ascii::lower_case(check::essence_of(media_type));
  if (type == "text/event-stream") return std::nullopt;
  constexpr std::array<std::string_view, 7> kEnds{"json", "xml",     "javascript",          "ecmascript",
                                                  "yaml", "graphql", "-www-form-urlencoded"};
  const bool text = type.starts_with("text/") ||
                    std::any_of(kEnds.begin(), kEnds.end(), [&](std::string_view end) { return type.ends_with(end); });
  return text ? charset : std::nullopt;
}

BodyFacts response_facts(const Json& response) {
  const Json& content = response["content"];
  return {charset_in(response["headers"], content["mimeType"]), content["size"].int_or(-1)};
}

BodyFacts request_facts(const Json& request) {
  BodyFacts out{charset_in(request["headers"], request["postData"]["mimeType"]), -1};
  // bodySize is that on the wire.
  if (out.charset && header_of(request["headers"], "content-encoding").empty()) out.size = request["bodySize"].int_or(-1);
  return out;
}

std::optional<std::string> octets_of_text(std::string_view text, const BodyFacts& facts) {
  if (!facts.charset || (stream::is_ascii_compatible(*facts.charset) && stream::is_ascii(text))) return std::nullopt;
  auto octets = stream::encode_charset(*facts.charset, text);
  if (!octets) return std::nullopt;
  const auto size = static_cast<std::int64_t>(octets->size());
  if (facts.size <= 0 || facts.size == size) return octets;
  // The byte order mark of UTF-16, which decoding takes away.
  const bool big = facts.charset == Charset::utf_16be;
  if ((big || facts.charset == Charset::utf_16le) && facts.size == size + 2) return (big ? "\xFE\xFF" : "\xFF\xFE") + *octets;
  return std::nullopt;
}

std::optional<std::string> text_of_octets(std::string_view octets, const BodyFacts& facts) {
  const bool utf8 = stream::is_utf8(octets);
  const auto itself = [&] { return std::optional(std::string(octets)); };
  if (!facts.charset) return utf8 ? itself() : std::nullopt;
  const bool compatible = stream::is_ascii_compatible(*facts.charset);
  if (compatible && stream::is_ascii(octets)) return itself();
  const auto stands_for_octets = [&](std::string_view text) {
    const auto made = octets_of_text(text, facts);
    return (made ? std::string_view(*made) : text) == octets;
  };
  // UTF-8 has no octets 0, but for a character that nobody writes; in UTF-16 there is hardly a text without.
  const bool other = utf8 && (compatible || (facts.charset != Charset::iso_2022_jp && !has_controls(octets)));
  if (other && stands_for_octets(octets)) return itself();
  if (!utf8 || !compatible) {
    auto text = stream::decode_charset(*facts.charset, octets);
    if (text && !has_controls(*text) && stands_for_octets(*text)) return text;
  }
  return utf8 && stands_for_octets(octets) ? itself() : std::nullopt;
}

std::optional<std::string> post_octets(const Json& request) {
  const Json& post = request["postData"];
  const Json* const text = post.find("text");
  if (text == nullptr || !text->is_string()) return std::nullopt;
  const std::string& written = text->as_string();
  if (post["_encoding"].string_or("") == "base64" || post["encoding"].string_or("") == "base64") {
    if (auto octets = stream::base64_decode(written)) return octets;
    return written;
  }
  if (auto octets = octets_of_text(written, request_facts(request))) return octets;
  return written;
}

void append_post_text(Json::Object& post, std::string octets, const BodyFacts& facts) {
  if (!facts.charset && stream::is_utf8(octets)) {
    post.push_back({"text", std::move(octets)});
  } else if (auto text = text_of_octets(octets, facts)) {
    post.push_back({"text", std::move(*text)});
  } else {
    post.push_back({"text", stream::base64_encode(octets)});
    post.push_back({"_encoding", "base64"});
  }
}

}  // namespace har
