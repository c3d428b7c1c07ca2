#include "stream/compare/suggest.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "exchanges.hpp"
#include "stream/compare/noise_file.hpp"

using namespace exchanges;
using stream::StreamKind;

namespace {

stream::NoiseSuggestions suggest(StreamKind kind, const std::vector<std::string>& bodies) {
  std::vector<stream::Exchange> runs;
  for (const std::string& body : bodies) runs.push_back(bare(kind, body));
  auto out = suggest_noise(runs);
  REQUIRE(out);
  // The file that is written lets the runs pass, if all that varies is known.
  stream::CompareOptions options;
  const std::string file = write_noise_file(*out);
  INFO(file);
  REQUIRE(read_noise_file(options.values.noise, file, {}));
  bool known = out->others == 0;
  for (const auto& place : out->places) known = known && place.known;
  for (const auto& run : runs) CHECK(compare_exchanges(runs.front(), run, options)->equal() == (known || &run == runs.data()));
  return std::move(*out);
}

std::string told(const stream::NoiseSuggestions& suggestions) {
  std::string out;
  for (const auto& place : suggestions.places) {
    out += (place.known ? "" : "? ") + place.path + ": " + place.what + "\n";
  }
  return out;
}

}  // namespace

TEST_CASE("what varies between runs is told apart by what it is") {
  const auto found = suggest(
      StreamKind::sse, {"id: 1700000001\nevent: a\ndata: "
                        "{\"id\":\"chatcmpl-9aBcD3fgh\",\"created\":1700000001,\"at\":\"2026-01-01T00:00:00Z\",\"n\":3,"
                        "\"u\":\"0b5a1f3e-0000-4000-8000-0123456789ab\",\"h\":\"sha:0123456789abcdef\",\"same\":1}\n\n",
                        "id: 1700000002\nevent: a\ndata: "
                        "{\"id\":\"chatcmpl-xYz12345\",\"created\":1700000002,\"at\":\"2026-01-01T00:00:01.5+01:00\",\"n\":4,"
                        "\"u\":\"11111111-2222-4333-8444-555555555555\",\"h\":\"sha:ffff456789abcdef\",\"same\":1}\n\n"});
  CHECK(told(found) ==
        "@id: times or counters\n/id: ids\n/created: times\n/at: times\n/n: numbers\n/u: UUIDs\n/h: hexadecimal ids\n");
  CHECK(found.places[1].rule.match == "^chatcmpl\\-[0-9A-Za-z_-]{8,}$");
  CHECK(found.places[1].example == "chatcmpl-9aBcD3fgh");
}

TEST_CASE("text that varies is not let pass by itself") {
  const auto found = suggest(StreamKind::ndjson, {"{\"a\":\"Hello\",\"t\":1}\n", "{\"a\":\"World\",\"t\":2}\n"});
  CHECK(told(found) == "? /a: text\n/t: numbers\n");
  CHECK(write_noise_file(found) ==
        "noise: 1\nrules:\n  - type: '/t'\n    why: 'numbers'\n# '/a' varies too: text, such as 'Hello'\n");
  CHECK(told(suggest(StreamKind::ndjson, {"{\"k\":0,\"a\":1}\n", "{\"k\":0,\"a\":\"x\"}\n"})) == "? /a: values\n");
}

TEST_CASE("indexes become stars where all elements vary, and only there") {
  CHECK(told(suggest(StreamKind::ndjson, {R"({"a":[{"i":1,"s":0},{"i":2,"s":0}],"b":[1,2,3],"c":[5]})",
                                          R"({"a":[{"i":3,"s":0},{"i":4,"s":0}],"b":[1,9,3],"c":[6]})"})) ==
        "/a/*/i: numbers\n/b/1: numbers\n/c/0: numbers\n");
}

TEST_CASE("a member whose name is a star stays itself") {
  CHECK(told(suggest(StreamKind::ndjson, {R"({"*":1,"**":1,"x":0})", R"({"*":2,"**":2,"x":0})"})) ==
        "/~2: numbers\n/~2~2: numbers\n");
}

TEST_CASE("differences of structure are counted, and no rule is made of them") {
  const auto found = suggest(StreamKind::ndjson, {"{\"a\":1}\n", "{\"a\":1}\n{\"b\":1}\n"});
  CHECK(found.places.empty());
  CHECK(found.others == 1);
}

TEST_CASE("one run shows nothing that varies") {
  const std::vector runs{bare(StreamKind::ndjson, "{}\n")};
  CHECK_FALSE(stream::suggest_noise(runs));
}
