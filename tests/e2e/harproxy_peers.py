#!/usr/bin/python3
"""What clients do beside the usual, through harproxy and directly: HTTP/1.0, Expect, trailers, ranges, uploads of unknown length, kept connections, IPv6;
python-requests, urllib3 and websockets; and addresses that lead back to the proxy.

Needs curl, openssl, python3-requests and python3-websockets; skipped (77) without, or failed where HARTAPE_REQUIRE_E2E=1 says that nothing may be.
"""
import asyncio
import contextlib
import json
import pathlib
import socket
import ssl
import tempfile
import threading

from harproxy_process import HARPROXY, LIMIT, Proxy, authority, certificates, check, curl, each_in_a_folder, entries, run, skip, urls

try:
    import websockets
    import requests  # noqa: F401: of the programs that are started
except ImportError as error:
    skip("%s is not installed" % error.name)

TLS = tempfile.TemporaryDirectory(prefix="hartape-origins-")
CERTIFICATES = certificates(pathlib.Path(TLS.name) / "tls")
CA = CERTIFICATES / "ca.pem"


class Raw:
    """An origin that answers each request with what `answer` makes of its head and body, byte for byte, and keeps what it was sent."""

    def __init__(self, answer, family=socket.AF_INET, tls=False):
        self.answer = answer
        self.seen = []
        self.listener = socket.create_server(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0), family=family)
        self.port = self.listener.getsockname()[1]
        self.context = None
        if tls:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(CERTIFICATES / "leaf.pem", CERTIFICATES / "leaf.key")
        self.url = "%s://localhost:%d" % ("https" if tls else "http", self.port)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        try:
            client.settimeout(LIMIT)
            if self.context:
                client = self.context.wrap_socket(client, server_side=True)
            file = client.makefile("rwb")
            while True:
                head = b""
                while not head.endswith(b"\r\n\r\n"):
                    line = file.readline()
                    if not line:
                        return
                    head += line
                lower = head.lower()
                if b"expect: 100-continue" in lower:
                    file.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                    file.flush()
                body = b""
                if b"transfer-encoding: chunked" in lower:
                    while True:
                        line = file.readline()
                        size = int(line.split(b";")[0], 16)
                        if size == 0:
                            while file.readline() != b"\r\n":
                                pass
                            break
                        body += file.read(size)
                        file.readline()
                elif b"content-length: " in lower:
                    body = file.read(int(lower.split(b"content-length: ")[1].split(b"\r\n")[0]))
                self.seen.append((head, body))
                answer = self.answer(head, body)
                file.write(answer)
                file.flush()
                if b"connection: close" in answer.lower() or head.split(b"\r\n")[0].endswith(b"HTTP/1.0"):
                    return
        except (OSError, ValueError):
            pass
        finally:
            client.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


def plain(body, fields=b""):
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n" + fields + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


LARGE = bytes(i * 7 % 251 for i in range(300_000))


def answer(head, body):
    method, target, _ = head.split(b"\r\n")[0].split(b" ")
    lower = head.lower()
    if target == b"/trailers":
        return (b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
                b"5;ext=1\r\nhello\r\n0\r\nX-Sum: 5\r\n\r\n")
    if target == b"/range":
        first, last = map(int, lower.split(b"range: bytes=")[1].split(b"\r\n")[0].split(b"-"))
        part = LARGE[first:last + 1]
        return (b"HTTP/1.1 206 Partial Content\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes %d-%d/%d\r\nContent-Length: %d\r\n\r\n" %
                (first, last, len(LARGE), len(part))) + part
    if target == b"/close":
        return b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nuntil the end"
    if target == b"/refused":
        return b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n"
    return plain(body or b"hello from " + target, b"X-Odd:  spaces \r\nX-odd: again\r\n")


def curl_gets_through_it_what_it_gets_directly(folder):
    har = folder / "a.har"
    (folder / "upload").write_bytes(LARGE)
    cases = [
        ("/old", "-0"), ("/plain",), ("/trailers",), ("/range", "-r", "100-1099"), ("/close",), ("/refused", "--anyauth", "-u", "a:b"), ("/head", "-I"),
        ("/expect", "-H", "Expect: 100-continue", "--data-binary", "@%s" % (folder / "upload")),
        ("/chunked", "-H", "Transfer-Encoding: chunked", "-T", folder / "upload"), ("/put", "-T", folder / "upload"),
        ("/form", "-F", "a=b", "-F", "file=@%s;type=image/x" % (folder / "upload")), ("/method", "-X", "PROPFIND"), ("/query?a=%20b&c[]=1&a=2", "-g"),
        ("/compressed", "--compressed"),
    ]
    for tls in (False, True):
        with Raw(answer, tls=tls) as origin, Proxy("-o", har, "--overwrite", "--trust", CA) as proxy:
            for path, *options in cases:
                # With the head, as it came; a form's boundary is another each time.
                form = path == "/form"
                direct = curl("-i", "--cacert", CA, origin.url + path, *options)
                sent = [each for each in origin.seen]
                origin.seen.clear()
                for way in (("-x", proxy.url), ("--socks5-hostname", "127.0.0.1:%d" % proxy.port)):
                    through = curl("-i", *way, "--cacert", authority(), "--suppress-connect-headers", origin.url + path, *options)
                    assert form or through == direct, (path, way, direct[:300], through[:300])
                    assert form or origin.seen == sent, (path, way, [head for head, _ in sent], [head for head, _ in origin.seen])
                    assert len(through) == len(direct)
                    origin.seen.clear()
            proxy.stop()
        check(har)
        found = entries(har)
        # --anyauth asks twice.
        assert len(found) == 2 * (len(cases) + 1), len(found)
        trailers = [entry for entry in found if entry["request"]["url"].endswith("/trailers")]
        assert all(entry["response"]["_trailers"] == [{"name": "X-Sum", "value": "5"}] for entry in trailers), trailers
        assert [entry["response"]["status"] for entry in found if entry["request"]["url"].endswith("/range")] == [206, 206]
        assert {entry["request"]["httpVersion"] for entry in found if entry["request"]["url"].endswith("/old")} == {"HTTP/1.0"}


def an_origin_with_ipv6_is_reached(folder):
    har = folder / "a.har"
    try:
        origin = Raw(answer, socket.AF_INET6)
    except OSError:
        print("there is no IPv6 here: not tried")
        return
    with origin, Proxy("-o", har) as proxy:
        url = "http://[::1]:%d/v6" % origin.port
        assert curl("-g", "-x", proxy.url, url) == b"hello from /v6"
        assert curl("-g", "--socks5-hostname", "127.0.0.1:%d" % proxy.port, url) == b"hello from /v6"
        assert curl("-g", "-p", "-x", proxy.url, url) == b"hello from /v6"
        proxy.stop()
    check(har)
    assert urls(har) == [url] * 3, urls(har)
    assert {entry["serverIPAddress"] for entry in entries(har)} == {"::1"}


REQUESTS = """
import requests, sys
url = sys.argv[1]
with requests.Session() as session:
    print(session.get(url + "/one").text)
    print(session.post(url + "/two", data={"a": "b c", "e": "\\u00e9"}).text)
    print(session.post(url + "/three", json={"a": [1, 2.5, None]}).text)
    print(session.put(url + "/four", data=(piece for piece in (b"in ", b"pieces"))).text)
    print(session.get(url + "/close").text)
    with session.get(url + "/trailers", stream=True) as answer:
        print(b"".join(answer.iter_content(2)).decode())
"""
URLLIB3 = """
import os, ssl, sys, urllib3
pool = urllib3.ProxyManager(os.environ["HTTPS_PROXY"], ca_certs=os.environ["SSL_CERT_FILE"])
print(pool.request("GET", sys.argv[1] + "/u").data.decode())
print(pool.request("POST", sys.argv[1] + "/u", fields={"file": ("n", b"x" * 10)}).data.decode().count("x" * 10))
"""


def pythons_clients_are_recorded(folder):
    har = folder / "a.har"
    with Raw(answer, tls=True) as origin:
        options = ("run", "-o", har, "--trust", CA, "--overwrite", "--")
        said = run(HARPROXY, *options, "/usr/bin/python3", "-c", REQUESTS, origin.url).decode()
        assert said == 'hello from /one\na=b+c&e=%C3%A9\n{"a": [1, 2.5, null]}\nin pieces\nuntil the end\nhello\n', said
        check(har)
        found = entries(har)
        assert [entry["request"]["url"].rsplit("/", 1)[1] for entry in found] == ["one", "two", "three", "four", "close", "trailers"]
        assert [(each["name"], each["value"]) for each in found[1]["request"]["postData"]["params"]] == [("a", "b c"), ("e", "é")]
        assert json.loads(found[2]["request"]["postData"]["text"]) == {"a": [1, 2.5, None]}
        assert found[3]["request"]["postData"]["text"] == "in pieces"
        # The session keeps its connection until it is closed.
        assert [entry.get("_connectionReused", False) for entry in found] == [False, True, True, True, True, False]
        said = run(HARPROXY, *options, "/usr/bin/python3", "-c", URLLIB3, origin.url).decode()
        assert said == "hello from /u\n1\n", said
        check(har)
        assert [entry["request"]["method"] for entry in entries(har)] == ["GET", "POST"]


def websockets_talk_through_a_tunnel(folder):
    har = folder / "a.har"
    closed = []

    async def echo(client, path="/"):
        with contextlib.suppress(websockets.ConnectionClosed):  # 4003 is no usual end
            while True:
                await client.send(await client.recv())
        closed.append((client.close_code, client.close_reason))

    async def talk():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATES / "leaf.pem", CERTIFICATES / "leaf.key")
        async with websockets.serve(echo, "127.0.0.1", 0, ssl=context) as server:
            port = server.sockets[0].getsockname()[1]
            with Proxy("-o", har, "--trust", CA) as proxy:
                tunnel = socket.create_connection(("127.0.0.1", proxy.port), LIMIT)
                tunnel.sendall(b"CONNECT localhost:%d HTTP/1.1\r\nHost: localhost:%d\r\n\r\n" % (port, port))
                assert tunnel.recv(1000).startswith(b"HTTP/1.1 200")
                tunnel.setblocking(False)
                trusted = ssl.create_default_context(cafile=authority())
                async with websockets.connect("wss://localhost:%d/talk" % port, sock=tunnel, ssl=trusted, server_hostname="localhost",
                                              ping_interval=None) as client:
                    assert client.extensions, "permessage-deflate was not agreed on"
                    for message in ("é 😀", b"\x00\xff", "", "z" * 200_000):
                        await client.send(message)
                        assert await client.recv() == message
                    await client.send(["in ", "pieces"])
                    assert await client.recv() == "in pieces"
                    await (await client.ping(b"now"))
                    await client.close(4003, "done")
                await asyncio.get_running_loop().run_in_executor(None, proxy.stop)

    asyncio.run(talk())
    assert closed == [(4003, "done")], closed
    check(har)
    (entry,) = entries(har)
    expected = ["é 😀", "AP8=", "", "z" * 200_000, "in pieces"]
    for way in ("send", "receive"):
        assert [each["data"] for each in entry["_webSocketMessages"] if each["type"] == way and each["opcode"] < 8] == expected, way
    assert entry["_webSocketClose"]["code"] == 4003 and entry["_webSocketClose"]["reason"] == "done"


def what_leads_back_to_the_proxy_ends(folder):
    har = folder / "a.har"
    with Proxy("-o", har) as proxy:
        for host in ("127.0.0.1", "localhost"):
            url = "http://%s:%d/again" % (host, proxy.port)
            assert b"is this proxy itself" in curl("-x", proxy.url, url)
            assert b"is this proxy itself" in curl("-p", "-x", proxy.url, url)
            assert b"is this proxy itself" in curl("--socks5-hostname", "127.0.0.1:%d" % proxy.port, url)
            assert b"is this proxy itself" in curl("-x", proxy.url, "--cacert", authority(), url.replace("http", "https"))
        log = proxy.stop()
        assert "8 exchanges (8 failed)" in log, log
    check(har)
    assert {entry["_error"] for entry in entries(har)} == {"%s:%d is this proxy itself" % (host, proxy.port) for host in ("127.0.0.1", "localhost")}
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    for options in (("--target", "http://localhost:%d" % port), ("--upstream", "http://localhost:%d" % port), ("--upstream", "socks5h://localhost:%d" % port)):
        with Proxy("--port", port, "-o", har, "--overwrite", *options) as proxy:
            way = () if options[0] == "--target" else ("-x", proxy.url)
            assert b"is this proxy itself" in curl(*way, proxy.url + "/again" if not way else "http://a.example/again"), options
            log = proxy.stop()
            assert "1 exchange (1 failed)" in log, log


if __name__ == "__main__":
    each_in_a_folder([curl_gets_through_it_what_it_gets_directly, an_origin_with_ipv6_is_reached, pythons_clients_are_recorded,
                      websockets_talk_through_a_tunnel, what_leads_back_to_the_proxy_ends])
