#include "stream/text/junit.hpp"

#include <catch2/catch.hpp>

#include "stream/text/xml.hpp"

using stream::JunitCase;

TEST_CASE("text in XML is what it was, but for characters that XML has no place for") {
  CHECK(stream::xml_text("a < b && \"c\"\n\td\r") == "a &lt; b &amp;&amp; \"c\"\n\td&#13;");
  CHECK(stream::xml_attribute("a < b && \"c\"\n\td\r") == "a &lt; b &amp;&amp; &quot;c&quot;&#10;&#9;d&#13;");
  CHECK(stream::xml_text("]]>") == "]]&gt;");
  CHECK(stream::xml_text(std::string_view("\0\x01\x1b[1m", 6)) == "[1m");
  CHECK(stream::xml_text("\xef\xbf\xbe"
                         "a\xef\xbf\xbf"
                         "b\xef\xbf\xbd") == "ab\xef\xbf\xbd");
  CHECK(stream::xml_text("\xff"
                         "a\xed\xa0\x80") == stream::xml_text("\xef\xbf\xbd"
                                                              "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"));
}

TEST_CASE("a suite counts its cases, and a case holds what there is to say") {
  std::string out;
  stream::begin_junit(out, "t\"");
  stream::write_junit(out, {"a.har",
                            {{"r1", "a.har", JunitCase::Outcome::passed, "", "", "", ""},
                             {"r2", "a.har", JunitCase::Outcome::failed, "r2", "<m>", "1\n2\n", ""},
                             {"r3", "a.har", JunitCase::Outcome::passed, "", "", "", "o&"},
                             {"r4", "a.har", JunitCase::Outcome::error, "io", "gone", "", "o"}}});
  stream::write_junit(out, {"b.har", {}});
  stream::end_junit(out);
  CHECK(out ==
        R"(<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="t&quot;">
  <testsuite name="a.har" tests="4" failures="1" errors="1" skipped="0">
    <testcase name="r1" classname="a.har"/>
    <testcase name="r2" classname="a.har">
      <failure type="r2" message="&lt;m&gt;">1
2
</failure>
    </testcase>
    <testcase name="r3" classname="a.har">
      <system-out>o&amp;</system-out>
    </testcase>
    <testcase name="r4" classname="a.har">
      <error type="io" message="gone"></error>
      <system-out>o</system-out>
    </testcase>
  </testsuite>
  <testsuite name="b.har" tests="0" failures="0" errors="0" skipped="0">
  </testsuite>
</testsuites>
)");
}
