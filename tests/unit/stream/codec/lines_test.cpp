#include "stream/codec/lines.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "text_cuts.hpp"

using namespace std::string_literals;
using stream::LinesDecoder;
using stream::TextLine;
using Ending = stream::TextLine::Ending;

namespace {

// Lines have no findings; the helper sets a sink.
struct Options : stream::LinesOptions {
  stream::FindingSink findings{};
};

Decoded<TextLine> decode(std::string_view bytes, const Options& options = {}) {
  return decode_every_way<TextLine, LinesDecoder>(options, bytes);
}

}  // namespace

TEST_CASE("lines end with LF or CRLF, and the last one may have no end") {
  const auto decoded = decode("a\r\n\nb\rc\r\r\nlast");
  CHECK(decoded.items == std::vector<TextLine>{{"a", 1, 0, 3, Ending::crlf},
                                               {"", 2, 3, 4, Ending::lf},
                                               {"b\rc\r", 3, 4, 10, Ending::crlf},
                                               {"last", 4, 10, 14, Ending::none}});
}

TEST_CASE("a newline at the end begins no line, and a CR there is text") {
  CHECK(decode("").items.empty());
  CHECK(decode("\n").items == std::vector<TextLine>{{"", 1, 0, 1, Ending::lf}});
  CHECK(decode("a\r").items == std::vector<TextLine>{{"a\r", 1, 0, 2, Ending::none}});
}

TEST_CASE("lines hold any bytes, and other separators do not end them") {
  const auto bytes = "\0\xFF\u2028\u0085\v\f\x1E\n"s;
  CHECK(decode(bytes).items == std::vector<TextLine>{{bytes.substr(0, bytes.size() - 1), 1, 0, bytes.size(), Ending::lf}});
}

TEST_CASE("a line over the limit is refused by name, and stays refused") {
  Options options;
  options.limits.max_entry = 4;
  options.source = "a.txt";
  CHECK(decode("123\n12\r\n1234", options).items.size() == 3);
  const auto decoded = decode("123\n1234\n1\n", options);
  CHECK(decoded.items.size() == 1);
  REQUIRE(decoded.error);
  CHECK(to_string(*decoded.error) == "a.txt:2: a line of more than 4 bytes (--max-entry)");
  CHECK(decoded.error->code == stream::ErrorCode::limit);

  LinesDecoder decoder(options);
  std::vector<TextLine> items;
  CHECK_FALSE(decoder.feed("12345", items));
  CHECK_FALSE(decoder.feed("\n", items));
  CHECK_FALSE(decoder.finish(items));
}
