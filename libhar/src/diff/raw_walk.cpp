#include "diff/raw_walk.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "diff/fast_hash.hpp"
#include "stream/text/ascii.hpp"
#include "stream/text/json_scan.hpp"

namespace har::diff {
namespace {

using stream::ascii::is_space;

/// A place in a text, which goes over values. Where the text is not as it should be it goes to the end, and is not good.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  bool good() const { return good_; }
  std::size_t at() const { return at_; }
  std::string_view from(std::size_t begin) const { return text_.substr(begin, at_ - begin); }

  /// Goes to what is no white space.
  char peek() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    if (at_ < text_.size()) return text_[at_];
    good_ = false;
    return '\0';
  }
  bool take(char wanted) {
    if (peek() != wanted) return false;
    ++at_;
    return true;
  }

  std::string_view value() {
    const char first = peek();
    const std::size_t begin = at_;
    if (first == '"') {
      string();
    } else if (first == '{' || first == '[') {
      ends_.clear();
      stream::ElementScanner scanner;
      at_ += 1 + scanner.scan(text_.substr(at_ + 1), 0, ends_);
      if (!scanner.closed()) fail();
    } else {
      while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '}' && text_[at_] != ']' && !is_space(text_[at_])) ++at_;
      if (at_ == begin) fail();
    }
    return from(begin);
  }

  /// Calls `visit(name)` at each member's value, which it must go over.
  template <class Visit>
  void members(const Visit& visit) {
    if (!take('{')) return fail();
    if (take('}')) return;
    while (good_) {
      if (peek() != '"') return fail();
      const std::size_t begin = at_ + 1;
      string();
      const std::string_view name = text_.substr(begin, at_ - begin - 1);
      if (!take(':')) return fail();
      (void)peek();
      visit(name);
      if (take('}')) return;
      if (!take(',')) return fail();
    }
  }
  template <class Visit>
  void elements(const Visit& visit) {
    if (!take('[')) return fail();
    if (take(']')) return;
    while (good_) {
      (void)peek();
      visit();
      if (take(']')) return;
      if (!take(',')) return fail();
    }
  }
  void fail() {
    good_ = false;
    at_ = text_.size();
  }

 private:
  void string() {
    for (++at_; at_ < text_.size(); ++at_) {
      // Most strings are short: words at first.
      if constexpr (std::endian::native == std::endian::little) {
        constexpr std::uint64_t kOnes = 0x0101010101010101U;
        const auto zeros = [](std::uint64_t word) { return (word - kOnes) & ~word & (kOnes << 7); };
        while (at_ + 8 <= text_.size()) {
          std::uint64_t word = 0;
          std::memcpy(&word, text_.data() + at_, 8);
          const std::uint64_t found = zeros(word ^ (kOnes * '"')) | zeros(word ^ (kOnes * '\\'));
          if (found != 0) {
            at_ += static_cast<std::size_t>(std::countr_zero(found)) / 8;
            break;
          }
          at_ += 8;
        }
        if (at_ >= text_.size()) break;
      }
      if (text_[at_] == '"') {
        ++at_;
        return;
      }
      if (text_[at_] == '\\') ++at_;
    }
    fail();
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool good_ = true;
  static thread_local std::vector<std::size_t> ends_;
};

thread_local std::vector<std::size_t> Cursor::ends_;

/// Members may stand in any order: what is in them is added.
class Sum {
 public:
  explicit Sum(std::uint64_t seed) : seed_(seed) {}
  void add(std::string_view name, std::uint64_t value) { sum_ += mixed(fast_hash(name, seed_), value); }
  void add(std::string_view name, std::string_view value) { add(name, fast_hash(value, ~seed_)); }
  std::uint64_t value() const { return sum_; }

 private:
  std::uint64_t seed_;
  std::uint64_t sum_ = 0;
};

class Walk {
 public:
  Walk(std::string_view entry, std::uint64_t seed) : cursor_(entry), seed_(seed), all_(seed), content_(seed) {}

  RawPrints run() {
    cursor_.members([&](std::string_view name) {
      if (name == "request") {
        half(name, "postData");
        ++halves_;
      } else if (name == "response") {
        half(name, "content");
        ++halves_;
      } else if (name.starts_with('_')) {
        custom(name);
      } else if (name == "comment") {
        all_.add(name, cursor_.value());
      } else {
        (void)cursor_.value();
      }
    });
    return {all_.value(), content_.value(), cursor_.good() && halves_ == 2, side_file_};
  }

 private:
  void half(std::string_view of, std::string_view body) {
    Sum sum(seed_);
    const auto part = [&](std::string_view name) {
      const bool keys = name == "method" || name == "url" || name == "status" || name == body;
      if (!keys && (name == "headersSize" || name == "bodySize" || (name.starts_with('_') && name != "_error"))) {
        (void)cursor_.value();
        return;
      }
      const std::string_view value = cursor_.value();
      // What has its text elsewhere is short.
      if (name == body && value.size() < 2048 && value.find("\"_file\"") != std::string_view::npos) side_file_ = true;
      const std::uint64_t hash = fast_hash(value, ~seed_);
      sum.add(name, hash);
      if (keys) content_.add(name, hash);
    };
    if (cursor_.peek() == '{') {
      cursor_.members(part);
    } else {
      sum.add("", cursor_.value());
    }
    all_.add(of, sum.value());
  }

  /// Of what recorders add only messages count, and how an exchange ended. Messages have times, which do not.
  void custom(std::string_view name) {
    const bool messages = name == "_webSocketMessages" || name == "_eventSourceMessages";
    if (messages && cursor_.peek() == '[') {
      std::uint64_t hash = 1;
      cursor_.elements([&] {
        if (cursor_.peek() != '{') {
          hash = mixed(hash, fast_hash(cursor_.value(), seed_));
          return;
        }
        Sum sum(seed_);
        cursor_.members([&](std::string_view member) {
          const std::string_view value = cursor_.value();
          if (member != "time") sum.add(member, value);
        });
        hash = mixed(hash, sum.value());
      });
      all_.add(name, hash);
      content_.add(name, hash);
    } else if (messages || name == "_error" || name == "_incomplete" || name == "_webSocketClose" || name == "_recordingEvents") {
      all_.add(name, cursor_.value());
    } else {
      (void)cursor_.value();
    }
  }

  Cursor cursor_;
  std::uint64_t seed_;
  Sum all_;
  Sum content_;
  unsigned halves_ = 0;
  bool side_file_ = false;
};

}  // namespace

RawPrints raw_prints(std::string_view entry, std::uint64_t seed) { return Walk(entry, seed).run(); }

}  // namespace har::diff
