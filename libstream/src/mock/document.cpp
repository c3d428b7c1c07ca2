#include "document.hpp"

#include <algorithm>

#include "stream/text/json_tokens.hpp"

namespace stream::mock {
namespace {

/// The text is valid JSON.
void find_spots(JsonTokens& tokens, std::string_view text, Spot& spot) {
  spot.at = tokens.next();
  const char open = text[spot.at];
  if (open != '{' && open != '[') return;
  for (;;) {
    const std::size_t next = tokens.peek();
    const char c = text[next];
    if (c == '}' || c == ']' || c == ',') {
      tokens.next();
      if (c == ',') continue;
      return;
    }
    Spot& child = spot.children.emplace_back();
    if (open == '{') {
      tokens.next();  // the name
      tokens.next();  // the colon
    }
    find_spots(tokens, text, child);
    child.name_at = open == '{' ? next : child.at;
  }
}

}  // namespace

Node Node::element(std::size_t index) const {
  Node out{&json->as_array()[index], &spot->children[index], pointer};
  append_pointer(out.pointer, index);
  return out;
}

Node Node::member(std::size_t index) const {
  const JsonMember& member = json->as_object()[index];
  Node out{&member.value, &spot->children[index], pointer};
  append_pointer(out.pointer, member.name);
  return out;
}

Document::Document(std::string text, std::string source)
    : text_(std::move(text)), start_{std::move(source), 1, 1, 0, {}}, cursor_(start_, text_) {}

Place Document::at(std::size_t offset, const std::string& pointer) {
  Place place = cursor_.at(offset);
  place.pointer = pointer;
  return place;
}

Status Document::blank_comments() {
  bool in_string = false;
  for (std::size_t i = 0; i < text_.size(); ++i) {
    const char c = text_[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '/' && i + 1 == text_.size()) {
      return fail({ErrorCode::truncated, "expected a comment, found the end", at(i, {})});
    } else if (c == '/' && i + 1 < text_.size() && (text_[i + 1] == '/' || text_[i + 1] == '*')) {
      const bool line = text_[i + 1] == '/';
      std::size_t end = line ? text_.find_first_of("\r\n", i) : text_.find("*/", i + 2);
      if (end == std::string::npos && !line)
        return fail({ErrorCode::truncated, "this comment has no end", at(i, {}), "close it with */"});
      end = end == std::string::npos ? text_.size() : line ? end : end + 2;
      std::replace_if(
          text_.begin() + static_cast<std::ptrdiff_t>(i), text_.begin() + static_cast<std::ptrdiff_t>(end),
          [](char inner) { return inner != '\n'; }, ' ');
      i = end - 1;
    }
  }
  return {};
}

Status Document::parse(const Limits& limits) {
  if (std::string_view(text_).starts_with("\xEF\xBB\xBF")) std::fill_n(text_.begin(), 3, ' ');
  STREAM_TRY(blank_comments());
  if (text_.find_first_not_of(" \t\r\n") == std::string::npos)
    return fail({ErrorCode::truncated, "expected mocks, found nothing", {start_.source}, R"(write {"mocks": []} for none)"});
  auto parsed = parse_json(text_, limits);
  if (!parsed) return fail(locate(std::move(parsed).error(), start_));
  root_ = std::move(*parsed);
  JsonTokens tokens;
  tokens.start(text_);
  find_spots(tokens, text_, spots_);
  return {};
}

}  // namespace stream::mock
