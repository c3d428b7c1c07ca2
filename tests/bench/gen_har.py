#!/usr/bin/env python3
"""Writes a HAR of a given size: gen_har.py SIZE FILE, e.g. gen_har.py 100M big.har. Same size, same bytes, on every machine.

The mixture is a browsing session as a browser exports it, indented by two: scripts, styles, pages, JSON answers, images in
base64, server-sent events and WebSocket messages, with the usual headers, cookies, timings and vendor members. Entries are
27 KB on average and written one by one, so that the memory this needs does not depend on the size.

Prints as JSON the number of entries, of those answered with a 503 (about one in 500), and the bytes of the largest.
"""

import base64
import json
import sys

UNITS = {"K": 1000, "M": 1000**2, "G": 1000**3}
WORDS = ("time data user item price order stream event chunk token value config module export return function const await "
         "render update create delete status message content length cache header cookie session request response über 東京 😀").split()
MIME = {
    "json": "application/json", "script": "application/javascript; charset=utf-8", "style": "text/css", "page": "text/html; charset=utf-8",
    "image": "image/webp", "sse": "text/event-stream", "socket": "x-unknown", "empty": "text/plain",
}
KINDS = ["json"] * 34 + ["script"] * 16 + ["image"] * 20 + ["style"] * 6 + ["page"] * 4 + ["sse"] * 3 + ["socket"] * 2 + ["empty"] * 15


class Random:
    """A generator of Marsaglia's xorshift family: the same numbers under every version of Python."""

    def __init__(self, seed):
        self.state = seed * 0x9E3779B97F4A7C15 & (1 << 64) - 1 or 1

    def next(self):
        x = self.state
        x ^= x << 13 & (1 << 64) - 1
        x ^= x >> 7
        x ^= x << 17 & (1 << 64) - 1
        self.state = x
        return x >> 11

    def below(self, limit):
        return self.next() % limit

    def pick(self, values):
        return values[self.next() % len(values)]

    def word(self, length):
        return f"{self.next():014x}{self.next():014x}{self.next():014x}"[:length]


class Session:
    def __init__(self):
        self.random = Random(1)
        self.count = self.failed = 0
        self.milliseconds = 0
        r = self.random
        # Bodies are put together from these pieces, since making each letter anew would take longer than what is measured.
        self.rows = [json.dumps({"id": r.next(), "name": " ".join(r.pick(WORDS) for _ in range(8)), "path": f"/v1/{r.word(12)}\t\"{r.word(6)}\"",
                                 "ratio": r.below(10**6) / 7, "tags": [r.pick(WORDS) for _ in range(4)], "ok": True, "none": None},
                                ensure_ascii=False) for _ in range(500)]
        self.lines = ["".join(r.pick(["  ", "\t", ""]) + r.pick(WORDS) + r.pick(["(", " = ", ".", ": "]) + r.word(10) + r.pick([");\n", ",\n", " {\n"])
                              for _ in range(12)) for _ in range(300)]
        self.images = [base64.b64encode(b"".join(r.next().to_bytes(8, "little") for _ in range(1 + r.below(5000)))).decode() for _ in range(60)]

    def body(self, kind):
        r = self.random
        if kind == "json":
            return '{"items":[' + ",".join(r.pick(self.rows) for _ in range(1 + r.below(110))) + '],"next":null}'
        if kind == "sse":
            return "".join(f"id: {n}\nevent: delta\ndata: {r.pick(self.rows)}\n\n" for n in range(20 + r.below(200)))
        if kind == "image":
            return r.pick(self.images)
        return "".join(r.pick(self.lines) for _ in range(4 + r.below(120)))

    def headers(self, kind):
        r = self.random
        sent = {"accept": "*/*", "accept-encoding": "gzip, deflate, br, zstd", "accept-language": "en-GB,en;q=0.9,de;q=0.8",
                "cookie": f"session={r.word(32)}; theme=dark; seen={r.below(10**10)}", "referer": "https://www.example.com/",
                "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
                "x-request-id": r.word(32)}
        received = {"content-type": MIME[kind], "date": f"Sun, 22 Nov 2026 09:15:{r.below(60):02d} GMT", "etag": f'W/"{r.word(27)}"', "server": "nginx",
                    "cache-control": f"public, max-age={r.below(10**7)}", "vary": "Accept-Encoding", "x-content-type-options": "nosniff",
                    "strict-transport-security": "max-age=63072000; includeSubDomains; preload", "set-cookie": f"id={r.word(24)}; Path=/; Secure; HttpOnly",
                    "content-security-policy": f"default-src 'self'; img-src 'self' data:; script-src 'nonce-{r.word(16)}'"}
        return [[{"name": name, "value": value} for name, value in fields.items()] for fields in (sent, received)]

    def entry(self):
        r = self.random
        kind = r.pick(KINDS)
        self.count += 1
        self.milliseconds += r.below(400)
        seconds = self.milliseconds // 1000
        moment = f"2026-11-{22 + seconds // 86400 % 8:02d}T{seconds // 3600 % 24:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{self.milliseconds % 1000:03d}Z"
        status = 503 if r.below(500) == 0 else r.pick([200, 200, 200, 200, 204, 304, 302, 404])
        self.failed += status == 503
        sent, received = self.headers(kind)
        timings = {name: r.below(limit) / 1000 for name, limit in
                   (("blocked", 5000), ("send", 500), ("wait", 120000), ("receive", 60000), ("_blocked_queueing", 3000))}
        content = {"size": 0, "mimeType": MIME[kind]}
        entry = {
            "_initiator": {"type": "script", "stack": {"callFrames": [{"functionName": r.pick(WORDS), "scriptId": str(r.below(99)), "lineNumber": r.below(9999),
                           "url": f"https://static.example.com/{r.word(20)}.js", "columnNumber": r.below(9999)} for _ in range(r.below(8))]}},
            "_priority": r.pick(["VeryHigh", "High", "Low"]), "_resourceType": "websocket" if kind == "socket" else r.pick(["fetch", "script", "image"]),
            "cache": {}, "connection": str(r.below(10**6)), "pageref": f"page_{1 + self.count // 200 % 20}",
            "request": {"method": r.pick(["GET", "GET", "GET", "POST"]), "url": f"https://{r.pick(['api', 'static', 'www'])}.example.com/{r.word(12)}?q={r.word(8)}&n={r.below(999)}",
                        "httpVersion": "http/2.0", "headers": sent, "queryString": [{"name": "q", "value": r.word(8)}], "cookies": [], "headersSize": -1, "bodySize": 0},
            "response": {"status": status, "statusText": "", "httpVersion": "http/2.0", "headers": received, "cookies": [], "content": content,
                         "redirectURL": "", "headersSize": -1, "bodySize": -1, "_transferSize": r.below(99999)},
            "serverIPAddress": f"203.0.113.{r.below(255)}", "startedDateTime": moment, "time": round(sum(timings.values()), 3), "timings": timings,
        }
        if kind not in ("socket", "empty"):
            content["text"] = self.body(kind)
            content["size"] = len(content["text"])
            if kind == "image":
                content["encoding"] = "base64"
        if kind == "socket":
            begin = 1795338930 + self.milliseconds / 1000
            entry["_webSocketMessages"] = [{"type": r.pick(["send", "receive", "receive"]), "time": round(begin + n / 50, 6), "opcode": 1, "data": r.pick(self.rows)}
                                           for n in range(20 + r.below(500))]
        return json.dumps(entry, indent=2, ensure_ascii=False).replace("\n", "\n      ")


def write(path, size):
    session = Session()
    pages = [{"startedDateTime": "2026-11-22T09:15:30.000Z", "id": f"page_{n + 1}", "title": f"https://www.example.com/{n}",
              "pageTimings": {"onContentLoad": 412.5, "onLoad": 1033.25}} for n in range(20)]
    head = json.dumps({"log": {"version": "1.2", "creator": {"name": "gen_har", "version": "1"}, "pages": pages, "entries": []}}, indent=2)
    head, tail = head.encode().split(b"[]\n")
    largest = 0
    with open(path, "wb", buffering=1 << 20) as out:
        written = out.write(head + b"[")
        separator = b"\n      "
        while written < size - 16:
            entry = session.entry().encode()
            largest = max(largest, len(entry))
            written += out.write(separator + entry)
            separator = b",\n      "
        out.write(b"\n    ]\n" + tail + b"\n")
    return {"entries": session.count, "status_503": session.failed, "largest_entry": largest}


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(f"expected a size and a file\n\n{__doc__}")
    amount = sys.argv[1]
    print(json.dumps(write(sys.argv[2], int(amount[:-1]) * UNITS[amount[-1]] if amount[-1] in UNITS else int(amount))))
