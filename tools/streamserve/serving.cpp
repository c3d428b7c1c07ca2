#include "streamserve/serving.hpp"

#include <fmt/format.h>

#include "stream/text/units.hpp"

namespace tools::streamserve {
namespace {

namespace net = stream::net;
using stream::Json;
using stream::replay::Answer;
using stream::replay::StepKind;

constexpr std::size_t kMostUnasked = 20;  // that are named one by one

std::string_view ending_text(StepKind last) {
  switch (last) {
    case StepKind::cut:
      return ", cut off like the recording";
    case StepKind::reset:
      return ", reset as recorded";
    case StepKind::stall:
      return ", left hanging as recorded";
    default:
      return "";
  }
}

std::string deviations_text(std::uint64_t count) {
  if (count == 0) return {};
  return fmt::format(", {} deviation{}", count, count == 1 ? "" : "s");
}

double seconds(stream::Nanos time) { return static_cast<double>(time.count()) / 1e9; }

}  // namespace

Serving::Serving(const Options& options, Messages& messages, std::shared_ptr<Repertoire> repertoire, const Parts& parts)
    : options_(options),
      messages_(messages),
      parts_(parts),
      log_(parts.log),
      changes_(parts.changes),
      repertoire_(std::move(repertoire)) {}

void Serving::begin(const net::Request& request, std::string member, std::string name) {
  request.tag = ++next_tag_;
  Running running;
  running.source = fmt::format("{} {}", member, name);
  running.member = std::move(member);
  running.name = std::move(name);
  running.method = request.method;
  running.target = request.target;
  running.peer = request.peer;
  running.begin = std::chrono::steady_clock::now();
  running_.emplace(request.tag, std::move(running));
}

std::shared_ptr<const Answer> Serving::answer(const net::Request& request) {
  request.tag = 0;
  mocked_.reset();
  if (parts_.mocks != nullptr) {
    if (auto answer = request.websocket ? mock_handshake(request) : mock_answer(request))
      return changed(request, std::move(answer));
  }
  const Match match = repertoire_->finder().find(request);
  if (!match.index) return missed(request, match);
  Recording& recording = repertoire_->recording();
  const std::string name = recording.name(*match.index);
  repertoire_->count(*match.index);
  begin(request, "exchange", name);
  if (!match.note.empty()) {
    log_.write("note", request, fmt::format(": answered by exchange {}: {}", name, match.note),
               {{"exchange", name}, {"text", match.note}});
  }
  if (auto growing = repertoire_->growing(*match.index)) return growing;
  const auto recorded = recording.answer(*match.index);
  if (!recorded) {
    const std::string why = to_string(recorded.error());
    log_.write("note", request, fmt::format(": exchange {}: {}", name, why), {{"exchange", name}, {"text", why}});
    return changes_.fitting().finish(request, unreadable_answer(recorded.error()));
  }
  return changed(request, *recorded);
}

std::shared_ptr<const Answer> Serving::mock_answer(const net::Request& request) {
  auto match = parts_.mocks->match(request);
  if (match && match->answer == nullptr) return nullptr;
  ++tally_.mocked;
  if (!match) {  // a file that can't be sent
    const std::string why = to_string(match.error());
    log_.write("note", request, ": " + why, {{"text", why}});
    return stream::replay::make_answer(500, "application/json", stream::to_json(Json(Json::Object{{"error", why}})) + "\n");
  }
  begin(request, "mock", stream::to_string(match->place));
  return std::move(match->answer);
}

std::shared_ptr<const Answer> Serving::mock_handshake(const net::Request& request) {
  mocked_ = parts_.mocks->connect(request);
  if (mocked_ == nullptr) return nullptr;
  ++tally_.mocked;
  const std::string place = stream::to_string(mocked_->place());
  begin(request, "mock", place);
  return stream::mock::handshake_answer(*mocked_, place);
}

std::unique_ptr<stream::replay::Conversation> Serving::converse(const net::Request&, std::shared_ptr<const Answer> answer) {
  if (mocked_ == nullptr || !stream::mock::leaves_mock(*answer)) return parts_.conversations.start(std::move(answer));
  return stream::mock::make_conversation(std::move(mocked_), options_.service.unmatched, *answer);
}

void Serving::deviated(const net::Request& request, const Answer&, const stream::replay::Deviation& deviation) {
  const std::string text = to_string(deviation);
  tally_.stray(fmt::format("{} {}: {}", request.method, request.target, text));
  const auto found = running_.find(request.tag);
  const std::string source = found == running_.end() ? "" : found->second.source;
  Json::Object members{{"deviation", text}};
  if (found != running_.end()) members.emplace_back(found->second.member, found->second.name);
  log_.write("deviation", request, fmt::format(" {}: deviation: {}", source, text), std::move(members));
}

std::shared_ptr<const Answer> Serving::changed(const net::Request& request, std::shared_ptr<const Answer> answer) {
  std::string note;
  answer = changes_.apply(request, std::move(answer), note);
  if (!note.empty()) log_.write("note", request, ": " + note, {{"text", note}});
  return answer;
}

std::shared_ptr<const Answer> Serving::missed(const net::Request& request, const Match& match) {
  if (auto allowed = changes_.fitting().preflight(request)) {
    log_.write("note", request, " 204 preflight, allowed", {{"status", 204}, {"text", "preflight, allowed"}});
    return allowed;
  }
  ++tally_.missed;
  if (parts_.upstream != nullptr) {
    tally_.stray(fmt::format("{} {}: {}", request.method, request.target, match.miss));
    begin(request, "upstream", parts_.upstream->url_of(request));
    return parts_.upstream->relay(request);
  }
  const Nearest nearest = repertoire_->finder().nearest(request);
  const std::string text = miss_text(options_.match.miss, match.miss, nearest);
  tally_.stray(fmt::format("{} {}: {}", request.method, request.target, match.miss));
  Json::Object members{{"why", match.miss}};
  if (options_.match.miss != Miss::close) members.emplace(members.begin(), "status", status_of(options_.match.miss));
  if (nearest.index) members.emplace_back("nearest", to_json(nearest));
  log_.write("miss", request, " " + text, std::move(members));
  return changes_.fitting().finish(request, miss_answer(options_.match.miss, request, match.miss, nearest));
}

void Serving::served(const net::Request& request, const Answer& answer, const net::Served& served) {
  const auto found = running_.find(request.tag);
  if (found == running_.end()) return;  // of our own making; a miss has its line
  const Running running = std::move(found->second);
  running_.erase(found);
  const bool complete = served.outcome == net::Outcome::complete;
  switch (served.outcome) {
    case net::Outcome::complete:
      ++tally_.complete;
      break;
    case net::Outcome::client_left:
      ++tally_.client_left;
      break;
    case net::Outcome::timed_out:
      ++tally_.timed_out;
      break;
    case net::Outcome::failed:
      ++tally_.failed;
      tally_.stray(fmt::format("{} {}: {}", request.method, request.target, net::to_string(served.outcome)));
      break;
  }
  tally_.deviations += served.deviations;
  const std::string fault = answer.note.empty() ? "" : fmt::format(", fault: {}", answer.note);
  const std::string_view ending = fault.empty() ? ending_text(served.last) : std::string_view{};
  Json::Object members{{"status", served.status},
                       {running.member, running.name},
                       {"outcome", net::to_string(served.outcome)},
                       {"bytes", served.body_bytes},
                       {"messages", served.messages},
                       {"duration", seconds(std::chrono::steady_clock::now() - running.begin)},
                       {"lateness", seconds(served.max_lateness)}};
  if (!answer.note.empty()) members.emplace_back("fault", answer.note);
  if (!served.why.empty()) members.emplace_back("why", served.why);
  if (served.deviations != 0) members.emplace_back("deviations", served.deviations);
  const std::string how = fmt::format(", {}{}{}", net::to_string(served.outcome), served.why.empty() ? "" : ": ", served.why);
  log_.write("answer", request,
             fmt::format(" {} {}, {} bytes, at most {} late{}{}{}", served.status, running.source, served.body_bytes,
                         stream::format_duration(served.max_lateness), fault, complete ? std::string(ending) : how,
                         deviations_text(served.deviations)),
             std::move(members));
  ++answered_;
  end_if_over();
}

void Serving::end_if_over() {
  const bool over = options_.service.exit_after != 0 ? answered_ == options_.service.exit_after
                                                     : options_.service.once && repertoire_->unasked() == 0 && running_.empty();
  if (over) server_->stop();
}

void Serving::refused(std::string_view peer, int status, std::string_view why) {
  ++tally_.refused;
  tally_.stray(fmt::format("{}: {}", peer, why));
  const std::string sent = status == 0 ? "closed" : std::to_string(status);
  log_.write("refused", fmt::format("{} {}: {}", peer, sent, why), {{"client", peer}, {"status", status}, {"why", why}});
}

void Serving::received(const net::Request& request, int opcode, std::uint64_t size) {
  if (messages_.verbosity == 0) return;
  log_.write("message", request, fmt::format(": received {} bytes with opcode {}", size, opcode),
             {{"opcode", opcode}, {"bytes", size}});
}

void Serving::reload() {
  if (options_.follow) return refresh_mocks();
  auto anew = Repertoire::load(options_, messages_);
  if (!anew) {
    const std::string why = to_string(anew.error());
    log_.write("reload", fmt::format("the recordings stay as they were: {}", why), {{"ok", false}, {"error", why}});
  } else {
    repertoire_ = std::move(*anew);
    const std::size_t count = repertoire_->recording().size();
    log_.write("reload", fmt::format("the recordings were read anew: {} exchanges", count), {{"ok", true}, {"exchanges", count}});
  }
  refresh_mocks();
}

void Serving::refresh_mocks() {
  if (parts_.mocks == nullptr) return;
  for (const Mocks::Reload& reload : parts_.mocks->refresh()) {
    if (reload.error) {
      const std::string why = to_string(*reload.error);
      log_.write("reload", fmt::format("the mocks stay as they were: {}", why),
                 {{"ok", false}, {"mocks", reload.path}, {"error", why}});
    } else {
      log_.write("reload", fmt::format("{} was read anew", reload.path), {{"ok", true}, {"mocks", reload.path}});
    }
  }
}

void Serving::drain(stream::Nanos limit) {
  if (!running_.empty()) {
    log_.write("drain",
               fmt::format("no more requests; {} answers go on for at most {}", running_.size(), stream::format_duration(limit)),
               {{"running", running_.size()}, {"limit", seconds(limit)}});
  }
  server_->drain(limit);
}

bool verify(const Serving& serving, RequestLog& log, Messages& messages) {
  const Tally& tally = serving.tally();
  const Repertoire& repertoire = serving.repertoire();
  std::size_t named = 0;
  for (std::size_t i = 0; i < repertoire.recording().size() && named < kMostUnasked; ++i) {
    if (repertoire.asked(i) != 0) continue;
    ++named;
    const har::match::Request request = repertoire.recording().request(i);
    const std::string name = repertoire.recording().name(i);
    log.write("verify", fmt::format("never asked for: exchange {}: {} {}", name, request.method, request.target()),
              {{"problem", "never asked for"}, {"exchange", name}, {"method", request.method}, {"target", request.target()}});
  }
  for (const std::string& stray : tally.strays)
    log.write("verify", "not as recorded: " + stray, {{"problem", "not as recorded"}, {"text", stray}});
  const std::uint64_t strays = tally.missed + tally.refused + tally.failed + tally.deviations;
  const bool good = repertoire.unasked() == 0 && strays == 0;
  const std::size_t count = repertoire.recording().size();
  const std::string text =
      good ? fmt::format("verified: all {} exchanges were asked for, and nothing else", count)
           : fmt::format("not verified: {} of {} exchanges were never asked for; {} times a client did something else",
                         repertoire.unasked(), count, strays);
  log.write("verdict", text, {{"ok", good}, {"exchanges", count}, {"unasked", repertoire.unasked()}, {"strays", strays}});
  if (!good && !log.on_standard_error()) messages.error(text);
  return good;
}

}  // namespace tools::streamserve
