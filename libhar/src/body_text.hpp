#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "stream/text/charset.hpp"
#include "stream/text/json.hpp"

/// Bodies in another charset than UTF-8. In a HAR a text is UTF-8: whoever wrote it has "transcoded [it] from its original
/// character set" (HAR 1.2, content), which the Content-Type still names; its size is that of the octets before.
namespace har {

/// What an entry says of a body whose text is in another charset. Without a charset its text stands for the octets themselves.
struct BodyFacts {
  std::optional<stream::Charset> charset{};
  std::int64_t size = -1;  ///< in octets; -1 and 0: not known
};

/// The charset of a type that is text, where it names one other than UTF-8. Event streams are UTF-8 whatever they say (HTML
/// §9.2.5); what has parts has no charset.
std::optional<stream::Charset> text_charset(std::string_view media_type);

/// Of a `response` and a `request`, as JSON: the charset that the header names, else the mimeType.
BodyFacts response_facts(const stream::Json& response);
BodyFacts request_facts(const stream::Json& request);

/// The octets that a text stands for; none: its own, since its size says so, or it is nothing that the charset has.
std::optional<std::string> octets_of_text(std::string_view text, const BodyFacts& facts);
/// The text for octets which stands for just these by octets_of_text(); none: they need base64.
std::optional<std::string> text_of_octets(std::string_view octets, const BodyFacts& facts);

/// The octets of a request's postData.text; none: there is no text.
std::optional<std::string> post_octets(const stream::Json& request);
/// Appends `text`, and `_encoding` where that is base64.
void append_post_text(stream::Json::Object& post, std::string octets, const BodyFacts& facts);

}  // namespace har
