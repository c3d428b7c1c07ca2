#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/tool.hpp"

/// The texts that are made from a tool's declarations.
namespace tools {

/// One option or argument, as people read it.
struct OptionText {
  std::vector<std::string> names;    ///< "-o", "--output"; of an argument its name, with "…" if there may be several
  std::string value;                 ///< "FILE", "auto|always|never"; empty for a flag or an argument
  std::vector<std::string> choices;  ///< the words that the value may be, if they are few
  std::string description;           ///< ends with the default, where there is one
  std::string group;
  bool argument = false;
};

/// What is not hidden: arguments first, then groups in the order in which they are shown.
std::vector<OptionText> option_texts(const CLI::App& app);

std::string long_help(const ToolInfo& info, const CLI::App& app);
std::string short_help(const ToolInfo& info, const CLI::App& app);

/// A manual page in the macros of man(7), in ASCII.
std::string man_page(const ToolInfo& info, const CLI::App& app);
/// A script for bash that completes the tool's options and their words, and file names.
std::string bash_completion(const ToolInfo& info, const CLI::App& app);

/// The option that was meant: one that begins so, or differs by a letter or two.
std::optional<std::string> near_option(std::string_view unknown, const CLI::App& app);

}  // namespace tools
