#include "check/pairs.hpp"

#include <algorithm>
#include <tuple>

#include "check/http_text.hpp"
#include "stream/text/utf8.hpp"

namespace har::check {
namespace {

/// How often something is decoded at most: twice is seen where a URL was put into another.
constexpr int kRounds = 4;

/// Each run of bytes that are not ASCII, or that stand for such, becomes one '?': for text whose charset nobody knows.
void blur(std::string& text) {
  std::size_t end = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = static_cast<unsigned char>(text[i]) < 0x80 ? text[i] : '?';
    if (c == '?' && end > 0 && text[end - 1] == '?') continue;
    text[end++] = c;
  }
  text.resize(end);
}

void blur(std::vector<Pair>& pairs) {
  for (Pair& pair : pairs) {
    blur(pair.name);
    blur(pair.value);
  }
}

bool less(const Pair& a, const Pair& b) { return std::tie(a.name, a.value, a.index) < std::tie(b.name, b.value, b.index); }

/// The first of `some` that `others` has no partner for; both are sorted.
std::optional<std::size_t> first_without(const std::vector<Pair>& some, const std::vector<Pair>& others) {
  std::optional<std::size_t> first;
  auto other = others.begin();
  for (const Pair& pair : some) {
    const auto key = std::tie(pair.name, pair.value);
    while (other != others.end() && std::tie(other->name, other->value) < key) ++other;
    if (other != others.end() && std::tie(other->name, other->value) == key) {
      ++other;
    } else {
      first = std::min(first.value_or(pair.index), pair.index);
    }
  }
  return first;
}

}  // namespace

bool canonical(std::string_view text, std::string& out) {
  out = text;
  for (int round = 0; round < kRounds && percent_decode(out);) ++round;
  return stream::is_utf8(out);
}

bool SameText::operator()(std::string_view sent, std::string_view listed) {
  if (sent == listed) return true;
  const bool utf8 = canonical(sent, sent_) && canonical(listed, listed_);
  if (!utf8) {
    canonical(listed, listed_);
    blur(sent_);
    blur(listed_);
  }
  return sent_ == listed_;
}

std::optional<PairDifference> compare_pairs(std::vector<Pair> sent, std::vector<Pair> listed) {
  std::string text;
  bool utf8 = true;
  for (std::vector<Pair>* list : {&sent, &listed}) {
    for (Pair& pair : *list) {
      for (std::string* part : {&pair.name, &pair.value}) {
        utf8 = canonical(*part, text) && utf8;
        part->swap(text);
      }
      // "flag", "flag=" and "=flag" are the same to some, and not to others.
      if (pair.name.empty()) pair.name.swap(pair.value);
    }
  }
  if (!utf8) {
    blur(sent);
    blur(listed);
  }
  std::sort(sent.begin(), sent.end(), less);
  std::sort(listed.begin(), listed.end(), less);
  const PairDifference difference{first_without(sent, listed), first_without(listed, sent)};
  if (!difference.missing && !difference.extra) return std::nullopt;
  return difference;
}

}  // namespace har::check
