#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/tool.hpp"
#include "har/format.hpp"
#include "har/query/query.hpp"

namespace tools {

/// --where EXPR, which may be repeated: only entries of which all are true. docs/expressions.md has the language.
struct WhereGroup {
  std::vector<std::string> expressions;
};
void add_where_option(Tool& tool, WhereGroup& group, const std::string& what = "Only entries of which EXPR is true");

/// The conjunction of expressions; none if there are none. Errors: `usage`, with the expression and a caret in the hint.
stream::Result<std::optional<har::query::Query>> compile_where(const std::vector<std::string>& expressions,
                                                               har::query::Scope scope = har::query::Scope::entry,
                                                               std::string_view source = "--where");

/// The same for those who ask of one entry after another, on any thread; empty if there are no expressions.
using EntryChooser =
    std::function<bool(har::EntryView& entry, std::size_t index, const har::Input& input, const har::LogInfo* info)>;
stream::Result<EntryChooser> make_chooser(const std::vector<std::string>& expressions);

/// A text as an expression has it.
std::string as_literal(std::string_view text);
/// A status as --status takes it ("404", "5xx") as a part of a list; nothing if it is none.
std::optional<std::string> status_range(std::string_view status);

}  // namespace tools
