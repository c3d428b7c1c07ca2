#include "match/body.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "check/http_text.hpp"
#include "check/pairs.hpp"
#include "stream/codec/multipart.hpp"
#include "stream/compare/path.hpp"
#include "stream/text/utf8.hpp"

namespace har::match {
namespace {

using stream::Json;

constexpr std::size_t kFeatures = 64;
constexpr std::size_t kShown = 80;

bool names_json(std::string_view media_type) {
  const std::string_view essence = check::essence_of(media_type);
  const auto ends = [&](std::string_view tail) {
    return essence.size() >= tail.size() && check::equal_ignoring_case(essence.substr(essence.size() - tail.size()), tail);
  };
  return ends("/json") || ends("+json");
}

std::optional<Json> read_json(std::string_view bytes, std::string_view media_type) {
  const std::size_t begin = bytes.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return std::nullopt;
  // Pages send JSON as text/plain, curl as a form: an array or an object is known by itself.
  if (bytes[begin] != '{' && bytes[begin] != '[' && !names_json(media_type)) return std::nullopt;
  auto json = stream::parse_json(bytes);
  if (!json) return std::nullopt;
  return std::move(*json);
}

std::uint64_t hash_fields(const std::vector<std::pair<std::string, std::string>>& fields, std::uint64_t seed) {
  std::uint64_t hash = seed;
  for (const auto& [name, value] : fields) {
    hash = stream::hash_combine(hash, stream::hash_combine(stream::hash_bytes(name, 1), stream::hash_bytes(value, 2)));
  }
  return hash;
}

/// The value of a parameter of a Content-Disposition.
std::string parameter(std::string_view text, std::string_view name) {
  const std::string with_equals = fmt::format("{}=", name);
  for (std::size_t at = text.find(';'); at != std::string_view::npos; at = text.find(';', at)) {
    text = check::trimmed(text.substr(at + 1));
    at = 0;
    if (!check::equal_ignoring_case(text.substr(0, with_equals.size()), with_equals)) continue;
    text.remove_prefix(with_equals.size());
    if (!text.starts_with('"')) return std::string(check::trimmed(text.substr(0, text.find(';'))));
    return std::string(text.substr(1, text.find('"', 1) - 1));
  }
  return {};
}

std::string json_text(const Json* value) { return value == nullptr ? std::string{} : shortened(stream::to_json(*value)); }

}  // namespace

std::string shortened(std::string_view text) {
  std::string whole = stream::replace_invalid_utf8(text.substr(0, kShown * 2));
  if (whole.size() <= kShown && text.size() <= kShown * 2) return whole;
  std::size_t end = std::min(kShown - 3, whole.size());
  while (end > 0 && end < whole.size() && (static_cast<unsigned char>(whole[end]) & 0xc0) == 0x80) --end;
  whole.resize(end);
  return whole + "…";
}

stream::Result<std::unique_ptr<Bodies>> Bodies::make(const MatchOptions& options) {
  std::unique_ptr<Bodies> bodies(new Bodies);
  bodies->nothing_ = options.ignore_body;
  for (const std::string& field : options.ignore_body_fields) {
    if (field.empty())
      return stream::fail({stream::ErrorCode::usage, "an empty name of a field of a body", {}, "a path such as /id, or a name"});
    if (field.front() != '/' && field.front() != '.') {
      bodies->names_.push_back(field);
      continue;
    }
    STREAM_ASSIGN(auto pattern, stream::parse_path(field));
    using Kind = stream::PathPattern::Level::Kind;
    if (pattern.levels.size() == 1 && pattern.levels.front().kind == Kind::name)
      bodies->names_.push_back(pattern.levels.front().name);
    stream::NoiseRule rule;
    rule.path = field;
    rule.pattern = std::move(pattern);
    STREAM_TRY(bodies->rules_.noise.add(std::move(rule)));
  }
  bodies->comparer_ = std::make_unique<stream::JsonComparer>(bodies->rules_);
  return bodies;
}

bool Bodies::ignored(std::string_view name) const { return std::find(names_.begin(), names_.end(), name) != names_.end(); }

Body Bodies::read(const Request& request) {
  Body body;
  if (nothing_ || request.body.empty()) return body;
  body.kind = BodyKind::bytes;
  body.raw = stream::hash_bytes(request.body, 3);
  const std::string_view type =
      request.media_type.empty() ? request.header("content-type") : std::string_view(request.media_type);
  const std::string_view essence = check::essence_of(type);
  if (check::equal_ignoring_case(essence.substr(0, 10), "multipart/") && read_multipart(body, request)) {
    body.kind = BodyKind::multipart;
    body.same = hash_fields(body.fields, 4);
  } else if ((body.json = read_json(request.body, type))) {
    body.kind = BodyKind::json;
    body.same = stream::hash_combine(5, comparer_->hash(*body.json));
  } else if (check::equal_ignoring_case(essence, "application/x-www-form-urlencoded")) {
    body.kind = BodyKind::form;
    read_form(body, request.body);
    body.same = hash_fields(body.fields, 6);
  } else {
    body.same = stream::hash_bytes(request.body, 7);
  }
  return body;
}

void Bodies::read_form(Body& body, std::string_view bytes) {
  check::each_piece(bytes, '&', [&](std::string_view name, std::string_view value) {
    std::pair<std::string, std::string> field(name, value);
    check::percent_decode(field.first);
    check::percent_decode(field.second);
    if (!ignored(field.first)) body.fields.push_back(std::move(field));
    return true;
  });
  std::sort(body.fields.begin(), body.fields.end());
}

bool Bodies::read_multipart(Body& body, const Request& request) {
  stream::MultipartOptions options;
  options.boundary =
      stream::boundary_of(request.media_type.empty() ? request.header("content-type") : std::string_view(request.media_type))
          .value_or("");
  stream::MultipartDecoder decoder(options);
  std::vector<stream::MultipartItem> parts;
  if (!decoder.feed(request.body, parts) || !decoder.finish(parts) || parts.empty()) return false;
  for (const stream::MultipartItem& part : parts) {
    const std::string* const disposition = part.header("content-disposition");
    const std::string name = disposition == nullptr ? std::string{} : parameter(*disposition, "name");
    if (ignored(name)) continue;
    const std::string file = disposition == nullptr ? std::string{} : parameter(*disposition, "filename");
    const std::string* const type = part.header("content-type");
    body.fields.emplace_back(name, fmt::format("{}\n{}\n{}", file, type == nullptr ? "" : *type, part.body));
  }
  return true;
}

std::vector<std::uint32_t> Bodies::features(const Body& body, std::string_view bytes) {
  std::vector<std::uint32_t> out;
  if (body.kind == BodyKind::json) {
    comparer_->features(out, *body.json, kFeatures);
  } else if (body.kind == BodyKind::bytes) {
    stream::text_features(out, bytes, kFeatures);
  } else {
    for (const auto& [name, value] : body.fields) {
      if (out.size() >= kFeatures) break;
      out.push_back(static_cast<std::uint32_t>(stream::hash_bytes(name, 8)));
      out.push_back(static_cast<std::uint32_t>(stream::hash_combine(stream::hash_bytes(name, 9), stream::hash_bytes(value, 9))));
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<Difference> Bodies::compare(const Body& expected, std::string_view expected_bytes, const Body& actual,
                                        std::string_view actual_bytes, std::size_t limit) {
  std::vector<Difference> out;
  if (expected.same == actual.same || expected.raw == actual.raw) return out;
  if (expected.kind == BodyKind::json && actual.kind == BodyKind::json) {
    for (const stream::JsonDifference& difference : comparer_->compare(*expected.json, *actual.json, limit)) {
      const bool extra = difference.expected == nullptr;
      Difference one;
      one.field = "body " + (extra ? difference.actual_pointer : difference.expected_pointer);
      if (!extra) one.expected = json_text(difference.expected);
      if (difference.actual != nullptr) one.actual = json_text(difference.actual);
      out.push_back(std::move(one));
    }
    if (!out.empty()) return out;
  }
  if (expected.kind == actual.kind && (expected.kind == BodyKind::form || expected.kind == BodyKind::multipart)) {
    // Fields of one name are compared in their order.
    std::vector<std::pair<std::string, std::string>> rest = actual.fields;
    std::vector<std::pair<std::string, std::string>> missing;
    for (const auto& field : expected.fields) {
      const auto found = std::find(rest.begin(), rest.end(), field);
      found == rest.end() ? missing.push_back(field) : static_cast<void>(rest.erase(found));
    }
    for (const auto& [name, value] : missing) {
      const std::string& wanted = name;
      const auto other = std::find_if(rest.begin(), rest.end(), [&](const auto& field) { return field.first == wanted; });
      Difference one{"body " + shortened(name), shortened(value), std::nullopt};
      if (other != rest.end()) {
        one.actual = shortened(other->second);
        rest.erase(other);
      }
      out.push_back(std::move(one));
    }
    for (const auto& [name, value] : rest) out.push_back({"body " + shortened(name), std::nullopt, shortened(value)});
    if (out.size() > limit) out.resize(limit);
    if (!out.empty()) return out;
  }
  Difference whole{"body", std::nullopt, std::nullopt};
  if (expected.kind != BodyKind::none) whole.expected = shortened(expected_bytes);
  if (actual.kind != BodyKind::none) whole.actual = shortened(actual_bytes);
  return {std::move(whole)};
}

}  // namespace har::match
