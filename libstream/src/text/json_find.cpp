#include "stream/text/json_find.hpp"

#include <cstring>
#include <vector>

#include "stream/text/json_scan.hpp"

namespace stream {
namespace {

class Walker {
 public:
  explicit Walker(std::string_view text) : text_(text) {}

  std::optional<std::string_view> find(std::initializer_list<std::string_view> path) {
    for (const auto* name = path.begin(); name != path.end(); ++name) {
      if (!enter() || !seek(*name)) return std::nullopt;
    }
    const std::size_t from = at_;
    if (!skip()) return std::nullopt;
    return text_.substr(from, at_ - from);
  }

  void members(const std::function<bool(std::string_view, std::string_view)>& visit) {
    if (!enter()) return;
    do {
      space();
      const std::size_t from = at_;
      if (!string()) return;
      const std::string_view name = text_.substr(from + 1, at_ - from - 2);
      if (!take(':')) return;
      space();
      const std::size_t value = at_;
      if (!skip() || !visit(name, text_.substr(value, at_ - value))) return;
    } while (take(','));
  }

  void elements(const std::function<bool(std::string_view)>& visit) {
    if (!take('[')) return;
    do {
      space();
      const std::size_t from = at_;
      if (!skip() || at_ == from || !visit(text_.substr(from, at_ - from))) return;
    } while (take(','));
  }

 private:
  void space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t')) ++at_;
  }
  bool take(char c) {
    space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool enter() { return take('{'); }

  /// To the value of the member of that name.
  bool seek(std::string_view name) {
    for (;;) {
      space();
      const std::size_t from = at_;
      if (!string()) return false;
      const std::string_view key = text_.substr(from + 1, at_ - from - 2);
      if (!take(':')) return false;
      space();
      if (key == name) return true;
      if (!skip() || !take(',')) return false;
    }
  }

  bool string() {
    if (at_ >= text_.size() || text_[at_] != '"') return false;
    for (std::size_t from = at_ + 1;;) {
      const void* quote = std::memchr(text_.data() + from, '"', text_.size() - from);
      if (quote == nullptr) return false;
      const auto end = static_cast<std::size_t>(static_cast<const char*>(quote) - text_.data());
      std::size_t slashes = 0;
      while (text_[end - 1 - slashes] == '\\') ++slashes;  // stops at the opening quote at the latest
      if (slashes % 2 == 0) {
        at_ = end + 1;
        return true;
      }
      from = end + 1;
    }
  }

  bool skip() {
    space();
    if (at_ >= text_.size()) return false;
    if (text_[at_] == '"') return string();
    if (text_[at_] == '{' || text_[at_] == '[') {
      ElementScanner scanner;
      ends_.clear();
      at_ += 1 + scanner.scan(text_.substr(at_ + 1), 0, ends_);
      return scanner.closed();
    }
    const std::size_t end = text_.find_first_of(",}] \t\r\n", at_);
    at_ = end == std::string_view::npos ? text_.size() : end;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<std::size_t> ends_;
};

}  // namespace

std::optional<std::string_view> find_raw_value(std::string_view object, std::initializer_list<std::string_view> path) {
  return Walker(object).find(path);
}

void each_raw_member(std::string_view object, const std::function<bool(std::string_view name, std::string_view value)>& visit) {
  Walker(object).members(visit);
}

void each_raw_element(std::string_view array, const std::function<bool(std::string_view value)>& visit) {
  Walker(array).elements(visit);
}

}  // namespace stream
