"""What the tests of streamserve in Python share: the tool as a process, curl, and skipping."""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time


def skip(reason):
    required = os.environ.get("HARTAPE_REQUIRE_E2E") == "1"
    print("%s: %s" % ("failed" if required else "skipped", reason))
    sys.exit(1 if required else 77)


STREAMSERVE = os.path.join(os.environ["HARTAPE_BIN"], "streamserve")
SAMPLES = pathlib.Path(__file__).resolve().parents[2] / "samples"


class Server:
    def __init__(self, *arguments):
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([STREAMSERVE, "--port", "0", *map(str, arguments)], stdout=subprocess.PIPE, stderr=self.log,
                                        text=True)
        self.url = self.process.stdout.readline().strip()
        assert re.fullmatch(r"https?://127\.0\.0\.1:\d+", self.url), self.url

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def stop(self, number=signal.SIGINT, expected=0):
        begin = time.monotonic()
        self.process.send_signal(number)
        status = self.process.wait(20)
        assert time.monotonic() - begin < 5, "it took %f s to end" % (time.monotonic() - begin)
        assert status == expected, (status, self.lines())
        return self.lines()

    def lines(self):
        self.log.seek(0)
        return self.log.read()


def curl(*arguments, status=0):
    done = subprocess.run(["curl", "-sSN", "--noproxy", "*", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == status, (done.returncode, done.stderr)
    return done.stdout


def har_entry(method, url, text, status=200, body=None, **more):
    request = {"method": method, "url": url, "httpVersion": "HTTP/1.1", "headers": [], "queryString": [], "cookies": [],
               "headersSize": -1, "bodySize": -1}
    if body is not None:
        request["postData"] = {"mimeType": body[0], "text": body[1]}
    response = {"status": status, "statusText": "", "httpVersion": "HTTP/1.1", "headers": more.pop("headers", []), "cookies": [],
                "content": {"size": len(text), "mimeType": "text/plain", "text": text}, "redirectURL": "", "headersSize": -1, "bodySize": -1}
    return {"startedDateTime": "2026-11-22T09:15:30.000Z", "time": 0, "request": request, "response": response, "cache": {},
            "timings": {"send": 0, "wait": 0, "receive": 0}, **more}


def write_har(path, entries):
    path.write_text(json.dumps({"log": {"version": "1.2", "creator": {"name": "t", "version": "1"}, "entries": entries}}))
    return path
