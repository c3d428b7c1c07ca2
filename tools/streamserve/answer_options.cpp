#include "streamserve/answer_options.hpp"

#include <CLI/CLI.hpp>

namespace tools::streamserve {

using stream::replay::Answer;
using stream::replay::Ask;
using stream::replay::Encode;

namespace {

constexpr const char* kGroup = "Answers";

Ask ask_of(const stream::net::Request& request) { return {request.method, &request.headers}; }

}  // namespace

void add_answer_options(CLI::App& app, AnswerOptions& options) {
  add_choice(app, "--encode", options.encode,
             {{"recorded", Encode::recorded}, {"identity", Encode::identity}, {"accept", Encode::accept}},
             "How bodies are coded. recorded: as they were recorded, but decoded for a client whose Accept-Encoding leaves that "
             "coding out. identity: always decoded. accept: what was recorded decoded is compressed again, in the coding that it "
             "was sent in, for a client that accepts it; each piece at its time.")
      ->type_name("HOW")
      ->default_str("recorded")
      ->group(kGroup);
  app.add_flag("--refresh-dates", options.refresh_dates,
               "Move dates in headers (Date, Expires, Last-Modified, Retry-After, and Expires of cookies) by the time since the "
               "recording, so that what was fresh is fresh.")
      ->group(kGroup);
  app.add_flag(
         "--rewrite-bodies", options.rewrite_bodies,
         "With --map, write addresses of the recorded hosts in bodies of text as the client calls them, too. In headers and "
         "cookies they always are.")
      ->group(kGroup)
      ->needs(app.get_option("--map"));
  app.add_flag("--cors", options.cors,
               "Let pages of any origin read the answers, with credentials: in the place of recorded CORS headers, and for "
               "preflights that were not recorded.")
      ->group(kGroup);
}

std::string Fitting::authority(const stream::net::Request& request) const {
  const auto forwarded = stream::replay::find_header(request.headers, group_.host_header);
  if (group_.host_header.empty() || forwarded.empty()) return request.authority;
  return std::string(forwarded.substr(0, forwarded.find(',')));
}

std::shared_ptr<const Answer> Fitting::fit(const stream::net::Request& request, std::shared_ptr<const Answer> answer,
                                           stream::replay::HttpTime now) {
  if (answer->websocket) return answer;
  std::string used;
  bool mapped = false;
  if (!group_.map.empty()) {
    used = authority(request);
    har::match::Request asked;
    asked.scheme.clear();
    har::match::set_authority(asked, used);
    mapped = group_.map.apply(asked);
  }
  const bool bodies = options_.rewrite_bodies && mapped;
  const Encode coding = bodies ? Encode::identity : options_.encode;
  if (decodes(ask_of(request), *answer, coding)) {
    answer = decoded_.get(std::move(answer), [&](const auto& each) { return decode_for(ask_of(request), each, coding); });
  }
  if (options_.refresh_dates) answer = refresh_dates(std::move(answer), {now, started_});
  if (mapped) {
    stream::replay::Naming naming;
    naming.bodies = bodies;
    naming.secure = request.secure;
    naming.origin = [&](std::string_view scheme, std::string_view recorded) -> std::optional<std::string> {
      har::match::Request place;
      place.scheme = scheme;
      har::match::set_authority(place, recorded);
      const auto name = group_.map.name_of(place, used, scheme.empty());
      return name ? std::optional((naming.secure ? "https://" : "http://") + *name) : std::nullopt;
    };
    answer = rewrite_names(std::move(answer), naming);
  }
  return negotiate(ask_of(request), std::move(answer), now);
}

std::shared_ptr<const Answer> Fitting::finish(const stream::net::Request& request, std::shared_ptr<const Answer> answer) {
  const Ask ask = ask_of(request);
  if (options_.cors && is_cross_origin(ask, authority(request))) answer = with_cors(ask, std::move(answer));
  if (options_.encode != Encode::accept || !encodes(ask, *answer)) return answer;
  return encoded_.get(std::move(answer), [&](const auto& each) { return encode_for(ask, each); });
}

std::shared_ptr<const Answer> Fitting::preflight(const stream::net::Request& request) const {
  const Ask ask = ask_of(request);
  return options_.cors && is_preflight(ask) ? preflight_answer(ask) : nullptr;
}

}  // namespace tools::streamserve
