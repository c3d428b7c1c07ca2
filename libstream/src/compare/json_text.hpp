#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "stream/compare/number.hpp"
#include "stream/text/json.hpp"

/// JSON as it is written, looked at without being built.
namespace stream {

inline constexpr std::size_t kNoEnd = SIZE_MAX;

/// Where the number (RFC 8259 §6) at `at` ends; kNoEnd if it is none. `text` goes on behind it.
std::size_t number_end(std::string_view text, std::size_t at);

/// The same of the string whose opening quote is at `at`, with its closing quote. UTF-8 too is checked.
std::size_t string_end(std::string_view text, std::size_t at);

/// What the hashes of JSON values begin with.
inline constexpr std::uint64_t kKindSeed = 0x51ed270b;
inline std::uint64_t kind_seed(Json::Kind kind) { return kKindSeed + static_cast<std::uint64_t>(kind); }
/// `scratch` is written over.
std::uint64_t hash_number(std::string_view text, NumberRule rule, std::string& scratch);

/// Hashes JSON texts as JsonComparer::hash() does values to which no rules apply.
class JsonTextHash {
 public:
  JsonTextHash(NumberRule numbers, std::size_t max_depth) : numbers_(numbers), max_depth_(max_depth) {}

  /// Nothing if it is no JSON, or is written in a way that this does not know: then it must be parsed.
  std::optional<std::uint64_t> hash(std::string_view text);

 private:
  void skip_space();
  bool take(char c);
  bool value(std::uint64_t& out, std::size_t depth);
  bool object(std::uint64_t& out, std::size_t depth);
  bool array(std::uint64_t& out, std::size_t depth);
  bool word(std::string_view word, std::uint64_t hash, std::uint64_t& out);
  bool string(std::uint64_t seed, std::uint64_t& out);
  bool escape();

  NumberRule numbers_;
  std::size_t max_depth_;
  std::string_view text_;
  std::size_t at_ = 0;
  std::string scratch_;
};

}  // namespace stream
