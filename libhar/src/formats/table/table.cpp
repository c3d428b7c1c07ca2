// Tables: an entry or a message a row, for spreadsheets (RFC 4180), for the tools that cut lines apart, and for documents. A
// table holds the columns that were asked for; it is a report, and nothing is read back from it.
#include <fmt/format.h>

#include <algorithm>

#include "formats/formats.hpp"
#include "formats/losses.hpp"
#include "formats/table/columns.hpp"
#include "stream/text/utf8.hpp"

namespace har::format {
namespace {

using stream::fail;
using stream::Result;
using stream::Status;
using Cell = Columns::Cell;

/// Whether a spreadsheet would take the text for a formula (owasp.org/www-community/attacks/CSV_Injection): by its first
/// character, the full-width ones of East Asian keyboards too.
bool is_formula(std::string_view text) {
  constexpr std::string_view kFirst = "=+-@\t\r\n";
  if (text.empty()) return false;
  if (kFirst.find(text.front()) != std::string_view::npos) return true;
  for (const std::string_view wide : {"\uFF1D", "\uFF0B", "\uFF0D", "\uFF20"}) {
    if (text.starts_with(wide)) return true;
  }
  return false;
}

/// RFC 4180 §2, but for the line ends, which are line feeds.
void append_csv(std::string& out, const Cell& cell, bool only) {
  // In a table of one column a row that is nothing would be no row.
  if (cell.kind == Cell::Kind::nothing) {
    if (only) out += "\"\"";
    return;
  }
  const std::string_view text = cell.text;
  const bool quoted = text.empty() || text.find_first_of(",\"\r\n") != std::string_view::npos || text.front() == ' ' ||
                      text.back() == ' ' || text.front() == '\'';
  if (!quoted) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

void append_tsv(std::string& out, const Cell& cell, bool) {
  for (const char c : cell.text) {
    switch (c) {
      case '\t':
        out += "\\t";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\\':
        out += "\\\\";
        break;
      default:
        out += c;
    }
  }
}

bool is_word(char c) {
  return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || static_cast<unsigned char>(c) >= 0x80;
}

/// A cell of GitHub Flavored Markdown (github.github.com/gfm, 4.10): the text as it is, whatever it would mean.
void append_markdown(std::string& out, const Cell& cell, bool) {
  const std::string_view text = cell.text;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      out += "<br>";
    } else if (c == '\r') {
      if (i + 1 == text.size() || text[i + 1] != '\n') out += "<br>";
    } else if (byte < 0x20 || byte == 0x7F) {
      stream::append_utf8(out, byte == 0x7F ? 0x2421 : 0x2400U + byte);  // the picture of the control character
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '&') {
      // What is no character reference stays: addresses are full of them.
      const std::size_t end = text.find_first_not_of("#0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", i + 1);
      out += end != std::string_view::npos && end > i + 1 && text[end] == ';' ? "&amp;" : "&";
    } else if (c == '_' && i > 0 && i + 1 < text.size() && is_word(text[i - 1]) && is_word(text[i + 1])) {
      out += c;
    } else if (std::string_view("\\`*_[]|~>").find(c) != std::string_view::npos) {
      out += '\\';
      out += c;
    } else {
      out += c;
    }
  }
}

enum class Kind { csv, tsv, markdown };

template <Kind kind>
class Writer final : public ItemWriter {
 public:
  Writer(stream::ByteSink& sink, const WriteOptions& options) : sink_(sink), columns_(Columns::compile(options.columns)) {}

  Status begin(const Item&, const LogInfo&) override { return head(); }

  Status render(const Item& item, const RenderContext& context, std::string& out) const override {
    if (!columns_) return fail(columns_.error());
    bool formula = false;
    bool octets = false;
    STREAM_TRY(columns_->rows(item, context, [&](std::vector<Cell>& cells) {
      for (Cell& cell : cells) {
        if (cell.kind != Cell::Kind::text) continue;
        if (!stream::is_utf8(cell.text)) {
          cell.text = stream::replace_invalid_utf8(cell.text);
          octets = true;
        }
        if (kind != Kind::markdown && is_formula(cell.text)) {
          cell.text.insert(0, 1, '\'');
          formula = true;
        }
      }
      append_row(out, cells);
    }));
    if (octets) report_loss("octets", "a table holds text: U+FFFD stands for octets that are none", item.where(), context.report);
    if (formula && context.report) {
      context.report({stream::Level::warning, "table-formula",
                      "a text that a spreadsheet would run as a formula has a ' before it", item.where()});
    }
    return {};
  }

  Status write(std::string_view rendered) override { return sink_.write(rendered); }
  Status end_input(const LogInfo&) override { return {}; }
  Status finish() override { return head(); }

 private:
  Status head() {
    if (std::exchange(begun_, true)) return {};
    if (!columns_) return fail(columns_.error());
    std::vector<Cell> names;
    for (const auto& column : columns_->columns()) names.push_back({Cell::Kind::text, column.name});
    for (Cell& name : names) {
      if (kind != Kind::markdown && is_formula(name.text)) name.text.insert(0, 1, '\'');
    }
    std::string text;
    append_row(text, names);
    if constexpr (kind == Kind::markdown) {
      text += '|';
      for (const auto& column : columns_->columns())
        text += column.node->type == query::Type::number && !column.node->list ? " ---: |" : " --- |";
      text += '\n';
    }
    return sink_.write(text);
  }

  static void append_row(std::string& out, const std::vector<Cell>& cells) {
    if constexpr (kind == Kind::markdown) out += '|';
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if constexpr (kind == Kind::csv) {
        if (i > 0) out += ',';
        append_csv(out, cells[i], cells.size() == 1);
      } else if constexpr (kind == Kind::tsv) {
        if (i > 0) out += '\t';
        append_tsv(out, cells[i], cells.size() == 1);
      } else {
        out += ' ';
        append_markdown(out, cells[i], cells.size() == 1);
        out += cells[i].text.empty() ? "|" : " |";
      }
    }
    out += '\n';
  }

  stream::ByteSink& sink_;
  Result<Columns> columns_;
  bool begun_ = false;
};

template <Kind kind>
std::unique_ptr<ItemWriter> write(stream::ByteSink& sink, const WriteOptions& options) {
  return std::make_unique<Writer<kind>>(sink, options);
}

}  // namespace

const Format kCsv{"csv", "table of comma-separated values, by --columns", ".csv", nullptr, nullptr, write<Kind::csv>};
const Format kTsv{"tsv", "table with tabs between its columns, by --columns", ".tsv .tab", nullptr, nullptr, write<Kind::tsv>};
const Format kMarkdown{"markdown", "table for documents, by --columns", ".md .markdown", nullptr, nullptr, write<Kind::markdown>};

}  // namespace har::format
