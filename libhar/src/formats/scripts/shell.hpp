#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/io/error.hpp"

/// Command lines as a POSIX shell takes them apart (XCU §2.2, §2.3, §2.7), with the $'…' of bash. Nothing is run and nothing is
/// expanded: what a shell would replace by something else is an error.
namespace har::format {

struct ShellWord {
  std::string text{};        ///< without its quotes
  std::uint64_t line = 0;    ///< where it begins, from 1
  std::uint64_t column = 0;  ///< in bytes, from 1
  bool quoted = false;       ///< a part of it was
};

struct ShellCommand {
  std::vector<ShellWord> words{};
  std::optional<std::string> input{};      ///< of a here-document or here-string
  std::optional<ShellWord> input_file{};   ///< behind "<"
  std::optional<ShellWord> output_file{};  ///< behind ">", the first
};
/// Commands with "|" between them.
using ShellPipeline = std::vector<ShellCommand>;

/// Takes a script line by line, and knows when what was read is whole.
class ShellLexer {
 public:
  /// `line` is without its line feed.
  void feed(std::string_view line, std::uint64_t number);
  /// Whether nothing is open: no quote, no here-document, no line that goes on. What was read can be taken then.
  bool complete() const { return mode_ == Mode::plain && !joined_ && !open_list_ && documents_.empty(); }
  /// The bytes that are held.
  std::size_t size() const { return size_; }
  /// What was read, or its first error, which has a line and a column; also where it is not complete (`truncated`). The lexer is
  /// as new afterwards.
  stream::Result<std::vector<ShellPipeline>> take();

 private:
  enum class Mode : std::uint8_t { plain, single_quotes, dollar_quotes, double_quotes, document };
  /// What the word that is being read is for.
  enum class Role : std::uint8_t { word, input_file, output_file, descriptor, here_string, document, document_tabs };
  struct Document {
    std::string delimiter{};
    bool expanded = false;  ///< its delimiter was not quoted
    bool tabs = false;      ///< leading ones are removed
    std::size_t pipeline = 0;
    std::size_t command = 0;
  };

  void plain(std::string_view line, std::size_t& at);
  void in_double_quotes(std::string_view line, std::size_t& at);
  void in_dollar_quotes(std::string_view line, std::size_t& at);
  void document_line(std::string_view line);
  void operator_at(std::string_view line, std::size_t& at);
  bool expansion(std::string_view line, std::size_t at);
  void begin_word(std::size_t at);
  void end_word();
  void end_line();
  ShellCommand& command();
  void refuse(std::string message, std::size_t at, std::string hint = {});

  Mode mode_ = Mode::plain;
  Role role_ = Role::word;
  bool joined_ = false;     ///< the line ended with a backslash
  bool open_list_ = false;  ///< a command must follow: behind "|" and "&&"
  std::optional<ShellWord> word_{};
  std::vector<ShellPipeline> pipelines_{};
  bool new_pipeline_ = true;
  bool new_command_ = true;
  std::vector<Document> documents_{};
  std::optional<stream::Error> error_{};
  std::uint64_t number_ = 0;
  std::uint64_t opened_line_ = 0;  ///< where a quote began
  std::uint64_t opened_column_ = 0;
  std::size_t size_ = 0;
};

/// One word of bash that stands for exactly these bytes, whatever they are: in '…', or in $'…' where there are control characters
/// or others that a terminal does not show as they are. No NUL, which no word can hold.
std::string shell_quoted(std::string_view bytes);

}  // namespace har::format
