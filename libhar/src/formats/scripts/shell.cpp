#include "formats/scripts/shell.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "formats/scripts/literals.hpp"
#include "stream/text/ascii.hpp"
#include "stream/text/utf8.hpp"

namespace har::format {
namespace {

using stream::ErrorCode;
using stream::ascii::hex_digit;
using stream::ascii::is_digit;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

/// As many digits of that base as there are, up to `most`.
std::uint32_t number(std::string_view line, std::size_t& at, std::size_t most, int base) {
  std::uint32_t out = 0;
  for (std::size_t i = 0; i < most && at < line.size(); ++i, ++at) {
    const int digit = hex_digit(line[at]);
    if (digit < 0 || digit >= base) break;
    out = out * static_cast<std::uint32_t>(base) + static_cast<std::uint32_t>(digit);
  }
  return out;
}

}  // namespace

void ShellLexer::refuse(std::string message, std::size_t at, std::string hint) {
  if (error_) return;
  stream::Place place;
  place.line = number_;
  place.column = at + 1;
  error_ = stream::Error{ErrorCode::syntax, std::move(message), std::move(place), std::move(hint)};
}

ShellCommand& ShellLexer::command() {
  if (std::exchange(new_pipeline_, false)) {
    pipelines_.emplace_back();
    new_command_ = true;
  }
  if (std::exchange(new_command_, false)) pipelines_.back().emplace_back();
  return pipelines_.back().back();
}

void ShellLexer::begin_word(std::size_t at) {
  open_list_ = false;
  if (!word_) word_ = ShellWord{{}, number_, at + 1, false};
}

void ShellLexer::end_word() {
  if (!word_) return;
  ShellWord word = std::move(*word_);
  word_.reset();
  ShellCommand& target = command();
  const Role role = std::exchange(role_, Role::word);
  switch (role) {
    case Role::word:
      target.words.push_back(std::move(word));
      break;
    case Role::input_file:
      target.input_file = std::move(word);
      break;
    case Role::output_file:
      if (!target.output_file) target.output_file = std::move(word);
      break;
    case Role::descriptor:
      break;
    case Role::here_string:
      target.input = word.text + "\n";
      break;
    case Role::document:
    case Role::document_tabs:
      target.input = "";
      documents_.push_back(
          {word.text, !word.quoted, role == Role::document_tabs, pipelines_.size() - 1, pipelines_.back().size() - 1});
      break;
  }
}

/// Whether a shell would put something else for the "$" or "`" at `at`.
bool ShellLexer::expansion(std::string_view line, std::size_t at) {
  constexpr std::string_view kHint = "write what it stands for, or put it in '…' if it is meant as it is";
  if (line[at] == '`') {
    refuse("`…` would be run by a shell, and nothing is run here", at, std::string(kHint));
    return true;
  }
  const char next = at + 1 < line.size() ? line[at + 1] : ' ';
  if (next == '(') {
    refuse("$(…) would be run by a shell, and nothing is run here", at, std::string(kHint));
    return true;
  }
  if (next == '{' || is_name_start(next) || is_digit(next) || std::string_view("@*#?-$!").find(next) != std::string_view::npos) {
    std::size_t end = at + 1;
    while (end < line.size() && (is_name_start(line[end]) || is_digit(line[end]))) ++end;
    refuse(fmt::format("the value of {} is not known here", next == '{' ? "${…}" : line.substr(at, std::max(end, at + 2) - at)),
           at, std::string(kHint));
    return true;
  }
  return false;
}

void ShellLexer::in_double_quotes(std::string_view line, std::size_t& at) {
  while (at < line.size()) {
    const char c = line[at];
    if (c == '"') {
      mode_ = Mode::plain;
      ++at;
      return;
    }
    if (c == '\\' && at + 1 == line.size()) {  // XCU §2.2.3: a line goes on
      ++at;
      joined_ = true;
      return;
    }
    if (c == '\\' && std::string_view("$`\"\\").find(line[at + 1]) != std::string_view::npos) {
      word_->text += line[at + 1];
      at += 2;
      continue;
    }
    if (c == '`' || c == '$') expansion(line, at);
    word_->text += c;
    ++at;
  }
}

/// Bash, "ANSI-C Quoting"; also POSIX.1-2024 XCU §2.2.4.
void ShellLexer::in_dollar_quotes(std::string_view line, std::size_t& at) {
  while (at < line.size()) {
    const char c = line[at];
    if (c == '\'') {
      mode_ = Mode::plain;
      ++at;
      return;
    }
    if (c != '\\' || at + 1 == line.size()) {
      word_->text += c;
      ++at;
      continue;
    }
    const std::size_t begin = at;
    const char escape = line[at + 1];
    at += 2;
    constexpr std::string_view kNames = "abefnrtvE\\'\"?";
    constexpr std::string_view kValues = "\a\b\x1b\f\n\r\t\v\x1b\\'\"?";
    if (const std::size_t found = kNames.find(escape); found != std::string_view::npos) {
      word_->text += kValues[found];
    } else if (escape >= '0' && escape <= '7') {
      --at;
      word_->text += static_cast<char>(number(line, at, 3, 8) & 0xFF);
    } else if ((escape == 'x' || escape == 'u' || escape == 'U') && at < line.size() && hex_digit(line[at]) >= 0) {
      const std::uint32_t value = number(line, at, escape == 'x' ? 2 : escape == 'u' ? 4 : 8, 16);
      if (escape == 'x') {
        word_->text += static_cast<char>(value);
      } else if (value <= 0x10FFFF) {
        stream::append_utf8(word_->text, value);
      } else {
        refuse("no character has that number", begin);
      }
    } else if (escape == 'c' && at < line.size()) {
      word_->text += static_cast<char>(line[at++] & 0x1F);
    } else {
      word_->text.append(1, '\\').append(1, escape);
    }
    if (word_->text.ends_with('\0')) {  // bash ends the word here, others do not
      refuse("a NUL cannot stand in a word of a shell", begin, "give such a body to --data-binary @- in a here-document");
    }
  }
}

void ShellLexer::document_line(std::string_view line) {
  Document& document = documents_.front();
  std::string_view text = line;
  while (document.tabs && text.starts_with('\t')) text.remove_prefix(1);
  if (text == document.delimiter) {
    documents_.erase(documents_.begin());
    if (documents_.empty()) {
      mode_ = Mode::plain;
      end_line();
    }
    return;
  }
  if (document.expanded) {
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (text[at] == '\\')
        refuse("expected the word behind << in quotes, for a shell changes what has a backslash", at, "write <<'END'");
      if (text[at] == '$' || text[at] == '`') expansion(text, at);
    }
  }
  pipelines_[document.pipeline][document.command].input->append(text).append("\n");
}

void ShellLexer::operator_at(std::string_view line, std::size_t& at) {
  const char c = line[at];
  const auto next = [&](std::size_t n) { return at + n < line.size() ? line[at + n] : '\0'; };
  if (c == '<' || c == '>') {
    // A number right before it names the descriptor.
    const bool numbered =
        word_ && !word_->quoted && !word_->text.empty() && std::all_of(word_->text.begin(), word_->text.end(), is_digit);
    const bool errors = numbered && word_->text != "1" && word_->text != "0";
    if (numbered) {
      word_.reset();
    } else {
      end_word();
    }
    if (c == '<' && next(1) == '<' && next(2) == '<') {
      role_ = Role::here_string;
      at += 3;
    } else if (c == '<' && next(1) == '<') {
      role_ = next(2) == '-' ? Role::document_tabs : Role::document;
      at += next(2) == '-' ? std::size_t{3} : std::size_t{2};
    } else if (next(1) == '(') {
      refuse("<(…) would be run by a shell, and nothing is run here", at);
      at += 2;
    } else {
      const bool duplicate = next(1) == '&';
      at += duplicate || next(1) == '>' || next(1) == '|' ? std::size_t{2} : std::size_t{1};
      role_ = duplicate || errors ? Role::descriptor : c == '<' ? Role::input_file : Role::output_file;
    }
    return;
  }
  end_word();
  if (role_ != Role::word) {
    refuse("expected a word behind the redirection", at);
    role_ = Role::word;
  }
  if (c == '(' || c == ')') {
    refuse(fmt::format("expected a command, found \"{}\"", c), at, "put it in '…' if it is meant as it is");
    ++at;
    return;
  }
  const bool doubled = next(1) == c;
  if (c == '&' && next(1) == '>') {  // both outputs into a file
    role_ = Role::output_file;
    at += 2;
    return;
  }
  if (new_command_ || new_pipeline_) {
    if (c != ';' || doubled) refuse(fmt::format("expected a command before \"{}\"", line.substr(at, doubled ? 2 : 1)), at);
  }
  if (c == '|' && !doubled) {
    command();
    new_command_ = true;
    ++at;
    if (at < line.size() && line[at] == '&') ++at;
    open_list_ = true;
    return;
  }
  at += doubled ? 2 : 1;
  new_pipeline_ = true;
  open_list_ = doubled && c != ';';
}

void ShellLexer::plain(std::string_view line, std::size_t& at) {
  const char c = line[at];
  if (is_blank(c)) {
    end_word();
    ++at;
    return;
  }
  if (c == '#' && !word_) {
    at = line.size();
    return;
  }
  if (std::string_view("|&;()<>").find(c) != std::string_view::npos) {
    operator_at(line, at);
    return;
  }
  if (c == '\\' && at + 1 == line.size()) {  // XCU §2.2.1: a line goes on
    joined_ = true;
    ++at;
    return;
  }
  if (c == '^' && (at + 1 == line.size() || line[at + 1] == '"')) {
    refuse("this is a command line of Windows (cmd), which has other quotes", at, "copy it in the form for bash");
  }
  begin_word(at);
  const auto open = [&](Mode mode, std::size_t width) {
    mode_ = mode;
    opened_line_ = number_;
    opened_column_ = at + 1;
    word_->quoted = true;
    at += width;
  };
  if (c == '\'') return open(Mode::single_quotes, 1);
  if (c == '"') return open(Mode::double_quotes, 1);
  if (c == '$' && at + 1 < line.size() && line[at + 1] == '\'') return open(Mode::dollar_quotes, 2);
  if (c == '$' && at + 1 < line.size() && line[at + 1] == '"') return open(Mode::double_quotes, 2);
  if (c == '\\') {
    word_->quoted = true;
    word_->text += line[at + 1];
    at += 2;
    return;
  }
  if (c == '$' || c == '`') expansion(line, at);
  word_->text += c;
  ++at;
}

void ShellLexer::end_line() {
  if (!documents_.empty()) {
    mode_ = Mode::document;
  } else if (!open_list_) {
    new_pipeline_ = true;
  }
}

void ShellLexer::feed(std::string_view line, std::uint64_t number) {
  number_ = number;
  size_ += line.size() + 1;
  if (mode_ == Mode::document) return document_line(line);
  joined_ = false;
  for (std::size_t at = 0; at < line.size();) {
    switch (mode_) {
      case Mode::plain:
        plain(line, at);
        break;
      case Mode::single_quotes: {
        const std::size_t end = std::min(line.find('\'', at), line.size());
        word_->text.append(line.substr(at, end - at));
        at = end;
        if (at < line.size()) {
          mode_ = Mode::plain;
          ++at;
        }
        break;
      }
      case Mode::dollar_quotes:
        in_dollar_quotes(line, at);
        break;
      case Mode::double_quotes:
        in_double_quotes(line, at);
        break;
      case Mode::document:
        at = line.size();
        break;
    }
  }
  switch (mode_) {
    case Mode::plain:
      if (joined_) return;
      end_word();
      if (role_ != Role::word) {
        refuse("expected a word behind the redirection", line.size());
        role_ = Role::word;
      }
      end_line();
      break;
    case Mode::single_quotes:
    case Mode::dollar_quotes:
      word_->text += '\n';
      break;
    case Mode::double_quotes:
      if (!joined_) word_->text += '\n';
      break;
    case Mode::document:
      break;
  }
}

stream::Result<std::vector<ShellPipeline>> ShellLexer::take() {
  if (!complete() && !error_) {
    stream::Error error{ErrorCode::truncated, "the input ends in the middle of a command", {}, {}};
    error.place.line = number_;
    if (mode_ == Mode::document) {
      error.message = fmt::format("the input ends in a here-document, before its last line, {}", documents_.front().delimiter);
    } else if (mode_ != Mode::plain) {
      error.message = "the input ends in a quoted text, which begins here";
      error.place.line = opened_line_;
      error.place.column = opened_column_;
    }
    // "curl … \" at the end of a file is whole as far as anybody can tell.
    if (mode_ != Mode::plain || open_list_) error_ = std::move(error);
    end_word();
  }
  std::vector<ShellPipeline> out = std::move(pipelines_);
  auto error = std::move(error_);
  *this = ShellLexer();
  if (error) return stream::fail(std::move(*error));
  return out;
}

std::string shell_quoted(std::string_view bytes) {
  bool plain = stream::is_utf8(bytes);
  for (std::size_t at = 0; plain && at < bytes.size();) {
    const CodePoint point = code_point_at(bytes, at);
    plain = !is_hidden(point.value);
    at += point.size;
  }
  std::string out;
  if (plain) {
    out += '\'';
    for (const char c : bytes) {
      if (c == '\'') {
        out += "'\\''";
      } else {
        out += c;
      }
    }
    return out += '\'';
  }
  out += "$'";
  for (std::size_t at = 0; at < bytes.size();) {
    const CodePoint point = code_point_at(bytes, at);
    const std::string_view octets = bytes.substr(at, point.size);
    at += point.size;
    if (octets == "\n") {
      out += "\\n";
    } else if (octets == "\r") {
      out += "\\r";
    } else if (octets == "\t") {
      out += "\\t";
    } else if (octets == "'" || octets == "\\") {
      out.append("\\").append(octets);
    } else if (!point.valid || is_hidden(point.value) || octets == "!") {
      // "!": bash that is used by hand replaces !… even here.
      for (const char c : octets) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += octets;
    }
  }
  return out += '\'';
}

}  // namespace har::format
