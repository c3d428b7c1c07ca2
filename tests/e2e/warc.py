"""Archives of messages against those who write and read them: WARC files of wget, and of ours each record as the standard has it; files
of mahimahi as Protocol Buffers write them. GoReplay's files are read by a parser that does as its input_file.go does."""

import base64
import gzip
import hashlib
import http.server
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import zlib

HARCONV = os.path.join(os.environ["HARTAPE_BIN"], "harconv")
BINARY = bytes(range(256)) * 40
PAGES = {
    "/": ("text/html", b"<a href='/binary'>b</a><a href='/none'>n</a><a href='/gone'>g</a><a href='/packed'>p</a><a href='/chunks'>c</a>"),
    "/binary": ("application/octet-stream", BINARY),
    "/empty": ("text/plain", b""),
}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/moved":
            return self.answer(302, [("Location", "/binary"), ("Set-Cookie", "a=b; Path=/"), ("Set-Cookie", "c=d")], b"moved")
        if self.path == "/packed":
            return self.answer(200, [("Content-Type", "text/plain"), ("Content-Encoding", "gzip")], gzip.compress(b"packed " * 100))
        if self.path == "/chunks":
            self.send_response(200)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n")
            return None
        if self.path not in PAGES:
            return self.answer(404, [("Content-Type", "text/plain")], b"nothing")
        kind, body = PAGES[self.path]
        return self.answer(200, [("Content-Type", kind)], body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(201, [("Content-Type", "text/plain")], body[::-1])

    def answer(self, status, fields, body):
        self.send_response(status)
        for name, value in fields:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def run(*arguments, data=None, status=0):
    done = subprocess.run([HARCONV, *arguments], input=data, capture_output=True, check=False)
    assert done.returncode == status, (arguments, done.returncode, done.stderr.decode())
    return done.stdout, done.stderr.decode()


def entries(har):
    return json.loads(har)["log"]["entries"]


def body_of(entry):
    content = entry["response"]["content"]
    text = content.get("text", "")
    return base64.b64decode(text) if content.get("encoding") == "base64" else text.encode()


def members(data):
    """(offset, text) of each gzip member."""
    at = 0
    while at < len(data):
        inflater = zlib.decompressobj(31)
        text = inflater.decompress(data[at:]) + inflater.flush()
        assert inflater.eof
        yield at, text
        at = len(data) - len(inflater.unused_data)


def record_of(text):
    """A record that fills `text`: its fields and its block."""
    head, _, rest = text.partition(b"\r\n\r\n")
    lines = head.decode("utf-8").split("\r\n")
    assert lines[0] == "WARC/1.1", lines[0]
    fields = [tuple(line.split(": ", 1)) for line in lines[1:]]
    length = int(dict(fields)["Content-Length"])
    assert rest[length:] == b"\r\n\r\n", (fields, rest[length:])
    return fields, rest[:length]


def digest(data):
    return "sha1:" + base64.b32encode(hashlib.sha1(data).digest()).decode()


def check_records(data):
    """What ISO 28500 asks of the records of an archive, and of one that is compressed (Annex D). The types, in order."""
    names, types = set(), []
    for offset, text in members(data):
        assert data[offset:offset + 2] == b"\x1f\x8b"
        fields, block = record_of(text)
        one = dict(fields)
        types.append(one["WARC-Type"])
        for required in ("WARC-Record-ID", "WARC-Date", "Content-Type"):
            assert required in one, fields
        assert one["WARC-Record-ID"] not in names
        names.add(one["WARC-Record-ID"])
        for name, value in fields:
            if name in ("WARC-Concurrent-To", "WARC-Warcinfo-ID"):
                assert value in names, (name, value)
        assert one["WARC-Block-Digest"] == digest(block)
        if "WARC-Payload-Digest" in one:
            assert one["WARC-Payload-Digest"] == digest(block.partition(b"\r\n\r\n")[2]), one
        else:
            assert one["WARC-Type"] != "response" or b"chunked" in block, one
        if one["WARC-Type"] != "warcinfo":
            assert one["WARC-Target-URI"].startswith("http"), one
    assert types[0] == "warcinfo" and types.count("warcinfo") == 1
    return types


def same(one, other):
    """What an archive holds of an entry."""
    for side in ("request", "response"):
        for name in ("method", "url", "status", "statusText", "httpVersion", "headers", "queryString", "postData", "content", "cookies", "redirectURL"):
            assert one[side].get(name) == other[side].get(name), (side, name, one[side].get(name), other[side].get(name))
    assert one["startedDateTime"] == other["startedDateTime"]


def wget(folder, port):
    subprocess.run(["wget", "-q", "-O", "/dev/null", "--tries=1", "--no-proxy", "--warc-file=crawl", "--warc-dedup=/dev/null", f"http://127.0.0.1:{port}/moved",
                    *(f"http://127.0.0.1:{port}{path}" for path in ("/", "/binary", "/empty", "/packed", "/chunks", "/none"))],
                   cwd=folder, check=False)
    subprocess.run(["wget", "-q", "-O", "/dev/null", "--no-proxy", "--warc-file=post", "--no-warc-compression", "--post-data=a=1&b=2", f"http://127.0.0.1:{port}/form"],
                   cwd=folder, check=True)


def check_wget(folder, port):
    wget(folder, port)
    path = os.path.join(folder, "crawl.warc.gz")
    har, _ = run(path)
    read = {entry["request"]["url"].split("/", 3)[3]: entry for entry in entries(har)}
    assert set(read) == {"moved", "", "binary", "empty", "packed", "chunks", "none"}, set(read)
    assert json.loads(har)["log"]["creator"]["name"] == "Wget"
    assert read["moved"]["response"]["status"] == 302
    assert [field["value"] for field in read["moved"]["response"]["headers"] if field["name"] == "Set-Cookie"] == ["a=b; Path=/", "c=d"]
    assert body_of(read["binary"]) == BINARY
    assert body_of(read["chunks"]) == b"abcdefg"
    assert body_of(read["packed"]) == b"packed " * 100
    assert read["none"]["response"]["status"] == 404
    post = entries(run(os.path.join(folder, "post.warc"))[0])
    assert len(post) == 1 and post[0]["request"]["postData"]["text"] == "a=1&b=2" and body_of(post[0]) == b"2=b&1=a"

    # Ours of it, and again.
    ours = os.path.join(folder, "ours.warc.gz")
    run("-", "-o", ours, data=har)
    with open(ours, "rb") as file:
        data = file.read()
    types = check_records(data)
    assert types.count("response") == types.count("request") == len(entries(har)), types
    assert gzip.decompress(data) == run("-", "--to", "warc", data=har)[0]
    again = entries(run(ours)[0])
    assert len(again) == len(entries(har))
    for one, other in zip(entries(har), again):
        same(one, other)
    # Each record can be read from its offset on.
    offsets = [offset for offset, _ in members(data)]
    assert len(entries(run("-", data=data[offsets[len(types) - 1 - types[::-1].index("response")]:])[0])) == 1
    # A cut archive gives what is whole, and says so.
    cut, said = run("-", data=data[:len(data) - 40], status=2)
    assert entries(cut) and "error" in said
    return har


def check_warcio(folder):
    try:
        from warcio.archiveiterator import ArchiveIterator
    except ImportError:
        print("skipped: warcio is not installed")
        return
    with open(os.path.join(folder, "ours.warc.gz"), "rb") as file:
        for record in ArchiveIterator(file, check_digests="raise"):
            record.content_stream().read()


def gor_records(data):
    """As GoReplay reads a file: line by line, up to a line of the separator."""
    separator = "🐵🙈🙉\n".encode()
    buffer, out = b"", []
    for line in io.BytesIO(data):
        if line == separator:
            meta, _, message = buffer[:-1].partition(b"\n")
            kind, identity, time, duration = meta.split(b" ")
            out.append((kind, identity, int(time), int(duration), message))
            buffer = b""
        else:
            buffer += line
    return out


def check_gor(har):
    wanted = entries(har)
    data, _ = run("-", "--to", "gor", data=har)
    records = gor_records(data)
    assert len(records) == 2 * len(wanted)
    for entry, asked, answered in zip(wanted, records[0::2], records[1::2]):
        assert asked[0] == b"1" and answered[0] == b"2" and asked[1] == answered[1] and len(asked[1]) == 24
        assert asked[4].startswith(f"{entry['request']['method']} /".encode())
        assert answered[4].startswith(f"HTTP/1.1 {entry['response']['status']} ".encode())
        assert answered[2] >= asked[2] > 1_600_000_000_000_000_000
    for one, other in zip(wanted, entries(run("-", data=gzip.compress(data))[0])):
        same(one, other)


def check_mahimahi(folder):
    try:
        from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
    except ImportError:
        print("skipped: python3-protobuf is not installed")
        return
    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="http_record.proto", package="m")

    def add(name, *fields):
        message = file.message_type.add(name=name)
        for number, (member, kind, repeated, of) in enumerate(fields, 1):
            message.field.add(name=member, number=number, type=kind, type_name=of or None,
                              label=field.LABEL_REPEATED if repeated else field.LABEL_OPTIONAL)

    add("HTTPHeader", ("key", field.TYPE_BYTES, False, ""), ("value", field.TYPE_BYTES, False, ""))
    add("HTTPMessage", ("first_line", field.TYPE_BYTES, False, ""), ("header", field.TYPE_MESSAGE, True, ".m.HTTPHeader"), ("body", field.TYPE_BYTES, False, ""))
    add("RequestResponse", ("ip", field.TYPE_STRING, False, ""), ("port", field.TYPE_UINT32, False, ""), ("scheme", field.TYPE_INT32, False, ""),
        ("request", field.TYPE_MESSAGE, False, ".m.HTTPMessage"), ("response", field.TYPE_MESSAGE, False, ".m.HTTPMessage"))
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    descriptor = pool.FindMessageTypeByName("m.RequestResponse")
    made = getattr(message_factory, "GetMessageClass", None)
    exchange = (made(descriptor) if made else message_factory.MessageFactory(pool).GetPrototype(descriptor))()
    exchange.ip, exchange.port, exchange.scheme = "10.0.0.1", 443, 2
    exchange.request.first_line = b"GET /a?b=c HTTP/1.1"
    exchange.request.header.add(key=b"Host", value=b"a.example")
    exchange.response.first_line = b"HTTP/1.1 200 OK"
    exchange.response.header.add(key=b"Transfer-Encoding", value=b"chunked")
    exchange.response.body = b"a00\r\n" + BINARY[:0xa00] + b"\r\n0\r\n\r\n"
    path = os.path.join(folder, "save.aBcDeF")
    with open(path, "wb") as out:
        out.write(exchange.SerializeToString())
    read = entries(run(path)[0])
    assert read[0]["request"]["url"] == "https://a.example/a?b=c" and body_of(read[0]) == BINARY[:0xa00] and read[0]["serverIPAddress"] == "10.0.0.1"


if not shutil.which("wget"):
    print("skipped: wget is not installed")
    sys.exit(77)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
with tempfile.TemporaryDirectory(prefix="hartape-warc-") as scratch:
    crawl = check_wget(scratch, server.server_address[1])
    check_warcio(scratch)
    check_gor(crawl)
    check_mahimahi(scratch)
print("ok")
