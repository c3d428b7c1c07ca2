#include "stream/text/json_tokens.hpp"

#include "stream/text/json.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <random>

using stream::JsonTokens;

namespace {

struct Tokens {
  std::vector<std::size_t> at;
  bool bad = false;
  std::optional<std::size_t> surrogate;
  bool operator==(const Tokens&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Tokens& tokens) {
  for (const std::size_t at : tokens.at) out << at << ' ';
  out << (tokens.bad ? "bad" : "good");
  if (tokens.surrogate) out << " surrogate " << *tokens.surrogate;
  return out;
}

/// The text in memory of its own, `shift` bytes from where an allocation begins: a sanitizer sees what is read beyond it.
class Placed {
 public:
  explicit Placed(std::string_view text, std::size_t shift = 0)
      : bytes_(std::make_unique<std::vector<char>>(shift + text.size())), shift_(shift) {
    std::copy(text.begin(), text.end(), bytes_->begin() + static_cast<std::ptrdiff_t>(shift));
  }
  std::string_view text() const { return std::string_view(bytes_->data(), bytes_->size()).substr(shift_); }

 private:
  std::unique_ptr<std::vector<char>> bytes_;
  std::size_t shift_;
};

Tokens tokens_of(JsonTokens& reader, std::string_view text) {
  Tokens out;
  reader.start(text);
  for (;;) {
    const std::size_t seen = reader.peek();
    const std::size_t at = reader.next();
    if (seen != at) FAIL("peek() saw another token than next() gave");
    if (at == JsonTokens::kEnd) break;
    out.at.push_back(at);
  }
  if (reader.next() != JsonTokens::kEnd) FAIL("a token behind the end");
  out.bad = reader.bad_string();
  out.surrogate = reader.lone_surrogate();
  return out;
}

Tokens tokens_of(std::string_view text) {
  JsonTokens reader;
  return tokens_of(reader, text);
}

int hex4(std::string_view text) {
  if (text.size() < 4) return -1;
  int value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const std::size_t digit = std::string_view("0123456789abcdef").find(static_cast<char>(std::tolower(text[i])));
    if (digit == std::string_view::npos) return -1;
    value = value * 16 + static_cast<int>(digit);
  }
  return value;
}

/// The same one byte after another. Behind a bad string only `bad` is promised.
Tokens reference(std::string_view text) {
  Tokens out;
  std::optional<std::size_t> high;
  const auto lone = [&](std::size_t at) {
    if (!out.surrogate) out.surrogate = at;
  };
  bool in_scalar = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c != '"') {
      const bool structural = std::string_view("{}[]:,").find(c) != std::string_view::npos;
      const bool space = std::string_view(" \n\r\t").find(c) != std::string_view::npos;
      if (structural || (!space && !in_scalar)) out.at.push_back(i);
      in_scalar = !structural && !space;
      continue;
    }
    in_scalar = false;
    out.at.push_back(i);
    bool closed = false;
    while (++i < text.size()) {
      if (text[i] == '"') {
        closed = true;
        break;
      }
      if (static_cast<unsigned char>(text[i]) < 0x20) out.bad = true;
      if (text[i] != '\\') continue;
      if (++i == text.size()) break;
      if (std::string_view("\"\\/bfnrtu").find(text[i]) == std::string_view::npos) out.bad = true;
      if (text[i] != 'u') continue;
      const int unit = hex4(text.substr(i + 1));
      if (unit < 0) {
        out.bad = true;
        continue;
      }
      const bool low = unit >= 0xDC00 && unit < 0xE000;
      const bool pair = low && high && *high + 6 == i;
      if (high && !pair) lone(*high);
      if (low && !pair) lone(i);
      high = unit >= 0xD800 && unit < 0xDC00 ? std::optional(i) : std::nullopt;
    }
    if (!closed) out.bad = true;
  }
  if (high) lone(*high);
  return out;
}

/// What is promised: all tokens of a text without backslashes outside of its strings, whose strings are good.
void check_same(std::string_view text, std::size_t shift = 0) {
  const Placed placed(text, shift);
  const Tokens found = tokens_of(placed.text());
  const Tokens expected = reference(text);
  CAPTURE(text, shift);
  if (expected.bad) {
    CHECK(found.bad);
  } else {
    CHECK(found == expected);
  }
}

std::string random_text(std::mt19937& random, std::size_t size) {
  static constexpr std::string_view kOutside[] = {"{",  "}",  "[", "]",      ":",    ",", " ",   "\n",
                                                  "\t", "\r", "1", "-2.5e3", "true", "x", "null"};
  static constexpr std::string_view kInside[] = {"a",
                                                 "{",
                                                 "]",
                                                 ",",
                                                 ":",
                                                 " ",
                                                 "\\\"",
                                                 "\\\\",
                                                 "\\n",
                                                 "\\/",
                                                 "\\u00e9",
                                                 "\\ud83d\\ude00",
                                                 "\\ud83d",
                                                 "\\ude00",
                                                 "u",
                                                 "\xc3\xa9",
                                                 "plain text that is longer"};
  std::string text;
  bool inside = false;
  while (text.size() < size) {
    if (random() % 6 == 0) {
      text += '"';
      inside = !inside;
    } else {
      text += inside ? kInside[random() % std::size(kInside)] : kOutside[random() % std::size(kOutside)];
    }
  }
  if (inside) text += '"';
  return text;
}

/// As DecodedCounts has it, byte by byte.
stream::DecodedCounts counts_of(std::string_view text) {
  stream::DecodedCounts counts;
  counts.bytes = text.size();
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool begins = (byte & 0xC0U) != 0x80;
    counts.characters += begins ? 1 : 0;
    counts.utf16 += (begins ? 1U : 0U) + (byte >= 0xF0 ? 1U : 0U);
    counts.replaced += text.substr(i).starts_with("\xef\xbf\xbd") ? 1U : 0U;
  }
  return counts;
}

}  // namespace

TEST_CASE("tokens are brackets, colons, commas, and where strings and other scalars begin") {
  const std::string_view text = R"( {"a" : [1,-2.5 ,true],"b":"c,d"} )";
  std::string first;
  for (const std::size_t at : tokens_of(text).at) first += text[at];
  CHECK(first == R"({":[1,-,t],":"})");
  CHECK(tokens_of("").at.empty());
  CHECK(tokens_of(" \n\t\r ").at.empty());
  CHECK(tokens_of("12 34").at == std::vector<std::size_t>{0, 3});
}

TEST_CASE("a string or word that stands against another one is a token of its own") {
  CHECK(tokens_of(R"("a""b")").at == std::vector<std::size_t>{0, 3});
  CHECK(tokens_of(R"("a"b)").at == std::vector<std::size_t>{0, 3});
  CHECK(tokens_of(R"(b"a")").at == std::vector<std::size_t>{0, 1});
  CHECK(tokens_of(R"([1"a"2])").at == std::vector<std::size_t>{0, 1, 2, 5, 6});
}

TEST_CASE("tokens are the same as one byte after another finds them, at every offset in a block and wherever the text is cut") {
  const std::string entry =
      R"({"url":"https://a.example/\"x\\","list":[1,2.5e-3,{"deep":[[],{}]},null,true],"smile":"\ud83d\ude00 \u00e9","end":"\\\\\\"} )";
  for (std::size_t shift = 0; shift < 70; ++shift) check_same(std::string(shift, ' ') + entry, shift % 7);
  for (std::size_t size = 0; size <= entry.size(); ++size) check_same(std::string_view(entry).substr(0, size), size % 5);
}

TEST_CASE("runs of backslashes escape what follows them over the edges of blocks") {
  for (std::size_t before = 0; before < 130; ++before) {
    for (std::size_t run = 0; run < 9; ++run) {
      check_same("[\"" + std::string(before, 'x') + std::string(run, '\\') + "\" , 1 ,\"" + std::string(60, 'y') + "\"]");
    }
  }
  for (std::size_t run = 50; run < 200; ++run) check_same("[\"" + std::string(run, '\\') + "n\", 7]");
}

TEST_CASE("random texts have the tokens that a reader of one byte after another finds") {
  std::mt19937 random(7);
  JsonTokens reader;  // one reader for all: nothing of a text may be left over
  for (int round = 0; round < 4000; ++round) {
    const std::string text = random_text(random, random() % 600);
    const Tokens expected = reference(text);
    const Placed placed(text, random() % 64);
    CAPTURE(round, text);
    const Tokens found = tokens_of(reader, placed.text());
    if (expected.bad) {
      REQUIRE(found.bad);
    } else {
      REQUIRE(found == expected);
    }
  }
}

TEST_CASE("more tokens than fit into the window come one window after another") {
  std::string text = "[";
  for (int i = 0; i < 20'000; ++i) text += i % 3 == 0 ? "{}," : i % 3 == 1 ? "[1,2]," : "\"s\",";
  text += "0]";
  check_same(text);
  check_same(std::string(100'000, '['));
  check_same(std::string(10'000, ' ') + "1" + std::string(10'000, ' ') + "2");
}

TEST_CASE("a string is bad for a control character, an escape that JSON does not have, or a missing end, wherever it stands") {
  for (std::size_t before = 0; before < 130; ++before) {
    const std::string fill(before, 'x');
    const auto bad = [&](const std::string& inside) { return tokens_of("[\"" + fill + inside + "\"]").bad; };
    CAPTURE(before);
    CHECK_FALSE(bad(""));
    CHECK_FALSE(bad("\\u12aF"));
    CHECK_FALSE(bad("\x7f\xc3\xa9"));
    for (int c = 0; c < 0x20; ++c) CHECK(bad(std::string(1, static_cast<char>(c))));
    CHECK(bad("\\u12a"));
    CHECK(bad("\\u12ag"));
    CHECK(bad("\\u"));
    CHECK(tokens_of("[\"" + fill).bad);
    CHECK(tokens_of("[\"" + fill + "\\\"").bad);
    CHECK(tokens_of("[\"" + fill + "\\u00e").bad);
  }
  for (int c = 0; c < 256; ++c) {
    const bool known = c != 0 && std::string_view("\"\\/bfnrt").find(static_cast<char>(c)) != std::string_view::npos;
    CAPTURE(c);
    CHECK(tokens_of("\"\\" + std::string(1, static_cast<char>(c)) + "1234\"").bad == !(known || c == 'u'));
  }
}

TEST_CASE("control characters outside of strings make no bad string") {
  CHECK_FALSE(tokens_of("[1,\n\t\"a\"\r\n]").bad);
  CHECK_FALSE(tokens_of(std::string_view("[\0]", 3)).bad);
}

TEST_CASE("half a surrogate pair is found, and the first one is named") {
  const auto lone = [](std::string_view text) { return tokens_of(text).surrogate; };
  CHECK_FALSE(lone(R"("\ud83d\ude00")"));
  CHECK_FALSE(lone(R"("\ud7ff\ue000")"));
  CHECK(lone(R"("\ud83d")") == 2);
  CHECK(lone(R"("\ude00")") == 2);
  CHECK(lone(R"("\ude00\ud83d")") == 2);
  CHECK(lone(R"("\ud83d\ud83d\ude00")") == 2);
  CHECK(lone(R"("\ud83dx\ude00")") == 2);
  CHECK(lone(R"("\ud83d\n\ude00")") == 2);
  CHECK(lone(R"("\ud83d\ude00\ude00")") == 14);
  CHECK(lone(R"(["\ud83d","\ude00"])") == 3);
  CHECK_FALSE(lone(R"("\\ud83d")"));
  for (std::size_t before = 0; before < 130; ++before) {
    const std::string text = "\"" + std::string(before, 'x') + "\\uD83D\\uDE00\\uDE01\"";
    CAPTURE(before);
    CHECK(lone(text) == before + 14);
  }
}

TEST_CASE("a bad string is found again with its place and words for it") {
  const auto bad = [](std::string_view text) {
    const auto found = stream::find_bad_string(text);
    return found ? std::to_string(found->at) + ": " + std::string(found->what) : "none";
  };
  CHECK(bad(R"({"a":"b\n"})") == "none");
  CHECK(bad("[\"a\tb\"]") == "3: a control character in a string, which must be escaped");
  CHECK(bad(R"(["a\x"])") == "3: an escape that JSON does not have");
  CHECK(bad(R"(["a\u12x4"])") == "3: \\u without four hexadecimal digits");
  CHECK(bad(R"(["a\u12)") == "3: \\u without four hexadecimal digits");
  CHECK(bad(R"(["a)") == "3: the string is not closed");
  CHECK(bad(R"(["a\)") == "4: the string is not closed");
}

TEST_CASE("whatever the tokens call bad is found again, and nothing else") {
  std::mt19937 random(11);
  for (int round = 0; round < 4000; ++round) {
    std::string text = random_text(random, 1 + random() % 200);
    text[random() % text.size()] = "\"\\u\x01gx"[random() % 6];
    if (reference(text).bad != stream::find_bad_string(text).has_value())
      FAIL("the reference and find_bad_string differ: " << text);
    // A backslash outside of strings is for the grammar to refuse; what is behind it need not be the same.
    bool inside = false;
    bool stray = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '"') inside = !inside;
      if (text[i] == '\\' && !inside) stray = true;
      if (text[i] == '\\' && inside) ++i;
    }
    if (stray) continue;
    CAPTURE(round, text);
    REQUIRE(tokens_of(text).bad == stream::find_bad_string(text).has_value());
  }
}

TEST_CASE("the decoded length of a string is that of its characters in UTF-8") {
  CHECK(stream::decoded_length("") == 0);
  CHECK(stream::decoded_length("plain") == 5);
  CHECK(stream::decoded_length(R"(a\n\"\\\/b)") == 6);
  CHECK(stream::decoded_length(R"(\u0000\u007f\u0080\u07ff\u0800\uffff)") == 1 + 1 + 2 + 2 + 3 + 3);
  CHECK(stream::decoded_length(R"(\ud83d\ude00)") == 4);
  CHECK(stream::decoded_length(R"(\ud83d\ude00\ud83d\ude00)") == 8);
  CHECK(stream::decoded_length(R"(\ud83d)") == 3);
  CHECK(stream::decoded_length(R"(\ude00\ud83d)") == 6);
  CHECK(stream::decoded_length(R"(\ud83d\ud83d\ude00)") == 7);
  CHECK(stream::decoded_length("\xf0\x9f\x98\x80") == 4);

  std::mt19937 random(5);
  static constexpr std::string_view kParts[] = {
      "a",           "\\n",      "\\\\", "\\\"", "\\u0041",          "\\u00e9",      "\\u20ac", "\\ud83d\\ude00",
      "\\\\u0041",   "\xc3\xa9", "u",    "0041", "\xf0\x9f\x98\x80", "\xef\xbf\xbd", "\\ufffd", "\xef\xbf\xbe",
      "\xe2\x82\xac"};
  for (int round = 0; round < 4000; ++round) {
    std::string inner;
    for (std::size_t parts = random() % 60; parts > 0; --parts) inner += kParts[random() % std::size(kParts)];
    const Placed placed(inner, random() % 64);
    CAPTURE(round, inner);
    const std::string decoded = stream::parse_json("\"" + inner + "\"")->as_string();
    REQUIRE(stream::decoded_length(placed.text()) == decoded.size());
    REQUIRE(stream::decoded_counts(placed.text()) == counts_of(decoded));
  }
}

TEST_CASE("half a surrogate pair is a character that was replaced, and a whole one is two units of UTF-16") {
  using stream::DecodedCounts;
  CHECK(stream::decoded_counts("") == DecodedCounts{});
  CHECK(stream::decoded_counts(R"(\ud83d\ude00)") == DecodedCounts{4, 1, 2, 0});
  CHECK(stream::decoded_counts(R"(\ud83d)") == DecodedCounts{3, 1, 1, 1});
  CHECK(stream::decoded_counts(R"(\ude00\ud83d)") == DecodedCounts{6, 2, 2, 2});
  CHECK(stream::decoded_counts(R"(\ud83d\ud83d\ude00)") == DecodedCounts{7, 2, 3, 1});
}

TEST_CASE("characters count the same wherever they stand in a block") {
  for (std::size_t before = 0; before < 200; ++before) {
    const std::string fill(before, 'x');
    CAPTURE(before);
    for (const std::string part : {"\xef\xbf\xbd", "\xf0\x9f\x98\x80", "\xc3\xa9"}) {
      CHECK(stream::decoded_counts(fill + part) == counts_of(fill + part));
      CHECK(stream::decoded_counts(fill + part + "\\n") == counts_of(fill + part + "\n"));
    }
  }
}

TEST_CASE("an escape counts the same wherever it stands in a block") {
  for (std::size_t before = 0; before < 200; ++before) {
    const std::string fill(before, 'x');
    CAPTURE(before);
    CHECK(stream::decoded_length(fill + "\\n") == before + 1);
    CHECK(stream::decoded_length(fill + "\\\\") == before + 1);
    CHECK(stream::decoded_length(fill + "\\u00e9y") == before + 3);
    CHECK(stream::decoded_length(fill + "\\ud83d\\ude00y") == before + 5);
    CHECK(stream::decoded_length(fill + "\\\\u00e9") == before + 6);
  }
}

TEST_CASE("base64's alphabet is its 64 characters and the equals sign, at every length and place") {
  const auto is_one = [](int c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/' || c == '=';
  };
  CHECK(stream::is_base64_alphabet(""));
  for (int c = 0; c < 256; ++c) {
    CAPTURE(c);
    CHECK(stream::is_base64_alphabet(std::string(1, static_cast<char>(c))) == is_one(c));
    CHECK(stream::is_base64_alphabet(std::string(300, static_cast<char>(c))) == is_one(c));
  }
  const std::string all = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
  for (std::size_t size = 1; size < 200; ++size) {
    std::string text;
    while (text.size() < size) text += all;
    text.resize(size);
    const Placed good(text, size % 9);
    if (!stream::is_base64_alphabet(good.text())) FAIL("refused at length " << size);
    for (std::size_t at = 0; at < size; ++at) {
      for (const char wrong : {'-', '_', '\\', '\n', '\xff', '\x80', '@', '[', '`', '{', ':', '.', '*'}) {
        std::string broken = text;
        broken[at] = wrong;
        const Placed placed(broken, at % 9);
        if (stream::is_base64_alphabet(placed.text())) FAIL("took " << static_cast<int>(wrong) << " at " << at << " of " << size);
      }
    }
  }
}
