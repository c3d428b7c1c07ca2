// Secrets never reach the disk, in whatever place and form they stand.
#include "capture/secrets.hpp"
#include "capturing.hpp"
#include "stream/io/byte_sink.hpp"
#include "stream/text/base64.hpp"

using namespace capturing;

namespace {

/// Both files of what `tell` tells.
struct Both {
  std::string recording{};
  std::string har{};
  Json::Array entries{};
};
template <class Tell>
Both recorded(Redaction redaction, Tell&& tell) {
  const Folder folder;
  Relay relay;
  relay.record(folder / "s.rec.ndjson");
  relay.har(folder / "s.har");
  relay.options.redaction = std::move(redaction);
  relay.start();
  tell(relay);
  relay.finish();
  CHECK(complaints(folder / "s.rec.ndjson").empty());
  CHECK(complaints(folder / "s.har", stream::Level::error).empty());
  return {contents(folder / "s.rec.ndjson"), contents(folder / "s.har"), entries(folder / "s.har")};
}

void check_absent(const Both& both, std::string_view secret) {
  INFO(secret);
  CHECK(both.recording.find(secret) == std::string::npos);
  CHECK(both.har.find(secret) == std::string::npos);
}

}  // namespace

TEST_CASE("a secret is taken out of every place of its exchange") {
  const std::string token = "s3cr/t+T0ken=";
  const Both both = recorded({}, [&](Relay& relay) {
    relay.request(1, "https://user:hunter22@a.example/x?access_token=qu3rySecret&b=1",
                  {{"Authorization", "Bearer s3cr/t+T0ken="},
                   {"Cookie", "sid=c00kieValue; x=y"},
                   {"Referer", "https://b.example/?code=r3ferer1"}});
    relay.response(1, 200,
                   {{"Content-Type", "text/plain"},
                    {"Set-Cookie", "next=n3wCookie; Path=/; HttpOnly"},
                    {"Location", "https://c.example/?token=l0cation9#id_token=fr4gment"},
                    {"X-Echo", "you are s3cr/t+T0ken="}});
    relay.data(1, "plain s3cr/t+T0ken= json s3cr\\/t+T0ken= url s3cr%2Ft%2BT0ken%3D and c00kieValue, n3wCookie, hunter22, ");
    for (const std::string before : {"", "x", "xy"}) relay.data(1, "b64 " + stream::base64_encode(before + token + "tail") + " ");
    relay.data(1, "qu3rySecret l0cation9 fr4gment r3ferer1");
    relay.end(1, "error", "failed with c00kieValue", 0, {{"X-Trailer", "n3wCookie"}});
  });
  for (const std::string_view secret :
       {"s3cr", "T0ken", "qu3rySecret", "c00kieValue", "n3wCookie", "hunter22", "l0cation9", "fr4gment", "r3ferer1"}) {
    check_absent(both, secret);
  }
  for (const std::string before : {"", "x", "xy"}) {
    const std::string coded = stream::base64_encode(before + token + "tail");
    check_absent(both, coded.substr(4, 12));
  }
  const Json& entry = both.entries[0];
  CHECK(entry["request"]["url"] == Json("https://user:REDACTED@a.example/x?access_token=REDACTED&b=1"));
  CHECK(to_json(entry["request"]["cookies"]) == R"([{"name":"sid","value":"REDACTED"},{"name":"x","value":"REDACTED"}])");
  CHECK(to_json(entry["request"]["queryString"]) == R"([{"name":"access_token","value":"REDACTED"},{"name":"b","value":"1"}])");
  CHECK(to_json(entry["response"]["cookies"]) == R"([{"name":"next","value":"REDACTED","path":"/","httpOnly":true}])");
  CHECK(entry["_error"] == Json("failed with REDACTED"));
}

TEST_CASE("a secret that is cut by the ends of chunks is found") {
  const std::string secret = "0123456789secret";
  for (std::size_t cut = 1; cut < secret.size(); ++cut) {
    const Both both = recorded({}, [&](Relay& relay) {
      relay.request(1, "https://a.example/", {{"X-Api-Key", secret}});
      relay.response(1, 200, {{"Content-Type", "text/plain"}});
      relay.data(1, "before 01234" + secret.substr(0, cut));
      relay.data(1, secret.substr(cut, 1));
      relay.data(1, secret.substr(cut + 1) + " behind 0123");
      relay.end(1);
    });
    INFO(cut);
    CHECK(both.entries[0]["response"]["content"]["text"] == Json("before 01234REDACTED behind 0123"));
  }
}

TEST_CASE("the beginning of a secret where a body is cut is one too") {
  const Both both = recorded({}, [&](Relay& relay) {
    relay.request(1, "https://a.example/", {{"X-Api-Key", "0123456789secret"}});
    relay.response(1, 200, {{"Content-Type", "text/plain"}});
    relay.data(1, "before 0123456789");
    relay.end(1, "reset");
  });
  CHECK(both.entries[0]["response"]["content"]["text"] == Json("before REDACTED"));
}

TEST_CASE("messages, their closing, and what a mock says are looked through") {
  const Both both = recorded({{"X-Session"}, false}, [&](Relay& relay) {
    relay.request(1, "wss://a.example/?X-Session=v4lue1", {{"Authorization", "Basic not-asked-for"}});
    relay.response(1, 101);
    relay.message(1, Direction::send, R"({"session":"v4lue1"})");
    relay.message(1, Direction::receive, "binary v4lue1", 2, true);
    relay.close(1, Direction::receive, 1008, "bad v4lue1");
    relay.end(1);
  });
  check_absent(both, "v4lue1");
  check_absent(both, stream::base64_encode("binary v4lue1"));
  CHECK(both.entries[0]["_webSocketMessages"].as_array()[0]["data"] == Json(R"({"session":"REDACTED"})"));
  CHECK(both.entries[0]["_webSocketClose"]["reason"] == Json("bad REDACTED"));
  CHECK(both.recording.find("not-asked-for") != std::string::npos);
}

TEST_CASE("a form's parameters are secret before anything of its request is written") {
  const Both both = recorded({}, [&](Relay& relay) {
    relay.request(1, "https://a.example/login?hint=hunter%2022",
                  {{"Content-Type", "application/x-www-form-urlencoded"}, {"X-Hint", "hunter 22"}}, "POST");
    relay.sent(1, "user=me&passw");
    relay.sent(1, "ord=hunter+22&pin=12");
    relay.at(5);
    relay.response(1, 200, {{"Content-Type", "text/plain"}});
    relay.data(1, "hello hunter 22");
    relay.end(1);
  });
  check_absent(both, "hunter");
  CHECK(both.entries[0]["request"]["postData"]["text"] == Json("user=me&password=REDACTED&pin=12"));
  CHECK(both.entries[0]["request"]["url"] == Json("https://a.example/login?hint=REDACTED"));
  CHECK(both.entries[0]["response"]["content"]["text"] == Json("hello REDACTED"));
}

TEST_CASE("a value of less than four bytes is replaced in its place alone") {
  const Both both = recorded({}, [&](Relay& relay) {
    relay.request(1, "https://a.example/abc?token=abc", {{"Cookie", "t=true"}});
    relay.response(1, 200, {{"Content-Type", "text/plain"}});
    relay.data(1, "abc true");
    relay.end(1);
  });
  CHECK(both.entries[0]["request"]["url"] == Json("https://a.example/abc?token=REDACTED"));
  CHECK(both.entries[0]["response"]["content"]["text"] == Json("abc true"));
}

TEST_CASE("a coded body is looked into where there is a secret, and one that cannot be is left out") {
  std::string coded;
  auto sink = stream::compress(stream::string_sink(coded), stream::Compression::gzip);
  REQUIRE(sink);
  REQUIRE((*sink)->write("the key is k3yValue!"));
  REQUIRE((*sink)->finish());
  const Both both = recorded({}, [&](Relay& relay) {
    for (const std::string_view coding : {"gzip", "unheard-of"}) {
      const std::uint64_t id = coding == "gzip" ? 1 : 2;
      relay.request(id, "https://a.example/", {{"X-Api-Key", "k3yValue!"}});
      relay.response(id, 200, {{"Content-Type", "text/plain"}, {"Content-Encoding", coding}});
      relay.data(id, std::string_view(coded).substr(0, 15));
      relay.data(id, std::string_view(coded).substr(15));
      relay.end(id, "eof", {}, coded.size());
    }
  });
  check_absent(both, stream::base64_encode(coded).substr(0, 20));
  CHECK(both.entries[0]["response"]["content"]["text"] == Json("the key is REDACTED"));
  CHECK(both.entries[0]["response"]["_decoded"] == Json("gzip"));
  CHECK(both.entries[1]["response"]["content"].find("text") == nullptr);
  CHECK(both.entries[1]["response"]["content"]["_truncated"] == Json(true));
}

TEST_CASE("the secrets of one exchange are not looked for in another") {
  const Both both = recorded({}, [&](Relay& relay) {
    relay.request(1, "https://a.example/?token=first1");
    relay.request(2, "https://a.example/?token=second");
    for (const std::uint64_t id : {1U, 2U}) {
      relay.response(id, 200, {{"Content-Type", "text/plain"}});
      relay.data(id, "first1 second");
      relay.end(id);
    }
  });
  CHECK(both.entries[0]["response"]["content"]["text"] == Json("REDACTED second"));
  CHECK(both.entries[1]["response"]["content"]["text"] == Json("first1 REDACTED"));
}
