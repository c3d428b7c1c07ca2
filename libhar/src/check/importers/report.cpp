#include "check/importers/report.hpp"

#include <algorithm>

#include "check/words.hpp"

namespace har::check::importers {

std::string At::pointer() const {
  if (up_ == nullptr) return {};
  std::string text = up_->pointer();
  if (element_) {
    stream::append_pointer(text, index_);
  } else {
    stream::append_pointer(text, name_);
  }
  return text;
}

void Report::refuse(const At& at, std::string message) {
  marks_.push_back({.rule = rule_, .pointer = at.pointer(), .message = std::move(message)});
}

void Report::misread(const At& at, std::string message) {
  marks_.push_back({.rule = rule_, .pointer = at.pointer(), .message = std::move(message), .regular = Severity::warning});
}

std::string found(const stream::Json* value) {
  if (value == nullptr) return "nothing";
  switch (value->kind()) {
    case stream::Json::Kind::null:
      return "null";
    case stream::Json::Kind::boolean:
      return value->as_bool() ? "true" : "false";
    case stream::Json::Kind::number:
      return value->number_text().substr(0, 60);
    case stream::Json::Kind::string:
      return quoted(value->as_string());
    case stream::Json::Kind::array:
      return "an array";
    case stream::Json::Kind::object:
      break;
  }
  return "an object";
}

const stream::Json* find(const stream::Json::Object& object, std::string_view name) {
  const auto found = std::find_if(object.rbegin(), object.rend(), [&](const auto& member) { return member.name == name; });
  return found == object.rend() ? nullptr : &found->value;
}

bool has_lone_surrogate(std::string_view text) {
  // In UTF-8, U+D800 to U+DFFF would begin with ED and a byte from A0 on.
  for (std::size_t at = text.find('\xED'); at != std::string_view::npos; at = text.find('\xED', at + 1)) {
    if (at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) >= 0xA0) return true;
  }
  return false;
}

}  // namespace har::check::importers
