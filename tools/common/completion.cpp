#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>

#include "common/help.hpp"

namespace tools {
namespace {

/// A shell word; the words are our own names, so that nothing has to be escaped but the quote.
std::string quoted(const std::vector<std::string>& words) { return fmt::format("'{}'", fmt::join(words, " ")); }

}  // namespace

std::string bash_completion(const ToolInfo& info, const CLI::App& app) {
  std::string function = "_hartape_" + info.name;
  std::replace(function.begin(), function.end(), '-', '_');
  std::vector<std::string> names;
  std::string cases;
  for (const OptionText& option : option_texts(app)) {
    if (option.argument) continue;
    names.insert(names.end(), option.names.begin(), option.names.end());
    if (option.value.empty()) continue;
    std::string action = "compopt +o default";  // a number, a time, a pattern: nothing that could be known
    if (!option.choices.empty()) {
      action = fmt::format("COMPREPLY=($(compgen -W {} -- \"$word\"))", quoted(option.choices));
    } else if (option.value.find("FILE") != std::string::npos || option.value.find("DIR") != std::string::npos) {
      action = ":";  // left to bash, which completes file names
    }
    cases += fmt::format("    {}) {}; return ;;\n", fmt::join(option.names, " | "), action);
  }
  return fmt::format(
      "# Completion of {} for bash.\n"
      "{}() {{\n"
      "  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}}\n"
      "  COMPREPLY=()\n"
      "  # --option=word comes as three words.\n"
      "  if [[ $word == = ]]; then\n"
      "    word=\n"
      "  elif [[ $before == = ]]; then\n"
      "    before=${{COMP_WORDS[COMP_CWORD - 2]}}\n"
      "  fi\n"
      "  case $before in\n"
      "{}"
      "  esac\n"
      "  if [[ $word == -* ]]; then\n"
      "    COMPREPLY=($(compgen -W {} -- \"$word\"))\n"
      "  fi\n"
      "}}\n"
      "complete -o default -F {} {}\n",
      info.name, function, cases, quoted(names), function, info.name);
}

}  // namespace tools
