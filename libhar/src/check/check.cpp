#include "har/check/check.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "check/importers.hpp"
#include "check/recording_check.hpp"
#include "check/session.hpp"

namespace har::check {

using stream::Error;
using stream::ErrorCode;
using stream::Finding;
using stream::Level;
using stream::Place;
using stream::Result;
using stream::Status;

Level to_level(Severity severity) {
  return severity == Severity::error ? Level::error : severity == Severity::warning ? Level::warning : Level::note;
}

void Session::ready(const Marks& marks, stream::PlaceCursor& cursor, std::size_t base, std::string_view pointer,
                    std::vector<Ready>& out, Kinds::Counts* counts) const {
  for (const Mark& mark : marks) {
    const Severity severity = levels_.of(mark);
    if (severity == Severity::off) continue;
    if (counts != nullptr && kinds_.count(mark.rule, severity, pointer, mark.pointer, *counts)) continue;
    Place place = cursor.at(base + mark.offset);
    place.pointer = fmt::format("{}{}", pointer, mark.pointer);
    out.push_back({mark.rule, {to_level(severity), std::string(rule(mark.rule).name), mark.message, std::move(place)}});
  }
}

void Session::say(Ready ready) {
  if (ready.rule != RuleId::count_) ++summary_.count[static_cast<std::size_t>(ready.rule)];
  const Severity severity = ready.finding.level == Level::error     ? Severity::error
                            : ready.finding.level == Level::warning ? Severity::warning
                                                                    : Severity::note;
  ++summary_.by_severity[static_cast<std::size_t>(severity)];
  kinds_.said(ready.rule, severity, ready.finding.place.pointer);
  if (sink_) sink_(ready.finding);
}

void Session::say(Kinds::Counts& counts) {
  for (std::size_t i = 0; i < counts.of.size(); ++i) {
    const std::size_t count = std::exchange(counts.of[i], 0);
    if (count == 0) continue;
    const Kinds::Kind& kind = kinds_[i];
    summary_.count[static_cast<std::size_t>(kind.rule)] += count;
    summary_.by_severity[static_cast<std::size_t>(kind.severity)] += count;
    Place place;
    place.pointer = kind.pointer;
    options_.more({to_level(kind.severity), std::string(rule(kind.rule).name), "", std::move(place)}, count);
  }
}

void Session::say(const Mark& mark, Place place) {
  const Severity severity = levels_.of(mark);
  if (severity == Severity::off) return;
  say(Ready{mark.rule, {to_level(severity), std::string(rule(mark.rule).name), mark.message, std::move(place)}});
}

void Session::say(const Message& message) {
  if (const auto* finding = std::get_if<Finding>(&message)) {
    if (const Rule* known = find_rule(finding->rule)) {
      // What stands around the entries is walked over later, which finds members that stand twice with their places.
      if (known->id != RuleId::har_duplicate_member) say(known->id, finding->message, finding->place);
    } else {
      say(Ready{RuleId::count_, *finding});
    }
    return;
  }
  const Error& error = std::get<Error>(message);
  const auto text = [&] { return error.hint.empty() ? error.message : fmt::format("{}; {}", error.message, error.hint); };
  switch (error.code) {
    case ErrorCode::unsupported:  // JSON, but not a HAR: no program loads it
      return say(importer_rule(options_.profile).value_or(RuleId::har_required), text(), error.place);
    case ErrorCode::syntax:
      return say(RuleId::json_syntax, text(), error.place);
    case ErrorCode::encoding:
      return say(RuleId::json_utf8, text(), error.place);
    case ErrorCode::truncated:
      return say(RuleId::har_cut, text(), error.place);
    case ErrorCode::limit:
      return say(RuleId::json_limit, text(), error.place);
    default:
      if (!failure_) failure_ = error;
  }
}

namespace {

/// Inputs of which only the reader knows what is right: bodies, and formats of other programs.
Status check_items(Input& input, Session& session) {
  input.reader = input.format->open_reader(
      *input.source, {session.options().limits, [&](const Finding& finding) { session.say(Message(finding)); }});
  for (;;) {
    auto item = input.reader->next();
    if (!item) {
      session.say(Message(std::move(item).error()));
      if (!input.reader->can_continue()) return {};
    } else if (!*item) {
      return {};
    } else {
      ++session.summary().entries;
    }
  }
}

/// A file with secrets that others may read.
void check_mode(const Input& input, Session& session) {
  const auto& count = session.summary().count;
  const auto first = static_cast<std::ptrdiff_t>(RuleId::secret_header);
  const auto last = static_cast<std::ptrdiff_t>(RuleId::secret_file_mode);
  if (std::all_of(count.begin() + first, count.begin() + last, [](std::size_t found) { return found == 0; })) return;
  struct stat status {};
  if (input.path == "-" || ::stat(input.path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return;
  if ((status.st_mode & (S_IRGRP | S_IROTH)) == 0) return;
  session.say(RuleId::secret_file_mode, fmt::format("the file's mode is {:04o}: others may read it", status.st_mode & 07777U),
              {input.path});
}

}  // namespace

Result<Summary> check(Input& input, const Options& options, const stream::FindingSink& sink) {
  Session session(options, sink);
  const std::string_view format = input.format->name;
  if (format == "har") {
    STREAM_TRY(check_har(input, session));
  } else if (format == "harl") {
    STREAM_TRY(check_lines(input, session));
  } else if (format == "recording") {
    STREAM_TRY(check_recording(input, session));
  } else {
    STREAM_TRY(check_items(input, session));
  }
  if (session.failure()) return stream::fail(*session.failure());
  check_mode(input, session);
  return std::move(session.summary());
}

}  // namespace har::check
