"""harstat beside a program that shares nothing with it: python's own json, with decimals as they are written, and whole numbers of
nanoseconds. Counts, sums and percentiles must be equal; where harstat keeps sketches (--exact-up-to 1), within what it promises.
And what was counted in parts, in whatever order it is added, must be the same to the byte as what was counted at once.

The inputs are samples and made recordings, and with HARTAPE_CORPUS the HARs of that folder.
"""

import gzip
import itertools
import json
import math
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

BIN = os.environ["HARTAPE_BIN"]
SOURCE = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
PHASES = ["time", "blocked", "dns", "connect", "ssl", "send", "wait", "receive", "ttfb"]
PERCENTILES = ["50", "75", "90", "95", "99", "99.9"]
BY = ["host", "status", "method", "page", "host,status"]


def harstat(*arguments, expected=(0,), stdin=None):
    done = subprocess.run([os.path.join(BIN, "harstat"), *arguments], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode not in expected:
        sys.exit(f"harstat {' '.join(arguments[:6])} … ended with {done.returncode}:\n{done.stderr.decode()}")
    return done.stdout


def records(*arguments):
    options = ["--json", "--percentiles", ",".join(PERCENTILES), "--top", "5", "--max-groups", "1000000"]
    for by in BY:
        options += ["--group-by", by]
    return [json.loads(line, parse_float=Decimal) for line in harstat(*options, *arguments, expected=(0, 2)).splitlines()]


# What the program that shares nothing makes of an entry.

def is_number(value):
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)


def nanos(value):
    """Of milliseconds; None for what does not apply."""
    if not is_number(value) or value < 0:
        return None
    return min(int((Decimal(value) * 1000000).quantize(Decimal(1), rounding=ROUND_HALF_UP)), 1 << 60)


def size(value):
    return int(value) if is_number(value) and value >= 0 else None


def text(value):
    return value.encode("utf-8", "surrogatepass").decode("utf-8", "replace") if isinstance(value, str) else ""


def text_bytes(value):
    """A lone surrogate is three bytes in harstat (U+FFFD), and here."""
    return len(value.encode("utf-8", "surrogatepass"))


def host_of(url):
    scheme, colon, rest = url.partition(":")
    if not colon or not scheme or not scheme[0].isascii() or not scheme[0].isalpha() or not all(c.isascii() and (c.isalnum() or c in "+-.") for c in scheme):
        return "(none)"
    port = rest.split("/")[0]
    if port and port.isdigit() and not rest.startswith("//"):
        return "(none)"  # host:port
    authority = ""
    if rest.startswith("//"):
        authority = rest[2:]
        for end in "/?#":
            authority = authority.split(end)[0]
    if not authority:
        return f"({scheme})".lower()
    host = authority.rpartition("@")[2]
    host = host[:-1] if host.endswith(":") else host
    own = {"https": ":443", "wss": ":443", "http": ":80", "ws": ":80"}.get(scheme.lower(), "\0")
    host = host[: -len(own)] if host.endswith(own) else host
    return "".join(c.lower() if c.isascii() else c for c in host)


def part(value):
    return value or "(none)"


class Group:
    def __init__(self):
        self.entries = self.errors = self.bytes = self.transferred = 0
        self.statuses = Counter()
        self.values = defaultdict(list)

    def add(self, entry):
        self.entries += 1
        self.errors += entry["status"] == 0
        self.statuses[str(entry["status"])] += 1
        self.bytes += entry["bytes"] or 0
        self.transferred += entry["transferred"]
        for phase in PHASES:
            if entry["phases"][phase] is not None:
                self.values[phase].append(entry["phases"][phase])
        if entry["status"]:
            self.values["size"].append(entry["bytes"] or 0)
        self.values["gap"] += entry["gaps"]


def facts(entry, titles):
    def of(parent, name):
        value = parent.get(name) if isinstance(parent, dict) else None
        return value

    request, response = of(entry, "request") or {}, of(entry, "response") or {}
    timings, content = of(entry, "timings") or {}, of(response, "content") or {}
    phases = {name: nanos(of(timings, name)) for name in PHASES[1:-1]}
    phases["time"] = nanos(of(entry, "time"))
    phases["ttfb"] = None
    if phases["wait"] is not None:
        phases["ttfb"] = sum(phases[name] or 0 for name in ("blocked", "dns", "connect", "send", "wait"))
    status = of(response, "status")
    status = min(int(status), 999) if is_number(status) and status > 0 else 0
    whole = size(of(response, "_transferSize"))
    if whole is None:
        whole = (size(of(response, "headersSize")) or 0) + (size(of(response, "bodySize")) or 0)
    body = size(of(content, "size"))
    if body is None and isinstance(of(content, "text"), str):
        body = None if content.get("encoding") == "base64" else text_bytes(content["text"])
        if body is None:
            raise Unknown("the length of base64 without a size")
    sockets, gaps = None, []
    messages = of(entry, "_webSocketMessages")
    if isinstance(messages, list):
        sockets = Counter()
        times = []
        for message in messages:
            kind = {"request": "send", "response": "receive"}.get(message.get("type"), message.get("type"))
            if kind in ("send", "receive") and (message.get("opcode") or 1) < 8:  # pings and pongs are counted apart
                sockets[kind] += 1
                if is_number(message.get("time")) and message["time"] >= 0:
                    times.append(message["time"])
        if times:
            millis = sorted(times)[len(times) // 2] > Decimal(10) ** 11
            if millis and titles.get("\0creator") == "Playwright 1.61.0":
                raise Unknown("times that are repaired")
            times = sorted(int((Decimal(t) * (10**6 if millis else 10**9)).quantize(Decimal(1), rounding=ROUND_HALF_UP)) for t in times)
            gaps = [b - a for a, b in itertools.pairwise(times)] if hasattr(itertools, "pairwise") else [b - a for a, b in zip(times, times[1:])]
    page = text(of(entry, "pageref"))
    url, method = text(of(request, "url")), text(of(request, "method"))
    post = of(request, "postData")
    return {"status": status, "phases": phases, "bytes": body, "transferred": whole, "gaps": gaps, "sockets": sockets, "host": host_of(url),
            "method": part(method), "page": titles.get(page) or part(page), "url": url, "request": (method, url, json.dumps(post, default=str, sort_keys=True))}


class Unknown(Exception):
    """The other program does not know how that is counted."""


def percentile(values, percent):
    return values[math.ceil(Fraction(percent) * len(values) / 100) - 1]


def load(path):
    with open(path, "rb") as file:
        data = file.read()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    document = json.loads(data.decode("utf-8-sig"), parse_float=Decimal)
    log = document["log"]
    creator = log.get("creator") or {}
    titles = {"\0creator": f"{creator.get('name')} {creator.get('version')}"}
    for page in log.get("pages") or []:
        if isinstance(page, dict) and text(page.get("title")):
            titles[text(page.get("id"))] = text(page["title"])
    return [facts(entry, titles) for entry in log["entries"]]


failures = []


def check(what, found, expected):
    if found != expected:
        failures.append(what)
        print(f"{what}: harstat has {found}, expected {expected}")


def check_distribution(what, found, values, scale, exact):
    check(f"{what}, count", found["count"], len(values))
    if not values or not found["count"]:
        return
    values = sorted(values)
    check(f"{what}, exact", found["exact"], exact)
    check(f"{what}, min", found["min"] * scale, values[0])
    check(f"{what}, max", found["max"] * scale, values[-1])
    check(f"{what}, mean", found["mean"] * scale, (2 * sum(values) + len(values)) // (2 * len(values)))
    for percent in PERCENTILES:
        expected, got = percentile(values, percent), found["p" + percent] * scale
        if exact:
            check(f"{what}, p{percent}", got, expected)
        elif abs(got - expected) * 256 > expected:
            check(f"{what}, p{percent}, within 1/256", got, expected)


def check_group(what, found, group, exact_up_to):
    check(f"{what}, entries", found["entries"], group.entries)
    check(f"{what}, errors", found["errors"], group.errors)
    check(f"{what}, statuses", found["statuses"], dict(group.statuses))
    check(f"{what}, bytes", found["bytes"], group.bytes)
    check(f"{what}, transferred", found["transferred"], group.transferred)
    for phase in PHASES:
        values = group.values[phase]
        check_distribution(f"{what}, {phase}", found["times_ms"][phase], values, 1000000, len(values) <= exact_up_to)
    check_distribution(f"{what}, size", found["size"], group.values["size"], 1, len(group.values["size"]) <= exact_up_to)
    if group.values["gap"]:
        values = group.values["gap"]
        check_distribution(f"{what}, gaps", found["websocket"]["gap_ms"], values, 1000000, len(values) <= exact_up_to)


def key_of(entry, by):
    return tuple(str(entry[name]) for name in by.split(","))


def compare(name, paths, exact_up_to):
    """One run of harstat over the files beside the other program."""
    groups = {by: defaultdict(Group) for by in BY}
    total, everything = Group(), []
    for path in paths:
        for index, entry in enumerate(load(path)):
            total.add(entry)
            everything.append((entry, path, index))
            for by in BY:
                groups[by][key_of(entry, by)].add(entry)
    found = records("--exact-up-to", str(exact_up_to), *paths)
    check_group(name, found[0], total, exact_up_to)
    for by in BY:
        rows = [row for row in found if row["record"] == "group" and row["by"] == by]
        expected = {tuple(cut(value) for value in key): group for key, group in groups[by].items()}
        check(f"{name} by {by}, groups", sorted(tuple(cut(v) for v in row["group"].values()) for row in rows), sorted(expected))
        for row in rows:
            key = tuple(cut(value) for value in row["group"].values())
            if key in expected:
                check_group(f"{name} by {by}, {key}", row, expected[key], exact_up_to)
    slowest = sorted(((e["phases"]["time"], path, index) for e, path, index in everything if e["phases"]["time"]),
                     key=lambda row: (-row[0], row[1].encode(), row[2]))[:5]
    check(f"{name}, slowest", [(row["time_ms"] * 1000000, row["input"], row["entry"]) for row in found if row["record"] == "slowest"], slowest)
    largest = sorted(((e["bytes"], path, index) for e, path, index in everything if e["bytes"]), key=lambda row: (-row[0], row[1].encode(), row[2]))[:5]
    check(f"{name}, largest", [(row["bytes"], row["input"], row["entry"]) for row in found if row["record"] == "largest"], largest)
    sockets = sum((e["sockets"] for e, _, _ in everything if e["sockets"] is not None), Counter())
    if sockets:
        check(f"{name}, messages", (found[0]["websocket"]["sent"], found[0]["websocket"]["received"]), (sockets["send"], sockets["receive"]))
    return total.entries


def cut(value):
    """Long names are cut by harstat, and end in a hash: their beginnings are compared."""
    value = "".join(c if c >= " " else " " for c in value)
    return value if len(value.encode()) <= 256 else value.encode()[:200].decode("utf-8", "ignore")


# Recordings that are made for it.

def made_entry(chance, number):
    def time(most):
        return -1 if chance.random() < 0.2 else round(chance.random() * most, chance.choice([0, 1, 3, 6]))

    timings = {name: time(most) for name, most in (("blocked", 5), ("dns", 10), ("connect", 30), ("ssl", 20), ("send", 1), ("wait", 400), ("receive", 80))}
    entry = {"startedDateTime": f"2026-01-01T00:{number // 60 % 60:02}:{number % 60:02}.{chance.randrange(1000):03}Z", "time": time(2000), "timings": timings, "cache": {},
             "pageref": chance.choice(["page_1", "page_2", "nowhere"]),
             "request": {"method": chance.choice(["GET", "GET", "POST"]), "url": f"https://{chance.choice('abcdefgh')}.example/{chance.randrange(30)}",
                         "httpVersion": "h2", "headers": [], "cookies": [], "queryString": [], "headersSize": -1, "bodySize": 0},
             "response": {"status": chance.choice([200, 200, 200, 204, 304, 404, 500, 0]), "statusText": "", "httpVersion": "h2", "headers": [], "cookies": [],
                          "content": {"size": chance.randrange(100000), "mimeType": "text/plain"}, "redirectURL": "", "headersSize": -1,
                          "bodySize": chance.randrange(50000), "_transferSize": chance.randrange(60000)}}
    if chance.random() < 0.05:
        start = 1767225600 + number
        entry["_webSocketMessages"] = [{"type": chance.choice(["send", "receive"]), "time": round(start + i * chance.random(), 6), "opcode": 1, "data": "é" * i}
                                       for i in range(chance.randrange(40))]
    return entry


def write_har(path, entries):
    log = {"version": "1.2", "creator": {"name": "t", "version": "1"},
           "pages": [{"id": "page_1", "title": "https://a.example/", "startedDateTime": "2026-01-01T00:00:00Z", "pageTimings": {}}], "entries": entries}
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"log": log}, file, ensure_ascii=False)


def check_parts(name, paths, folder):
    """Each file a partial of its own, added in different orders and in steps, beside one run over all of them."""
    options = ["--group-by", "host,status", "--group-by", "page", "--group-by", "url", "--max-groups", "20", "--exact-up-to", "300",
               "--max-requests", "50"]
    whole = harstat(*options, "--json", *paths, expected=(0, 2))
    whole_partial = harstat(*options, "--partial", *paths, expected=(0, 2))
    parts = [harstat(*options, "--partial", path, expected=(0, 2)) for path in paths]
    chance = random.Random(5)
    for order in range(4):
        chance.shuffle(parts)
        merged = harstat("--merge", "--json", "-", stdin=b"".join(parts))
        check(f"{name}, merged in order {order}", merged == whole, True)
        half = [harstat("--merge", "--partial", "-", stdin=b"".join(some)) for some in (parts[: len(parts) // 2], parts[len(parts) // 2:]) if some]
        check(f"{name}, merged in steps, order {order}", harstat("--merge", "--partial", "-", stdin=b"".join(half)) == whole_partial, True)
    for threads in ("1", "2", "5"):
        check(f"{name}, {threads} threads", harstat(*options, "-j", threads, "--partial", *paths, expected=(0, 2)) == whole_partial, True)
    names = []
    for index, partial in enumerate(parts):
        names.append(os.path.join(folder, f"{index}.partial.gz"))
        with gzip.open(names[-1], "wb") as file:
            file.write(partial)
    check(f"{name}, files, compressed", harstat("--merge", "--json", *names) == whole, True)


def readable(path):
    try:
        load(path)
    except (ValueError, KeyError, TypeError, AttributeError, OSError, Unknown, RecursionError):
        return False
    done = subprocess.run([os.path.join(BIN, "harstat"), "--partial", path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return done.returncode == 0


def main():
    with tempfile.TemporaryDirectory() as folder:
        chance = random.Random(1)
        paths = []
        for number, count in enumerate([0, 1, 2, 50, 400, 1000, 1500, 30]):
            paths.append(os.path.join(folder, f"made-{number}.har"))
            write_har(paths[-1], [made_entry(chance, i) for i in range(count)])
        for exact_up_to in (4096, 100, 1):
            compare(f"made, exact up to {exact_up_to}", paths, exact_up_to)
        check_parts("made", paths, folder)

        samples = []
        for number, name in enumerate(sorted(os.listdir(os.path.join(SOURCE, "samples")))):
            if name.endswith(".rec.ndjson"):
                samples.append(os.path.join(folder, f"sample-{number}.har"))
                subprocess.run([os.path.join(BIN, "harconv"), os.path.join(SOURCE, "samples", name), "-o", samples[-1]], check=True)
        compare("samples", samples, 4096)

        corpus = os.environ.get("HARTAPE_CORPUS")
        if corpus:
            files = sorted(os.path.join(base, name) for base, _, names in os.walk(corpus) for name in names if name.endswith((".har", ".har.gz")))
            good = [path for path in files if readable(path)]
            entries = 0
            for path in good:
                entries += compare(os.path.basename(path), [path], 4096)
            compare("the corpus", good, 1000000)
            compare("the corpus, in sketches", good, 50)
            check_parts("the corpus", good, folder)
            print(f"{len(good)} of {len(files)} files, {entries} entries")
    if failures:
        sys.exit(f"{len(failures)} differences")


if __name__ == "__main__":
    main()
