#!/usr/bin/python3
"""harproxy --fault and --on-unmatched error: what curl and a WebSocket client see, and what is then in the files.

Needs curl and python3-websockets; skipped (77) without, or failed where HARTAPE_REQUIRE_E2E=1 says that nothing may be.
"""
import asyncio
import contextlib
import json
import socket
import time

from harproxy_process import HARPROXY, Origin, Proxy, check, curl, each_in_a_folder, entries, run, skip

try:
    import websockets
except ImportError:
    skip("python3-websockets is not installed")

EVENTS = b"data: 0\n\ndata: 1\n\ndata: 2\n\n"


def faulted(folder, rules, path="/chunks", status=0, more=()):
    """What curl gets, how long it took, and the entry."""
    har, recording = folder / "a.har", folder / "a.rec.ndjson"
    options = [word for rule in rules for word in ("--fault", rule)]
    with Origin() as origin, Proxy("-o", har, "-o", recording, "--overwrite", "--seed", "1", *options) as proxy:
        begin = time.monotonic()
        got = curl("-x", proxy.url, *more, origin.url + path, status=status)
        took = time.monotonic() - begin
        log = proxy.stop()
        assert "1 exchange met a fault" in log, log
    found = []
    for file in (har, recording):
        check(file)
        (entry,) = entries(file)
        found.append(entry)
    assert found[0]["_fault"] == found[1]["_fault"], found
    return got, took, found[0]


def endings(folder):
    for rule, status, expected in (("at=event:2 reset", 56, b"data: 0\n\n"), ("after=event:1 truncate", 18, b"data: 0\n\n"),
                                   ("within=event:2 truncate", 18, b"data: 0\n\ndata"), ("at=byte:3 truncate", 18, b"dat")):
        har = folder / "a.har"
        with Origin() as origin, Proxy("-o", har, "--overwrite", "--fault", rule) as proxy:
            target = folder / "got"
            curl("-x", proxy.url, "-o", target, origin.url + "/chunks", status=status)
            assert target.read_bytes() == expected, (rule, target.read_bytes())
            proxy.stop()
        check(har)
        (entry,) = entries(har)
        assert entry["response"]["content"]["text"].encode() == expected, (rule, entry)
        assert rule.split()[0].replace("=", " ").replace(":", " ") in entry["_fault"] and entry["_error"], entry
    got, _, entry = faulted(folder, ["after=event:2 end"])
    assert got == EVENTS[:18] and entry["_fault"] == "ended after event 2" and "_error" not in entry, entry
    _, _, entry = faulted(folder, ["at=event:2 stall"], status=28, more=("--max-time", "1"))
    assert entry["_fault"] == "stalled at event 2", entry
    har = folder / "b.har"
    with Origin() as origin, Proxy("-o", har, "--fault", "reset") as proxy:
        curl("-x", proxy.url, origin.url + "/json", status=56)
        proxy.stop()
    assert entries(har)[0]["_fault"] == "reset"


def events(folder):
    for rule, expected in (("at=event:2 drop", b"data: 0\n\ndata: 2\n\n"), ("at=event:2 duplicate", EVENTS[:18] + EVENTS[9:]),
                           ("at=event:1 reorder", EVENTS[9:18] + EVENTS[:9] + EVENTS[18:])):
        got, _, entry = faulted(folder, [rule])
        assert got == expected and entry["response"]["content"]["text"].encode() == expected, (rule, got)
    got, _, entry = faulted(folder, ["at=byte:0 corrupt=3"])
    assert got[:3] != b"dat" and got[3:] == EVENTS[3:] and entry["_fault"] == "3 bytes corrupted from byte 0 on", entry
    got, _, _ = faulted(folder, ["at=byte:2 corrupt"], "/json")
    assert len(got) == 7 and got != b'{"a":1}', got
    faulted(folder, ["at=event:2 malformed"], status=56)


def times(folder):
    got, took, entry = faulted(folder, ["latency=300ms"], "/json")
    assert got == b'{"a":1}' and took > 0.3 and entry["timings"]["wait"] > 290 and entry["_fault"] == "300.0 ms later", (took, entry)
    got, took, _ = faulted(folder, ["slow=100kB/s"], "/large")
    assert len(got) == 200_000 and 1.8 < took < 10, took
    got, took, _ = faulted(folder, ["at=event:2 latency=200ms"])
    assert got == EVENTS and took > 0.25, took
    _, took, entry = faulted(folder, ["at=300ms reset"], "/endless", status=56)
    assert took > 0.3 and entry["_fault"] == "reset at 300.0 ms", entry


def another_status(folder):
    for rule in ("status=503 retry-after=2", "kind=sse status=503 retry-after=2"):
        got, _, entry = faulted(folder, [rule], more=("-i",))
        assert b"503" in got and b"Retry-After: 2" in got and b"data:" not in got, got
        assert entry["response"]["status"] == 503 and entry["_fault"] == "status 503", entry
    got, _, _ = faulted(folder, ["body=*two* status=418"], "/echo", more=("-w", "%{http_code}", "-o", "/dev/null", "-d", "one two three"))
    assert got == b"418", got


def one_connection_meets_them_in_turn(folder):
    har = folder / "a.har"
    with Origin() as origin, Proxy("-o", har, "--fault", "nth=2 status=500", "--fault", "nth=3 at=event:2 drop") as proxy:
        got = curl("-x", proxy.url, "-w", "%{http_code} ", *[origin.url + "/chunks"] * 4)
        assert got == EVENTS + b'200 {"error":"this status is a fault that was asked for"}\n500 ' + EVENTS[:9] + EVENTS[18:] + b"200 " + EVENTS + b"200 ", got
        proxy.stop()
    assert [entry.get("_fault") for entry in entries(har)] == [None, "status 500", "event 2 dropped", None]


def messages_of_websockets(folder):
    async def talk(rule, har):
        async def serve(socket, *_):
            with contextlib.suppress(websockets.exceptions.ConnectionClosed):
                async for text in socket:
                    for answer in ("one", "two", "three", "echo " + text):
                        await socket.send(answer)

        async with websockets.serve(serve, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            with Proxy("-o", har, "--overwrite", "--target", "http://127.0.0.1:%d" % port, "--fault", rule) as proxy:
                got, code = [], None
                try:
                    async with websockets.connect("ws://127.0.0.1:%d/ws" % proxy.port) as client:
                        await client.send("hello")
                        while "echo hello" not in got:
                            got.append(await asyncio.wait_for(client.recv(), 5))
                except websockets.exceptions.ConnectionClosed as closed:
                    code = closed.code if hasattr(closed, "code") else closed.rcvd and closed.rcvd.code
                await asyncio.get_running_loop().run_in_executor(None, proxy.stop)
        check(har)
        (entry,) = entries(har)
        assert entry["_fault"], entry
        received = [message["data"] for message in entry["_webSocketMessages"] if message["type"] == "receive" and message["opcode"] == 1]
        # A client that has met what is no frame reads no more of what it still gets.
        assert received[:len(got)] == got and (received == got or "malformed" in rule), (rule, received, got)
        return got, code

    for rule, expected, closed in (("at=event:2 drop", ["one", "three", "echo hello"], None),
                                   ("at=event:2 duplicate", ["one", "two", "two", "three", "echo hello"], None),
                                   ("at=event:1 reorder", ["two", "one", "three", "echo hello"], None),
                                   ("kind=websocket after=event:2 close=1011:overloaded", ["one", "two"], 1011),
                                   ("after=event:2 end", ["one", "two"], 1000),
                                   ("after=event:1 reset", ["one"], 1006), ("after=event:1 truncate", ["one"], 1006),
                                   ("at=event:2 malformed=rsv", ["one"], None),
                                   ("after=event:1 latency=200ms", ["one", "two", "three", "echo hello"], None)):
        got, code = asyncio.run(talk(rule, folder / "a.har"))
        if "malformed" in rule:
            assert got == ["one"] and code is not None, (rule, got, code)
            continue
        assert (got, code) == (expected, closed), (rule, got, code)


def a_message_that_no_mock_fits_is_an_error_if_asked(folder):
    mocks, har = folder / "mocks.json", folder / "a.har"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    mocks.write_text(json.dumps({"mocks": [{"url": "ws://*/ws", "rules": [{"match": {"bodyFragment": "ping"}, "responses": [{"body": "pong"}]}]}]}))

    async def talk(url, *texts):
        async with websockets.connect(url) as client:
            for text in texts:
                await client.send(text)
            await client.send("ping")
            assert await asyncio.wait_for(client.recv(), 5) == "pong"

    for texts, status in ((("what?",), 1), ((), 0)):
        with Proxy("-o", har, "--overwrite", "--mocks", mocks, "--on-unmatched", "error", "--target", "http://127.0.0.1:%d" % port) as proxy:
            asyncio.run(talk("ws://127.0.0.1:%d/ws" % proxy.port, *texts))
            log = proxy.stop(expected=status)
        check(har)
        (entry,) = entries(har)
        assert ("what?" in entry.get("_error", "")) == bool(texts), entry
        assert ("no mock fits" in log) == bool(texts), log


def what_live_traffic_cannot_meet_is_refused(folder):
    for rule in ("id=1 reset", "drop", "corrupt", "malformed"):
        run(HARPROXY, "--port", "0", "-o", folder / "a.har", "--fault", rule, status=2)


each_in_a_folder([endings, events, times, another_status, one_connection_meets_them_in_turn, messages_of_websockets,
                 a_message_that_no_mock_fits_is_an_error_if_asked, what_live_traffic_cannot_meet_is_refused])
