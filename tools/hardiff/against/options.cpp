#include "hardiff/against/against.hpp"

#include <CLI/CLI.hpp>

namespace tools::hardiff {

void declare_against(Tool& tool, AgainstOptions& options) {
  constexpr const char* kGroup = "Live server";
  CLI::App& app = tool.app();
  CLI::Option* const against =
      app.add_option(
             "--against", options.url,
             "Send the recorded requests to the server at URL, and compare what it answers. It stands for the first recorded "
             "host; --map-host names others. Redirects are not followed: each is an entry of its own.")
          ->type_name("URL")
          ->group(kGroup);
  app.add_option(
         "-H,--header", options.headers,
         "Send this header field in place of the recorded one. \"Name: value\"; \"Name:\" sends none, \"Name;\" one without "
         "value.")
      ->type_name("FIELD")
      ->group(kGroup)
      ->needs(against);
  app.add_flag("--no-conditional", options.no_conditional,
               "Leave If-None-Match, If-Modified-Since and If-Range out. So that answers come whole.")
      ->group(kGroup)
      ->needs(against);
  CLI::Option* const pace =
      add_choice(
          app, "--pace", options.recorded_pace, {{"sequence", false}, {"recorded", true}},
          "When requests are sent. \"sequence\", as without it: one after another, as fast as the answers come; \"recorded\": at "
          "their recorded times, so that they overlap as they did.")
          ->type_name("PACE")
          ->group(kGroup)
          ->needs(against);
  app.add_option_function<std::string>(
         "--speed",
         [&options](const std::string& text) {
           const auto speed = stream::replay::parse_speed(text);
           if (!speed) throw CLI::ValidationError("--speed", "expected a factor from 0.1 to 1000, found '" + text + "'");
           options.speed_millionths = *speed;
         },
         "With --pace recorded, be so many times as fast. 0.1 to 1000.")
      ->type_name("X")
      ->group(kGroup)
      ->needs(pace);
  add_duration(app, "--margin", options.margin, "How much longer than recorded an answer may take. 5s without it.")
      ->group(kGroup)
      ->needs(against);
  app.add_flag("--allow-extra", options.allow_extra,
               "Let streams have more than was recorded. They are left as soon as all that was recorded has come.")
      ->group(kGroup)
      ->needs(against);
  add_duration(app, "--connect-timeout", options.connect_timeout, "The longest time to connect. That of the answer without it.")
      ->group(kGroup)
      ->needs(against);
  app.add_flag("-k,--insecure", options.insecure, "Accept any certificate.")->group(kGroup)->needs(against);
  app.add_option("--cacert", options.ca_file, "Trust the certificates (PEM) in FILE. Instead of the system's.")
      ->type_name("FILE")
      ->group(kGroup)
      ->needs(against);
}

}  // namespace tools::hardiff
