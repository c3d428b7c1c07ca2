#include "harproxy/record_options.hpp"

#include <catch2/catch.hpp>

using namespace tools::harproxy;
using har::capture::OutputForm;

TEST_CASE("the name of an output says what is written") {
  RecordGroup options;
  options.outputs = {"a.har", "a.rec.ndjson", "-", "b"};
  const auto recorder = recorder_options(options, false);
  REQUIRE(recorder);
  REQUIRE(recorder->outputs.size() == 4);
  CHECK(recorder->outputs[0].form == OutputForm::har);
  for (std::size_t i = 1; i < 4; ++i) CHECK(recorder->outputs[i].form == OutputForm::recording);
  CHECK(options.standard_output());
}

TEST_CASE("what is ignored goes before what is watched") {
  RecordGroup options;
  options.watch = {"https://a.example/*"};
  options.ignore = {"https://a.example/private/*"};
  const auto recorder = recorder_options(options, false);
  REQUIRE(recorder);
  CHECK(recorder->watch.of_request("GET", "https://a.example/x", {}) == true);
  CHECK(recorder->watch.of_request("GET", "https://a.example/private/x", {}) == false);
  CHECK(recorder->watch.of_request("GET", "https://b.example/x", {}) == false);
}

TEST_CASE("nothing is redacted unless it is asked for, and then what is usually secret, too") {
  RecordGroup options;
  CHECK_FALSE(recorder_options(options, false)->redaction);
  options.redact = {"default"};
  CHECK(recorder_options(options, false)->redaction == har::capture::Redaction{{}, true});
  options.redact = {"X-Mine"};
  CHECK(recorder_options(options, false)->redaction == har::capture::Redaction{{"X-Mine"}, true});
  options.no_redact_defaults = true;
  CHECK(recorder_options(options, false)->redaction == har::capture::Redaction{{"X-Mine"}, false});
}
