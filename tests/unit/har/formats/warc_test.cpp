#include <zlib.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "archive_support.hpp"
#include "formats/http_message.hpp"
#include "formats/warc/digest.hpp"

using namespace har;
using namespace har::test;
using stream::Json;

namespace {

using Lines = std::vector<std::string>;

std::string record(std::string_view fields, std::string_view block) {
  std::string out = "WARC/1.0\r\n";
  return out.append(fields).append("Content-Length: ").append(std::to_string(block.size())).append("\r\n\r\n").append(block) +
         "\r\n\r\n";
}
std::string request(std::string_view id, std::string_view more, std::string_view uri = "http://a.example/x",
                    std::string_view octets = "GET /x HTTP/1.1\r\nHost: a.example\r\n\r\n") {
  return record(std::string("WARC-Type: request\r\nWARC-Target-URI: ")
                    .append(uri)
                    .append("\r\nWARC-Date: 2020-01-02T03:04:05Z\r\nWARC-Record-ID: ")
                    .append(id)
                    .append("\r\nContent-Type: application/http; msgtype=request\r\n")
                    .append(more),
                octets);
}
std::string response(std::string_view id, std::string_view more, std::string_view body,
                     std::string_view uri = "http://a.example/x", std::string_view type = "response") {
  return record(std::string("WARC-Type: ")
                    .append(type)
                    .append("\r\nWARC-Target-URI: ")
                    .append(uri)
                    .append("\r\nWARC-Date: 2020-01-02T03:04:05Z\r\nWARC-Record-ID: ")
                    .append(id)
                    .append("\r\nContent-Type: application/http; msgtype=response\r\n")
                    .append(more),
                std::string("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n").append(body));
}

stream::Exchange exchange_with(format::RequestMessage request, std::optional<format::ResponseMessage> response) {
  format::MessageTimes times;
  times.start = stream::parse_iso8601("2026-11-22T09:15:30.123456789Z")->time;
  times.ended = std::chrono::milliseconds(250);
  return format::make_exchange(std::move(request), std::move(response), times);
}

std::vector<stream::Exchange> sample() {
  std::vector<stream::Exchange> out;
  format::RequestMessage post;
  post.version = "HTTP/1.1";
  post.method = "POST";
  post.url = "https://a.example/p?q=%C3%A4&q=2";
  post.fields = {
      {"Host", "a.example"}, {"content-TYPE", "application/json"}, {"X-A", "1"}, {"X-A", "2"}, {"Content-Length", "9"}};
  post.body = "{\"a\":\"\xC3\xA4\"}";
  post.fields.back().value = std::to_string(post.body.size());
  format::ResponseMessage answer;
  answer.version = "HTTP/1.1";
  answer.status = 201;
  answer.reason = "Created";
  answer.fields = {{"Set-Cookie", "a=b; Path=/; HttpOnly"},
                   {"Set-Cookie", "c=d"},
                   {"Content-Type", "application/octet-stream"},
                   {"Content-Length", "5"}};
  answer.body = std::string("\0\xFF\r\n\x01", 5);
  out.push_back(exchange_with(post, answer));
  format::RequestMessage get;
  get.version = "HTTP/1.1";
  get.url = "http://b.example:8080/";
  get.fields = {{"Host", "b.example:8080"}};
  format::ResponseMessage empty;
  empty.version = "HTTP/1.1";
  empty.status = 204;
  empty.reason = "No Content";
  out.push_back(exchange_with(get, empty));
  out.push_back(exchange_with(get, std::nullopt));
  out.back().end.reset();
  return out;
}

std::size_t count(std::string_view text, std::string_view what) {
  std::size_t out = 0;
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string_view::npos; ++at) ++out;
  return out;
}

}  // namespace

TEST_CASE("digests are SHA-1 in base32") {
  CHECK(format::warc::labelled(format::warc::sha1("")) == "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ");
  CHECK(format::warc::labelled(format::warc::sha1("abc")) == "sha1:VGMT4NSHA2AWVOR6EVYXQUGCNSONBWE5");
  CHECK(format::warc::labelled(format::warc::sha1(std::string(1'000'000, 'a'))) == "sha1:GSVJOPGUYTNKJ5Q65MV5XLJHGFSTIALP");
  CHECK(format::warc::sha1(std::string(55, 'x')) != format::warc::sha1(std::string(56, 'x')));
}

TEST_CASE("requests and responses of a WARC are joined by name, in either direction and order, and else by URI and date") {
  const auto order = GENERATE(0, 1, 2, 3);
  std::string text;
  if (order == 0) text = request("<a>", "") + response("<b>", "WARC-Concurrent-To: <a>\r\n", "B");
  if (order == 1) text = response("<b>", "", "B") + request("<a>", "WARC-Concurrent-To: <b>\r\n");
  if (order == 2) text = response("<b>", "WARC-Concurrent-To: <a>\r\nWARC-Concurrent-To: <z>\r\n", "B") + request("<a>", "");
  if (order == 3) text = request("<a>", "") + response("<b>", "", "B", "<http://a.example/x>");
  const Archive read = read_archive(text, "warc", 5);
  CHECK(read.errors.empty());
  CHECK(read.findings.empty());
  REQUIRE(read.exchanges.size() == 1);
  CHECK(read.exchanges[0].url() == "http://a.example/x");
  CHECK(read.exchanges[0].status() == 200);
  CHECK(body_of(read.exchanges[0]) == "B");
  CHECK(stream::format_iso8601(*read.exchanges[0].start) == "2020-01-02T03:04:05.000Z");
}

TEST_CASE("exchanges of a WARC stand in the order of their first records, and what has no partner stays alone") {
  const std::string text = request("<a>", "", "http://a.example/1") + request("<b>", "", "http://a.example/2") +
                           response("<c>", "WARC-Concurrent-To: <b>\r\n", "2", "http://a.example/2") +
                           response("<d>", "", "3", "http://a.example/3") + response("<e>", "", "4", "http://a.example/4");
  const Archive read = read_archive(text, "warc");
  CHECK(read.errors.empty());
  REQUIRE(read.exchanges.size() == 4);
  CHECK(read.exchanges[0].url() == "http://a.example/1");
  CHECK(read.exchanges[0].status() == 0);
  CHECK(body_of(read.exchanges[1]) == "2");
  CHECK(body_of(read.exchanges[2]) == "3");
  CHECK(read.exchanges[3].method() == "GET");
  CHECK(read.findings ==
        Lines{"x: byte " + std::to_string(text.find("WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://a.example/3")) +
              ": note: responses without a request's record: GET is taken for the method [warc-no-request]"});
}

TEST_CASE("the window of a WARC is bounded: a partner that comes too late is not waited for") {
  std::string text = request("<a>", "", "http://a.example/late");
  for (int i = 0; i < 100; ++i) text += response("<r>", "", "x", "http://a.example/" + std::to_string(i));
  text += response("<b>", "WARC-Concurrent-To: <a>\r\n", "late", "http://a.example/late");
  const Archive read = read_archive(text, "warc");
  REQUIRE(read.exchanges.size() == 102);
  CHECK(read.exchanges[0].status() == 0);
  CHECK(body_of(read.exchanges.back()) == "late");
}

TEST_CASE("a revisit of a WARC has the payload of the response that it means") {
  const std::string first = response("<a>", "WARC-Payload-Digest: sha1:AAA\r\n", "the payload");
  const std::string profile = "WARC-Profile: http://netpreserve.org/warc/1.1/revisit/identical-payload-digest\r\n";
  const auto by = GENERATE(as<std::string>{}, "WARC-Refers-To: <a>\r\n",
                           "WARC-Refers-To-Target-URI: http://a.example/x\r\nWARC-Refers-To-Date: 2020-01-02T03:04:05Z\r\n",
                           "WARC-Payload-Digest: sha1:AAA\r\n");
  const Archive read = read_archive(first + response("<b>", profile + by, "", "http://a.example/y", "revisit"), "warc");
  CHECK(read.errors.empty());
  REQUIRE(read.exchanges.size() == 2);
  CHECK(read.exchanges[1].url() == "http://a.example/y");
  CHECK(body_of(read.exchanges[1]) == "the payload");

  const Archive alone = read_archive(response("<b>", profile + by, "", "http://a.example/y", "revisit"), "warc");
  REQUIRE(alone.exchanges.size() == 1);
  CHECK(body_of(alone.exchanges[0]).empty());
  CHECK(std::any_of(alone.findings.begin(), alone.findings.end(),
                    [](const std::string& finding) { return finding.ends_with("[warc-revisit]"); }));
}

TEST_CASE("records of a WARC that are no messages are passed over, and say what they can") {
  const std::string info = record("WARC-Type: warcinfo\r\nContent-Type: application/warc-fields\r\n",
                                  "software: Wget/1.21.3 (linux-gnu)\r\nformat: x\r\n");
  const std::string meta = record("WARC-Type: metadata\r\nWARC-Concurrent-To: <b>\r\nContent-Type: application/warc-fields\r\n",
                                  "via: x\r\nfetchTimeMs: 1250\r\n");
  const std::string dns =
      record("WARC-Type: response\r\nWARC-Target-URI: dns:a.example\r\nContent-Type: text/dns\r\n", "1.2.3.4");
  const std::string resource =
      record("WARC-Type: resource\r\nWARC-Target-URI: http://a.example/r\r\nContent-Type: text/css\r\n", "a{}");
  const Archive read = read_archive(info + request("<a>", "WARC-IP-Address: 1.2.3.4\r\n") +
                                        response("<b>", "WARC-Concurrent-To: <a>\r\n", "B") + meta + dns + resource,
                                    "warc");
  CHECK(read.errors.empty());
  REQUIRE(read.exchanges.size() == 2);
  const Json entry = to_entry(read.exchanges[0]);
  CHECK(entry["time"].number_or(0) == 1250);
  CHECK(entry["serverIPAddress"].string_or("") == "1.2.3.4");
  CHECK(body_of(read.exchanges[1]) == "a{}");
  REQUIRE(read.info.log.size() == 1);
  CHECK(to_json(read.info.log[0].value) == "{\"name\":\"Wget\",\"version\":\"1.21.3 (linux-gnu)\"}");
  CHECK(read.findings.size() == 2);
}

TEST_CASE("what is wrong with a WARC costs the record it is wrong in") {
  const std::string whole = response("<a>", "", "A");
  const Archive garbage = read_archive(whole + "garbage\r\n\nWARC/x\n" + whole, "warc");
  CHECK(garbage.exchanges.size() == 2);
  CHECK(garbage.errors ==
        Lines{"x: byte " + std::to_string(whole.size()) + ": expected a record of a WARC file, which begins with WARC/1.1"});
  const Archive length =
      read_archive("WARC/1.0\r\nWARC-Type: response\r\nContent-Length: -4\r\n\r\nabcd\r\n\r\n" + whole, "warc");
  CHECK(length.exchanges.size() == 1);
  CHECK(length.errors == Lines{"x: byte 0: expected a Content-Length in the record's head, a number"});
  const Archive huge = read_archive(
      "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://a/\r\nContent-Type: application/http\r\nContent-Length: "
      "99999999999999999\r\n\r\nabcd",
      "warc");
  CHECK(huge.exchanges.empty());
  REQUIRE(huge.errors.size() == 2);
  CHECK(huge.errors[0] == "x: byte 0: the record is larger than 268435456 bytes");
  CHECK(huge.errors[1] == "x: byte 0: the input ends within a record");
  const Archive no_http = read_archive(
      record("WARC-Type: response\r\nWARC-Target-URI: http://a/\r\nContent-Type: application/http\r\n", "nothing") + whole,
      "warc");
  CHECK(no_http.exchanges.size() == 1);
  REQUIRE(no_http.errors.size() == 1);
  CHECK(no_http.errors[0].ends_with("expected a status line: HTTP/1.1 200 OK"));
}

TEST_CASE("a record that is cut off is given out as far as it came, and the cut is said") {
  const std::string text = request("<a>", "") + response("<b>", "WARC-Concurrent-To: <a>\r\n", "0123456789");
  const Archive read = read_archive(std::string_view(text).substr(0, text.size() - 8), "warc");
  REQUIRE(read.exchanges.size() == 1);
  CHECK(body_of(read.exchanges[0]) == "012345");
  CHECK_FALSE(read.exchanges[0].end);
  REQUIRE(read.errors.size() == 1);
  CHECK(read.errors[0].ends_with("the input ends within a record"));
  read_every_cut(text, "warc");
}

TEST_CASE("what a WARC can hold comes back from it") {
  const WrittenArchive written = write_archive(sample(), "warc");
  CHECK(written.errors.empty());
  const Archive read = read_archive(written.text, "warc", 11);
  CHECK(read.errors.empty());
  CHECK(read.findings.empty());
  REQUIRE(read.exchanges.size() == 3);
  CHECK(text_of(entries(read.exchanges)) == text_of(entries(sample())));
  const WrittenArchive again = write_archive(read.exchanges, "warc");
  CHECK(again.text == written.text);
}

TEST_CASE("HTTP/2 is kept as HTTP/1.1, and what it was beside it") {
  auto exchange = sample()[0];
  exchange.request->object.set("httpVersion", "h2");
  exchange.response->object.set("httpVersion", "h2");
  const WrittenArchive written = write_archive({exchange}, "warc");
  CHECK(count(written.text, "WARC-Protocol: h2\r\n") == 2);
  CHECK(count(written.text, "HTTP/1.1 201 Created\r\n") == 1);
  const Archive read = read_archive(written.text, "warc");
  CHECK(to_entry(read.exchanges.at(0))["response"]["httpVersion"].string_or("") == "HTTP/2");
}

TEST_CASE("records that are written have digests, true lengths, and names of their own that are always the same") {
  std::vector<stream::Exchange> twice = sample();
  twice.push_back(twice[0]);
  const WrittenArchive written =
      write_archive(twice, "warc", {Json::Object{{"creator", Json(Json::Object{{"name", "n"}, {"version", "1"}})}}, {}});
  CHECK(written.text ==
        write_archive(twice, "warc", {Json::Object{{"creator", Json(Json::Object{{"name", "n"}, {"version", "1"}})}}, {}}).text);
  CHECK(written.text.starts_with("WARC/1.1\r\nWARC-Record-ID: <urn:uuid:"));
  CHECK(written.text.find("software: n 1\r\nformat: WARC File Format 1.1\r\n") != std::string::npos);
  CHECK(count(written.text, "WARC-Date: 2026-11-22T09:15:30.123456789Z\r\n") == 11);
  Lines ids;
  for (std::size_t at = 0; (at = written.text.find("\r\nWARC-Record-ID: ", at)) != std::string::npos; ++at)
    ids.push_back(written.text.substr(at + 18, 47));
  CHECK(ids.size() == 11);
  std::sort(ids.begin(), ids.end());
  CHECK(std::unique(ids.begin(), ids.end()) == ids.end());
  const std::string body("\0\xFF\r\n\x01", 5);
  CHECK(count(written.text, "WARC-Payload-Digest: " + format::warc::labelled(format::warc::sha1(body))) == 2);
}

TEST_CASE("each record of a compressed WARC is a gzip member") {
  const WrittenArchive plain = write_archive(sample(), "warc");
  const WrittenArchive packed = write_archive(sample(), "warc", {}, stream::Compression::gzip);
  Lines members;
  std::string rest = packed.text;
  while (!rest.empty()) {
    z_stream stream{};
    REQUIRE(inflateInit2(&stream, 31) == Z_OK);
    std::string out(1 << 16, 0);
    stream.next_in = reinterpret_cast<Bytef*>(rest.data());
    stream.avail_in = static_cast<uInt>(rest.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    REQUIRE(inflate(&stream, Z_FINISH) == Z_STREAM_END);
    out.resize(stream.total_out);
    rest.erase(0, stream.total_in);
    inflateEnd(&stream);
    members.push_back(out);
  }
  CHECK(members.size() == 8);
  std::string all;
  for (const std::string& member : members) {
    CHECK(member.starts_with("WARC/1.1\r\n"));
    CHECK(member.ends_with("\r\n\r\n"));
    CHECK(count(member, "WARC/1.1\r\n") == 1);
    all += member;
  }
  CHECK(all == plain.text);
}

TEST_CASE("a WARC that is compressed in another way is the same") {
  const WrittenArchive plain = write_archive(sample(), "warc");
  for (const auto compression : {stream::Compression::zlib, stream::Compression::zstd, stream::Compression::brotli}) {
    const WrittenArchive packed = write_archive(sample(), "warc", {}, compression);
    const auto source = stream::decompress(stream::memory_source(packed.text, "x"), {{}, compression});
    REQUIRE(source);
    CHECK(*stream::read_all(**source, 1 << 20) == plain.text);
    // Only zstd has frames.
    CHECK(count(packed.text, "\x28\xB5\x2F\xFD") == (compression == stream::Compression::zstd ? 8 : 0));
  }
}

TEST_CASE("a WARC says what it has no place for") {
  auto slow = sample()[0];
  slow.response->t = std::chrono::milliseconds(100);
  CHECK(write_archive({slow}, "warc").findings == Lines{"lost-timings"});
  auto chunks = sample()[0];
  chunks.timeline.push_back(chunks.timeline.at(0));
  CHECK(write_archive({chunks}, "warc").findings == Lines{"lost-_streamChunks"});
  auto exchange = sample()[0];
  exchange.request->entry.set("comment", "c");
  const WrittenArchive written =
      write_archive({exchange}, "warc", {Json::Object{{"version", "1.2"}, {"pages", Json(Json::Array{Json::object()})}}, {}});
  CHECK(written.findings == Lines{"lost-comment", "lost-log-pages"});
  stream::Exchange nothing;
  nothing.response.emplace();
  const WrittenArchive refused = write_archive({nothing}, "warc");
  REQUIRE(refused.errors.size() == 1);
  CHECK(refused.errors[0] == "a record needs a URI, and this exchange has none");
}

TEST_CASE("archives of other programs are read") {
  const char* const corpus = std::getenv("HARTAPE_CORPUS");
  if (corpus == nullptr) {
    WARN("skipped: HARTAPE_CORPUS is not set");
    return;
  }
  struct Expected {
    std::string_view name;
    std::size_t exchanges;
    std::size_t errors;
  };
  for (const Expected& expected : {Expected{"iipc-jwarc__netpreserve_jwarc_cc.warc.gz", 1, 0},
                                   Expected{"iipc-jwarc__netpreserve_jwarc_gzip_extra_sl.warc.gz", 0, 0},
                                   Expected{"iipc-webarchive-commons__format_warc_IAH-urls-wget.warc", 16, 0},
                                   Expected{"webrecorder-warcio__test_data_example.warc", 2, 0},
                                   Expected{"webrecorder-warcio__test_data_example-resource.warc.gz", 1, 0},
                                   Expected{"webrecorder-warcio__test_data_example-bad-non-chunked.warc.gz", 2, 0}}) {
    INFO(expected.name);
    const std::string path = std::string(corpus) + "/warc/warc__" + std::string(expected.name);
    auto input = open_items(path, std::nullopt, {}, {});
    REQUIRE(input);
    CHECK(input->format->name == "warc");
    std::size_t exchanges = 0;
    std::size_t errors = 0;
    for (;;) {
      const auto item = input->reader->next();
      if (!item) {
        UNSCOPED_INFO(to_string(item.error()));
        ++errors;
        if (input->reader->can_continue()) continue;
        break;
      }
      if (!*item) break;
      ++exchanges;
    }
    CHECK(exchanges == expected.exchanges);
    CHECK(errors == expected.errors);
  }
}
