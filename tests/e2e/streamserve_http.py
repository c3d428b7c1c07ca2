#!/usr/bin/python3
"""streamserve before curl as HTTP has it: versions, HEAD, ranges, conditions, content codings, trailers, cookies, dates, names under
--map, CORS. What curl makes of the answers is the judge.

Needs curl; skipped (77) without, or failed where HARTAPE_REQUIRE_E2E=1 says that nothing may be.
"""
import base64
import email.utils
import gzip
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zlib

STREAMSERVE = os.path.join(os.environ["HARTAPE_BIN"], "streamserve")

if not shutil.which("curl"):
    required = os.environ.get("HARTAPE_REQUIRE_E2E") == "1"
    print("%s: curl is not installed" % ("failed" if required else "skipped"))
    sys.exit(1 if required else 77)

BODY = bytes(range(256)) * 40  # 10240 bytes, none of them text
TEXT = "".join("line %d of a text that is worth compressing\n" % n for n in range(200))


class Server:
    def __init__(self, *arguments):
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([STREAMSERVE, "--port", "0", *map(str, arguments)], stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.url = self.process.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", self.url), (self.url, self.lines())
        self.port = self.url.rsplit(":", 1)[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(20) == 0
        return self.lines()

    def lines(self):
        self.log.seek(0)
        return self.log.read()


def run(*arguments, status=0):
    done = subprocess.run(["curl", "-sS", "--noproxy", "*", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == status, (done.returncode, done.stderr, arguments)
    return done.stdout


def curl(*arguments):
    """Status, fields (a list for each name, in lower case), body."""
    with tempfile.NamedTemporaryFile() as heads:
        body = run("-D", heads.name, *arguments)
        text = pathlib.Path(heads.name).read_bytes().decode("latin-1")
    head = [block for block in text.split("\r\n\r\n") if block.startswith("HTTP/")][-1]  # trailers are in it, too
    fields = {}
    for line in head.split("\r\n")[1:]:
        name, value = line.split(":", 1)
        fields.setdefault(name.lower(), []).append(value.strip())
    return int(head.split(" ")[1]), fields, body


def write(path, *exchanges, start="2026-11-22T09:15:30.000Z"):
    """Each is (method, url, status, headers, [(time, bytes)], how it ends, trailers)."""
    lines = [{"recording": 1, "start": start} if start else {"recording": 1}]
    for number, (method, url, status, headers, pieces, *more) in enumerate(exchanges):
        lines.append({"ev": "request", "id": str(number), "t": 0, "request": {"method": method, "url": url}})
        lines.append({"ev": "response", "id": str(number), "t": 0,
                      "response": {"status": status, "headers": [{"name": n, "value": v} for n, v in headers]}})
        for at, data in pieces:
            lines.append({"ev": "data", "id": str(number), "t": at, "data64": base64.b64encode(data).decode()})
        end = {"ev": "end", "id": str(number), "t": pieces[-1][0] if pieces else 0, "reason": "eof"}
        if more:
            end["trailers"] = [{"name": n, "value": v} for n, v in more[0]]
        lines.append(end)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


TAG, MODIFIED = '"v1"', "Sat, 21 Nov 2026 09:15:30 GMT"


def a_file(folder):
    return write(folder / "file.rec.ndjson",
                 ("GET", "https://h.test/file", 200, [("Content-Type", "application/octet-stream"), ("Content-Length", "10240"), ("ETag", TAG),
                                                     ("Last-Modified", MODIFIED), ("Cache-Control", "max-age=60")],
                  [(0, BODY[:4000]), (0.02, BODY[4000:9000]), (0.04, BODY[9000:])]),
                 ("GET", "https://h.test/chunked", 200, [("Transfer-Encoding", "chunked"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Set-Cookie", "a=3")],
                  [(0, b"one\n"), (0.02, b"two\n")], [("X-Sum", "42"), ("X-Other", "1")]),
                 ("GET", "https://h.test/empty", 204, [("ETag", TAG)], []),
                 ("PUT", "https://h.test/file", 200, [("ETag", '"v2"')], [(0, b"changed")]),
                 ("GET", "https://h.test/not-modified", 304, [("ETag", TAG)], []))


def framing_is_right_for_every_version(folder):
    with Server(a_file(folder)) as server:
        for version, chunked, closed in (("--http1.1", True, False), ("--http1.0", False, True)):
            status, fields, body = curl(version, server.url + "/file")
            assert (status, body, fields["content-length"]) == (200, BODY, ["10240"]), (status, fields)
            assert "transfer-encoding" not in fields and ("connection" in fields) == closed, fields
            status, fields, body = curl(version, server.url + "/chunked")
            assert body == b"one\ntwo\n" and ("transfer-encoding" in fields) == chunked, fields
            assert fields["set-cookie"] == ["a=1", "b=2", "a=3"], fields
            assert fields.get("trailer") == (["X-Sum, X-Other"] if chunked else None), fields
            status, fields, body = curl(version, server.url + "/empty")
            assert status == 204 and body == b"" and not {"content-length", "transfer-encoding"} & set(fields), fields
        # One connection for all of them: each ends where its head says.
        log = subprocess.run(["curl", "-sSv", "--noproxy", "*", server.url + "/empty", server.url + "/chunked", server.url + "/not-modified", server.url + "/file"],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        assert log.stdout == b"one\ntwo\n" + BODY and log.stderr.count(b"Re-using existing connection") == 3, log.stderr
        kept = subprocess.run(["curl", "-sSv", "--noproxy", "*", "--http1.0", "-H", "Connection: keep-alive", server.url + "/file", server.url + "/file"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        assert kept.stdout == BODY * 2 and b"Re-using existing connection" in kept.stderr, kept.stderr
        trailers = subprocess.run(["curl", "-sS", "--noproxy", "*", "--raw", "-H", "TE: trailers", server.url + "/chunked"], stdout=subprocess.PIPE, timeout=60)
        assert trailers.stdout.endswith(b"0\r\nX-Sum: 42\r\nX-Other: 1\r\n\r\n"), trailers.stdout


def head_is_what_get_would_be(folder):
    with Server(a_file(folder)) as server:
        for path in ("/file", "/chunked", "/empty"):
            got, head = curl(server.url + path), curl("-I", server.url + path)
            assert head[:2] == got[:2] and head[2].split(b"\r\n\r\n")[1] == b"", (got[:2], head)


def ranges_are_given_as_curl_asks(folder):
    with Server(a_file(folder)) as server:
        url = server.url + "/file"
        for asked, begin, end in (("0-0", 0, 1), ("100-299", 100, 300), ("3990-4009", 3990, 4010), ("10000-", 10000, 10240), ("-100", 10140, 10240), ("0-99999", 0, 10240)):
            status, fields, body = curl("-r", asked, url)
            assert (status, body) == (206, BODY[begin:end]), (asked, status, fields)
            assert fields["content-range"] == ["bytes %d-%d/10240" % (begin, end - 1)] and fields["content-length"] == [str(end - begin)], fields
            assert fields["etag"] == [TAG], fields
        status, fields, body = curl("-r", "0-9,100-199,-5", url)
        assert status == 206 and fields["content-length"] == [str(len(body))], fields
        boundary = re.fullmatch("multipart/byteranges; boundary=(.*)", fields["content-type"][0]).group(1).encode()
        parts = [part.split(b"\r\n\r\n", 1) for part in body.split(b"--" + boundary)[1:-1]]
        assert [part[1][:-2] for part in parts] == [BODY[:10], BODY[100:200], BODY[-5:]], parts
        assert b"Content-Range: bytes 100-199/10240" in parts[1][0] and b"Content-Type: application/octet-stream" in parts[1][0], parts
        status, fields, body = curl("-r", "10240-", url)
        assert (status, fields["content-range"], body) == (416, ["bytes */10240"], b""), (status, fields)
        assert curl("-H", "Range: bytes=0-1", "-H", 'If-Range: "v2"', url)[0] == 200
        assert curl("-H", "Range: bytes=0-1", "-H", "If-Range: " + TAG, url)[0] == 206
        assert curl("-H", "Range: bytes=1-0", url)[0] == 200
        # A download that was broken off goes on.
        part = folder / "part.bin"
        part.write_bytes(BODY[:5000])
        run("-C", "-", "-o", str(part), url)
        assert part.read_bytes() == BODY
        log = server.stop()
    assert "GET /file 206 exchange 0, 240 bytes" in log and "GET /file 416 exchange 0, 0 bytes" in log, log


def conditions_are_those_that_curl_sets(folder):
    with Server(a_file(folder)) as server:
        url = server.url + "/file"
        etag = folder / "etag.txt"
        assert curl("--etag-save", str(etag), url)[0] == 200
        assert etag.read_text().strip() == TAG
        status, fields, body = curl("--etag-compare", str(etag), url)
        assert (status, body) == (304, b"") and fields["etag"] == [TAG] and fields["cache-control"] == ["max-age=60"], fields
        assert not {"content-length", "transfer-encoding", "content-type"} & set(fields), fields
        assert curl("-z", MODIFIED, url)[0] == 304
        assert curl("-z", "Fri, 20 Nov 2026 09:15:30 GMT", url)[0] == 200
        assert curl("-z", "-Fri, 20 Nov 2026 09:15:30 GMT", url)[0] == 412  # only if it is older
        assert curl("-H", 'If-None-Match: "a", W/"v1"', url)[0] == 304
        assert curl("-H", 'If-Match: "v0"', url)[0] == 412
        assert curl("-X", "PUT", "-H", "If-Match: " + TAG, url)[2] == b"changed"
        assert curl(server.url + "/not-modified")[0] == 304


def codings_are_those_that_the_client_takes(folder):
    packed, half = gzip.compress(TEXT.encode()), len(TEXT) // 2
    kept = write(folder / "coded.rec.ndjson",
                 ("GET", "https://h.test/gzip", 200, [("Content-Type", "text/plain"), ("Content-Encoding", "gzip"), ("Content-Length", str(len(packed))), ("Vary", "Accept")],
                  [(0, packed[:50]), (0.02, packed[50:])]),
                 *[("GET", "https://h.test/was-" + coding, 200, [("Content-Type", "text/plain"), ("Content-Encoding", coding), ("Content-Length", "99"), ("ETag", TAG)],
                    [(0, TEXT[:half].encode()), (0.3, TEXT[half:].encode())]) for coding in ("gzip", "deflate", "br", "zstd")])
    supported = subprocess.run(["curl", "-V"], stdout=subprocess.PIPE, text=True).stdout
    with Server(kept) as server:
        status, fields, body = curl(server.url + "/gzip")
        assert body == packed and fields["content-encoding"] == ["gzip"] and fields["content-length"] == [str(len(packed))], fields
        assert curl("--compressed", server.url + "/gzip")[2] == TEXT.encode()
        status, fields, body = curl("-H", "Accept-Encoding: br, identity", server.url + "/gzip")
        assert body == TEXT.encode() and "content-encoding" not in fields and fields["vary"] == ["Accept, Accept-Encoding"], fields
        assert fields["content-length"] == [str(len(TEXT))], fields
        assert "content-encoding" not in curl("--compressed", server.url + "/was-gzip")[1]
    with Server("--encode", "identity", kept) as server:
        assert curl("-H", "Accept-Encoding: gzip", server.url + "/gzip")[2] == TEXT.encode()
    with Server("--encode", "accept", kept) as server:
        for coding, name in (("gzip", "libz"), ("deflate", "libz"), ("br", "brotli"), ("zstd", "zstd")):
            url = server.url + "/was-" + coding
            status, fields, body = curl("-H", "Accept-Encoding: " + coding, url)
            assert fields["content-encoding"] == [coding] and fields["etag"] == ["W/" + TAG] and len(body) < half, fields
            assert fields["content-length"] == [str(len(body))], fields
            if name in supported:
                assert curl("--compressed", url)[2] == TEXT.encode(), coding
            status, fields, body = curl(url)
            assert body == TEXT.encode() and "content-encoding" not in fields, fields
            assert curl("-H", "Accept-Encoding: " + coding, "-H", 'If-None-Match: W/"v1"', url)[0] == 304
        # The first piece can be decoded before the second comes.
        process = subprocess.Popen(["curl", "-sSN", "--noproxy", "*", "-H", "Accept-Encoding: gzip", server.url + "/was-gzip"], stdout=subprocess.PIPE)
        begin, decoder, text = time.monotonic(), zlib.decompressobj(31), b""
        while len(text) < half:
            text += decoder.decompress(os.read(process.stdout.fileno(), 65536))
        assert text == TEXT[:half].encode()
        text += decoder.decompress(process.stdout.read())
        assert text == TEXT.encode() and decoder.eof and time.monotonic() - begin >= 0.2
        process.wait()


def dates_are_as_old_as_they_were(folder):
    recorded = write(folder / "dates.rec.ndjson",
                     ("GET", "https://h.test/d", 200, [("Date", "Sun, 22 Nov 2026 09:15:31 GMT"), ("Expires", "Sun, 22 Nov 2026 10:15:31 GMT"), ("Last-Modified", MODIFIED),
                                                      ("Set-Cookie", "a=1; Expires=Sun, 29-Nov-2026 09:15:31 GMT"), ("Age", "5")], [(0, b"x")]))
    with Server("--refresh-dates", recorded) as server:
        before = int(time.time())
        _, fields, _ = curl(server.url + "/d")
        date = email.utils.parsedate_to_datetime(fields["date"][0]).timestamp()
        assert before <= date - 1 <= time.time() + 1, (before, fields)
        assert email.utils.parsedate_to_datetime(fields["expires"][0]).timestamp() - date == 3600, fields
        assert fields["age"] == ["5"], fields
        cookie = fields["set-cookie"][0].split("Expires=")[1]
        assert email.utils.parsedate_to_datetime(cookie).timestamp() - date == 7 * 86400, fields
        modified = fields["last-modified"][0]
        time.sleep(1.1)
        assert curl("-z", modified, server.url + "/d")[0] == 304
    with Server(recorded) as server:
        assert curl(server.url + "/d")[1]["date"] == ["Sun, 22 Nov 2026 09:15:31 GMT"]


def names_are_those_that_the_client_uses(folder):
    page = '<a href="https://api.example/x">x</a> <script src="//cdn.example/y.js"></script> https://other.example/'
    recorded = write(folder / "names.rec.ndjson",
                     ("GET", "https://api.example/old", 302, [("Location", "https://api.example/new?a=1"), ("Set-Cookie", "s=1; Domain=api.example; Secure; SameSite=None; Path=/")], []),
                     ("GET", "https://api.example/new?a=1", 200, [("Content-Type", "text/html"), ("Link", "<https://cdn.example/y.js>; rel=preload"), ("Content-Encoding", "gzip")],
                      [(0, gzip.compress(page.encode()))]),
                     ("GET", "https://cdn.example/y.js", 200, [], [(0, b"y")]))
    with Server("--map", "localhost=api.example", "--map", "cdn.local=cdn.example", recorded) as server:
        url = "http://localhost:%s" % server.port
        _, fields, _ = curl(url + "/old")
        assert fields["location"] == [url + "/new?a=1"] and fields["set-cookie"] == ["s=1; Path=/"], fields
        # curl follows, and sends the cookie along.
        sent = subprocess.run(["curl", "-sSvL", "--noproxy", "*", "-b", "", "--compressed", url + "/old"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        assert sent.stdout.decode() == page and b"Cookie: s=1" in sent.stderr, sent.stderr
        _, fields, _ = curl(url + "/new?a=1")
        assert fields["link"] == ["<http://cdn.local:%s/y.js>; rel=preload" % server.port], fields
        assert curl("-H", "Host: cdn.local:" + server.port, server.url + "/y.js")[2] == b"y"
    with Server("--map", "localhost=api.example", "--map", "cdn.local=cdn.example", "--rewrite-bodies", "--encode", "accept", recorded) as server:
        url = "http://localhost:%s" % server.port
        for arguments, coded in (((), False), (("--compressed",), True)):
            _, fields, body = curl(*arguments, url + "/new?a=1")
            assert ("content-encoding" in fields) == coded, fields
            assert body.decode() == page.replace("https://api.example", url).replace("//cdn.example", "//cdn.local:" + server.port), body
    refused = subprocess.run([STREAMSERVE, "--rewrite-bodies", recorded], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert refused.returncode == 2 and "--map" in refused.stderr, refused


def pages_of_other_origins_may_read(folder):
    recorded = write(folder / "cors.rec.ndjson",
                     ("PUT", "https://h.test/c", 200, [("Access-Control-Allow-Origin", "https://app.example"), ("X-A", "1")], [(0, b"x")]))
    with Server("--cors", recorded) as server:
        url = server.url + "/c"
        status, fields, _ = curl("-X", "OPTIONS", "-H", "Origin: http://localhost:5173", "-H", "Access-Control-Request-Method: PUT", "-H",
                                 "Access-Control-Request-Headers: x-a, content-type", url)
        assert status == 204 and fields["access-control-allow-methods"] == ["PUT"] and fields["access-control-allow-headers"] == ["x-a, content-type"], fields
        for path, expected in (("/c", 200), ("/none", 404)):
            status, fields, _ = curl("-X", "PUT", "-H", "Origin: http://localhost:5173", server.url + path)
            assert status == expected and fields["access-control-allow-origin"] == ["http://localhost:5173"], fields
            assert fields["access-control-allow-credentials"] == ["true"], fields
        assert curl("-X", "PUT", url)[1]["access-control-allow-origin"] == ["https://app.example"]
        assert curl("-X", "PUT", "-H", "Origin: " + server.url, url)[1]["access-control-allow-origin"] == ["https://app.example"]
        assert "OPTIONS /c 204 preflight, allowed" in server.stop()
    with Server(recorded) as server:
        assert curl("-X", "OPTIONS", "-H", "Origin: http://o", "-H", "Access-Control-Request-Method: PUT", server.url + "/c")[0] == 404


def texts_are_in_their_charset(folder):
    """A browser's HAR has text in UTF-8, its charset in the header, and the size of the octets that came."""
    pages = (("latin", "iso-8859-1", "grüß €", "cp1252"), ("kanji", "Shift_JIS", "日本ソ", "cp932"), ("gbk", "gb2312", "你好,世界", "gbk"),
             ("wide", "utf-16le", "a日\U0001F600", "utf-16-le"), ("lie", "iso-8859-1", "größe", "utf-8"), ("utf8", "utf-8", "größe", "utf-8"))
    entries = [{"startedDateTime": "2026-11-22T09:15:30.000Z", "time": 1,
                "request": {"method": "POST", "url": "http://h.test/" + path, "httpVersion": "HTTP/1.1", "cookies": [], "queryString": [],
                            "headers": [{"name": "Content-Type", "value": "text/plain; charset=" + label}],
                            "postData": {"mimeType": "text/plain; charset=" + label, "text": text}, "headersSize": -1, "bodySize": len(text.encode(codec))},
                "response": {"status": 200, "statusText": "OK", "httpVersion": "HTTP/1.1", "cookies": [],
                             "headers": [{"name": "content-type", "value": "text/html; charset=" + label}],
                             "content": {"size": len(text.encode(codec)), "mimeType": "text/html", "text": text},
                             "redirectURL": "", "headersSize": -1, "bodySize": -1},
                "cache": {}, "timings": {"send": 0, "wait": 1, "receive": 0}} for path, label, text, codec in pages]
    path = folder / "charsets.har"
    path.write_text(json.dumps({"log": {"version": "1.2", "creator": {"name": "WebInspector", "version": "537.36"}, "entries": entries}}))
    with Server(path) as server:
        for name, label, text, codec in pages:
            sent = folder / "sent"
            sent.write_bytes(text.encode(codec))
            status, fields, body = curl("-H", "Content-Type: text/plain; charset=" + label, "--data-binary", "@%s" % sent, server.url + "/" + name)
            assert status == 200 and body == text.encode(codec), (name, status, body)
            assert fields["content-type"] == ["text/html; charset=" + label], fields
        assert curl("--data-binary", "another", server.url + "/kanji")[0] == 404


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        framing_is_right_for_every_version(folder)
        head_is_what_get_would_be(folder)
        ranges_are_given_as_curl_asks(folder)
        conditions_are_those_that_curl_sets(folder)
        codings_are_those_that_the_client_takes(folder)
        dates_are_as_old_as_they_were(folder)
        names_are_those_that_the_client_uses(folder)
        pages_of_other_origins_may_read(folder)
        texts_are_in_their_charset(folder)
    print("HTTP before curl: ok")


if __name__ == "__main__":
    main()
