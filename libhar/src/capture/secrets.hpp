#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace har::capture {

/// The secret values of one exchange, in every form in which they are looked for.
class Secrets {
 public:
  static constexpr std::size_t kShortest = 4;
  static constexpr std::size_t kMost = 256;  ///< values; what is beyond is only replaced in its own place

  /// Values shorter than kShortest, and true, false and null, are not looked for: they stand everywhere.
  void add(std::string_view value);
  bool empty() const { return forms_.empty(); }

  /// The text with all of them replaced: itself where there are none, else `scratch`.
  std::string_view replaced(std::string_view text, std::string& scratch) const;
  /// How many bytes at the end may be the beginning of one.
  std::size_t begun(std::string_view text) const;

 private:
  void add_form(std::string form);

  std::set<std::string, std::less<>> values_;
  std::vector<std::string> forms_;  ///< the longest first
};

/// What "+" and "%XX" stand for.
std::string percent_decoded(std::string_view text);

/// The secrets in bytes that come in pieces.
class SecretFilter {
 public:
  /// What of it is certain by now, with `bytes` behind what was held back.
  std::string_view feed(const Secrets& secrets, std::string_view bytes);
  /// What was held back. `cut`: more would have come; then the beginning of a secret is one.
  std::string_view finish(bool cut);

 private:
  std::string held_;
  std::string out_;
};

}  // namespace har::capture
