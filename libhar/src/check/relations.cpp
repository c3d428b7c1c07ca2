#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "check/agreements.hpp"
#include "check/base64_shape.hpp"
#include "check/entry_rules.hpp"
#include "check/http_text.hpp"
#include "check/saying.hpp"
#include "check/words.hpp"
#include "stream/text/charset.hpp"
#include "stream/text/json_tokens.hpp"

namespace har::check {
namespace {

// Times, in milliseconds.

/// What rounding to whole milliseconds explains.
constexpr double kRounding = 1;
/// What adding up rounded numbers explains, of the sum.
constexpr double kShare = 0.005;

void check_times(const Facts& facts, Marks& marks) {
  const double ssl = number_of(facts[Slot::ssl], -1);
  const double connect = number_of(facts[Slot::connect], -1);
  if (ssl > std::max(connect, 0.0) + kRounding && facts[Slot::connect].is_number()) {
    mark(marks, RuleId::ssl_in_connect, facts, Slot::ssl,
         fmt::format("expected at most connect, {} ms, found {} ms", in_words(connect), in_words(ssl)));
  }

  const double time = number_of(facts[Slot::time], -1);
  if (time < 0) return;
  double sum = 0;
  bool known = false;    // any phase
  bool complete = true;  // all phases that there must be
  for (const Slot slot : {Slot::blocked, Slot::dns, Slot::connect, Slot::send, Slot::wait, Slot::receive}) {
    const double phase = number_of(facts[slot], -1);
    if (phase >= 0) {
      sum += phase;
      known = true;
    }
    const bool required = slot == Slot::send || slot == Slot::wait || slot == Slot::receive;
    complete = complete && (!required || facts[slot].is_number());
  }
  const auto near = [&](double other) { return std::abs(time - other) <= std::max({kRounding, kShare * time, kShare * other}); };
  if (!known || near(sum)) return;
  if (ssl > 0 && near(sum + ssl)) {
    mark(marks, RuleId::time_sum_ssl, facts, Slot::time,
         fmt::format("expected the sum of the timings, {} ms, found {} ms, which counts ssl, {} ms, besides", in_words(sum),
                     in_words(time), in_words(ssl)));
    return;
  }
  if (!complete && time > sum) return;  // the rest is what is not said
  mark(marks, RuleId::time_sum, facts, Slot::time,
       fmt::format("expected the sum of the timings, {} ms, found {} ms", in_words(sum), in_words(time)));
}

// The content.

/// Whether the body may have been in another charset than UTF-8, with `said` octets: what is said of it, or what is not.
bool may_be_other_charset(const Facts& facts, double said) {
  using stream::Charset;
  const std::string mime = text_of(facts[Slot::mime]);
  std::string type;
  for (const Record& header : facts[List::response_headers]) {  // Chrome leaves the charset out of mimeType
    if (equal_ignoring_case(text_of(header.name), "content-type")) type = text_of(header.value);
  }
  std::string_view label = stream::charset_parameter(type);
  if (label.empty()) label = stream::charset_parameter(mime);
  if (label.empty()) {
    const std::string_view essence = essence_of(mime);
    return !essence.ends_with("json") && !essence.ends_with("svg+xml");  // text that names its charset inside, or not at all
  }
  const auto charset = stream::charset_by_label(label);
  if (charset == Charset::utf_8) return false;
  // These have several forms of one text.
  if (!charset || charset == Charset::iso_2022_jp || charset == Charset::euc_jp) return true;
  const auto octets = stream::encode_charset(*charset, text_of(facts[Slot::text]));
  if (!octets) return true;
  const bool utf16 = charset == Charset::utf_16be || charset == Charset::utf_16le;
  const auto size = static_cast<double>(octets->size());
  return said == size || (utf16 && said == size + 2);  // with a byte order mark
}

void check_text_size(const Facts& facts, Marks& marks) {
  const Field& field = facts[Slot::text];
  const double said = number_of(facts[Slot::size], -1);
  if (!field.is_string() || said < 0 || is_undeclared_base64(facts)) return;
  const std::string_view inner = field.inner();
  if (inner.empty()) {
    if (said == 0) return;
    mark(marks, RuleId::content_size, facts, Slot::size,
         fmt::format("expected text of {} bytes, found an empty string", facts[Slot::size].raw));
    return;
  }
  if (facts[Slot::encoding].raw == "\"base64\"") {
    if (inner.size() % 4 == 0 && said == static_cast<double>(base64_bytes(inner))) return;
    const Base64Shape shape = base64_shape(field);
    if (!shape.wrong.empty() || said == static_cast<double>(shape.bytes)) return;
    mark(marks, RuleId::content_size, facts, Slot::size,
         fmt::format("expected the length of the decoded text, {} bytes, found {}", shape.bytes, facts[Slot::size].raw));
    return;
  }
  const std::size_t bytes = stream::decoded_length(inner);
  if (said == static_cast<double>(bytes)) return;
  // What the text was made from was longer by a byte order mark.
  if (said == static_cast<double>(bytes + 3)) return;
  const stream::DecodedCounts counts = stream::decoded_counts(inner);
  const bool ascii = counts.characters == bytes;
  const auto within = [&](std::size_t low, std::size_t high) {
    return said >= static_cast<double>(low) && said <= static_cast<double>(high);
  };
  // In other charsets a character has one to four bytes; those of ASCII have one, or two in UTF-16.
  const bool fits = ascii ? said == static_cast<double>(2 * bytes) || said == static_cast<double>(2 * bytes + 2)
                          : within(counts.characters, 4 * counts.characters + 4);
  if (fits && may_be_other_charset(facts, said)) return;
  std::string message = fmt::format("expected the length of the text, {} bytes, found {}", bytes, facts[Slot::size].raw);
  if (!ascii && (said == static_cast<double>(counts.characters) || said == static_cast<double>(counts.utf16))) {
    message += ", the number of its characters";
  } else if (counts.replaced != 0 && within(bytes - 2 * counts.replaced, bytes)) {
    message += fmt::format("; {} of its characters stand for bytes that were lost (U+FFFD)", counts.replaced);
  }
  mark(marks, RuleId::content_size, facts, Slot::size, std::move(message));
}

void check_compression(const Facts& facts, Marks& marks) {
  if (!facts[Slot::compression].is_number()) return;
  const double size = number_of(facts[Slot::size], -1);
  const double body = number_of(facts[Slot::response_body_size], -1);
  const double said = number_of(facts[Slot::compression], 0);
  // Playwright takes what headers and chunks add for no compression rather than for a negative one.
  if (size < 0 || body < 0 || said == size - body || (said == 0 && size < body)) return;
  mark(marks, RuleId::content_compression, facts, Slot::compression,
       fmt::format("expected size less bodySize, {}, found {}", in_words(size - body), facts[Slot::compression].raw));
}

// Bodies.

bool has_text(const Field& field) { return field.is_string() && field.raw.size() > 2; }

void check_unexpected_body(const Facts& facts, Marks& marks) {
  if (!has_text(facts[Slot::text])) return;
  const double status = number_of(facts[Slot::status], 200);
  const bool head = facts[Slot::method].raw == "\"HEAD\"";
  const bool upgraded = status == 101 && facts[Slot::messages].is_array();
  const bool bodiless = (status >= 100 && status < 200 && !upgraded) || status == 204 || status == 304;
  if (!head && !bodiless) return;
  // Browsers show the body that their cache has for a 304.
  mark(marks, RuleId::body_unexpected, facts, Slot::text,
       head ? "expected no body in the answer to HEAD, found text"
            : fmt::format("expected no body with status {}, found text", facts[Slot::status].raw),
       status == 304 && !head ? std::optional(Severity::note) : std::nullopt);
}

void check_post(const Facts& facts, Marks& marks) {
  const bool text = has_text(facts[Slot::post_text]);
  const bool params = !facts[List::params].empty();
  if (!text && !params) return;
  if (text && params) {
    const std::size_t before = marks.size();
    check_form(facts, marks);
    // That they disagree says that there are both.
    if (marks.size() == before) {
      mark(marks, RuleId::post_both, facts, Slot::post_params, "expected either params or text, found both");
    }
  }
  if (facts[Slot::method].raw == "\"GET\"" || facts[Slot::method].raw == "\"HEAD\"") {
    mark(marks, RuleId::post_on_get, facts, text ? Slot::post_text : Slot::post_params,
         fmt::format("expected no body with {}, found one", facts[Slot::method].inner()));
  }
}

}  // namespace

void check_relations(const Facts& facts, Marks& marks) {
  check_times(facts, marks);
  check_query(facts, marks);
  check_cookies(facts, marks);
  check_redirect(facts, marks);
  check_text_size(facts, marks);
  check_compression(facts, marks);
  check_unexpected_body(facts, marks);
  check_post(facts, marks);
}

}  // namespace har::check
