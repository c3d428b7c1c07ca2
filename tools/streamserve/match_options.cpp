#include "streamserve/match_options.hpp"

#include <CLI/CLI.hpp>

namespace tools::streamserve {
namespace {

using har::match::Repeat;
using har::match::Strictness;

constexpr const char* kGroup = "Matching";

void add_per_client(CLI::App& app, MatchGroup& group) {
  app.add_option_function<std::string>(
         "--per-client",
         [&group](const std::string& text) {
           const auto colon = text.find(':');
           const std::string kind = text.substr(0, colon);
           group.client_name = colon == std::string::npos ? "" : text.substr(colon + 1);
           if (text == "address") {
             group.client = ClientBy::address;
           } else if (kind == "header" && !group.client_name.empty()) {
             group.client = ClientBy::header;
           } else if (kind == "cookie" && !group.client_name.empty()) {
             group.client = ClientBy::cookie;
           } else {
             throw CLI::ValidationError("--per-client", "expected address, header:NAME or cookie:NAME, found \"" + text + "\"");
           }
         },
         "Count repeats for each client by itself. Clients are told apart by their address, or by what a header or cookie says: "
         "address, header:NAME, cookie:NAME. Without it all are counted together.")
      ->type_name("BY")
      ->group(kGroup);
}

void declare_hosts(CLI::App& app, MatchGroup& group) {
  app.add_option(
         "--host-header", group.host_header,
         "The header that names the host, such as X-Forwarded-Host. For a place behind another proxy; Host counts where it "
         "does not come.")
      ->type_name("NAME")
      ->group(kGroup);
  app.add_option_function<std::vector<std::string>>(
         "--map",
         [&group](const std::vector<std::string>& rules) {
           for (const std::string& rule : rules) {
             if (const auto added = group.map.add(rule); !added) throw CLI::ValidationError("--map", added.error().message);
           }
         },
         "Take requests for the host FROM as for the recorded host TO. Both may have a port (localhost:3000=api.example.com); "
         "FROM "
         "may be *. May be repeated; the first that fits counts.")
      ->type_name("FROM=TO")
      ->group(kGroup);
  app.add_flag("--ignore-host", group.match.ignore_host, "Answer for any host and port.")->group(kGroup);
  app.add_flag("--ignore-port", group.match.ignore_port, "Answer for any port of a recorded host.")->group(kGroup);
}

void declare_parts(CLI::App& app, MatchGroup& group) {
  app.add_option("--ignore-query", group.match.ignore_query,
                 "Leave out a parameter of the query, such as a time. May be repeated.")
      ->type_name("NAME")
      ->group(kGroup);
  auto* all = app.add_flag("--ignore-body", group.match.ignore_body, "Answer any body.")->group(kGroup);
  app.add_option(
         "--ignore-body-field", group.match.ignore_body_fields,
         "Leave out a field of bodies. A path (/id, /messages/*/at, .items[].id) is one of JSON; a name is one of forms and "
         "multipart bodies. May be repeated.")
      ->type_name("FIELD")
      ->group(kGroup)
      ->excludes(all);
  app.add_option("--match-header", group.match.headers, "Let this header be equal, too. May be repeated.")
      ->type_name("NAME")
      ->group(kGroup);
}

}  // namespace

namespace {

void set_miss(MatchGroup& group, const std::string& word) {
  if (word == "404") {
    group.miss = Miss::not_found;
  } else if (word == "502") {
    group.miss = Miss::bad_gateway;
  } else if (word == "close") {
    group.miss = Miss::close;
  } else if (word.starts_with("upstream=") && word.size() > 9) {
    group.upstream.url = word.substr(9);
  } else if (word.starts_with("record=") && word.size() > 7) {
    group.upstream.record = word.substr(7);
  } else {
    throw CLI::ValidationError("--miss", "expected one of 404, 502, close, upstream=URL, record=FILE, found '" + word + "'");
  }
}

}  // namespace

void declare_matching(CLI::App& app, MatchGroup& group) {
  add_choice(
      app, "--match", group.match.strictness,
      {{"strict", Strictness::strict}, {"normal", Strictness::normal}, {"loose", Strictness::loose}},
      "How far a request may be from the recorded one. strict: method, host, path, query and body are the same. normal: an "
      "exchange whose body was not recorded answers any. loose: of the same method, host and path, the one with the most "
      "similar query, then body.")
      ->type_name("HOW")
      ->default_str("normal")
      ->group(kGroup);
  app.add_option_function<int>(
         "--min-score", [&group](const int& percent) { group.match.min_score = percent * 10; },
         "With --match loose, answer only what is alike by so many per cent: the mean of query and body.")
      ->type_name("PERCENT")
      ->check(CLI::Range(0, 100))
      ->group(kGroup);
  declare_parts(app, group);
  declare_hosts(app, group);
  add_choice(app, "--repeat", group.match.repeat,
             {{"sequence-last", Repeat::sequence_last},
              {"consume", Repeat::consume},
              {"first", Repeat::first},
              {"cycle", Repeat::cycle}},
             "What the same request gets again. sequence-last: the next recorded answer, and the last one from then on; consume: "
             "each answer once; first: always the first; cycle: from the first again.")
      ->type_name("HOW")
      ->default_str("sequence-last")
      ->group(kGroup);
  add_per_client(app, group);
  app.add_flag("--follow-redirects", group.match.follow_redirects, "Answer a recorded redirect with what it leads to.")
      ->group(kGroup);
  add_choice(app, "--on-error", group.on_error,
             {{"recorded", OnError::recorded},
              {"reset", OnError::reset},
              {"stall", OnError::stall},
              {"502", OnError::bad_gateway},
              {"504", OnError::gateway_timeout}},
             "What an exchange gets that has no answer. recorded: its end as the recording has it; reset: the connection is "
             "reset; stall: nothing, "
             "until the client gives up; or a status. When it ended in the recording.")
      ->type_name("HOW")
      ->default_str("recorded")
      ->group(kGroup);
  auto* miss =
      app.add_option_function<std::vector<std::string>>(
             "--miss",
             [&group](const std::vector<std::string>& words) {
               for (const std::string& word : words) set_miss(group, word);
             },
             "What a request gets that was not recorded. 404 or 502, with what differs from the nearest exchange as JSON; "
             "close: the end of the connection; upstream=URL: the answer of this server; record=FILE: the answer of the "
             "server that the client means, or of upstream, which is appended to this recording.")
          ->type_name("HOW")
          ->group(kGroup);
  app.add_flag("--upstream-insecure", group.upstream.insecure,
               "Accept any certificate of the server that a miss is passed on to.")
      ->group(kGroup)
      ->needs(miss);
}

}  // namespace tools::streamserve
