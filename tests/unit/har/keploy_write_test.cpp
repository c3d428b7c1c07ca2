#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "formats/keploy/write_document.hpp"
#include "formats/keploy/write_stream_file.hpp"

using namespace har::format::keploy;

namespace {

stream::WallTime at(std::string_view text) { return stream::parse_iso8601(text)->time; }

std::string scalar(std::string_view text) {
  std::string out;
  put_scalar(out, text, 2);
  out.pop_back();
  return out;
}

/// "comment= hb", one a field.
std::vector<std::string> fields(std::string_view wire) {
  const std::vector<TimedBytes> body{{std::nullopt, std::string(wire)}};
  std::vector<std::string> out;
  for (const Chunk& chunk : sse_chunks(body)) {
    for (const auto& [name, value] : chunk.fields) out.push_back(name + "=" + value);
  }
  return out;
}

using Lines = std::vector<std::string>;

/// A test case of that body, which came at once.
Document test_case(std::string type, std::string body) {
  Document document;
  document.name = "test-7";
  document.request.method = "GET";
  document.request.url = "http://localhost:8047/subscribe/student/events?doubtId=port-test-1";
  document.request.version = {1, 1};
  document.request.headers = {{"host", "localhost:8047"},
                              {"User-Agent", "curl/8.5.0"},
                              {"accept", "text/event-stream"},
                              {"Transfer-Encoding", "chunked"}};
  document.request.at = at("2026-03-26T12:50:52.371652738Z");
  document.response.version = {1, 1};
  document.response.status = 200;
  document.response.reason = "OK";
  document.response.headers = {{"Date", "Thu, 26 Mar 2026 12:50:52 GMT"},
                               {"Content-Type", std::move(type)},
                               {"Cache-Control", "no-cache"},
                               {"Access-Control-Allow-Origin", "*"},
                               {"Set-Cookie", "a=1"},
                               {"Set-Cookie", "b=2"}};
  document.response.at = at("2026-03-26T12:50:52.371930021Z");
  document.response.end = at("2026-03-26T12:51:07.5Z");
  document.response.body = {{at("2026-03-26T12:50:53.1Z"), std::move(body)}};
  return document;
}

}  // namespace

TEST_CASE("Keploy is written: a scalar is plain, quoted or a block as go-yaml has it") {
  CHECK(scalar("*/*") == "'*/*'");
  CHECK(scalar("no-cache") == "no-cache");
  CHECK(scalar("") == "\"\"");
  for (const char* text : {"51",
                           "+5",
                           "1e3",
                           "1_000",
                           ".5",
                           "5.",
                           "0x1F",
                           "0o17",
                           "0b11",
                           "1:20",
                           "true",
                           "Null",
                           "~",
                           "y",
                           "NO",
                           ".nan",
                           "-.inf",
                           "2026-11-29",
                           "2026-03-26T12:50:52.37Z",
                           "2026-03-26 12:50:52",
                           "09"}) {
    CHECK(scalar(text) == "\"" + std::string(text) + "\"");
  }
  for (const char* text : {"1,000", "1f", "1e400", "0x1p-2", "10.0.0.1", "-x", "2026-13-29", "curl/8.5.0", "W/\"2e-5\"", "a:b",
                           "a#b", "Thu, 26 Mar 2026 12:50:52 GMT", "timeout=5", "0x"}) {
    CHECK(scalar(text) == text);
  }
  CHECK(scalar(" heartbeat") == "' heartbeat'");
  CHECK(scalar("a: b") == "'a: b'");
  CHECK(scalar("a #b") == "'a #b'");
  CHECK(scalar("{\"it's\":1}") == "'{\"it''s\":1}'");
  CHECK(scalar("-") == "'-'");
  CHECK(scalar("a\tb") == "\"a\\tb\"");
  CHECK(scalar("a\r\nb") == "\"a\\r\\nb\"");
  CHECK(scalar("\xF0\x9F\x98\x80 \xC2\xA0\xE2\x80\xA8") == "\"\\U0001F600 \xC2\xA0\\L\"");
  CHECK(scalar("line one\nline two") == "|-\n  line one\n  line two");
  CHECK(scalar("a\n") == "|\n  a");
  CHECK(scalar("a\n\n") == "|+\n  a\n");
  CHECK(scalar("  a\n\n b") == "|2-\n    a\n\n   b");
  CHECK(scalar("a \nb") == "\"a \\nb\"");
  CHECK(scalar("\xff\xfe") == "!!binary //4=");
  CHECK(scalar(std::string(60, '\xff')) == "!!binary |\n  " + std::string(70, '/') + "\n  " + std::string(10, '/'));
}

TEST_CASE("Keploy is written: names are in the order of go-yaml") {
  for (const auto& [before, after] : std::vector<std::pair<std::string, std::string>>{{"a", "b"},
                                                                                      {"a", "aa"},
                                                                                      {"A", "a"},
                                                                                      {"a2", "a10"},
                                                                                      {"a-b", "ab"},
                                                                                      {"a1", "ab"},
                                                                                      {"a1b", "a01"},
                                                                                      {"", "a"},
                                                                                      {"a1b", "a1-"},
                                                                                      {"a:", "a1"}}) {
    INFO(before << " " << after);
    CHECK(key_less(before, after));
    CHECK_FALSE(key_less(after, before));
  }
}

TEST_CASE("Keploy is written: the fields of an event stream are those that Keploy has") {
  CHECK(fields(": hb\n\n") == Lines{"comment= hb"});
  CHECK(fields("data: a\ndata: b\n\n") == Lines{"data=a\nb"});
  CHECK(fields("id: 1\nevent: add\ndata: {\"x\":1}\n\n") == Lines{"id=1", "event=add", "data={\"x\":1}"});
  CHECK(fields("data: a\nretry: 5\ndata: b\n\n") == Lines{"data=a", "retry=5", "data=b"});
  CHECK(fields("id\ndata:x\n\n") == Lines{"id=", "data=x"});
  CHECK(fields("DATA: x\n\n") == Lines{"data=x"});
  CHECK(fields("data:  two\n\n") == Lines{"data= two"});
  CHECK(fields("data: a\r\rdata: b\r\n\r\n  \ndata: c") == Lines{"data=a", "data=b", "data=c"});
}

TEST_CASE("Keploy is written: an event has the time of its last byte") {
  const std::vector<TimedBytes> body{{at("2026-03-26T12:00:01Z"), "data: 1\n"},
                                     {at("2026-03-26T12:00:02Z"), "\ndata: 2\n\nda"},
                                     {at("2026-03-26T12:00:03.25Z"), "ta: 3\n\n"}};
  std::string out;
  put_chunks(out, 4, sse_chunks(body));
  CHECK(out ==
        "    body:\n"
        "      - ts: \"2026-03-26T12:00:02Z\"\n        data:\n          data: \"1\"\n"
        "      - ts: \"2026-03-26T12:00:02Z\"\n        data:\n          data: \"2\"\n"
        "      - ts: \"2026-03-26T12:00:03.25Z\"\n        data:\n          data: \"3\"\n");
}

TEST_CASE("Keploy is written: a test case is what Keploy writes") {
  const std::string text = write_document(
      test_case("text/event-stream; charset=utf-8",
                "event: TICKER\ndata: [{\"message_id\":\"ticker-1\"}]\n\n: hb\n\ndata: a\nretry: 5\ndata: b\ndata: c\n\n"));
  CHECK(text == R"(version: api.keploy.io/v1beta1
kind: Http
name: test-7
spec:
  metadata: {}
  req:
    method: GET
    proto_major: 1
    proto_minor: 1
    url: http://localhost:8047/subscribe/student/events?doubtId=port-test-1
    url_params:
      doubtId: port-test-1
    header:
      Accept: text/event-stream
      Host: localhost:8047
      User-Agent: curl/8.5.0
    body: ""
    timestamp: 2026-03-26T12:50:52.371652738Z
  resp:
    status_code: 200
    header:
      Access-Control-Allow-Origin: '*'
      Cache-Control: no-cache
      Content-Type: text/event-stream; charset=utf-8
      Date: Thu, 26 Mar 2026 12:50:52 GMT
      Set-Cookie: a=1,b=2
    body:
      - ts: "2026-03-26T12:50:53.1Z"
        data:
          event: TICKER
          data: '[{"message_id":"ticker-1"}]'
      - ts: "2026-03-26T12:50:53.1Z"
        data:
          comment: ' hb'
      - ts: "2026-03-26T12:50:53.1Z"
        data:
          data: a
          retry: "5"
          data: |-
            b
            c
    status_message: OK
    proto_major: 0
    proto_minor: 0
    timestamp: 2026-03-26T12:50:52.371930021Z
  objects: []
  assertions:
    noise:
      header.Date: []
  created: 1774529467
  app_port: 8047
curl: |
  curl --request GET \
    --url http://localhost:8047/subscribe/student/events?doubtId=port-test-1 \
    --header 'Accept: text/event-stream' \
    --header 'Host: localhost:8047' \
    --header 'User-Agent: curl/8.5.0' \
)");
}

TEST_CASE("Keploy is written: a stream is flat where its chunks would be another stream") {
  const auto count = [](const char* type, const char* body) { return chunks_of(test_case(type, body).response).size(); };
  CHECK(count("text/event-stream", "data: 1\n\ndata: 2\n\n") == 2);
  CHECK(count("text/event-stream", "data: 1\r\n\r\ndata:2\r\n\r\n") == 2);
  CHECK(count("text/event-stream", "DATA: 1\n\n") == 0);
  CHECK(count("text/event-stream", "data: 1\n\ndata: 2") == 0);  // no client has seen the second
  CHECK(count("text/event-stream", "raw: data: 1\n\n") == 0);
  CHECK(count("text/event-stream", "comment: 1\n\n") == 0);
  CHECK(count("text/event-stream", "data: \xff\n\n") == 0);
  CHECK(count("application/x-ndjson", "{\"a\":1}\n\n{\"a\":2}") == 2);
  CHECK(count("text/plain", "a\n\nb\n") == 3);
  CHECK(count("text/plain", "a\nb") == 0);
  CHECK(count("text/plain", "a\r\nb\r\n") == 0);
  CHECK(count("application/octet-stream", "a\nb") == 1);
  CHECK(count("application/json", "{}\n") == 0);
}

TEST_CASE("Keploy is written: a mock has a path, and its times elsewhere") {
  Document document = test_case("text/event-stream", "data: 1\n\n");
  document.form = Document::Form::mock;
  document.name = "mock-0";
  document.connection = "3";
  document.request.url = "https://api.example:8443?a=1&a=2";
  document.response.complete = false;
  REQUIRE(wants_stream_file(document.response));
  document.response.stream = StreamRef{"streams/stream_1_0.ndjson", document.response.end, 2};
  const std::string text = write_document(document);
  INFO(text);
  CHECK(text.find(
            "  metadata:\n    connID: \"3\"\n    incomplete: \"true\"\n    name: Http\n    operation: GET\n    scheme: https\n"
            "    type: HTTP_CLIENT\n") != std::string::npos);
  CHECK(text.find("    url: /?a=1&a=2\n    url_params:\n      a: 1,2\n") != std::string::npos);
  CHECK(
      text.find(
          "    body: \"\"\n    status_message: OK\n    proto_major: 0\n    proto_minor: 0\n    timestamp: 0001-01-01T00:00:00Z\n"
          "    stream_ref:\n      path: streams/stream_1_0.ndjson\n      created: 2026-03-26T12:51:07.5Z\n      chunk_count: 2\n"
          "  objects: []\n  created: 1774529467\n  reqTimestampMock: 2026-03-26T12:50:52.371652738Z\n"
          "  resTimestampMock: 2026-03-26T12:50:52.371930021Z\nconnectionId: \"3\"\n") != std::string::npos);
}

TEST_CASE("Keploy is written: a record of a stream file is what Go's encoder writes") {
  std::string out;
  const Fields first{{"raw", "1b\r\nid: 1\ndata: {\"v\":\"<a&b>\"}\n\n\r\n"}};
  put_record(out, "2026-03-23T10:50:07.123456789+05:30", &first);
  const Fields second{{"raw", "\xff\xfe\u2028\x01\x7f\x08\t"}};
  put_record(out, "2026-03-23T10:50:08.2Z", &second);
  put_record(out, "2026-03-23T10:50:08Z", nullptr);
  const Fields none;
  put_record(out, "0001-01-01T00:00:00Z", &none);
  CHECK(
      out ==
      R"({"TS":"2026-03-23T10:50:07.123456789+05:30","Data":[{"Key":"raw","Value":"1b\r\nid: 1\ndata: {\"v\":\"\u003ca\u0026b\u003e\"}\n\n\r\n"}]})"
      "\n"
      R"({"TS":"2026-03-23T10:50:08.2Z","Data":[{"Key":"raw","Value":"\ufffd\ufffd\u2028\u0001)"
      "\x7f"
      R"(\u0008\t"}]})"
      "\n"
      R"({"TS":"2026-03-23T10:50:08Z","Data":null})"
      "\n"
      R"({"TS":"0001-01-01T00:00:00Z","Data":[]})"
      "\n");
}

TEST_CASE("Keploy is written: no character is cut between two records") {
  const std::vector<TimedBytes> body{{at("2026-03-23T10:50:07Z"), "a\xE2\x82"}, {at("2026-03-23T10:50:08Z"), "\xAC"}};
  const StreamFile file = write_stream_file(body, at("2026-03-23T10:50:09.10Z"), true, {{"X-T", "1"}});
  CHECK(file.records == 3);
  CHECK(file.text ==
        "{\"TS\":\"2026-03-23T10:50:07Z\",\"Data\":[{\"Key\":\"raw\",\"Value\":\"1\\r\\na\\r\\n\"}]}\n"
        "{\"TS\":\"2026-03-23T10:50:08Z\",\"Data\":[{\"Key\":\"raw\",\"Value\":\"3\\r\\n\u20ac\\r\\n\"}]}\n"
        "{\"TS\":\"2026-03-23T10:50:09.1Z\",\"Data\":[{\"Key\":\"raw\",\"Value\":\"0\\r\\nX-T: 1\\r\\n\\r\\n\"}]}\n");
  CHECK(write_stream_file(body, at("2026-03-23T10:50:09Z"), false, {}).records == 2);
}
