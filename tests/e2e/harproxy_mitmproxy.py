#!/usr/bin/python3
"""The same session, at the same time, recorded by harproxy and by mitmdump (Debian's mitmproxy with the har_dump.py that comes with it), which stands between
harproxy and the origins. What differs between the two HARs is listed here, and nothing else may.

Needs curl, openssl, mitmproxy and python3-websockets; skipped (77) without, or failed where HARTAPE_REQUIRE_E2E=1 says that nothing may be. With hardiff
among the tools it finds the same.
"""
import asyncio
import base64
import json
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.parse

import mitmproxy_process
from harproxy_process import BIN, LIMIT, Origin, Proxy, authority, certificates, check, each_in_a_folder, skip
from mitmproxy_process import BINARY, Mitmdump, fetch, recorded

try:
    import websockets
except ImportError:
    skip("python3-websockets is not installed")
SCRIPT = pathlib.Path("/usr/share/doc/mitmproxy/examples/contrib/har_dump.py")
if shutil.which("mitmdump") is None:
    skip("mitmproxy is not installed")
if not SCRIPT.exists():
    skip("%s is not there: documents were left out when mitmproxy was installed" % SCRIPT)

TLS = tempfile.TemporaryDirectory(prefix="hartape-origins-")
CERTIFICATES = certificates(pathlib.Path(TLS.name) / "tls")
CA = CERTIFICATES / "ca.pem"
EVENTS = "".join("id: %d\nevent: delta\ndata: {\"n\":%d}\n\n" % (i, i) for i in range(5))


class Handler(mitmproxy_process.Handler):
    def do_GET(self):
        path = self.path.partition("?")[0]
        if path == "/redirect":
            self.answer(302, b"", ("Location", "/hello?after"), ("Set-Cookie", "a=1; Path=/"), ("Set-Cookie", "b=two; Secure; HttpOnly"))
        elif path == "/binary":
            self.answer(200, BINARY, ("Content-Type", "application/octet-stream"))
        elif path == "/events":
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream; charset=utf-8")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for event in EVENTS.split("\n\n")[:-1]:
                piece = (event + "\n\n").encode()
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                time.sleep(0.02)
            self.wfile.write(b"0\r\n\r\n")
        elif path == "/missing":
            self.answer(404, b"not here", ("Content-Type", "text/plain"))
        else:
            super().do_GET()

    do_HEAD = do_GET

    def do_PUT(self):
        self.do_POST()


async def echo(client, path="/"):
    async for message in client:
        await client.send(message)


async def talk(proxy):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / "leaf.pem", CERTIFICATES / "leaf.key")
    async with websockets.serve(echo, "127.0.0.1", 0, ssl=context) as server:
        port = server.sockets[0].getsockname()[1]
        tunnel = socket.create_connection(("127.0.0.1", proxy.port), LIMIT)
        tunnel.sendall(b"CONNECT localhost:%d HTTP/1.1\r\nHost: localhost:%d\r\n\r\n" % (port, port))
        assert tunnel.recv(1000).startswith(b"HTTP/1.1 200")
        tunnel.setblocking(False)
        trusted = ssl.create_default_context(cafile=authority())
        async with websockets.connect("wss://localhost:%d/talk" % port, sock=tunnel, ssl=trusted, server_hostname="localhost", ping_interval=None) as client:
            await client.send("hello")
            assert await client.recv() == "hello"


def session(folder, ours, theirs):
    (folder / "upload").write_bytes(BINARY)
    with Origin(CERTIFICATES) as secure, Origin() as plain, Mitmdump(folder, CA, "-s", SCRIPT, "--set", "hardump=%s" % theirs) as mitmdump:
        for origin in (secure, plain):
            origin.server.RequestHandlerClass = Handler
        with Proxy("-o", ours, "--upstream", mitmdump.url, "--trust", mitmdump.ca) as proxy:
            for origin in (secure, plain):
                for path, *options in (
                        ("/hello?a=1&b=%C3%A9&a=2",), ("/gzip.json", "--compressed"), ("/redirect", "-L", "-b", ""), ("/binary",), ("/events",), ("/missing",),
                        ("/empty",), ("/json", "-I"), ("/echo", "-d", "name=Ada+%26+co", "-d", "empty="), ("/echo", "--json", '{"text":"é 😀","n":1.50}'),
                        ("/echo", "-T", folder / "upload"), ("/hello", "-H", "X-Twice: a", "-H", "X-Twice: b", "-H", "Cookie: c=3; d=4")):
                    status, said = fetch(proxy.url, authority(), origin.url + path, *options)
                    assert status == 0, (path, said)
            asyncio.run(talk(proxy))
            proxy.stop()
        mitmdump.stop()


def body(part):
    return base64.b64decode(part["text"]) if "base64" in (part.get("encoding"), part.get("_encoding")) else part.get("text", "").encode()


def fields(half, *but):
    """Several of one name as one."""
    joined = {}
    for each in half["headers"]:
        if each["name"].lower() not in but:
            joined.setdefault(each["name"], []).append(each["value"])
    return {name: ", ".join(values) for name, values in joined.items()}


# What the two do not say alike, and why.
#   The URL of a WebSocket has https there, and its messages and its close are not in the HAR.
#   Hop by hop: we record what the client has sent, mitmdump what we have sent it. In the absolute form curl adds Proxy-Connection, which goes no further.
#   Expect is met by mitmdump itself, and is not among the fields.
#   Text without a charset is Latin-1 there, unless it is JSON or mostly control characters; what is sent is always text.
#   Parameters of queries are decoded there, and of several with one name the first is left; ours are as they stand in the URL, as in Chrome.
#   Fields of one name are one there, joined with commas, Set-Cookie too.
#   Times are whole milliseconds; a stream has one time. There are no names of what is ours (_…), no pages, no connections.
def the_same_session_is_the_same_but_for_what_is_listed(folder):
    stage = recorded(folder, lambda stage: session(stage, stage / "ours.har", stage / "theirs.har"))
    ours_file, theirs_file = stage / "ours.har", stage / "theirs.har"
    check(ours_file)
    ours, theirs = (json.loads(file.read_bytes())["log"]["entries"] for file in (ours_file, theirs_file))
    # In the order of their beginnings.
    ours, theirs = (sorted(entries, key=lambda entry: entry["startedDateTime"]) for entries in (ours, theirs))
    assert len(ours) == len(theirs) == 2 * 13 + 1, (len(ours), len(theirs))
    bodies = 0
    for a, b in zip(ours, theirs):
        url = a["request"]["url"]
        what = (a["request"]["method"], url)
        assert re.sub("^ws", "http", url) == b["request"]["url"], (what, b["request"]["url"])
        assert a["request"]["method"] == b["request"]["method"], what
        assert fields(a["request"], "proxy-connection", "expect") == fields(b["request"]), (what, a["request"]["headers"], b["request"]["headers"])
        assert (a["response"]["status"], a["response"]["statusText"]) == (b["response"]["status"], b["response"]["statusText"]), what
        assert fields(a["response"]) == fields(b["response"]), (what, a["response"]["headers"], b["response"]["headers"])
        assert a["response"]["redirectURL"] == b["response"]["redirectURL"], what
        for half in ("request", "response"):
            assert [(each["name"], each["value"]) for each in a[half]["cookies"]] == [(each["name"], each["value"]) for each in b[half]["cookies"]], (what, half)
        assert {each["name"]: urllib.parse.unquote_plus(each["value"]) for each in reversed(a["request"]["queryString"])} == \
            {each["name"]: each["value"] for each in b["request"]["queryString"]}, (what, a["request"]["queryString"], b["request"]["queryString"])
        # Without a charset everything but JSON is Latin-1 there.
        text_there = b["response"]["content"]["text"]
        latin = "encoding" not in b["response"]["content"] and not re.search("json|utf-8", b["response"]["content"]["mimeType"])
        bytes_there = text_there.encode("latin-1") if latin else body(b["response"]["content"])
        assert body(a["response"]["content"]) == bytes_there, (what, a["response"]["content"], b["response"]["content"])
        bodies += bool(body(b["response"]["content"]))
        if a["request"]["method"] == "POST":
            assert a["request"]["postData"]["mimeType"] == b["request"]["postData"]["mimeType"], what
            assert body(a["request"]["postData"]) == body(b["request"]["postData"]), (what, a["request"]["postData"], b["request"]["postData"])
        assert a["timings"]["wait"] >= 0 and b["timings"]["wait"] >= 0
    assert bodies > 15, bodies
    (socket_entry,) = [entry for entry in ours if entry["request"]["url"].startswith("wss:")]
    assert [each["data"] for each in socket_entry["_webSocketMessages"] if each["opcode"] == 1] == ["hello", "hello"]
    events = [entry for entry in ours if entry["request"]["url"].endswith("/events")]
    assert all([each["eventId"] for each in entry["_eventSourceMessages"]] == list("01234") for entry in events)
    print("%d exchanges and %d bodies are the same in both" % (len(ours), bodies))
    if os.access(BIN / "hardiff", os.X_OK):
        done = subprocess.run([BIN / "hardiff", "--summary", theirs_file, ours_file], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert done.returncode == 1, done.stderr
        places = set(re.findall(r"^ +\d+  (\S+)$", done.stdout, re.M))
        assert places == {"request.header.proxy-connection", "request.header.expect", "request.header.x-twice", "query.a", "response.cookie.a",
                          "response.cookie.b", "request.body", "response.body", "response.body/text", "message"}, done.stdout
        print("hardiff finds what is listed, and nothing else")


if __name__ == "__main__":
    each_in_a_folder([the_same_session_is_the_same_but_for_what_is_listed])
