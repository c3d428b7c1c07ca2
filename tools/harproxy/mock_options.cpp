#include "harproxy/mock_options.hpp"

#include <CLI/CLI.hpp>

namespace tools::harproxy {

void declare_mocks(CLI::App& app, MockGroup& options) {
  constexpr const char* kMocks = "Mocks";
  auto* mocks =
      app.add_option("--mocks", options.files,
                     "Answer by the mocks of this file, instead of the origin. HTTP or WebSocket mocks, as Dev Proxy has "
                     "them and more; it is read anew when it changes. What no mock fits goes to the origin.")
          ->type_name("FILE")
          ->group(kMocks);
  using stream::mock::Unmatched;
  add_choice(
      app, "--on-unmatched", options.unmatched,
      {{"drop", Unmatched::drop}, {"close", Unmatched::close}, {"error", Unmatched::report}},
      "What a WebSocket message gets that no rule fits where the origin cannot be reached. drop: nothing; close: the connection "
      "is closed with 1008; error: nothing, but it is told and recorded, and the exit status is 1. While the origin is there, it "
      "gets "
      "the message.")
      ->type_name("HOW")
      ->default_str("drop")
      ->group(kMocks)
      ->needs(mocks);
  add_fault_options(app, options.faults, Faulted::live);
  app.add_option("--seed", options.seed, "What chance begins with. The same seed and requests meet the same faults.")
      ->type_name("N")
      ->group("Faults");
}

}  // namespace tools::harproxy
