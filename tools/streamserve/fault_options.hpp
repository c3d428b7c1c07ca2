#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/tool.hpp"
#include "stream/net/server.hpp"
#include "stream/replay/fault.hpp"
#include "streamserve/answer_options.hpp"

/// What is done to an answer before it goes out.
namespace tools::streamserve {

struct FaultOptions {
  std::vector<stream::replay::FaultRule> rules{};
};
/// --fault
void add_fault_options(CLI::App& app, FaultOptions& options);
/// Whether what happens hangs on chance.
bool hangs_on_chance(const FaultOptions& options);

/// Answers as one request gets them: from where its Last-Event-ID says on, fitted to it, and with the faults that hit it.
class Changes {
 public:
  Changes(const FaultOptions& options, std::uint64_t seed, const Fitting& fitting)
      : fitting_(fitting), plan_(options.rules, seed) {}

  /// `note` tells what a log should, apart from the answer's own note; empty: nothing.
  std::shared_ptr<const stream::replay::Answer> apply(const stream::net::Request& request,
                                                      std::shared_ptr<const stream::replay::Answer> answer, std::string& note);

  Fitting& fitting() { return fitting_; }

 private:
  Fitting fitting_;
  stream::replay::FaultPlan plan_;
};

}  // namespace tools::streamserve
