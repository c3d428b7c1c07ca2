// What is odd but legal passes byte for byte, as without a proxy; what two readers could understand differently does not pass.
#include <catch2/catch.hpp>
#include <chrono>

#include "relaying.hpp"

using namespace relaying;

namespace {

std::string get(std::string_view target = "/", std::string_view more = "") {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: a.example\r\n" + std::string(more) + "\r\n";
}

}  // namespace

TEST_CASE("a response reaches the client byte for byte, as it would without a proxy") {
  struct Row {
    const char* what;
    std::string response;
    std::string request = get("/", "Connection: close\r\n");
  };
  const std::string close = "Connection: close\r\n";
  const std::vector<Row> rows = {
      {"a length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n" + close + "\r\nhello"},
      {"the end of the connection", "HTTP/1.1 200 OK\r\n" + close + "\r\nuntil the end"},
      {"HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nold"},
      {"chunks with extensions, and trailers", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n" + close +
                                                   "\r\n5;a=b\r\nhello\r\n0A\r\n0123456789\r\n000;last\r\nX-Sum: 1\r\n\r\n"},
      {"no reason", "HTTP/1.1 200\r\nContent-Length: 0\r\n" + close + "\r\n"},
      {"an unknown status", "HTTP/1.1 599 What Is This\r\nContent-Length: 2\r\n" + close + "\r\nno"},
      {"odd spaces and cases of fields",
       "HTTP/1.1 200 OK\r\ncONTENT-lENGTH:3\r\nX-Empty:\r\nX-Tab:\t a \t\r\n" + close + "\r\nabc"},
      {"the same field several times",
       "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n" + close + "\r\n"},
      {"a folded field", "HTTP/1.1 200 OK\r\nX-Long: a\r\n  b\r\nContent-Length: 0\r\n" + close + "\r\n"},
      {"bytes that are no text",
       "HTTP/1.1 200 OK\r\nX-Latin: \xE9\xFC\r\nContent-Length: 4\r\n" + close + "\r\n" + std::string("\0\x01\xFF\n", 4)},
      {"interim responses in front",
       "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
       "2\r\n" +
           close + "\r\nok"},
      {"204", "HTTP/1.1 204 No Content\r\n" + close + "\r\n"},
      {"304 with a length", "HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\n" + close + "\r\n"},
      {"HEAD with a length", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n" + close + "\r\n",
       "HEAD / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n"},
      {"a body of a megabyte", "HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n" + close + "\r\n" + std::string(1048576, 'x')},
      {"an empty chunked body", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" + close + "\r\n0\r\n\r\n"},
      {"many fields", "HTTP/1.1 200 OK\r\n" +
                          [] {
                            std::string fields;
                            for (int i = 0; i < 300; ++i)
                              fields += "X-" + std::to_string(i) + ": " + std::string(100, 'v') + "\r\n";
                            return fields;
                          }() +
                          "Content-Length: 0\r\n" + close + "\r\n"},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    const auto serve = [&](Wire& wire) {
      wire.receive_until("\r\n\r\n");
      // In two pieces that cut anything.
      const std::size_t half = row.response.size() / 2;
      wire.send(std::string_view(row.response).substr(0, half));
      wire.send(std::string_view(row.response).substr(half));
      wire.shut();
      wire.receive_all();
    };
    Origin origin(serve);
    Running running(reverse(origin.port));
    Wire direct = Wire::to(origin.port);
    direct.send(row.request);
    const std::string expected = direct.receive_all();
    Wire wire = Wire::to(running.proxy->port());
    REQUIRE(wire.send(row.request));
    CHECK(wire.receive_all() == expected);
    CHECK(expected == row.response);
    CHECK(running.heard.wait_for("end eof"));
  }
}

TEST_CASE("a request reaches the origin byte for byte") {
  const std::string host = "Host: a.example\r\n";
  const std::vector<std::pair<const char*, std::string>> rows = {
      {"plain", "GET /a?b=%20&c HTTP/1.1\r\n" + host + "\r\n"},
      {"an unusual method", "M-SEARCH * HTTP/1.1\r\n" + host + "\r\n"},
      {"OPTIONS *", "OPTIONS * HTTP/1.1\r\n" + host + "\r\n"},
      {"HTTP/1.0", "GET / HTTP/1.0\r\n\r\n"},
      {"a body with a length", "POST / HTTP/1.1\r\n" + host + "Content-Length: 5\r\n\r\nhello"},
      {"a chunked body with trailers",
       "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n"},
      {"odd spaces and cases", "GET / HTTP/1.1\r\nhOST:a.example\r\nX-A:  \tb \t\r\nX-Empty:\r\n\r\n"},
      {"hop-by-hop fields", "GET / HTTP/1.1\r\n" + host + "Connection: keep-alive, X-Mine\r\nX-Mine: 1\r\nTE: trailers\r\n\r\n"},
      {"GET with a body", "GET / HTTP/1.1\r\n" + host + "Content-Length: 2\r\n\r\n{}"},
      {"octets above 127", "GET /\xC3\xA9 HTTP/1.1\r\n" + host + "X: \xFF\r\n\r\n"},
  };
  for (const auto& [what, request] : rows) {
    INFO(what);
    if (request.starts_with("M-SEARCH")) continue;  // "*" is for OPTIONS alone
    std::string seen;
    Origin origin([&, size = request.size()](Wire& wire) {
      seen = wire.receive(size);
      wire.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      wire.shut();
      wire.receive_all();
    });
    {
      Running running(reverse(origin.port));
      Wire wire = Wire::to(running.proxy->port());
      // Byte by byte at first, so that it is cut everywhere.
      for (std::size_t i = 0; i < request.size(); i += i < 60 ? 1 : 7) {
        REQUIRE(wire.send(std::string_view(request).substr(i, i < 60 ? 1 : 7)));
      }
      CHECK(wire.receive_until("\r\n\r\n").starts_with("HTTP/1.1 200"));
    }
    CHECK(seen == request);
  }
}

TEST_CASE("what could be understood as two requests is refused with 400, and nothing of it is forwarded") {
  const std::string host = "Host: a.example\r\n";
  const std::vector<std::string> rows = {
      "POST / HTTP/1.1\r\n" + host + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\n" + host + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
      "POST / HTTP/1.1\r\n" + host + "Content-Length: +5\r\n\r\nhello",
      "POST / HTTP/1.1\r\n" + host + "Content-Length: 5, 5\r\n\r\nhello",
      "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\n" + host + "X: a\r\n folded\r\n\r\n",
      "GET / HTTP/1.1\r\n" + host + host + "\r\n",
      "GET / HTTP/1.1\r\n\r\n",
      "GET / HTTP/1.1\n" + host + "\n",
      "GET / HTTP/1.1\r\n" + host + "X: a\rb\r\n\r\n",
      "GET / HTTP/1.1\r\n" + host + std::string("X\0: a\r\n\r\n", 9),
      "GET  / HTTP/1.1 x\r\n" + host + "\r\n",
      "GET /a b HTTP/1.1\r\n" + host + "\r\n",
  };
  for (const std::string& request : rows) {
    INFO(request);
    Origin origin([](Wire& wire) { wire.receive_all(); });
    Running running(reverse(origin.port));
    Wire wire = Wire::to(running.proxy->port());
    REQUIRE(wire.send(request));
    const std::string answer = wire.receive_all();
    CHECK(answer.starts_with("HTTP/1.1 400"));
    CHECK(origin.connections == 0);
  }
}

TEST_CASE("a broken chunk is the end of its connection, and the origin does not take it for a whole request") {
  std::string seen;
  {
    Origin origin([&](Wire& wire) { seen = wire.receive_all(); });
    Running running(reverse(origin.port));
    Wire wire = Wire::to(running.proxy->port());
    wire.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n");
    CHECK(wire.receive_all().starts_with("HTTP/1.1 400"));
  }
  CHECK(seen.find("zz") == std::string::npos);
  CHECK(seen.find("\r\n0\r\n") == std::string::npos);
}

TEST_CASE("requests of one connection are relayed in their order, on one connection to the origin") {
  Origin origin([](Wire& wire) {
    std::string in;
    for (;;) {
      while (in.find("\r\n\r\n") == std::string::npos) {
        const std::string more = wire.receive();
        if (more.empty()) return;
        in += more;
      }
      const std::string target = in.substr(4, in.find(' ', 4) - 4);
      in.erase(0, in.find("\r\n\r\n") + 4);
      wire.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(target.size()) + "\r\n\r\n" + target);
    }
  });
  Running running(reverse(origin.port));
  Wire wire = Wire::to(running.proxy->port());
  // All at once: pipelined.
  REQUIRE(wire.send(get("/1") + get("/22") + get("/333")));
  std::string all;
  while (all.find("/333") == std::string::npos) {
    const std::string more = wire.receive();
    REQUIRE_FALSE(more.empty());
    all += more;
  }
  CHECK(all.find("/1") < all.find("/22"));
  CHECK(all.find("/22") < all.find("/333"));
  CHECK(origin.connections == 1);
  REQUIRE(running.heard.wait_for("3 end eof"));
  CHECK(running.heard.text() ==
        "1 request GET http://a.example/1\n1 response 200\n1 data /1\n1 end eof\n"
        "2 request GET http://a.example/22\n2 response 200\n2 data /22\n2 end eof\n"
        "3 request GET http://a.example/333\n3 response 200\n3 data /333\n3 end eof\n");
}

TEST_CASE("100 Continue is the origin's to say, and the body waits for nobody else") {
  Origin origin([](Wire& wire) {
    CHECK(wire.receive_until("\r\n\r\n").find("Expect: 100-continue") != std::string::npos);
    wire.send("HTTP/1.1 100 Continue\r\n\r\n");
    CHECK(wire.receive(5) == "hello");
    wire.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    wire.receive_all();
  });
  Running running(reverse(origin.port));
  Wire wire = Wire::to(running.proxy->port());
  wire.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  CHECK(wire.receive_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  wire.send("hello");
  CHECK(wire.receive_until("\r\n\r\n") == "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  REQUIRE(running.heard.wait_for("1 end eof"));
  CHECK(running.heard.text() == "1 request POST http://a/\n1 interim 100\n1 send hello\n1 response 200\n1 end eof\n");
}

TEST_CASE("a stream passes on event by event, while it goes on") {
  Origin origin([](Wire& wire) {
    wire.receive_until("\r\n\r\n");
    wire.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
    for (int i = 0; i < 5; ++i) {
      wire.send("data: " + std::to_string(i) + "\n\n");
      CHECK(wire.receive(1) == ".");  // the client has it, and says so on its way: before the next is sent
    }
  });
  Running running(reverse(origin.port));
  Wire wire = Wire::to(running.proxy->port());
  wire.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
  wire.receive_until("\r\n\r\n");
  for (int i = 0; i < 5; ++i) {
    const std::string event = "data: " + std::to_string(i) + "\n\n";
    CHECK(wire.receive(event.size()) == event);
    wire.send(".");
  }
  CHECK(wire.receive_all().empty());
}

TEST_CASE("a client that does not read slows the origin, and little is held") {
  std::atomic<std::size_t> sent{0};
  std::atomic<bool> go_on{true};
  Origin origin([&](Wire& wire) {
    wire.receive_until("\r\n\r\n");
    wire.send("HTTP/1.1 200 OK\r\n\r\n");
    const timeval limit{1, 0};
    setsockopt(wire.descriptor(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    const std::string block(65536, 'x');
    while (go_on && sent < (std::size_t{256} << 20) && wire.send(block)) sent += block.size();
  });
  Running running(reverse(origin.port));
  Wire wire = Wire::to(running.proxy->port(), 4096);
  wire.send(get());
  CHECK(wire.receive().starts_with("HTTP/1.1 200"));
  std::size_t before = 1;
  for (int i = 0; i < 100 && before != sent; ++i) {
    before = sent;
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
  }
  CHECK(sent < (std::size_t{32} << 20));  // socket buffers, and no more than them
  go_on = false;
  wire.reset();
  CHECK(running.heard.wait_for("1 end abort"));
}

TEST_CASE("an origin that breaks off is seen to break off") {
  SECTION("within a body of a known length") {
    Origin origin([](Wire& wire) {
      wire.receive_until("\r\n\r\n");
      wire.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
    });
    Running running(reverse(origin.port));
    Wire wire = Wire::to(running.proxy->port());
    wire.send(get());
    CHECK(wire.receive_all().ends_with("\r\n\r\nhello"));
    REQUIRE(running.heard.wait_for("1 end reset"));
    CHECK(running.heard.errors()[0] == "the connection was closed after 5 of 10 bytes of the body");
  }
  SECTION("before it answers") {
    Origin origin([](Wire& wire) { wire.receive_until("\r\n\r\n"); });
    Running running(reverse(origin.port));
    Wire wire = Wire::to(running.proxy->port());
    wire.send(get());
    CHECK(wire.receive_all().starts_with("HTTP/1.1 502"));
    CHECK(running.heard.wait_for("1 end reset"));
  }
  SECTION("with something that is not HTTP") {
    Origin origin([](Wire& wire) {
      wire.receive_until("\r\n\r\n");
      wire.send("SSH-2.0-OpenSSH_9.2\r\n");
      wire.receive_all();
    });
    Running running(reverse(origin.port));
    Wire wire = Wire::to(running.proxy->port());
    wire.send(get());
    CHECK(wire.receive_all().starts_with("HTTP/1.1 502"));
    CHECK(running.heard.wait_for("1 end error"));
  }
}

TEST_CASE("an origin that is not there is told as 502, with the reason") {
  std::uint16_t port = 0;
  {
    Origin gone([](Wire&) {});
    port = gone.port;
  }
  Running running(reverse(port));
  Wire wire = Wire::to(running.proxy->port());
  wire.send(get());
  const std::string answer = wire.receive_all();
  CHECK(answer.starts_with("HTTP/1.1 502"));
  CHECK(answer.find("refused") != std::string::npos);
  CHECK(running.heard.wait_for("1 end error"));
}

TEST_CASE("a connection that was kept and is gone is made anew, once, and the client sees nothing of it") {
  Origin origin([](Wire& wire) {
    wire.receive_until("\r\n\r\n");
    wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    wire.receive(1);  // of the next request
    wire.reset();
  });
  Running running(reverse(origin.port));
  Wire wire = Wire::to(running.proxy->port());
  for (int i = 1; i <= 3; ++i) {
    wire.send(get("/" + std::to_string(i)));
    CHECK(wire.receive_until("ok").ends_with("ok"));
  }
  CHECK(origin.connections == 3);
}

TEST_CASE("a client that ends its side still gets its answer, and the origin sees the end") {
  Origin origin([](Wire& wire) {
    CHECK(wire.receive_all().starts_with("GET / "));
    wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  Running running(reverse(origin.port));
  Wire wire = Wire::to(running.proxy->port());
  wire.send(get());
  wire.shut();
  CHECK(wire.receive_all().ends_with("ok"));
  CHECK(running.heard.wait_for("1 end eof"));
}

TEST_CASE("a client that ends its side within the response has aborted, and not the origin") {
  Origin origin([](Wire& wire) {
    wire.receive_until("\r\n\r\n");
    wire.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegin\r\n");
    wire.receive_all();
  });
  Running running(reverse(origin.port));
  Wire wire = Wire::to(running.proxy->port());
  wire.send(get());
  wire.receive_until("begin\r\n");
  wire.shut();
  CHECK(wire.receive_all().empty());
  CHECK(running.heard.wait_for("1 end abort"));
  CHECK(running.heard.errors() == std::vector<std::string>{"the client ended the connection before it had the response"});
}

TEST_CASE("as a forward proxy it sends on the origin form, and what is meant for it stays here") {
  std::string seen;
  Origin origin([&](Wire& wire) {
    seen = wire.receive_until("\r\n\r\n");
    wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
  });
  stream::proxy::ProxyOptions options;
  Running running(options);
  const std::string authority = "127.0.0.1:" + std::to_string(origin.port);
  Wire wire = Wire::to(running.proxy->port());
  wire.send("GET http://" + authority + "/a?b#c HTTP/1.1\r\nhost: " + authority +
            "\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: Basic eA==\r\nX: y\r\n\r\n");
  CHECK(wire.receive_all().ends_with("ok"));
  CHECK(seen == "GET /a?b HTTP/1.1\r\nhost: " + authority + "\r\nX: y\r\n\r\n");
  CHECK(running.heard.lines()[0] == "1 request GET http://" + authority + "/a?b");

  Wire other = Wire::to(running.proxy->port());
  other.send("GET http://" + authority + " HTTP/1.1\r\nHost: other.example\r\n\r\n");
  CHECK(other.receive_all().ends_with("ok"));
  CHECK(seen == "GET / HTTP/1.1\r\nHost: " + authority + "\r\n\r\n");  // RFC 9112 §3.2.2: the target counts

  Wire self = Wire::to(running.proxy->port());
  self.send(get());
  const std::string answer = self.receive_all();
  CHECK(answer.starts_with("HTTP/1.1 400"));
  CHECK(answer.find("this is a proxy") != std::string::npos);
}

TEST_CASE("a tunnel passes anything, in both directions, to both ends") {
  Origin origin([](Wire& wire) {
    wire.send("220 hello\r\n");
    wire.send("got " + wire.receive_all());
  });
  stream::proxy::ProxyOptions options;
  Running running(options);
  Wire wire = Wire::to(running.proxy->port());
  wire.send("CONNECT 127.0.0.1:" + std::to_string(origin.port) + " HTTP/1.1\r\nHost: x\r\n\r\nearly ");
  CHECK(wire.receive_until("220 hello\r\n").ends_with("\r\n\r\n220 hello\r\n"));
  wire.send("bytes");
  wire.shut();
  CHECK(wire.receive_all() == "got early bytes");

  Wire refused = Wire::to(running.proxy->port());
  refused.send("CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(refused.receive_all().starts_with("HTTP/1.1 502"));
  CHECK(running.incidents().size() == 1);
}

TEST_CASE("what leads back to the proxy itself is refused") {
  stream::proxy::ProxyOptions options;
  Running running(options);
  const std::string own = std::to_string(running.proxy->port());
  for (const std::string host : {"127.0.0.1", "localhost"}) {
    Wire wire = Wire::to(running.proxy->port());
    wire.send("GET http://" + host + ":" + own + "/ HTTP/1.1\r\nHost: x\r\n\r\n");
    const std::string answer = wire.receive_all();
    CHECK(answer.starts_with("HTTP/1.1 508 Loop Detected\r\n"));
    CHECK(answer.find(host + ":" + own + " is this proxy itself") != std::string::npos);

    Wire tunnel = Wire::to(running.proxy->port());
    tunnel.send("CONNECT " + host + ":" + own + " HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(tunnel.receive_all().starts_with("HTTP/1.1 508 "));
  }
  Running all({.host = "0.0.0.0"});
  Wire wire = Wire::to(all.proxy->port());
  wire.send("GET http://127.0.0.2:" + std::to_string(all.proxy->port()) + "/ HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(wire.receive_all().starts_with("HTTP/1.1 508 "));
}

TEST_CASE("a proxy whose target, or whose proxy, it is itself does not ask itself for ever") {
  for (const bool target : {true, false}) {
    // A port that is free now, most likely still is.
    std::uint16_t port = 0;
    {
      Origin origin([](Wire&) {});
      port = origin.port;
    }
    stream::proxy::ProxyOptions options;
    options.port = port;
    const std::string own = "http://127.0.0.1:" + std::to_string(port);
    if (target) {
      options.target = *stream::net::parse_url(own);
    } else {
      options.origin.upstream = *stream::proxy::parse_upstream_proxy(own);
    }
    Running running(options);
    Wire wire = Wire::to(port);
    wire.send(std::string("GET ") + (target ? "" : "http://a.example") + "/ HTTP/1.1\r\nHost: a.example\r\n\r\n");
    CHECK(wire.receive_all().starts_with("HTTP/1.1 508 "));
    CHECK(running.proxy->stats().exchanges == 1);
  }
}
