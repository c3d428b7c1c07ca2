#!/usr/bin/python3
"""streamserve with a recording of ten thousand entries: each is answered with its own body, in memory that does not hold the
recording; when the file is cut while it is served, the answer is a 502 that says so, others go on, and nothing crashes.

Needs nothing but Python.
"""
import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile

STREAMSERVE = os.path.join(os.environ["HARTAPE_BIN"], "streamserve")
ENTRIES = 10_000
BODY = 12_000  # all of them are 120 MB
# Sanitizers take several times the memory of what they watch over.
SANITIZED = any(mark in pathlib.Path(STREAMSERVE).read_bytes() for mark in (b"__asan_init", b"__tsan_init"))
BOUND_KIB = 110 * 1024 * (6 if SANITIZED else 1)


def body(number):
    text = "entry %d " % number
    return (text * (BODY // len(text) + 1))[:BODY]


def entry(number):
    return json.dumps({
        "startedDateTime": "2026-11-22T09:15:30.000Z", "time": 1, "cache": {}, "timings": {"send": 0, "wait": 1, "receive": 0},
        "request": {"method": "GET", "url": "https://api.test/items/%d?q=%d" % (number, number % 7), "httpVersion": "HTTP/1.1", "cookies": [],
                    "headers": [{"name": "Accept", "value": "*/*"}], "queryString": [], "headersSize": -1, "bodySize": 0},
        "response": {"status": 200, "statusText": "OK", "httpVersion": "HTTP/1.1", "cookies": [], "redirectURL": "", "headersSize": -1, "bodySize": -1,
                     "headers": [{"name": "Content-Type", "value": "text/plain"}, {"name": "Content-Length", "value": str(BODY)}],
                     "content": {"size": BODY, "mimeType": "text/plain", "text": body(number)}}})


def write(path, lines):
    with open(path, "w") as out:
        if not lines:
            out.write('{"log":{"version":"1.2","creator":{"name":"x","version":"1"},"entries":[\n')
        for number in range(ENTRIES):
            out.write(("" if number == 0 or lines else ",\n") + entry(number) + ("\n" if lines else ""))
        if not lines:
            out.write("\n]}}\n")


def ask(connection, number):
    connection.request("GET", "/items/%d?q=%d" % (number, number % 7))
    response = connection.getresponse()
    return response.status, response.read().decode()


def peak_kib(pid):
    return int(re.search(r"^VmHWM:\s+(\d+) kB", pathlib.Path("/proc/%d/status" % pid).read_text(), re.M).group(1))


def serve(path, then):
    with tempfile.TemporaryFile("w+") as log:
        server = subprocess.Popen([STREAMSERVE, "--port", "0", "--no-delay", str(path)], stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            port = int(server.stdout.readline().rsplit(":", 1)[1])
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            for number in range(0, ENTRIES):
                status, text = ask(connection, number)
                assert (status, text) == (200, body(number)), (number, status, text[:100])
            peak = peak_kib(server.pid)
            assert peak < BOUND_KIB, "%d KiB for %d KiB of bodies" % (peak, ENTRIES * BODY // 1024)
            then(connection)
            server.send_signal(signal.SIGTERM)
            assert server.wait(30) == 0, server.returncode
            log.seek(0)
            return log.read()
        finally:
            server.kill()
            server.wait()


def the_file_is_cut(path):
    def cut(connection):
        os.truncate(path, 1_000_000)
        status, text = ask(connection, 5)  # was answered so long ago that it is read anew
        assert status == 502, (status, text[:200])
        assert "the file has changed since it was opened" in json.loads(text)["error"], text
        # What was asked for last is still there, and so is the server, on the same connection.
        status, text = ask(connection, ENTRIES - 1)
        assert (status, text) == (200, body(ENTRIES - 1)), (status, text[:200])
    log = serve(path, cut)
    assert re.search(r"GET /items/5\?q=5: exchange 6: .*the file has changed since it was opened", log), log[-500:]


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        har, lines = folder / "many.har", folder / "many.harl"
        write(lines, True)
        serve(lines, lambda connection: None)
        lines.unlink()
        write(har, False)
        the_file_is_cut(har)


main()
