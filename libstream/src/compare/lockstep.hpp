#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json_text.hpp"
#include "read_ahead.hpp"
#include "stream/compare/json_compare.hpp"
#include "stream/io/limits.hpp"
#include "stream/text/json_tokens.hpp"

namespace stream {

/// Lines that are equal under the rules, though not to the byte.
struct PassedLines {
  std::size_t expected = 0;  ///< bytes
  std::size_t actual = 0;
  std::size_t lines = 0;
  bool operator==(const PassedLines&) const = default;
};

/// Finds JSON lines that are equal by JsonComparer::equal(), without building them: a walk over the tokens of the expected line
/// that follows in the actual one as long as the two are the same, and asks the comparer only about values that are not. All that
/// is passed is JSON, as parse_json() has it. What is not passed may be equal all the same.
class Lockstep {
 public:
  using State = JsonComparer::State;

  /// The comparer outlives it. `root`: the place of a line's value. The rules must all have named something by now, for not all
  /// places are looked at (NoiseMatcher::searching()).
  Lockstep(JsonComparer& json, State root, const Limits& limits);

  /// How many lines both texts begin with that are equal, up to the first that is not known to be, or is the same to the byte.
  /// The texts begin with lines. `tokens`, if there are any, are those of the piece in which `expected` begins at `begin`.
  PassedLines pass(std::string_view expected, std::string_view actual, const LineTokens* tokens = nullptr, std::size_t begin = 0);

  /// How two lines that are not equal differ, if that are values at the same places of objects.
  struct Changes {
    std::size_t changed = 0;
    std::size_t type = 0;
    bool operator==(const Changes&) const = default;
  };
  /// As many differences as JsonComparer::compare() finds between two lines (without line feeds), or nothing where that takes
  /// more than a walk.
  std::optional<Changes> count(std::string_view expected, std::string_view actual);

 private:
  /// An object or array that is open. Offsets are in the expected line; what is at `at` there is at `at + delta` in the other.
  struct Frame {
    bool array = false;
    std::size_t at = 0;
    std::ptrdiff_t delta = 0;
    std::string_view name{};  ///< of the member that is looked at, as written
    std::size_t index = 0;
    std::optional<State> state{};
  };
  struct Line {
    std::string_view expected{};  ///< without its line feed
    std::string_view both{};      ///< from it to the end of the text
    std::string_view actual{};    ///< the same of the other
    const std::uint32_t* token = nullptr;
    const std::uint32_t* end = nullptr;
    std::size_t base = 0;    ///< what tokens count from
    std::size_t differ = 0;  ///< the next byte that differs
    std::ptrdiff_t delta = 0;
  };

  bool find_tokens(Line& line);
  bool walk(Line& line);
  bool close(Line& line, std::size_t end);
  /// They differ at or before `at`: whether that is within something ignored.
  bool leave_out(std::size_t at);
  /// Whether they are strings, and known to differ where no rules apply.
  bool differ_surely(std::string_view expected, std::string_view actual);
  /// Whether values that differ here are differences by themselves.
  bool counts(State leaf);
  bool scalar(Line& line, std::size_t at, std::size_t end);
  void resume(Line& line, std::size_t end, std::size_t end_actual);
  State state_of(std::size_t frame);
  State step(Frame& frame);

  JsonComparer& json_;
  State root_;
  Limits limits_;
  std::size_t max_depth_;
  JsonTextHash hash_;
  JsonTokens finder_;
  std::vector<std::uint32_t> found_;
  std::vector<Frame> frames_;
  std::optional<Changes> changes_{};  ///< where differences are counted
  std::string both_;
  std::string other_;
  std::size_t ignored_ = SIZE_MAX;  ///< the frame that is left out
};

}  // namespace stream
