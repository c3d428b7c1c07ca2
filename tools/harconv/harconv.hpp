#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/where_option.hpp"
#include "har/format.hpp"

/// harconv: turn a recording into another format.
namespace tools::harconv {

struct Options {
  std::vector<std::string> inputs;
  InputGroup input;
  OutputGroup output;
  std::optional<std::string> to;
  har::WriteOptions::Style style = har::WriteOptions::Style::as_it_is;
  har::WriteOptions::Bodies bodies = har::WriteOptions::Bodies::as_it_is;
  har::Dialect dialect = har::Dialect::own;
  std::string columns;               ///< of a table; empty: the usual ones
  std::vector<std::size_t> entries;  ///< by their number, from 0; empty: all
  WhereGroup where;
  std::string status;   ///< "404", "5xx"; empty: any
  bool strict = false;  ///< what is lost is an error
  std::string report;   ///< a file of findings; empty: none
  bool count = false;
  bool formats = false;
  bool no_provenance = false;
  unsigned threads = 0;
};

/// Declares the options on the tool.
void declare(Tool& tool, Options& options);
ToolInfo info();

/// Converts; the exit status.
int run(Tool& tool, const Options& options);

int main(int argc, const char* const* argv);

}  // namespace tools::harconv
