// Formats that are only read: Burp Suite, Web Page Replay, mahimahi.
#include "archive_support.hpp"
#include "formats/http_message.hpp"
#include "formats/xml_reader.hpp"
#include "stream/text/base64.hpp"

using namespace har;
using namespace har::test;
using stream::base64_encode;
using stream::Json;

namespace {

using Lines = std::vector<std::string>;

const std::string kRequest = "POST /p?q=1 HTTP/1.1\r\nHost: a.example\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 2\r\n\r\n\xFF\n";
const std::string kBinary = std::string("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n").append("\0\xFF\r", 3);

/// The elements of the document as text: "<a x=1>", "</a>", "text".
Lines tokens(std::string_view text, std::size_t max_read = 3, stream::Limits limits = {}) {
  Lines out;
  const auto source = stream::memory_source(text, "x", max_read);
  format::XmlReader reader(*source, limits);
  for (;;) {
    const auto token = reader.next();
    if (!token) {
      out.push_back(to_string(token.error()));
      return out;
    }
    switch (token->kind) {
      case format::XmlToken::Kind::document_end:
        return out;
      case format::XmlToken::Kind::text:
        out.push_back(token->text);
        break;
      case format::XmlToken::Kind::end:
        out.push_back("</" + token->name + ">");
        break;
      case format::XmlToken::Kind::start: {
        std::string tag = "<" + token->name;
        for (const auto& [name, value] : token->attributes) tag += " " + name + "=" + value;
        out.push_back(tag + ">");
      }
    }
  }
}

const std::string kDocumentType =
    "<?xml version=\"1.0\"?>\n<!DOCTYPE items [\n<!ELEMENT items (item*)>\n<!ATTLIST items burpVersion CDATA \"]>\">\n<!-- ]> ' "
    "-->\n]>\n";

std::string burp_item(std::string_view time = "Fri Jul 14 10:52:04 CEST 2023") {
  return "  <item>\n    <time>" + std::string(time) +
         "</time>\n    <url><![CDATA[http://a.example/p?q=1]]></url>\n    <host ip=\"94.237.62.6\">a.example</host>\n    "
         "<port>80</port>\n"
         "    <protocol>http</protocol>\n    <request base64=\"true\"><![CDATA[" +
         base64_encode(kRequest) + "]]></request>\n    <status>200</status>\n    <response base64=\"true\"><![CDATA[" +
         base64_encode(kBinary) + "]]></response>\n    <comment>a &lt;b&gt; &#228;</comment>\n  </item>\n";
}
std::string burp(const std::string& items) {
  return kDocumentType + "<items burpVersion=\"2023.1.2\" exportTime=\"Fri Jul 14 10:53:44 CEST 2023\">\n" + items + "</items>\n";
}

std::string wprgo_request(const std::string& request, const std::string& response) {
  return "{\"SerializedRequest\":\"" + base64_encode(request) + "\",\"SerializedResponse\":\"" + base64_encode(response) +
         "\",\"LastServedSessionId\":0}";
}

std::string field(char number, std::string_view octets) {
  std::string out(1, static_cast<char>(number << 3 | 2));
  std::size_t size = octets.size();
  for (; size >= 0x80; size >>= 7) out += static_cast<char>((size & 0x7F) | 0x80);
  out += static_cast<char>(size);
  return out.append(octets);
}
std::string mahimahi() {
  const auto header = [](std::string_view key, std::string_view value) { return field(2, field(1, key) + field(2, value)); };
  const std::string request =
      field(1, "GET /x?y=1 HTTP/1.1") + header("Host", "a.example") + header("X-A", "1") + header("X-A", "2");
  const std::string response = field(1, "HTTP/1.1 200 OK") + header("Content-Type", "text/plain") +
                               header("Content-Length", "300") + field(3, std::string(299, 'x') + '\0');
  return field(1, "1.2.3.4") + "\x10\xBB\x03\x18\x02" + field(4, request) + field(5, response);
}

}  // namespace

TEST_CASE("XML is read piece by piece") {
  CHECK(tokens("\xEF\xBB\xBF<?xml version='1.0'?>\n<!-- c --><a x='1' y=\"&lt;&#x41;>\"><b/>t&amp;<![CDATA[<&]]><!-- > "
               "-->u\r\n</a >\n") == Lines{"<a x=1 y=<A>>", "<b>", "</b>", "t&<&u\r\n", "</a>"});
  CHECK(tokens(kDocumentType + "<items/>") == Lines{"<items>", "</items>"});
}

TEST_CASE("XML that is not well-formed, or would grow, is refused") {
  CHECK(tokens("<a></b>") == Lines{"<a>", "x: byte 3: expected </a>, found </b>"});
  CHECK(tokens("<a>&x;</a>").back() ==
        "x: byte 3: expected a reference to a character, or one of lt, gt, amp, quot and apos: other entities are not expanded");
  CHECK(tokens("<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>") ==
        Lines{"x: byte 0: the document declares entities: they are not expanded, and it is refused"});
  CHECK(tokens("<a/><b/>").back() == "x: byte 4: expected the end of the document, found another element");
  CHECK(tokens("<a b=c/>").back() == "x: byte 0: expected an attribute, name=\"value\"");
  CHECK(tokens("text") == Lines{"x: byte 0: expected an element"});
  CHECK(tokens("") == Lines{"x: byte 0: expected an XML document, found the end of the input"});
  CHECK(tokens("<a>") == Lines{"<a>", "x: byte 3: the input ends within <a>"});
  std::string deep;
  for (int i = 0; i < 600; ++i) deep += "<a>";
  CHECK(tokens(deep, 100).back() == "x: byte 1536: nested deeper than 512 levels");
  stream::Limits limits;
  limits.max_entry = 1000;
  CHECK(tokens("<a>" + std::string(200'000, 'x') + "</a>", 100'000, limits).back() ==
        "x: byte 3: the text is larger than 1000 bytes");
  const std::string whole = kDocumentType + "<a x='1'>&amp;<![CDATA[]]></a>";
  for (std::size_t size = 0; size < whole.size(); ++size) CHECK_FALSE(tokens(whole.substr(0, size)).empty());
}

TEST_CASE("items of Burp Suite are exchanges") {
  const Archive read = read_archive(burp(burp_item() + burp_item("Fri Jul 14 10:52:04 IST 2023")), "burp", 13);
  CHECK(read.errors.empty());
  REQUIRE(read.findings.size() == 1);
  CHECK(read.findings[0].ends_with("the zone IST is taken for UTC+05:30 [burp-zone]"));
  REQUIRE(read.exchanges.size() == 2);
  CHECK(stream::format_iso8601(*read.exchanges[0].start) == "2023-07-14T08:52:04.000Z");
  CHECK(body_of(read.exchanges[0]) == std::string("\0\xFF\r", 3));
  CHECK(format::request_message(read.exchanges[0]).body == "\xFF\n");
  const Json entry = to_entry(read.exchanges[0]);
  CHECK(entry["serverIPAddress"].string_or("") == "94.237.62.6");
  CHECK(entry["comment"].string_or("") == "a <b> \xC3\xA4");
  CHECK(entry["request"]["url"].string_or("") == "http://a.example/p?q=1");
  REQUIRE(read.info.log.size() == 1);
  CHECK(to_json(read.info.log[0].value) == "{\"name\":\"Burp Suite\",\"version\":\"2023.1.2\"}");
}

TEST_CASE("an item of Burp Suite may be plain text, unanswered, or wrong") {
  const std::string plain =
      "<item><url>https://b.example/</url><protocol>https</protocol><request><![CDATA[GET / HTTP/2\r\nHost: "
      "b.example\r\n\r\n]]></request>"
      "<response base64=\"false\"></response></item>";
  const std::string bad = "<item><request base64=\"true\">!</request></item><item/><item><request>nonsense</request></item>";
  const Archive read = read_archive(burp(plain + bad + plain), "burp");
  REQUIRE(read.exchanges.size() == 2);
  CHECK(read.exchanges[0].status() == 0);
  CHECK(read.exchanges[1].url() == "https://b.example/");
  REQUIRE(read.errors.size() == 3);
  CHECK(read.errors[0].ends_with("expected base64 in <request>"));
  CHECK(read.errors[1].ends_with("expected a <request> in the <item>"));
  CHECK(read.errors[2].ends_with("expected a request line: METHOD target HTTP/1.1, in the request of an item"));
  const Archive other = read_archive("<svg/>", "burp");
  CHECK(other.errors == Lines{"x: byte 0: expected <items> of Burp Suite, found <svg>"});
  read_every_cut(burp(burp_item()), "burp");
}

TEST_CASE("an archive of Web Page Replay is read request by request") {
  const std::string text =
      "{\"Requests\":{\"a.example\":{\"https://a.example/p?q=1\":[" + wprgo_request(kRequest, kBinary) + ", " +
      wprgo_request(kRequest, "") +
      "],\"https://a.example/none\":null},\"b\":{}},\"Certs\":{\"a\":\"QUJD\"},\"DeterministicTimeSeedMs\":12}\n";
  const Archive read = read_archive(text, "wprgo", 5);
  CHECK(read.errors.empty());
  REQUIRE(read.exchanges.size() == 2);
  CHECK(read.exchanges[0].url() == "https://a.example/p?q=1");
  CHECK(body_of(read.exchanges[0]) == std::string("\0\xFF\r", 3));
  CHECK(read.exchanges[1].status() == 0);
  const Archive bad =
      read_archive("{\"Requests\":{\"a\":{\"http://a/\":[{\"SerializedRequest\":\"!\"},{},{\"SerializedRequest\":\"" +
                       base64_encode("x") + "\"}," + wprgo_request(kRequest, kBinary) + "]}}}",
                   "wprgo");
  CHECK(bad.exchanges.size() == 1);
  CHECK(bad.errors.size() == 3);
  CHECK(read_archive("{\"a\":{}}", "wprgo").errors ==
        Lines{"x: byte 8: expected an archive of Web Page Replay, with \"Requests\""});
  CHECK(read_archive("{\"Requests\":{\"a\":{\"b\":[1,2", "wprgo").errors.size() >= 2);
  read_every_cut(text, "wprgo");
}

TEST_CASE("a file of mahimahi is an exchange") {
  const Archive read = read_archive(mahimahi(), "mahimahi", 9);
  CHECK(read.errors.empty());
  CHECK(read.findings ==
        Lines{"x: note: a recording of mahimahi has no times: 1970-01-01T00:00:00Z stands for them [mahimahi-no-time]"});
  REQUIRE(read.exchanges.size() == 1);
  CHECK(read.exchanges[0].url() == "https://a.example/x?y=1");
  CHECK(body_of(read.exchanges[0]) == std::string(299, 'x') + '\0');
  CHECK(to_entry(read.exchanges[0])["serverIPAddress"].string_or("") == "1.2.3.4");
  CHECK(find_format("mahimahi")->sniff(mahimahi()) >= 90);
  CHECK(read_archive("", "mahimahi").errors.size() == 1);
  CHECK(read_archive("\x22\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", "mahimahi").errors.size() == 1);
  read_every_cut(mahimahi(), "mahimahi");
}

TEST_CASE("each of these formats is told by its content, and takes no other's") {
  const std::vector<std::pair<std::string, std::string>> samples = {
      {"warc", "WARC/1.0\r\nWARC-Type: warcinfo\r\n"},
      {"gor", "1 aa 1000000 5\nGET / HTTP/1.1\r\n\r\n"},
      {"burp", burp(burp_item())},
      {"wprgo", "{\"Requests\":{\"a\":{}}}"},
      {"mahimahi", mahimahi()},
      {"har", "{\"log\":{\"version\":\"1.2\",\"entries\":[]}}"},
      {"recording", "{\"recording\":1}\n{\"ev\":\"end\",\"t\":1}\n"}};
  for (const auto& [name, text] : samples) {
    for (const char* const format : {"warc", "gor", "burp", "wprgo", "mahimahi"}) {
      INFO(name << " as " << format);
      CHECK((find_format(format)->sniff(text) >= 80) == (name == format));
    }
  }
}
