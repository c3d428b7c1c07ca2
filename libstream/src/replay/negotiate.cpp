#include "stream/replay/negotiate.hpp"

#include <algorithm>
#include <array>

#include "edit.hpp"
#include "fields.hpp"
#include "range.hpp"

namespace stream::replay {
namespace {

/// RFC 9110 §8.8.3. What has no quotes is taken as it is: servers do send such tags, and clients give them back.
struct Tag {
  bool weak = false;
  std::string_view opaque{};
};

Tag parse_tag(std::string_view text) {
  text = trimmed(text);
  const bool weak = text.starts_with("W/");
  return {weak, text.substr(weak ? 2 : 0)};
}

bool same_strongly(Tag a, Tag b) { return !a.weak && !b.weak && a.opaque == b.opaque; }
bool same_weakly(Tag a, Tag b) { return a.opaque == b.opaque; }

/// Whether a list of tags, or "*", has the answer's in it. Without a tag of its own only "*" does.
template <class Same>
bool lists(std::string_view list, std::string_view own, Same same) {
  bool found = trimmed(list) == "*";
  each_listed(list,
              [&](std::string_view element) { found = found || (!own.empty() && same(parse_tag(element), parse_tag(own))); });
  return found;
}

enum class Verdict { go_on, not_modified, failed };

/// The order of RFC 9110 §13.2.2, for GET and HEAD.
Verdict check_preconditions(const std::vector<HeaderField>& asked, const Answer& answer) {
  const std::string_view tag = find_header(answer.headers, "etag");
  const auto modified = parse_http_date(find_header(answer.headers, "last-modified"));
  const auto date = [&](std::string_view name) { return parse_http_date(find_header(asked, name)); };
  if (has_field(asked, "if-match")) {
    if (!lists(joined_fields(asked, "if-match"), tag, same_strongly)) return Verdict::failed;
  } else if (const auto since = date("if-unmodified-since"); since && modified && *modified > *since) {
    return Verdict::failed;
  }
  if (has_field(asked, "if-none-match"))
    return lists(joined_fields(asked, "if-none-match"), tag, same_weakly) ? Verdict::not_modified : Verdict::go_on;
  if (const auto since = date("if-modified-since"); since && modified && *modified <= *since) return Verdict::not_modified;
  return Verdict::go_on;
}

/// RFC 9110 §13.1.5: a strong validator, and the same one.
bool if_range_holds(const std::vector<HeaderField>& asked, const Answer& answer, HttpTime now) {
  if (!has_field(asked, "if-range")) return true;
  const std::string_view value = trimmed(find_header(asked, "if-range"));
  if (const auto date = parse_http_date(value)) {
    const auto modified = parse_http_date(find_header(answer.headers, "last-modified"));
    // §8.8.2.2: what was changed in the second in which it was sent may have been changed again.
    return modified && *modified == *date && *modified < parse_http_date(find_header(answer.headers, "date")).value_or(now);
  }
  const std::string_view tag = find_header(answer.headers, "etag");
  return !tag.empty() && same_strongly(parse_tag(value), parse_tag(tag));
}

/// The same head with another status, and nothing behind it.
std::shared_ptr<const Answer> head_alone(const std::shared_ptr<const Answer>& answer, int status, std::string note) {
  Edit edit(answer);
  edit.finish_with(1, {edit.steps().front().at, StepKind::end, 0, {}});
  Answer& made = edit.answer();
  made.status = status;
  made.reason.clear();
  made.trailers.clear();
  made.recorded_length.reset();
  made.chunked = false;
  made.keepalive.reset();
  // What describes a body that does not come; of the validators one is enough (§15.4.5).
  for (const std::string_view name : {"content-type", "content-encoding", "content-language", "content-range"})
    remove_fields(made.headers, name);
  if (status != 304 || has_field(made.headers, "etag")) remove_fields(made.headers, "last-modified");
  if (status != 304) remove_fields(made.headers, "etag");
  made.kind = StreamKind::http;
  return edit.take(note);
}

std::shared_ptr<const Answer> with_status_200(const std::shared_ptr<const Answer>& answer) {
  Edit edit(answer);
  edit.answer().status = 200;
  edit.answer().reason.clear();
  edit.answer().recorded_length = answer->body_size;
  return edit.take({});
}

bool can_be_cut(const Answer& answer) {
  const bool stream = answer.kind != StreamKind::http && answer.kind != StreamKind::binary && answer.kind != StreamKind::text;
  return answer.status == 200 && answer.complete && !stream && answer.rounds == 1 && !answer.head_only &&
         !iequals(trimmed(find_header(answer.headers, "accept-ranges")), "none");
}

}  // namespace

std::shared_ptr<const Answer> negotiate(const Ask& ask, std::shared_ptr<const Answer> answer, HttpTime now) {
  const bool get = ask.method == "GET";
  if (answer->websocket || ask.headers == nullptr || (!get && ask.method != "HEAD")) return answer;
  if (answer->steps.front().kind != StepKind::head) return answer;
  const std::vector<HeaderField>& asked = *ask.headers;
  if (answer->status == 304 && answer->body_size != 0 && answer->complete) {
    if (has_field(asked, "if-none-match") || has_field(asked, "if-modified-since")) return answer;
    answer = with_status_200(answer);
  }
  if (answer->status / 100 != 2) return answer;
  switch (check_preconditions(asked, *answer)) {
    case Verdict::not_modified:
      return head_alone(answer, 304, "");
    case Verdict::failed:
      return head_alone(answer, 412, "");
    case Verdict::go_on:
      break;
  }
  if (!get || !has_field(asked, "range") || !can_be_cut(*answer) || !if_range_holds(asked, *answer, now)) return answer;
  const Ranges ranges = parse_ranges(joined_fields(asked, "range"), answer->body_size);
  if (ranges.ignored) return answer;
  if (!ranges.list.empty()) return cut_to(ranges.list, answer);
  auto refused = std::make_shared<Answer>(*head_alone(answer, 416, ""));
  refused->headers.push_back({"Content-Range", "bytes */" + std::to_string(answer->body_size)});
  return refused;
}

}  // namespace stream::replay
