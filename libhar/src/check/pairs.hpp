#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Lists of name and value that stand in a HAR twice: once as they were sent (a URL's query, a Cookie header, a form), once
/// taken apart. Writers differ in what they decode, so that only what no decoding explains is a difference.
namespace har::check {

/// Calls `visit(name, value)` for each piece of "a=1&b=2"; a piece without '=' is a name. Empty pieces are passed over.
/// `visit` returns whether to go on.
template <class Visit>
void each_piece(std::string_view text, char separator, Visit visit) {
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(separator, at), text.size());
    const std::string_view piece = text.substr(at, end - at);
    at = end + 1;
    if (piece.empty()) continue;
    const std::size_t equals = piece.find('=');
    const bool none = equals == std::string_view::npos;
    if (!visit(piece.substr(0, equals), none ? std::string_view{} : piece.substr(equals + 1))) return;
  }
}

/// One spelling for all that decode to the same: %XX and '+' decoded until nothing is left to decode. False if the result is
/// not UTF-8: writers then keep it, guess a charset, or put U+FFFD.
bool canonical(std::string_view text, std::string& out);

/// One of a list, in its canonical spelling.
struct Pair {
  std::string name{};
  std::string value{};
  std::size_t index = 0;  ///< in its list
};

/// Whether two spellings may be of the same text. Scratch strings are kept from call to call.
class SameText {
 public:
  bool operator()(std::string_view sent, std::string_view listed);

 private:
  std::string sent_;
  std::string listed_;
};

/// What one list has and the other has not; indexes into the lists as they were.
struct PairDifference {
  std::optional<std::size_t> missing{};  ///< the first of those sent that is not listed
  std::optional<std::size_t> extra{};    ///< the first of those listed that was not sent
};

/// Compares without regard to order; nothing if they are the same.
std::optional<PairDifference> compare_pairs(std::vector<Pair> sent, std::vector<Pair> listed);

}  // namespace har::check
