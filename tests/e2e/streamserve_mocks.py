#!/usr/bin/python3
"""streamserve's WebSocket mocks before Python's websockets: the sample, what connections and messages are counted for, closes, files beside
the mocks, what no rule fits, mocks that are read anew while a client is connected, and mocks made of a recording.

Needs python3-websockets; skipped (77) without, or failed where HARTAPE_REQUIRE_E2E=1 says that nothing may be.
"""
import asyncio
import base64
import json
import os
import pathlib
import re
import subprocess
import tempfile
import time

from streamserve_process import SAMPLES, Server, skip

try:
    import websockets
except ImportError:
    skip("python3-websockets is not installed")

HARCONV = os.path.join(os.environ["HARTAPE_BIN"], "harconv")
LIMIT = 60  # seconds for what takes a moment
ROUNDING = 0.001


def until(condition, what):
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end, what()
        time.sleep(0.02)


def write(folder, *mocks):
    """As a whole, so that no half of it is read."""
    path, beside = folder / "mocks.json", folder / "mocks.tmp"
    beside.write_text(json.dumps({"mocks": mocks}))
    beside.rename(path)
    return path


def connect(server, path, **options):
    return websockets.connect(server.url.replace("http", "ws") + path, open_timeout=LIMIT, close_timeout=LIMIT, ping_interval=None, **options)


async def rest(socket):
    """What comes until the close, and the close."""
    heard = []
    try:
        while True:
            heard.append(await asyncio.wait_for(socket.recv(), LIMIT))
    except websockets.ConnectionClosed:
        return heard, (socket.close_code, socket.close_reason)


async def says(socket, message, count=1):
    """The next messages behind `message`, each with the time since it was sent."""
    begin = time.monotonic()
    await socket.send(message)
    heard = []
    for _ in range(count):
        text = await asyncio.wait_for(socket.recv(), LIMIT)
        heard.append((time.monotonic() - begin, text))
    return heard


def texts(heard):
    return [text for _, text in heard]


def the_sample_does_what_it_says(_):
    async def talk(server):
        async with connect(server, "/live/eu", subprotocols=["prices.v0", "prices.v1"]) as socket:
            assert socket.subprotocol == "prices.v1", socket.subprotocol
            assert await socket.recv() == '{"type":"welcome"}'
            assert texts(await says(socket, '{ "op" : "ping" }')) == ['{"op":"pong"}']
            heard = await says(socket, "sub:ACME", 2)
            assert texts(heard) == ['{"symbol":"ACME","price":101.25}', '{"symbol":"ACME","price":101.5}'], heard
            assert heard[1][0] >= 0.25 - ROUNDING, heard
            await socket.send("good BYE then")  # a fragment in any case of letters
            assert await rest(socket) == ([], (1000, "see you"))
        async with connect(server, "/live/us") as socket:
            assert socket.subprotocol is None, socket.subprotocol
            await socket.send('{"op":"ping","more":1}')
            assert await rest(socket) == (['{"type":"welcome"}'], (1008, "unknown command"))

    with Server("--mocks", SAMPLES / "prices.ws-mocks.json", "--seed", "3") as server:
        asyncio.run(talk(server))
        log = server.stop()
        assert len(re.findall(r"GET /live/\w\w 101 mock \S*prices\.ws-mocks\.json:\d+:\d+: /mocks/0, ", log)) == 2, log


def connections_and_messages_are_counted(folder):
    mocks = write(folder,
                  {"url": "ws://h.test/c", "nth": 2, "onConnect": [{"body": "the second"}], "closeAfter": True, "closeCode": 4002},
                  {"url": "ws://h.test/c", "every": 3, "onConnect": [{"body": "each third"}], "closeAfter": True},
                  {"url": "ws://h.test/c", "rules": [
                      {"match": {"bodyFragment": "a"}, "nth": 2, "responses": [{"body": "the second a"}]},
                      {"match": {"bodyFragment": "a"}, "every": 3, "responses": [{"body": "each third a"}]},
                      {"match": {"bodyFragment": "a"}, "template": True, "responses": [{"body": "a, {{count}}"}]},
                      {"responses": [{"body": "anything else"}], "closeAfter": True, "closeReason": "enough", "closeDelayMs": 120}]})

    async def talk(server):
        for number in range(1, 7):
            async with connect(server, "/c") as socket:
                if number == 2:
                    assert await rest(socket) == (["the second"], (4002, "")), number
                elif number % 3 == 0:
                    assert await rest(socket) == (["each third"], (1000, "")), number
                else:  # each connection counts its own messages
                    said = [texts(await says(socket, "a"))[0] for _ in range(6)]
                    assert said == ["a, 1", "the second a", "each third a", "a, 2", "a, 3", "each third a"], said
                    begin = time.monotonic()
                    await socket.send("x")
                    assert await rest(socket) == (["anything else"], (1000, "enough"))
                    assert time.monotonic() - begin >= 0.12 - ROUNDING

    with Server("--mocks", mocks) as server:
        asyncio.run(talk(server))
        server.stop()


def messages_have_their_times_types_and_files(folder):
    (folder / "large.txt").write_text("line\n" * 30_000)
    (folder / "bytes.bin").write_bytes(bytes(range(256)))
    mocks = write(folder, {
        "url": "ws://h.test/m",
        "onConnect": [{"body": "soon", "delayMs": 80}, {"body": "@large.txt", "delayMs": 70}, {"body": "@bytes.bin", "messageType": "binary"},
                      {"body": "@@home"}, {"body": base64.b64encode(b"\0\xff").decode(), "messageType": "binary", "delayMs": 50}],
        "rules": [{"match": {"bodyRegex": "^(?<a>\\d+)\\+(?<b>\\d+)$"}, "template": True,
                   "responses": [{"body": "{{match.a}} and {{match.2}}", "delayMs": 90}, {"body": {"all": "{{match}}", "path": "{{path}}"}, "delayMs": 40}]},
                  {"match": {"bodyFragment": "end"}, "closeAfter": True, "closeCode": 3999, "closeReason": "größer"}]})

    async def talk(server, compression):
        begin = time.monotonic()
        async with connect(server, "/m", compression=compression, max_size=1 << 20) as socket:
            expected = [(0.08, "soon"), (0.15, "line\n" * 30_000), (0.15, bytes(range(256))), (0.15, "@home"), (0.2, b"\0\xff")]
            for due, message in expected:
                got = await asyncio.wait_for(socket.recv(), LIMIT)
                at = time.monotonic() - begin
                assert got == message and at >= due - ROUNDING, (at, due, got[:40], message[:40])
            # Two at once are answered one after the other, the second since the first was.
            begin = time.monotonic()
            await socket.send("1+2")
            await socket.send("33+4")
            for due, message in ((0.09, "1 and 2"), (0.13, {"all": "1+2", "path": "/m"}), (0.13, "33 and 4"), (0.17, {"all": "33+4", "path": "/m"})):
                got = await asyncio.wait_for(socket.recv(), LIMIT)
                at = time.monotonic() - begin
                assert (got if isinstance(message, str) else json.loads(got)) == message and at >= due - ROUNDING, (at, due, got)
            await socket.send("the end")
            assert await rest(socket) == ([], (3999, "größer"))

    with Server("--mocks", mocks) as server:
        for compression in (None, "deflate"):
            asyncio.run(talk(server, compression))
        (folder / "large.txt").write_text("anew")  # files are read when they are sent

        async def again():
            async with connect(server, "/m") as socket:
                return [await socket.recv(), await socket.recv()]

        assert asyncio.run(again()) == ["soon", "anew"]
        server.stop()


def what_no_rule_fits_is_dropped_reported_or_closes(folder):
    mocks = write(folder, {"url": "ws://h.test/u", "rules": [{"match": {"bodyJson": {"n": [1, 2.5]}}, "responses": [{"body": "fits"}]}]})
    fitting = '{"n":[1.0,\n 25e-1]}'

    async def talk(server, closes):
        async with connect(server, "/u") as socket:
            assert texts(await says(socket, fitting)) == ["fits"]
            await socket.send("what?")
            if closes:
                assert await rest(socket) == ([], (1008, "no mock fits this message"))
            else:
                assert texts(await says(socket, fitting)) == ["fits"]

    for how, closes, status in (("drop", False, 0), ("report", False, 1), ("close", True, 1)):
        with Server("--mocks", mocks, "--unmatched", how, "--verify") as server:
            asyncio.run(talk(server, closes))
            until(lambda: " 101 mock " in server.lines(), server.lines)
            log = server.stop(expected=status)
            deviations = re.findall(r"GET /u mock \S*mocks\.json:\d+:\d+: /mocks/0: deviation: message 2: (.*)\n", log)
            assert deviations == ([] if how == "drop" else ['expected no message, got "what?"']), (how, log)


def a_connection_keeps_the_mocks_it_began_with(folder):
    def rules(answer):
        return {"url": "ws://h.test/r", "onConnect": [{"body": "hello, " + answer}], "rules": [
            {"match": {"bodyFragment": "end"}, "closeAfter": True, "closeReason": answer},
            {"template": True, "responses": [{"body": answer + " {{count}}"}]}]}

    mocks = write(folder, rules("old"))

    async def talk(server):
        async with connect(server, "/r") as old:
            assert await old.recv() == "hello, old"
            assert texts(await says(old, "?")) == ["old 1"]
            write(folder, rules("new"))
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(None, until, lambda: str(mocks) + " was read anew" in server.lines(), server.lines)
            async with connect(server, "/r") as new:
                assert await new.recv() == "hello, new"
                assert texts(await says(old, "?")) == ["old 2"]
                assert texts(await says(new, "?")) == ["new 1"]
                mocks.write_text('{"mocks": [{"url": 1}]}')
                await loop.run_in_executor(None, until, lambda: "the mocks stay as they were" in server.lines(), server.lines)
                assert texts(await says(new, "?")) == ["new 2"]
                await new.send("end")
                assert await rest(new) == ([], (1000, "new"))
            await old.send("end")
            assert await rest(old) == ([], (1000, "old"))

    with Server("--mocks", mocks) as server:
        asyncio.run(talk(server))
        server.stop()


def a_recording_becomes_mocks_that_converse_as_it_did(folder):
    sample = SAMPLES / "prices-ws.rec.ndjson"
    made = folder / "made.ws-mocks.json"
    done = subprocess.run([HARCONV, str(sample), "--to", "ws-mocks", "-o", str(made)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in sample.read_text().splitlines()]
    payload = [event for event in events if event.get("ev") == "message" and event["opcode"] in (1, 2)]
    close = next(event for event in events if event.get("ev") == "close" and event["dir"] == "receive")
    assert payload[0]["dir"] == "send" and sum(event["dir"] == "send" for event in payload) == 2 and len(payload) > 15

    async def talk(server):
        late = 0.0
        async with connect(server, "/prices?v=1", subprotocols=["prices.v1"]) as socket:
            assert socket.subprotocol == "prices.v1"
            for event in payload:
                if event["dir"] == "send":
                    # It answers a client in another wording, too, and counts the pauses from there.
                    said, asked_at = time.monotonic(), event["t"]
                    await socket.send(json.dumps(json.loads(event["data"]), indent=1, sort_keys=True))
                    continue
                got = await asyncio.wait_for(socket.recv(), LIMIT)
                at = time.monotonic() - said
                due = event["t"] - asked_at
                expected = event["data"] if event["opcode"] == 1 else base64.b64decode(event["data64"])
                assert got == expected, (got, expected)
                assert at >= due - ROUNDING, (at, due, got)
                late = max(late, at - due)
            assert await rest(socket) == ([], (close["code"], close["reason"]))
        return late

    with Server("--mocks", made) as server:
        late = asyncio.run(talk(server))
        log = server.stop()
        assert "101 mock" in log and "deviation" not in log, log
    print("a recorded conversation, mocked: %d messages, at most %.1f ms late" % (len(payload), late * 1000))


def main():
    tests = [the_sample_does_what_it_says, connections_and_messages_are_counted, messages_have_their_times_types_and_files,
             what_no_rule_fits_is_dropped_reported_or_closes, a_connection_keeps_the_mocks_it_began_with,
             a_recording_becomes_mocks_that_converse_as_it_did]
    for test in tests:
        with tempfile.TemporaryDirectory() as folder:
            test(pathlib.Path(folder))


if __name__ == "__main__":
    main()
