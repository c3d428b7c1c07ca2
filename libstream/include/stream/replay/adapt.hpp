#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "stream/replay/negotiate.hpp"

/// A recorded answer as it has to be somewhere else, and at another time. Pure.
namespace stream::replay {

/// When an answer is given.
struct Moment {
  HttpTime now{};
  HttpTime started{};  ///< when serving began
};

/// Dates moved by the time since the exchange was recorded (Answer::recorded_at, else its Date): what was fresh is fresh, and
/// what had expired has. Date, Expires, Retry-After where it is a date, and Expires of cookies count from `now`; Last-Modified
/// counts from `started`, so that it is the same each time and If-Modified-Since finds it again. Age and max-age are spans, which
/// stay. Unchanged: what is no date, and an answer of which it is not known when it was recorded.
std::shared_ptr<const Answer> refresh_dates(std::shared_ptr<const Answer> answer, Moment moment);

/// How a client calls what was recorded under other names.
struct Naming {
  /// The origin ("http://localhost:8080") that a client uses for a recorded scheme and authority ("https", "api.example:443");
  /// no value: that was not mapped. Without a scheme it is a domain that is meant, and every host in it.
  std::function<std::optional<std::string>(std::string_view scheme, std::string_view authority)> origin{};
  bool secure = false;  ///< the client came over TLS
  bool bodies = false;  ///< addresses in bodies, too
};

/// Addresses of recorded hosts, written as the client calls them: in Location, Content-Location, Refresh, Link and
/// Access-Control-Allow-Origin; and cookies' Domain, which is left out where the client uses an address or a name without dots,
/// for which browsers take none. Over plain HTTP a cookie's Secure goes, and with it SameSite=None, which browsers take only
/// then.
///
/// In bodies, with Naming::bodies, of text (by their media type) that came whole and in no content coding: addresses with a
/// scheme (https, http, wss, ws), also as JSON may write them ("https:\/\/"), and behind a quote or a bracket those without one
/// ("//host/"). An address that is cut by the end of a piece comes with its last piece.
std::shared_ptr<const Answer> rewrite_names(std::shared_ptr<const Answer> answer, const Naming& naming);

/// Whether it is asked whether another request may be made (Fetch §3.2.2).
bool is_preflight(const Ask& ask);
/// Whether a script of another origin asks. `authority`: what the client calls us.
bool is_cross_origin(const Ask& ask, std::string_view authority);
/// Leave for everything that is asked for: 204.
std::shared_ptr<const Answer> preflight_answer(const Ask& ask);
/// The answer with leave for the origin that asks to read it, with credentials and all its fields. What the recording has of
/// these fields goes.
std::shared_ptr<const Answer> with_cors(const Ask& ask, std::shared_ptr<const Answer> answer);

}  // namespace stream::replay
