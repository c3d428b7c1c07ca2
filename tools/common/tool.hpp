#pragma once

#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "stream/io/byte_sink.hpp"
#include "stream/io/byte_source.hpp"
#include "stream/io/finding.hpp"
#include "stream/text/timestamp.hpp"

// Files that declare options include <CLI/CLI.hpp>; the others are compiled twice as fast without it.
namespace CLI {
class App;
class Option;
class ParseError;
}  // namespace CLI

/// What all tools share: option groups that mean one thing everywhere, messages, exit statuses.
namespace tools {

/// Done or yes; a negative answer (they differ, it is not valid); a failure to answer.
inline constexpr int kYes = 0;
inline constexpr int kNo = 1;
inline constexpr int kFailure = 2;

/// "0.1.0".
std::string_view version();

enum class Color { automatic, always, never };

/// Prints to standard error, one message a line, in the shape of the house: `place: error: text`, or `tool: error: text`
/// where there is no place, then `tool: hint: …`. Counts what it printed. Control characters, which would reach a terminal
/// from a file's name or bytes, are shown as \x1b.
class Messages {
 public:
  explicit Messages(std::string tool, std::FILE* out = stderr);

  void error(const stream::Error& error);
  void error(std::string_view text);
  void warning(std::string_view text);  ///< shown with -q too
  void note(std::string_view text);     ///< shown unless -q
  void verbose(std::string_view text);  ///< shown with -v
  void hint(std::string_view text);
  /// One of Level::note is left out with -q. Of each rule a few are shown, and all of them with -v; summary() counts the others.
  void finding(const stream::Finding& finding);
  /// How many findings of which rule were left out because there were so many. Once, at the end.
  void summary();
  /// A sink that prints findings; `this` must outlive it.
  stream::FindingSink findings();

  /// How many errors there were, findings of Level::error among them.
  std::size_t errors() const { return errors_; }
  bool quiet = false;
  int verbosity = 0;
  bool color = false;

 private:
  void line(std::string_view place, std::string_view level, std::string_view text);
  std::string tool_;
  std::FILE* out_;
  std::size_t errors_ = 0;
  std::map<std::string, std::size_t, std::less<>> findings_;  ///< how many there were, by rule
};

/// A tool's name and texts, from which --help, the manual page and the completions are made.
struct ToolInfo {
  std::string name;
  std::string summary;      ///< one line: NAME
  std::string description;  ///< paragraphs, separated by an empty line
  /// Pairs of a command line and what it does. They are run as tests where the files they name are samples.
  std::vector<std::pair<std::string, std::string>> examples;
  std::string exit_status = "0 done, 1 a negative answer, 2 a failure.";
  std::string usage;  ///< what stands behind the name, e.g. "[options] INPUT…"
  /// SIGINT and SIGTERM are left to the tool. Otherwise they, SIGHUP and SIGQUIT delete unfinished outputs, then end it.
  bool handles_signals = false;
};

/// Owns the command line. Declare options on app() before run(). Options of the default group stand first in the help, those
/// of the groups "Input", "Output" and "Common" last; an option that may be repeated takes one value each time. The text
/// of an option starts with a short sentence: -h shows no more of it.
class Tool {
 public:
  explicit Tool(ToolInfo info, std::FILE* out = stdout, std::FILE* err = stderr);
  Tool(const Tool&) = delete;
  Tool& operator=(const Tool&) = delete;
  ~Tool();

  CLI::App& app() { return *app_; }
  const CLI::App& app() const { return *app_; }
  Messages& messages() { return messages_; }
  const ToolInfo& info() const { return info_; }
  /// Whether standard output is to be coloured (--color, NO_COLOR, a terminal).
  bool color_output() const;

  /// Parses the command line and calls `work`; returns the exit status. Handles --help, --version, --print-man,
  /// --print-completion, a wrong usage (message, near option, exit 2), SIGPIPE, an exception that should not have been,
  /// and with -v the peak memory and the time at the end.
  int run(int argc, const char* const* argv, const std::function<int()>& work);

 private:
  int usage_error(const CLI::ParseError& error);
  int print(const std::string& text);

  ToolInfo info_;
  std::unique_ptr<CLI::App> app_;
  std::FILE* out_;
  std::FILE* err_;
  Messages messages_;
  Color color_ = Color::automatic;
};

/// --from, --max-entry, --max-depth, --max-expansion, --decompress: how inputs are read.
struct InputGroup {
  std::optional<std::string> format;
  stream::InputOptions options;
};
void add_input_options(Tool& tool, InputGroup& group);

/// -o, --overwrite, --compress, and with `in_place` -i/--in-place, which implies --overwrite and excludes -o.
struct OutputGroup {
  std::string path = "-";
  stream::OutputOptions options;
  bool in_place = false;
};
enum class InPlace { no, yes };
void add_output_options(Tool& tool, OutputGroup& group, InPlace in_place);

/// -j/--threads; 0 stands for as many as there are processors.
void add_thread_option(Tool& tool, unsigned& threads);

/// A CLI11 validator and conversion for "150ms", "2s" into Nanos, and for "10MiB" into bytes.
CLI::Option* add_duration(CLI::App& app, const std::string& name, std::optional<stream::Nanos>& value,
                          const std::string& description);
CLI::Option* add_size(CLI::App& app, const std::string& name, std::size_t& value, const std::string& description);

/// An option whose value is one of a few words.
CLI::Option* add_choice(CLI::App& app, const std::string& name, std::vector<std::string> words,
                        std::function<void(std::size_t)> choose, const std::string& description);
template <class Value>
CLI::Option* add_choice(CLI::App& app, const std::string& name, Value& value,
                        const std::type_identity_t<std::vector<std::pair<std::string, Value>>>& choices,
                        const std::string& description) {
  std::vector<std::string> words;
  for (const auto& choice : choices) words.push_back(choice.first);
  return add_choice(
      app, name, std::move(words), [&value, choices](std::size_t index) { value = choices[index].second; }, description);
}

/// Prints the error and returns kFailure; a reader that has gone (`| head`) is silent and ends with kYes.
int failed(Tool& tool, const stream::Error& error);

}  // namespace tools
