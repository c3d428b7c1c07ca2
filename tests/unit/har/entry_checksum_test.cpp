#include "har/entry_checksum.hpp"

#include <catch2/catch.hpp>
#include <numeric>

#include "merging.hpp"

namespace har::test {

TEST_CASE("the hash is SipHash-2-4 with 128 bits") {
  // From the reference implementation's table of vectors: the key 00 … 0f and the input 00, 01, 02 …
  CHECK(to_string(siphash128("")) == "930255c71472f66de6a825ba047f81a3");
  std::string bytes(63, '\0');
  std::iota(bytes.begin(), bytes.end(), '\0');
  CHECK(to_string(siphash128(bytes.substr(0, 1))) == "45fc229b1159763444af996bd8c187da");
  CHECK(to_string(siphash128(bytes.substr(0, 63))) == "7cbd3f979a063e504a83502f77d15051");
}

TEST_CASE("white space, escapes that need not be, and pageref do not count") {
  CHECK(canonical_entry(R"( { "a" : [ 1 , "x y" ] , "b" : { } } )") == R"({"a":[1,"x y"],"b":{}})");
  CHECK(canonical_entry(R"({"a":"\u00e9\/\u0041\ud83d\ude80\u0022\u000a\b\\u0041"})") == "{\"a\":\"é/A🚀\\\"\\n\\b\\\\u0041\"}");
  CHECK(canonical_entry(R"({"a":"\ud800x\udc00"})") == R"({"a":"\ud800x\udc00"})");
  CHECK(canonical_entry(R"({"a":"\uD800"})") == R"({"a":"\ud800"})");
  CHECK(canonical_entry(R"({"pageref":"p","a":1})") == R"({"a":1})");
  CHECK(canonical_entry(R"({"a":1,"pageref":"p"})") == R"({"a":1})");
  CHECK(canonical_entry(R"({"a":1,"pageref":"p","b":{"pageref":2},"pageref":"q"})") == R"({"a":1,"b":{"pageref":2}})");
  CHECK(canonical_entry(R"({"pageref":"p"})") == "{}");
}

TEST_CASE("what is canonical is what our own writer makes of an entry") {
  for (const std::string_view text : {R"({"a":"\u0000\u001f\u007f\u2028\t"})", R"({"n":[1.50,-0,1e+3],"s":"\"\\"})"}) {
    CHECK(canonical_entry(text) == to_json(*stream::parse_json(text)));
  }
}

TEST_CASE("text that is no JSON has a checksum too") {
  for (const std::string_view text :
       {"", "{", "\"", "{\"a\":\"\\", "{\"a\":\"\\u12", "{\"pageref\"", "{\"pageref\":", "\\u00", "{\"pageref\":1"}) {
    CHECK(entry_checksum(text) == entry_checksum(text));
  }
}

TEST_CASE("a lost, a doubled and a changed entry show, another order does not") {
  const std::vector<std::string> entries{entry(0, "a"), entry(1, "b"), entry(2, "c")};
  const auto sum = [](const std::vector<std::string>& list) {
    EntryChecksum out;
    for (const std::string& one : list) out += entry_checksum(one);
    return out;
  };
  const EntryChecksum all = sum(entries);
  CHECK(sum({entries[2], entries[0], entries[1]}) == all);
  CHECK_FALSE(sum({entries[0], entries[1]}) == all);
  CHECK_FALSE(sum({entries[0], entries[1], entries[2], entries[2]}) == all);
  CHECK_FALSE(sum({entries[0], entries[1], entry(3, "c")}) == all);
  EntryChecksum less = all;
  less -= entry_checksum(entries[1]);
  CHECK(less == sum({entries[0], entries[2]}));
}

TEST_CASE("sums carry over 64 bits, and back") {
  EntryChecksum sum{0, UINT64_MAX, 1};
  sum += {0, 1, 1};
  CHECK(sum == EntryChecksum{1, 0, 2});
  sum -= {0, 1, 1};
  CHECK(sum == EntryChecksum{0, UINT64_MAX, 1});
}

TEST_CASE("a merge that loses, doubles or changes an entry is not accounted for") {
  MergeResult result;
  result.sources.resize(2);
  result.sources[0].checksum = entry_checksum(entry(0, "a"));
  result.sources[1].checksum = entry_checksum(entry(1, "b"));
  result.output_checksum = result.sources[0].checksum;
  CHECK_FALSE(result.accounted_for());
  result.output_checksum += result.sources[1].checksum;
  CHECK(result.accounted_for());
  result.output_checksum += result.sources[1].checksum;
  CHECK_FALSE(result.accounted_for());
  result.output_checksum = result.sources[0].checksum;
  result.output_checksum += entry_checksum(entry(1, "c"));
  CHECK_FALSE(result.accounted_for());
}

}  // namespace har::test
