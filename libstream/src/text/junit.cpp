#include "stream/text/junit.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "stream/text/xml.hpp"

namespace stream {
namespace {

using Outcome = JunitCase::Outcome;

void write_case(std::string& out, const JunitCase& one) {
  out += fmt::format("    <testcase name=\"{}\" classname=\"{}\"", xml_attribute(one.name), xml_attribute(one.class_name));
  if (one.outcome == Outcome::passed && one.output.empty()) {
    out += "/>\n";
    return;
  }
  out += ">\n";
  if (one.outcome != Outcome::passed) {
    const std::string_view element = one.outcome == Outcome::failed ? "failure" : "error";
    out += fmt::format("      <{} type=\"{}\" message=\"{}\">{}</{}>\n", element, xml_attribute(one.type),
                       xml_attribute(one.message), xml_text(one.text), element);
  }
  if (!one.output.empty()) out += fmt::format("      <system-out>{}</system-out>\n", xml_text(one.output));
  out += "    </testcase>\n";
}

}  // namespace

void begin_junit(std::string& out, std::string_view name) {
  out += fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{}\">\n", xml_attribute(name));
}

void write_junit(std::string& out, const JunitSuite& suite) {
  const auto count = [&](Outcome outcome) {
    return std::count_if(suite.cases.begin(), suite.cases.end(), [&](const JunitCase& one) { return one.outcome == outcome; });
  };
  out += fmt::format("  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"0\">\n",
                     xml_attribute(suite.name), suite.cases.size(), count(Outcome::failed), count(Outcome::error));
  for (const JunitCase& one : suite.cases) write_case(out, one);
  out += "  </testsuite>\n";
}

void end_junit(std::string& out) { out += "</testsuites>\n"; }

}  // namespace stream
