#include "har/merge.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "merging.hpp"
#include "stream/text/json.hpp"

namespace har::test {
namespace {

using stream::Json;
using namespace std::chrono_literals;

Json parsed(const std::string& text) {
  auto json = stream::parse_json(text);
  REQUIRE(json);
  return std::move(*json);
}

}  // namespace

TEST_CASE("entries of several inputs stand in the order of time, equal times in that of the inputs") {
  const std::string a = har_of({entry(0, "a0"), entry(10, "a1"), entry(30, "a2"), entry(30, "a3")});
  const std::string b = har_of({entry(10, "b0"), entry(20, "b1"), entry(30, "b2")});
  const std::string c = har_of({entry(5, "c0"), entry(10, "c1")});
  for (const Way way : kWays) {
    CHECK(order_of(merge_texts({{a}, {b}, {c}}, {}, way).text) == "a0 c0 a1 b0 c1 b1 a2 a3 b2");
    CHECK(order_of(merge_texts({{c}, {b}, {a}}, {}, way).text) == "a0 c0 c1 b0 a1 b1 b2 a2 a3");
  }
}

TEST_CASE("whatever order inputs are in, the merge is a stable sort of them, and the same in every way") {
  std::mt19937 random(7);
  for (int round = 0; round < 60; ++round) {
    struct Expected {
      int time;
      std::string name;
    };
    std::vector<Expected> expected;
    std::vector<Text> texts;
    const std::size_t inputs = 1 + random() % 4;
    for (std::size_t i = 0; i < inputs; ++i) {
      std::vector<std::string> entries;
      const std::size_t count = random() % 40;
      for (std::size_t n = 0; n < count; ++n) {
        // From sorted over nearly sorted to random, with many that are equal.
        const int spread = round % 3 == 0 ? 0 : round % 3 == 1 ? 5 : 100;
        const int time = static_cast<int>(n) * 2 + static_cast<int>(random() % static_cast<unsigned>(spread + 1));
        const std::string name = fmt::format("{}.{}", i, n);
        entries.push_back(entry(time, name, fmt::format(R"(,"_fill":"{}")", std::string(random() % 300, 'x'))));
        expected.push_back({time, name});
      }
      texts.push_back({har_of(entries)});
    }
    std::stable_sort(expected.begin(), expected.end(), [](const Expected& a, const Expected& b) { return a.time < b.time; });
    std::string order;
    for (const Expected& one : expected) order += (order.empty() ? "" : " ") + one.name;

    std::optional<std::string> first;
    for (const Way way : kWays) {
      for (const std::chrono::nanoseconds window : {0ns, std::chrono::nanoseconds(4ms), std::chrono::nanoseconds(10s)}) {
        for (const std::size_t memory : {std::size_t{1}, std::size_t{2000}, std::size_t{4} << 20}) {
          MergeOptions options;
          options.window = window;
          options.memory = memory;
          options.checksum = true;
          options.provenance = "test";
          const Merged merged = merge_texts(texts, options, way);
          REQUIRE(merged.result);
          CHECK(order_of(merged.text) == order);
          CHECK(merged.result->accounted_for());
          if (!first) first = merged.text;
          CHECK(merged.text == *first);
        }
      }
    }
  }
}

TEST_CASE("an entry that needs no change is copied byte for byte") {
  const std::string odd = "{ \"startedDateTime\" :\t\"2026-11-22T09:00:00Z\", \"n\": 1.50e+1, \"u\": \"\\u00e9\\/\" }";
  const Merged merged = merge_texts({{har_of({odd})}, {har_of({entry(1, "b")})}});
  CHECK(merged.text.find(odd) != std::string::npos);
}

TEST_CASE("an entry without a readable time stays behind the one before it, and is said") {
  const std::string none = R"({"request":{"url":"http://x/none"}})";
  const std::string bad = R"({"startedDateTime":"yesterday","request":{"url":"http://x/bad"}})";
  for (const Way way : kWays) {
    const Merged merged =
        merge_texts({{har_of({entry(10, "a0"), none, bad, entry(30, "a1")})}, {har_of({none, entry(20, "b0")})}}, {}, way);
    CHECK(order_of(merged.text) == "none a0 none bad b0 a1");
    CHECK(merged.findings == std::vector<std::string>{"merge-no-time", "merge-no-time"});
  }
}

TEST_CASE("the time is found wherever it stands in an entry, and only there") {
  const std::string deep =
      R"({"_x":{"startedDateTime":"2020-01-01T00:00:00Z"},"request":{"url":"http://x/deep"},"startedDateTime":")" + moment(20) +
      R"(","timings":{"startedDateTime":"2020-01-01T00:00:00Z"}})";
  const std::string last =
      R"({"_y":"\"startedDateTime\":\"2020-01-01T00:00:00Z\"","request":{"url":"http://x/last"},"startedDateTime":")" +
      moment(30) + R"("})";
  const std::string far = R"({"startedDateTime":")" + moment(40) + R"(","request":{"url":"http://x/far"},"_z":")" +
                          std::string(10'000, 'z') + R"("})";
  CHECK(order_of(merge_texts({{har_of({far})}, {har_of({last})}, {har_of({deep})}}).text) == "deep last far");
}

TEST_CASE("every cut of an input gives its whole entries, and is said") {
  const std::string whole = har_of({entry(0, "a0"), entry(20, "a1"), entry(40, "a2")});
  const std::string other = har_of({entry(10, "b0")});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::string cut = whole.substr(0, size);
    for (const Way way : kWays) {
      MergeOptions options;
      options.checksum = true;
      const Merged merged = merge_texts({{cut}, {other}}, options, way);
      REQUIRE(merged.result);
      CHECK(merged.result->lost());
      CHECK(merged.errors.size() == 1);
      CHECK(merged.result->accounted_for());
      const std::string a = cut.find("a2") != std::string::npos && size > whole.size() - 4 ? " a2" : "";
      const std::string order = order_of(merged.text);
      CHECK(order == (merged.result->sources[0].entries == 0   ? "b0"
                      : merged.result->sources[0].entries == 1 ? "a0 b0"
                      : merged.result->sources[0].entries == 2 ? "a0 b0 a1"
                                                               : "a0 b0 a1 a2"));
      CHECK(stream::parse_json(merged.text));
    }
  }
}

TEST_CASE("an entry that ends with the wrong bracket is lost alone") {
  const std::string wrong = R"({"startedDateTime":"2026-11-22T09:00:00Z","request":{"url":"http://x/wrong"}])";
  for (const Way way : kWays) {
    for (const std::string_view to : {"har", "harl", "recording"}) {
      MergeOptions options;
      options.checksum = true;
      options.to = find_format(to);
      const Merged merged =
          merge_texts({{har_of({entry(0, "a0"), wrong, entry(20, "a1")})}, {har_of({entry(10, "b0")})}}, options, way);
      REQUIRE(merged.result);
      CHECK(merged.result->lost());
      CHECK(merged.errors == std::vector<std::string>{"expected '}' at the end of entry 1, found ']'"});
      CHECK(order_of(merged.text) == "a0 b0 a1");
      CHECK(merged.result->accounted_for());
    }
  }
}

TEST_CASE("nothing is finished if nothing could be read") {
  const Merged merged = merge_texts({{"{\"log\":"}, {""}});
  REQUIRE(merged.result);
  CHECK_FALSE(merged.result->finished);
  CHECK(merged.errors.size() == 2);
}

TEST_CASE("a second page of an id gets another, and entries refer to the page of their input") {
  const auto page = [](std::string_view id, std::string_view title, int start) {
    return fmt::format(R"({{"startedDateTime":"{}","id":"{}","title":"{}","pageTimings":{{}}}})", moment(start), id, title);
  };
  const auto of = [](std::string_view ref) { return fmt::format(R"(,"pageref":"{}")", ref); };
  const auto refs = [](const std::string& text) {
    std::string out;
    const Json json = parsed(text);
    for (const Json& one : json["log"]["entries"].as_array()) {
      const std::string url(one["request"]["url"].string_or(""));
      out += fmt::format("{}{}:{}", out.empty() ? "" : " ", url.substr(url.rfind('/') + 1), one["pageref"].string_or("none"));
    }
    for (const Json& one : json["log"]["pages"].as_array())
      out += fmt::format(" {}={}", one["title"].string_or(""), one["id"].string_or(""));
    return out;
  };
  const auto pages = [](const std::string& list) { return R"("pages":[)" + list + "],"; };
  const auto late = [](const std::string& list) { return R"(,"pages":[)" + list + "]"; };

  for (const Way way : kWays) {
    SECTION(fmt::format("before and behind the entries {}", static_cast<int>(way))) {
      const std::string a = har_of({entry(0, "a0", of("p")), entry(10, "a1")}, pages(page("p", "A", 5)));
      const std::string before = har_of({entry(5, "b0", of("p"))}, pages(page("p", "B", 0)));
      const std::string behind = har_of({entry(5, "b0", of("p"))}, "", late(page("p", "B", 0)));
      CHECK(refs(merge_texts({{a}, {before}}, {}, way).text) == "a0:p b0:p-2 a1:none B=p-2 A=p");
      CHECK(refs(merge_texts({{a}, {behind}}, {}, way).text) == "a0:p b0:p-2 a1:none B=p-2 A=p");
      CHECK(refs(merge_texts({{behind}, {a}}, {}, way).text) == "a0:p-2 b0:p a1:none B=p A=p-2");
    }
    SECTION(fmt::format("a name that is taken is not given {}", static_cast<int>(way))) {
      const std::string a =
          har_of({entry(0, "a0", of("p")), entry(1, "a1", of("p-2"))}, pages(page("p", "A", 0) + "," + page("p-2", "A2", 0)));
      const std::string b = har_of({entry(5, "b0", of("p"))}, pages(page("p", "B", 0)));
      CHECK(refs(merge_texts({{a}, {b}}, {}, way).text) == "a0:p a1:p-2 b0:p-2-2 A=p A2=p-2 B=p-2-2");
    }
    SECTION(fmt::format("a reference to no page never means one of another input {}", static_cast<int>(way))) {
      const std::string a = har_of({entry(0, "a0", of("q"))}, pages(page("p", "A", 0)));
      const std::string b = har_of({entry(5, "b0", of("p"))}, pages(page("q", "B", 0)));
      CHECK(refs(merge_texts({{a}, {b}}, {}, way).text) == "a0:q-1 b0:p-2 A=p B=q");
      const std::string none = har_of({entry(5, "c0", of("z"))});
      CHECK(refs(merge_texts({{a}, {none}}, {}, way).text) == "a0:q c0:z A=p");
    }
    SECTION(fmt::format("duplicates are one page {}", static_cast<int>(way))) {
      MergeOptions options;
      options.dedupe = true;
      const std::string a = har_of({entry(0, "a0", of("p"))}, pages(page("p", "A", 0)));
      const std::string b = har_of({entry(0, "a0", of("p")), entry(5, "b0", of("p"))}, pages(page("p", "A", 0)));
      const std::string c = har_of({entry(7, "c0", of("p"))}, pages(page("p", "C", 0)));
      CHECK(refs(merge_texts({{a}, {b}, {c}}, options, way).text) == "a0:p b0:p c0:p-3 A=p C=p-3");
      CHECK(refs(merge_texts({{a}, {c}, {c}}, options, way).text) == "a0:p c0:p-2 A=p C=p-2");
    }
  }
}

TEST_CASE("the log is that of the inputs, and says where the entries are from") {
  MergeOptions options;
  options.provenance = "harmerge 1";
  const std::string a = har_of({entry(0, "a0")}, R"("comment":"first","_x":1,)");
  const std::string b = R"({"log":{"version":"1.3","creator":{"name":"u","version":"2"},"_x":2,"entries":[)" + entry(1, "b0") +
                        "," + entry(2, "b1") + R"(],"browser":{"name":"B","version":"3"}},"_side":true})";
  for (const Way way : kWays) {
    const Merged merged = merge_texts({{a}, {b}}, options, way);
    const Json json = parsed(merged.text);
    CHECK(json["log"]["version"] == Json("1.3"));
    CHECK(json["log"]["creator"]["name"] == Json("t"));
    CHECK(json["log"]["browser"]["name"] == Json("B"));
    CHECK(json["log"]["_x"] == Json(1));
    CHECK(json["_side"] == Json(true));
    CHECK(json["log"]["comment"] == Json("first\nmerged by harmerge 1 from a.har (1 entry), b.har (2 entries, by u 2)"));
    CHECK(merged.findings == std::vector<std::string>{"log-members"});
  }
  options.provenance.clear();
  CHECK(parsed(merge_texts({{a}, {a}}, options).text)["log"]["comment"] == Json("first"));
}

TEST_CASE("duplicates are entries of the same time and content; the first stays") {
  MergeOptions options;
  options.dedupe = true;
  options.checksum = true;
  const std::string one = entry(10, "same");
  const std::string spaced = "{ " + one.substr(1);
  const std::string renamed = one.substr(0, one.size() - 1) + R"(,"pageref":"p"})";
  const std::string other = entry(10, "same", R"(,"_x":1)");
  for (const Way way : kWays) {
    const Merged merged =
        merge_texts({{har_of({one, other, entry(11, "same")})}, {har_of({spaced, renamed, one})}}, options, way);
    REQUIRE(merged.result);
    CHECK(merged.result->removed == 3);
    CHECK(merged.result->removed_checksum.entries == 3);
    CHECK(merged.result->written == 3);
    CHECK(merged.result->accounted_for());
    CHECK(order_of(merged.text) == "same same same");
  }
}

TEST_CASE("an input can be moved in time") {
  MergeOptions options;
  options.checksum = true;
  const std::string a = har_of({entry(0, "a0"), entry(1000, "a1")});
  const std::string b = har_of({entry(500, "b0"), entry(1500, "b1")});
  for (const Way way : kWays) {
    const Merged merged = merge_texts({{a}, {b, -600ms}}, options, way);
    REQUIRE(merged.result);
    CHECK(order_of(merged.text) == "b0 a0 b1 a1");
    CHECK(merged.text.find("2026-11-22T08:59:59.900Z") != std::string::npos);
    CHECK(merged.result->accounted_for());
  }
}

TEST_CASE("recordings are merged by event, on one clock, and their ids are unique") {
  const std::string a = R"({"recording":1,"start":"2026-11-22T09:00:00Z"}
{"ev":"request","id":"1","t":0,"request":{"method":"GET","url":"http://x/a"}}
{"ev":"response","id":"1","t":0.1,"response":{"status":200}}
{"ev":"data","id":"1","t":2.000000001,"data":"late"}
{"ev":"end","id":"1","t":2.5,"reason":"eof"}
)";
  const std::string b = R"({"recording":1,"start":"2026-11-22T09:00:01Z"}
{"ev":"request","id":"1","t":0,"request":{"method":"GET","url":"http://x/b"}}
{"ev":"mark","id":"1","t":0.25,"text":"note"}
{"ev":"end","id":"1","t":0.5,"reason":"reset"}
)";
  MergeOptions options;
  options.to = find_format("recording");
  options.checksum = true;
  const std::string expected = R"({"recording":1,"start":"2026-11-22T09:00:00.000Z"}
{"ev":"request","id":"1","t":0,"request":{"method":"GET","url":"http://x/a"}}
{"ev":"response","id":"1","t":0.1,"response":{"status":200}}
{"ev":"request","id":"1-2","t":1,"request":{"method":"GET","url":"http://x/b"}}
{"ev":"mark","id":"1-2","t":1.25,"text":"note"}
{"ev":"end","id":"1-2","t":1.5,"reason":"reset"}
{"ev":"data","id":"1","t":2.000000001,"data":"late"}
{"ev":"end","id":"1","t":2.5,"reason":"eof"}
)";
  for (const Way way : kWays) {
    const Merged merged = merge_texts({{a, 0s, "a.rec"}, {b, 0s, "b.rec"}}, options, way);
    REQUIRE(merged.result);
    CHECK(merged.text == expected);
    CHECK(merged.result->accounted_for());
    const Merged moved = merge_texts({{a, 0s, "a.rec"}, {b, -1s, "b.rec"}}, options, way);
    CHECK(moved.text.find(R"("id":"1-2","t":0.25)") != std::string::npos);
  }
}

TEST_CASE("a conversion does not change the checksum") {
  const std::string a = har_of({entry(0, "a0", R"(,"comment":"\u00e9\/ \"q\"")"), entry(10, "a1")});
  MergeOptions options;
  options.checksum = true;
  std::optional<EntryChecksum> first;
  for (const std::string_view format : {"har", "harl", "recording"}) {
    options.to = find_format(format);
    const Merged merged = merge_texts({{a}}, options);
    REQUIRE(merged.result);
    CHECK(merged.result->accounted_for());
    if (!first) first = merged.result->output_checksum;
    CHECK(merged.result->output_checksum == *first);
    // And what was written can be merged again.
    const Merged again = merge_texts({{merged.text, 0s, "x." + std::string(format)}}, options);
    REQUIRE(again.result);
    CHECK(again.result->output_checksum == *first);
  }
}

TEST_CASE("a folder for temporary files that is not there is an error with its name") {
  const Folder folder;
  MergeOptions options;
  options.inputs.push_back({folder.write("a.har", har_of({entry(1, "a"), entry(0, "b")})), {}});
  options.max_open = 0;
  options.memory = 1;
  options.tmp_dir = "/nowhere/at/all";
  std::string text;
  MergeOutput output;
  output.open = [&]() -> stream::Result<std::unique_ptr<stream::ByteSink>> { return stream::string_sink(text); };
  const auto result = merge(options, output);
  REQUIRE_FALSE(result);
  CHECK(result.error().place.source == "/nowhere/at/all");
  CHECK(result.error().hint.find("--tmp-dir") != std::string::npos);
  CHECK(text.empty());
}

}  // namespace har::test
