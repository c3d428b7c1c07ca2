"""A session through a mitmdump that runs, for tests that hold something against it: origins with what sessions have, the process, and requests of curl."""
import gzip
import json
import signal
import socket
import subprocess
import tempfile

import harproxy_process
from harproxy_process import LIMIT, until

BINARY = bytes(range(256)) * 20


class Handler(harproxy_process.Handler):
    """More of what sessions have."""

    def do_GET(self):
        path = self.path.partition("?")[0]
        if path == "/gzip.json":
            body = gzip.compress(json.dumps({"text": "é 😀", "list": list(range(100))}).encode())
            self.answer(200, body, ("Content-Type", "application/json"), ("Content-Encoding", "gzip"))
        elif path == "/empty":
            self.send_response(204)
            self.end_headers()
        else:
            super().do_GET()

    def answer(self, status, body, *fields):
        self.send_response(status)
        for name, value in fields:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


class Stalled(Exception):
    """mitmdump 8.1.1 sometimes stops in the middle of an answer, with nothing between it and curl, too."""


class Mitmdump:
    """`ca`: who signs for the origins."""

    def __init__(self, folder, ca, *options):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = "http://127.0.0.1:%d" % self.port
        self.folder = folder / "mitmproxy"
        self.ca = self.folder / "mitmproxy-ca-cert.pem"
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            ["mitmdump", "-q", "--listen-host", "127.0.0.1", "-p", str(self.port), *map(str, options), "--set", "confdir=%s" % self.folder, "--set",
             "ssl_verify_upstream_trusted_ca=%s" % ca], stdout=self.log, stderr=self.log)
        until(self.ready, "mitmdump does not listen")

    def ready(self):
        assert self.process.poll() is None, self.said()
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return self.ca.exists()

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(LIMIT) == 0, self.said()

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def fetch(proxy, ca, url, *options):
    """By curl, whose exit status and complaint this returns."""
    done = subprocess.run(["curl", "-sSN", "--max-time", "10", "-x", proxy, "--cacert", ca, url, *map(str, options)], stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True)
    if done.returncode == 28:
        raise Stalled(done.stderr)
    return done.returncode, done.stderr


def recorded(folder, record):
    """Calls record() with a folder, and again if mitmdump stalls; the folder in which it did not."""
    for attempt in range(3):
        stage = folder / str(attempt)
        stage.mkdir()
        try:
            record(stage)
            return stage
        except Stalled as stalled:
            print("once more: %s" % stalled, flush=True)
    raise AssertionError("mitmdump stalls each time")
