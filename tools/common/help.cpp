#include "common/help.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>

#include "stream/text/near.hpp"

namespace tools {
namespace {

constexpr std::size_t kWidth = 80;
constexpr std::size_t kTextColumn = 26;

/// Columns of a terminal, near enough: code points.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) { return (byte & 0xc0) != 0x80; }));
}

/// Appends `text` in lines of at most kWidth; the first goes on at column `at`, the others start at `indent`.
void wrap(std::string& out, std::string_view text, std::size_t indent, std::size_t at) {
  bool first = true;
  while (!text.empty()) {
    const std::size_t end = text.find_first_of(" \n");
    const std::string_view word = text.substr(0, end);
    if (!word.empty()) {
      if (!first && at + 1 + width(word) > kWidth) {
        out += '\n';
        out.append(indent, ' ');
        at = indent;
      } else if (!first && at > indent) {
        out += ' ';
        ++at;
      }
      out += word;
      at += width(word);
      first = false;
    }
    if (end == std::string_view::npos) break;
    if (text[end] == '\n') {
      out += '\n';
      out.append(indent, ' ');
      at = indent;
    }
    text.remove_prefix(end + 1);
  }
  out += '\n';
}

void add_paragraphs(std::string& out, std::string_view text, std::size_t indent) {
  while (!text.empty()) {
    const std::size_t end = text.find("\n\n");
    out.append(indent, ' ');
    std::string paragraph(text.substr(0, end));
    std::replace(paragraph.begin(), paragraph.end(), '\n', ' ');
    wrap(out, paragraph, indent, indent);
    if (end == std::string_view::npos) break;
    out += '\n';
    text.remove_prefix(end + 2);
  }
}

std::string_view first_sentence(std::string_view text) {
  for (const std::string_view end : {". ", "; ", ": ", "\n"}) text = text.substr(0, text.find(end));
  if (text.ends_with('.')) text.remove_suffix(1);
  return text;
}

std::string label(const OptionText& option) {
  // A long name without a short one stands below the other long ones.
  std::string text = option.argument || option.names.front().starts_with("--") == false ? "" : "    ";
  text += fmt::format("{}", fmt::join(option.names, ", "));
  if (!option.value.empty()) text += ' ' + option.value;
  return text;
}

std::string options_help(const CLI::App& app, bool brief) {
  std::string out;
  std::string group;
  for (const OptionText& option : option_texts(app)) {
    if (option.argument && brief) continue;
    if (option.group != group) {
      group = option.group;
      out += fmt::format("\n{}:\n", group);
    }
    const std::string left = "  " + label(option);
    out += left;
    std::size_t at = width(left);
    if (at + 2 > kTextColumn) {
      out += '\n';
      at = 0;
    }
    out.append(kTextColumn - at, ' ');
    wrap(out, brief ? first_sentence(option.description) : option.description, kTextColumn, kTextColumn);
  }
  return out;
}

/// What CLI11 calls a value's type, for people: its own names are those of C++, and checks add theirs after a colon.
void describe_value(const CLI::Option& option, OptionText& text) {
  const std::string type = option.get_type_name();
  const std::size_t colon = type.find(':');
  std::string base = type.substr(0, colon);
  const std::string check = colon == std::string::npos ? "" : type.substr(colon + 1);
  if (const std::size_t open = check.find('{'); open != std::string::npos) {
    std::string_view words = std::string_view(check).substr(open + 1);
    words = words.substr(0, words.find('}'));
    while (!words.empty()) {
      const std::string_view word = words.substr(0, words.find(','));
      text.choices.emplace_back(word.substr(0, word.find("->")));  // a transformer gives "name->value"
      words.remove_prefix(std::min(word.size() + 1, words.size()));
    }
  }
  if (base.empty() || base == "TEXT" || base == "ENUM") {
    const bool plain =
        !check.empty() && std::all_of(check.begin(), check.end(), [](char letter) { return letter >= 'A' && letter <= 'Z'; });
    base = !text.choices.empty() ? fmt::format("{}", fmt::join(text.choices, "|")) : plain ? check : "TEXT";
  } else if (base == "INT" || base == "UINT" || base == "FLOAT") {
    base = "N";
  }
  text.value = std::move(base);
}

std::size_t rank(const OptionText& option) {
  if (option.argument) return 0;
  constexpr std::array<std::string_view, 3> kLast{"Input", "Output", "Common"};
  const auto found = std::find(kLast.begin(), kLast.end(), option.group);
  if (found != kLast.end()) return 3 + static_cast<std::size_t>(found - kLast.begin());
  return option.group == "Options" ? 1 : 2;
}

}  // namespace

std::vector<OptionText> option_texts(const CLI::App& app) {
  std::vector<OptionText> texts;
  std::vector<std::string> groups;  // those of the tool's own, in the order of their first option
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;
    OptionText text;
    text.description = option->get_description();
    text.group = option->get_group();
    if (option->nonpositional()) {
      for (const std::string& name : option->get_snames()) text.names.push_back("-" + name);
      for (const std::string& name : option->get_lnames()) text.names.push_back("--" + name);
      if (option->get_expected_max() != 0) describe_value(*option, text);
      if (!option->get_default_str().empty()) text.description += fmt::format(" (default: {})", option->get_default_str());
    } else {
      text.argument = true;
      text.group = "Arguments";
      text.names.push_back(option->get_name(true) + (option->get_items_expected_max() > 1 ? "…" : ""));
    }
    if (std::find(groups.begin(), groups.end(), text.group) == groups.end()) groups.push_back(text.group);
    texts.push_back(std::move(text));
  }
  std::stable_sort(texts.begin(), texts.end(), [&](const OptionText& a, const OptionText& b) {
    const auto key = [&](const OptionText& text) {
      return std::pair(rank(text), std::find(groups.begin(), groups.end(), text.group) - groups.begin());
    };
    return key(a) < key(b);
  });
  return texts;
}

std::string long_help(const ToolInfo& info, const CLI::App& app) {
  std::string out = fmt::format("{}: {}\n\nUsage: {} {}\n", info.name, info.summary, info.name, info.usage);
  if (!info.description.empty()) {
    out += '\n';
    add_paragraphs(out, info.description, 0);
  }
  out += options_help(app, false);
  if (!info.examples.empty()) out += "\nExamples:\n";
  for (const auto& [command, meaning] : info.examples) {
    out += fmt::format("  {}\n", command);
    add_paragraphs(out, meaning, 6);
  }
  out += "\nExit status:\n";
  add_paragraphs(out, info.exit_status, 2);
  return out;
}

std::string short_help(const ToolInfo& info, const CLI::App& app) {
  return fmt::format("Usage: {} {}\n{}\n'{} --help' says more, with examples.\n", info.name, info.usage, options_help(app, true),
                     info.name);
}

std::optional<std::string> near_option(std::string_view unknown, const CLI::App& app) {
  const auto bare = [](std::string_view name) {
    name.remove_prefix(std::min(name.find_first_not_of('-'), name.size()));
    return name.substr(0, name.find('='));
  };
  const std::vector<OptionText> texts = option_texts(app);
  std::vector<std::string_view> names;
  std::vector<std::string_view> words;
  for (const OptionText& option : texts) {
    if (option.argument) continue;
    for (const std::string& name : option.names) {
      names.push_back(name);
      words.push_back(bare(name));
    }
  }
  const auto near = stream::near_word(bare(unknown), words);
  if (!near) return std::nullopt;
  return std::string(names[static_cast<std::size_t>(std::find(words.begin(), words.end(), *near) - words.begin())]);
}

}  // namespace tools
