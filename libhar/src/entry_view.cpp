#include "har/entry_view.hpp"

#include <algorithm>

#include "check/http_text.hpp"
#include "stream/text/base64.hpp"
#include "stream/text/utf8.hpp"

namespace har {
namespace {

using stream::RawJson;

/// What a form's name or value is in its body (WHATWG URL §5.2).
void append_form(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (byte >= '0' && byte <= '9') || ((byte | 0x20U) >= 'a' && (byte | 0x20U) <= 'z') || c == '*' || c == '-' ||
                       c == '.' || c == '_';
    if (plain) {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      out += '%';
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    }
  }
}

}  // namespace

void EntryView::reset(std::string_view text, const SideFiles* files) {
  text_ = text;
  files_ = files;
  std::fill(std::begin(opened_), std::end(opened_), false);
}

stream::JsonObjectView& EntryView::part(EntryPart part) {
  const auto index = static_cast<std::size_t>(part);
  stream::JsonObjectView& view = views_[index];
  if (opened_[index]) return view;
  opened_[index] = true;
  switch (part) {
    case EntryPart::entry:
      view.reset({text_});
      break;
    case EntryPart::request:
      view.reset(find(EntryPart::entry, "request"));
      break;
    case EntryPart::response:
      view.reset(find(EntryPart::entry, "response"));
      break;
    case EntryPart::content:
      view.reset(find(EntryPart::response, "content"));
      break;
    case EntryPart::post_data:
      view.reset(find(EntryPart::request, "postData"));
      break;
    case EntryPart::timings:
      view.reset(find(EntryPart::entry, "timings"));
      break;
  }
  return view;
}

std::string_view EntryView::method() { return find(EntryPart::request, "method").string(method_); }
std::string_view EntryView::url() { return find(EntryPart::request, "url").string(url_); }

int EntryView::status() {
  const auto number = find(EntryPart::response, "status").number();
  return number && *number > 0 && *number < 1e6 ? static_cast<int>(*number) : 0;
}

std::optional<stream::WallTime> EntryView::started() {
  const auto time = stream::parse_iso8601(find(EntryPart::entry, "startedDateTime").string(scratch_));
  return time ? std::optional(time->time) : std::nullopt;
}

std::optional<double> EntryView::phase(std::string_view name) {
  const auto number = find(EntryPart::timings, name).number();
  return number && *number >= 0 ? number : std::nullopt;
}

std::string_view EntryView::media_type() {
  const std::string_view said = find(EntryPart::content, "mimeType").string(media_type_);
  return said.empty() ? header(EntryPart::response, "content-type").value_or("") : said;
}

std::optional<std::string_view> EntryView::header(EntryPart part, std::string_view name) {
  RawJson found;
  stream::JsonArrayView headers(find(part, "headers"));
  stream::JsonObjectView header;
  while (const RawJson element = headers.next()) {
    header.reset(element);
    if (check::equal_ignoring_case(header.find("name").string(scratch_), name)) found = header.find("value");
  }
  if (!found.is_string()) return std::nullopt;
  return found.string(header_);
}

BodyBytes EntryView::response_body() {
  BodyBytes body;
  body.media_type = media_type();
  const RawJson text = find(EntryPart::content, "text");
  if (text.is_string()) {
    body.known = true;
    const std::string_view written = text.string(body_);
    body.bytes = written;
    body.text = find(EntryPart::content, "encoding").string(scratch_) != "base64";
    if (body.text) return body;
    auto decoded = stream::base64_decode(written);
    body.broken = !decoded;
    if (!decoded) return body;
    body_ = std::move(*decoded);
    body.bytes = body_;
    return body;
  }
  const std::string file = find(EntryPart::content, "_file").string();
  if (file.empty() || files_ == nullptr || file.ends_with(".jsonl")) return body;
  if (auto read = files_->read(file)) {
    body_ = std::move(*read);
    body.bytes = body_;
    body.known = true;
  }
  return body;
}

BodyBytes EntryView::request_body() {
  BodyBytes body;
  body.media_type = find(EntryPart::post_data, "mimeType").string(header_);
  const RawJson text = find(EntryPart::post_data, "text");
  if (text.is_string() && text.text.size() > 2) {
    body.known = true;
    const std::string_view written = text.string(request_body_);
    body.bytes = written;
    RawJson encoding = find(EntryPart::post_data, "_encoding");
    if (!encoding) encoding = find(EntryPart::post_data, "encoding");
    body.text = encoding.string(scratch_) != "base64";
    if (body.text) return body;
    auto decoded = stream::base64_decode(written);
    body.broken = !decoded;
    if (!decoded) return body;
    request_body_ = std::move(*decoded);
    body.bytes = request_body_;
    return body;
  }
  const std::string file = find(EntryPart::post_data, "_file").string();
  if (!file.empty() && files_ != nullptr) {
    if (auto read = files_->read(file)) {
      request_body_ = std::move(*read);
      body.bytes = request_body_;
      body.known = true;
      return body;
    }
  }
  const RawJson params = find(EntryPart::post_data, "params");
  stream::JsonArrayView list(params);
  stream::JsonObjectView param;
  std::string form;
  while (const RawJson element = list.next()) {
    param.reset(element);
    if (!form.empty()) form += '&';
    append_form(form, param.find("name").string(scratch_));
    if (const RawJson value = param.find("value"); value.is_string()) {
      form += '=';
      append_form(form, value.string(scratch_));
    }
  }
  body.known = text.is_string() || !form.empty();
  request_body_ = std::move(form);
  body.bytes = request_body_;
  return body;
}

}  // namespace har
