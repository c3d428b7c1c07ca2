"""Captures with bytes that the test itself has sent, in plain text and over TLS with its keys, as the installed tshark shows them: what
is read is what was sent, with -x and, where it is text, without."""

import base64
import gzip
import json
import os
import shutil
import ssl
import struct
import subprocess
import sys
import tempfile
import zlib

BIN = os.environ["HARTAPE_BIN"]
START = 1_800_000_000


def skip(reason):
    required = os.environ.get("HARTAPE_REQUIRE_E2E") == "1"
    print(f"{'failed' if required else 'skipped'}: {reason}")
    sys.exit(1 if required else 77)


if shutil.which("tshark") is None:
    skip("tshark is not installed")
if shutil.which("openssl") is None:
    skip("openssl is not installed")
folder = tempfile.mkdtemp(prefix="hartape-tshark-")


class Capture:
    """A pcap file (libpcap 2.4, nanoseconds, raw IPv4) of TCP conversations."""

    def __init__(self, path):
        self.file = open(path, "wb")
        self.file.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 101))
        self.time = 0

    def packet(self, payload):
        self.file.write(struct.pack("<IIII", START + self.time // 10**9, self.time % 10**9, len(payload), len(payload)) + payload)

    def wait(self, milliseconds):
        self.time += milliseconds * 10**6


class Conversation:
    def __init__(self, capture, port, client_port):
        self.capture = capture
        self.ports = (client_port, port)
        self.sequence = [1000, 5000]
        self.segment(0, b"", 0x02)
        self.sequence[0] += 1
        self.segment(1, b"", 0x12)
        self.sequence[1] += 1
        self.segment(0, b"", 0x10)

    def segment(self, sender, data, flags=0x18):
        hosts = (b"\xc0\x00\x02\x01", b"\xc0\x00\x02\x07")
        acknowledged = self.sequence[1 - sender] if flags & 0x10 else 0
        tcp = struct.pack(">HHIIBBHHH", self.ports[sender], self.ports[1 - sender], self.sequence[sender], acknowledged, 0x50, flags, 65535, 0, 0)
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40 + len(data), 1, 0, 64, 6, 0, hosts[sender], hosts[1 - sender])
        self.capture.packet(ip + tcp + data)
        self.sequence[sender] += len(data)

    def send(self, sender, data, size=1400):
        for at in range(0, len(data), size):
            self.segment(sender, data[at : at + size])
            self.capture.time += 1000

    def close(self):
        self.segment(0, b"", 0x11)
        self.sequence[0] += 1
        self.segment(1, b"", 0x11)


class Tls:
    """A conversation within TLS, between two ends in memory."""

    def __init__(self, conversation, keys):
        cert, key = f"{folder}/cert.pem", f"{folder}/key.pem"
        if not os.path.exists(cert):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=shop.test",
                            "-keyout", key, "-out", cert], check=True, capture_output=True)
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(cert, key)
        client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
        client.keylog_filename = keys
        self.conversation = conversation
        self.buffers = [(ssl.MemoryBIO(), ssl.MemoryBIO()) for _ in range(2)]
        self.ends = [client.wrap_bio(*self.buffers[0], server_hostname="shop.test"), server.wrap_bio(*self.buffers[1], server_side=True)]
        done = [False, False]
        while not all(done):
            for i in range(2):
                if not done[i]:
                    try:
                        self.ends[i].do_handshake()
                        done[i] = True
                    except ssl.SSLWantReadError:
                        pass
                self.flush(i)

    def flush(self, sender):
        data = self.buffers[sender][1].read()
        if data:
            self.conversation.send(sender, data)
            self.buffers[1 - sender][0].write(data)

    def send(self, sender, data, size=1400):
        self.ends[sender].write(data)
        self.flush(sender)
        try:
            while self.ends[1 - sender].read(65536):
                pass
        except ssl.SSLWantReadError:
            pass


def frame(opcode, payload, mask=None, first=0x80):
    head = bytes([first | opcode])
    size = len(payload)
    head += bytes([(0x80 if mask else 0) | (size if size < 126 else 126)]) + (struct.pack(">H", size) if size >= 126 else b"")
    if mask:
        head += mask
        payload = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
    return head + payload


BINARY = bytes(range(256)) * 40
TEXT = "é 😀 text\n" * 300
EVENTS = [b"data: one\n\n", "data: zw\u00f6lf\n\n".encode(), b"data: three\n\n"]
POST = b"\x00\x01\xff" * 100


def talk(way, capture):
    """Everything that HTTP/1.1 does, of which each part is compared."""

    def chunk(data):
        return f"{len(data):x}\r\n".encode() + data + b"\r\n"

    way.send(0, b"GET /binary HTTP/1.1\r\nHost: shop.test\r\nX-Case: Yes\r\nX-Twice: 1\r\nX-Twice: 2\r\n\r\n")
    capture.wait(20)
    answer = b"HTTP/1.1 200 Fine\r\nContent-Type: application/octet-stream\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2; Path=/\r\nContent-Length: %d\r\n\r\n" % len(BINARY)
    way.send(1, answer + BINARY[:5000])
    capture.wait(30)
    way.send(1, BINARY[5000:])
    capture.wait(10)
    way.send(0, b"POST /upload?x=%C3%A4 HTTP/1.1\r\nHost: shop.test\r\nContent-Type: application/octet-stream\r\nContent-Length: 300\r\n\r\n" + POST)
    capture.wait(10)
    way.send(1, b"HTTP/1.1 100 Continue\r\n\r\n")
    packed = gzip.compress(TEXT.encode())
    way.send(1, b"HTTP/1.1 201 Created\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed)
    capture.wait(10)
    way.send(0, b"GET /events HTTP/1.1\r\nHost: shop.test\r\n\r\n")
    capture.wait(5)
    way.send(1, b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    for event in EVENTS:
        capture.wait(40)
        way.send(1, chunk(event))
    way.send(1, b"0\r\n\r\n")
    capture.wait(10)
    way.send(0, b"HEAD /binary HTTP/1.1\r\nHost: shop.test\r\n\r\n")
    way.send(1, b"HTTP/1.1 200 OK\r\nContent-Length: 10240\r\n\r\n")
    way.send(0, b"GET /coded HTTP/1.1\r\nHost: shop.test\r\n\r\n")
    way.send(1, b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n")
    packed = gzip.compress(b'{"coded":true}')
    way.send(1, chunk(packed[:10]))
    capture.wait(15)
    way.send(1, chunk(packed[10:]) + b"0\r\n\r\n")
    way.send(0, b"GET /socket HTTP/1.1\r\nHost: shop.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n")
    way.send(1, b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
                b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n")
    capture.wait(10)
    mask = b"\x11\x22\x33\x44"
    deflate = zlib.compressobj(wbits=-15)

    def deflated(data):
        return (deflate.compress(data) + deflate.flush(zlib.Z_SYNC_FLUSH))[:-4]

    way.send(0, frame(1, deflated("hello é".encode()), mask, 0xC0))
    capture.wait(10)
    way.send(0, frame(1, deflated("hello é".encode()), mask, 0xC0) + frame(9, b"ping", mask))
    way.send(1, frame(2, b"\x00\xff", first=0))
    way.send(1, frame(0, BINARY[:300]))
    way.send(1, frame(8, struct.pack(">H", 4000) + b"enough"))
    way.send(0, frame(8, struct.pack(">H", 4000), mask))


def body(entry):
    content = entry["response"]["content"]
    text = content.get("text", "")
    return base64.b64decode(text) if content.get("encoding") == "base64" else text.encode()


def headers(message, name):
    return [header["value"] for header in message["headers"] if header["name"] == name]


def harconv(*command, data=None):
    ran = subprocess.run([f"{BIN}/harconv", *command], input=data, capture_output=True)
    assert ran.returncode == 0, ran.stderr.decode()
    return ran.stdout, ran.stderr.decode()


def tshark(pcap, *options):
    return subprocess.run(["tshark", "-r", pcap, "-T", "ek", *options], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


def entries_of(ek):
    out, said = harconv("--to", "har", "-", data=ek)
    checked = subprocess.run([f"{BIN}/harcheck", "-"], input=out, capture_output=True)
    assert checked.returncode == 0, checked.stdout.decode() + checked.stderr.decode()
    return json.loads(out)["log"]["entries"], said


def compare(entries, scheme, exact=True):
    assert [(entry["request"]["method"], entry["request"]["url"], entry["response"]["status"]) for entry in entries] == [
        ("GET", f"{scheme}://shop.test/binary", 200), ("POST", f"{scheme}://shop.test/upload?x=%C3%A4", 201), ("GET", f"{scheme}://shop.test/events", 200),
        ("HEAD", f"{scheme}://shop.test/binary", 200), ("GET", f"{scheme}://shop.test/coded", 200), ("GET", f"{scheme.replace('http', 'ws')}://shop.test/socket", 101),
    ], entries
    binary, upload, events, head, coded, socket = entries
    assert headers(binary["request"], "X-Case") == ["Yes"] and headers(binary["request"], "X-Twice") == ["1", "2"]
    assert headers(binary["response"], "Set-Cookie") == ["a=1", "b=2; Path=/"] and binary["response"]["statusText"] == "Fine"
    assert binary["serverIPAddress"] == "192.0.2.7"
    if exact:
        assert body(upload).decode() == TEXT
    assert upload["response"]["bodySize"] == len(gzip.compress(TEXT.encode()))
    assert body(events) == b"".join(EVENTS)
    assert [event["data"] for event in events["_eventSourceMessages"]] == ["one", "zwölf", "three"]
    times = [chunk["time"] for chunk in events["_streamChunks"]]
    assert len(times) == 3 and all(0.0399 < after - before < 0.0411 for before, after in zip(times, times[1:])), times
    assert body(head) == b"" and body(coded) == b'{"coded":true}'
    messages = [(message["type"], message["opcode"], message["data"]) for message in socket["_webSocketMessages"]]
    if exact:
        assert body(binary) == BINARY
        # It came in two parts, which 30 ms lie between.
        arrived = [chunk["time"] for chunk in binary["_streamChunks"]]
        assert max(after - before for before, after in zip(arrived, arrived[1:])) > 0.0299 if scheme == "http" else len(arrived) > 1, arrived
        sent = upload["request"]["postData"]
        assert base64.b64decode(sent["text"]) == POST and sent["_encoding"] == "base64"
        assert messages == [("send", 1, "hello é"), ("send", 1, "hello é"), ("send", 9, base64.b64encode(b"ping").decode()),
                            ("receive", 2, base64.b64encode(b"\x00\xff" + BINARY[:300]).decode())], messages
    else:
        assert messages[:2] == [("send", 1, "hello é")] * 2, messages
    assert (socket["_webSocketClose"]["code"], socket["_webSocketClose"]["reason"]) == (4000, "enough"), socket
    assert all(START <= chunk["time"] < START + 2 for entry in entries for chunk in entry.get("_streamChunks", []))


ONLY = ["-x", "-J", "frame ip ipv6 tcp tls http http2 websocket", "-Y", "tcp.len > 0"]
plain, secure, keys = f"{folder}/plain.pcap", f"{folder}/secure.pcap", f"{folder}/keys.txt"
capture = Capture(plain)
conversation = Conversation(capture, 80, 50000)
talk(conversation, capture)
conversation.close()
capture.file.close()
capture = Capture(secure)
tls = Tls(Conversation(capture, 443, 50001), keys)
talk(tls, capture)
tls.conversation.close()
capture.file.close()

for name, pcap, scheme, options in [("HTTP", plain, "http", []), ("TLS", secure, "https", ["-o", f"tls.keylog_file:{keys}"])]:
    entries, said = entries_of(tshark(pcap, *options, *ONLY))
    compare(entries, scheme)
    assert said == "", said
    # Everything of every packet is the same, and so is what another display filter leaves, but for times.
    compare(entries_of(tshark(pcap, *options, "-x"))[0], scheme)
    only_http, _ = entries_of(tshark(pcap, *options, "-x", "-Y", "http || websocket"))
    assert [body(entry) for entry in only_http] == [body(entry) for entry in entries]
    # Without -x there is text, of ASCII.
    text, said = entries_of(tshark(pcap, *options, "-Y", "tcp.len > 0"))
    compare(text, scheme, exact=False)
    version = subprocess.run(["tshark", "--version"], capture_output=True, text=True).stdout.split()[2]
    print(f"{name}: what was sent is what is read, with tshark {version}\n{said}")

# Chosen fields.
fields = ["frame.number", "frame.time_epoch", "ip.src", "ip.dst", "tcp.stream", "tcp.srcport", "tcp.len", "http.request.method", "http.request.full_uri", "http.request.uri",
          "http.request.version", "http.request.line", "http.response.code", "http.response.phrase", "http.response.version", "http.response.line", "http.request_in",
          "http.content_length_header", "http.chunk_data", "http.file_data"]
chosen, _ = entries_of(tshark(plain, "-Y", "http", *(part for field in fields for part in ("-e", field))))
assert [entry["request"]["url"] for entry in chosen] == [entry["request"]["url"] for entry in entries_of(tshark(plain, *ONLY))[0]], chosen
assert body(chosen[2]) == b"".join(EVENTS) and headers(chosen[0]["request"], "X-Twice") == ["1", "2"]
# No keys: there is nothing to be read, and that is no error.
nothing, _ = entries_of(tshark(secure, *ONLY))
assert nothing == []
shutil.rmtree(folder)
