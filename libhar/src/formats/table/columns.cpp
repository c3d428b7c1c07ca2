#include "formats/table/columns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "har/exchange.hpp"
#include "query/fields.hpp"
#include "query/parser.hpp"
#include "stream/text/json.hpp"

namespace har::format {
namespace {

using query::Kind;
using query::Scope;
using query::Value;
using stream::ErrorCode;
using stream::fail;
using stream::Result;
using stream::Status;

constexpr std::string_view kSource = "--columns";
constexpr std::string_view kUsual[] = {"index", "start", "method", "url", "status", "mime", "body.size", "time"};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// "NAME=EXPRESSION", or an expression, which is its own name. A "=" that belongs to an operator names nothing.
std::pair<std::string_view, std::string_view> named(std::string_view text) {
  text = trimmed(text);
  const std::size_t at = text.find_first_of("=<>!~\"'([:");
  const bool names = at != std::string_view::npos && at > 0 && text[at] == '=' && at + 1 < text.size() && text[at + 1] != '=' &&
                     text[at + 1] != '~';
  if (!names) return {text, text};
  return {trimmed(text.substr(0, at)), trimmed(text.substr(at + 1))};
}

/// The parts of a list; a comma in brackets or quotes separates nothing.
std::vector<std::string_view> split(std::string_view list) {
  std::vector<std::string_view> out;
  int depth = 0;
  char quote = 0;
  std::size_t begun = 0;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const char c = list[i];
    if (quote != 0) {
      if (c == '\\' && quote == '"') ++i;
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '(' || c == '[') {
      ++depth;
    } else if (c == ')' || c == ']') {
      --depth;
    } else if (c == ',' && depth <= 0) {
      out.push_back(list.substr(begun, i - begun));
      begun = i + 1;
    }
  }
  out.push_back(list.substr(begun));
  return out;
}

/// As text: what is no octet string has one spelling only.
void append_value(Columns::Cell& cell, const Value& value) {
  using Cell = Columns::Cell;
  const bool first = cell.kind == Cell::Kind::nothing;
  if (!first) cell.text += ", ";
  cell.kind = first && value.kind == Kind::number ? Cell::Kind::number : Cell::Kind::text;
  constexpr double kExact = 9007199254740992.0;  // 2⁵³
  switch (value.kind) {
    case Kind::null:
      break;
    case Kind::boolean:
      cell.text += value.boolean ? "true" : "false";
      break;
    case Kind::number:
      cell.text += std::abs(value.number) < kExact && std::trunc(value.number) == value.number
                       ? fmt::format("{}", static_cast<std::int64_t>(value.number))
                       : fmt::format("{}", value.number);
      break;
    case Kind::string:
    case Kind::json:
      cell.text += value.text;
      break;
    case Kind::time:
      cell.text += stream::format_iso8601(value.time);
      break;
  }
}

}  // namespace

Result<Columns> Columns::compile(const std::vector<std::string>& list) {
  std::vector<std::string> wanted = list;
  if (wanted.empty()) wanted.assign(std::begin(kUsual), std::end(kUsual));
  Columns out;
  // Fields of messages are only understood where each row is one.
  for (const std::string& text : wanted) {
    const std::string_view expression = named(text).second;
    if (!query::parse_value(expression, Scope::entry, kSource) && query::parse_value(expression, Scope::message, kSource))
      out.of_messages_ = true;
  }
  for (const std::string& text : wanted) {
    const auto [name, expression] = named(text);
    if (expression.empty())
      return fail({ErrorCode::usage, "a column is empty", {std::string(kSource)}, "for example: start,method,url"});
    auto parsed = query::parse_value(expression, out.of_messages_ ? Scope::message : Scope::entry, kSource);
    if (!parsed) {
      stream::Error error = std::move(parsed).error();
      error.message = fmt::format("column \"{}\": {}", name, error.message);
      error.place = {std::string(kSource)};  // a place in the expression would not be one in the list
      return fail(std::move(error));
    }
    out.columns_.push_back({std::string(name), std::move(parsed->root)});
  }
  return out;
}

Status Columns::rows(const Item& item, const RenderContext& context, const std::function<void(std::vector<Cell>&)>& row) const {
  std::string made;
  if (item.exchange) made = stream::to_json(to_entry(*item.exchange));
  EntryView view;
  view.reset(item.exchange ? made : item.text, context.files);
  const std::string& source = item.batch != nullptr ? item.batch->start().source : item.place.source;
  const stream::Exchange* const exchange = item.exchange ? &*item.exchange : nullptr;
  const query::Subject subject{view, item.index, source, &context.info, context.files, exchange};
  query::Work work;
  work.begin();
  query::Context asked{&subject, &work, nullptr};
  std::vector<Cell> cells(columns_.size());
  const auto show = [&] {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      cells[i].kind = Cell::Kind::nothing;
      cells[i].text.clear();
      (void)columns_[i].node->each(asked, [&](const Value& value) {
        append_value(cells[i], value);
        return false;
      });
    }
    row(cells);
  };
  if (!of_messages_) {
    show();
    return {};
  }
  for (const query::Work::Which which : {query::Work::Which::websocket, query::Work::Which::events}) {
    for (const query::FoundMessage& message : work.messages(subject, which)) {
      asked.message = &message;
      const std::size_t mark = work.mark();
      show();
      work.release(mark);
    }
  }
  return {};
}

}  // namespace har::format

namespace har {

stream::Result<std::vector<std::string>> parse_columns(std::string_view list) {
  std::vector<std::string> out;
  for (const std::string_view part : format::split(list)) out.emplace_back(format::trimmed(part));
  auto compiled = format::Columns::compile(out);
  if (!compiled) return stream::fail(std::move(compiled).error());
  return out;
}

}  // namespace har
