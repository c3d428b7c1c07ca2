// Tables: what stands in them, and what of it programs would take for something else.
#include <catch2/catch.hpp>

#include "conversion.hpp"

using namespace har;
using namespace har::test;

namespace {

using Lines = std::vector<std::string>;

/// A HAR of entries that are given by their URL, and whatever else stands in them.
std::string har_of(std::initializer_list<std::string> entries) {
  std::string out = R"({"log":{"version":"1.2","creator":{"name":"x","version":"1"},"entries":[)";
  for (const std::string& entry : entries) (out += out.ends_with('[') ? "" : ",") += entry;
  return out + "]}}";
}
std::string entry_of(const std::string& url, const std::string& text = "", const std::string& more = "") {
  return R"({"startedDateTime":"2026-11-22T10:15:30.25+01:00","time":12.5,"request":{"method":"GET","url":")" + url +
         R"(","httpVersion":"h2","cookies":[],"headers":[{"name":"Vary","value":"a"},{"name":"vary","value":"b"}],"queryString":[],)"
         R"("headersSize":-1,"bodySize":0},"response":{"status":200,"statusText":"","httpVersion":"h2","cookies":[],"headers":[],)"
         R"("content":{"size":3,"mimeType":"text/plain","text":")" +
         text + R"("},"redirectURL":"","headersSize":-1,"bodySize":-1},"cache":{},"timings":{"send":1,"wait":-1,"receive":2})" +
         more + "}";
}

Converted table(const std::string& har, std::string_view format, const std::string& columns = "") {
  WriteOptions options;
  if (!columns.empty()) {
    auto parsed = parse_columns(columns);
    REQUIRE(parsed);
    options.columns = std::move(*parsed);
  }
  return convert(har, "har", format, options);
}

}  // namespace

TEST_CASE("without columns the usual ones are there") {
  const Converted out = table(har_of({entry_of("http://a.test/")}), "csv");
  CHECK(out.errors == Lines{});
  CHECK(
      out.text ==
      "index,start,method,url,status,mime,body.size,time\n0,2026-11-22T09:15:30.250Z,GET,http://a.test/,200,text/plain,3,12.5\n");
  CHECK(table(har_of({}), "csv").text == "index,start,method,url,status,mime,body.size,time\n");
}

TEST_CASE("columns are values of the expression language, under their own names or others") {
  const Converted out =
      table(har_of({entry_of("http://a.test/x?b=1&b=2", "{\\\"a\\\":[1,{\\\"b\\\":true}]}")}), "csv",
            "host,wait=timings.wait,req.header.vary, n = query.b ,body:/a,len(body),status >= 400,x=body:/a/1/b");
  CHECK(out.errors == Lines{});
  CHECK(out.text ==
        "host,wait,req.header.vary,n,body:/a,len(body),status >= 400,x\na.test,,\"a, b\",\"1, "
        "2\",\"[1,{\"\"b\"\":true}]\",20,false,true\n");
}

TEST_CASE("with fields of messages a row is a message") {
  const Converted out =
      table(har_of({entry_of("wss://a.test/", "",
                             R"(,"_webSocketMessages":[{"type":"send","time":1795338930.5,"opcode":1,"data":"a\tb\n"},)"
                             R"({"type":"receive","time":1795338931,"opcode":2,"data":"AP8="}])"),
                    entry_of("http://b.test/")}),
            "tsv", "index,m.time,m.dir,m.size,m.data");
  CHECK(out.text ==
        "index\tm.time\tm.dir\tm.size\tm.data\n0\t2026-11-22T09:15:30.500Z\tsend\t4\ta\\tb\\n\n"
        "0\t2026-11-22T09:15:31.000Z\treceive\t2\t" +
            std::string(1, '\0') + "\uFFFD\n");
  REQUIRE(out.findings.size() == 1);
  CHECK_THAT(out.findings.front(), Catch::Contains("[lost-octets]"));
}

TEST_CASE("a column that is none is refused with the one that was meant") {
  const auto error = [](std::string_view list) {
    const auto columns = parse_columns(list);
    REQUIRE(!columns);
    CHECK(columns.error().code == stream::ErrorCode::usage);
    return columns.error().message + " / " + columns.error().hint;
  };
  using Catch::Contains;
  CHECK_THAT(error("url,statis"), Contains("column \"statis\": there is no field \"statis\" / did you mean status?"));
  CHECK_THAT(error("url,,status"), Contains("a column is empty"));
  CHECK_THAT(error(""), Contains("a column is empty"));
  CHECK_THAT(error("ws"), Contains("count(ws)"));
  CHECK_THAT(error("x=url status"), Contains("column \"x\": expected an operator"));
  CHECK_THAT(error("m.dat"), Contains("did you mean m.data?"));
  CHECK_THAT(error("len(url"), Contains("column"));
  CHECK(*parse_columns("len(url), concat=url , body:\"/a,b\"") == Lines{"len(url)", "concat=url", "body:\"/a,b\""});
  // Whoever does not ask beforehand is told then.
  WriteOptions options;
  options.columns = {"nope"};
  CHECK(!convert(har_of({entry_of("http://a.test/")}), "har", "csv", options).errors.empty());
}

TEST_CASE("CSV is quoted as RFC 4180 says, and nothing is not an empty text") {
  const std::string har = har_of({entry_of("a,b", "say \\\"hi\\\"\\r\\nthere", R"(,"comment":"")"), entry_of(" x ", "'")});
  CHECK(table(har, "csv", "url,body,comment,entry:/comment").text ==
        "url,body,comment,entry:/comment\n\"a,b\",\"say \"\"hi\"\"\r\nthere\",,\"\"\n\" x \",\"'\",,\n");
  // A row of one column that is nothing is still a row.
  CHECK(table(har, "csv", "error").text == "error\n\"\"\n\"\"\n");
}

TEST_CASE("texts that spreadsheets would run are made harmless, and numbers are not touched") {
  for (const char* const start : {"=", "+", "-", "@", "\\t", "\\r", "\uFF1D", "\uFF0B", "\uFF0D", "\uFF20"}) {
    const Converted out = table(har_of({entry_of("u", std::string(start) + "cmd|' /C calc'!A0")}), "csv", "body");
    INFO(start << " " << out.text);
    CHECK((out.text.starts_with("body\n'") || out.text.starts_with("body\n\"'")));
    REQUIRE(out.findings.size() == 1);
    CHECK_THAT(out.findings.front(), Catch::Contains("[table-formula]"));
  }
  CHECK(table(har_of({entry_of("u")}), "csv", "x=-time").text == "x\n-12.5\n");
  CHECK(table(har_of({entry_of("u", "=1")}), "tsv", "body").text == "body\n'=1\n");
  CHECK(table(har_of({entry_of("u", "a=1")}), "csv", "body").findings == Lines{});
}

TEST_CASE("a cell of Markdown is the text, whatever it would mean") {
  const Converted out = table(har_of({entry_of("http://a.test/a_b?x=1&y|z", "`a`\\r\\n<b>*c* \\\\ [d](e) &lt; _f_\\u001b")}),
                              "markdown", "url,body,status,error");
  CHECK(out.text ==
        "| url | body | status | error |\n| --- | --- | ---: | --- |\n"
        "| http://a.test/a_b?x=1&y\\|z | \\`a\\`<br>&lt;b\\>\\*c\\* \\\\ \\[d\\](e) &amp;lt; \\_f\\_\u241B | 200 | |\n");
}

TEST_CASE("TSV escapes what would end a cell or a line") {
  CHECK(table(har_of({entry_of("u", "a\\tb\\nc\\rd\\\\e")}), "tsv", "url,body").text == "url\tbody\nu\ta\\tb\\nc\\rd\\\\e\n");
}
