#include "pattern.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>

#include "stream/replay/answer.hpp"
#include "stream/text/utf8.hpp"

namespace stream::mock {
namespace {

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }
std::string_view view(const re2::StringPiece& text) { return {text.data(), text.size()}; }

/// .NET's (?<name>…) as RE2 spells it.
std::string with_named_groups(std::string_view text) {
  std::string out;
  bool in_class = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    out += c;
    if (c == '\\') {
      if (++i < text.size()) out += text[i];
    } else if (in_class) {
      in_class = c != ']';
    } else if (c == '[') {
      in_class = true;
      // A bracket that comes first is one of the class.
      if (i + 1 < text.size() && text[i + 1] == '^') out += text[++i];
      if (i + 1 < text.size() && text[i + 1] == ']') out += text[++i];
    } else if (c == '(' && text.substr(i).starts_with("(?<") && i + 3 < text.size() && text[i + 3] != '=' && text[i + 3] != '!') {
      out += "?P<";
      i += 2;
    }
  }
  return out;
}

std::unique_ptr<re2::RE2> compile(std::string_view text, const re2::RE2::Options& options) {
  return std::make_unique<re2::RE2>(piece(text), options);
}

bool match(const re2::RE2& expression, std::string_view text, std::vector<std::string_view>* groups) {
  const auto count = groups != nullptr ? 1 + expression.NumberOfCapturingGroups() : 0;
  std::vector<re2::StringPiece> found(static_cast<std::size_t>(count));
  if (!expression.Match(piece(text), 0, text.size(), re2::RE2::UNANCHORED, found.data(), count)) return false;
  if (groups != nullptr) {
    groups->clear();
    for (const auto& group : found) groups->push_back(group.data() == nullptr ? std::string_view{} : view(group));
  }
  return true;
}

}  // namespace

TextPattern::TextPattern(std::unique_ptr<re2::RE2> expression) : expression_(std::move(expression)) {
  for (const auto& [name, number] : expression_->NamedCapturingGroups())
    names_.emplace_back(name, static_cast<std::size_t>(number));
}
TextPattern::~TextPattern() = default;

Result<std::shared_ptr<const TextPattern>> TextPattern::regex(std::string_view text) {
  const re2::RE2::Options options(re2::RE2::Quiet);
  auto expression = compile(with_named_groups(text), options);
  if (!expression->ok()) {
    return fail({ErrorCode::syntax,
                 fmt::format("the regular expression '{}' is none: {}", text, expression->error()),
                 {},
                 "expressions are those of RE2: without look-around and back-references"});
  }
  return std::make_shared<const TextPattern>(std::move(expression));
}

Result<std::shared_ptr<const TextPattern>> TextPattern::fragment(std::string_view text) {
  re2::RE2::Options options(re2::RE2::Quiet);
  options.set_literal(true);
  options.set_case_sensitive(false);
  if (!is_utf8(text)) options.set_encoding(re2::RE2::Options::EncodingLatin1);  // half a surrogate pair
  auto expression = compile(text, options);
  if (!expression->ok())
    return fail({ErrorCode::limit, "this fragment is too large to be looked for", {}, "a part of it will do"});
  return std::make_shared<const TextPattern>(std::move(expression));
}

bool TextPattern::matches(std::string_view text, std::vector<std::string_view>* groups) const {
  return match(*expression_, text, groups);
}

std::size_t TextPattern::groups() const { return static_cast<std::size_t>(expression_->NumberOfCapturingGroups()); }

UrlPattern::UrlPattern(std::string url, Case rule, std::unique_ptr<re2::RE2> expression, std::size_t stars)
    : url_(std::move(url)), rule_(rule), expression_(std::move(expression)), stars_(stars) {}
UrlPattern::~UrlPattern() = default;

Result<std::shared_ptr<const UrlPattern>> UrlPattern::make(std::string_view url, Case rule) {
  std::unique_ptr<re2::RE2> expression;
  std::size_t stars = 0;
  if (url.find('*') != std::string_view::npos) {
    std::string text = "^";
    for (std::string_view rest = url;;) {
      const auto star = rest.find('*');
      text += re2::RE2::QuoteMeta(piece(rest.substr(0, star)));
      if (star == std::string_view::npos) break;
      text += "(.*)";
      ++stars;
      rest.remove_prefix(star + 1);
    }
    text += '$';
    re2::RE2::Options options(re2::RE2::Quiet);
    options.set_encoding(re2::RE2::Options::EncodingLatin1);  // any bytes
    expression = compile(text, options);
    if (!expression->ok())
      return fail({ErrorCode::limit, "this URL has too many wildcards", {}, "one * stands for what many do"});
  }
  return std::make_shared<const UrlPattern>(std::string(url), rule, std::move(expression), stars);
}

bool UrlPattern::matches(std::string_view url, std::vector<std::string_view>* stars) const {
  const bool same = rule_ == Case::sensitive ? url == url_ : replay::iequals(url, url_);
  if (expression_ == nullptr) {
    if (same && stars != nullptr) stars->clear();
    return same;
  }
  if (match(*expression_, url, stars)) {
    if (stars != nullptr) stars->erase(stars->begin());
    return true;
  }
  if (same && stars != nullptr) stars->assign(stars_, std::string_view{});
  return same;
}

std::string with_http_scheme(std::string_view url) {
  if (replay::iequals(url.substr(0, 6), "wss://")) return "https://" + std::string(url.substr(6));
  if (replay::iequals(url.substr(0, 5), "ws://")) return "http://" + std::string(url.substr(5));
  return std::string(url);
}

std::string without_origin(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return std::string(url);
  const std::string_view rest = url.substr(scheme + 3);
  const auto path = rest.find_first_of("/?");
  if (path == std::string_view::npos) {
    // "https://api.*": what stands behind the host is up to the star.
    const auto star = rest.rfind('*');
    return star == std::string_view::npos ? "/" : std::string(rest.substr(star));
  }
  return rest[path] == '?' ? "/" + std::string(rest.substr(path)) : std::string(rest.substr(path));
}

UrlForms::UrlForms(std::shared_ptr<const UrlPattern> whole, const std::string& url, UrlPattern::Case rule)
    : whole_(std::move(whole)) {
  const auto make = [rule](const std::string& text) {
    auto made = UrlPattern::make(text, rule);
    return made ? std::move(*made) : nullptr;
  };
  if (whole_ == nullptr) whole_ = make(url);
  path_ = make(without_origin(url));
}

bool UrlForms::matches(const std::string& url, bool any_origin, std::vector<std::string_view>& stars) const {
  const UrlPattern* const pattern = any_origin ? path_.get() : whole_.get();
  if (pattern == nullptr || !pattern->matches(url, &stars)) return false;
  stars.insert(stars.begin(), whole_ == nullptr ? 0 : whole_->stars() - pattern->stars(), {});
  return true;
}

}  // namespace stream::mock
