#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cctype>

#include "common/help.hpp"

namespace tools {
namespace {

/// Text as roff takes it: backslashes, hyphens that are meant as such, and everything beyond ASCII as escapes.
std::string roff(std::string_view text) {
  std::string out;
  bool line_start = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    // A dot or a quote at the start of a line would be a request.
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    line_start = c == '\n';
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else if (c == '\'') {
      out += "\\(aq";
    } else if (c == '`') {
      out += "\\(ga";
    } else if (c == '^') {
      out += "\\(ha";
    } else if (c == '~') {
      out += "\\(ti";
    } else if (byte < 0x80) {
      out += c;
    } else if (byte >= 0xc0) {
      // The texts are our own and valid UTF-8: the first byte says how many follow.
      const std::size_t more = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
      unsigned code = byte & (0x3fU >> more);
      for (std::size_t k = 0; k < more && i + 1 < text.size(); ++k)
        code = code << 6 | (static_cast<unsigned char>(text[++i]) & 0x3fU);
      out += fmt::format("\\[u{:04X}]", code);
    }
  }
  return out;
}

void add_paragraphs(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find("\n\n");
    out += fmt::format("{}\n", roff(text.substr(0, end)));
    if (end == std::string_view::npos) break;
    out += ".PP\n";
    text.remove_prefix(end + 2);
  }
}

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

}  // namespace

std::string man_page(const ToolInfo& info, const CLI::App& app) {
  std::string out = fmt::format(".TH {} 1 \"\" \"hartape {}\" \"User Commands\"\n", upper(roff(info.name)), HARTAPE_VERSION);
  // No hyphenation, flush left only: command lines are to be copied.
  out += ".nh\n.ad l\n";
  out += fmt::format(".SH NAME\n{} \\- {}\n", roff(info.name), roff(info.summary));
  out += fmt::format(".SH SYNOPSIS\n.B {}\n{}\n", roff(info.name), roff(info.usage));
  out += ".SH DESCRIPTION\n";
  add_paragraphs(out, info.description.empty() ? info.summary : info.description);
  out += ".SH OPTIONS\n";
  std::string group;
  for (const OptionText& option : option_texts(app)) {
    if (option.group != group) {
      group = option.group;
      out += fmt::format(".SS {}\n", roff(group));
    }
    std::string names;
    for (const std::string& name : option.names) {
      names += fmt::format("{}\\f{}{}\\fR", names.empty() ? "" : ", ", option.argument ? 'I' : 'B', roff(name));
    }
    if (!option.value.empty()) names += fmt::format(" \\fI{}\\fR", roff(option.value));
    out += fmt::format(".TP\n{}\n{}\n", names, roff(option.description));
  }
  if (!info.examples.empty()) out += ".SH EXAMPLES\n";
  for (const auto& [command, meaning] : info.examples) {
    out += fmt::format(".TP\n\\fB{}\\fR\n{}\n", roff(command), roff(meaning));
  }
  out += ".SH \"EXIT STATUS\"\n";
  add_paragraphs(out, info.exit_status);
  return out;
}

}  // namespace tools
