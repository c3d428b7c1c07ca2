// Command lines of curl: how a shell takes them apart, what curl makes of them, and what is written.
#include <catch2/catch.hpp>

#include "conversion.hpp"
#include "formats/scripts/literals.hpp"
#include "formats/scripts/shell.hpp"
#include "har/exchange.hpp"

using namespace har;
using Strings = std::vector<std::string>;

namespace {

struct Words {
  std::vector<Strings> commands;
  Strings inputs;
  std::string error;
  bool complete = true;
};

Words words(std::string_view text) {
  format::ShellLexer lexer;
  Words out;
  std::uint64_t number = 0;
  const auto take = [&] {
    const auto pipelines = lexer.take();
    if (!pipelines) {
      if (out.error.empty()) out.error = to_string(pipelines.error());
      return;
    }
    for (const auto& pipeline : *pipelines) {
      for (const auto& command : pipeline) {
        out.commands.emplace_back();
        for (const auto& word : command.words) out.commands.back().push_back(word.text);
        if (command.input) out.inputs.push_back(*command.input);
      }
    }
  };
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lexer.feed(text.substr(at, end - at), ++number);
    at = end + 1;
    out.complete = lexer.complete();
    if (out.complete) take();
  }
  if (!out.complete) take();
  return out;
}

test::Converted read(std::string_view text) { return test::convert(text, "curl", "har"); }

std::string header(const stream::Json& entry, std::string_view name) {
  std::string out;
  for (const stream::Json& field : entry["request"]["headers"].as_array()) {
    if (field["name"].string_or("") == name) out += "[" + std::string(field["value"].string_or("")) + "]";
  }
  return out;
}

}  // namespace

TEST_CASE("words are those of a POSIX shell, and nothing is expanded") {
  CHECK(words("a 'b c' \"d e\" f\\ g").commands == std::vector<Strings>{{"a", "b c", "d e", "f g"}});
  CHECK(words("a'b'\"c\"d ''  \"\"").commands == std::vector<Strings>{{"abcd", "", ""}});
  CHECK(words("a '$HOME `x` \\' \"\\$HOME \\`x\\` \\\\ \\n\"").commands ==
        std::vector<Strings>{{"a", "$HOME `x` \\", "$HOME `x` \\ \\n"}});
  CHECK(words("a \\\n  b\\\nc \"d\\\ne\" 'f\\\ng'").commands == std::vector<Strings>{{"a", "bc", "de", "f\\\ng"}});
  CHECK(words("a $'\\t\\x41\\101\\u00e9\\U0001F600\\'\\q\\cA'").commands ==
        std::vector<Strings>{{"a", "\tAA\xC3\xA9\xF0\x9F\x98\x80'\\q\x01"}});
  CHECK(words("a # b\nc#d '#e'").commands == std::vector<Strings>{{"a"}, {"c#d", "#e"}});
  CHECK(words("a;b && c || d & e|f").commands == std::vector<Strings>{{"a"}, {"b"}, {"c"}, {"d"}, {"e"}, {"f"}});
  CHECK(words("a &&\n\nb |\n c").commands == std::vector<Strings>{{"a"}, {"b"}, {"c"}});
  CHECK(words("a >x 2>&1 </dev/null &>y b").commands == std::vector<Strings>{{"a", "b"}});
  CHECK(words("a $ $/ 5$").commands == std::vector<Strings>{{"a", "$", "$/", "5$"}});
}

TEST_CASE("here-documents and here-strings are what a command reads") {
  CHECK(words("a <<E b\n1 2\n E\nE\nc").commands == std::vector<Strings>{{"a", "b"}, {"c"}});
  CHECK(words("a <<E b\n1 2\n E\nE\nc").inputs == Strings{"1 2\n E\n"});
  CHECK(words("a <<-'E'\n\t$x\n\tE").inputs == Strings{"$x\n"});
  CHECK(words("a <<< 'b  c'").inputs == Strings{"b  c\n"});
  CHECK(words("a <<X | b <<Y\n1\nX\n2\nY").inputs == Strings{"1\n", "2\n"});
  CHECK(words("a <<E\n$x\nE").error == "2:1: the value of $x is not known here");
}

TEST_CASE("what a shell would replace is an error with its place, and the command ends where it would") {
  CHECK(words("a $HOME").error == "1:3: the value of $HOME is not known here");
  CHECK(words("a\\\n \"x ${y}\"").error == "2:5: the value of ${…} is not known here");
  CHECK(words("a \"$(touch x)\"").error == "1:4: $(…) would be run by a shell, and nothing is run here");
  CHECK(words("a `x`").error == "1:3: `…` would be run by a shell, and nothing is run here");
  CHECK(words("a <(x)").error == "1:3: <(…) would be run by a shell, and nothing is run here");
  CHECK(words("(a)").error == "1:1: expected a command, found \"(\"");
  CHECK(words("curl ^\"http://x^\"").error == "1:6: this is a command line of Windows (cmd), which has other quotes");
  const Words two = words("a \"$x\n 'y\"\nb");
  CHECK(two.error == "1:4: the value of $x is not known here");
  CHECK(two.commands == std::vector<Strings>{{"b"}});
  CHECK(words("a 'b").error == "1:3: the input ends in a quoted text, which begins here");
  CHECK(words("a |").error == "1: the input ends in the middle of a command");
  CHECK(words("a <<E\nb").error == "2: the input ends in a here-document, before its last line, E");
  CHECK(words("a $'\\0'").error == "1:5: a NUL cannot stand in a word of a shell");
  CHECK(words("a \\").commands == std::vector<Strings>{{"a"}});
}

TEST_CASE("a quoted word is read as the same octets") {
  std::string all;
  for (int i = 1; i < 256; ++i) all += static_cast<char>(i);
  for (const std::string& text : {std::string("a b"), std::string("it's"), std::string("'"), std::string(), all, all + "'",
                                  std::string("!'\n"), std::string("\xE2\x80\xA8 \xE2\x80\xAE"), std::string("a\n"),
                                  std::string("\x01"
                                              "0f")}) {
    const Words read = words("x " + format::shell_quoted(text));
    CHECK(read.error == "");
    CHECK(read.commands == std::vector<Strings>{{"x", text}});
  }
  CHECK(format::shell_quoted("a'b") == "'a'\\''b'");
  CHECK(format::shell_quoted("a\n!'\xFF\xC2\x85") == "$'a\\n\\x21\\'\\xff\\xc2\\x85'");
}

TEST_CASE("strings of other languages hold no end of themselves") {
  CHECK(format::js_string("a\"\\\n</script><!--\xE2\x80\xA8\x01\xF0\x9F\x98\x80") ==
        "\"a\\\"\\\\\\n<\\/script><\\x21--\\u2028\\u0001\xF0\x9F\x98\x80\"");
  CHECK(format::js_byte_string("\xC3\xA9</") == "\"\\xc3\\xa9<\\/\"");
  CHECK(format::python_bytes("'\"\\\r\xFF") == "b\"'\\\"\\\\\\r\\xff\"");
  CHECK(format::python_string("\xE2\x80\xAE\xF3\xA0\x80\x81") == "\"\\u202e\\U000e0001\"");
}

TEST_CASE("a command of a browser becomes its request") {
  const auto out = read(
      "curl 'https://h.example/api?page=2' \\\n  -H 'accept: */*' -H 'x-a: 1' -H 'x-a: 2' \\\n  -b 'a=b; c=d' --data-raw "
      "$'{\"t\":\"it\\'s\"}' "
      "--compressed ;\n");
  CHECK(out.errors.empty());
  CHECK(out.findings.empty());
  const auto entries = test::entries_of(out.text);
  REQUIRE(entries.size() == 1);
  const stream::Json& request = entries[0]["request"];
  CHECK(request["method"].string_or("") == "POST");
  CHECK(request["url"].string_or("") == "https://h.example/api?page=2");
  CHECK(request["postData"]["text"].string_or("") == "{\"t\":\"it's\"}");
  CHECK(header(entries[0], "x-a") == "[1][2]");
  CHECK(header(entries[0], "Cookie") == "[a=b; c=d]");
  CHECK(header(entries[0], "Host") == "[h.example]");
  CHECK(header(entries[0], "Content-Length") == "[12]");
  CHECK(request["cookies"].as_array().size() == 2);
}

TEST_CASE("options that are not known, and files, are refused by name, and the next command is read") {
  const auto out = read(
      "curl --frobnicate h\ncurl -d @/etc/passwd h\ncurl -H @x h\ncurl -F 'f=@x' h\ncurl -b jar h\ncurl -K x h\ncurl -T x h\n"
      "curl --data-urlencode a@x h\ncurl --json @x h\ncurl -d @- h\ncurl\ncurl -X\ncurl file:///etc/passwd\ncurl -¿ h\ncurl h\n");
  CHECK(out.errors == Strings{
                          "x.curl:1:6: curl has no option --frobnicate",
                          "x.curl:2:6: --data @/etc/passwd is of a file, and nothing is read beside the input",
                          "x.curl:3:6: --header @x is of a file, and nothing is read beside the input",
                          "x.curl:4:6: --form f=@x is of a file, and nothing is read beside the input",
                          "x.curl:5:6: --cookie jar is of a file, and nothing is read beside the input",
                          "x.curl:6:6: --config x is of a file, and nothing is read beside the input",
                          "x.curl:7:6: --upload-file x is of a file, and nothing is read beside the input",
                          "x.curl:8:6: --data-urlencode a@x is of a file, and nothing is read beside the input",
                          "x.curl:9:6: --json @x is of a file, and nothing is read beside the input",
                          "x.curl:10:6: --data @- is of a file, and nothing is read beside the input",
                          "x.curl:11:1: expected a URL: curl would make no request",
                          "x.curl:12:6: -X needs an argument",
                          "x.curl:13:6: expected a URL of http or https, found file:",
                          "x.curl:14:6: curl has no option -\xC2",
                      });
  CHECK(test::entries_of(out.text).size() == 1);
}

TEST_CASE("what is left out of a command line is said") {
  const auto out = read("cd x\ncurl --digest -u a:b 'http://h/[1-2]' -H broken | jq .\n");
  CHECK(out.errors.empty());
  CHECK(out.findings ==
        Strings{
            "x.curl:1:1: warning: \"cd\" is not curl: what it does is left out [curl-command]",
            "x.curl:2:6: warning: what --digest changes in the request is left out [curl-option]",
            "x.curl:2:39: warning: --header broken: expected a name and a colon; curl sends nothing for it [curl-option]",
            "x.curl:2:39: warning: curl makes several requests of a URL with [ ] or { }: it is taken as it is, as with "
            "--globoff [curl-glob]",
        });
}

TEST_CASE("every cut of a script is read without harm") {
  const std::string text =
      "# c\ncurl 'http://h/' -H \"a: b\" --data $'x\\x41\\'' \\\n -X PUT && curl g <<'E'\n$1\nE\nbase64 -d <<'E' | curl "
      "--data-binary @- h\nAAH/\nE\n";
  for (std::size_t size = 0; size <= text.size(); ++size) {
    const auto out = read(std::string_view(text).substr(0, size));
    CHECK(out.errors.size() <= 1);
  }
  const auto whole = read(text);
  CHECK(whole.errors.empty());
  const auto entries = test::entries_of(whole.text);
  REQUIRE(entries.size() == 3);
  CHECK(entries[2]["request"]["postData"]["text"].string_or("") == "AAH/");
  CHECK(entries[2]["request"]["postData"]["_encoding"].string_or("") == "base64");
}

TEST_CASE("a command that is too large is refused") {
  std::string text = "curl h -d '";
  for (int i = 0; i < 100; ++i) text += "0123456789\n";
  const auto source = stream::memory_source(text, "x");
  const auto reader = find_format("curl")->open_reader(*source, {{.max_entry = 100}, {}});
  const auto item = reader->next();
  REQUIRE(!item);
  CHECK(item.error().code == stream::ErrorCode::limit);
  CHECK(!reader->can_continue());
}

TEST_CASE("command lines are found by their content") {
  const auto score = [](std::string_view text) { return find_format("curl")->sniff(text); };
  CHECK(score("curl 'http://x'") >= 90);
  CHECK(score("#!/bin/sh\n\n# x\ncurl \\\n  -X POST h") >= 90);
  CHECK(score("$ curl https://x") >= 90);
  CHECK(score("base64 -d <<'E' | curl 'http://x'") >= 90);
  CHECK(score("curl is a program") == 0);
  CHECK(score("curling") == 0);
  CHECK(score("# a document\n") == 0);
  CHECK(score("") == 0);
}

TEST_CASE("what no command line can hold is left out, and that is said") {
  const auto out =
      test::convert(R"({"log":{"entries":[{"request":{"method":"GET","url":"http://h/","headers":[{"name":"A","value":")" +
                        std::string(200000, 'a') + R"("},{"name":"b c","value":"d"},{"name":"E","value":"f\u0000g"}]}},)" +
                        R"({"request":{"method":"GET","url":"http://h/)" + std::string(200000, 'a') + R"("}},)" +
                        R"({"request":{"method":"GET","url":"-o"}},{"request":{"method":"a b","url":"http://h/"
}
}]
}
})",
                    "har", "curl");
  CHECK(out.text == "curl 'http://h/' \\\n  -H 'E: f g' \\\n  -H 'User-Agent:' \\\n  -H 'Accept:'\n");
  Strings rules;
  for (const std::string& finding : out.findings) {
    if (finding.find("[lost-") != std::string::npos) rules.push_back(finding.substr(finding.find("[lost-")));
  }
  CHECK(rules == Strings{"[lost-request-headers-name]", "[lost-request-headers-value]", "[lost-request-headers-value]",
                         "[lost-exchange]", "[lost-exchange]", "[lost-exchange]"});
}
