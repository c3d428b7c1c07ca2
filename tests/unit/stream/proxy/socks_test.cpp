#include "socks.hpp"

#include <catch2/catch.hpp>

#include <cerrno>

using namespace stream;
using namespace stream::proxy;
using State = SocksGreeting::State;

namespace {

std::string bytes(std::initializer_list<int> values) {
  std::string out;
  for (const int value : values) out += static_cast<char>(value);
  return out;
}

struct Outcome {
  State state = State::more;
  std::string output{};
  std::size_t taken = 0;
  SocksTarget target{};
  std::string refusal{};
  bool operator==(const Outcome&) const = default;
};

Outcome run(SocksGreeting& greeting, std::string_view input, std::size_t piece) {
  Outcome outcome;
  while (outcome.taken < input.size()) {
    const std::string_view part = input.substr(outcome.taken, piece);
    const std::size_t used = greeting.feed(part);
    outcome.taken += used;
    outcome.output += greeting.take_output();
    if (greeting.state() != State::more) break;
    REQUIRE(used == part.size());
  }
  outcome.state = greeting.state();
  outcome.target = greeting.target();
  outcome.refusal = greeting.refusal();
  return outcome;
}

/// The outcome, which is the same for every cut.
Outcome greet(const std::string& input, const std::string& user = {}, const std::string& password = {}) {
  SocksGreeting whole(user, password);
  const Outcome outcome = run(whole, input, input.size());
  for (std::size_t piece = 1; piece < input.size(); ++piece) {
    SocksGreeting cut(user, password);
    CHECK(run(cut, input, piece) == outcome);
  }
  return outcome;
}

const std::string kMethods = bytes({5, 1, 0});
const std::string kAccepted = bytes({5, 0});

}  // namespace

TEST_CASE("SOCKS 5 asks for a name, an IPv4 or an IPv6 address") {
  const std::string name = kMethods + bytes({5, 1, 0, 3, 9}) + "a.example" + bytes({1, 187});
  Outcome outcome = greet(name + "what is the target's");
  CHECK(outcome.state == State::target);
  CHECK(outcome.target == SocksTarget{"a.example", 443});
  CHECK(outcome.taken == name.size());
  CHECK(outcome.output == kAccepted);

  outcome = greet(kMethods + bytes({5, 1, 0, 1, 127, 0, 0, 1, 0, 80}));
  CHECK(outcome.target == SocksTarget{"127.0.0.1", 80});

  outcome = greet(kMethods + bytes({5, 1, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 80}));
  CHECK(outcome.target == SocksTarget{"::1", 80});

  outcome = greet(kMethods + bytes({5, 1, 0, 3, 3}) + "::1" + bytes({0, 80}));
  CHECK(outcome.target == SocksTarget{"::1", 80});
}

TEST_CASE("SOCKS 4 asks for an address, 4a for a name") {
  const std::string address = bytes({4, 1, 0, 80, 127, 0, 0, 1}) + "anna" + bytes({0});
  Outcome outcome = greet(address + "more");
  CHECK(outcome.state == State::target);
  CHECK(outcome.target == SocksTarget{"127.0.0.1", 80});
  CHECK(outcome.taken == address.size());
  CHECK(outcome.output.empty());

  const std::string name = bytes({4, 1, 1, 187, 0, 0, 0, 7, 0}) + "a.example" + bytes({0});
  outcome = greet(name + "more");
  CHECK(outcome.target == SocksTarget{"a.example", 443});
  CHECK(outcome.taken == name.size());
}

TEST_CASE("the answer is in the client's version") {
  SocksGreeting five;
  five.feed(kMethods + bytes({5, 1, 0, 1, 127, 0, 0, 1, 0, 80}));
  CHECK(five.reply(SocksReply::succeeded) == bytes({5, 0, 0, 1, 0, 0, 0, 0, 0, 0}));
  CHECK(five.reply(SocksReply::refused) == bytes({5, 5, 0, 1, 0, 0, 0, 0, 0, 0}));
  SocksGreeting four;
  four.feed(bytes({4, 1, 0, 80, 127, 0, 0, 1, 0}));
  CHECK(four.reply(SocksReply::succeeded) == bytes({0, 90, 0, 0, 0, 0, 0, 0}));
  CHECK(four.reply(SocksReply::refused) == bytes({0, 91, 0, 0, 0, 0, 0, 0}));
}

TEST_CASE("a password is asked for, and must be right") {
  const std::string methods = bytes({5, 2, 0, 2});
  const std::string request = bytes({5, 1, 0, 1, 127, 0, 0, 1, 0, 80});
  const auto password = [](const std::string& user, const std::string& secret) {
    return bytes({1, static_cast<int>(user.size())}) + user + bytes({static_cast<int>(secret.size())}) + secret;
  };
  Outcome outcome = greet(methods + password("anna", "secret") + request, "anna", "secret");
  CHECK(outcome.state == State::target);
  CHECK(outcome.output == bytes({5, 2, 1, 0}));

  for (const auto& [user, secret] :
       {std::pair<std::string, std::string>{"anna", "secreT"}, {"ann", "secret"}, {"anna", ""}, {"", ""}}) {
    outcome = greet(methods + password(user, secret) + request, "anna", "secret");
    CHECK(outcome.state == State::refused);
    CHECK(outcome.refusal == "the client's user or password is wrong");
    CHECK(outcome.output == bytes({5, 2, 1, 1}));
  }
  outcome = greet(kMethods + request, "anna", "secret");
  CHECK(outcome.refusal == "the client has no user and password, which are asked for");
  CHECK(outcome.output == bytes({5, 255}));
  outcome = greet(bytes({4, 1, 0, 80, 127, 0, 0, 1, 0}), "anna", "secret");
  CHECK(outcome.refusal == "the client speaks SOCKS 4, which has no password, and one is asked for");
  CHECK(outcome.output == bytes({0, 91, 0, 0, 0, 0, 0, 0}));
}

TEST_CASE("what is not served is refused with its code") {
  Outcome outcome = greet(kMethods + bytes({5, 2, 0, 1, 127, 0, 0, 1, 0, 80}));
  CHECK(outcome.refusal == "the client asks for the command 2 (BIND): only CONNECT is served");
  CHECK(outcome.output == kAccepted + bytes({5, 7, 0, 1, 0, 0, 0, 0, 0, 0}));
  outcome = greet(kMethods + bytes({5, 3, 0, 1, 127, 0, 0, 1, 0, 80}));
  CHECK(outcome.refusal == "the client asks for the command 3 (UDP): only CONNECT is served");
  outcome = greet(kMethods + bytes({5, 1, 0, 9}));
  CHECK(outcome.refusal == "the client asks for an address of the type 9, which is not known");
  CHECK(outcome.output == kAccepted + bytes({5, 8, 0, 1, 0, 0, 0, 0, 0, 0}));
  outcome = greet(bytes({5, 1, 1}));
  CHECK(outcome.refusal == "the client does not offer to go without authentication");
  outcome = greet(bytes({5, 0}));
  CHECK(outcome.refusal == "the client does not offer to go without authentication");
  outcome = greet(bytes({4, 2, 0, 80, 127, 0, 0, 1, 0}));
  CHECK(outcome.refusal == "the client asks for the command 2: only CONNECT is served");
  outcome = greet("GET / HTTP/1.1\r\n");
  CHECK(outcome.refusal == "expected SOCKS 5 or 4, found the byte 71");
  CHECK(outcome.output.empty());
}

TEST_CASE("a name that is none, a port 0 and endless texts are refused") {
  const auto named = [](const std::string& name) {
    return greet(kMethods + bytes({5, 1, 0, 3, static_cast<int>(name.size())}) + name + bytes({0, 80}));
  };
  for (const std::string& name : {std::string(), std::string("a b"), std::string("a\r\nb"), std::string("a\0b", 3),
                                  std::string("a/b"), std::string("\xc3\xa4.example"), std::string("[::1]")}) {
    CHECK(named(name).refusal == "the client asks for what is no name of a host");
  }
  CHECK(named(std::string(255, 'a')).state == State::target);
  CHECK(greet(kMethods + bytes({5, 1, 0, 1, 127, 0, 0, 1, 0, 0})).refusal == "the client asks for the port 0");
  const std::string endless(100'000, 'a');
  SocksGreeting user;
  CHECK(run(user, bytes({4, 1, 0, 80, 127, 0, 0, 1}) + endless, 100'000).refusal ==
        "the client's request has more than 255 bytes in a text");
  SocksGreeting name;
  CHECK(run(name, bytes({4, 1, 0, 80, 0, 0, 0, 1, 0}) + endless, 100'000).refusal ==
        "the client's request has more than 255 bytes in a text");
}

TEST_CASE("an error of a connection is one of SOCKS's codes") {
  const auto code = [](int number) { return socks_reply({ErrorCode::io, "", {}, {}, number}); };
  CHECK(code(ECONNREFUSED) == SocksReply::refused);
  CHECK(code(ENETUNREACH) == SocksReply::network_unreachable);
  CHECK(code(EHOSTUNREACH) == SocksReply::host_unreachable);
  CHECK(code(0) == SocksReply::failure);
  CHECK(socks_reply({ErrorCode::timeout, "", {}, {}, 0}) == SocksReply::host_unreachable);
}
