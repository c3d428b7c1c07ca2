#!/usr/bin/python3
"""streamserve --follow: recordings are served while they are written, from the beginning, and on as they grow.

Needs curl; skipped (77) without, or failed where HARTAPE_REQUIRE_E2E=1 says that nothing may be.
"""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

from streamserve_process import SAMPLES, STREAMSERVE, Server, curl, skip

if shutil.which("curl") is None:
    skip("curl is not installed")

LIMIT = 20  # seconds for what takes a moment
STREAMREC = os.path.join(os.environ["HARTAPE_BIN"], "streamrec")


def until(condition, what):
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.02)


class Recording:
    def __init__(self, path):
        self.path = path
        self.begin = time.monotonic()
        self.file = open(path, "a")

    def write(self, ev, id="1", t=None, **members):
        self.text(json.dumps({"ev": ev, "id": id, "t": time.monotonic() - self.begin if t is None else t, **members}) + "\n")

    def text(self, text):
        self.file.write(text)
        self.file.flush()

    def start(self, id, path, media_type="text/event-stream", **members):
        self.write("request", id, request={"method": "GET", "url": "https://h.test" + path})
        self.write("response", id, response={"status": 200, "headers": [{"name": "Content-Type", "value": media_type}]}, **members)


def a_stream_is_followed_from_its_beginning(folder):
    recording = Recording(folder / "live.rec.ndjson")
    recording.start("1", "/events", kind="sse")
    recording.write("data", data="data: 1\n\n")
    with Server("--follow", recording.path) as server:
        clients = [subprocess.Popen(["curl", "-sN", "--noproxy", "*", server.url + "/events"], stdout=subprocess.PIPE) for _ in range(3)]
        for client in clients:
            assert client.stdout.readline() == b"data: 1\n"
        half = json.dumps({"ev": "data", "id": "1", "t": time.monotonic() - recording.begin, "data": "data: 2\n\n"}) + "\n"
        recording.text(half[:20])  # a line comes in two pieces
        time.sleep(0.1)
        recording.text(half[20:])
        for client in clients:
            assert client.stdout.readline() + client.stdout.readline() == b"\ndata: 2\n"
        # Who comes later gets all of it.
        late = subprocess.Popen(["curl", "-sN", "--noproxy", "*", server.url + "/events"], stdout=subprocess.PIPE)
        assert late.stdout.readline() == b"data: 1\n"
        # What begins meanwhile can be asked for.
        assert b"no exchange was recorded" in curl(server.url + "/other")
        recording.start("2", "/other", "text/plain")
        recording.write("data", "2", data="here")
        recording.write("end", "2", reason="eof")
        until(lambda: curl(server.url + "/other") == b"here", "a new exchange is not seen")
        recording.text("this is no event\n")
        until(lambda: "live.rec.ndjson:" in server.lines(), "a broken line is not reported")
        recording.write("data", data="data: 3\n\n")
        recording.write("end", reason="eof")
        for client in [*clients, late]:
            assert client.stdout.read().endswith(b"data: 3\n\n") and client.wait() == 0
        # Now it is a recording like any other.
        assert curl(server.url + "/events") == b"data: 1\n\ndata: 2\n\ndata: 3\n\n"
        assert curl("-I", server.url + "/events").startswith(b"HTTP/1.1 200")
        server.stop()


def times_are_those_of_the_recording(folder):
    recording = Recording(folder / "timed.rec.ndjson")
    recording.write("request", t=0, request={"method": "GET", "url": "https://h.test/slow"})
    recording.write("response", t=0.1, response={"status": 200, "headers": []})
    recording.write("data", t=0.6, data="a")
    with Server("--follow", "--speed", "2", recording.path) as server:
        begin = time.monotonic()
        client = subprocess.Popen(["curl", "-sN", "--noproxy", "*", server.url + "/slow"], stdout=subprocess.PIPE)
        assert client.stdout.read(1) == b"a"
        assert time.monotonic() - begin >= 0.3
        recording.write("data", t=1.6, data="b")
        recording.write("end", t=1.8, reason="eof")
        assert client.stdout.read(1) == b"b"
        assert time.monotonic() - begin >= 0.8
        assert client.wait() == 0
        server.stop()


def a_recording_that_is_cut_off_ends_what_was_followed(folder):
    recording = Recording(folder / "cut.rec.ndjson")
    recording.start("1", "/a", "text/plain")
    recording.write("data", data="some")
    with Server("--follow", recording.path) as server:
        client = subprocess.Popen(["curl", "-sN", "--noproxy", "*", server.url + "/a"], stdout=subprocess.PIPE)
        assert client.stdout.read(4) == b"some"
        recording.file.close()
        recording.path.write_text("")
        assert client.wait(LIMIT) == 18
        server.stop()


def what_streamrec_records_is_served_at_once(folder):
    """streamserve, streamrec, and a second streamserve that follows a pipe, at once."""
    chat = SAMPLES / "chat-llm.rec.ndjson"
    with Server("--match", "loose", chat) as first:
        reader, writer = os.pipe()
        second = subprocess.Popen([STREAMSERVE, "--port", "0", "--follow", "--match", "loose", "-"], stdin=reader, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, text=True)
        os.close(reader)
        url = second.stdout.readline().strip()
        record = subprocess.Popen([STREAMREC, "-X", "POST", "-d", "{}", "-o", "-", "--quiet", first.url + "/v1/chat/completions"],
                                  stdout=writer, stderr=subprocess.DEVNULL)
        os.close(writer)
        until(lambda: curl("-o", "/dev/null", "-w", "%{http_code}", "-I", "-X", "POST", url + "/v1/chat/completions") == b"200",
              "nothing is served")
        assert record.poll() is None, "the recording is over already"
        body = curl("-d", "{}", url + "/v1/chat/completions")
        assert body == curl("-d", "{}", first.url + "/v1/chat/completions")
        assert record.wait(LIMIT) == 0
        second.terminate()
        assert second.wait(LIMIT) == 0
        first.stop()


def what_cannot_be_followed_is_refused(folder):
    other = folder / "x.txt"
    other.write_text("no recording\n")
    for arguments, text in ((["--follow", str(other)], "only recordings can be followed"), (["--follow", str(folder / "none")], "cannot open"),
                            (["--follow", "--once", str(other)], "exclude each other")):
        done = subprocess.run([STREAMSERVE, "--port", "0", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert done.returncode == 2 and text in done.stderr and done.stdout == "", done


def main():
    for test in (a_stream_is_followed_from_its_beginning, times_are_those_of_the_recording, a_recording_that_is_cut_off_ends_what_was_followed,
                 what_streamrec_records_is_served_at_once, what_cannot_be_followed_is_refused):
        with tempfile.TemporaryDirectory() as folder:
            test(pathlib.Path(folder))


if __name__ == "__main__":
    main()
