#pragma once

#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/tool.hpp"

/// What a FILE* was given.
class Captured {
 public:
  Captured();
  Captured(const Captured&) = delete;
  Captured& operator=(const Captured&) = delete;
  ~Captured();

  std::FILE* file() const { return file_; }
  std::string text() const;

 private:
  std::FILE* file_;
};

/// A tool with one of everything.
struct SampleTool {
  SampleTool();
  /// Runs it with these arguments behind the name; the exit status.
  int run(
      std::vector<std::string> arguments, const std::function<int()>& work = [] { return tools::kYes; });

  Captured out;
  Captured err;
  tools::Tool tool;
  tools::InputGroup input;
  tools::OutputGroup output;
  unsigned threads = 0;
  std::vector<std::string> inputs;
  std::vector<std::string> ignored;
  std::optional<stream::Nanos> timeout;
  bool strict = false;
};
