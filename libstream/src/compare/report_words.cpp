#include "report_words.hpp"

#include <algorithm>
#include <cstdint>

#include "report_columns.hpp"
#include "stream/compare/align.hpp"
#include "stream/compare/json_compare.hpp"

namespace stream {
namespace {

constexpr std::size_t kMaxWords = 20'000;
constexpr std::size_t kLongWord = 40;
// Searched for a moment only: this is for the eye.
constexpr AlignLimits kLimits{std::size_t{1} << 20, std::size_t{1} << 18, std::size_t{1} << 18, 256};

bool is_word(unsigned char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

// Latin, Greek, Cyrillic and other letters that make words: two bytes of UTF-8. What has three or more stands by itself.
bool is_two_bytes(unsigned char c) { return c >= 0xc2 && c < 0xe0; }

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = at;
    const auto byte = [&] { return static_cast<unsigned char>(text[at]); };
    if (text[at] == '\\' && at + 1 < text.size()) {  // an escape is one character
      at += 2;
    } else if (text[at] == ' ') {
      while (at < text.size() && text[at] == ' ') ++at;
    } else if (is_word(byte()) || is_two_bytes(byte())) {
      while (at < text.size() && (is_word(byte()) || is_two_bytes(byte()))) at += is_word(byte()) ? 1U : 2U;
      at = std::min(at, text.size());
    } else {
      ++at;
      while (at < text.size() && (byte() & 0xc0U) == 0x80U) ++at;
    }
    out.push_back(text.substr(start, at - start));
  }
  return out;
}

void add(std::vector<Piece>& out, std::string_view text, bool changed) {
  if (text.empty()) return;
  if (!out.empty() && out.back().changed == changed) {
    out.back().text = {out.back().text.data(), out.back().text.size() + text.size()};
  } else {
    out.push_back({text, changed});
  }
}

}  // namespace

std::pair<std::vector<Piece>, std::vector<Piece>> word_diff(std::string_view expected, std::string_view actual) {
  std::pair<std::vector<Piece>, std::vector<Piece>> out;
  auto words_e = words_of(expected);
  auto words_a = words_of(actual);
  // What both begin and end with.
  std::size_t before = 0;
  const std::size_t shorter = std::min(words_e.size(), words_a.size());
  while (before < shorter && words_e[before] == words_a[before]) ++before;
  std::size_t behind = 0;
  while (behind < shorter - before && words_e[words_e.size() - 1 - behind] == words_a[words_a.size() - 1 - behind]) ++behind;
  const std::size_t count_e = words_e.size() - before - behind;
  const std::size_t count_a = words_a.size() - before - behind;
  std::vector<Match> matches;
  if (count_e + count_a <= kMaxWords) {
    const auto hashes = [&](const std::vector<std::string_view>& words, std::size_t count) {
      std::vector<std::uint64_t> hashed(count);
      for (std::size_t i = 0; i < count; ++i) hashed[i] = hash_bytes(words[before + i]);
      return hashed;
    };
    matches = align(hashes(words_e, count_e), hashes(words_a, count_a), kLimits).matches;
    // Where little is the same, marking it would only flicker.
    std::size_t kept = 0;
    std::size_t all = 0;
    for (const Match& match : matches) {
      if (is_word(static_cast<unsigned char>(words_e[before + match.expected].front())))
        kept += words_e[before + match.expected].size();
    }
    for (std::size_t i = 0; i < count_e; ++i) all += words_e[before + i].size();
    if (kept * 4 < all) matches.clear();
  }
  const auto run = [](const std::vector<std::string_view>& words, std::size_t from, std::size_t to) {
    if (from == to) return std::string_view();
    return std::string_view(words[from].data(),
                            static_cast<std::size_t>(words[to - 1].data() - words[from].data()) + words[to - 1].size());
  };
  auto& [side_e, side_a] = out;
  const auto same = [&](std::string_view text_e, std::string_view text_a) {
    add(side_e, text_e, false);
    add(side_a, text_a, false);
  };
  const auto changed = [&](std::string_view text_e, std::string_view text_a) {
    // Of words that are very long, only what differs in them.
    std::size_t head = 0;
    std::size_t tail = 0;
    if (const std::size_t both = std::min(text_e.size(), text_a.size()); both > kLongWord) {
      while (head < both && text_e[head] == text_a[head]) ++head;
      head = character_start(text_e, head);
      while (tail < both - head && text_e[text_e.size() - 1 - tail] == text_a[text_a.size() - 1 - tail]) ++tail;
      while (tail > 0 && (static_cast<unsigned char>(text_e[text_e.size() - tail]) & 0xc0U) == 0x80U) --tail;
    }
    same(text_e.substr(0, head), text_a.substr(0, head));
    add(side_e, text_e.substr(head, text_e.size() - head - tail), true);
    add(side_a, text_a.substr(head, text_a.size() - head - tail), true);
    same(text_e.substr(text_e.size() - tail), text_a.substr(text_a.size() - tail));
  };
  same(run(words_e, 0, before), run(words_a, 0, before));
  std::size_t i = before;
  std::size_t j = before;
  for (const Match& match : matches) {
    const std::size_t at_e = before + match.expected;
    const std::size_t at_a = before + match.actual;
    if (words_e[at_e] != words_a[at_a]) continue;  // fingerprints may be equal by chance
    changed(run(words_e, i, at_e), run(words_a, j, at_a));
    same(words_e[at_e], words_a[at_a]);
    i = at_e + 1;
    j = at_a + 1;
  }
  changed(run(words_e, i, before + count_e), run(words_a, j, before + count_a));
  same(run(words_e, before + count_e, words_e.size()), run(words_a, before + count_a, words_a.size()));
  return out;
}

}  // namespace stream
