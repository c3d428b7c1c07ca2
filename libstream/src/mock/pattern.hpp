#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stream/io/error.hpp"

namespace re2 {
class RE2;
}

/// What texts are held against. Compiled once; matching never takes longer than linear in the text.
namespace stream::mock {

class TextPattern {
 public:
  /// An expression of .NET as far as RE2 has it; found anywhere. Errors: `syntax`, without a place.
  static Result<std::shared_ptr<const TextPattern>> regex(std::string_view text);
  /// Text that is found anywhere, in any case.
  static Result<std::shared_ptr<const TextPattern>> fragment(std::string_view text);

  explicit TextPattern(std::unique_ptr<re2::RE2> expression);
  TextPattern(const TextPattern&) = delete;
  TextPattern& operator=(const TextPattern&) = delete;
  ~TextPattern();

  /// `groups`, where given, become the whole match and its groups: parts of `text`.
  bool matches(std::string_view text, std::vector<std::string_view>* groups = nullptr) const;
  std::size_t groups() const;                                                               ///< without the whole match
  const std::vector<std::pair<std::string, std::size_t>>& names() const { return names_; }  ///< of groups, with their numbers

 private:
  std::unique_ptr<re2::RE2> expression_;
  std::vector<std::pair<std::string, std::size_t>> names_;
};

class UrlPattern {
 public:
  enum class Case { sensitive, ignored_without_star };
  /// `*` stands for any run of characters. Errors: `limit`, without a place.
  static Result<std::shared_ptr<const UrlPattern>> make(std::string_view url, Case rule);

  UrlPattern(std::string url, Case rule, std::unique_ptr<re2::RE2> expression, std::size_t stars);
  UrlPattern(const UrlPattern&) = delete;
  UrlPattern& operator=(const UrlPattern&) = delete;
  ~UrlPattern();

  /// `stars` become what each `*` stands for: parts of `url`.
  bool matches(std::string_view url, std::vector<std::string_view>* stars = nullptr) const;
  std::size_t stars() const { return stars_; }

 private:
  std::string url_;
  Case rule_;
  std::unique_ptr<re2::RE2> expression_;  // null: there is no star
  std::size_t stars_;
};

/// "wss://h" becomes "https://h", "ws://h" "http://h".
std::string with_http_scheme(std::string_view url);
/// Path and query of an absolute URL, or of a pattern for some.
std::string without_origin(std::string_view url);

/// A mock's URL as requests are compared with it, which may or may not know the origin.
class UrlForms {
 public:
  /// `whole`: the compiled URL, if there is one already.
  UrlForms(std::shared_ptr<const UrlPattern> whole, const std::string& url, UrlPattern::Case rule);

  /// `stars` become what each `*` of the whole URL stands for: parts of `url`; those of an origin that does not count are empty.
  bool matches(const std::string& url, bool any_origin, std::vector<std::string_view>& stars) const;

 private:
  std::shared_ptr<const UrlPattern> whole_;
  std::shared_ptr<const UrlPattern> path_;
};

}  // namespace stream::mock
