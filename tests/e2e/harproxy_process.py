"""What the tests of harproxy share: the tool as a process, origins with and without TLS, curl, and looks at what was recorded."""
import contextlib
import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

LIMIT = 20  # seconds for what takes a moment
BIN = pathlib.Path(os.environ["HARTAPE_BIN"])
HARPROXY = str(BIN / "harproxy")


def skip(reason):
    required = os.environ.get("HARTAPE_REQUIRE_E2E") == "1"
    print("%s: %s" % ("failed" if required else "skipped", reason))
    sys.exit(1 if required else 77)


for program in ("curl", "openssl"):
    if shutil.which(program) is None:
        skip(program + " is not installed")

# No proxy but the one that a test names, and an authority of our own, made once.
DATA = tempfile.TemporaryDirectory(prefix="hartape-harproxy-")
for name in list(os.environ):
    if name.lower().endswith("_proxy"):
        del os.environ[name]
os.environ["XDG_DATA_HOME"] = DATA.name


def until(condition, what):
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end, what() if callable(what) else what
        time.sleep(0.02)


def run(*command, status=0, **more):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, **more)
    assert done.returncode == status, (command, done.returncode, done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout


def curl(*arguments, status=0):
    return run("curl", "-sSN", "--max-time", LIMIT, *arguments, status=status)


def authority():
    """The file that clients are to trust."""
    return run(HARPROXY, "ca", "--print-ca").decode().strip()


class Proxy:
    def __init__(self, *arguments, popen=None):
        self.log = tempfile.TemporaryFile("w+")
        port = () if "--port" in arguments else ("--port", "0")
        self.process = subprocess.Popen([HARPROXY, *port, *map(str, arguments)], stdout=subprocess.PIPE, stderr=self.log,
                                        text=True, **(popen or {}))
        self.url = self.process.stdout.readline().strip()
        assert re.fullmatch(r"https?://127\.0\.0\.1:\d+", self.url), (self.url, self.lines())
        self.port = int(self.url.rsplit(":", 1)[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def stop(self, number=signal.SIGINT, expected=0):
        begin = time.monotonic()
        self.process.send_signal(number)
        status = self.process.wait(LIMIT)
        assert time.monotonic() - begin < 8, "it took %f s to end" % (time.monotonic() - begin)
        assert status == expected, (status, self.lines())
        return self.lines()

    def lines(self):
        self.log.seek(0)
        return self.log.read()

    def status_url(self):
        until(lambda: "status: " in self.lines(), "the status page has no address")
        return re.search(r"status: (\S+)", self.lines()).group(1)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, body, media_type="text/plain", status=200):
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self):
        path = self.path.partition("?")[0]
        if path == "/chunks":
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for i in range(3):
                piece = b"data: %d\n\n" % i
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                time.sleep(0.05)
            self.wfile.write(b"0\r\n\r\n")
        elif path == "/endless":
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            self.close_connection = True
            with contextlib.suppress(OSError):
                while True:
                    self.wfile.write(b"data: tick\n\n")
                    time.sleep(0.05)
        elif path == "/large":
            self.reply(b"x" * 200_000)
        elif path == "/json":
            self.reply(b'{"a":1}', "application/json")
        else:
            self.reply(b"hello from " + self.path.encode())

    do_HEAD = do_GET

    def do_POST(self):
        self.reply(self.rfile.read(int(self.headers["Content-Length"])))


class Origin:
    """http, or https with `tls`, which certificates() has made."""

    def __init__(self, tls=None):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls / "leaf.pem", tls / "leaf.key")
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        self.url = "%s://localhost:%d" % ("https" if tls else "http", self.port)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def certificates(folder):
    """A CA, and a certificate for localhost that it has signed."""
    folder.mkdir(exist_ok=True)
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    run("openssl", "req", "-x509", *key, "-subj", "/CN=Origins", "-keyout", folder / "ca.key", "-out", folder / "ca.pem")
    run("openssl", "req", "-x509", *key, "-subj", "/CN=localhost", "-CA", folder / "ca.pem", "-CAkey", folder / "ca.key",
        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE",
        "-keyout", folder / "leaf.key", "-out", folder / "leaf.pem")
    return folder


def check(*files):
    """harcheck finds no errors."""
    for file in files:
        run(BIN / "harcheck", file)


def entries(file):
    """The entries of a HAR, or of a recording as a HAR."""
    text = file.read_bytes() if file.suffix == ".har" else run(BIN / "harconv", "--to", "har", file)
    return json.loads(text)["log"]["entries"]


def urls(file):
    return [entry["request"]["url"] for entry in entries(file)]


def get(url, method="GET", **headers):
    """Status and body, whatever the status."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(url, method=method, headers={name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with opener.open(request, timeout=LIMIT) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def each_in_a_folder(tests):
    for test in tests:
        begin = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            test(pathlib.Path(folder))
        print("%.1f s %s" % (time.monotonic() - begin, test.__name__), flush=True)
