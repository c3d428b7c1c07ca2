#include "common/where_option.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>

#include "har/query/filter.hpp"

namespace tools {
namespace {

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

/// The expression, or what of it stands near the mistake, and a caret below it.
std::string with_caret(std::string_view expression, const stream::Error& error) {
  constexpr std::size_t kBefore = 50;
  constexpr std::size_t kShown = 100;
  std::size_t at = std::min<std::size_t>(error.place.offset.value_or(0), expression.size());
  std::size_t from = at > kBefore ? at - kBefore : 0;
  while (from > 0 && is_continuation(expression[from])) --from;
  std::size_t to = std::min(expression.size(), from + kShown);
  while (to < expression.size() && is_continuation(expression[to])) ++to;
  std::string shown(expression.substr(from, to - from));
  std::replace_if(
      shown.begin(), shown.end(), [](char c) { return c == '\n' || c == '\t' || c == '\r'; }, ' ');
  const auto before = static_cast<std::size_t>(std::count_if(expression.begin() + static_cast<std::ptrdiff_t>(from),
                                                             expression.begin() + static_cast<std::ptrdiff_t>(at),
                                                             [](char c) { return !is_continuation(c); }));
  std::string out = fmt::format("{}\n{}^", shown, std::string(before, ' '));
  return error.hint.empty() ? out : fmt::format("{}\n{}", out, error.hint);
}

}  // namespace

void add_where_option(Tool& tool, WhereGroup& group, const std::string& what) {
  tool.app()
      .add_option("--where", group.expressions,
                  what +
                      ", such as 'status >= 500 && host =~ \"^api\"'. May be repeated: then all must be; docs/expressions.md has "
                      "the language.")
      ->type_name("EXPR");
}

stream::Result<std::optional<har::query::Query>> compile_where(const std::vector<std::string>& expressions,
                                                               har::query::Scope scope, std::string_view source) {
  if (expressions.empty()) return std::optional<har::query::Query>();
  std::string all;
  std::optional<har::query::Query> query;
  for (const std::string& expression : expressions) {
    auto compiled = har::query::Query::compile(expression, scope, source);
    if (!compiled) {
      stream::Error error = std::move(compiled).error();
      error.hint = with_caret(expression, error);
      return stream::fail(std::move(error));
    }
    all += fmt::format("{}({})", all.empty() ? "" : " && ", expression);
    query = std::move(*compiled);
  }
  if (expressions.size() == 1) return query;
  // As one, so that what is cheap of all of them is looked at first.
  STREAM_ASSIGN(auto together, har::query::Query::compile(all, scope, source));
  return std::optional(std::move(together));
}

stream::Result<EntryChooser> make_chooser(const std::vector<std::string>& expressions) {
  STREAM_ASSIGN(auto query, compile_where(expressions));
  if (!query) return EntryChooser();
  const auto filter = std::make_shared<const har::query::Filter>(std::move(*query));
  return EntryChooser([filter](har::EntryView& entry, std::size_t index, const har::Input& input, const har::LogInfo* info) {
    return filter->wants({entry.text(), nullptr, index, input.path, info, input.files.get()});
  });
}

std::string as_literal(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::optional<std::string> status_range(std::string_view status) {
  if (status == "0" || status == "-1") return std::string(status);
  if (status.size() != 3 || status.find_first_not_of("0123456789x") != std::string_view::npos) return std::nullopt;
  std::string low(status);
  std::string high(status);
  std::replace(low.begin(), low.end(), 'x', '0');
  std::replace(high.begin(), high.end(), 'x', '9');
  // "x04" is no range of numbers.
  if (const std::size_t x = status.find('x');
      x != std::string_view::npos && status.find_first_not_of('x', x) != std::string_view::npos)
    return std::nullopt;
  const auto number = [](std::string text) {
    text.erase(0, std::min(text.find_first_not_of('0'), text.size() - 1));
    return text;
  };
  return low == high ? number(low) : number(low) + ".." + number(high);
}

}  // namespace tools
