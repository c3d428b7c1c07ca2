#include <catch2/catch.hpp>

#include "sample_tool.hpp"

using namespace std::chrono_literals;
using stream::Compression;

namespace {

/// What a wrong command line prints.
std::string refusal(std::vector<std::string> arguments) {
  SampleTool sample;
  bool worked = false;
  const int status = sample.run(std::move(arguments), [&] {
    worked = true;
    return tools::kYes;
  });
  CHECK(status == tools::kFailure);
  CHECK_FALSE(worked);
  CHECK(sample.out.text().empty());
  std::string text = sample.err.text();
  const std::string hint = "sample: hint: see 'sample --help'\n";
  REQUIRE_THAT(text, Catch::EndsWith(hint));
  text.resize(text.size() - hint.size());
  return text;
}

}  // namespace

TEST_CASE("options are read into their groups") {
  SampleTool sample;
  REQUIRE(sample.run({"-j",
                      "3",
                      "a.har",
                      "--from",
                      "har",
                      "--ignore",
                      "x",
                      "b.har",
                      "--ignore=y",
                      "-t",
                      "1m30s",
                      "--max-entry=2MiB",
                      "--max-depth",
                      "7",
                      "--max-expansion",
                      "0",
                      "--decompress",
                      "brotli",
                      "-o",
                      "-",
                      "--overwrite",
                      "--compress",
                      "zstd:19",
                      "-",
                      "-qvv",
                      "-s",
                      "--",
                      "--odd-name"}) == tools::kYes);
  CHECK(sample.err.text().find("error") == std::string::npos);
  CHECK(sample.inputs == std::vector<std::string>{"a.har", "b.har", "-", "--odd-name"});
  CHECK(sample.ignored == std::vector<std::string>{"x", "y"});
  CHECK(sample.threads == 3);
  CHECK(sample.timeout == 90s);
  CHECK(sample.strict);
  CHECK(sample.input.format == "har");
  CHECK(sample.input.options.compression == Compression::brotli);
  CHECK(sample.input.options.limits == stream::Limits{std::size_t{2} << 20, 7, 0});
  CHECK(sample.output.path == "-");
  CHECK(sample.output.options.overwrite == stream::Overwrite::yes);
  CHECK(sample.output.options.compression == Compression::zstd);
  CHECK(sample.output.options.level == 19);
  CHECK_FALSE(sample.output.in_place);
  CHECK(sample.tool.messages().quiet);
  CHECK(sample.tool.messages().verbosity == 2);
}

TEST_CASE("without options everything has its usual value") {
  SampleTool sample;
  REQUIRE(sample.run({"a.har"}) == tools::kYes);
  CHECK(sample.input.options.limits == stream::Limits{});
  CHECK_FALSE(sample.input.options.compression);
  CHECK_FALSE(sample.input.format);
  CHECK(sample.output.path == "-");
  CHECK(sample.output.options.overwrite == stream::Overwrite::no);
  CHECK_FALSE(sample.output.options.compression);
  CHECK_FALSE(sample.timeout);
}

TEST_CASE("--in-place implies --overwrite and excludes -o") {
  SampleTool sample;
  REQUIRE(sample.run({"-i", "a.har"}) == tools::kYes);
  CHECK(sample.output.in_place);
  CHECK(sample.output.options.overwrite == stream::Overwrite::yes);
  CHECK(refusal({"-i", "a.har", "-o", "b.har"}) == "sample: error: --output and --in-place exclude each other\n");
}

TEST_CASE("a wrong command line is refused with what was expected, and status 2") {
  CHECK(refusal({}) == "sample: error: INPUT is required\n");
  CHECK(refusal({"--overwrit"}) == "sample: error: unknown option --overwrit; did you mean --overwrite?\n");
  CHECK(refusal({"a.har", "--banana=1"}) == "sample: error: unknown option --banana\n");
  CHECK(refusal({"a.har", "-x"}) == "sample: error: unknown option -x\n");
  CHECK(refusal({"a.har", "-o"}) == "sample: error: --output: a value is missing\n");
  CHECK(refusal({"a.har", "-o", "b", "-o", "c"}) == "sample: error: --output: given more than once\n");
  CHECK(refusal({"a.har", "--color", "pink"}) == "sample: error: --color: expected one of auto, always, never, found 'pink'\n");
  CHECK(refusal({"a.har", "--decompress", "lzma"}) ==
        "sample: error: --decompress: expected one of none, gzip, zlib, zstd, brotli, found 'lzma'\n");
  CHECK(refusal({"a.har", "--timeout", "soon"}) ==
        "sample: error: --timeout: expected a time such as 150ms, 2s or 1m30s, found 'soon'\n");
  CHECK(refusal({"a.har", "--max-entry", "big"}) ==
        "sample: error: --max-entry: expected a size such as 64KiB, 10MB or 512, found 'big'\n");
  CHECK(refusal({"a.har", "--max-depth", "deep"}) ==
        "sample: error: --max-depth: expected a number from 1 to 2000, found 'deep'\n");
  CHECK(refusal({"a.har", "--max-depth", "0"}) == "sample: error: --max-depth: expected a number from 1 to 2000, found '0'\n");
  CHECK(refusal({"a.har", "--threads", "-1"}) == "sample: error: --threads: expected a number from 0 to 1024, found '-1'\n");
  CHECK(refusal({"a.har", "--max-expansion", "x"}) == "sample: error: --max-expansion: expected a number, found 'x'\n");
  for (const char* how : {"lz4", "gzip:", "gzip:0", "gzip:x", "gzip:1x", "none:3", ""}) {
    CHECK(refusal({"a.har", "--compress", how}) ==
          "sample: error: --compress: expected gzip, zlib, zstd, brotli or none, and perhaps a level as in gzip:9, found '" +
              std::string(how) + "'\n");
  }
}
