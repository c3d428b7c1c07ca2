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
      app, "--on-unmatched", options.unmatched, {{"drop", Unmatched::drop}, {"close", Unmatched::close}},
      "What a WebSocket message gets that no rule fits where the origin cannot be reached. drop: nothing; close: the connection "
      "is closed with 1008. While the origin is there, it gets the message.")
      ->type_name("HOW")
      ->default_str("drop")
      ->group(kMocks)
      ->needs(mocks);
}

}  // namespace tools::harproxy
