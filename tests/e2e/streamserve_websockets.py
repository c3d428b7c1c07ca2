#!/usr/bin/python3
"""streamserve's WebSocket conversations before Python's websockets: timed, in lockstep and both, with and without
permessage-deflate; deviations are told; a thousand connections at once cost little each.

Needs python3-websockets; skipped (77) without, or failed where HARTAPE_REQUIRE_E2E=1 says that nothing may be.
"""
import asyncio
import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time

try:
    import websockets
except ImportError:
    required = os.environ.get("HARTAPE_REQUIRE_E2E") == "1"
    print("%s: python3-websockets is not installed" % ("failed" if required else "skipped"))
    sys.exit(1 if required else 77)

STREAMSERVE = os.path.join(os.environ["HARTAPE_BIN"], "streamserve")
LONG = "a line that is worth compressing, again and again; " * 40


class Server:
    def __init__(self, *arguments):
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([STREAMSERVE, "--port", "0", *map(str, arguments)], stdout=subprocess.PIPE, stderr=self.log,
                                        text=True)
        self.url = self.process.stdout.readline().strip().replace("http", "ws") + "/chat"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def lines(self):
        self.log.seek(0)
        return self.log.read()

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(20) == 0
        return self.lines()

    def wait_for(self, text, count=1):
        for _ in range(1000):
            if self.lines().count(text) >= count:
                return self.lines()
            time.sleep(0.02)
        raise AssertionError("%r did not come %d times: %s" % (text, count, self.lines()))


def message(t, direction, data, opcode=1):
    return {"ev": "message", "id": "1", "t": t, "dir": direction, "opcode": opcode, "data": data}


def write(folder, deflate, scale=1.0, closes="receive"):
    """hello | login | welcome, news, a ping | bye | the close; recorded over `scale` seconds."""
    headers = [{"name": "Sec-WebSocket-Protocol", "value": "chat.v1"}]
    if deflate:
        headers.append({"name": "Sec-WebSocket-Extensions", "value": "permessage-deflate"})
    lines = [
        {"ev": "request", "id": "1", "t": 0, "request": {"method": "GET", "url": "wss://recorded.example/chat"}},
        {"ev": "response", "id": "1", "t": 0.01 * scale, "kind": "websocket", "response": {"status": 101, "headers": headers}},
        message(0.1 * scale, "receive", "hello"),
        message(0.3 * scale, "send", json.dumps({"op": "login", "id": 1, "text": LONG})),
        message(0.4 * scale, "receive", json.dumps({"op": "welcome", "text": LONG})),
        message(0.5 * scale, "receive", LONG + LONG),
        message(0.5 * scale, "receive", "beat", 9),
        message(0.8 * scale, "send", "bye"),
        {"ev": "close", "id": "1", "t": 1.0 * scale, "dir": closes, "code": 1000 if closes == "send" else 4000, "reason": "so long"},
        {"ev": "end", "id": "1", "t": 1.0 * scale, "reason": "eof"},
    ]
    path = folder / ("deflate.rec.ndjson" if deflate else "plain.rec.ndjson")
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


EXPECTED = ["hello", json.dumps({"op": "welcome", "text": LONG}), LONG + LONG]
LOGIN = json.dumps({"text": LONG, "op": "login", "id": 1.0})  # the same by its meaning


async def talk(url, login=LOGIN, bye="bye", wait=0.0, **options):
    """Says its part when it is its turn; what it heard with times, how long behind `login` the answer came, and the close."""
    heard = []
    begin = time.monotonic()
    async with websockets.connect(url, subprotocols=["chat.v0", "chat.v1"], open_timeout=30, close_timeout=30, **options) as socket:
        assert socket.subprotocol == "chat.v1", socket.subprotocol
        heard.append(await socket.recv())
        await asyncio.sleep(wait)
        said = time.monotonic()
        await socket.send(login)
        heard.append(await socket.recv())
        answered = time.monotonic() - said
        heard.append(await socket.recv())
        await socket.send(bye)
        try:
            while True:
                heard.append(await socket.recv())
        except websockets.ConnectionClosed:
            pass
        extensions = [type(extension).__name__ for extension in socket.extensions]
        return heard, answered, time.monotonic() - begin, (socket.close_code, socket.close_reason), extensions


def modes_with_and_without_compression(folder):
    for deflate in (False, True):
        slow = write(folder, deflate, scale=3600)  # nothing here may wait for a pause
        for client_deflate in (None, "deflate"):
            both_sides = deflate and client_deflate == "deflate"
            with Server("--ws", "lockstep", slow) as server:
                heard, _, _, close, extensions = asyncio.run(talk(server.url, compression=client_deflate))
                assert heard == EXPECTED, heard
                assert close == (4000, "so long"), close
                assert extensions == (["PerMessageDeflate"] if both_sides else []), extensions
                log = server.wait_for(" 101 exchange 1, ")
                assert "deviation" not in log, log
        quick = write(folder, deflate)
        with Server("--ws", "both", quick) as server:
            heard, answered, took, close, _ = asyncio.run(talk(server.url, wait=0.5))
            assert heard == EXPECTED and close == (4000, "so long"), (heard, close)
            assert answered >= 0.1 and took >= 0.1 + 0.5 + 0.7 - 0.05, (answered, took)
            assert "deviation" not in server.stop()
        with Server("--ws", "timed", quick) as server:
            heard, _, took, close, _ = asyncio.run(talk(server.url, login="whatever", bye="I like"))
            assert heard == EXPECTED and close == (4000, "so long") and took >= 0.95, (heard, close, took)
            assert "deviation" not in server.stop()


def deviations_are_told(folder):
    recording = write(folder, True, scale=3600)
    other = json.dumps({"op": "log in", "id": 2, "text": LONG})
    with Server("--ws", "lockstep", recording) as server:
        heard, _, _, close, _ = asyncio.run(talk(server.url, login=other, bye="ciao"))
        assert heard == EXPECTED and close[0] == 4000, (heard, close)  # all of them are told in one run
        log = server.wait_for(" 101 exchange 1, ")
        assert ' exchange 1: deviation: message 1: /op: expected "login", got "log in"\n' in log, log
        assert ' exchange 1: deviation: message 2: expected "bye", got "ciao"\n' in log, log
        assert re.search(r"late, 2 deviations\n", log), log
    with Server("--ws", "lockstep", "--ws-ignore", "/id", "--ws-ignore", "/op", recording) as server:
        asyncio.run(talk(server.url, login=other))
        assert "deviation" not in server.wait_for(" 101 exchange 1, ")
    with Server("--ws", "lockstep", "--ws-match", "exact", recording) as server:
        asyncio.run(talk(server.url))
        assert "deviation: message 1: expected" in server.wait_for(" 101 exchange 1, ")
    noise = folder / "noise.yaml"
    noise.write_text("noise: 1\nrules:\n  - mask: /op\n    match: '[ ]'\n    dir: send\n  - ignore: /id\n    kind: message\n")
    with Server("--ws", "lockstep", "--ws-noise", noise, recording) as server:
        asyncio.run(talk(server.url, login=other))
        assert "deviation" not in server.wait_for(" 101 exchange 1, ")

    async def leave(url):
        async with websockets.connect(url) as socket:
            await socket.recv()

    with Server("--ws", "lockstep", recording) as server:
        asyncio.run(leave(server.url))
        log = server.wait_for(" 101 exchange 1, ")
        assert 'deviation: the client left before 2 expected messages: message 1 is "{' in log, log


def a_client_that_closes_first_gets_the_recorded_answer(folder):
    async def close_first(url):
        async with websockets.connect(url) as socket:
            await socket.recv()
            await socket.send(LOGIN)
            await socket.recv()
            await socket.recv()
            await socket.send("bye")
            await asyncio.sleep(0.3)  # the server does not close by itself
            assert socket.open
            await socket.close(1000, "mine")
            return socket.close_code

    with Server("--ws", "lockstep", write(folder, False, 3600, closes="send")) as server:
        assert asyncio.run(close_first(server.url)) == 1000
        log = server.wait_for(" 101 exchange 1, ")
        assert "deviation" not in log and "left" not in log, log


async def many(url, count, inspect):
    sockets = []
    for _ in range(count // 50):
        sockets += await asyncio.gather(*[websockets.connect(url, compression=None, ping_interval=None, open_timeout=60,
                                                             max_queue=4) for _ in range(50)])
    assert await asyncio.gather(*[socket.recv() for socket in sockets]) == ["hello"] * count
    inspect()
    for socket in sockets:
        await socket.send(LOGIN)
    for socket in sockets:
        assert [await socket.recv(), await socket.recv()] == EXPECTED[1:]
        await socket.send("bye")
    for socket in sockets:
        try:
            await socket.recv()
            raise AssertionError("a message too many")
        except websockets.ConnectionClosed:
            assert socket.close_code == 4000, socket.close_code


def a_thousand_at_once_cost_little(folder):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = 1000 if hard >= 1200 else (hard - 200) // 50 * 50
    with Server("--ws", "lockstep", write(folder, False, 3600)) as server:
        def resident():
            status = pathlib.Path("/proc/%d/status" % server.process.pid).read_text()
            return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1])

        asyncio.run(talk(server.url))  # whatever is made once
        before = resident()
        sanitized = b"__asan_init" in pathlib.Path(STREAMSERVE).read_bytes() or b"__tsan_init" in pathlib.Path(STREAMSERVE).read_bytes()

        def inspect():
            each = (resident() - before) / count
            print("%d idle connections: %.1f KiB each" % (count, each))
            assert sanitized or each < 16, each

        asyncio.run(many(server.url, count, inspect))
        log = server.wait_for(" 101 exchange 1, ", count + 1)
        assert "deviation" not in log and "left" not in log, log[-2000:]
        server.stop()


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        modes_with_and_without_compression(folder)
        deviations_are_told(folder)
        a_client_that_closes_first_gets_the_recorded_answer(folder)
        a_thousand_at_once_cost_little(folder)


if __name__ == "__main__":
    main()
