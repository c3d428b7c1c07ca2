#include <algorithm>
#include <array>

#include "edit.hpp"
#include "fields.hpp"
#include "stream/replay/adapt.hpp"

namespace stream::replay {
namespace {

/// What scripts may read without being told so (Fetch §2.2.2).
bool is_safelisted(std::string_view name) {
  constexpr std::array<std::string_view, 7> kNames{"cache-control", "content-language", "content-length", "content-type",
                                                   "expires",       "last-modified",    "pragma"};
  return std::any_of(kNames.begin(), kNames.end(), [&](std::string_view known) { return iequals(name, known); });
}

std::string_view field(const Ask& ask, std::string_view name) {
  return ask.headers == nullptr ? std::string_view{} : find_header(*ask.headers, name);
}

void allow_origin(const Ask& ask, std::vector<HeaderField>& headers) {
  set_field(headers, "Access-Control-Allow-Origin", std::string(field(ask, "origin")));
  set_field(headers, "Access-Control-Allow-Credentials", "true");
  add_to_list(headers, "Vary", "Origin");
}

}  // namespace

bool is_preflight(const Ask& ask) {
  return ask.method == "OPTIONS" && !field(ask, "origin").empty() && !field(ask, "access-control-request-method").empty();
}

bool is_cross_origin(const Ask& ask, std::string_view authority) {
  const std::string_view origin = field(ask, "origin");
  if (origin.empty()) return false;
  const auto scheme = origin.find("://");
  return scheme == std::string_view::npos || !iequals(origin.substr(scheme + 3), authority);
}

std::shared_ptr<const Answer> preflight_answer(const Ask& ask) {
  auto made = std::make_shared<Answer>();
  made->status = 204;
  made->complete = true;
  made->steps = {{Nanos{}, StepKind::head, 0, {}}, {Nanos{}, StepKind::end, 0, {}}};
  allow_origin(ask, made->headers);
  made->headers.push_back({"Access-Control-Allow-Methods", std::string(field(ask, "access-control-request-method"))});
  for (const std::string_view name : {"Headers", "Private-Network"}) {
    const std::string_view asked = field(ask, "Access-Control-Request-" + std::string(name));
    if (!asked.empty()) made->headers.push_back({"Access-Control-Allow-" + std::string(name), std::string(asked)});
  }
  return made;
}

std::shared_ptr<const Answer> with_cors(const Ask& ask, std::shared_ptr<const Answer> answer) {
  if (answer->websocket || answer->steps.front().kind != StepKind::head) return answer;
  Edit edit(answer);
  std::vector<HeaderField>& headers = edit.answer().headers;
  allow_origin(ask, headers);
  remove_fields(headers, "access-control-expose-headers");
  std::vector<HeaderField> exposed;
  for (const HeaderField& each : headers) {
    const bool cookie = iequals(each.name, "set-cookie");  // which no script ever sees
    if (is_safelisted(each.name) || cookie || iequals(std::string_view(each.name).substr(0, 15), "access-control-")) continue;
    add_to_list(exposed, "names", each.name);
  }
  if (!exposed.empty()) headers.push_back({"Access-Control-Expose-Headers", exposed.front().value});
  return edit.take({});
}

}  // namespace stream::replay
