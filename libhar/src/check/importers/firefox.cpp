#include "check/importers/javascript.hpp"
#include "check/importers/report.hpp"
#include "check/importers/url_form.hpp"

/// Firefox: the Network Monitor's importer. It asks for members of members without looking whether they are there; where one is
/// not, it stops, and what it has added by then stays.
namespace har::check::importers {
namespace {

using stream::Json;

/// Whether value.member throws: of undefined and null alone.
bool has_no_members(const Json* value) { return value == nullptr || value->is_null(); }

}  // namespace

void firefox_document(const LogInfo& info, Report& report) {
  const At root;
  const At log(root, "log");
  const At pages(log, "pages");
  const Json* const value = find(info.log, "pages");
  if (value == nullptr || !value->is_array()) {
    return report.refuse(pages, "expected an array, found " + found(value) + ": Firefox throws, and loads nothing");
  }
  for (std::size_t i = 0; i < value->as_array().size(); ++i) {
    if (value->as_array()[i].is_null()) {
      report.refuse(At(pages, i), "expected an object, found null: Firefox throws, and loads nothing");
    }
  }
}

void firefox_entry(const Json& entry, Report& report) {
  const At root;
  const auto stops = [&](const At& at, const Json* value) {
    if (!has_no_members(value)) return false;
    report.refuse(at, "expected an object, found " + found(value) + ": Firefox throws, and loads no more entries");
    return true;
  };

  const Json* const started = entry.find("startedDateTime");
  // Its parser is not V8's, but takes what that takes in files that programs write.
  if (!javascript::is_date(started)) {
    report.misread(At(root, "startedDateTime"),
                   "expected a date, found " + found(started) + ": Firefox has no time for the request");
  }

  const At request(root, "request");
  const Json* const sent = entry.find("request");
  if (!stops(request, sent)) {
    const Json* const url = sent->find("url");
    if (url == nullptr || !url->is_string() || is_no_url(url->as_string())) {
      report.refuse(At(request, "url"), "expected a URL, found " + found(url) + ": Firefox throws, and loads no more entries");
    }
    const Json* const headers = sent->find("headers");
    if (headers == nullptr || !headers->is_array()) {
      report.misread(At(request, "headers"), "expected an array, found " + found(headers) + ": Firefox cannot show them");
    }
  }

  const At response(root, "response");
  const Json* const answer = entry.find("response");
  if (!stops(response, answer)) {
    stops(At(response, "content"), answer->find("content"));
    const Json* const headers = answer->find("headers");
    if (headers == nullptr || !headers->is_array()) {
      report.misread(At(response, "headers"), "expected an array, found " + found(headers) + ": Firefox cannot show the request");
    }
  }

  const At timings(root, "timings");
  const Json* const times = entry.find("timings");
  if (!stops(timings, times)) {
    for (const std::string_view name : {"blocked", "dns", "connect", "ssl", "send", "wait", "receive"}) {
      const Json* const time = times->find(name);
      if (time == nullptr || time->is_number() || time->is_null() || time->is_bool()) continue;
      report.misread(At(timings, name), "expected a number, found " + found(time) + ": Firefox puts the times together as text");
    }
  }

  stops(At(root, "cache"), entry.find("cache"));
}

}  // namespace har::check::importers
