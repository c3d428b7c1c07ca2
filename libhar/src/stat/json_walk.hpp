#pragma once

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "stream/text/json_scan.hpp"
#include "stream/text/json_view.hpp"

namespace har::stat {

/// Walks over the text of a JSON value once, from its front to its end. Who walks decides at each value whether to go into it.
/// What is passed over is only looked at for brackets and quotes. Functions that return bool: false, the text is not as it
/// should be, and the walk is over.
class JsonWalk {
 public:
  explicit JsonWalk(std::string_view text) : text_(text) {}

  /// Calls `member(name)` for each member of the object here; it passes over the member's value. Anything but an object is an
  /// error.
  template <class Member>
  bool object(const Member& member) {
    if (!take('{')) return false;
    skip_space();
    if (take('}')) return true;
    for (;;) {
      std::string_view name;
      if (!key(name) || !member(name)) return false;
      skip_space();
      if (take('}')) return true;
      if (!take(',')) return false;
      skip_space();
    }
  }
  /// The same of an array's elements.
  template <class Element>
  bool array(const Element& element) {
    if (!take('[')) return false;
    skip_space();
    if (take(']')) return true;
    for (;;) {
      if (!element()) return false;
      skip_space();
      if (take(']')) return true;
      if (!take(',')) return false;
      skip_space();
    }
  }
  bool at_object() const { return peek() == '{'; }
  bool at_array() const { return peek() == '['; }

  bool value(stream::RawJson& raw) {
    const std::size_t from = at_;
    if (!skip()) return false;
    raw.text = text_.substr(from, at_ - from);
    return true;
  }
  bool skip() {
    switch (peek()) {
      case '"':
        return skip_string();
      case '{':
      case '[':
        return skip_container();
      default:
        return skip_scalar();
    }
  }

  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t')) ++at_;
  }
  bool at_end() const { return at_ == text_.size(); }
  std::size_t at() const { return at_; }
  void go_back(std::size_t at) { at_ = at; }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  /// A member's name, and what stands before its value.
  bool key(std::string_view& name) {
    const std::size_t from = at_;
    if (!skip_string()) return false;
    name = text_.substr(from + 1, at_ - from - 2);
    if (slash_ && std::memchr(name.data(), '\\', name.size()) != nullptr)
      name = stream::RawJson{text_.substr(from, at_ - from)}.string(name_);
    skip_space();
    if (!take(':')) return false;
    skip_space();
    return true;
  }
  bool skip_string() {
    if (!take('"')) return false;
    slash_ = false;
    // Most strings are short.
    const std::size_t near = at_ + 16 < text_.size() ? at_ + 16 : text_.size();
    for (; at_ < near; ++at_) {
      if (text_[at_] == '"') {
        ++at_;
        return true;
      }
      if (text_[at_] == '\\') break;
    }
    slash_ = true;  // or it is long
    const std::size_t end = stream::find_closing_quote(text_, at_);
    if (end == std::string_view::npos) return false;
    at_ = end + 1;
    return true;
  }
  bool skip_container() {
    const std::string_view inside = text_.substr(at_ + 1);
    if (!inside.empty() && (inside.front() == '}' || inside.front() == ']')) {
      at_ += 2;
      return true;
    }
    ends_.clear();
    stream::ElementScanner scanner;
    at_ += 1 + scanner.scan(inside, 0, ends_);
    return scanner.closed();
  }
  bool skip_scalar() {
    const std::size_t from = at_;
    const auto ends = [](char c) { return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\n' || c == '\r' || c == '\t'; };
    while (at_ < text_.size() && !ends(text_[at_])) ++at_;
    if (from == at_) return false;
    const char first = text_[from];
    return first == '-' || (first >= '0' && first <= '9') || first == 't' || first == 'f' || first == 'n';
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool slash_ = false;  ///< the last string may have a backslash
  std::string name_{};
  std::vector<std::size_t> ends_{};
};

}  // namespace har::stat
