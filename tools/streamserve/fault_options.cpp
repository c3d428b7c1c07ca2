#include "streamserve/fault_options.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>

namespace tools::streamserve {

using stream::replay::Answer;
using stream::replay::Fault;
using stream::replay::FaultPlace;
using stream::replay::FaultRule;

void add_fault_options(CLI::App& app, FaultOptions& options) {
  app.add_option_function<std::vector<std::string>>(
         "--fault",
         [&options](const std::vector<std::string>& texts) {
           for (const std::string& text : texts) {
             auto rule = stream::replay::parse_fault(text);
             if (!rule) {
               const stream::Error& error = rule.error();
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

std::shared_ptr<const Answer> Changes::apply(const stream::net::Request& request, std::shared_ptr<const Answer> answer,
                                             std::string& note) {
  const std::string_view id = stream::replay::find_header(request.headers, "last-event-id");
  if (!id.empty() && answer->kind == stream::StreamKind::sse && answer->last_event_id != id) {
    if (auto rest = stream::replay::resume_after(answer, id)) {
      answer = std::move(rest);
      note = fmt::format("goes on behind the event \"{}\"", id);
    } else {
      note = fmt::format("there is no event \"{}\" to go on behind: it begins anew", id);
    }
  }
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  answer = fitting_.fit(request, std::move(answer), now);
  if (plan_.active()) answer = plan_.apply({request.method, request.target, request.body, &request.headers}, std::move(answer));
  return fitting_.finish(request, std::move(answer));
}

}  // namespace tools::streamserve
