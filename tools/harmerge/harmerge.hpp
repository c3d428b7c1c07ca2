#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/where_option.hpp"
#include "har/format.hpp"
#include "har/merge.hpp"

/// harmerge: one recording of several, in the order of time.
namespace tools::harmerge {

struct Options {
  std::vector<std::string> inputs;
  InputGroup input;
  OutputGroup output;
  std::optional<std::string> to;
  har::WriteOptions::Style style = har::WriteOptions::Style::as_it_is;
  WhereGroup where;
  std::vector<std::string> shifts;  ///< "FILE=+3s"
  std::optional<stream::Nanos> window;
  std::string tmp_dir;
  bool dedupe = false;
  bool checksum = false;
  bool json = false;
  bool no_provenance = false;
  unsigned threads = 0;
};

/// Declares the options on the tool.
void declare(Tool& tool, Options& options);
ToolInfo info();

/// The inputs with their shifts. Errors: `usage`.
stream::Result<std::vector<har::MergeInput>> inputs_of(const Options& options);

/// Merges; the exit status.
int run(Tool& tool, const Options& options);

int main(int argc, const char* const* argv);

}  // namespace tools::harmerge
