#include "report_code.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "stream/text/json.hpp"

namespace stream {
namespace {

using Form = ShownValue::Form;

std::string reason_of_event(const Difference& difference) {
  const ItemRef& item = difference.expected.number != 0 ? difference.expected : difference.actual;
  if (item.kind == ItemKind::comment) return "comment-position mismatch";
  if (difference.subject == Subject::field) {
    if (difference.change != ValueChange::changed) return "field-count mismatch";
    // An event without a type is one of the type "message".
    const bool untyped =
        difference.field == "type" && (difference.expected_value.text == "message" || difference.actual_value.text == "message");
    return untyped ? "field-count mismatch" : "field-value mismatch";
  }
  if (difference.subject != Subject::data || item.kind == ItemKind::unfinished) return {};
  const bool json_e = difference.expected_value.form == Form::json;
  const bool json_a = difference.actual_value.form == Form::json;
  const bool whole = difference.change == ValueChange::missing || difference.change == ValueChange::extra;
  if (!whole && json_e != json_a) return "data-json-type mismatch";
  return json_e || json_a ? "data-json-mismatch" : "data-value mismatch";
}

std::string reason_of_bytes(const Difference& difference) {
  if (difference.subject != Subject::data || !difference.offset) return {};
  const std::size_t e = difference.expected_value.text.size();
  const std::size_t a = difference.actual_value.text.size();
  if (*difference.offset >= std::min(e, a)) return fmt::format("size mismatch: expected {} bytes, got {} bytes", e, a);
  return fmt::format("content mismatch starting near byte {} of {} bytes", *difference.offset, e);
}

std::string reason_of_part(const Difference& difference) {
  if (difference.subject == Subject::field) {
    if (difference.field != "header/content-type") return {};
    return "content-type mismatch";
  }
  if (difference.subject != Subject::data) return {};
  const bool json = difference.expected_value.form == Form::json || difference.actual_value.form == Form::json;
  return json ? "json body mismatch" : "body mismatch";
}

}  // namespace

std::string keploy_reason(StreamKind kind, const Difference& difference) {
  switch (kind) {
    case StreamKind::sse:
      return reason_of_event(difference);
    case StreamKind::ndjson:
    case StreamKind::json_seq:
      return difference.subject == Subject::data ? "json mismatch" : "";
    case StreamKind::text:
      if (difference.subject != Subject::data || difference.expected.number == 0) return {};
      return fmt::format("content mismatch at frame {}", difference.expected.number - 1);
    case StreamKind::binary:
      return reason_of_bytes(difference);
    case StreamKind::multipart:
      return reason_of_part(difference);
    case StreamKind::http:
    case StreamKind::websocket:
      return {};
  }
  return {};
}

std::string keploy_reason(const Comparison& comparison) {
  const SideSummary& e = comparison.expected;
  const SideSummary& a = comparison.actual;
  if (comparison.equal() || e.unread || a.unread || e.kind != a.kind || a.items >= e.items) return {};
  switch (e.kind) {
    case StreamKind::sse:
    case StreamKind::ndjson:
    case StreamKind::json_seq:
    case StreamKind::text:
      return fmt::format("expected {} frames but only received {}", e.items, a.items);
    case StreamKind::multipart:
      return fmt::format("expected {} parts but only received {}", e.items, a.items);
    default:
      return {};
  }
}

}  // namespace stream
