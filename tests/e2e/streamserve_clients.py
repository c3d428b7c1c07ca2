#!/usr/bin/python3
"""streamserve before curl and a WebSocket client: the samples come back byte for byte and never early; connections are kept,
cut, repeated and refused as recorded; signals and --exit-after end it; faults are seen as what they are.

Needs curl and python3-websockets; skipped (77) without, or failed where HARTAPE_REQUIRE_E2E=1 says that nothing may be.
"""
import asyncio
import base64
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time

from streamserve_process import SAMPLES, STREAMSERVE, Server, curl, har_entry, skip, write_har

try:
    import websockets
except ImportError:
    skip("python3-websockets is not installed")

STREAMREC = os.path.join(os.environ["HARTAPE_BIN"], "streamrec")
CHAT = SAMPLES / "chat-llm.rec.ndjson"
PRICES = SAMPLES / "prices-ws.rec.ndjson"


def events(path):
    """Without the header."""
    return [json.loads(line) for line in path.read_text().splitlines()[1:]]


ASKED = events(CHAT)[0]["request"]["postData"]["text"]


def octets(event):
    return event["data"].encode() if "data" in event else base64.b64decode(event["data64"])


def chat_is_replayed_byte_for_byte_and_never_early():
    recorded = events(CHAT)
    expected = b"".join(octets(event) for event in recorded if event["ev"] == "data")
    with Server("--speed", "2", CHAT) as server:
        begin = time.monotonic()
        received = curl("--json", ASKED, server.url + "/v1/chat/completions")
        took = time.monotonic() - begin
        assert received == expected
        assert took >= recorded[-1]["t"] / 2, took
        log = server.stop()
    assert re.search(r"POST /v1/chat/completions 200 exchange 1, %d bytes, at most \S+ \S+ late\n" % len(expected), log), log


def gaps_and_delays_can_be_taken_out():
    for arguments in (["--no-delay"], ["--max-gap", "1ms"], ["--speed", "1000"]):
        with Server(*arguments, CHAT) as server:
            begin = time.monotonic()
            assert curl("--json", ASKED, server.url + "/v1/chat/completions").endswith(b"data: [DONE]\n\n")
            assert time.monotonic() - begin < 2.4, arguments  # as recorded it takes longer
            server.stop(signal.SIGTERM)


def connections_are_kept_and_heads_and_old_clients_answered(folder):
    recording = folder / "page.rec.ndjson"
    request = {"method": "GET", "url": "https://h.test/page?x=1"}
    lines = []
    for number, text in enumerate(["first", "second"]):
        headers = [{"name": "Content-Length", "value": "999"}, {"name": "Connection", "value": "close"},
                   {"name": "Set-Cookie", "value": "a=1\nb=2"}, {"name": "X-Evil", "value": "a\r\nInjected: 1"}]
        lines += [{"ev": "request", "id": str(number), "t": number, "request": request},
                  {"ev": "response", "id": str(number), "t": number, "response": {"status": 203, "statusText": "Fine", "headers": headers}},
                  {"ev": "data", "id": str(number), "t": number, "data": text},
                  {"ev": "end", "id": str(number), "t": number, "reason": "eof"}]
    recording.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with Server(recording) as server:
        url = server.url + "/page?x=1"
        head = curl("-I", url).decode()
        assert head == ("HTTP/1.1 203 Fine\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Evil: a\r\nX-Evil: Injected: 1\r\n"
                        "Content-Length: 5\r\n\r\n"), head
        both = subprocess.run(["curl", "-sSv", "--noproxy", "*", url, url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert both.stdout == "firstsecond", both.stdout
        assert "Re-using existing connection" in both.stderr, both.stderr
        assert curl("--http1.0", url) == b"second"
        assert curl("-H", "Expect: 100-continue", "-d", "x" * 3000, url) != b""  # 404, after the body
        miss = json.loads(curl("-X", "DELETE", server.url + "/pages"))
        assert miss["error"] == "no exchange was recorded for DELETE /pages", miss
        assert [miss["nearest"][name] for name in ("method", "path")] == ["GET", "/page?x=1"], miss
        assert {"field": "path", "expected": "/page", "actual": "/pages"} in miss["nearest"]["differences"], miss
        log = server.stop()
    assert log.count("DELETE /pages 404") == 1, log
    with Server("--match", "loose", recording) as server:
        assert curl(server.url + "/page?y=2") == b"first"
        log = server.stop()
    assert "GET /page?y=2: answered by exchange 0: it was recorded with another query (0 % alike)" in log, log


def a_client_that_leaves_is_logged_and_a_signal_ends_streams():
    with Server(CHAT) as server:
        curl("--json", ASKED, "--max-time", "0.3", server.url + "/v1/chat/completions", status=28)
        for _ in range(200):
            if "the client left" in server.lines():
                break
            time.sleep(0.02)
        assert "the client left" in server.lines(), server.lines()
        client = subprocess.Popen(["curl", "-sSN", "--noproxy", "*", "--json", ASKED, server.url + "/v1/chat/completions"],
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        client.stdout.read(1)
        server.stop()
        assert client.wait(20) in (18, 56), client.returncode  # partial file, or a reset


def exit_after_counts_answers_and_a_taken_port_is_refused():
    with Server("--no-delay", "--exit-after", "2", CHAT) as server:
        taken = server.url.rsplit(":", 1)[1]
        second = subprocess.run([STREAMSERVE, "--port", taken, CHAT], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert second.returncode == 2 and second.stdout == "", second
        assert "127.0.0.1:%s is in use by another program" % taken in second.stderr, second.stderr
        for path in ("/none", "/v1/chat/completions", "/v1/chat/completions"):
            curl("--json", ASKED, server.url + path)
        assert server.process.wait(20) == 0


async def receive(url, **options):
    arrived = []
    async with websockets.connect(url, **options) as socket:
        begin = time.monotonic()
        await socket.send("ignored")
        async for message in socket:
            arrived.append((time.monotonic() - begin, message))
        return arrived, socket.close_code, socket.close_reason, socket.subprotocol


def a_websocket_conversation_comes_back_on_its_schedule():
    recorded = events(PRICES)
    sent = [event for event in recorded if event["ev"] == "message" and event["dir"] == "receive" and event["opcode"] in (1, 2)]
    expected = [event["data"] if event["opcode"] == 1 else octets(event) for event in sent]
    accepted = next(event["t"] for event in recorded if event["ev"] == "response")
    with Server(PRICES) as server:
        url = server.url.replace("http", "ws") + "/prices?v=1"
        arrived, code, reason, protocol = asyncio.run(receive(url, subprotocols=["prices.v0", "prices.v1"]))
        assert [message for _, message in arrived] == expected
        assert (code, reason, protocol) == (1000, "no subscriptions left", "prices.v1")
        # The client's clock begins when it has the answer to its handshake: that much later than the schedule's, at least by
        # what was recorded, and by the way of that answer.
        for (at, _), event in zip(arrived, sent):
            assert at >= event["t"] - accepted - 0.05, (at, event["t"])
        assert arrived[-1][0] >= (sent[-1]["t"] - accepted) * 0.9
        log = server.stop()
    assert re.search(r"GET /prices\?v=1 101 exchange 1, \d+ bytes, at most", log), log


def event_stream(folder, **head):
    """Five events with ids, 20 ms from each other; the first says when to come back."""
    recording = folder / "events.rec.ndjson"
    lines = [{"ev": "request", "id": "1", "t": 0, "request": {"method": "GET", "url": "https://h.test/events"}},
             {"ev": "response", "id": "1", "t": 0.02, "kind": "sse",
              "response": {"status": 200, "headers": [{"name": "Content-Type", "value": "text/event-stream"}]}}]
    for n in range(1, 6):
        retry = "retry: 10\n" if n == 1 else ""
        lines.append({"ev": "data", "id": "1", "t": round(0.02 * (n + 1), 3), "data": "%sid: %d\ndata: %d\n\n" % (retry, n, n)})
    lines.append({"ev": "end", "id": "1", "t": 0.14, "reason": "eof"})
    recording.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return recording


def exchange_bytes(url, text, timeout=10):
    """What comes back for these bytes, and how it ended: "end", "reset", "open" (after `timeout`)."""
    host, port = url.split("//")[1].split(":")
    received = b""
    with socket.create_connection((host, int(port)), timeout) as connection:
        connection.sendall(text)
        while True:
            try:
                piece = connection.recv(65536)
            except ConnectionResetError:
                return received, "reset"
            except socket.timeout:
                return received, "open"
            if not piece:
                return received, "end"
            received += piece


def faults_of_http_are_seen_by_clients(folder):
    recording = event_stream(folder)
    request = b"GET /events HTTP/1.1\r\nHost: h\r\n\r\n"
    first = b"retry: 10\nid: 1\ndata: 1\n\n"
    for rule, ending, has, lacks, timeout in (
            ("at=event:3 reset", "reset", b"data: 2\n", b"data: 3\n", 10),
            ("at=event:3 truncate", "end", b"data: 2\n", b"data: 3\n", 10),
            ("within=event:1 truncate", "end", b"ret", first, 10),
            ("at=event:3 stall", "open", b"data: 2\n", b"data: 3\n", 1),
            ("reset", "reset", b"", b"HTTP", 10),
            ("malformed at=event:2", "open", b"no size of a chunk\r\n", b"\0", 1)):
        with Server("--fault", rule, recording) as server:
            received, how = exchange_bytes(server.url, request, timeout)
            assert (how, has in received, lacks in received, b"\r\n0\r\n" in received) == (
                ending, True, False, rule.startswith("malformed")), (rule, how, received)
            assert ", fault: " in server.stop() or how == "open", rule
    with Server("--fault", "at=event:3 truncate", recording) as server:
        assert curl(server.url + "/events", status=18).endswith(b"data: 2\n\n")
        assert ", fault: truncated at event 3\n" in server.stop()
    with Server("--fault", "at=event:2 malformed", recording) as server:
        assert curl(server.url + "/events", status=56) == first
    with Server("--fault", "nth=1 status=503 retry-after=2", recording) as server:
        assert curl("-D", "-", server.url + "/events").startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
        assert curl(server.url + "/events").endswith(b"data: 5\n\n")
        log = server.stop()
        assert log.count(", fault: status 503\n") == 1 and log.count(" 200 exchange 1") == 1, log
    with Server("--fault", "at=event:2 duplicate", "--fault", "at=event:5 drop", recording) as server:
        assert curl(server.url + "/events") == first + b"id: 2\ndata: 2\n\n" * 2 + b"".join(
            b"id: %d\ndata: %d\n\n" % (n, n) for n in (3, 5))
    logs = []
    for _ in range(2):  # a run is repeated by its seed
        with Server("--seed", "3", "--fault", "rate=0.5 corrupt=3", "--no-delay", recording) as server:
            bodies = [curl(server.url + "/events") for _ in range(12)]
            logs.append((bodies, re.findall("fault: .*", server.stop())))
    assert logs[0] == logs[1] and 0 < len(logs[0][1]) < 12, logs


def a_lost_event_stream_goes_on_where_it_was(folder):
    recording = event_stream(folder)
    with Server(recording) as server:
        rest = b"".join(b"id: %d\ndata: %d\n\n" % (n, n) for n in (4, 5))
        assert curl("-H", "Last-Event-ID: 3", server.url + "/events") == rest
        assert curl("-H", "Last-Event-ID: 9", server.url + "/events").endswith(b"data: 3\n\n" + rest)
        log = server.stop()
        assert 'goes on behind the event "3"' in log and 'there is no event "9"' in log, log
    with Server("--fault", "nth=1 after=event:2 reset", recording) as server:
        got = folder / "got.rec.ndjson"
        done = subprocess.run([STREAMREC, "--reconnect", "--max-events", "5", "-o", str(got), server.url + "/events"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        assert re.findall(rb"data: (\d)", done.stdout) == [b"1", b"2", b"3", b"4", b"5"], done
        times = [event["t"] for event in events(got) if event["ev"] in ("request", "end")]
        assert 0.01 <= times[2] - times[1] < 3, times  # as "retry: 10" says, not the 3 s of without


def quiet_streams_are_kept_alive_and_endless_ones_go_on(folder):
    recording = event_stream(folder)
    with Server("--interval", "300ms", "--keepalive", "100ms", recording) as server:
        body = curl(server.url + "/events").decode()
        assert body.startswith(": keepalive\n\n: keepalive\n\nretry: 10\nid: 1\ndata: 1\n\n: keepalive\n\n"), body
        assert body.replace(": keepalive\n\n", "") == "retry: 10\n" + "".join("id: %d\ndata: %d\n\n" % (n, n) for n in range(1, 6)), body
    with Server("--loop", "--speed", "10", recording) as server:
        done = subprocess.run(["curl", "-sSN", "--noproxy", "*", "--max-time", "1", server.url + "/events"], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
        assert done.returncode == 28 and done.stdout.count(b"data: 5\n") >= 5, done
    with Server("--loop=3", "--no-delay", recording) as server:
        assert curl(server.url + "/events").count(b"data: 5\n") == 3
    with Server("--ttfb", "400ms", "--speed", "max", recording) as server:
        begin = time.monotonic()
        curl(server.url + "/events")
        assert time.monotonic() - begin >= 0.4


async def receive_all(url):
    """The messages, and how the client saw the end."""
    arrived = []
    try:
        async with websockets.connect(url, open_timeout=10, close_timeout=5) as socket:
            async for message in socket:
                arrived.append(message)
            return arrived, socket.close_code
    except websockets.ConnectionClosedError as error:
        return arrived, error.rcvd.code if error.rcvd else error.sent.code if error.sent else 1006


def faults_of_websockets_are_seen_by_clients():
    recorded = [event for event in events(PRICES) if event["ev"] == "message" and event["dir"] == "receive" and event["opcode"] in (1, 2)]
    for rule, count, code in (("at=event:3 close=1011:gone", 2, 1011), ("at=event:2 truncate", 1, 1006), ("at=event:2 reset", 1, 1006),
                              ("within=event:2 truncate", 1, 1006), ("at=event:2 malformed", 1, 1002),
                              ("at=event:2 malformed=masked", 1, 1002), ("at=event:2 malformed=utf8", 1, 1007),
                              ("at=event:1 duplicate", len(recorded) + 1, 1000)):
        with Server("--speed", "100", "--fault", rule, PRICES) as server:
            arrived, seen = asyncio.run(receive_all(server.url.replace("http", "ws") + "/prices?v=1"))
            assert (len(arrived), seen) == (count, code), (rule, len(arrived), seen)
    with Server("--fault", "kind=websocket status=503", PRICES) as server:
        try:
            asyncio.run(receive_all(server.url.replace("http", "ws") + "/prices?v=1"))
            raise AssertionError("the handshake was accepted")
        except websockets.InvalidStatusCode as error:
            assert error.status_code == 503, error


def requests_are_told_apart_by_host_query_and_body(folder):
    json_type, form = "application/json", "application/x-www-form-urlencoded"
    har = write_har(folder / "match.har", [
        har_entry("GET", "https://a.example/x?q=1&r=2", "a"),
        har_entry("GET", "https://b.example/x?q=1&r=2", "b"),
        har_entry("POST", "https://a.example/api", "one", body=(json_type, '{"id": 1, "on": true}')),
        har_entry("POST", "https://a.example/api", "two", body=(json_type, '{"id": 2, "on": true}')),
        har_entry("POST", "https://a.example/form", "form", body=(form, "a=1&b=2")),
        har_entry("GET", "https://a.example/n", "n1"), har_entry("GET", "https://a.example/n", "n2"),
        har_entry("GET", "https://a.example/old", "", 302, headers=[{"name": "Location", "value": "https://b.example/only"}]),
        har_entry("GET", "https://b.example/only", "only b"),
    ])
    with Server("--per-client", "header:X-Client", "--map", "mapped.example=b.example", "--host-header", "X-Forwarded-Host", har) as server:
        port = server.url.rsplit(":", 1)[1]
        target = server.url + "/x?r=2&q=1"
        # As the origin, under a name; as a proxy; behind another one.
        assert curl("--resolve", "b.example:%s:127.0.0.1" % port, "-H", "Host: b.example", target) == b"b"
        proxy = ["curl", "-sSN", "--noproxy", "", "-x", server.url]
        assert subprocess.run([*proxy, "http://b.example/x?q=1&r=2"], stdout=subprocess.PIPE).stdout == b"b"
        assert subprocess.run([*proxy, "http://a.example:80/x?q=1&r=2"], stdout=subprocess.PIPE).stdout == b"a"
        assert b"no exchange was recorded" in subprocess.run([*proxy, "http://c.example/x?q=1&r=2"], stdout=subprocess.PIPE).stdout
        assert curl("-H", "X-Forwarded-Host: b.example", target) == b"b"
        assert curl("-H", "Host: mapped.example", target) == b"b"
        assert curl(server.url + "/only") == b"only b"
        # Bodies by what they mean.
        assert curl("--json", '{"on":true,"id":2.0}', server.url + "/api") == b"two"
        assert curl("--json", '{"on":true,"id":1}', server.url + "/api") == b"one"
        assert curl("-d", "b=2&a=1", server.url + "/form") == b"form"
        miss = json.loads(curl("--json", '{"on":true,"id":3}', server.url + "/api"))
        assert miss["nearest"]["differences"] == [{"field": "body /id", "expected": "1", "actual": "3"}], miss
        # Two clients, each with repeats of its own.
        got = [curl("-H", "X-Client: " + client, server.url + "/n").decode() for client in ("1", "2", "1", "2", "1")]
        assert got == ["n1", "n1", "n2", "n2", "n2"], got
        log = server.stop()
    assert log.count('POST /api 404 not recorded; the nearest is exchange 3, POST /api: body /id: expected "1", got "3"') == 1, log
    with Server("--repeat", "consume", "--follow-redirects", "--miss", "502", har) as server:
        assert curl(server.url + "/n") + curl(server.url + "/n") == b"n1n2"
        assert curl("-w", "%{http_code}", "-o", "/dev/null", server.url + "/n") == b"502"
        assert curl("-H", "Host: a.example", server.url + "/old") == b"only b"
        log = server.stop()
    assert "GET /n 502 all recorded answers were given" in log, log
    assert "the redirect to https://b.example/only was followed" in log, log
    with Server("--miss", "close", har) as server:
        curl(server.url + "/none", status=52)  # an empty reply
        server.stop()


def exchanges_without_an_answer_do_what_is_asked_for(folder):
    har = write_har(folder / "failed.har", [har_entry("GET", "https://a.example/x", "", 0, _error="net::ERR_CONNECTION_RESET")])
    for how, check in (("502", lambda url: curl("-w", "%{http_code}", "-o", "/dev/null", url) == b"502"),
                       ("504", lambda url: curl("-w", "%{http_code}", "-o", "/dev/null", url) == b"504"),
                       ("reset", lambda url: curl(url, status=56) == b""),
                       ("stall", lambda url: curl("--max-time", "0.3", url, status=28) == b"")):
        with Server("--on-error", how, har) as server:
            assert check(server.url + "/x"), how
            server.stop()


def main():
    with tempfile.TemporaryDirectory() as folder:
        chat_is_replayed_byte_for_byte_and_never_early()
        gaps_and_delays_can_be_taken_out()
        connections_are_kept_and_heads_and_old_clients_answered(pathlib.Path(folder))
        requests_are_told_apart_by_host_query_and_body(pathlib.Path(folder))
        exchanges_without_an_answer_do_what_is_asked_for(pathlib.Path(folder))
        a_client_that_leaves_is_logged_and_a_signal_ends_streams()
        exit_after_counts_answers_and_a_taken_port_is_refused()
        a_websocket_conversation_comes_back_on_its_schedule()
        faults_of_http_are_seen_by_clients(pathlib.Path(folder))
        a_lost_event_stream_goes_on_where_it_was(pathlib.Path(folder))
        quiet_streams_are_kept_alive_and_endless_ones_go_on(pathlib.Path(folder))
        faults_of_websockets_are_seen_by_clients()


if __name__ == "__main__":
    main()
