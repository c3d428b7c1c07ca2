#!/usr/bin/python3
"""harproxy between curl and origins of its own: forward proxy with and without TLS, SOCKS, reverse proxy, chains, blind tunnels, clients that do
not trust it; and what is then in the files.

Needs curl and openssl; skipped (77) without, or failed where HARTAPE_REQUIRE_E2E=1 says that nothing may be.
"""
import asyncio
import pathlib
import re
import signal
import tempfile

from harproxy_process import BIN, Origin, Proxy, authority, certificates, check, curl, each_in_a_folder, entries, run, skip, until, urls

try:
    import websockets
except ImportError:
    skip("python3-websockets is not installed")

TLS = tempfile.TemporaryDirectory(prefix="hartape-origins-")
CERTIFICATES = certificates(pathlib.Path(TLS.name) / "tls")
CA = CERTIFICATES / "ca.pem"


def plain_http_is_recorded_in_both_forms_at_once(folder):
    har, recording = folder / "a.har", folder / "a.rec.ndjson"
    with Origin() as origin, Proxy("-o", har, "-o", recording) as proxy:
        through = ("-x", proxy.url)
        assert curl(*through, origin.url + "/hello?a=1") == b"hello from /hello?a=1"
        assert curl(*through, "-0", origin.url + "/old") == b"hello from /old"
        assert curl(*through, origin.url + "/chunks") == b"data: 0\n\ndata: 1\n\ndata: 2\n\n"
        upload = b"u" * 100_000
        (folder / "upload").write_bytes(upload)
        assert curl(*through, "-H", "Expect: 100-continue", "--data-binary", "@%s" % (folder / "upload"), origin.url + "/echo") == upload
        assert curl(*through, "-I", origin.url + "/head").startswith(b"HTTP/1.1 200")
        log = proxy.stop()
        assert "5 exchanges, " in log and str(har) in log, log
    for file in (har, recording):
        check(file)
        assert (file.stat().st_mode & 0o777) == 0o600
        found = entries(file)
        assert [entry["request"]["url"][len(origin.url):] for entry in found] == ["/hello?a=1", "/old", "/chunks", "/echo", "/head"], found
        assert found[0]["response"]["content"]["text"] == "hello from /hello?a=1", found[0]
        assert found[3]["request"]["postData"]["text"] == upload.decode() and found[3]["response"]["content"]["size"] == 100_000
        assert found[2]["response"]["content"]["text"] == "data: 0\n\ndata: 1\n\ndata: 2\n\n"
    run(BIN / "streamdiff", har, recording)


def tls_is_opened_with_our_authority(folder):
    har = folder / "a.har"
    with Origin(CERTIFICATES) as origin, Proxy("-o", har, "--trust", CA) as proxy:
        assert curl("-x", proxy.url, "--cacert", authority(), origin.url + "/a") == b"hello from /a"
        assert curl("-x", "socks5h://127.0.0.1:%d" % proxy.port, "--cacert", authority(), origin.url + "/b") == b"hello from /b"
        assert curl("-x", "socks5h://127.0.0.1:%d" % proxy.port, "--cacert", authority(), origin.url + "/c", origin.url + "/d") == \
            b"hello from /chello from /d"
        proxy.stop(signal.SIGTERM)
    check(har)
    assert urls(har) == [origin.url + path for path in ("/a", "/b", "/c", "/d")], urls(har)


def plain_http_goes_by_socks(folder):
    har = folder / "a.har"
    with Origin() as origin, Proxy("-o", har) as proxy:
        for scheme in ("socks5h", "socks5", "socks4a"):
            assert curl("-x", "%s://127.0.0.1:%d" % (scheme, proxy.port), "%s/%s" % (origin.url.replace("localhost", "127.0.0.1"), scheme))
        proxy.stop()
    check(har)
    assert [url.rsplit("/", 1)[1] for url in urls(har)] == ["socks5h", "socks5", "socks4a"], urls(har)


def an_origin_that_is_not_trusted_is_an_error_but_for_insecure_hosts(folder):
    har = folder / "a.har"
    with Origin(CERTIFICATES) as origin:
        with Proxy("-o", har) as proxy:
            assert curl("-x", proxy.url, "--cacert", authority(), "-o", "/dev/null", "-w", "%{http_code}", origin.url + "/a") == b"502"
            proxy.stop()
        check(har)
        (entry,) = entries(har)
        assert "certificate" in entry["_error"], entry
        with Proxy("-o", har, "--overwrite", "--insecure", "local*") as proxy:
            assert curl("-x", proxy.url, "--cacert", authority(), origin.url + "/a") == b"hello from /a"
            proxy.stop()
        assert [entry["response"]["status"] for entry in entries(har)] == [200]


def hosts_that_are_not_watched_are_passed_on_unopened(folder):
    har = folder / "a.har"
    with Origin(CERTIFICATES) as origin:
        for options in (("--tunnel", "localhost"), ("--watch", "api.example"), ("--ignore", "localhost")):
            with Proxy("-o", har, "--overwrite", *options) as proxy:
                # The origin's own certificate arrives, and nothing of what is said.
                assert curl("-x", proxy.url, "--cacert", CA, origin.url + "/a") == b"hello from /a"
                proxy.stop()
            check(har)
            assert entries(har) == [], options


def a_client_that_refuses_our_certificate_is_told_of(folder):
    with Origin(CERTIFICATES) as origin, Proxy("-o", folder / "a.har", "--trust", CA) as proxy:
        for _ in range(5):
            curl("-x", proxy.url, "--cacert", CA, origin.url + "/a", status=60)
        until(lambda: "certificate" in proxy.lines(), proxy.lines)
        log = proxy.stop()
        assert "localhost: the client does not trust the certificate" in log, log
        assert log.count("does not trust") == 3 and log.count("'harproxy ca' tells") == 1, log


def what_is_recorded_is_chosen(folder):
    har = folder / "a.har"
    with Origin() as origin:
        def recorded(*options):
            with Proxy("-o", har, "--overwrite", *options) as proxy:
                for path in ("/hello?token=secret-of-the-query", "/json", "/chunks"):
                    curl("-x", proxy.url, "-H", "Authorization: Bearer secret-of-the-head", origin.url + path)
                curl("-x", proxy.url, "-d", "some=thing", origin.url + "/echo")
                proxy.stop()
            check(har)
            return [url.rsplit("/", 1)[1].partition("?")[0] for url in urls(har)]

        assert recorded("--watch", "localhost") == ["hello", "json", "chunks", "echo"]
        assert recorded("--watch", "localhost/j*") == ["json"]
        assert recorded("--watch", "!*/json", "--watch", "http://localhost:*") == ["hello", "chunks", "echo"]
        assert recorded("--ignore", "*/hello*", "--ignore", "*/echo") == ["json", "chunks"]
        assert recorded("--method", "POST") == ["echo"]
        assert recorded("--type", "text/*", "--type", "!text/plain") == ["hello", "chunks", "echo"]
        assert recorded("--type", "!text/plain") == ["json", "chunks"]
        assert recorded("--header", "!Authorization") == ["echo"]
        assert recorded("--bodies", "none") == ["hello", "json", "chunks", "echo"]
        assert not any("text" in entry["response"]["content"] for entry in entries(har))
        assert recorded("--max-body", "5", "--watch", "*/hello?*") == ["hello"]
        (entry,) = entries(har)
        assert entry["response"]["content"]["text"] == "hello", entry
        assert "secret-of-the-head" in har.read_text()
        recorded("--redact", "token")
        assert "secret-of-the" not in har.read_text() and "/hello?token=REDACTED" in har.read_text()
        recorded("--redact", "token", "--no-redact-defaults")
        assert "secret-of-the-head" in har.read_text() and "secret-of-the-query" not in har.read_text()
        recorded("--redact", "default")
        assert "secret-of-the-head" not in har.read_text()


def a_reverse_proxy_needs_no_settings_in_the_client(folder):
    har = folder / "a.har"

    async def echo(socket, path="/"):
        async for message in socket:
            await socket.send(message)

    async def talk(har):
        async with websockets.serve(echo, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            with Proxy("-o", har, "--overwrite", "--target", "http://localhost:%d" % port) as proxy:
                async with websockets.connect(proxy.url.replace("http", "ws") + "/socket", ping_interval=None) as socket:
                    for message in ("one", b"\x00\xff"):
                        await socket.send(message)
                        assert await socket.recv() == message
                proxy.stop()

    with Origin(CERTIFICATES) as origin, Proxy("-o", har, "--target", origin.url, "--trust", CA) as proxy:
        assert curl(proxy.url + "/a?b") == b"hello from /a?b"
        proxy.stop()
    check(har)
    assert urls(har) == [origin.url + "/a?b"], urls(har)
    asyncio.run(talk(har))
    check(har)
    (entry,) = entries(har)
    messages = entry["_webSocketMessages"]
    assert [(each["type"], each["data"]) for each in messages if each["opcode"] < 8] == \
        [("send", "one"), ("receive", "one"), ("send", "AP8="), ("receive", "AP8=")], messages
    with Origin(CERTIFICATES) as origin, Proxy("-o", har, "--overwrite", "--target", origin.url, "--trust", CA, "--tls") as proxy:
        assert proxy.url.startswith("https://")
        assert curl("--cacert", authority(), proxy.url + "/t") == b"hello from /t"
        proxy.stop()


def proxies_stand_in_a_chain(folder):
    outer, inner = folder / "outer.har", folder / "inner.har"
    with Origin(CERTIFICATES) as origin, Origin() as plain, Proxy("-o", inner, "--trust", CA) as second:
        for upstream in (second.url, "socks5h://127.0.0.1:%d" % second.port):
            # What the outer one says to origins comes out of the inner one, which signs its own certificates.
            with Proxy("-o", outer, "--overwrite", "--upstream", upstream, "--trust", authority()) as first:
                assert curl("-x", first.url, "--cacert", authority(), origin.url + "/s") == b"hello from /s"
                assert curl("-x", first.url, plain.url + "/p") == b"hello from /p"
                first.stop()
            assert urls(outer) == [origin.url + "/s", plain.url + "/p"], urls(outer)
        with Proxy("-o", outer, "--overwrite", "--upstream", second.url, "--no-proxy", "localhost") as first:
            assert curl("-x", first.url, plain.url + "/direct") == b"hello from /direct"
            first.stop()
        second.stop()
    check(outer, inner)
    assert [url.rsplit("/", 1)[1] for url in urls(inner)] == ["s", "p", "s", "p"], urls(inner)


def an_origin_that_is_not_there_is_an_answer_and_recorded(folder):
    har = folder / "a.har"
    with Proxy("-o", har) as proxy:
        assert curl("-x", proxy.url, "-o", "/dev/null", "-w", "%{http_code}", "http://127.0.0.1:1/") == b"502"
        log = proxy.stop()
        assert "1 exchange (1 failed)" in log, log
    check(har)
    (entry,) = entries(har)
    assert entry["response"]["status"] in (0, 502) and "127.0.0.1" in entry["_error"], entry


def mocks_of_keploy_are_written_beside_a_har(folder):
    har, recording, mocks = folder / "a.har", folder / "a.rec.ndjson", folder / "keploy" / "test-set-0"
    with Origin(CERTIFICATES) as secure, Origin() as origin:
        with Proxy("-o", har, "-o", recording, "--keploy", mocks, "--trust", CA) as proxy:
            assert curl("-x", proxy.url, origin.url + "/json?a=1") == b'{"a":1}'
            assert curl("-x", proxy.url, origin.url + "/chunks") == b"data: 0\n\ndata: 1\n\ndata: 2\n\n"
            assert curl("-x", proxy.url, "--cacert", authority(), "-d", "x: y\n", secure.url + "/echo") == b"x: y\n"
            log = proxy.stop()
            assert "keploy/test-set-0: 3 mocks, " in log, log
        found = mocks / "mocks.yaml"
        assert (found.stat().st_mode & 0o777) == 0o600
        assert urls(found) == urls(har) == [origin.url + "/json?a=1", origin.url + "/chunks", secure.url + "/echo"], urls(found)
        (stream,) = (mocks / "streams").iterdir()
        assert len(stream.read_text().splitlines()) == 4, stream.read_text()
        # The same events at the same times.
        for other in (har, recording):
            run(BIN / "streamdiff", "--entry", "1", "--timing", "gap<=+1ms", other, found)
            run(BIN / "streamdiff", other, found)
        # What comes later is behind what is there.
        with Proxy("--keploy", mocks) as proxy:
            curl("-x", proxy.url, origin.url + "/later")
            proxy.stop()
        assert [entry["_keploy"]["name"] for entry in entries(found)] == ["mock-0", "mock-1", "mock-2", "mock-3"]


def test_cases_of_keploy_are_written_in_front_of_an_origin(folder):
    har, tests = folder / "a.har", folder / "set" / "tests"
    with Origin() as origin, Proxy("-o", har, "--keploy", folder / "set", "--target", origin.url) as proxy:
        curl(proxy.url + "/hello?a=1")
        curl(proxy.url + "/chunks")
        assert (tests / "test-1.yaml").exists(), "a test case is there when its exchange has ended"
        log = proxy.stop()
        assert "2 test cases, " in log, log
    assert sorted(file.name for file in tests.iterdir()) == ["test-1.yaml", "test-2.yaml"]
    assert urls(tests / "test-1.yaml") == [origin.url + "/hello?a=1"]
    run(BIN / "streamdiff", "--expected-entry", "1", "--timing", "gap<=+1ms", har, tests / "test-2.yaml")
    text = (tests / "test-2.yaml").read_text()
    times = re.findall('- ts: "(.*)"', text)
    assert len(times) == 3 and len(set(times)) == 3, text


if __name__ == "__main__":
    each_in_a_folder([plain_http_is_recorded_in_both_forms_at_once, tls_is_opened_with_our_authority, plain_http_goes_by_socks,
                      an_origin_that_is_not_trusted_is_an_error_but_for_insecure_hosts, hosts_that_are_not_watched_are_passed_on_unopened,
                      a_client_that_refuses_our_certificate_is_told_of, what_is_recorded_is_chosen,
                      a_reverse_proxy_needs_no_settings_in_the_client, proxies_stand_in_a_chain,
                      an_origin_that_is_not_there_is_an_answer_and_recorded, mocks_of_keploy_are_written_beside_a_har,
                      test_cases_of_keploy_are_written_in_front_of_an_origin])
