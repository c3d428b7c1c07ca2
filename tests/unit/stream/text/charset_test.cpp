#include <catch2/catch.hpp>

#include "stream/text/charset.hpp"
#include "stream/text/utf8.hpp"

using namespace stream;

namespace {

std::string octets(std::initializer_list<int> list) {
  std::string out;
  for (const int octet : list) out += static_cast<char>(octet);
  return out;
}

std::vector<Charset> all_charsets() {
  std::vector<Charset> out;
  for (std::size_t i = 0; i < kCharsets; ++i) out.push_back(static_cast<Charset>(i));
  return out;
}

struct Vector {
  Charset charset;
  std::string octets;
  std::string utf8;
};

/// Some words of each.
const std::vector<Vector>& vectors() {
  static const std::vector<Vector> kAll{
      {Charset::utf_8, "gr\xC3\xBC\xC3\x9F", "grüß"},
      {Charset::ibm866, octets({0xAF, 0xE0, 0xA8, 0xA2, 0xA5, 0xE2}), "привет"},
      {Charset::iso_8859_2, octets({0xB3, 0xF3, 0x64, 0xBC}), "łódź"},
      {Charset::iso_8859_3, octets({0x61, 0xFE, 0x69}), "aŝi"},
      {Charset::iso_8859_4, octets({0xB9, 0xBA, 0xF1}), "šēņ"},
      {Charset::iso_8859_5, octets({0xDF, 0xE0, 0xD8, 0xD2, 0xD5, 0xE2}), "привет"},
      {Charset::iso_8859_6, octets({0xE5, 0xD1, 0xCD, 0xC8, 0xC7}), "مرحبا"},
      {Charset::iso_8859_7, octets({0xE3, 0xE5, 0xE9, 0xE1}), "γεια"},
      {Charset::iso_8859_8, octets({0xF9, 0xEC, 0xE5, 0xED}), "שלום"},
      {Charset::iso_8859_8_i, octets({0xF9, 0xEC, 0xE5, 0xED}), "שלום"},
      {Charset::iso_8859_10, octets({0xFE, 0xE6}), "þæ"},
      {Charset::iso_8859_13, octets({0xE0, 0xE8, 0xF0}), "ąčš"},
      {Charset::iso_8859_14, octets({0xF0, 0xFE}), "ŵŷ"},
      {Charset::iso_8859_15, octets({0xA4, 0xBD}), "€œ"},
      {Charset::iso_8859_16, octets({0xBA, 0xFE}), "șț"},
      {Charset::koi8_r, octets({0xD0, 0xD2, 0xC9, 0xD7, 0xC5, 0xD4}), "привет"},
      {Charset::koi8_u, octets({0xA7, 0xA4}), "їє"},
      {Charset::macintosh, octets({0x8E, 0xCA}), "é\xC2\xA0"},
      {Charset::windows_874, octets({0xCA, 0xC7, 0xD1, 0xCA}), "สวัส"},
      {Charset::windows_1250, octets({0x9C, 0xBF}), "śż"},
      {Charset::windows_1251, octets({0xEF, 0xF0, 0xE8, 0xE2, 0xE5, 0xF2}), "привет"},
      {Charset::windows_1252, octets({0x67, 0x72, 0xFC, 0xDF, 0x80, 0x93}), "grüß€“"},
      {Charset::windows_1253, octets({0xE3, 0xE5, 0xE9, 0xE1}), "γεια"},
      {Charset::windows_1254, octets({0xFE, 0xF0, 0xFD}), "şğı"},
      {Charset::windows_1255, octets({0xF9, 0xEC, 0xE5, 0xED}), "שלום"},
      {Charset::windows_1256, octets({0xE3, 0xD1, 0xCD, 0xC8, 0xC7}), "مرحبا"},
      {Charset::windows_1257, octets({0xE0, 0xE8, 0xF0}), "ąčš"},
      {Charset::windows_1258, octets({0xFD, 0xF5}), "ươ"},
      {Charset::x_mac_cyrillic, octets({0xEF, 0xF0}), "пр"},
      {Charset::gbk, octets({0xC4, 0xE3, 0xBA, 0xC3, 0x20, 0x81, 0x40}), "你好 丂"},
      {Charset::gb18030, octets({0xC4, 0xE3, 0x81, 0x30, 0x81, 0x30, 0x94, 0x39, 0xFC, 0x36}), "你\xC2\x80\xF0\x9F\x98\x80"},
      {Charset::big5, octets({0xA7, 0x41, 0xA6, 0x6E}), "你好"},
      {Charset::euc_jp, octets({0xC6, 0xFC, 0xCB, 0xDC, 0x8E, 0xB1}), "日本ｱ"},
      {Charset::iso_2022_jp, octets({0x61, 0x1B, 0x24, 0x42, 0x46, 0x7C, 0x4B, 0x5C, 0x1B, 0x28, 0x42}), "a日本"},
      {Charset::shift_jis, octets({0x93, 0xFA, 0x96, 0x7B, 0x83, 0x5C, 0xB1, 0x87, 0x40}), "日本ソｱ①"},
      {Charset::euc_kr, octets({0xC7, 0xD1, 0xB1, 0xDB, 0x81, 0x41}), "한글갂"},
      {Charset::utf_16be, octets({0x00, 0x61, 0x65, 0xE5, 0xD8, 0x3D, 0xDE, 0x00}), "a日\xF0\x9F\x98\x80"},
      {Charset::utf_16le, octets({0x61, 0x00, 0xE5, 0x65, 0x3D, 0xD8, 0x00, 0xDE}), "a日\xF0\x9F\x98\x80"},
  };
  return kAll;
}

/// Whether octets are a text, and come back as they were.
bool comes_back(Charset charset, std::string_view bytes) {
  const auto utf8 = decode_charset(charset, bytes);
  if (!utf8) return false;
  CHECK(is_utf8(*utf8));
  const auto again = encode_charset(charset, *utf8);
  if (again && *again != bytes) CHECK(decode_charset(charset, *again) == *utf8);  // another form of the same
  return again == bytes;
}

}  // namespace

TEST_CASE("a text of each charset is decoded, and encoded to the same octets") {
  REQUIRE(vectors().size() == kCharsets);
  for (const Vector& vector : vectors()) {
    INFO(to_string(vector.charset));
    CHECK(decode_charset(vector.charset, vector.octets) == vector.utf8);
    CHECK(encode_charset(vector.charset, vector.utf8) == vector.octets);
  }
}

TEST_CASE("charsets are known by the labels of the Encoding Standard, in any case and with blanks around") {
  const std::pair<std::string_view, Charset> labels[] = {
      {"utf8", Charset::utf_8},
      {"ISO-8859-1", Charset::windows_1252},
      {"latin1", Charset::windows_1252},
      {"US-ASCII", Charset::windows_1252},
      {"ansi_x3.4-1968", Charset::windows_1252},
      {"iso-8859-9", Charset::windows_1254},
      {"TIS-620", Charset::windows_874},
      {"gb2312", Charset::gbk},
      {"GB18030", Charset::gb18030},
      {"Big5-HKSCS", Charset::big5},
      {"x-sjis", Charset::shift_jis},
      {"Windows-31J", Charset::shift_jis},
      {"ks_c_5601-1987", Charset::euc_kr},
      {"unicode", Charset::utf_16le},
      {" utf-16\n", Charset::utf_16le},
      {"866", Charset::ibm866},
      {"x-x-big5", Charset::big5},
      {"sun_eu_greek", Charset::iso_8859_7},
  };
  for (const auto& [label, charset] : labels) {
    INFO(label);
    CHECK(charset_by_label(label) == charset);
  }
  for (const char* unknown : {"", " ", "utf-7", "hz-gb-2312", "iso-2022-kr", "x-user-defined", "ebcdic", "latin",
                              "a-label-that-is-longer-than-any-of-the-standard"}) {
    INFO(unknown);
    CHECK_FALSE(charset_by_label(unknown));
  }
  for (const Charset charset : all_charsets()) CHECK(charset_by_label(to_string(charset)) == charset);
}

TEST_CASE("the charset of a media type is its parameter, with or without quotes") {
  CHECK(charset_parameter("text/html; charset=Shift_JIS") == "Shift_JIS");
  CHECK(charset_parameter("text/html;a=b; CHARSET = \"latin1\" ;c") == "latin1");
  CHECK(charset_parameter("text/html; charset='x'") == "x");
  CHECK(charset_parameter("text/html").empty());
  CHECK(charset_parameter("text/html; charset").empty());
  CHECK(charset_parameter("text/html; xcharset=utf-8; charsets=a").empty());
  CHECK(charset_parameter("charset=utf-8").empty());
}

TEST_CASE("windows-1252 has a character for each octet, the five that Windows leaves free are controls") {
  for (int i = 0; i < 256; ++i) {
    INFO(i);
    CHECK(comes_back(Charset::windows_1252, octets({i})));
  }
  CHECK(decode_charset(Charset::windows_1252, octets({0x81, 0x8D, 0x8F, 0x90, 0x9D})) ==
        "\xC2\x81\xC2\x8D\xC2\x8F\xC2\x90\xC2\x9D");
  // U+0080 has no octet: 0x80 is the euro.
  CHECK_FALSE(encode_charset(Charset::windows_1252, "\xC2\x80"));
  CHECK_FALSE(encode_charset(Charset::windows_1252, "日"));
  CHECK_FALSE(encode_charset(Charset::windows_1252, "\xF0\x9F\x98\x80"));
}

TEST_CASE("ASCII has itself as its octets, but in UTF-16, and with the escapes of ISO-2022-JP") {
  std::string ascii;
  for (int i = 0; i < 128; ++i) ascii += static_cast<char>(i);
  CHECK(is_ascii(ascii));
  CHECK_FALSE(is_ascii(ascii + "\x80"));
  CHECK_FALSE(is_ascii("\xC3" + ascii));
  for (const Charset charset : all_charsets()) {
    INFO(to_string(charset));
    if (!is_ascii_compatible(charset)) continue;
    CHECK(decode_charset(charset, ascii) == ascii);
    CHECK(encode_charset(charset, ascii) == ascii);
    // The converter says the same as the short way.
    const auto longer = encode_charset(charset, ascii + "\xC2\xA0");
    if (longer) CHECK(longer->starts_with(ascii));
  }
  CHECK(encode_charset(Charset::utf_16le, "ab") == octets({0x61, 0, 0x62, 0}));
}

TEST_CASE("what is no text of a charset is refused: holes, lone surrogates, cut characters") {
  CHECK_FALSE(decode_charset(Charset::windows_1253, octets({0xD2})));
  CHECK_FALSE(decode_charset(Charset::iso_8859_3, octets({0xA5})));
  for (const bool big : {false, true}) {
    const Charset charset = big ? Charset::utf_16be : Charset::utf_16le;
    const auto unit = [&](int value) { return big ? octets({value >> 8, value & 255}) : octets({value & 255, value >> 8}); };
    CHECK_FALSE(decode_charset(charset, "a"));
    CHECK_FALSE(decode_charset(charset, unit(0xD83D)));
    CHECK_FALSE(decode_charset(charset, unit(0xDE00)));
    CHECK_FALSE(decode_charset(charset, unit(0xDE00) + unit(0xD83D)));
    CHECK_FALSE(decode_charset(charset, unit(0xD83D) + unit('a')));
    CHECK_FALSE(decode_charset(charset, unit(0xD83D) + unit(0xD83D) + unit(0xDE00)));
    CHECK(decode_charset(charset, unit(0xFEFF) + unit('a')) ==
          "\xEF\xBB\xBF"
          "a");
    CHECK(encode_charset(charset,
                         "\xEF\xBB\xBF"
                         "a") == unit(0xFEFF) + unit('a'));
  }
  for (const char* control : {"\x0E", "\x0F", "日\x1B$B"}) CHECK_FALSE(encode_charset(Charset::iso_2022_jp, control));
  for (const Charset charset : all_charsets()) {
    INFO(to_string(charset));
    CHECK_FALSE(encode_charset(charset, "\xFF"));          // no UTF-8
    CHECK_FALSE(encode_charset(charset, "\xED\xA0\xBD"));  // half a surrogate pair
    // Tags, which converters leave out.
    if (const auto tags = encode_charset(charset, "a\xF3\xA0\x81\xA1"))
      CHECK(decode_charset(charset, *tags) == "a\xF3\xA0\x81\xA1");
  }
}

TEST_CASE("each octet of each charset comes back, or is refused") {
  for (const Charset charset : all_charsets()) {
    INFO(to_string(charset));
    int back = 0;
    for (int i = 0; i < 256; ++i) {
      const std::string one = octets({i});
      const auto utf8 = decode_charset(charset, one);
      if (utf8 && is_ascii_compatible(charset)) CHECK((i >= 0x80 || *utf8 == one));
      back += comes_back(charset, one) ? 1 : 0;
    }
    if (is_ascii_compatible(charset)) CHECK(back >= 128);
  }
}

TEST_CASE("each pair of octets of the East Asian charsets comes back, is another form of a character, or is refused") {
  const std::pair<Charset, int> least_of[] = {{Charset::shift_jis, 9000}, {Charset::euc_jp, 6800}, {Charset::euc_kr, 8800},
                                              {Charset::big5, 13000},     {Charset::gbk, 21000},   {Charset::gb18030, 21000}};
  for (const auto& [charset, least] : least_of) {
    INFO(to_string(charset));
    int back = 0;
    for (int first = 0x80; first < 256; ++first) {
      for (int second = 0; second < 256; ++second) back += comes_back(charset, octets({first, second})) ? 1 : 0;
    }
    CHECK(back >= least);
  }
}

TEST_CASE("a text that is cut anywhere decodes to the beginning of the text, or is refused") {
  for (const Vector& vector : vectors()) {
    INFO(to_string(vector.charset));
    for (std::size_t cut = 0; cut <= vector.octets.size(); ++cut) {
      const auto utf8 = decode_charset(vector.charset, std::string_view(vector.octets).substr(0, cut));
      if (!utf8) continue;
      CHECK(is_utf8(*utf8));
      if (cut == vector.octets.size()) CHECK(*utf8 == vector.utf8);
    }
    for (std::size_t cut = 0; cut <= vector.utf8.size(); ++cut) {
      const auto made = encode_charset(vector.charset, std::string_view(vector.utf8).substr(0, cut));
      CHECK(made.has_value() <= is_utf8(std::string_view(vector.utf8).substr(0, cut)));
    }
  }
}

TEST_CASE("long texts go through as short ones do") {
  for (const Vector& vector : vectors()) {
    INFO(to_string(vector.charset));
    std::string octets;
    std::string utf8;
    while (octets.size() < 100'000) {
      octets += vector.octets;
      utf8 += vector.utf8;
    }
    CHECK((decode_charset(vector.charset, octets) == utf8));
    const auto made = encode_charset(vector.charset, utf8);
    REQUIRE(made);
    CHECK((decode_charset(vector.charset, *made) == utf8));
  }
}
