#include "formats/xml_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "stream/text/utf8.hpp"

namespace har::format {
namespace {

using stream::ErrorCode;
using stream::fail;
using stream::Result;
using stream::Status;

constexpr std::size_t kMaxMarkup = std::size_t{1} << 20;
constexpr std::size_t kMaxReference = 12;
constexpr std::string_view kSpaces = " \t\r\n";

bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' || static_cast<unsigned char>(c) >= 0x80;
}
bool is_name(char c) { return is_name_start(c) || (c >= '0' && c <= '9') || c == '-' || c == '.'; }

std::size_t end_of_name(std::string_view text, std::size_t at) {
  if (at >= text.size() || !is_name_start(text[at])) return at;
  while (at < text.size() && is_name(text[at])) ++at;
  return at;
}

std::size_t behind_spaces(std::string_view text, std::size_t at) {
  return std::min(text.find_first_not_of(kSpaces, at), text.size());
}

/// Of "#65" and "#x41".
std::optional<std::uint32_t> character(std::string_view text) {
  const bool hex = text.starts_with("#x");
  text.remove_prefix(hex ? 2 : 1);
  if (text.empty() || text.size() > 8) return std::nullopt;
  std::uint32_t out = 0;
  for (const char c : text) {
    std::uint32_t digit = 0;
    if (c >= '0' && c <= '9') {
      digit = static_cast<std::uint32_t>(c - '0');
    } else if (hex && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))) {
      digit = static_cast<std::uint32_t>((c | 0x20) - 'a') + 10;
    } else {
      return std::nullopt;
    }
    out = out * (hex ? 16 : 10) + digit;
    if (out > 0x10FFFF) return std::nullopt;
  }
  const bool surrogate = out >= 0xD800 && out <= 0xDFFF;
  return surrogate ? std::nullopt : std::optional(out);
}

}  // namespace

std::string_view XmlToken::attribute(std::string_view wanted) const {
  const auto found = std::find_if(attributes.begin(), attributes.end(), [&](const auto& pair) { return pair.first == wanted; });
  return found != attributes.end() ? std::string_view(found->second) : std::string_view();
}

tl::unexpected<stream::Error> XmlReader::refuse(std::string message) const {
  return fail({ErrorCode::syntax, std::move(message), in_.place()});
}

/// Where `text` stands in the view, from `from` on; the view grows as far as it takes.
Result<std::size_t> XmlReader::find(std::string_view text, std::size_t from, std::size_t limit) {
  for (;;) {
    const std::size_t found = in_.view().find(text, from);
    if (found != std::string_view::npos) return found;
    from = std::max(from, in_.view().size() - std::min(in_.view().size(), text.size() - 1));
    if (in_.view().size() > limit) {
      if (limit == kMaxMarkup) return refuse(fmt::format("what begins here is larger than {} bytes", limit));
      return fail({ErrorCode::limit, fmt::format("the text is larger than {} bytes", limit), in_.place(),
                   "raise the limit with --max-entry"});
    }
    STREAM_ASSIGN(const bool more, in_.more());
    if (!more) return fail({ErrorCode::truncated, "the input ends within the document", in_.place()});
  }
}

Status XmlReader::append_decoded(std::string& out, std::string_view text) const {
  while (!text.empty()) {
    const std::size_t reference = std::min(text.find('&'), text.size());
    out.append(text.substr(0, reference));
    text.remove_prefix(reference);
    if (text.empty()) break;
    const std::size_t end = text.substr(0, kMaxReference).find(';');
    const std::string_view name = end == std::string_view::npos ? std::string_view() : text.substr(1, end - 1);
    if (name == "lt") {
      out += '<';
    } else if (name == "gt") {
      out += '>';
    } else if (name == "amp") {
      out += '&';
    } else if (name == "quot") {
      out += '"';
    } else if (name == "apos") {
      out += '\'';
    } else if (const auto point = name.starts_with('#') ? character(name) : std::nullopt; point) {
      stream::append_utf8(out, *point);
    } else {
      return refuse("expected a reference to a character, or one of lt, gt, amp, quot and apos: other entities are not expanded");
    }
    text.remove_prefix(end + 1);
  }
  return {};
}

/// Characters up to the next "<", or the end.
Status XmlReader::characters() {
  std::size_t end = 0;
  for (std::size_t from = 0;;) {
    end = in_.view().find('<', from);
    if (end != std::string_view::npos) break;
    from = in_.view().size();
    if (from > limits_.max_entry) {
      return fail({ErrorCode::limit, fmt::format("the text is larger than {} bytes", limits_.max_entry), in_.place(),
                   "raise the limit with --max-entry"});
    }
    STREAM_ASSIGN(const bool more, in_.more());
    if (more) continue;
    end = in_.view().size();
    break;
  }
  const std::string_view text = in_.view().substr(0, end);
  if (open_.empty()) {
    if (text.find_first_not_of(kSpaces) != std::string_view::npos) return refuse("expected an element");
  } else {
    STREAM_TRY(append_decoded(text_, text));
  }
  in_.take(end);
  return {};
}

/// XML 1.0 §2.8. In an internal subset stand strings, comments and processing instructions, in which brackets mean nothing.
Status XmlReader::skip_doctype() {
  if (root_) return refuse("a document type stands before the first element");
  std::size_t at = 2;
  bool subset = false;
  for (;; ++at) {
    if (at > kMaxMarkup) return refuse(fmt::format("the document type is larger than {} bytes", kMaxMarkup));
    STREAM_ASSIGN(const bool there, in_.fill(at + 9));
    if (!there && at >= in_.view().size())
      return fail({ErrorCode::truncated, "the input ends within the document type", in_.place()});
    const std::string_view rest = in_.view().substr(at);
    std::string_view end;
    if (rest.starts_with("<!ENTITY")) return refuse("the document declares entities: they are not expanded, and it is refused");
    if (rest.starts_with("<!--")) end = "-->";
    if (rest.starts_with("<?")) end = "?>";
    if (rest.front() == '"' || rest.front() == '\'') end = rest.substr(0, 1);
    if (!end.empty()) {
      const std::string wanted(end);
      STREAM_ASSIGN(const std::size_t found, find(wanted, at + (wanted == "-->" ? 4 : wanted == "?>" ? 2 : 1), kMaxMarkup));
      at = found + wanted.size() - 1;
    } else if (rest.front() == '[') {
      subset = true;
    } else if (rest.front() == ']') {
      subset = false;
    } else if (rest.front() == '>' && !subset) {
      in_.take(at + 1);
      return {};
    }
  }
}

/// Passes over what is no tag, and takes its text. False: a tag comes, or the end.
Result<bool> XmlReader::markup() {
  STREAM_TRY(in_.fill(9));
  const std::string_view view = in_.view();
  if (view.starts_with("<!--")) {
    STREAM_ASSIGN(const std::size_t end, find("-->", 4, limits_.max_entry));
    in_.take(end + 3);
    return true;
  }
  if (view.starts_with("<?")) {
    STREAM_ASSIGN(const std::size_t end, find("?>", 2, kMaxMarkup));
    in_.take(end + 2);
    return true;
  }
  if (view.starts_with("<![CDATA[")) {
    if (open_.empty()) return refuse("expected an element");
    STREAM_ASSIGN(const std::size_t end, find("]]>", 9, limits_.max_entry));
    text_.append(in_.view().substr(9, end - 9));
    in_.take(end + 3);
    return true;
  }
  if (view.starts_with("<!DOCTYPE")) {
    STREAM_TRY(skip_doctype());
    return true;
  }
  return false;
}

Result<XmlToken> XmlReader::next() {
  if (empty_) {
    empty_ = false;
    XmlToken token;
    token.kind = XmlToken::Kind::end;
    token.name = std::move(open_.back());
    token.offset = in_.offset();
    open_.pop_back();
    return token;
  }
  if (!begun_) {
    begun_ = true;
    STREAM_TRY(in_.fill(3));
    if (in_.view().starts_with("\xEF\xBB\xBF")) in_.take(3);
  }
  text_.clear();
  const std::uint64_t offset = in_.offset();
  for (;;) {
    if (text_.size() > limits_.max_entry) {
      return fail({ErrorCode::limit, fmt::format("the text is larger than {} bytes", limits_.max_entry), in_.place(offset),
                   "raise the limit with --max-entry"});
    }
    STREAM_ASSIGN(const bool there, in_.fill(1));
    if (!there) break;
    if (in_.view().front() != '<') {
      STREAM_TRY(characters());
      continue;
    }
    STREAM_ASSIGN(const bool passed, markup());
    if (!passed) break;
  }
  XmlToken token;
  token.offset = offset;
  if (!text_.empty()) {
    token.kind = XmlToken::Kind::text;
    token.text = std::move(text_);
    text_.clear();
    return token;
  }
  if (!in_.view().empty()) return tag();
  if (!open_.empty()) return fail({ErrorCode::truncated, fmt::format("the input ends within <{}>", open_.back()), in_.place()});
  if (!root_) return refuse("expected an XML document, found the end of the input");
  return token;
}

Result<XmlToken> XmlReader::tag() {
  const std::uint64_t offset = in_.offset();
  // A ">" may stand in an attribute's value.
  std::size_t end = 0;
  for (char quote = 0;; ++end) {
    if (end >= in_.view().size()) {
      if (end > kMaxMarkup) return refuse(fmt::format("the tag is larger than {} bytes", kMaxMarkup));
      STREAM_ASSIGN(const bool more, in_.more());
      if (!more) return fail({ErrorCode::truncated, "the input ends within a tag", in_.place()});
    }
    const char c = in_.view()[end];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '>') {
      break;
    }
  }
  const std::string_view text = in_.view().substr(1, end - 1);
  if (!text.starts_with('/')) {
    STREAM_ASSIGN(auto token, start_tag(text, offset));
    in_.take(end + 1);
    return token;
  }
  XmlToken token;
  token.kind = XmlToken::Kind::end;
  token.offset = offset;
  const std::size_t name_end = end_of_name(text, 1);
  token.name = text.substr(1, name_end - 1);
  if (token.name.empty() || behind_spaces(text, name_end) != text.size()) return refuse("expected the end of an element");
  if (open_.empty() || open_.back() != token.name) {
    return refuse(open_.empty() ? fmt::format("</{}> ends nothing", token.name)
                                : fmt::format("expected </{}>, found </{}>", open_.back(), token.name));
  }
  open_.pop_back();
  in_.take(end + 1);
  return token;
}

Result<XmlToken> XmlReader::start_tag(std::string_view text, std::uint64_t offset) {
  XmlToken token;
  token.kind = XmlToken::Kind::start;
  token.offset = offset;
  const bool empty = text.ends_with('/');
  if (empty) text.remove_suffix(1);
  std::size_t at = end_of_name(text, 0);
  token.name = text.substr(0, at);
  if (token.name.empty()) return refuse("expected the name of an element");
  if (open_.empty() && root_) return refuse("expected the end of the document, found another element");
  if (open_.size() >= limits_.max_depth) {
    return fail({ErrorCode::limit, fmt::format("nested deeper than {} levels", limits_.max_depth), in_.place(),
                 "raise the limit with --max-depth"});
  }
  for (;;) {
    const std::size_t name = behind_spaces(text, at);
    if (name == text.size()) break;
    const std::size_t name_end = end_of_name(text, name);
    const std::size_t equals = behind_spaces(text, name_end);
    const std::size_t quote = equals < text.size() ? behind_spaces(text, equals + 1) : text.size();
    const bool fits = name > at && name_end > name && equals < text.size() && text[equals] == '=' && quote < text.size() &&
                      (text[quote] == '"' || text[quote] == '\'');
    if (!fits) return refuse("expected an attribute, name=\"value\"");
    const std::size_t end = text.find(text[quote], quote + 1);
    if (end == std::string_view::npos) return refuse("expected the end of an attribute's value");
    std::string value;
    STREAM_TRY(append_decoded(value, text.substr(quote + 1, end - quote - 1)));
    token.attributes.emplace_back(text.substr(name, name_end - name), std::move(value));
    at = end + 1;
  }
  root_ = true;
  open_.push_back(token.name);
  empty_ = empty;
  return token;
}

}  // namespace har::format
