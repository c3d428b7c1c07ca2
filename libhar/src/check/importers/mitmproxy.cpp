#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "check/importers/python.hpp"
#include "check/importers/report.hpp"
#include "check/words.hpp"
#include "stream/text/ascii.hpp"

/// mitmproxy 12: what reads HARs where flows are read. Whatever it raises ends with "Unable to read HAR file"; flows of entries
/// before that have been given out by then.
namespace har::check::importers {
namespace {

using stream::Json;
using stream::ascii::lower_case;

/// The names that mitmproxy itself gives an encoding for.
bool is_identity(std::string_view name) { return name.empty() || name == "identity" || name == "none"; }
bool is_compression(std::string_view name) {
  return name == "gzip" || name == "deflate" || name == "deflateraw" || name == "br" || name == "zstd";
}

/// The headers that matter, joined as mitmproxy joins several of a name.
struct Headers {
  std::optional<std::string> type{};
  std::optional<std::string> encoding{};
};

/// The charset of a Content-Type, where there is one.
std::string charset_of(std::string_view type) {
  std::string charset;
  const std::size_t parameters = type.find(';');
  if (parameters == std::string_view::npos || type.substr(0, parameters).find('/') == std::string_view::npos) return charset;
  std::string_view rest = type.substr(parameters + 1);
  while (true) {
    const std::string_view clause = rest.substr(0, rest.find(';'));
    const std::size_t equals = clause.find('=');
    const auto trimmed = [](std::string_view text) {
      const std::size_t begin = std::min(text.find_first_not_of(" \t\n\r\f\v"), text.size());
      return text.substr(begin, text.find_last_not_of(" \t\n\r\f\v") + 1 - begin);
    };
    if (equals != std::string_view::npos && trimmed(clause.substr(0, equals)) == "charset")
      charset = trimmed(clause.substr(equals + 1));
    if (clause.size() == rest.size()) return charset;
    rest.remove_prefix(clause.size() + 1);
  }
}

/// Whether the error handler "surrogateescape" fails: it takes U+DC80 to U+DCFF for bytes.
bool has_stray_surrogate(std::string_view text) {
  for (std::size_t at = text.find('\xED'); at != std::string_view::npos; at = text.find('\xED', at + 1)) {
    const unsigned char second = at + 1 < text.size() ? static_cast<unsigned char>(text[at + 1]) : 0;
    if (second >= 0xA0 && second != 0xB2 && second != 0xB3) return true;
  }
  return false;
}

class Importer {
 public:
  explicit Importer(Report& report) : report_(report) {}

  void entry(const Json& value) {
    const At root;
    const Json* const started = value.find("startedDateTime");
    if (started == nullptr || !started->is_string() || !is_date(started->as_string())) {
      fails(At(root, "startedDateTime"), "an ISO 8601 date", started);
    }
    const Json* const time = value.find("time");
    if (time == nullptr || !(time->is_number() || time->is_bool())) fails(At(root, "time"), "a number", time);

    const At request(root, "request");
    const Json* const sent = value.find("request");
    if (sent == nullptr || !sent->is_object()) {
      fails(request, "an object", sent);
    } else {
      request_of(request, *sent);
    }
    const At response(root, "response");
    const Json* const answer = value.find("response");
    if (answer == nullptr || !answer->is_object()) {
      fails(response, "an object", answer);
    } else {
      response_of(response, *answer);
    }
  }

 private:
  void fails(const At& at, std::string_view expected, const Json* value) {
    report_.refuse(at, "expected " + std::string(expected) + ", found " + found(value) + ": mitmproxy cannot read the file");
  }

  static bool is_date(std::string_view text) {
    if (std::ranges::count(text, 'Z') > 2) return false;  // a zone, and perhaps what is between day and time
    std::string zones;                                    // mitmproxy puts +00:00 for each Z
    for (const char c : text) {
      if (c == 'Z') {
        zones += "+00:00";
      } else {
        zones += c;
      }
    }
    return !has_lone_surrogate(text) && python::is_date(zones);
  }

  /// A string that can be encoded; `escapes`: halves of surrogate pairs that stand for bytes are let pass.
  bool text(const At& at, const Json* value, std::string_view expected, bool escapes = false) {
    const bool is_text = value != nullptr && value->is_string();
    if (is_text && !(escapes ? has_stray_surrogate(value->as_string()) : has_lone_surrogate(value->as_string()))) return true;
    fails(at, expected, value);
    return false;
  }

  void version(const At& at, const Json& message) {
    if (message.find("httpVersion") == nullptr) fails(At(at, "httpVersion"), "a protocol version", nullptr);
  }

  Headers headers(const At& at, const Json& message) {
    Headers known;
    const Json* const list = message.find("headers");
    const At here(at, "headers");
    if (list != nullptr && list->is_object()) {  // Python goes through its names
      for (const stream::JsonMember& member : list->as_object()) letters(At(here, member.name), Json(member.name));
      return known;
    }
    if (list != nullptr && list->is_string() && list->as_string().empty()) return known;
    if (list == nullptr || !list->is_array()) {
      fails(here, "an array", list);
      return known;
    }
    for (std::size_t i = 0; i < list->as_array().size(); ++i) header(At(here, i), list->as_array()[i], known);
    return known;
  }

  /// {"name":…,"value":…} or [name, value].
  void header(const At& at, const Json& value, Headers& known) {
    const Json* name = nullptr;
    const Json* content = nullptr;
    if (value.is_object()) {
      name = value.find("name");
      content = value.find("value");
      const bool has_name = text(At(at, "name"), name, "a string");
      if (!text(At(at, "value"), content, "a string") || !has_name) return;
    } else if (value.is_array() && value.as_array().size() >= 2) {
      name = &value.as_array()[0];
      content = &value.as_array()[1];
      const bool has_name = text(At(at, std::size_t{0}), name, "a string");
      if (!text(At(at, std::size_t{1}), content, "a string") || !has_name) return;
    } else {
      return letters(at, value);
    }
    const std::string folded = lower_case(name->as_string());
    std::optional<std::string>* const slot = folded == "content-type"       ? &known.type
                                             : folded == "content-encoding" ? &known.encoding
                                                                            : nullptr;
    if (slot == nullptr) return;
    *slot = *slot ? **slot + ", " + content->as_string() : content->as_string();
  }

  /// A string is a list of its characters, of which the first two are name and value.
  void letters(const At& at, const Json& value) {
    const std::ptrdiff_t characters =
        std::ranges::count_if(value.string_or(""), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; });
    if (characters < 2 || has_lone_surrogate(value.as_string())) return fails(at, "a header", &value);
    report_.misread(at, "expected a header, found " + found(&value) + ": mitmproxy takes its first two characters for one");
  }

  void request_of(const At& at, const Json& request) {
    text(At(at, "method"), request.find("method"), "a method", true);
    url(At(at, "url"), request.find("url"));
    version(at, request);
    const Headers known = headers(at, request);
    const Json* const post = request.find("postData");
    if (post == nullptr) return;
    const At body(at, "postData");
    if (!post->is_object()) return fails(body, "an object", post);
    const At place(body, "text");
    if (!text(place, post->find("text"), "the body as text", true)) return;
    // A content-encoding that Python does not know is taken off a request; a character set's name is not.
    const std::string charset = lower_case(charset_of(known.type.value_or("")));
    const bool not_bytes = is_identity(charset) ? !charset.empty() : is_compression(charset) || is_binary(charset);
    if (not_bytes) {
      report_.refuse(At(at, "headers"),
                     "expected a character set in content-type, found " + quoted(charset) + ": mitmproxy cannot read the file");
    }
    encoding(At(at, "headers"), known, true);
  }

  /// What Python takes for false.
  static bool is_nothing(const Json& value) {
    switch (value.kind()) {
      case Json::Kind::null:
        return true;
      case Json::Kind::boolean:
        return !value.as_bool();
      case Json::Kind::number:
        return value.number_or(0) == 0;
      case Json::Kind::string:
        return value.as_string().empty();
      case Json::Kind::array:
        return value.as_array().empty();
      case Json::Kind::object:
        break;
    }
    return value.as_object().empty();
  }

  static bool is_binary(std::string_view name) {
    const python::Codec codec = python::find_codec(name);
    return codec == python::Codec::bytes || codec == python::Codec::letters;
  }

  /// What bytes are compressed with.
  void encoding(const At& at, const Headers& known, bool lenient) {
    const std::string name = lower_case(known.encoding.value_or(""));
    const python::Codec codec = python::find_codec(name);
    if (is_identity(name) || is_compression(name) || codec == python::Codec::bytes) return;
    if (lenient && codec == python::Codec::unknown) return;
    report_.refuse(at, "expected a content-encoding that mitmproxy knows, found " + quoted(*known.encoding) +
                           ": mitmproxy cannot read the file");
  }

  void url(const At& at, const Json* value) {
    if (!text(at, value, "a URL")) return;
    const std::string_view url = value->as_string();
    const bool ascii = std::ranges::all_of(url, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    const python::Url parts = python::parse_url(url);
    if (!ascii || !parts.valid || !is_host(parts.host)) fails(at, "an ASCII URL with a host", value);
  }

  static bool is_host(std::string_view host) {
    if (host.find(':') != std::string_view::npos) return true;  // IPv6
    if (host.ends_with('.')) host.remove_suffix(1);
    if (host.empty() || host.size() > 255) return false;
    while (true) {
      const std::string_view label = host.substr(0, host.find('.'));
      if (label.empty() || label.size() > 63) return false;
      for (const char c : label) {
        const bool letter = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
        if (!letter) return false;
      }
      if (label.size() == host.size()) return true;
      host.remove_prefix(label.size() + 1);
    }
  }

  void response_of(const At& at, const Json& response) {
    version(at, response);
    const Json* const status = response.find("status");
    // Python reads numbers with a fraction or an exponent into float, which is no status there.
    const bool integer =
        status != nullptr && status->is_number() && status->number_text().find_first_of(".eE") == std::string::npos;
    if (!integer && !(status != nullptr && status->is_bool())) fails(At(at, "status"), "an integer", status);
    const Headers known = headers(at, response);
    const At body(at, "content");
    const Json* const content = response.find("content");
    if (content == nullptr || !content->is_object()) return fails(body, "an object", content);
    if (content_text(body, *content, known)) encoding(At(at, "headers"), known, false);
  }

  /// Whether bytes come out that can be compressed.
  bool content_text(const At& at, const Json& content, const Headers& known) {
    const Json* const value = content.find("text");
    const Json* const encoded = content.find("encoding");
    const At place(at, "text");
    if (encoded != nullptr && encoded->string_or("") == "base64") {
      if (value != nullptr && (!value->is_string() || !python::is_base64(value->as_string()))) {
        fails(place, "base64", value);
        return false;
      }
      return true;
    }
    if (value != nullptr && value->is_null()) return false;  // no body
    if (value != nullptr && !value->is_string()) {
      fails(place, "a string", value);
      return false;
    }
    if (encoded != nullptr && !encoded->is_string() && !is_nothing(*encoded)) {
      fails(At(at, "encoding"), "a string", encoded);
      return false;
    }
    std::string name = encoded != nullptr && encoded->is_string() ? encoded->as_string() : "";
    if (name.empty()) name = charset_of(known.type.value_or(""));
    name = lower_case(name);
    if (name.empty() ? false : is_identity(name) || is_compression(name) || is_binary(name)) {
      fails(At(at, "encoding"), "\"base64\" or a character set", encoded);
      return false;
    }
    if (value != nullptr && has_stray_surrogate(value->as_string())) {
      fails(place, "characters, not halves of surrogate pairs,", value);
      return false;
    }
    return true;
  }

  Report& report_;
};

}  // namespace

void mitmproxy_entry(const Json& entry, Report& report) { Importer(report).entry(entry); }

}  // namespace har::check::importers
