#include "streamserve/fault_options.hpp"

#include <fmt/format.h>

#include <chrono>

namespace tools::streamserve {

using stream::replay::Answer;

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
