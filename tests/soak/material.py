"""What the soak serves: recordings and mocks with what is to come of them. The same seed makes the same."""
import base64
import gzip
import hashlib
import json
import random

HOST = "soak.test"
ORIGIN = "https://" + HOST
EVENTS = 24          # of a stream
PAGES, STREAMS, SOCKETS, CHANGING = 40, 6, 6, 30
WORDS = "a stream of words that is worth compressing comes piece by piece and ends well".split()


def text_of(rng, size):
    words = []
    while size > 0:
        words.append(rng.choice(WORDS))
        size -= len(words[-1]) + 1
    return " ".join(words)


class Page:
    """An answer that is always the same: its path, and what a client must get."""

    def __init__(self, path, body, headers=(), method="GET", sent=None, status=200, trailers=(), pieces=None, times=None, kind=None, coding=None):
        self.path, self.body, self.headers, self.method, self.sent = path, body, list(headers), method, sent
        self.status, self.trailers, self.kind, self.coding = status, list(trailers), kind, coding
        self.pieces = pieces or [body]
        self.times = times or [0.0] * len(self.pieces)

    def lines(self, number):
        request = {"method": self.method, "url": ORIGIN + self.path, "httpVersion": "HTTP/1.1", "headers": []}
        if self.sent is not None:
            request["headers"].append({"name": "Content-Type", "value": "application/json"})
            request["postData"] = {"mimeType": "application/json", "text": self.sent}
        response = {"status": self.status, "statusText": "", "httpVersion": "HTTP/1.1", "headers": [{"name": n, "value": v} for n, v in self.headers]}
        yield {"ev": "request", "id": number, "t": 0, "request": request}
        head = {"ev": "response", "id": number, "t": 0, "response": response}
        if self.kind:
            head["kind"] = self.kind
        yield head
        for at, piece in zip(self.times, self.pieces):
            line = {"ev": "data", "id": number, "t": at}
            try:
                line["data"] = piece.decode()
            except UnicodeDecodeError:
                line["data64"] = base64.b64encode(piece).decode()
            yield line
        yield {"ev": "end", "id": number, "t": self.times[-1], "reason": "eof", "trailers": [{"name": n, "value": v} for n, v in self.trailers]}


def cut(body, size):
    return [body[at:at + size] for at in range(0, len(body), size)] or [body]


class Conversation:
    """A WebSocket: what the server says before each message of the client's, and at its end."""

    def __init__(self, path, rng, deflate):
        self.path, self.deflate = path, deflate
        self.rounds = []  # (what the client says, what it hears then)
        self.greeting = ["hello " + path]
        for turn in range(rng.randint(2, 5)):
            said = json.dumps({"op": "ask", "turn": turn, "text": text_of(rng, rng.choice([5, 100, 3000]))})
            heard = [json.dumps({"turn": turn, "n": n, "text": text_of(rng, rng.choice([5, 300, 20000]))}) for n in range(rng.randint(1, 3))]
            if turn == 1:
                heard.append(bytes(rng.randrange(256) for _ in range(500)))
            self.rounds.append((said, heard))
        self.code, self.reason = 4000 + rng.randrange(100), "so long"

    def lines(self, number):
        headers = [{"name": "Sec-WebSocket-Protocol", "value": "soak.v1"}]
        if self.deflate:
            headers.append({"name": "Sec-WebSocket-Extensions", "value": "permessage-deflate"})
        t = 0.01
        yield {"ev": "request", "id": number, "t": 0, "request": {"method": "GET", "url": "wss://" + HOST + self.path}}
        yield {"ev": "response", "id": number, "t": t, "kind": "websocket", "response": {"status": 101, "headers": headers}}

        def message(direction, data):
            line = {"ev": "message", "id": number, "t": round(t, 3), "dir": direction, "opcode": 1 if isinstance(data, str) else 2}
            if isinstance(data, str):
                line["data"] = data
            else:
                line["data64"] = base64.b64encode(data).decode()
            return line

        for text in self.greeting:
            yield message("receive", text)
        for said, heard in self.rounds:
            t += 0.02
            yield message("send", said)
            for text in heard:
                t += 0.01
                yield message("receive", text)
            yield {"ev": "message", "id": number, "t": round(t, 3), "dir": "receive", "opcode": 9, "data": "beat"}
        yield {"ev": "close", "id": number, "t": round(t + 0.01, 3), "dir": "receive", "code": self.code, "reason": self.reason}
        yield {"ev": "end", "id": number, "t": round(t + 0.01, 3), "reason": "eof"}


def sse(path, rng, headers=(), events=EVENTS, pause=0.03):
    pieces = [("id: %d\nevent: word\ndata: {\"n\": %d, \"text\": \"%s\"}\n\n" % (n, n, text_of(rng, 40))).encode() for n in range(1, events + 1)]
    return Page(path, b"".join(pieces), [("Content-Type", "text/event-stream"), *headers], pieces=pieces, kind="sse",
                times=[round(pause * n, 3) for n in range(events)])


class Material:
    """The files that are served, in a folder, and the answers that are always the same. A generation is what changes when they are
    written anew."""

    def __init__(self, folder, seed):
        self.folder = folder
        rng = random.Random(seed)
        self.pages, self.posts, self.streams, self.codings, self.faulty, self.har = [], [], [], [], [], []
        for n in range(PAGES):
            body = text_of(rng, rng.choice([1, 100, 1000, 5000, 70000, 200000])).encode()
            body += bytes(rng.randrange(256) for _ in range(n % 3 * 50))
            tag = hashlib.sha256(body).hexdigest()[:16]
            headers = [("Content-Type", "text/plain"), ("ETag", '"%s"' % tag), ("Last-Modified", "Sun, 22 Nov 2026 09:15:30 GMT")]
            if n % 2:
                headers.append(("Content-Length", str(len(body))))
            self.pages.append(Page("/page/%d" % n, body, headers, pieces=cut(body, 16384)))
            sent = json.dumps({"n": n, "text": text_of(rng, 60), "list": [1, 2.5, None, True]})
            answer = json.dumps({"echo": n, "text": text_of(rng, 400)}).encode()
            self.posts.append(Page("/post/%d" % (n % 10), answer, [("Content-Type", "application/json")], "POST", sent))
        for n in range(STREAMS):
            self.streams.append(sse("/sse/%d" % n, rng))
            rows = [json.dumps({"row": row, "text": text_of(rng, 200)}).encode() + b"\n" for row in range(EVENTS)]
            self.streams.append(Page("/rows/%d" % n, b"".join(rows), [("Content-Type", "application/x-ndjson")], pieces=rows, kind="ndjson",
                                     times=[round(0.02 * row, 3) for row in range(EVENTS)]))
            body = text_of(rng, 30000).encode()
            # As recorded in its coding, and as most recorders have it: decoded, with the header still there.
            self.codings.append(Page("/gzip/%d" % n, body, [("Content-Type", "text/plain"), ("Content-Encoding", "gzip")], coding="gzip",
                                     pieces=cut(gzip.compress(body), 1000)))
            self.codings.append(Page("/decoded/%d" % n, body, [("Content-Type", "text/plain"), ("Content-Encoding", ("gzip", "deflate")[n % 2])],
                                     coding="decoded", pieces=cut(body, 1000)))
        self.big = Page("/big", text_of(rng, 3 << 20).encode(), [("Content-Type", "text/plain")])
        self.big.pieces = cut(self.big.body, 65536)
        self.big.times = [0.0] * len(self.big.pieces)
        body = text_of(rng, 5000).encode()
        self.trailed = Page("/trailed", body, [("Content-Type", "text/plain"), ("Transfer-Encoding", "chunked"), ("Trailer", "X-Sum")],
                            pieces=cut(body, 500), trailers=[("X-Sum", hashlib.sha256(body).hexdigest())])
        for n in range(4):
            self.faulty.append(sse("/f/sse/%d" % n, rng, pause=0.01))
            body = text_of(rng, 50000).encode()
            self.faulty.append(Page("/f/page/%d" % n, body, [("Content-Type", "text/plain")], pieces=cut(body, 4000)))
            rows = [json.dumps({"row": row, "text": text_of(rng, 100)}).encode() + b"\n" for row in range(EVENTS)]
            self.faulty.append(Page("/f/rows/%d" % n, b"".join(rows), [("Content-Type", "application/x-ndjson")], pieces=rows, kind="ndjson",
                                    times=[round(0.01 * row, 3) for row in range(EVENTS)]))
            self.faulty.append(Page("/f/length/%d" % n, body, [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))], pieces=cut(body, 4000)))
        self.sockets = [Conversation("/ws/%d" % n, rng, n % 2 == 0) for n in range(SOCKETS)]
        self.faulty_sockets = [Conversation("/f/ws/%d" % n, rng, n % 2 == 0) for n in range(SOCKETS)]
        for n in range(30):
            self.har.append(Page("/har/%d" % n, text_of(rng, rng.choice([10, 2000, 40000])).encode(), [("Content-Type", "text/plain")]))
        self.constant = [*self.pages, *self.posts, *self.streams, *self.codings, self.big, self.trailed, *self.faulty, *self.sockets,
                         *self.faulty_sockets]
        (folder / "body.bin").write_bytes(self.pages[3].body)

    # ---- what is written

    def recording(self, generation, broken=False):
        lines = [{"recording": 1, "start": "2026-11-22T09:15:30Z"}]
        for number, each in enumerate([*self.constant, Page("/generation", b"%d" % generation, [("Content-Type", "text/plain")])]):
            lines += each.lines(str(number))
        # Exchanges without an answer, or with a part of one.
        for n, reason in enumerate(("reset", "timeout", "abort", "error", None)):
            for kind, head in (("none", False), ("part", True)):
                number = "%s-%d" % (kind, n)
                lines.append({"ev": "request", "id": number, "t": 0, "request": {"method": "GET", "url": "%s/%s/%d" % (ORIGIN, kind, n)}})
                if head:
                    lines.append({"ev": "response", "id": number, "t": 0, "response": {"status": 200, "headers": []}})
                    lines.append({"ev": "data", "id": number, "t": 0.01, "data": "a part"})
                if reason:
                    lines.append({"ev": "end", "id": number, "t": 0.02, "reason": reason})
        texts = [json.dumps(line) for line in lines]
        if broken:
            texts[len(texts) // 2] = '{"ev":"data", broken'
        return "\n".join(texts) + "\n"

    @staticmethod
    def har_text(pages, broken=False):
        entries = []
        for page in pages:
            body = page.body.decode()
            entries.append({
                "startedDateTime": "2026-11-22T09:15:30.000Z", "time": 20,
                "request": {"method": "GET", "url": ORIGIN + page.path, "httpVersion": "HTTP/1.1", "headers": [], "queryString": [], "cookies": [],
                            "headersSize": -1, "bodySize": -1},
                "response": {"status": 200, "statusText": "OK", "httpVersion": "HTTP/1.1", "cookies": [], "redirectURL": "", "headersSize": -1,
                             "bodySize": len(body), "headers": [{"name": n, "value": v} for n, v in page.headers],
                             "content": {"size": len(body), "mimeType": "text/plain", "text": body}},
                "cache": {}, "timings": {"send": 0, "wait": 5, "receive": 15}})
        text = json.dumps({"log": {"version": "1.2", "creator": {"name": "soak", "version": "1"}, "entries": entries}}, indent=1)
        return text[:len(text) // 2] if broken else text

    @staticmethod
    def changing(generation, rng):
        """Entries that tell of themselves whether they are whole: text, and its sum behind it."""
        pages = []
        for n in range(CHANGING):
            text = "%d %d %s" % (n, generation, text_of(rng, rng.choice([10, 3000, 60000])))
            pages.append(Page("/changing/%d" % n, (text + " " + hashlib.sha256(text.encode()).hexdigest()).encode(), [("Content-Type", "text/plain")]))
        return pages

    def http_mocks(self, generation, broken=False):
        def mock(path, response, **request):
            return {"request": {"url": "*://" + HOST + path, **request}, "response": response}

        text = json.dumps({"mocks": [
            mock("/mock/generation", {"body": {"generation": generation}}),
            mock("/mock/text", {"body": "mocked", "headers": [{"name": "X-Mock", "value": "yes"}]}),
            mock("/mock/file", {"body": "@body.bin"}),
            mock("/mock/busy", {"statusCode": 503, "body": {"error": "busy"}}, every=3),
            mock("/mock/busy", {"body": "free"}),
            mock("/mock/echo", {"statusCode": 201, "body": {"sku": "@request.body.sku"}}, method="POST"),
            mock("/mock/form/*", {"body": "{{url.2}} {{query.q}} {{method}}", "template": True}),
            mock("/mock/sse", {"sse": [{"data": {"n": n}, "id": str(n), "delayMs": 5, "jitterMs": 5} for n in range(10)]}),
            mock("/mock/rows", {"ndjson": [{"json": {"n": n}, "delayMs": 3} for n in range(10)]}),
            mock("/mock/late", {"body": "late", "delayMs": 30, "jitterMs": 30}),
        ]}, indent=1)
        return text[:-20] if broken else text

    @staticmethod
    def socket_mocks(generation, broken=False):
        text = json.dumps({"mocks": [{
            "url": "*://%s/mockws/*" % HOST,
            "onConnect": [{"body": "welcome"}, {"body": {"generation": generation}, "delayMs": 5}],
            "rules": [
                {"match": {"bodyJson": {"op": "ping"}}, "responses": [{"body": "{\"op\":\"pong\"}"}]},
                {"match": {"bodyRegex": "^count (?<n>\\d+)$"}, "template": True, "responses": [{"body": "counted {{match.n}}", "delayMs": 2, "jitterMs": 5}] * 2},
                {"match": {"bodyFragment": "file"}, "responses": [{"body": "@body.bin", "messageType": "binary"}]},
                {"match": {"bodyFragment": "bye"}, "closeAfter": True, "closeCode": 4001, "closeReason": "ended", "responses": [{"body": "farewell"}]},
            ]}]}, indent=1)
        return text.replace('"onConnect"', '"onConnect": 3, "rules"') if broken else text

    # ---- how

    @property
    def inputs(self):
        return [self.folder / name for name in ("main.rec.ndjson", "more.har", "changing.har", "bare.sse.gz")]

    @property
    def mocks(self):
        return [self.folder / name for name in ("http.mocks.json", "sockets.mocks.json")]

    def put(self, name, text):
        """Another file under the name, as an editor does it."""
        beside = self.folder / (name + ".new")
        beside.write_text(text)
        beside.rename(self.folder / name)

    def write_all(self, generation, rng):
        self.put("main.rec.ndjson", self.recording(generation))
        self.put("more.har", self.har_text(self.har))
        self.put("changing.har", self.har_text(self.changing(generation, rng)))
        (self.folder / "bare.sse.gz").write_bytes(gzip.compress(b"data: bare\n\n" * 3))
        self.put("http.mocks.json", self.http_mocks(generation))
        self.put("sockets.mocks.json", self.socket_mocks(generation))
