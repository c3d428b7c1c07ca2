#include <catch2/catch.hpp>

#include "sample_tool.hpp"

using stream::ErrorCode;

TEST_CASE("an error stands behind its place, or the tool's name, with its hint in the next line") {
  const Captured err;
  tools::Messages messages("tool", err.file());
  messages.error(stream::Error{ErrorCode::syntax, "expected a string, found 3", {"cap.har", 12, 7, {}, "/log/version"}, {}});
  messages.error(stream::Error{ErrorCode::exists, "the file exists", {"out.har"}, "use --overwrite to replace it"});
  messages.error(stream::Error{ErrorCode::usage, "nothing to do", {}, {}});
  messages.error("plain");
  CHECK(err.text() ==
        "cap.har:12:7: /log/version: error: expected a string, found 3\n"
        "out.har: error: the file exists\n"
        "tool: hint: use --overwrite to replace it\n"
        "tool: error: nothing to do\n"
        "tool: error: plain\n");
  CHECK(messages.errors() == 4);
}

TEST_CASE("-q hides notes and nothing else; what only -v shows is hidden without it") {
  const auto printed = [](bool quiet, int verbosity) {
    const Captured err;
    tools::Messages messages("tool", err.file());
    messages.quiet = quiet;
    messages.verbosity = verbosity;
    messages.note("n");
    messages.verbose("v");
    messages.warning("w");
    messages.finding({stream::Level::note, "rule", "fn", {}});
    messages.finding({stream::Level::warning, "rule", "fw", {}});
    return err.text();
  };
  CHECK(printed(false, 0) == "tool: note: n\ntool: warning: w\ntool: note: fn [rule]\ntool: warning: fw [rule]\n");
  CHECK(printed(true, 0) == "tool: warning: w\ntool: warning: fw [rule]\n");
  CHECK(printed(false, 1) == "tool: note: n\ntool: note: v\ntool: warning: w\ntool: note: fn [rule]\ntool: warning: fw [rule]\n");
}

TEST_CASE("findings of level error count as errors, others do not") {
  const Captured err;
  tools::Messages messages("tool", err.file());
  const stream::FindingSink sink = messages.findings();
  sink({stream::Level::error, "har-type", "expected a string, found 3", {"cap.har", 1, 2, {}, "/log"}});
  sink({stream::Level::warning, "", "odd", {"cap.har"}});
  CHECK(messages.errors() == 1);
  CHECK(err.text() == "cap.har:1:2: /log: error: expected a string, found 3 [har-type]\ncap.har: warning: odd\n");
}

TEST_CASE("control characters from a file's name or bytes do not reach the terminal") {
  const Captured err;
  tools::Messages messages("tool", err.file());
  messages.error(stream::Error{ErrorCode::io, "found \x1b[2J and a\tb\nc\x7f, but é", {"evil\n.har"}, {}});
  CHECK(err.text() == "evil\\n.har: error: found \\x1b[2J and a\\tb\\nc\\x7f, but é\n");
}

TEST_CASE("colours mark the level and nothing else") {
  const Captured err;
  tools::Messages messages("tool", err.file());
  messages.color = true;
  messages.error("bad");
  messages.warning("odd");
  CHECK(err.text() == "tool: \x1b[1;31merror:\x1b[0m bad\ntool: \x1b[1;33mwarning:\x1b[0m odd\n");
}

TEST_CASE("of many findings of one rule a few are shown and the others counted; -v shows all") {
  const auto printed = [](int verbosity) {
    const Captured err;
    tools::Messages messages("tool", err.file());
    messages.verbosity = verbosity;
    for (int i = 0; i < 8; ++i) messages.finding({stream::Level::warning, "often", "x", {}});
    messages.finding({stream::Level::note, "once", "y", {}});
    messages.summary();
    return err.text();
  };
  const std::string one = "tool: warning: x [often]\n";
  CHECK(printed(0) == one + one + one + one + one + "tool: note: y [once]\ntool: note: and 3 more [often]; -v shows them all\n");
  CHECK(printed(1) == one + one + one + one + one + one + one + one + "tool: note: y [once]\n");
}
