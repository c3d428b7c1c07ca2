#include <algorithm>
#include <optional>

#include "edit.hpp"
#include "fields.hpp"
#include "stream/io/byte_sink.hpp"
#include "stream/io/decompressor.hpp"
#include "stream/replay/negotiate.hpp"

namespace stream::replay {
namespace {

std::optional<Compression> compression_of(std::string_view coding) {
  if (iequals(coding, "gzip") || iequals(coding, "x-gzip")) return Compression::gzip;
  if (iequals(coding, "deflate")) return Compression::zlib;
  if (iequals(coding, "zstd")) return Compression::zstd;
  if (iequals(coding, "br")) return Compression::brotli;
  return std::nullopt;
}

bool same_coding(std::string_view a, std::string_view b) {
  const auto plain = [](std::string_view name) { return iequals(name, "x-gzip") ? std::string_view("gzip") : name; };
  return iequals(plain(a), plain(b));
}

/// A weight (RFC 9110 §12.4.2) is nothing only if it is written as 0, 0.0 and the like.
bool refuses(std::string_view parameters) {
  const auto equals = parameters.find('=');
  if (equals == std::string_view::npos || !iequals(trimmed(parameters.substr(0, equals)), "q")) return false;
  const std::string_view weight = trimmed(parameters.substr(equals + 1));
  return !weight.empty() && weight.front() == '0' && weight.find_first_of("123456789") == std::string_view::npos;
}

/// What a client says of one coding.
struct Acceptance {
  bool asked = false;   ///< there is an Accept-Encoding
  bool listed = false;  ///< by its name, and not refused
  std::optional<bool> named{};
  std::optional<bool> others{};  ///< what "*" says
};

Acceptance acceptance(const Ask& ask, std::string_view coding) {
  Acceptance found;
  if (ask.headers == nullptr || !has_field(*ask.headers, "accept-encoding")) return found;
  found.asked = true;
  each_listed(joined_fields(*ask.headers, "accept-encoding"), [&](std::string_view element) {
    const auto semicolon = std::min(element.find(';'), element.size());
    const std::string_view name = trimmed(element.substr(0, semicolon));
    const bool takes = semicolon == element.size() || !refuses(element.substr(semicolon + 1));
    if (same_coding(name, coding)) found.named = takes;
    if (name == "*") found.others = takes;
  });
  found.listed = found.named.value_or(found.others.value_or(false));
  return found;
}

bool takes_coding(const Ask& ask, std::string_view coding) {
  const Acceptance said = acceptance(ask, coding);
  return !said.asked || said.listed;
}

bool takes_identity(const Ask& ask) {
  const Acceptance said = acceptance(ask, "identity");
  return said.named.value_or(said.others.value_or(true));
}

bool has_whole_body(const Answer& answer) {
  return !answer.websocket && !answer.head_only && answer.body_size != 0 && answer.rounds == 1 && answer.status != 206 &&
         !has_field(answer.headers, "content-range");
}

void weaken_tag(std::vector<HeaderField>& headers) {
  const std::string_view tag = find_header(headers, "etag");
  if (!tag.empty() && !tag.starts_with("W/")) set_field(headers, "ETag", "W/" + std::string(tag));
}

/// The steps with other bytes in their data; those without any are left out.
std::shared_ptr<const Answer> with_bytes(Edit& edit, std::vector<std::string> pieces, std::string_view note) {
  std::vector<Step> steps;
  std::size_t index = 0;
  for (Step step : edit.steps()) {
    if (step.kind == StepKind::data) {
      std::string& bytes = pieces[index++];
      if (bytes.empty()) continue;
      step.bytes = edit.keep(std::move(bytes));
    }
    steps.push_back(step);
  }
  edit.steps() = std::move(steps);
  Answer& made = edit.answer();
  // What a body that is cut off was to be long was said of other bytes.
  if (!made.complete) made.recorded_length.reset();
  weaken_tag(made.headers);
  add_to_list(made.headers, "Vary", "Accept-Encoding");
  return edit.take(note);
}

}  // namespace

bool decodes(const Ask& ask, const Answer& answer, Encode how) {
  if (!has_field(answer.headers, "content-encoding") || !has_whole_body(answer)) return false;
  const std::string coding(trimmed(joined_fields(answer.headers, "content-encoding")));
  if (!compression_of(coding)) return false;
  return how == Encode::identity || (!takes_coding(ask, coding) && takes_identity(ask));
}

std::shared_ptr<const Answer> decode_for(const Ask& ask, std::shared_ptr<const Answer> answer, Encode how) {
  if (!decodes(ask, *answer, how)) return answer;
  const std::string coding(trimmed(joined_fields(answer->headers, "content-encoding")));
  const auto compression = compression_of(coding);
  Edit edit(answer);
  Decompressor decompressor(*compression);
  std::vector<std::string> pieces;
  for (const Step& step : edit.steps()) {
    if (step.kind != StepKind::data) continue;
    if (!decompressor.feed(step.bytes, pieces.emplace_back())) return answer;
  }
  remove_fields(edit.answer().headers, "content-encoding");
  edit.answer().recorded_coding = coding;
  return with_bytes(edit, std::move(pieces), {});
}

bool encodes(const Ask& ask, const Answer& answer) {
  if (!compression_of(answer.recorded_coding) || !has_whole_body(answer) || answer.keepalive) return false;
  if (has_field(answer.headers, "content-encoding")) return false;
  const auto is_raw = [](const Step& step) { return step.kind == StepKind::raw; };
  if (std::any_of(answer.steps.begin(), answer.steps.end(), is_raw)) return false;
  return acceptance(ask, answer.recorded_coding).listed;
}

std::shared_ptr<const Answer> encode_for(const Ask& ask, std::shared_ptr<const Answer> answer) {
  if (!encodes(ask, *answer)) return answer;
  const auto compression = compression_of(answer->recorded_coding);
  Edit edit(answer);
  std::string out;
  auto sink = compress(string_sink(out), *compression);
  if (!sink) return answer;
  const auto is_data = [](const Step& step) { return step.kind == StepKind::data; };
  auto left = std::count_if(edit.steps().begin(), edit.steps().end(), is_data);
  std::vector<std::string> pieces;
  for (const Step& step : edit.steps()) {
    if (!is_data(step)) continue;
    const bool ends = --left == 0 && answer->complete;
    if (!(*sink)->write(step.bytes) || !(ends ? (*sink)->finish() : (*sink)->flush())) return answer;
    pieces.push_back(std::exchange(out, {}));
  }
  edit.answer().headers.push_back({"Content-Encoding", answer->recorded_coding});
  return with_bytes(edit, std::move(pieces), {});
}

}  // namespace stream::replay
