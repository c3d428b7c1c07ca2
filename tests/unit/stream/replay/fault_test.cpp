#include "stream/replay/fault.hpp"

#include <catch2/catch.hpp>

#include "exchanges.hpp"
#include "stream/replay/playback.hpp"

using namespace stream;
using namespace stream::replay;
using stream::test::ExchangeBuilder;
using stream::test::ms;

namespace {

std::shared_ptr<const Answer> answer_of(const ExchangeBuilder& builder, const Pace& pace = {}) {
  return make_answer(std::make_shared<const Exchange>(builder.build()), pace);
}

/// Three events in two chunks: the second lies in both.
std::shared_ptr<const Answer> events(const Pace& pace = {}) {
  return answer_of(ExchangeBuilder()
                       .response(ms(10), 200, {{"Content-Length", "21"}}, "sse")
                       .data(ms(20), "data:1\n\ndata")
                       .data(ms(30), ":2\n\ndata:3\n\n")
                       .end(ms(40)),
                   pace);
}

std::shared_ptr<const Answer> messages() {
  return answer_of(ExchangeBuilder()
                       .response(ms(10), 101, {}, "websocket")
                       .message(ms(20), "one")
                       .message(ms(25), "", Direction::receive, 9)
                       .message(ms(30), "two")
                       .message(ms(40), "three")
                       .close(ms(50), 1000, ""));
}

/// "head@10 data:1@20 … end@40": what is played.
std::string play(const std::shared_ptr<const Answer>& answer, std::size_t most = 100) {
  std::string out;
  Playback playback(answer);
  for (std::size_t i = 0; !playback.done() && i < most; playback.take(), ++i) {
    const Step& step = playback.next();
    constexpr std::string_view kNames[] = {"head", "", "", "raw", "close", "end", "cut", "reset", "stall"};
    std::string name(kNames[static_cast<std::size_t>(step.kind)]);
    if (step.kind == StepKind::close) name += std::to_string(step.number);
    if (step.kind == StepKind::data || step.kind == StepKind::message) {
      for (const char c : step.bytes) name += c == '\n' ? '/' : c;
    }
    out += (out.empty() ? "" : " ") + name + "@" + std::to_string(step.at / ms(1));
  }
  return out;
}

std::shared_ptr<const Answer> with(std::string_view rule, std::shared_ptr<const Answer> answer, std::uint64_t seed = 1) {
  auto parsed = parse_fault(rule);
  REQUIRE(parsed);
  FaultPlan plan({*parsed}, seed);
  return plan.apply({"GET", "/chat?x=1", "", nullptr}, std::move(answer));
}

std::string faulted(std::string_view rule, std::shared_ptr<const Answer> answer) { return play(with(rule, std::move(answer))); }

}  // namespace

TEST_CASE("every fault does to a body what it says, where it says") {
  struct Case {
    const char* rule;
    const char* expected;
    const char* note;
  };
  const Case cases[] = {
      {"reset", "reset@10", "reset"},
      {"at=head stall", "stall@10", "stalled at the head"},
      {"after=head reset", "head@10 reset@10", "reset after the head"},
      {"at=event:2 reset", "head@10 data:1//@20 reset@20", "reset at event 2"},
      {"after=event:2 reset", "head@10 data:1//@20 data@20 :2//@30 reset@30", "reset after event 2"},
      {"within=event:3 truncate", "head@10 data:1//data@20 :2//@30 data@30 cut@30", "truncated within event 3"},
      {"after=event:3 stall", "head@10 data:1//data@20 :2//@30 data:3//@30 stall@30", "stalled after event 3"},
      {"at=byte:3 truncate", "head@10 dat@20 cut@20", "truncated at byte 3"},
      {"at=byte:0 truncate", "head@10 cut@20", "truncated at byte 0"},
      {"at=25ms reset", "head@10 data:1//data@20 reset@25", "reset at 25.0 ms"},
      {"end", "head@10 end@20", "ended"},
      {"at=event:3 end", "head@10 data:1//data@20 :2//@30 end@30", "ended at event 3"},
      {"at=event:2 duplicate", "head@10 data:1//@20 data@20 :2//@30 data@30 :2//@30 data:3//@30 end@40", "event 2 twice"},
      {"at=event:1 duplicate", "head@10 data:1//@20 data:1//@20 data@20 :2//data:3//@30 end@40", "event 1 twice"},
      {"at=event:1 reorder", "head@10 data@20 :2//@30 data:1//@30 data:3//@30 end@40", "event 1 behind event 2"},
      {"at=event:2 drop", "head@10 data:1//@20 data:3//@30 end@40", "event 2 left out"},
      {"latency=5ms", "head@15 data:1//data@25 :2//data:3//@35 end@45", "5.0 ms later"},
      {"after=head latency=5ms", "head@10 data:1//data@25 :2//data:3//@35 end@45", "5.0 ms later after the head"},
      {"at=event:3 malformed", "head@10 data:1//data@20 :2//@30 raw@30 data:3//@30 end@40", "a malformed chunk at event 3"},
      // What is not reached, or for another protocol, does not hit.
      {"at=event:4 reset", "head@10 data:1//data@20 :2//data:3//@30 end@40", ""},
      {"at=byte:25 reset", "head@10 data:1//data@20 :2//data:3//@30 end@40", ""},
      {"at=41ms reset", "head@10 data:1//data@20 :2//data:3//@30 end@40", ""},
      {"close=1011", "head@10 data:1//data@20 :2//data:3//@30 end@40", ""},
      {"at=event:3 reorder", "head@10 data:1//data@20 :2//data:3//@30 end@40", ""},
  };
  for (const Case& one : cases) {
    INFO(one.rule);
    const auto answer = with(one.rule, events());
    CHECK(play(answer) == one.expected);
    CHECK(answer->note == one.note);
  }
}

TEST_CASE("every fault does to messages what it says") {
  CHECK(faulted("at=event:2 close=1011:busy", messages()) == "head@10 one@20 @25 close1011@30");
  CHECK(faulted("close=3000", messages()) == "head@10 close3000@20");
  CHECK(faulted("at=event:3 truncate", messages()) == "head@10 one@20 @25 two@30 cut@40");
  CHECK(faulted("after=event:1 reset", messages()) == "head@10 one@20 reset@20");
  CHECK(faulted("at=event:2 duplicate", messages()) == "head@10 one@20 @25 two@30 two@30 three@40 close1000@50");
  CHECK(faulted("at=event:2 reorder", messages()) == "head@10 one@20 @25 three@40 two@40 close1000@50");
  CHECK(faulted("at=event:1 drop", messages()) == "head@10 @25 two@30 three@40 close1000@50");
  CHECK(faulted("at=event:1 end", messages()) == "head@10 close1000@20");
  CHECK(faulted("at=byte:4 stall", messages()) == "head@10 one@20 @25 stall@30");
  const auto malformed = with("at=event:2 malformed=utf8", messages());
  CHECK(play(malformed) == "head@10 one@20 @25 raw@30 two@30 three@40 close1000@50");
  CHECK(malformed->steps[3].bytes == "\x81\x02\xc3\x28");
  const auto half = with("within=event:3 truncate", messages());
  CHECK(play(half) == "head@10 one@20 @25 two@30 raw@40 cut@40");
  CHECK(half->steps[4].bytes == "\x81\x05th");
}

TEST_CASE("a status takes the place of the answer, at the time of its head") {
  const auto answer = with("status=503 retry-after=2", events());
  CHECK(answer->status == 503);
  CHECK(find_header(answer->headers, "retry-after") == "2");
  CHECK(answer->note == "status 503");
  CHECK(answer->steps.front().at == ms(10));
  CHECK(!with("status=500", messages())->websocket);
}

TEST_CASE("corruption changes as many bytes as it says, and nothing else") {
  const auto same = [](const std::string& a, const std::string& b) {
    std::size_t different = 0;
    REQUIRE(a.size() == b.size());
    for (std::size_t i = 0; i < a.size(); ++i) different += a[i] == b[i] ? 0U : 1U;
    return different;
  };
  const auto bytes = [](const std::shared_ptr<const Answer>& answer) {
    std::string out;
    for (const Step& step : answer->steps) out += step.bytes;
    return out;
  };
  CHECK(same(bytes(with("corrupt", events())), bytes(events())) == 1);
  CHECK(same(bytes(with("at=byte:9 corrupt=4", events())), bytes(events())) == 4);
  CHECK(bytes(with("at=byte:9 corrupt=4", events())).substr(0, 9) == bytes(events()).substr(0, 9));
  CHECK(same(bytes(with("at=event:2 corrupt", messages())), bytes(messages())) == 1);
  CHECK(with("at=event:2 corrupt", messages())->steps[1].bytes == "one");
}

TEST_CASE("a slow line takes its time") {
  CHECK(faulted("slow=20B/s", answer_of(ExchangeBuilder().response(ms(0), 200).data(ms(0), "abc").end(ms(0)))) ==
        "head@0 a@50 b@100 c@150 end@150");
}

TEST_CASE("places are counted on through the rounds of an endless stream") {
  Pace pace;
  pace.rounds = 0;
  CHECK(faulted("at=event:5 reset", events(pace)) == "head@10 data:1//data@20 :2//data:3//@30 data:1//@50 reset@50");
  CHECK(faulted("at=105ms stall", events(pace)).ends_with("data:1//data@80 :2//data:3//@90 stall@105"));
  CHECK(play(with("at=event:4 drop", events(pace)), 8) ==
        "head@10 data:1//data@20 :2//data:3//@30 data@50 :2//data:3//@60 data:1//data@80 :2//data:3//@90 data:1//data@110");
  pace.rounds = 2;
  CHECK(faulted("at=event:7 reset", events(pace)).ends_with("end@70"));
  CHECK(faulted("after=event:6 reset", events(pace)).ends_with("reset@60"));
}

TEST_CASE("NDJSON is counted in lines, and what has no events in chunks") {
  const auto lines =
      answer_of(ExchangeBuilder().response(ms(0), 200, {}, "ndjson").data(ms(1), "1\n\n2\n").data(ms(2), "3").end(ms(3)));
  CHECK(faulted("at=event:2 reset", lines) == "head@0 1//@1 reset@1");
  CHECK(faulted("at=event:3 reset", lines) == "head@0 1//2/@1 reset@2");
  const auto chunks = answer_of(ExchangeBuilder().response(ms(0), 200).data(ms(1), "1\n2\n").data(ms(2), "3").end(ms(3)));
  CHECK(faulted("at=event:2 reset", chunks) == "head@0 1/2/@1 reset@2");
}

TEST_CASE("conditions choose requests, and each rule counts for itself") {
  const std::vector<HeaderField> headers{{"User-Agent", "curl/8"}, {"X-A", "1"}};
  const auto hits = [&](std::string_view text, std::string_view target = "/chat?x=1", std::string_view method = "GET") {
    FaultPlan plan({*parse_fault(text)}, 0);
    return !plan.apply({method, target, "{\"stream\":true}", &headers}, events())->note.empty();
  };
  CHECK(hits("url=/chat reset"));
  CHECK(hits("url=/ch* reset"));
  CHECK(hits("url=*?x=* reset"));
  CHECK(!hits("url=/cha reset"));
  CHECK(!hits("url=/chat?x=2 reset"));
  CHECK(hits("method=get reset"));
  CHECK(!hits("method=POST reset"));
  CHECK(hits("kind=sse reset"));
  CHECK(!hits("kind=ndjson reset"));
  CHECK(hits("id=1 reset"));
  CHECK(!hits("id=2 reset"));
  CHECK(hits("header=user-agent:curl* reset"));
  CHECK(!hits("header=X-B:* reset"));
  CHECK(hits("body=*\"stream\":true* reset"));
  CHECK(!hits("body=x reset"));
  CHECK(!hits("rate=0 reset"));
  CHECK(!hits("nth=2 reset"));

  FaultPlan plan({*parse_fault("nth=2..3 status=500"), *parse_fault("url=/b nth=2.. latency=1ms")}, 0);
  std::string notes;
  for (const char* target : {"/a", "/b", "/a", "/b", "/b"})
    notes += plan.apply({"GET", target, "", nullptr}, events())->note + "|";
  CHECK(notes == "|status 500|status 500|1.0 ms later|1.0 ms later|");
}

TEST_CASE("the same seed meets the same faults, whatever other rules there are; another seed others") {
  const auto run = [](std::vector<std::string> texts, std::uint64_t seed) {
    std::vector<FaultRule> rules;
    for (const std::string& text : texts) rules.push_back(*parse_fault(text));
    FaultPlan plan(std::move(rules), seed);
    std::string out;
    for (int i = 0; i < 200; ++i) out += plan.apply({"GET", "/", "", nullptr}, events())->note + "\n";
    return out;
  };
  const std::string first = run({"rate=0.3 latency=1..100ms"}, 7);
  CHECK(first == run({"rate=0.3 latency=1..100ms"}, 7));
  CHECK(first == run({"rate=0.3 latency=1..100ms", "rate=0.5 url=/none reset"}, 7));
  CHECK(first != run({"rate=0.3 latency=1..100ms"}, 8));
  const auto count = std::count(first.begin(), first.end(), 'm') / 2;
  CHECK(count > 30);
  CHECK(count < 90);
  CHECK(run({"duplicate", "corrupt"}, 3) == run({"duplicate", "corrupt"}, 3));
}

TEST_CASE("a rule that is not understood is refused with the word and the near one") {
  const auto message = [](std::string_view text) {
    const auto rule = parse_fault(text);
    return rule ? std::string("understood") : rule.error().message;
  };
  CHECK(message("") == "there is no fault in the rule");
  CHECK(message("at=event:5") == "there is no fault in the rule");
  CHECK(message("rset") == "\"rset\" is no fault and no condition; did you mean reset?");
  CHECK(message("ulr=/x reset") == "\"ulr\" is no fault and no condition; did you mean url?");
  CHECK(message("reset stall") == "stall: a rule has one fault");
  CHECK(message("reset=5") == "reset takes no value");
  CHECK(message("url= reset") == "url needs a value: url=…");
  CHECK(message("url=chat reset") == "url: expected a path such as /chat*, found \"chat\"");
  CHECK(message("kind=see reset").ends_with("found \"see\"; did you mean sse?"));
  CHECK(message("rate=2 reset") == "rate: expected a probability from 0 to 1, found \"2\"");
  CHECK(message("rate=10% reset") == "understood");
  CHECK(message("nth=0 reset") == "nth: expected a number from 1, or some as in 2..5 or 3.., found \"0\"");
  CHECK(message("at=event:0 reset") == "at: expected event:N; events are counted from 1, found \"event:0\"");
  CHECK(message("at=evnt:2 reset") == "at: expected head, event:N, byte:N or a time such as 2s, found \"evnt:2\"");
  CHECK(message("within=byte:2 reset") == "within: expected event:N, found \"byte:2\"");
  CHECK(message("at=head after=head reset") == "at, within and after: a rule has one place");
  CHECK(message("method=A method=B reset") == "method stands there twice");
  CHECK(message("close") == "close: expected a code from 1000 to 4999, found \"\"");
  CHECK(message("close=1006") == "close: 1006 never stands in a close frame (RFC 6455 §7.4)");
  CHECK(message("slow=2kB") == "slow: expected a size a second such as 2kB/s, found \"2kB\"");
  CHECK(message("latency=9..2ms") == "latency: expected a time such as 100ms, or a range such as 50..200ms, found \"9..2ms\"");
  CHECK(message("status=99") == "status: expected a number from 200 to 599, found \"99\"");
  CHECK(message("reset retry-after=2") == "retry-after goes with status=CODE");
  CHECK(message("at=event:1 status=500") == "status is for the whole answer and takes no place");
  CHECK(message("at=byte:1 drop") == "drop takes an event: at=event:N");
  CHECK(message("malformed=bits") == "malformed: expected opcode, rsv, masked, fragment, control, utf8, length, found \"bits\"");
}

TEST_CASE("a glob is all of a text") {
  CHECK(matches_glob("*", ""));
  CHECK(matches_glob("a*b*c", "a--b--b--c"));
  CHECK(!matches_glob("a*b*c", "a--b--b--cd"));
  CHECK(matches_glob("?", "?"));
  CHECK(!matches_glob("?", "x"));
  CHECK(!matches_glob("", "x"));
  CHECK(matches_glob("", ""));
}
