#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "har/match/matcher.hpp"
#include "har/match/request.hpp"
#include "stream/compare/json_compare.hpp"

namespace har::match {

enum class BodyKind : std::uint8_t { none, bytes, json, form, multipart };

/// A body as what it is.
struct Body {
  BodyKind kind = BodyKind::none;
  std::uint64_t raw = 0;   ///< of its bytes
  std::uint64_t same = 0;  ///< bodies that count as equal have the same, others another
  std::optional<stream::Json> json{};
  /// form: in one order; multipart: the parts, by their names, with their heads.
  std::vector<std::pair<std::string, std::string>> fields{};
};

/// Reads and compares bodies by what is to be ignored.
class Bodies {
 public:
  static stream::Result<std::unique_ptr<Bodies>> make(const MatchOptions& options);

  Body read(const Request& request);
  /// Sorted hashes of what is in a body, for stream::likeness(); `bytes` are the body's.
  std::vector<std::uint32_t> features(const Body& body, std::string_view bytes);
  /// At most `limit`; none if they count as equal.
  std::vector<Difference> compare(const Body& expected, std::string_view expected_bytes, const Body& actual,
                                  std::string_view actual_bytes, std::size_t limit);

 private:
  Bodies() = default;
  bool ignored(std::string_view name) const;
  void read_form(Body& body, std::string_view bytes);
  bool read_multipart(Body& body, const Request& request);

  bool nothing_ = false;  // bodies are ignored
  stream::ValueRules rules_{};
  std::unique_ptr<stream::JsonComparer> comparer_{};
  std::vector<std::string> names_{};
};

/// At most about 80 bytes of UTF-8, with "…" where something was left out.
std::string shortened(std::string_view text);

}  // namespace har::match
