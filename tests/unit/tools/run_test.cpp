#include <sys/wait.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <new>
#include <stdexcept>

#include "sample_tool.hpp"

using stream::ErrorCode;

TEST_CASE("the status is that of the work, and an exception is a failure") {
  const int status = GENERATE(tools::kYes, tools::kNo, tools::kFailure);
  SampleTool sample;
  CHECK(sample.run({"a"}, [&] { return status; }) == status);
  CHECK(sample.err.text().empty());

  SampleTool broken;
  CHECK(broken.run({"a"}, []() -> int { throw std::logic_error("index"); }) == tools::kFailure);
  CHECK(broken.err.text() == "sample: error: this should not have happened: index\n");

  SampleTool large;
  CHECK(large.run({"a"}, []() -> int { throw std::bad_alloc(); }) == tools::kFailure);
  CHECK(large.err.text() == "sample: error: out of memory\n");
}

TEST_CASE("-v tells the peak memory and the time at the end, after the messages") {
  SampleTool sample;
  sample.run({"a", "-v"}, [&] {
    sample.tool.messages().warning("odd");
    return tools::kYes;
  });
  CHECK_THAT(sample.err.text(),
             Catch::Matches("sample: warning: odd\nsample: note: peak memory [0-9.]+ [kM]B, time [0-9.]+ [^ ]+\n"));
}

TEST_CASE("a failure is printed and is 2, but a reader that has gone is silent") {
  SampleTool sample;
  CHECK(tools::failed(sample.tool, {ErrorCode::exists, "the file exists", {"out.har"}, "use --overwrite to replace it"}) ==
        tools::kFailure);
  CHECK(sample.err.text() == "out.har: error: the file exists\nsample: hint: use --overwrite to replace it\n");

  SampleTool piped;
  stream::Error gone{ErrorCode::io, "cannot write: Broken pipe", {"<stdout>"}, {}};
  gone.system = EPIPE;
  CHECK(tools::failed(piped.tool, gone) == tools::kYes);
  CHECK(piped.err.text().empty());
}

TEST_CASE("colours: never without a terminal, always if so asked, and NO_COLOR only decides where nobody did") {
  const auto color = [](std::vector<std::string> arguments) {
    SampleTool sample;
    arguments.emplace_back("a");
    bool errors = false;
    sample.run(std::move(arguments), [&] {
      errors = sample.tool.messages().color;
      return tools::kYes;
    });
    CHECK(errors == sample.tool.color_output());
    return errors;
  };
  CHECK_FALSE(color({}));
  CHECK(color({"--color", "always"}));
  CHECK_FALSE(color({"--color=never"}));
  ::setenv("NO_COLOR", "1", 1);
  CHECK_FALSE(color({"--color=auto"}));
  CHECK(color({"--color=always"}));
  ::unsetenv("NO_COLOR");
}

TEST_CASE("a signal ends the tool as that signal does, and its unfinished output is gone") {
  std::string folder = std::filesystem::temp_directory_path() / "hartape-test-XXXXXX";
  REQUIRE(::mkdtemp(folder.data()) != nullptr);
  const int signal = GENERATE(SIGINT, SIGTERM, SIGHUP);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    std::signal(signal, SIG_DFL);
    SampleTool sample;
    ::_exit(sample.run({"a"}, [&] {
      auto sink = stream::open_output(folder + "/out.har");
      if (!sink || !(*sink)->write("half") || !(*sink)->flush()) return 10;
      if (std::filesystem::is_empty(folder)) return 11;
      std::raise(signal);
      return 12;
    }));
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == signal);
  CHECK(std::filesystem::is_empty(folder));
  std::filesystem::remove_all(folder);
}

TEST_CASE("a signal that was ignored from the start stays ignored, and a tool may handle its own") {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    std::signal(SIGHUP, SIG_IGN);
    std::signal(SIGTERM, [](int) {});
    const Captured out;
    tools::Tool tool({.name = "own", .summary = "", .description = "", .examples = {}, .usage = "", .handles_signals = true},
                     out.file(), out.file());
    const char* const argv[] = {"own"};
    ::_exit(tool.run(1, argv, [] {
      std::raise(SIGHUP);
      std::raise(SIGTERM);
      return 42;
    }));
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 42);
}
