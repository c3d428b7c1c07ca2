#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "stream/io/finding.hpp"

namespace har::check {

/// What a check looks for, one by one. The names (Rule::name) are stable: people write them on command lines and into CI.
enum class RuleId : std::uint8_t {
  // The JSON text.
  json_syntax,
  json_utf8,
  json_limit,
  json_surrogate,
  json_number,
  har_bom,
  har_jsonp,
  har_cut,
  har_second_entries,
  har_duplicate_member,
  // The shape, as schemas/har-1.2.schema.json and schemas/har-extensions-1.schema.json have it.
  har_type,
  har_required,
  har_member,
  har_value,
  har_version,
  // The domains of single values.
  date_format,
  date_value,
  timings_negative,
  timings_unknown,
  size_negative,
  content_size_unknown,
  status_range,
  status_none,
  method_token,
  header_name,
  header_value,
  url_absolute,
  url_scheme,
  url_fragment,
  url_characters,
  http_version,
  server_address,
  server_address_form,
  mime_type,
  content_encoding,
  base64_invalid,
  base64_breaks,
  base64_undeclared,
  // Values of one entry that must agree with each other.
  time_sum,
  time_sum_ssl,
  ssl_in_connect,
  query_url,
  cookie_header,
  redirect_location,
  content_size,
  content_compression,
  body_unexpected,
  post_both,
  post_disagree,
  post_on_get,
  // Entries and pages together.
  page_id_duplicate,
  pageref_unknown,
  page_unused,
  entries_order,
  entry_before_page,
  entry_outside_page,
  entry_duplicate,
  // WebSocket messages, server-sent events, chunks, side files.
  ws_opcode,
  ws_data,
  ws_time_order,
  ws_time_window,
  ws_time_unit,
  ws_status,
  sse_text,
  sse_time_order,
  sse_time_window,
  sse_time_unit,
  chunks_order,
  chunks_size,
  file_escape,
  file_missing,
  // What a file should not hold if it is to be given away. Off unless asked for.
  secret_header,
  secret_cookie,
  secret_query,
  secret_body,
  secret_token,
  secret_file_mode,
  // Recordings (docs/recording.md).
  recording_shape,
  recording_time,
  recording_id,
  recording_after_end,
  recording_incomplete,
  recording_cut,
  // Whether a program would load the file: one rule a program.
  import_chrome,
  import_firefox,
  import_playwright,
  import_mitmproxy,
  import_har_schema,
  count_  ///< how many there are
};
inline constexpr std::size_t kRuleCount = static_cast<std::size_t>(RuleId::count_);

/// What a rule's findings count for; off: it is not looked at, or not said.
enum class Severity : std::uint8_t { off, note, warning, error };
std::string_view to_string(Severity severity);
std::optional<Severity> parse_severity(std::string_view text);

struct Rule {
  RuleId id = RuleId::count_;
  std::string_view name;             ///< "timings-negative"
  Severity strict = Severity::off;   ///< under the profile strict: HAR 1.2 to the letter
  Severity regular = Severity::off;  ///< under the profile default: what is really wrong
  std::string_view summary;          ///< one line, as in "a timing is negative, and not -1"
  std::string_view reason;           ///< why it matters, and what to do; one or two sentences
  std::string_view source;           ///< the standard's section, or the program whose behaviour it is
};

/// All rules, in the order of RuleId.
std::span<const Rule> rules();
const Rule& rule(RuleId id);
const Rule* find_rule(std::string_view name);

}  // namespace har::check
