#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/tool.hpp"
#include "har/format.hpp"
#include "har/query/drop_bodies.hpp"

/// hargrep: only the entries, or messages, that an expression is true of.
namespace tools::hargrep {

/// A moment: as such, or as so long after the first entry of an input.
struct Moment {
  stream::WallTime time{};
  std::optional<stream::Nanos> after_first{};
};

struct Sample {
  std::optional<std::uint64_t> count{};  ///< so many of all
  double part = 1;                       ///< else about this part of each input
};

struct Options {
  std::vector<std::string> arguments;  ///< EXPR and inputs, as they came
  InputGroup input;
  OutputGroup output;
  std::vector<std::string> expressions;
  std::vector<std::string> urls, statuses, methods, types, hosts, mimes, headers, bodies;
  std::optional<std::string> messages;  ///< the expression of --messages
  bool invert = false;
  bool count = false;
  bool list = false;       ///< names of inputs with a match
  bool list_none = false;  ///< names of those without
  std::optional<std::uint64_t> most;
  std::vector<std::pair<std::size_t, std::size_t>> ranges;  ///< numbers of entries, both ends included
  std::optional<Moment> since, until;
  std::optional<Sample> sample;
  std::uint64_t seed = 1;
  std::string dropped;  ///< as --drop-bodies says it
  std::optional<har::BodyParts> drop;
  std::size_t fit = 0;  ///< bytes of the output; 0: any number
  std::optional<std::string> to;
  har::WriteOptions::Style style = har::WriteOptions::Style::as_it_is;
  bool no_provenance = false;
  unsigned threads = 0;

  /// Whether an option says what is looked for, so that all arguments are inputs.
  bool selects() const;
};

void declare(Tool& tool, Options& options);
ToolInfo info();

/// What the arguments and the plain options say: expressions of which all must be true, and inputs. Errors: `usage`.
struct Request {
  std::vector<std::string> expressions;
  std::vector<std::string> inputs;
};
stream::Result<Request> request_of(const Options& options);

/// The exit status.
int run(Tool& tool, const Options& options);

int main(int argc, const char* const* argv);

}  // namespace tools::hargrep
