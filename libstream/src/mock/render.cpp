#include "render.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "folder.hpp"
#include "stream/codec/sse.hpp"
#include "stream/text/utf8.hpp"

namespace stream::mock {
namespace {

using replay::HeaderField;
using replay::Step;
using replay::StepKind;

std::string valid(std::string text) { return is_utf8(text) ? std::move(text) : replace_invalid_utf8(text); }

/// The JSON that strings which begin with "@request.body." are for; null: they stand for themselves.
const Json* placeholder_source(const TemplateScope& scope) {
  if (scope.body == nullptr || scope.request->body.empty()) return nullptr;
  if (scope.request->headers != nullptr) {
    const std::string_view type = replay::find_header(*scope.request->headers, "content-type");
    const std::string_view json = "json";
    const bool is_json = std::search(type.begin(), type.end(), json.begin(), json.end(),
                                     [](char a, char b) { return (a | 0x20) == b; }) != type.end();
    if (!type.empty() && !is_json) return nullptr;
  }
  return scope.body->json();
}

/// A response's body. Dev Proxy sends a text as JSON.
Result<std::string> render_body(const Content& content, bool filled, const TemplateScope& scope, const PlayOptions& options) {
  const bool is_text = content.kind == Content::Kind::text;
  if (!is_text && content.kind != Content::Kind::json) {
    STREAM_ASSIGN(std::string bytes, render_content(content, filled, scope, options));
    return bytes;
  }
  Json json = is_text ? Json(filled ? fill_text(content.text, scope) : content.text)
                      : (filled ? fill_json(content.json, scope) : content.json);
  if (const Json* const source = placeholder_source(scope)) json = replace_placeholders(std::move(json), *source);
  return json.is_string() && is_text && !options.devproxy ? valid(json.as_string()) : to_json(json);
}

Result<std::string> render_piece(const Piece& piece, bool filled, const TemplateScope& scope, const PlayOptions& options) {
  STREAM_ASSIGN(std::string content, render_content(piece.content, filled, scope, options));
  std::string out;
  const auto text = [&](const std::string& from) { return valid(filled ? fill_text(from, scope) : from); };
  switch (piece.kind) {
    case Piece::Kind::chunk:
      return content;
    case Piece::Kind::line:
      return content + "\n";
    case Piece::Kind::comment:
      encode_sse_comment(out, content);
      return out + "\n";
    case Piece::Kind::event:
      break;
  }
  SseEvent event;
  if (piece.event) {
    event.type = text(*piece.event);
    event.has_event = true;
  }
  if (piece.id) {
    event.last_event_id = text(*piece.id);
    event.has_id = true;
  }
  event.retry = piece.retry;
  event.data = std::move(content);
  encode_sse(out, event);
  // A block without data is no event, but its id and retry count.
  if (piece.content.kind == Content::Kind::none) {
    if (const auto data = out.rfind("data"); data != std::string::npos) out.erase(data, out.size() - 1 - data);
  }
  return out;
}

std::vector<HeaderField> render_headers(const HttpResponse& response, bool has_body, const TemplateScope& scope) {
  Json::Array array;
  for (const HeaderField& field : response.headers) {
    if (!has_body && replay::iequals(field.name, "content-type")) continue;  // some clients fail on a type of nothing
    std::string value = field.value;
    if (response.filled) {
      value = fill_text(value, scope);
      std::replace_if(
          value.begin(), value.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
    }
    array.push_back(Json::Object{{"name", field.name}, {"value", valid(std::move(value))}});
  }
  auto out = replay::end_to_end_headers(Json(std::move(array)));
  if (has_body && replay::find_header(out, "content-type").empty()) {
    std::string_view type = "application/json";
    if (response.form == HttpResponse::Form::sse) type = "text/event-stream";
    if (response.form == HttpResponse::Form::ndjson) type = "application/x-ndjson";
    if (response.form == HttpResponse::Form::chunks || response.body.kind == Content::Kind::bytes)
      type = "application/octet-stream";
    out.push_back({"Content-Type", std::string(type)});
  }
  return out;
}

}  // namespace

Result<std::string> render_content(const Content& content, bool filled, const TemplateScope& scope, const PlayOptions& options) {
  switch (content.kind) {
    case Content::Kind::none:
      break;
    case Content::Kind::json: {
      Json json = filled ? fill_json(content.json, scope) : content.json;
      if (const Json* const source = placeholder_source(scope)) json = replace_placeholders(std::move(json), *source);
      return to_json(json);
    }
    case Content::Kind::text:
      return valid(filled ? fill_text(content.text, scope) : content.text);
    case Content::Kind::bytes:
      return content.text;
    case Content::Kind::file: {
      auto bytes = read_file(options.folder, content.text, options.limits.max_entry);
      if (!bytes) {
        Error error = std::move(bytes).error();
        error.place = content.place;
        return fail(std::move(error));
      }
      if (*bytes) return std::move(**bytes);
      return options.devproxy ? to_json(Json("@" + content.text)) : valid("@" + content.text);
    }
  }
  return std::string();
}

Result<std::shared_ptr<const replay::Answer>> render_answer(const HttpResponse& response, const TemplateScope& scope,
                                                            const PlayOptions& options, Jitter& jitter) {
  const bool whole = response.form == HttpResponse::Form::whole;
  const bool has_body = !whole || response.body.kind != Content::Kind::none;
  auto answer = std::make_shared<replay::Answer>();
  answer->status = response.status;
  answer->headers = render_headers(response, has_body, scope);
  answer->complete = true;
  auto bytes = std::make_shared<std::vector<std::string>>();
  Nanos at = jitter(response.delay);
  answer->steps.push_back({at, StepKind::head, 0, {}});
  std::vector<Nanos> times;
  if (whole && has_body) {
    STREAM_ASSIGN(std::string body, render_body(response.body, response.filled, scope, options));
    bytes->push_back(std::move(body));
    times.push_back(at);
  }
  for (const Piece& piece : response.pieces) {
    STREAM_ASSIGN(std::string part, render_piece(piece, response.filled, scope, options));
    at += jitter(piece.delay);
    bytes->push_back(std::move(part));
    times.push_back(at);
  }
  const bool silent = response.status == 204 || response.status == 304;  // RFC 9110 §6.4.1: there is no content
  for (std::size_t i = 0; i < bytes->size() && !silent; ++i) {
    if ((*bytes)[i].empty()) continue;
    answer->steps.push_back({times[i], StepKind::data, 0, (*bytes)[i]});
    answer->body_size += (*bytes)[i].size();
  }
  if (whole && !silent) answer->recorded_length = answer->body_size;
  answer->steps.push_back({silent ? answer->steps.front().at : at, StepKind::end, 0, {}});
  answer->owner = std::move(bytes);
  return std::shared_ptr<const replay::Answer>(std::move(answer));
}

}  // namespace stream::mock
