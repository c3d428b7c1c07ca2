#include "sample_tool.hpp"

#include <CLI/CLI.hpp>
#include <catch2/catch.hpp>

Captured::Captured() : file_(std::tmpfile()) { REQUIRE(file_ != nullptr); }

Captured::~Captured() { std::fclose(file_); }

std::string Captured::text() const {
  std::fflush(file_);
  std::rewind(file_);
  std::string text;
  for (int c = 0; (c = std::fgetc(file_)) != EOF;) text += static_cast<char>(c);
  return text;
}

SampleTool::SampleTool()
    : tool(
          {
              .name = "sample",
              .summary = "show what a tool has",
              .description =
                  "Reads INPUT and says so.\n\nA second paragraph, with a \\ and 'quotes', from µs to …\n.B is no request.",
              .examples = {{"sample a.har --strict", "Reads a.har strictly."}, {"sample - <a.har", "Reads standard input."}},
              .usage = "[options] INPUT…",
          },
          out.file(), err.file()) {
  CLI::App& app = tool.app();
  app.add_option("INPUT", inputs, "What to read.")->required();
  app.add_flag("-s,--strict", strict, "Be strict. This has a second sentence.");
  app.add_option("--ignore", ignored, "Leave out NAME.")->type_name("NAME");
  tools::add_duration(app, "-t,--timeout", timeout, "How long to wait.");
  tools::add_thread_option(tool, threads);
  tools::add_input_options(tool, input);
  tools::add_output_options(tool, output, tools::InPlace::yes);
}

int SampleTool::run(std::vector<std::string> arguments, const std::function<int()>& work) {
  std::vector<const char*> argv{"sample"};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  return tool.run(static_cast<int>(argv.size()), argv.data(), work);
}
