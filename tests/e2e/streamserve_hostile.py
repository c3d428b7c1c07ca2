#!/usr/bin/python3
"""streamserve before clients that do not mean well: each form of request that two readers could understand differently is
refused, and nothing behind it is answered; floods are bounded; slow ones are let go; and meanwhile a good client gets its stream
undisturbed. Recordings cannot write lines of the head that they should not, nor read files outside of their folder.

Where node is there, its parser (llhttp) is asked the same: what is taken here it must take too, and read as many requests in it.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

STREAMSERVE = os.path.join(os.environ["HARTAPE_BIN"], "streamserve")


class Server:
    def __init__(self, *arguments):
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([STREAMSERVE, "--port", "0", *map(str, arguments)], stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.process.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", line), (line, self.lines())
        self.port = int(line.rsplit(":", 1)[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(20) == 0
        return self.lines()

    def lines(self):
        self.log.seek(0)
        return self.log.read()

    def resident(self):
        for line in open("/proc/%d/status" % self.process.pid):
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024


def exchange(port, data, timeout=20):
    """All that comes back until the end; the sending side stays open."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout) as connection:
        try:
            connection.sendall(data)
            while True:
                piece = connection.recv(65536)
                if not piece:
                    return received
                received += piece
        except (ConnectionResetError, BrokenPipeError):
            return received


def recording(path, *answers):
    """Answers at /0, /1 … as (headers, pieces with their times)."""
    lines = [{"recording": 1}]
    for number, (headers, pieces) in enumerate(answers):
        lines.append({"ev": "request", "id": str(number), "t": 0, "request": {"method": "GET", "url": "http://h.test/%d" % number}})
        lines.append({"ev": "response", "id": str(number), "t": 0,
                      "response": {"status": 200, "headers": [{"name": n, "value": v} for n, v in headers]}})
        for at, data in pieces:
            lines.append({"ev": "data", "id": str(number), "t": at, "data": data})
        lines.append({"ev": "end", "id": str(number), "t": pieces[-1][0] if pieces else 0, "reason": "eof"})
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


GET = b"GET /0 HTTP/1.1\r\nHost: h\r\n"
POST = b"POST /0 HTTP/1.1\r\nHost: h\r\n"
BODY = b"\r\n\r\n1\r\nZ\r\n0\r\n\r\n"
SECOND = b"GET /smuggled HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"

# What is sent, with another request behind it, and the status. None of them may let that other one be answered.
REFUSED = [
    (POST + b"Content-Length: 44\r\nTransfer-Encoding: chunked" + BODY, 400),
    (POST + b"Transfer-Encoding: chunked\r\nContent-Length: 4" + BODY, 400),
    (POST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400),
    (POST + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400),
    (POST + b"Content-Length: 3, 3\r\n\r\nabc", 400),
    (POST + b"Content-Length: +3\r\n\r\nabc", 400),
    (POST + b"Content-Length: -3\r\n\r\nabc", 400),
    (POST + b"Content-Length: 3 0\r\n\r\nabc", 400),
    (POST + b"Content-Length: 0x3\r\n\r\nabc", 400),
    (POST + b"Content-Length:\r\n\r\nabc", 400),
    (POST + b"Content-Length : 3\r\n\r\nabc", 400),
    (POST + b"Content-Length: 99999999999999999999\r\n\r\nabc", 413),
    (POST + b"Content-Length: 18446744073709551619\r\n\r\nabc", 413),
    (POST + b"Transfer-Encoding : chunked" + BODY, 400),
    (POST + b"Transfer-Encoding: chunked, chunked" + BODY, 400),
    (POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked" + BODY, 400),
    (POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity" + BODY, 400),
    (POST + b"Transfer-Encoding: identity" + BODY, 400),
    (POST + b"Transfer-Encoding: xchunked" + BODY, 400),
    (POST + b"Transfer-Encoding:\x0bchunked" + BODY, 400),
    (POST + b"Transfer-Encoding: \"chunked\"" + BODY, 400),
    (POST + b"Transfer-Encoding:" + BODY, 400),
    (POST + b"Transfer-Encoding: gzip, chunked" + BODY, 501),
    (POST + b"Transfer-Encoding:\r\n chunked" + BODY, 400),
    (POST + b"X: y\r\n Transfer-Encoding: chunked" + BODY, 400),
    (POST + b"X: y\rTransfer-Encoding: chunked" + BODY, 400),
    (POST + b"X: y\nTransfer-Encoding: chunked" + BODY, 400),
    (b"POST /0 HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked" + BODY, 400),
    (GET + b"X: a\0b\r\n\r\n", 400),
    (GET + b"X\0: a\r\n\r\n", 400),
    (GET + b"X: \x7f\r\n\r\n", 400),
    (GET + b"X : a\r\n\r\n", 400),
    (GET + b"X\r\n\r\n", 400),
    (GET + b": a\r\n\r\n", 400),
    (GET.replace(b"\r\n", b"\n") + b"\n", 400),
    (b"\n" + GET + b"\r\n", 400),
    (GET.replace(b"HTTP/1.1\r\n", b"HTTP/1.1\r\r\n") + b"\r\n", 400),
    (b"GET  /0 HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    (b"GET /0\tHTTP/1.1\r\nHost: h\r\n\r\n", 400),
    (b"GET /0 HTTP/1.1 \r\nHost: h\r\n\r\n", 400),
    (b"GET /0\r\n\r\n", 400),
    (b"GET /0 HTTP/1.1\r\n\r\n", 400),
    (b"GET /0 HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n", 400),
    (b"GET /0 HTTP/1.1\r\nHost: h@i\r\n\r\n", 400),
    (b"GET /0 HTTP/1.1\r\n Host: h\r\n\r\n", 400),
    (b"GET /0 HTTP/2.0\r\nHost: h\r\n\r\n", 505),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    (POST + b"Transfer-Encoding: chunked\r\n\r\n0x1\r\nZ\r\n0\r\n\r\n", 400),
    (POST + b"Transfer-Encoding: chunked\r\n\r\n+1\r\nZ\r\n0\r\n\r\n", 400),
    (POST + b"Transfer-Encoding: chunked\r\n\r\n1 \r\nZ\r\n0\r\n\r\n", 400),
    (POST + b"Transfer-Encoding: chunked\r\n\r\n1\nZ\r\n0\r\n\r\n", 400),
    (POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nZ0\r\n\r\n", 400),
    (POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nZZ\r\n0\r\n\r\n", 400),
    (POST + b"Transfer-Encoding: chunked\r\n\r\n1;\x00\r\nZ\r\n0\r\n\r\n", 400),
    (POST + b"Transfer-Encoding: chunked\r\n\r\n1;a\nZ\r\n0\r\n\r\n", 400),
    (POST + b"Transfer-Encoding: chunked\r\n\r\n10000000000000001\r\nZ\r\n0\r\n\r\n", 400),
    (POST + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nZ\r\n0\r\n\r\n", 400),
    (POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX : y\r\n\r\n", 400),
    (POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\n\r\n", 400),
    (POST + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"x" * (1 << 20) + b"\r\nZ\r\n0\r\n\r\n", 431),
    (POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"1;x=yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\nZ\r\n" * 20000, 431),
    (POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"X: y\r\n" * 100000, 431),
    (GET + b"X: y\r\n" * 300 + b"\r\n", 431),
    (GET + b"X: " + b"y" * 100000 + b"\r\n\r\n", 431),
    (b"GET /" + b"0" * 100000 + b" HTTP/1.1\r\nHost: h\r\n\r\n", 414),
    (b"A" * 100000, 414),
    (GET + b"Expect: miracles\r\nContent-Length: 3\r\n\r\nabc", 417),
]

ACCEPTED = [
    GET + b"\r\n",
    b"\r\n\r\n" + GET + b"\r\n",
    GET + b"X-A:a\t \r\nX-B:\r\nX-C: \xe9\r\n\r\n",
    b"GET http://h.test/0 HTTP/1.1\r\nHost: other\r\n\r\n",
    b"GET /0 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    b"GET /0 HTTP/1.1\r\nHost: h\r\nContent-Length: 000\r\n\r\n",
    b"GET /0 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n0;a=\"b;c\"\r\nX: y\r\n\r\n",
]


def nothing_is_smuggled(folder):
    with Server(recording(folder / "r.rec.ndjson", ([("Content-Length", "5")], [(0, "first")]))) as server:
        for data, status in REFUSED:
            received = exchange(server.port, data + SECOND)
            assert received.startswith(b"HTTP/1.1 %d " % status), (data[:120], status, received[:120])
            assert b"Connection: close\r\n" in received and len(re.findall(rb"HTTP/1.1 \d\d\d", received)) == 1, (data[:120], received)
        for data in ACCEPTED:
            received = exchange(server.port, data + SECOND)
            assert received.count(b"HTTP/1.1 ") == 2 and b"first" in received, (data, received)
        hello = exchange(server.port, b"\x16\x03\x01\x00\xf4\x01\x00\x00\xf0\x03\x03" + bytes(range(200)))
        assert hello == b"", hello
        log = server.stop()
    assert "closed: a TLS handshake, where plain HTTP is spoken\n" in log, log
    assert log.count("/smuggled 404") == len(ACCEPTED), log
    assert log.count(" 400: ") == sum(1 for _, status in REFUSED if status == 400), log


NODE = """
const http = require('http'), net = require('net');
const server = http.createServer((request, response) => {
  request.resume();
  request.on('end', () => response.writeHead(200, {'Content-Length': 2}).end('ok'));
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
"""


def node_reads_as_many_requests(folder):
    node = shutil.which("node")
    if not node:
        return
    process = subprocess.Popen([node, "-e", NODE], stdout=subprocess.PIPE, text=True)
    try:
        theirs = int(process.stdout.readline())
        with Server(recording(folder / "n.rec.ndjson", ([("Content-Length", "5")], [(0, "first")]))) as server:
            for data in ACCEPTED:
                both = [exchange(port, data + SECOND) for port in (theirs, server.port)]
                requests = [received.count(b"HTTP/1.1 200") + received.count(b"HTTP/1.1 404") for received in both]
                assert requests == [2, 2], (data, both)
            def read_by_node(data):
                try:
                    return exchange(theirs, data + SECOND, 1).count(b"HTTP/1.1 200") == 2
                except socket.timeout:
                    return False  # it waits for more

            stricter = [data for data, _ in REFUSED if read_by_node(data)]
            print("refused here and read by node's parser: %d of %d" % (len(stricter), len(REFUSED)))
            for data in stricter:
                print("   ", data[:100])
    finally:
        process.kill()
        process.wait()


def good_clients_are_undisturbed(folder):
    """Ten pieces, 50 ms from each other; hostile clients of all kinds for as long."""
    pieces = [(round(0.05 * n, 2), "%d\n" % n) for n in range(1, 41)]
    source = recording(folder / "s.rec.ndjson", ([("Content-Type", "text/plain")], pieces))
    stop = threading.Event()
    failures = []

    def hammer(kind):
        n = 0
        while not stop.is_set():
            data, _ = REFUSED[(n + kind) % len(REFUSED)]
            n += 1
            try:
                if kind == 1:  # half-open: the head never ends, the connection is forgotten
                    kept.append(socket.create_connection(("127.0.0.1", server.port), 10))
                    kept[-1].sendall(b"GET /0 HTTP/1.1\r\nHost:")
                    time.sleep(0.01)
                elif kind == 2:  # many requests at once, of which no answer is read
                    with socket.create_connection(("127.0.0.1", server.port), 10) as connection:
                        connection.settimeout(0.2)
                        try:
                            while True:
                                connection.sendall(b"GET /none HTTP/1.1\r\nHost: h\r\n\r\n" * 1000)
                        except (socket.timeout, ConnectionResetError, BrokenPipeError):
                            pass
                else:
                    exchange(server.port, data + SECOND, 10)
            except OSError as error:
                failures.append((kind, error))

    kept = []
    with Server(source) as server:
        threads = [threading.Thread(target=hammer, args=(kind,)) for kind in (0, 1, 2, 17)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(2):
                begin = time.monotonic()
                with socket.create_connection(("127.0.0.1", server.port), 60) as connection:
                    connection.sendall(b"GET /0 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
                    stream = connection.makefile("rb")
                    while stream.readline() not in (b"\r\n", b""):
                        pass
                    for at, data in pieces:
                        size = int(stream.readline(), 16)
                        assert stream.read(size + 2) == data.encode() + b"\r\n"
                        assert time.monotonic() - begin >= at, (time.monotonic() - begin, at)
                    assert stream.read() == b"0\r\n\r\n"
            resident = server.resident()
            assert resident < 256 << 20, resident
        finally:
            stop.set()
            for thread in threads:
                thread.join()
            for connection in kept:
                connection.close()
        log = server.stop()
    assert not failures, failures[:3]
    assert log.count("GET /0 200 exchange 0, ") == 2, log[-500:]


def slow_clients_are_let_go(folder):
    source = recording(folder / "l.rec.ndjson", ([("Content-Length", str(50 << 20))], [(0, "x" * (50 << 20))]))
    with Server("--timeout", "500ms", source) as server:
        assert exchange(server.port, POST + b"Content-Length: 3\r\nExpect: 100-continue\r\n\r\n").startswith(
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 408 "), "a body that never came"
        assert exchange(server.port, b"") == b""
        with socket.socket() as connection:  # reads nothing
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", server.port))
            connection.sendall(GET + b"\r\n")
            for _ in range(500):
                if "the client did not read" in server.lines():
                    break
                time.sleep(0.02)
        log = server.stop()
    assert "408: the request did not arrive in time" in log and "the client did not read" in log, log


def vanished_clients_are_looked_for(folder):
    """A stream with nothing due for an hour: the system asks whether the other side is still there."""
    source = recording(folder / "q.rec.ndjson", ([("Content-Type", "text/plain")], [(0, "first"), (3600, "last")]))
    with Server(source) as server, socket.create_connection(("127.0.0.1", server.port), 20) as connection:
        connection.sendall(GET + b"\r\n")
        received = b""
        while b"first" not in received:
            received += connection.recv(65536)
        ours = "%04X" % server.port, "%04X" % connection.getsockname()[1]
        for _ in range(500):  # while something waits to be acknowledged, the timer is another
            rows = [line.split() for line in open("/proc/net/tcp").read().splitlines()[1:]]
            row = next(row for row in rows if (row[1][-4:], row[2][-4:]) == ours)
            if row[5][:2] == "02":
                break
            time.sleep(0.02)
        assert row[5][:2] == "02", row  # keep-alive
        seconds = int(row[5][3:], 16) / os.sysconf("SC_CLK_TCK")
        assert seconds <= 61, row


def recordings_write_no_lines_of_their_own(folder):
    har = folder / "evil.har"
    evil = "a\r\nX-Injected: 1\0"
    entry = {"startedDateTime": "2026-11-22T09:15:30.000Z", "time": 0,
             "request": {"method": "GET", "url": "http://h.test/evil", "httpVersion": "HTTP/1.1", "headers": [], "queryString": [], "cookies": [],
                         "headersSize": -1, "bodySize": 0},
             "response": {"status": 200, "statusText": "OK" + evil, "httpVersion": "HTTP/1.1", "cookies": [], "redirectURL": "", "headersSize": -1, "bodySize": 2,
                          "headers": [{"name": "X-A", "value": evil}, {"name": "X\r\nX-Injected", "value": "1"}, {"name": "X:\0", "value": "1"},
                                      {"name": "Content-Type", "value": "text/plain" + evil}, {"name": "Location", "value": "http://h.test/" + evil}],
                          "content": {"size": 2, "mimeType": "text/plain", "text": "hi"}},
             "cache": {}, "timings": {"send": 0, "wait": 0, "receive": 0}}
    har.write_text(json.dumps({"log": {"version": "1.2", "creator": {"name": "t", "version": "1"}, "entries": [entry]}}))
    trailed = folder / "trailed.rec.ndjson"
    lines = [{"recording": 1}, {"ev": "request", "id": "1", "t": 0, "request": {"method": "GET", "url": "http://h.test/trailed"}},
             {"ev": "response", "id": "1", "t": 0, "response": {"status": 200, "headers": []}}, {"ev": "data", "id": "1", "t": 0, "data": "hi"},
             {"ev": "end", "id": "1", "t": 0, "reason": "eof", "trailers": [{"name": "X-T", "value": evil}, {"name": "X\r\nX-Injected", "value": "1"}]},
             {"ev": "request", "id": "2", "t": 0, "request": {"method": "GET", "url": "http://h.test/ws"}},
             {"ev": "response", "id": "2", "t": 0, "kind": "websocket", "response": {"status": 101, "statusText": evil, "headers": [
                 {"name": "Sec-WebSocket-Protocol", "value": "p" + evil}, {"name": "X-A", "value": evil}]}},
             {"ev": "message", "id": "2", "t": 0, "dir": "receive", "opcode": 1, "data": "hi"}, {"ev": "end", "id": "2", "t": 0, "reason": "eof"}]
    trailed.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with Server("--map", "x.local=h.test", "--cors", "--refresh-dates", har, trailed) as server:
        ws = (b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
              b"Sec-WebSocket-Protocol: p, a, p a\r\n")
        for path, more in ((b"/evil", b""), (b"/trailed", b""), (b"/ws", ws)):
            received = exchange(server.port, b"GET " + path + b" HTTP/1.1\r\nHost: x.local\r\nOrigin: http://o\r\n" + (more or b"Connection: close\r\n") + b"\r\n")
            assert received.startswith(b"HTTP/1.1 101" if more else b"HTTP/1.1 200"), received
            head = received.split(b"\r\n\r\n")[0]
            # What was behind a line feed may be a line with the field's own name, never one with its own.
            assert b"\0" not in head and not re.search(rb"(?m)^X-Injected", received), received
            assert not re.search(rb"[^\r]\n", head + b"\r\n") and b"\r\r" not in head, received


def side_files_stay_in_their_folder(folder):
    inner = folder / "inner"
    inner.mkdir()
    (folder / "secret.txt").write_text("secret")
    (inner / "fine.txt").write_text("fine")
    (inner / "link.txt").symlink_to(folder / "secret.txt")

    def har(name):
        entry = {"startedDateTime": "2026-11-22T09:15:30.000Z", "time": 0,
                 "request": {"method": "GET", "url": "http://h.test/f", "httpVersion": "HTTP/1.1", "headers": [], "queryString": [], "cookies": [],
                             "headersSize": -1, "bodySize": 0},
                 "response": {"status": 200, "statusText": "OK", "httpVersion": "HTTP/1.1", "cookies": [], "redirectURL": "", "headersSize": -1, "bodySize": 4,
                              "headers": [], "content": {"size": 4, "mimeType": "text/plain", "_file": name}},
                 "cache": {}, "timings": {"send": 0, "wait": 0, "receive": 0}}
        path = inner / "files.har"
        path.write_text(json.dumps({"log": {"version": "1.2", "creator": {"name": "t", "version": "1"}, "entries": [entry]}}))
        return path

    request = b"GET /f HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
    with Server(har("fine.txt")) as server:
        assert b"\r\nfine\r\n" in exchange(server.port, request)
    for name in ("../secret.txt", str(folder / "secret.txt"), "link.txt", "x/../../secret.txt"):
        process = subprocess.Popen([STREAMSERVE, "--port", "0", har(name)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = process.stdout.readline().strip()
        received = exchange(int(line.rsplit(":", 1)[1]), request) if line else b""
        process.kill()
        process.wait()
        assert b"secret" not in received, (name, received)
        assert "leaves the folder" in process.stderr.read(), name


def broken_recordings_are_served_in_part_only_if_asked(folder):
    lines = [json.dumps({"recording": 1})]
    for n in range(2):
        lines += [json.dumps({"ev": "request", "id": str(n), "t": 0, "request": {"method": "GET", "url": "http://h.test/%d" % n}}),
                  json.dumps({"ev": "response", "id": str(n), "t": 0, "response": {"status": 200, "headers": []}}),
                  json.dumps({"ev": "end", "id": str(n), "t": 0, "reason": "eof"})]
    lines.insert(4, '{"ev":"request", broken')
    broken = folder / "broken.rec.ndjson"
    broken.write_text("\n".join(lines) + "\n")
    refused = subprocess.run([STREAMSERVE, "--port", "0", broken], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert refused.returncode == 2 and "broken.rec.ndjson:5" in refused.stderr, refused
    with Server("--skip-broken", broken) as server:
        assert exchange(server.port, b"GET /0 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").startswith(b"HTTP/1.1 200"), server.lines()
        log = server.stop()
    assert "broken.rec.ndjson:5" in log and "left out" in log, log


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder).resolve()
        nothing_is_smuggled(folder)
        node_reads_as_many_requests(folder)
        slow_clients_are_let_go(folder)
        vanished_clients_are_looked_for(folder)
        recordings_write_no_lines_of_their_own(folder)
        side_files_stay_in_their_folder(folder)
        broken_recordings_are_served_in_part_only_if_asked(folder)
        good_clients_are_undisturbed(folder)
    print("hostile clients and recordings: ok")


if __name__ == "__main__":
    main()
