#include <sys/wait.h>
#include <unistd.h>
#include <CLI/CLI.hpp>
#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "common/help.hpp"
#include "sample_tool.hpp"

namespace {

struct Output {
  int status = -1;
  std::string text;
};

/// Runs a shell command; both of its outputs.
Output shell(const std::string& command) {
  std::FILE* const pipe = ::popen((command + " 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  Output output;
  for (int c = 0; (c = std::fgetc(pipe)) != EOF;) output.text += static_cast<char>(c);
  const int status = ::pclose(pipe);
  output.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return output;
}

class TextFile {
 public:
  explicit TextFile(const std::string& text) {
    std::string pattern = std::filesystem::temp_directory_path() / "hartape-test-XXXXXX";
    const int descriptor = ::mkstemp(pattern.data());
    REQUIRE(descriptor >= 0);
    ::close(descriptor);
    path_ = pattern;
    std::ofstream(path_) << text;
  }
  TextFile(const TextFile&) = delete;
  TextFile& operator=(const TextFile&) = delete;
  ~TextFile() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace

TEST_CASE("the manual page has its sections, in their order, and is ASCII") {
  SampleTool sample;
  REQUIRE(sample.run({"--print-man"}) == tools::kYes);
  const std::string page = sample.out.text();
  CHECK_THAT(page, Catch::StartsWith(".TH SAMPLE 1 \"\" \"hartape "));
  std::size_t at = 0;
  for (const char* section :
       {".SH NAME\nsample \\- show what a tool has\n", ".SH SYNOPSIS\n.B sample\n[options] INPUT\\[u2026]\n",
        ".SH DESCRIPTION\nReads INPUT and says so.\n.PP\nA second paragraph, with a \\e and \\(aqquotes\\(aq, from "
        "\\[u00B5]s to \\[u2026]\n\\&.B is no request.\n",
        ".SH OPTIONS\n", ".SS Arguments\n", ".SS Options\n.TP\n\\fB\\-s\\fR, \\fB\\-\\-strict\\fR\nBe strict.", ".SS Input\n",
        ".SS Output\n.TP\n\\fB\\-o\\fR, \\fB\\-\\-output\\fR \\fIFILE\\fR\n", ".SS Common\n",
        ".SH EXAMPLES\n.TP\n\\fBsample a.har \\-\\-strict\\fR\nReads a.har strictly.\n", ".SH \"EXIT STATUS\"\n0 done"}) {
    const std::size_t found = page.find(section, at);
    CAPTURE(section);
    CHECK(found != std::string::npos);
    if (found != std::string::npos) at = found;
  }
  for (const char c : page) REQUIRE(static_cast<unsigned char>(c) < 0x80);
}

#ifdef HARTAPE_GROFF
TEST_CASE("groff has nothing to warn of in the manual page, and shows the texts as they were written") {
  const SampleTool sample;
  const TextFile page(tools::man_page(sample.tool.info(), sample.tool.app()));
  const Output warnings = shell(HARTAPE_GROFF " -man -ww -z -Tutf8 -rLL=80n " + page.path());
  CHECK(warnings.status == 0);
  CHECK(warnings.text.empty());
  const Output shown = shell(HARTAPE_GROFF " -man -Tutf8 -P-cbou -rLL=200n " + page.path());
  for (const char* text :
       {"sample - show what a tool has", "a \\ and 'quotes', from µs to … .B is no request.", "-o, --output FILE"}) {
    CHECK_THAT(shown.text, Catch::Contains(text));
  }
}
#endif

#ifdef HARTAPE_MAN
TEST_CASE("man has nothing to warn of in the manual page") {
  const SampleTool sample;
  const TextFile page(tools::man_page(sample.tool.info(), sample.tool.app()));
  const Output warnings = shell("LC_ALL=C.UTF-8 MANWIDTH=80 " HARTAPE_MAN " --warnings -l " + page.path() + " 2>&1 >/dev/null");
  CHECK(warnings.status == 0);
  CHECK(warnings.text.empty());
}
#endif

TEST_CASE("bash completes options, their words, and leaves files to itself") {
  SampleTool sample;
  REQUIRE(sample.run({"--print-completion", "bash"}) == tools::kYes);
  const TextFile script(sample.out.text());
  const auto complete = [&](const std::string& words, int index) {
    const Output output =
        shell(HARTAPE_BASH " -c 'compopt() { echo compopt \"$@\"; }; source " + script.path() + "; COMP_WORDS=(" + words +
              "); COMP_CWORD=" + std::to_string(index) + "; _hartape_sample; echo \"${COMPREPLY[*]}\"'");
    CHECK(output.status == 0);
    return output.text;
  };
  CHECK(complete("sample --ov", 1) == "--overwrite\n");
  CHECK(complete("sample --max", 1) == "--max-entry --max-depth --max-expansion\n");
  CHECK(complete("sample --color a", 2) == "auto always\n");
  CHECK(complete("sample --color = n", 3) == "never\n");
  CHECK(complete("sample --color =", 2) == "auto always never\n");
  CHECK(complete("sample -o f", 2) == "\n");
  CHECK(complete("sample f", 1) == "\n");
  CHECK(complete("sample --timeout 1", 2) == "compopt +o default\n\n");
  CHECK_THAT(complete("sample --print", 1), Catch::Equals("\n"));

  SampleTool other;
  CHECK(other.run({"--print-completion", "tcsh"}) == tools::kFailure);
}
