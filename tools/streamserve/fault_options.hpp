#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/fault_options.hpp"
#include "stream/net/server.hpp"
#include "stream/replay/fault.hpp"
#include "streamserve/answer_options.hpp"

/// What is done to an answer before it goes out.
namespace tools::streamserve {

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
