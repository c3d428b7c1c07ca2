#!/usr/bin/python3
"""What was not recorded is asked for at a real server (--miss upstream=, record=): streams come through as they come, slow clients
slow the server, clients that leave end it, and what came is a recording.

Needs curl; skipped (77) without, or failed where HARTAPE_REQUIRE_E2E=1 says that nothing may be.
"""
import http.server
import json
import pathlib
import shutil
import socket
import subprocess
import tempfile
import threading
import time

from streamserve_process import Server, curl, har_entry, skip, write_har

if shutil.which("curl") is None:
    skip("curl is not installed")

LIMIT = 20  # seconds for what takes a moment


def until(condition, what):
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.02)


class Origin(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    go_on = threading.Event()
    sent = 0
    left = threading.Event()
    asked = []

    def log_message(self, *_):
        pass

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def begin(self, media_type):
        self.send_response(200)
        self.send_header("Content-Type", media_type)
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("Set-Cookie", "a=1")
        self.send_header("Set-Cookie", "b=2")
        self.end_headers()

    def do_GET(self):
        Origin.asked.append((self.path, dict(self.headers)))
        if self.path == "/events":
            self.begin("text/event-stream")
            self.chunk(b"data: 1\n\n")
            Origin.go_on.wait(LIMIT)
            self.chunk(b"data: 2\n\n")
            self.wfile.write(b"0\r\n\r\n")
        elif self.path == "/endless":
            self.begin("application/octet-stream")
            try:
                while True:
                    self.chunk(bytes(65536))
                    Origin.sent += 65536
            except OSError:
                Origin.left.set()
                self.close_connection = True
        elif self.path == "/cut":
            self.begin("text/plain")
            self.chunk(b"some")
            self.close_connection = True
        else:
            self.send_response(404)
            self.send_header("Content-Length", "4")
            self.end_headers()
            self.wfile.write(b"none")

    def do_HEAD(self):
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(201)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[::-1])


def recorded_first(server, origin):
    assert curl(server.url + "/x") == b"recorded"
    assert not any(path == "/x" for path, _ in Origin.asked)
    assert curl(server.url + "/none") == b"none"
    assert curl("-d", "abc", server.url + "/post") == b"cba"
    assert curl("-o", "/dev/null", "-w", "%{http_code}", "-d", "abc", server.url + "/post") == b"201"
    assert b"content-length: 1000" in curl("-I", server.url + "/head").lower() or b"200 OK" in curl("-I", server.url + "/head")
    head = curl("-D", "-", "-H", "X-Mine: yes", server.url + "/cut", status=18)
    assert head.index(b"Set-Cookie: a=1") < head.index(b"Set-Cookie: b=2") and head.endswith(b"some"), head
    assert Origin.asked[-1][1]["X-Mine"] == "yes" and Origin.asked[-1][1]["Host"] == origin, Origin.asked[-1]


def streams_come_as_they_come(server):
    Origin.go_on.clear()
    client = subprocess.Popen(["curl", "-sN", "--noproxy", "*", server.url + "/events"], stdout=subprocess.PIPE)
    assert client.stdout.readline() == b"data: 1\n"  # while the origin waits
    Origin.go_on.set()
    assert client.stdout.read() == b"\ndata: 2\n\n"
    assert client.wait() == 0


def slow_clients_slow_the_origin(server):
    host, port = server.url.split("//")[1].split(":")
    with socket.create_connection((host, int(port)), LIMIT) as client:
        client.sendall(b"GET /endless HTTP/1.1\r\nHost: h\r\n\r\n")
        assert client.recv(100)
        until(lambda: Origin.sent > 0, "nothing came")
        still = -1
        while Origin.sent != still:  # until nothing moves any more
            still = Origin.sent
            time.sleep(0.3)
        # Two sockets' buffers, and what is held between them.
        assert still < 64 << 20, still
    assert Origin.left.wait(LIMIT), "the origin goes on without a client"


def main():
    origin_server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Origin)
    origin_server.daemon_threads = True
    threading.Thread(target=origin_server.serve_forever, daemon=True).start()
    origin = "127.0.0.1:%d" % origin_server.server_address[1]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        har = write_har(folder / "x.har", [har_entry("GET", "https://a.example/x", "recorded")])
        recording = folder / "misses.rec.ndjson"
        with Server("--miss", "upstream=http://" + origin, "--miss", "record=%s" % recording, har) as server:
            recorded_first(server, origin)
            streams_come_as_they_come(server)
            slow_clients_slow_the_origin(server)
            log = server.stop()
        assert " 404 upstream http://%s/none, 4 bytes" % origin in log, log
        lines = [json.loads(line) for line in recording.read_text().splitlines() if line]
        urls = [line["request"]["url"] for line in lines if line.get("ev") == "request"]
        assert "http://%s/events" % origin in urls and len({line["id"] for line in lines if "id" in line}) == len(urls), urls
        # What was recorded answers the next time, without the origin.
        with Server("--no-delay", recording) as server:
            assert curl(server.url + "/events") == b"data: 1\n\ndata: 2\n\n"
            assert curl("-d", "abc", server.url + "/post") == b"cba"
            assert curl(server.url + "/cut", status=56) == b"some"  # an error, which is played as a reset
            server.stop()
        # As a proxy: the client says whom it means.
        second = folder / "second.rec.ndjson"
        with Server("--miss", "record=%s" % second, har) as server:
            proxy = ["curl", "-sS", "--noproxy", "", "-x", server.url]
            assert subprocess.run([*proxy, "http://%s/none" % origin], stdout=subprocess.PIPE).stdout == b"none"
            assert b"which server is meant" in curl(server.url + "/none")
            server.stop()
        assert origin in second.read_text()
        # Nobody there.
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            with Server("--miss", "upstream=http://127.0.0.1:%d" % nobody.getsockname()[1], har) as server:
                assert curl("-o", "/dev/null", "-w", "%{http_code}", server.url + "/none") == b"502"
                assert b"could not be asked" in curl(server.url + "/none")
                server.stop()
        # An answer that goes on does not keep the server from ending.
        Origin.left.clear()
        before = Origin.sent
        with Server("--miss", "upstream=http://" + origin, har) as server:
            client = subprocess.Popen(["curl", "-s", "--noproxy", "*", "--limit-rate", "10k", "-o", "/dev/null", server.url + "/endless"])
            until(lambda: Origin.sent > before, "nothing came")
            server.stop()
            client.wait()
        assert Origin.left.wait(LIMIT), "the origin goes on without the server"


if __name__ == "__main__":
    main()
