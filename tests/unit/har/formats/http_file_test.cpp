// Files of requests.
#include <catch2/catch.hpp>

#include "conversion.hpp"

using namespace har;
using Strings = std::vector<std::string>;

namespace {

constexpr std::string_view kFile = R"(@host = https://h.example
@path = {{host}}/api

### first
# @name login
POST {{path}}/login HTTP/1.1
Content-Type: application/json
X-Token: {{token}}

{
  "a": "{{ path }}"
}

###
// a comment
GET {{path}}/items
    ?page=2
    &q=x
Accept: */*

### no method
https://h.example/

###
< {% client.log("x") %}
PUT /relative
Host: localhost:8080

body
> {%
  client.test("x");
%}
<> 2026-11-29.200.json

###
POST https://h.example/file

< ./secret.txt

### the rest
DELETE https://h.example/x
)";

test::Converted read(std::string_view text) { return test::convert(text, "http-file", "har"); }

}  // namespace

TEST_CASE("requests of a file are read with their variables") {
  const auto out = read(kFile);
  CHECK(out.errors == Strings{"x.http-file:38: a body of a file (< ./secret.txt), and nothing is read beside the input"});
  CHECK(out.findings ==
        Strings{
            "x.http-file:8: warning: the value of {{token}} is not in the file: it stays as it is [http-file-variable]",
            "x.http-file:25: warning: a script is not run; it is left out [http-file-script]",
            "x.http-file:30: warning: a script is not run; it is left out [http-file-script]",
            "x.http-file:33: warning: a response that is kept in a file is not read [http-file-response]",
        });
  const auto entries = test::entries_of(out.text);
  REQUIRE(entries.size() == 5);
  CHECK(entries[0]["comment"].string_or("") == "login");
  CHECK(entries[0]["request"]["url"].string_or("") == "https://h.example/api/login");
  CHECK(entries[0]["request"]["httpVersion"].string_or("") == "HTTP/1.1");
  CHECK(entries[0]["request"]["postData"]["text"].string_or("") == "{\n  \"a\": \"https://h.example/api\"\n}");
  CHECK(entries[1]["request"]["url"].string_or("") == "https://h.example/api/items?page=2&q=x");
  CHECK(entries[2]["request"]["method"].string_or("") == "GET");
  CHECK(entries[3]["request"]["url"].string_or("") == "http://localhost:8080/relative");
  CHECK(entries[3]["request"]["postData"]["text"].string_or("") == "body");
  CHECK(entries[4]["request"]["method"].string_or("") == "DELETE");
}

TEST_CASE("every cut of a file of requests is read without harm") {
  for (std::size_t size = 0; size <= kFile.size(); ++size) {
    const auto out = read(kFile.substr(0, size));
    CHECK(out.errors.size() <= 2);
  }
}

TEST_CASE("variables that stand for themselves end") {
  CHECK(read("@a = {{b}}\n@b = {{a}}{{a}}\nGET {{a}}\n").errors == Strings{"x.http-file:3: {{a}} stands for itself"});
}

TEST_CASE("variables that stand for nothing, many times over, are given up") {
  std::string text = "@a0 = \n";
  for (int i = 1; i < 15; ++i) {
    text += "@a" + std::to_string(i) + " = ";
    for (int k = 0; k < 20; ++k) text += "{{a" + std::to_string(i - 1) + "}}";
    text += "\n";
  }
  const auto out = read(text + "GET http://h/{{a14}}\n");
  REQUIRE(out.errors.size() == 1);
  CHECK(out.errors[0].find("variables in one request") != std::string::npos);
}

TEST_CASE("what is no request is refused with its place, and the next is read") {
  const auto out =
      read("WEBSOCKET ws://h\n###\ncurl http://h\n###\nhello there\n###\nword\n###\nGET /x\n###\nGET http://h/\nbroken\n");
  CHECK(out.errors == Strings{
                          "x.http-file:1: a request of WEBSOCKET, which is not one of HTTP",
                          "x.http-file:3: a command line of curl",
                          "x.http-file:5: expected a request line: METHOD URL",
                          "x.http-file:7: expected a request line: METHOD URL",
                          "x.http-file:9: expected a whole URL, or a header Host",
                      });
  CHECK(out.findings ==
        Strings{"x.http-file:12: warning: expected a header, name and colon; the line is left out [http-file-line]"});
  CHECK(read("").errors == Strings{"x.http-file: expected a request, found the end of the input"});
}

TEST_CASE("bodies with lines that mean something in such a file are read again as they were") {
  const std::string body =
      "### a\\n< b\\n> c\\n> {% d %}\\n@e = f\\n# g\\n// h\\n{{x}} {{{y}}\\n  ### i\\n<> j\\n\\nGET http://h/";
  const std::string har =
      R"({"log":{"entries":[{"request":{"method":"POST","url":"http://h/{{x}}","headers":[{"name":"X","value":"{{y}}"}],"postData":{"text":")" +
      body + R"("}},"response":{}}]}})";
  const auto written = test::convert(har, "har", "http-file");
  CHECK(written.errors.empty());
  const auto out = read(written.text);
  CHECK(out.errors.empty());
  CHECK(out.findings.empty());
  const auto entries = test::entries_of(out.text);
  REQUIRE(entries.size() == 1);
  CHECK(stream::to_json(entries[0]["request"]["postData"]["text"]) == "\"" + body + "\"");
  CHECK(entries[0]["request"]["headers"].as_array()[1]["value"].string_or("") == "{{y}}");
  CHECK(entries[0]["request"]["url"].string_or("") == "http://h/%7B%7Bx%7D%7D");
}

TEST_CASE("files of requests are found by their content") {
  const auto score = [](std::string_view text) { return find_format("http-file")->sniff(text); };
  CHECK(score("### x\n# @name y\nGET https://h/ HTTP/1.1\n") >= 90);
  CHECK(score("@a = b\n\nPOST {{a}}/x\n") >= 90);
  CHECK(score("GET http://h/x\nA: b\n") >= 90);
  CHECK(score("GET http://h/x HTTP/1.1\nA: b\n") < 90);
  CHECK(score("GET /x HTTP/1.1\r\n") == 0);
  CHECK(score("### A heading\n\ntext\n") == 0);
}
