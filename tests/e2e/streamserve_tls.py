#!/usr/bin/python3
"""streamserve over TLS and as a forward proxy, before clients that know nothing of it: curl, openssl, Python's ssl and websockets.

Needs curl, openssl and python3-websockets; skipped (77) without, or failed where HARTAPE_REQUIRE_E2E=1 says that nothing may be.
"""
import asyncio
import json
import os
import pathlib
import re
import shutil
import socket
import ssl
import stat
import subprocess
import sys
import tempfile


def skip(reason):
    required = os.environ.get("HARTAPE_REQUIRE_E2E") == "1"
    print("%s: %s" % ("failed" if required else "skipped", reason))
    sys.exit(1 if required else 77)


try:
    import websockets
except ImportError:
    skip("python3-websockets is not installed")
for needed in ("curl", "openssl"):
    if not shutil.which(needed):
        skip(needed + " is not installed")

STREAMSERVE = os.path.join(os.environ["HARTAPE_BIN"], "streamserve")
TIMEOUT_S = 60
# No proxy but the one that a test names.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}


def exchange(number, url, text, status=200, kind="http", headers=()):
    name = str(number)
    all_headers = [{"name": "Content-Type", "value": "text/event-stream" if kind == "sse" else "text/plain"}]
    all_headers += [{"name": key, "value": value} for key, value in headers]
    events = [{"ev": "request", "id": name, "t": 0, "request": {"method": "GET", "url": url}},
              {"ev": "response", "id": name, "t": 0, "kind": kind, "response": {"status": status, "headers": all_headers}}]
    for part in text if isinstance(text, list) else [text]:
        events.append({"ev": "data", "id": name, "t": 0, "data": part})
    return events + [{"ev": "end", "id": name, "t": 0, "reason": "eof"}]


def conversation(number, url):
    name = str(number)
    upgrade = [{"name": "Upgrade", "value": "websocket"}, {"name": "Connection", "value": "Upgrade"}]
    return [{"ev": "request", "id": name, "t": 0, "request": {"method": "GET", "url": url, "headers": upgrade}},
            {"ev": "response", "id": name, "t": 0, "kind": "websocket", "response": {"status": 101, "headers": upgrade}},
            {"ev": "message", "id": name, "t": 0, "dir": "receive", "opcode": 1, "data": "one"},
            {"ev": "message", "id": name, "t": 0.01, "dir": "receive", "opcode": 2, "data64": "AQID"},
            {"ev": "close", "id": name, "t": 0.02, "dir": "receive", "code": 1000, "reason": "bye"},
            {"ev": "end", "id": name, "t": 0.02, "reason": "eof"}]


def write_recording(folder):
    path = folder / "tls.rec.ndjson"
    events = (exchange(1, "https://api.example/v1", "secure") + exchange(2, "http://old.example/page", "", 301, headers=[("Location", "https://old.example/page")])
              + exchange(3, "https://old.example/page", "moved here") + exchange(4, "https://api.example:8443/port", "other port")
              + exchange(5, "https://api.example/events", ["data: 1\n\n", "data: 2\n\n"], kind="sse")
              + exchange(6, "http://plain.example/", "was plain") + conversation(7, "wss://api.example/socket") + exchange(8, "https://api.example/big", "x" * 300000))
    path.write_text("".join(json.dumps(event) + "\n" for event in [{"recording": 1}] + events))
    return path


class Server:
    def __init__(self, *arguments, environment=ENVIRONMENT):
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([STREAMSERVE, "--port", "0", *map(str, arguments)], stdout=subprocess.PIPE, stderr=self.log,
                                        text=True, env=environment)
        self.url = self.process.stdout.readline().strip()
        assert re.fullmatch(r"https?://(127\.0\.0\.1|\[::1\]):\d+", self.url), (self.url, self.lines())
        self.port = int(self.url.rsplit(":", 1)[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def lines(self):
        self.log.seek(0)
        return self.log.read()


def run(*command, given=b"", status=0):
    done = subprocess.run([str(part) for part in command], input=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIMEOUT_S,
                          env=ENVIRONMENT)
    assert done.returncode == status, (command, done.returncode, done.stdout[-2000:], done.stderr[-2000:])
    return done


def curl(*arguments, status=0):
    return run("curl", "-sSN", *arguments, status=status).stdout.decode()


def the_authority_is_made_once_and_for_the_user_alone(folder):
    place = folder / "made" / "ca"
    commands = [subprocess.Popen([STREAMSERVE, "--ca", str(place), "--print-ca"], stdout=subprocess.PIPE, text=True) for _ in range(8)]
    outputs = {command.communicate(timeout=TIMEOUT_S)[0] for command in commands}
    assert outputs == {"%s/ca.pem\n" % place}, outputs
    assert all(command.returncode == 0 for command in commands)
    assert stat.S_IMODE(place.stat().st_mode) == 0o700 and stat.S_IMODE((place / "ca-key.pem").stat().st_mode) == 0o600
    assert sorted(each.name for each in place.iterdir()) == ["ca-key.pem", "ca.pem"]
    text = run("openssl", "x509", "-noout", "-text", "-in", place / "ca.pem").stdout.decode()
    assert "CA:TRUE, pathlen:0" in text and "Certificate Sign" in text, text
    # The usual place.
    home = folder / "home"
    for environment, expected in (({"HOME": str(home)}, home / ".local/share/hartape/ca/ca.pem"),
                                  ({"HOME": str(home), "XDG_DATA_HOME": str(folder / "data")}, folder / "data/hartape/ca/ca.pem")):
        done = subprocess.run([STREAMSERVE, "--print-ca"], stdout=subprocess.PIPE, text=True, timeout=TIMEOUT_S, env=environment)
        assert (done.returncode, done.stdout) == (0, "%s\n" % expected), done
    (place / "ca-key.pem").chmod(0o644)
    refused = run(STREAMSERVE, "--ca", place, "--print-ca", status=2)
    assert b"the key is open to others (mode 0644)" in refused.stderr and b"chmod 600" in refused.stderr, refused


def curl_over_tls(folder, ca, recording):
    with Server("--tls", "--ca", ca, recording) as server:
        trusted = ("--noproxy", "*", "--cacert", ca / "ca.pem")
        assert server.url.startswith("https://")
        for more in ((), ("--tlsv1.3",), ("--tls-max", "1.2"), ("--http2",), ("--no-alpn",)):
            assert curl(*trusted, *more, server.url + "/v1") == "secure", more
        assert curl(*trusted, server.url + "/events") == "data: 1\n\ndata: 2\n\n"
        assert curl(*trusted, server.url + "/big") == "x" * 300000
        assert curl(*trusted, "https://localhost:%d/v1" % server.port) == "secure"
        # The name that a client asks for, with the address of this place.
        assert curl(*trusted, "--connect-to", "api.example:443:127.0.0.1:%d" % server.port, "https://api.example/v1") == "secure"
        curl("--noproxy", "*", server.url + "/v1", status=60)
        assert "closed: the client does not trust the certificate: unknown CA\n" in server.lines(), server.lines()
        plain = curl("--noproxy", "*", "-w", "%{http_code}", "http://127.0.0.1:%d/v1" % server.port)
        assert plain == '{"error":"this port speaks TLS: the address begins with https://"}\n400', plain
        curl(*trusted, "--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0", server.url + "/v1", status=35)
    with Server("--tls", "--ca", ca, "--host", "::1", recording) as server:
        assert curl(*trusted, "-g", server.url + "/v1") == "secure"


def openssl_without_a_name_and_with_other_protocols(folder, ca, recording):
    with Server("--tls", "--ca", ca, recording) as server:
        def s_client(*arguments, given=b"", status=0):
            done = run("openssl", "s_client", "-connect", "127.0.0.1:%d" % server.port, "-CAfile", ca / "ca.pem", *arguments, given=given,
                       status=status)
            return (done.stdout + done.stderr).decode()
        said = s_client("-noservername", "-verify_return_error", "-verify_ip", "127.0.0.1")
        assert "Verification: OK" in said, said
        said = s_client("-noservername", "-verify_return_error", "-verify_ip", "127.0.0.2", status=1)
        assert "IP address mismatch" in said, said
        said = s_client("-servername", "a.b.example", "-verify_return_error", "-verify_hostname", "a.b.example", "-x509_strict")
        assert "Verification: OK" in said, said
        said = s_client("-alpn", "h2", status=1)
        assert "alert no application protocol" in said, said
        said = s_client("-alpn", "h2,http/1.1")
        assert "ALPN protocol: http/1.1" in said, said
        said = s_client("-tls1_2", "-quiet", "-ign_eof", given=b"GET /v1 HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n\r\n")
        assert "\r\n6\r\nsecure\r\n0\r\n\r\n" in said, said
        assert "closed: the client does not offer HTTP/1.1\n" in server.lines(), server.lines()


def a_given_certificate_is_served_whatever_the_name(folder, ca, recording):
    own = folder / "own"
    own.mkdir()
    for kind, options in (("rsa", ("-newkey", "rsa:2048")), ("ec", ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"))):
        files = {name: own / (kind + name) for name in ("cert.pem", "key.pem", "locked.pem")}
        run("openssl", "req", "-x509", *options, "-nodes", "-days", "2", "-subj", "/CN=own.example", "-addext", "subjectAltName=DNS:own.example",
            "-keyout", files["key.pem"], "-out", files["cert.pem"])
        with Server("--tls", "--ignore-host", "--cert", files["cert.pem"], "--key", files["key.pem"], recording) as server:
            assert curl("--noproxy", "*", "--cacert", files["cert.pem"], "--connect-to", "own.example:443:127.0.0.1:%d" % server.port,
                        "https://own.example/v1") == "secure"
            curl("--noproxy", "*", "--cacert", files["cert.pem"], server.url + "/v1", status=60)  # another name
        run("openssl", "pkey", "-aes128", "-passout", "pass:secret", "-in", files["key.pem"], "-out", files["locked.pem"])
        refused = run(STREAMSERVE, "--tls", "--cert", files["cert.pem"], "--key", files["locked.pem"], recording, status=2)
        assert b"the key asks for a passphrase" in refused.stderr and not refused.stdout, refused
    refused = run(STREAMSERVE, "--tls", "--cert", own / "rsacert.pem", "--key", own / "eckey.pem", recording, status=2)
    assert b"the key is not that of the first certificate" in refused.stderr, refused


def curl_through_the_proxy(folder, ca, recording):
    with Server("--ca", ca, recording) as server:
        through = ("--proxy", server.url, "--cacert", ca / "ca.pem")
        assert curl(*through, "https://api.example/v1") == "secure"
        assert curl(*through, "https://api.example:8443/port") == "other port"
        assert curl(*through, "http://api.example/v1") == "secure"  # absolute form; it was recorded as https
        assert curl(*through, "--proxytunnel", "http://plain.example/") == "was plain"
        assert curl(*through, "https://plain.example/") == "was plain"
        assert curl(*through, "https://api.example/events") == "data: 1\n\ndata: 2\n\n"
        # What was recorded under both schemes is answered by the one that is asked for.
        assert curl(*through, "-L", "-w", " %{num_redirects}", "http://old.example/page") == "moved here 1"
        assert curl(*through, "-w", " %{num_redirects}", "https://old.example/page") == "moved here 0"
        miss = json.loads(curl(*through, "https://nobody.example/v1"))
        assert miss["error"] == "no exchange was recorded for GET /v1", miss
        # Two requests in one tunnel.
        both = run("curl", "-sSv", *through, "https://api.example/v1", "https://api.example/v1")
        assert both.stdout == b"securesecure" and b"Re-using existing connection" in both.stderr, both
        assert both.stderr.count(b"CONNECT api.example:443 HTTP/1.1") == 1, both
        curl("--proxy", server.url, "https://api.example/v1", status=60)
    with Server("--tls", "--ca", ca, recording) as server:  # TLS to the proxy, and TLS through it
        through = ("--proxy", server.url, "--proxy-cacert", ca / "ca.pem", "--cacert", ca / "ca.pem")
        assert curl(*through, "https://api.example/v1") == "secure"
        assert curl(*through, "https://api.example/big") == "x" * 300000
        assert curl(*through, "http://api.example/v1") == "secure"
    # The authority is made when the first tunnel wants it.
    home = folder / "late"
    environment = {**ENVIRONMENT, "XDG_DATA_HOME": str(home)}
    with Server(recording, environment=environment) as server:
        assert curl("--noproxy", "*", server.url + "/v1") == "secure"
        assert not home.exists()
        curl("--proxy", server.url, "https://api.example/v1", status=60)
        assert curl("--proxy", server.url, "--cacert", home / "hartape/ca/ca.pem", "https://api.example/v1") == "secure"
    (home / "hartape/ca/ca-key.pem").chmod(0o640)
    with Server(recording, environment=environment) as server:
        curl("--proxy", server.url, "https://api.example/v1", status=35)
        assert "the key is open to others" in server.lines(), server.lines()


def connect(server, authority):
    tunnel = socket.create_connection(("127.0.0.1", server.port), TIMEOUT_S)
    tunnel.sendall(("CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (authority, authority)).encode())
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += tunnel.recv(1)
    assert answer == b"HTTP/1.1 200 Connection established\r\n\r\n", answer
    return tunnel


def python_that_trusts_by_its_environment(folder, ca, recording):
    program = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1]).read().decode())"
    with Server("--tls", "--ca", ca, recording) as server, Server("--ca", ca, recording) as proxy:
        for url, more in ((server.url + "/v1", {}), ("https://api.example/v1", {"https_proxy": proxy.url})):
            for trusted, status in ((ca / "ca.pem", 0), ("/dev/null", 1)):
                done = subprocess.run([sys.executable, "-c", program, url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                      timeout=TIMEOUT_S, env={**ENVIRONMENT, **more, "SSL_CERT_FILE": str(trusted)})
                assert (done.returncode, done.stdout) == (status, "" if status else "secure\n"), done
                assert status == 0 or "CERTIFICATE_VERIFY_FAILED" in done.stderr, done


def python_in_a_tunnel(folder, ca, recording):
    context = ssl.create_default_context(cafile=ca / "ca.pem")
    with Server("--ca", ca, recording) as server:
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context.minimum_version = context.maximum_version = version
            with connect(server, "api.example:443") as tunnel, context.wrap_socket(tunnel, server_hostname="api.example") as secure:
                secure.sendall(b"GET /v1 HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n\r\n")
                answer = b""
                while piece := secure.recv(65536):  # an end without a farewell raises an error
                    answer += piece
                assert answer.endswith(b"\r\n\r\n6\r\nsecure\r\n0\r\n\r\n"), answer
        for name in ("192.0.2.7", "2001:db8::7"):  # certificates of addresses
            authority = "[%s]:443" % name if ":" in name else name + ":443"
            with connect(server, authority) as tunnel, context.wrap_socket(tunnel, server_hostname=name) as secure:
                secure.sendall(b"GET /v1 HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n\r\n")
                assert secure.recv(65536).startswith(b"HTTP/1.1 200 ")


async def receive(url, **options):
    arrived = []
    async with websockets.connect(url, **options) as connection:
        async for message in connection:
            arrived.append(message)
        return arrived, connection.close_code, connection.close_reason


CONVERSATION = (["one", b"\1\2\3"], 1000, "bye")


def websockets_in_a_tunnel(folder, ca, recording):
    with Server("--ca", ca, recording) as server:
        assert asyncio.run(receive("ws://api.example/socket", sock=connect(server, "api.example:80"))) == CONVERSATION


with tempfile.TemporaryDirectory(prefix="hartape-tls-") as name:
    root = pathlib.Path(name)
    authority = root / "authority"
    run(STREAMSERVE, "--ca", authority, "--print-ca")
    tests = [the_authority_is_made_once_and_for_the_user_alone]
    tests += [lambda folder, test=test: test(folder, authority, write_recording(root))
              for test in (curl_over_tls, openssl_without_a_name_and_with_other_protocols, a_given_certificate_is_served_whatever_the_name,
                           curl_through_the_proxy, python_that_trusts_by_its_environment, python_in_a_tunnel, websockets_in_a_tunnel)]
    for index, test in enumerate(tests):
        place = root / str(index)
        place.mkdir()
        test(place)
    print("%d passed" % len(tests))
