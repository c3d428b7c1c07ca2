#include "common/fault_options.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>

namespace tools {

using stream::replay::Fault;
using stream::replay::FaultPlace;
using stream::replay::FaultRule;

void add_fault_options(CLI::App& app, FaultOptions& options, Faulted faulted) {
  app.add_option_function<std::vector<std::string>>(
         "--fault",
         [&options, faulted](const std::vector<std::string>& texts) {
           for (const std::string& text : texts) {
             auto rule = stream::replay::parse_fault(text);
             const stream::Status fits =
                 rule && faulted == Faulted::live ? stream::replay::check_live_fault(*rule) : stream::Status();
             if (!rule || !fits) {
               const stream::Error& error = rule ? fits.error() : rule.error();
               throw CLI::ValidationError(
                   "--fault", fmt::format("'{}': {}{}", text, error.message, error.hint.empty() ? "" : " (" + error.hint + ")"));
             }
             options.rules.push_back(std::move(*rule));
           }
         },
         "Let answers go wrong. RULE is one of reset, stall, truncate, end, close=CODE, slow=SIZE/s, latency=TIME[..TIME], "
         "status=CODE, duplicate, reorder, drop, corrupt, malformed; a place such as at=event:5 (within=, after=; head, byte:N, "
         "a "
         "time); and conditions: url=GLOB, method=, kind=, id=, header=NAME:GLOB, body=GLOB, nth=N, rate=P. "
         "'url=/chat* rate=0.1 at=event:5 reset'. May be repeated.")
      ->type_name("RULE")
      ->group("Faults");
}

bool hangs_on_chance(const FaultOptions& options) {
  return std::any_of(options.rules.begin(), options.rules.end(), [](const FaultRule& rule) {
    const bool anywhere = rule.place.unit == FaultPlace::Unit::none;
    return rule.rate_millionths < 1'000'000 || rule.least != rule.most || rule.fault == Fault::corrupt ||
           (anywhere && (rule.fault == Fault::duplicate || rule.fault == Fault::reorder || rule.fault == Fault::drop ||
                         rule.fault == Fault::malformed));
  });
}

}  // namespace tools
