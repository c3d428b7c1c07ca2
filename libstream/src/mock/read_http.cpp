#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "pattern.hpp"
#include "reader.hpp"

// An element of an HTTP mocks file.
namespace stream::mock {
namespace {

constexpr std::array<std::string_view, 2> kMock{"request", "response"};
constexpr std::array<std::string_view, 8> kRequest{"url",   "method",   "headers",   "nth",
                                                   "every", "bodyJson", "bodyRegex", "bodyFragment"};
constexpr std::array<std::string_view, 10> kResponse{"statusCode", "headers", "body",    "bodyBase64", "sse",
                                                     "ndjson",     "chunks",  "delayMs", "jitterMs",   "template"};
constexpr std::array<std::string_view, 2> kHeader{"name", "value"};
constexpr std::array<std::string_view, 7> kEvent{"event", "data", "id", "retry", "comment", "delayMs", "jitterMs"};
constexpr std::array<std::string_view, 3> kLine{"json", "delayMs", "jitterMs"};
constexpr std::array<std::string_view, 4> kChunk{"text", "base64", "delayMs", "jitterMs"};

class HttpReader {
 public:
  explicit HttpReader(const Reader& reader) : reader_(reader) {}

  Result<HttpMock> read(const Node& node) {
    HttpMock out;
    out.place = reader_.place(node);
    STREAM_ASSIGN(const Members members, reader_.members(node, "a mock", kMock));
    const Node* const request = members.find("request");
    const Node* const response = members.find("response");
    if (request == nullptr)
      return reader_.refuse(node, ErrorCode::syntax, "a mock without a request", R"(write "request": {"url": "https://…"})");
    if (response == nullptr)
      return reader_.refuse(node, ErrorCode::syntax, "a mock without a response", R"(write "response": {} for an empty 200)");
    STREAM_ASSIGN(out.request, read_request(*request));
    stars_ = out.request.pattern->stars();
    pattern_ = out.request.body.kind == BodyMatch::Kind::regex ? out.request.body.pattern.get() : nullptr;
    STREAM_ASSIGN(out.response, read_response(*response));
    return out;
  }

 private:
  Result<HttpRequestMatch> read_request(const Node& node) const {
    HttpRequestMatch out;
    STREAM_ASSIGN(const Members members, reader_.members(node, "a request", kRequest));
    const Node* const url = members.find("url");
    if (url == nullptr) return reader_.refuse(node, ErrorCode::syntax, "a request without a url", R"(write "url": "*" for any)");
    STREAM_ASSIGN(out.url, reader_.text(*url));
    if (out.url.empty()) return reader_.refuse(*url, ErrorCode::syntax, "the url is empty", R"(write "url": "*" for any)");
    auto pattern = UrlPattern::make(out.url, UrlPattern::Case::sensitive);
    if (!pattern) return reader_.refuse(*url, std::move(pattern).error());
    out.pattern = std::move(*pattern);
    if (const Node* const method = members.find("method")) {
      STREAM_ASSIGN(out.method, reader_.text(*method));
      const bool lower = std::any_of(out.method.begin(), out.method.end(), [](char c) { return c >= 'a' && c <= 'z'; });
      if (lower)
        reader_.warn("mocks-unused", *method, fmt::format("the method '{}' is not in capitals: no request has it", out.method));
    }
    if (const Node* const headers = members.find("headers")) {
      STREAM_ASSIGN(const auto elements, reader_.elements(*headers, "headers"));
      for (const Node& element : elements) {
        STREAM_ASSIGN(auto header, read_header_match(element));
        out.headers.push_back(std::move(header));
      }
    }
    STREAM_ASSIGN(out.counting, reader_.counting(members));
    STREAM_ASSIGN(out.body, reader_.body_match(members));
    if (out.method == "GET" && out.body.kind != BodyMatch::Kind::any) {
      const Node* const body = members.any({"bodyJson", "bodyRegex", "bodyFragment"});
      reader_.warn("mocks-unused", *body, "the body of a GET request is not looked at");
    }
    return out;
  }

  Result<HeaderMatch> read_header_match(const Node& node) const {
    HeaderMatch out;
    STREAM_ASSIGN(const Members members, reader_.members(node, "a header", kHeader));
    const Node* const name = members.find("name");
    if (name == nullptr) return reader_.refuse(node, ErrorCode::syntax, "a header without a name");
    STREAM_ASSIGN(out.name, reader_.text(*name));
    if (const Node* const value = members.find("value")) {
      STREAM_ASSIGN(out.value, reader_.text(*value));
      auto pattern = UrlPattern::make(*out.value, UrlPattern::Case::sensitive);
      if (!pattern) return reader_.refuse(*value, std::move(pattern).error());
      out.pattern = std::move(*pattern);
    }
    return out;
  }

  Result<HttpResponse> read_response(const Node& node) {
    HttpResponse out;
    STREAM_ASSIGN(const Members members, reader_.members(node, "a response", kResponse));
    if (const Node* const filled = members.find("template")) {
      STREAM_ASSIGN(out.filled, reader_.boolean(*filled));
    }
    filled_ = out.filled;
    if (const Node* const status = members.find("statusCode")) {
      STREAM_ASSIGN(const std::int64_t code, reader_.integer(*status, 200, 599));
      out.status = static_cast<int>(code);
    }
    if (const Node* const headers = members.find("headers")) {
      STREAM_ASSIGN(out.headers, read_headers(*headers));
    }
    STREAM_ASSIGN(out.delay, reader_.delay(members));
    const Node* given = nullptr;
    std::string_view given_name;
    for (const std::string_view name : {"body", "bodyBase64", "sse", "ndjson", "chunks"}) {
      const Node* const member = members.find(name);
      if (member == nullptr) continue;
      if (given != nullptr)
        return reader_.refuse(*member, ErrorCode::usage, fmt::format("'{}' and '{}' are both the body", given_name, name),
                              "leave one of them out");
      given = member;
      given_name = name;
    }
    if (given == nullptr) return out;
    if (given_name == "body") {
      STREAM_TRY(check(*given));
      STREAM_ASSIGN(out.body, reader_.content(*given));
    } else if (given_name == "bodyBase64") {
      STREAM_ASSIGN(out.body, reader_.base64(*given));
    } else {
      out.form = given_name == "sse"      ? HttpResponse::Form::sse
                 : given_name == "ndjson" ? HttpResponse::Form::ndjson
                                          : HttpResponse::Form::chunks;
      STREAM_ASSIGN(const auto elements,
                    reader_.elements(*given, out.form == HttpResponse::Form::sse ? "events" : "parts of the body"));
      for (const Node& element : elements) {
        auto piece = out.form == HttpResponse::Form::sse      ? read_event(element)
                     : out.form == HttpResponse::Form::ndjson ? read_line(element)
                                                              : read_chunk(element);
        if (!piece) return fail(std::move(piece).error());
        out.pieces.push_back(std::move(*piece));
      }
    }
    return out;
  }

  Result<std::vector<replay::HeaderField>> read_headers(const Node& node) const {
    if (node.json->is_object()) {
      return reader_.refuse(node, ErrorCode::syntax, "expected an array of headers, found an object",
                            R"(write [{"name": "content-type", "value": "text/plain"}])");
    }
    std::vector<replay::HeaderField> out;
    STREAM_ASSIGN(const auto elements, reader_.elements(node, "headers"));
    for (const Node& element : elements) {
      STREAM_ASSIGN(const Members members, reader_.members(element, "a header", kHeader));
      const Node* const name = members.find("name");
      const Node* const value = members.find("value");
      if (name == nullptr) return reader_.refuse(element, ErrorCode::syntax, "a header without a name");
      replay::HeaderField field;
      STREAM_ASSIGN(field.name, reader_.text(*name));
      if (value != nullptr) {
        STREAM_TRY(check(*value));
        STREAM_ASSIGN(field.value, reader_.text(*value));
      }
      out.push_back(std::move(field));
    }
    return out;
  }

  Result<Piece> read_event(const Node& node) const {
    Piece out;
    out.kind = Piece::Kind::event;
    STREAM_ASSIGN(const Members members, reader_.members(node, "an event", kEvent));
    STREAM_ASSIGN(out.delay, reader_.delay(members));
    const Node* const comment = members.find("comment");
    if (comment != nullptr) {
      if (const Node* const other = members.any({"event", "data", "id", "retry"}))
        return reader_.refuse(*other, ErrorCode::usage, "an event has no comment of its own",
                              "make it an element before this one");
      out.kind = Piece::Kind::comment;
      STREAM_ASSIGN(out.content.text, reader_.text(*comment));
      out.content.kind = Content::Kind::text;
      STREAM_TRY(check(*comment));
      return out;
    }
    for (const std::string_view name : {"event", "id"}) {
      const Node* const member = members.find(name);
      if (member == nullptr) continue;
      STREAM_TRY(check(*member));
      STREAM_ASSIGN(auto text, reader_.text(*member));
      (name == "event" ? out.event : out.id) = std::move(text);
    }
    if (const Node* const retry = members.find("retry")) {
      STREAM_ASSIGN(const std::int64_t value, reader_.integer(*retry, 0, INT64_MAX));
      out.retry = static_cast<std::uint64_t>(value);
    }
    if (const Node* const data = members.find("data")) {
      STREAM_TRY(check(*data));
      if (data->json->is_string()) {
        out.content.kind = Content::Kind::text;
        out.content.text = data->json->as_string();
      } else {
        out.content.kind = Content::Kind::json;
        out.content.json = *data->json;
      }
    }
    return out;
  }

  Result<Piece> read_line(const Node& node) const {
    Piece out;
    out.kind = Piece::Kind::line;
    STREAM_ASSIGN(const Members members, reader_.members(node, "a line", kLine));
    STREAM_ASSIGN(out.delay, reader_.delay(members));
    // A line may be null.
    const Json::Object& object = node.json->as_object();
    const Node* json = members.find("json");
    out.content.kind = Content::Kind::json;
    if (json != nullptr) {
      STREAM_TRY(check(*json));
      out.content.json = *json->json;
    } else if (std::none_of(object.begin(), object.end(),
                            [](const JsonMember& each) { return replay::iequals(each.name, "json"); })) {
      return reader_.refuse(node, ErrorCode::syntax, "a line without its JSON", R"(write {"json": …, "delayMs": 20})");
    }
    return out;
  }

  Result<Piece> read_chunk(const Node& node) const {
    Piece out;
    STREAM_ASSIGN(const Members members, reader_.members(node, "a part", kChunk));
    STREAM_ASSIGN(out.delay, reader_.delay(members));
    const Node* const text = members.find("text");
    const Node* const base64 = members.find("base64");
    if ((text == nullptr) == (base64 == nullptr))
      return reader_.refuse(node, ErrorCode::syntax, "expected either 'text' or 'base64' in a part of the body");
    if (text != nullptr) {
      STREAM_TRY(check(*text));
      STREAM_ASSIGN(out.content.text, reader_.text(*text));
      out.content.kind = Content::Kind::text;
    } else {
      STREAM_ASSIGN(out.content, reader_.base64(*base64));
    }
    return out;
  }

  Status check(const Node& node) const { return filled_ ? reader_.check_filled(node, stars_, pattern_) : Status(); }

  const Reader& reader_;
  std::size_t stars_ = 0;
  const TextPattern* pattern_ = nullptr;
  bool filled_ = false;
};

}  // namespace

Result<HttpMock> read_http_mock(const Reader& reader, const Node& node) { return HttpReader(reader).read(node); }

}  // namespace stream::mock
