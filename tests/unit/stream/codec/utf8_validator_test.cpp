#include "stream/codec/utf8_validator.hpp"

#include <catch2/catch.hpp>

#include "stream/text/utf8.hpp"

using stream::Utf8Validator;

namespace {

/// The position of the first bad byte, fed in two parts; the size if the end is missing, npos if all is well.
std::size_t check(std::string_view bytes, std::size_t cut) {
  Utf8Validator validator;
  std::size_t bad = validator.feed(bytes.substr(0, cut));
  if (bad != std::string_view::npos) return bad;
  bad = validator.feed(bytes.substr(cut));
  if (bad != std::string_view::npos) return cut + bad;
  return validator.complete() ? std::string_view::npos : bytes.size();
}

}  // namespace

TEST_CASE("the first bad byte is found wherever the text is cut") {
  struct Row {
    std::string bytes;
    std::size_t bad;
  };
  const auto row = GENERATE(values<Row>({
      {"", std::string::npos},
      {"plain", std::string::npos},
      {"\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5", std::string::npos},
      {"\xF4\x8F\xBF\xBF \xED\x9F\xBF \xEE\x80\x80", std::string::npos},
      {"a\x80", 1},
      {"a\xC0\xAF", 1},
      {"a\xC1\xBF", 1},
      {"a\xE0\x9F\xBF", 2},
      {"a\xED\xA0\x80", 2},
      {"a\xF0\x8F\xBF\xBF", 2},
      {"a\xF4\x90\x80\x80", 2},
      {"a\xF5\x80", 1},
      {"a\xFF", 1},
      {"a\xE2\x82z", 3},
      {"a\xE2\x82", 3},
      {"a\xF0\x9F\x98", 4},
  }));
  // With text in front and behind, so that the vectorised check runs too.
  for (const std::size_t padding : {0U, 7U, 64U, 100U}) {
    const std::string bytes = std::string(padding, '.') + row.bytes;
    const std::size_t bad = row.bad == std::string::npos ? row.bad : row.bad + padding;
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
      INFO(row.bytes << " padding " << padding << " cut " << cut);
      CHECK(check(bytes, cut) == bad);
    }
  }
}

TEST_CASE("every code point is taken, and every surrogate refused, byte by byte") {
  for (std::uint32_t code = 0x80; code <= 0x110000; code += code < 0x11000 ? 1 : 13) {
    std::string bytes;
    if (code < 0x110000 && (code < 0xD800 || code > 0xDFFF)) {
      stream::append_utf8(bytes, code);
      Utf8Validator validator;
      bool well = true;
      for (std::size_t i = 0; i < bytes.size(); ++i) {
        well = well && validator.feed(std::string_view(bytes).substr(i, 1)) == std::string_view::npos;
        well = well && validator.complete() == (i + 1 == bytes.size());
      }
      if (!well) FAIL("U+" << std::hex << code);
    } else if (code <= 0xDFFF) {
      bytes = {'\xED', static_cast<char>(0x80U | ((code >> 6U) & 0x3FU)), static_cast<char>(0x80U | (code & 0x3FU))};
      if (check(bytes, 1) != 1) FAIL("U+" << std::hex << code);
    }
  }
}

TEST_CASE("what the incremental check says of any three bytes is what the whole check says") {
  const std::string bytes = "\x00\x7F\x80\x8F\x90\x9F\xA0\xBF\xC0\xC1\xC2\xDF\xE0\xE1\xEC\xED\xEE\xEF\xF0\xF1\xF3\xF4\xF5\xFF";
  for (const char a : bytes) {
    for (const char b : bytes) {
      for (const char c : bytes) {
        for (const char d : bytes) {
          const std::string text = {a, b, c, d};
          if ((check(text, 2) == std::string::npos) != stream::is_utf8(text)) FAIL("differs");
        }
      }
    }
  }
}
