#include <CLI/CLI.hpp>
#include <catch2/catch.hpp>

#include <cstdlib>
#include <sstream>

#include "common/help.hpp"
#include "sample_tool.hpp"

TEST_CASE("--help has all parts: use, description, options with values and defaults, examples, exit status") {
  SampleTool sample;
  CHECK(sample.run({"--help"}) == tools::kYes);
  CHECK(sample.err.text().empty());
  const std::string help = sample.out.text();
  CHECK_THAT(help,
             Catch::StartsWith("sample: show what a tool has\n\nUsage: sample [options] INPUT…\n\nReads INPUT and says so.\n\n"));
  for (const char* part :
       {"\nArguments:\n  INPUT…                  What to read.\n",
        "\nOptions:\n  -s, --strict            Be strict. This has a second sentence.\n",
        "\n      --ignore NAME       Leave out NAME.\n", "\n  -t, --timeout TIME      How long to wait.\n",
        "\n  -j, --threads N         Work with N threads. 0 is as many as there are\n"
        "                          processors. (default: 0)\n",
        "\nInput:\n",
        "      --max-entry SIZE    Refuse an entry, line, event or message that is\n"
        "                          larger. (default: 256MiB)\n",
        "\nOutput:\n  -o, --output FILE ", "\nCommon:\n  -q, --quiet ", "      --color WHEN        When to use",
        "\nExamples:\n  sample a.har --strict\n      Reads a.har strictly.\n",
        "\nExit status:\n  0 done, 1 a negative answer, 2 a failure.\n"}) {
    CHECK_THAT(help, Catch::Contains(part));
  }
  CHECK_THAT(help, !Catch::Contains("--print-"));
  std::istringstream lines(help);
  for (std::string line; std::getline(lines, line);) {
    CAPTURE(line);
    CHECK(line.size() <= 84);  // 80 columns; some letters take three bytes
    CHECK_FALSE(line.ends_with(' '));
  }
}

TEST_CASE("-h is short: a sentence an option, and no examples") {
  SampleTool sample;
  CHECK(sample.run({"-h"}) == tools::kYes);
  const std::string help = sample.out.text();
  CHECK_THAT(help, Catch::StartsWith("Usage: sample [options] INPUT…\n\nOptions:\n  -s, --strict            Be strict\n"));
  CHECK_THAT(help, !Catch::Contains("Examples"));
  CHECK_THAT(help, Catch::EndsWith("\n'sample --help' says more, with examples.\n"));
}

TEST_CASE("help and version are printed whatever else is wrong with the command line") {
  for (const char* wanted : {"--help", "-h", "--version", "--print-man"}) {
    SampleTool sample;
    CHECK(sample.run({"--threads", "1", wanted, "--nonsense"}) == tools::kYes);
    CHECK(sample.err.text().empty());
    CHECK_FALSE(sample.out.text().empty());
  }
  SampleTool sample;
  CHECK(sample.run({"--version"}) == tools::kYes);
  CHECK_THAT(sample.out.text(), Catch::Matches("hartape sample [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST_CASE("a help that cannot be written is a failure") {
  std::FILE* const full = std::fopen("/dev/full", "w");
  REQUIRE(full != nullptr);
  const Captured err;
  tools::Tool tool({.name = "sample", .summary = "s", .description = "", .examples = {}, .usage = ""}, full, err.file());
  const char* const argv[] = {"sample", "--help"};
  CHECK(tool.run(2, argv, [] { return tools::kYes; }) == tools::kFailure);
  CHECK(err.text() == "<stdout>: error: cannot write: No space left on device\n");
  std::fclose(full);
}

TEST_CASE("the near option is one that begins so, or has a slip or two; otherwise there is none") {
  const SampleTool sample;
  const auto near = [&](std::string_view text) { return tools::near_option(text, sample.tool.app()).value_or("none"); };
  CHECK(near("--overwrit") == "--overwrite");
  CHECK(near("--overwirte") == "--overwrite");
  CHECK(near("--over") == "--overwrite");
  CHECK(near("--tiemout=2s") == "--timeout");
  CHECK(near("--colour") == "--color");
  CHECK(near("--thread") == "--threads");
  CHECK(near("--max") == "--max-entry");
  CHECK(near("--banana") == "none");
  CHECK(near("--print-ma") == "none");
  CHECK(near("-x") == "none");
}

TEST_CASE("checks and types of CLI11 are shown as words for people") {
  CLI::App app;
  app.set_help_flag();
  int number = 0;
  std::string text;
  app.add_option("--number", number)->check(CLI::Range(1, 5));
  app.add_option("--word", text)->check(CLI::IsMember({"one", "two"}));
  app.add_option("--file", text)->check(CLI::ExistingFile);
  app.add_option("--mapped", number)
      ->transform(CLI::CheckedTransformer(std::vector<std::pair<std::string, int>>{{"low", 1}, {"high", 2}}));
  app.add_flag("--flag");
  const auto texts = tools::option_texts(app);
  REQUIRE(texts.size() == 5);
  CHECK(texts[0].value == "N");
  CHECK(texts[1].value == "one|two");
  CHECK(texts[1].choices == std::vector<std::string>{"one", "two"});
  CHECK(texts[2].value == "FILE");
  CHECK(texts[3].choices == std::vector<std::string>{"low", "high"});
  CHECK(texts[4].value.empty());
}
