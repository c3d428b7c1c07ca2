// Any text as a noise file: it is read or refused with a place, and whatever its rules, values are equal to themselves and equal
// values have equal hashes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "stream/compare/json_compare.hpp"
#include "stream/compare/noise_file.hpp"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  stream::NoiseFileOptions options;
  options.source = "noise.yml";
  options.test_set = size % 2 == 0 ? "" : "a";
  options.findings = [](const stream::Finding& finding) { require(finding.place.line > 0); };
  stream::ValueRules rules;
  const auto read = read_noise_file(rules.noise, text, options);
  if (!read) {
    require(!read.error().message.empty() && read.error().place.source == "noise.yml");
    return 0;
  }
  stream::JsonComparer comparer(rules);
  const auto a =
      stream::parse_json(R"({"id":"a1","n":1.5,"t":"2026-01-01T00:00:00Z","user":[{"id":"x"},{"b":null}],"body":{"a":[1,2]}})");
  const auto b =
      stream::parse_json(R"({"id":"b2","n":1.4,"t":"2026-01-01T00:00:01Z","user":[{"id":"y"},{"b":true}],"body":{"a":[1,3]}})");
  require(comparer.equal(*a, *a) && comparer.equal(*b, *b));
  require(!comparer.equal(*a, *b) || comparer.hash(*a) == comparer.hash(*b));
  require(comparer.equal(*a, *b) == comparer.compare(*a, *b).empty());
  return 0;
}
