#!/usr/bin/env python3
"""Plants defects one by one into a HAR that is right, lets harcheck and other programs look at each, and writes what they said
as Markdown: docs/harcheck-peers.md.

    tests/peers/run.py [--bin build/release/bin] [--har-validator FOLDER] [--hargo PROGRAM] [--large 100M] [--rounds 3] [-o FILE]

FOLDER is one where `npm install har-validator@5` was run; PROGRAM is hargo, built from its source with `go build ./cmd/hargo`.
A program that is not there has no column. With --check the exit status is 1 if harcheck missed a defect, or refused a file that
programs are known to write. Nothing here runs in continuous integration, for it needs other people's programs.
"""

import argparse
import base64
import copy
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
NODE = """const har = JSON.parse(require('fs').readFileSync(process.argv[1], 'utf8'));
require('har-validator').har(har).then(() => console.log('valid'), (error) => {
  const first = error.errors[0];
  console.log(`${first.dataPath} ${first.message}`);
  process.exitCode = 1;
});"""


# The HAR that is right.

def entry(started, method, url, status, **more):
    request = {"method": method, "url": url, "httpVersion": "HTTP/1.1", "cookies": [], "headers": [{"name": "Accept", "value": "*/*"}],
               "queryString": [], "headersSize": -1, "bodySize": 0}
    response = {"status": status, "statusText": "", "httpVersion": "HTTP/1.1", "cookies": [], "headers": [], "redirectURL": "",
                "content": {"size": 0, "mimeType": "text/plain"}, "headersSize": -1, "bodySize": -1}
    request.update(more.pop("request", {}))
    response.update(more.pop("response", {}))
    return {"pageref": "page_1", "startedDateTime": f"2026-11-22T09:15:{started:06.3f}Z", "time": 30.0, "request": request,
            "response": response, "cache": {}, "timings": {"blocked": 1.5, "dns": 2.5, "connect": 6, "ssl": 4, "send": 1, "wait": 15, "receive": 4},
            "serverIPAddress": "203.0.113.7", **more}


def good():
    page = "<!doctype html><title>prices</title>"
    image = base64.b64encode(bytes(range(48))).decode()
    begin = 1795338932.0
    return {"log": {
        "version": "1.2", "creator": {"name": "peers", "version": "1"},
        "pages": [{"startedDateTime": "2026-11-22T09:15:30.000Z", "id": "page_1", "title": "prices", "pageTimings": {"onLoad": 900}}],
        "entries": [
            entry(30.0, "GET", "https://example.com/prices?currency=EUR&day=7", 200,
                  request={"headers": [{"name": "Cookie", "value": "theme=dark"}], "cookies": [{"name": "theme", "value": "dark"}],
                           "queryString": [{"name": "currency", "value": "EUR"}, {"name": "day", "value": "7"}]},
                  response={"headers": [{"name": "Content-Type", "value": "text/html; charset=utf-8"}], "bodySize": 30,
                            "content": {"size": len(page), "compression": len(page) - 30, "mimeType": "text/html; charset=utf-8", "text": page}}),
            entry(30.5, "GET", "https://example.com/logo.png", 200,
                  response={"headers": [{"name": "Content-Type", "value": "image/png"}],
                            "content": {"size": 48, "mimeType": "image/png", "text": image, "encoding": "base64"}}),
            entry(31.0, "POST", "https://example.com/orders", 303,
                  request={"headers": [{"name": "Content-Type", "value": "application/x-www-form-urlencoded"}],
                           "postData": {"mimeType": "application/x-www-form-urlencoded", "text": "item=7&count=2"}, "bodySize": 14},
                  response={"headers": [{"name": "Location", "value": "/orders/1"}], "redirectURL": "/orders/1"}),
            entry(31.5, "GET", "wss://example.com/feed", 101, _resourceType="websocket", time=6030.0,
                  timings={"blocked": 1.5, "dns": 2.5, "connect": 6, "ssl": 4, "send": 1, "wait": 15, "receive": 6004},
                  _webSocketMessages=[{"type": "send", "time": begin, "opcode": 1, "data": "subscribe"},
                                      {"type": "receive", "time": begin + 0.5, "opcode": 1, "data": "{\"price\":7}"},
                                      {"type": "receive", "time": begin + 1.5, "opcode": 2, "data": "AAEC"}]),
        ]}}


# Ways to change it: a path of members, and what to do there.

def at(har, path):
    *parents, last = [int(part) if part.isdigit() else part for part in path.split("/")]
    for part in parents:
        har = har[part]
    return har, last


def put(path, value):
    def change(har):
        parent, last = at(har, path)
        parent[last] = value(parent[last]) if callable(value) else value
    return change


def drop(path):
    def change(har):
        parent, last = at(har, path)
        del parent[last]
    return change


def both(*changes):
    def change(har):
        for each in changes:
            each(har)
    return change


def swap(har):
    entries = har["log"]["entries"]
    entries[0], entries[1] = entries[1], entries[0]


def again(path):
    def change(har):
        parent, last = at(har, path)
        parent.append(copy.deepcopy(parent[last]))
    return change


def text(change):
    """A change of the file's bytes."""
    return lambda har: change(json.dumps(har, indent=2, ensure_ascii=False).encode())


def replaced(old, new):
    def change(data):
        if data.count(old) < 1:
            sys.exit(f"peers: error: nothing to replace: {old}")
        return data.replace(old, new, 1)
    return text(change)


E = "log/entries/0"
DEFECTS = [
    ("The JSON", [
        ("cut off in the middle of an entry", text(lambda data: data[:len(data) // 2]), "har-cut"),
        ("something else behind the end", text(lambda data: data + b"}garbage"), "json-syntax"),
        ("a byte that is not UTF-8", replaced(b"<title>prices", b"<title>pr\xffces"), "json-utf8"),
        ("a raw control character in a string", replaced(b"<title>prices", b"<title>pr\x01ces"), "json-syntax"),
        ("half a surrogate pair", replaced(b"<title>prices", b"<title>\\ud83dx"), "json-surrogate"),
        ("the member `status` twice", replaced(b'"status": 200', b'"status": 404, "status": 200'), "har-duplicate-member"),
    ]),
    ("The shape", [
        ('version "banana"', put("log/version", "banana"), "har-version"),
        ("no `creator`", drop("log/creator"), "har-required"),
        ("an entry without `response`", drop(f"{E}/response"), "har-required"),
        ("`request: {}`", put(f"{E}/request", {}), "har-required"),
        ('`status: "200"`', put(f"{E}/response/status", "200"), "har-type"),
        ("`bodySize: 1.5`", put(f"{E}/response/bodySize", 1.5), "har-type"),
        ("`headers` an object", put(f"{E}/request/headers", {"Accept": "*/*"}), "har-type"),
        ("a header without `name`", drop(f"{E}/request/headers/0/name"), "har-required"),
        ("a member `charset`, which HAR does not have", lambda har: har["log"]["entries"][0]["response"]["content"].update(charset="utf-8"),
         "har-member"),
    ]),
    ("Single values", [
        ('`startedDateTime: "yesterday"`', put(f"{E}/startedDateTime", "yesterday"), "date-format"),
        ("the 30th of February", put(f"{E}/startedDateTime", "2026-02-30T09:15:30.000Z"), "date-value"),
        ("`timings.send=-500`", put(f"{E}/timings/send", -500), "timings-negative"),
        ("`status: 99999`", put(f"{E}/response/status", 99999), "status-range"),
        ('method "GET /"', put(f"{E}/request/method", "GET /"), "method-token"),
        ("a header name with a space", put(f"{E}/response/headers/0/name", "Content Type"), "header-name"),
        ("a header value that smuggles in another", put(f"{E}/response/headers/0/value", "text/html\r\nX-Evil: 1"), "header-value"),
        ("a relative URL", put(f"{E}/request/url", "prices?currency=EUR&day=7"), "url-absolute"),
        ('`serverIPAddress: "999.1.2.3"`', put(f"{E}/serverIPAddress", "999.1.2.3"), "server-address"),
        ("bad base64", put("log/entries/1/response/content/text", "AAEC*DBA"), "base64-invalid"),
    ]),
    ("Values that must agree", [
        ("`time` twice the sum of the timings", put(f"{E}/time", 60.0), "time-sum"),
        ("`ssl` longer than `connect`", put(f"{E}/timings/ssl", 600), "ssl-in-connect"),
        ("a `queryString` that the URL does not have", put(f"{E}/request/queryString/1/value", "8"), "query-url"),
        ("a cookie that the header does not have", put(f"{E}/request/cookies/0/value", "light"), "cookie-header"),
        ("`redirectURL` other than `Location`", put("log/entries/2/response/redirectURL", "/orders/2"), "redirect-location"),
        ("`content.size` half of the text's", put(f"{E}/response/content/size", 18), "content-size"),
        ("a body with status 204", put(f"{E}/response/status", 204), "body-unexpected"),
    ]),
    ("Entries and pages", [
        ("a dangling `pageref`", put(f"{E}/pageref", "page_9"), "pageref-unknown"),
        ("two pages with one id", again("log/pages/0"), "page-id-duplicate"),
        ("an entry that ends before its page begins", put("log/pages/0/startedDateTime", "2026-11-22T09:15:30.700Z"), "entry-before-page"),
        ("the first two entries in the wrong order", swap, "entries-order"),
        ("an entry twice", lambda har: har["log"]["entries"].insert(1, copy.deepcopy(har["log"]["entries"][0])), "entry-duplicate"),
    ]),
    ("WebSocket, side files", [
        ("`opcode: 99`", put("log/entries/3/_webSocketMessages/0/opcode", 99), "har-value"),
        ("a binary message that is not base64", put("log/entries/3/_webSocketMessages/2/data", "no base64!"), "ws-data"),
        ("a message before the one in front of it", put("log/entries/3/_webSocketMessages/2/time", 1795338932.25), "ws-time-order"),
        ("times of messages in milliseconds", put("log/entries/3/_webSocketMessages", lambda messages: [{**each, "time": each["time"] * 1000} for each in messages]), "ws-time-unit"),
        ("`_file` leaves its folder", both(drop("log/entries/1/response/content/text"), drop("log/entries/1/response/content/encoding"),
                                           lambda har: har["log"]["entries"][1]["response"]["content"].update(_file="../../etc/passwd")), "file-escape"),
    ]),
]

# What is not to the letter of HAR 1.2, and what programs that people record with write nevertheless.
HABITS = [
    ('`serverIPAddress: ""`', "Chrome, for what it had in its cache", put(f"{E}/serverIPAddress", "")),
    ('`serverIPAddress: "[2606:4700::1]"`', "Chrome, Playwright", put(f"{E}/serverIPAddress", "[2606:4700::1]")),
    ('`cookie.expires: ""`', "Safari", lambda har: har["log"]["entries"][0]["request"]["cookies"][0].update(expires="")),
    ("`cookie.expires: null`", "Chrome", lambda har: har["log"]["entries"][0]["request"]["cookies"][0].update(expires=None)),
    ("`connection: 443`", "recorders that write ports as numbers", lambda har: har["log"]["entries"][0].update(connection=443)),
    ("`connection: null`", "BrowserUp", lambda har: har["log"]["entries"][0].update(connection=None)),
    ("`redirectURL: null`", "Charles", put(f"{E}/response/redirectURL", None)),
    ("`statusText: null`", "Charles, PhantomJS", put(f"{E}/response/statusText", None)),
    ("a page without `title`", "HAR export triggers of Firefox", drop("log/pages/0/title")),
    ("`pageTimings.onLoad: null`", "Chrome, if the page was still loading", put("log/pages/0/pageTimings/onLoad", None)),
    ("no `cache`", "BrowserUp, k6", drop(f"{E}/cache")),
    ('version "1.1"', "Firebug, WebPageTest, older Firefox", put("log/version", "1.1")),
    ("`receive: null`", "Chrome", both(put(f"{E}/timings/receive", None), put(f"{E}/time", 26.0))),
    ("bytes of a byte order mark first", "Fiddler, Edge", text(lambda data: b"\xef\xbb\xbf" + data)),
    ("`startedDateTime` with 7 digits", "Fiddler", put(f"{E}/startedDateTime", "2026-11-22T09:15:30.0000000Z")),
]


def write(folder, name, change):
    har = good()
    data = change(har)
    if not isinstance(data, bytes):
        data = json.dumps(har, indent=2, ensure_ascii=False).encode()
    path = os.path.join(folder, name)
    with open(path, "wb") as out:
        out.write(data)
    return path


# The programs. Each gives its exit status, and what it said in a few words.

class HarValidator:
    def __init__(self, folder):
        with open(os.path.join(folder, "node_modules/har-validator/package.json"), encoding="utf-8") as package:
            self.name = f"har-validator {json.load(package)['version']}"
        self.environment = {**os.environ, "NODE_PATH": os.path.join(os.path.abspath(folder), "node_modules")}
        self.command = ["node", "-e", NODE]

    def judge(self, path):
        done = subprocess.run([*self.command, path], env=self.environment, capture_output=True, text=True, check=False)
        said = done.stdout.strip() or next((line for line in done.stderr.splitlines() if "Error" in line), "")
        return done.returncode, said.split(", ", 1)[0] if "SyntaxError" in said else said


class Hargo:
    name = "hargo validate"
    environment = None

    def __init__(self, program):
        self.command = [os.path.abspath(program), "validate"]

    def judge(self, path):
        done = subprocess.run([*self.command, path], capture_output=True, text=True, check=False)
        said = re.search(r'level=error msg="(.*)"', done.stderr)
        said = re.sub(r"(json: )?(cannot unmarshal .*? into Go).*", r"\2 …", said.group(1).replace('\\"', '"')) if said else ""
        return done.returncode, "“Valid HAR file!”" if "Valid" in done.stdout else said or "says nothing"


class Harcheck:
    environment = None

    def __init__(self, folder, profile):
        self.name = "harcheck" if profile == "default" else f"harcheck, {profile}"
        self.command = [os.path.join(os.path.abspath(folder), "harcheck"), "--profile", profile, "-j1"]

    def findings(self, path):
        done = subprocess.run([*self.command, "--json", path], capture_output=True, text=True, check=False)
        records = [json.loads(line) for line in done.stdout.splitlines()]
        return done.returncode, [record for record in records if record["record"] == "finding"]

    def judge(self, path, rule=None):
        status, found = self.findings(path)
        said = [record for record in found if record["rule"] == rule] or found
        order = {"error": 0, "warning": 1, "note": 2}
        said = sorted(said, key=lambda record: order[record["level"]])
        return status, f"{said[0]['level']}: {said[0]['rule']}" if said else ""


VALID = ("valid", "“Valid HAR file!”")


def cell(value, longest=60):
    value = value if len(value) <= longest else value[:longest - 1].rstrip() + "…"
    return value.replace("|", "\\|").replace("<", "&lt;")


def defects(programs, folder, out):
    """Prints the table; the rules that harcheck's default profile missed."""
    missed, refused, noticed, count = [], [0] * len(programs), [0] * len(programs), 0
    out(f"| planted | {' | '.join(program.name for program in programs)} |")
    out(f"|---|{'---|' * len(programs)}")
    for group, planted in DEFECTS:
        out(f"| **{group}** |{' |' * len(programs)}")
        for what, change, rule in planted:
            path = write(folder, "defect.har", change)
            count += 1
            cells = []
            for number, program in enumerate(programs):
                status, said = program.judge(path, rule) if isinstance(program, Harcheck) else program.judge(path)
                refused[number] += status != 0
                noticed[number] += status != 0 or said not in ("", *VALID)
                cells.append(cell(f"{status}{': ' if said else ''}{said}"))
                if program.name == "harcheck" and rule not in said:
                    missed.append(f"{what}: {rule}, said: {said}")
            out(f"| {what} | {' | '.join(cells)} |")
    out(f"| **noticed, of {count}** | {' | '.join(f'**{number}**' for number in noticed)} |")
    out(f"| **refused, of {count}** | {' | '.join(f'**{number}**' for number in refused)} |")
    return missed


def habits(programs, folder, out):
    """Prints the table; what harcheck's default profile refused."""
    wrong, refused = [], [0] * len(programs)
    out(f"| written | by | {' | '.join(program.name for program in programs)} |")
    out(f"|---|---|{'---|' * len(programs)}")
    for what, who, change in HABITS:
        path = write(folder, "habit.har", change)
        cells = []
        for number, program in enumerate(programs):
            status, said = program.judge(path)
            refused[number] += status != 0
            cells.append(cell(f"{status}{': ' if said else ''}{said}"))
            if program.name == "harcheck" and status != 0:
                wrong.append(f"{what}: {said}")
        out(f"| {what} | {who} | {' | '.join(cells)} |")
    out(f"| **refused, of {len(HABITS)}** | | {' | '.join(f'**{number}**' for number in refused)} |")
    return wrong


def speed(programs, folder, size, rounds, out):
    path = os.path.join(folder, "large.har")
    subprocess.run([sys.executable, os.path.join(ROOT, "tests/bench/gen_har.py"), size, path], check=True, stdout=subprocess.DEVNULL)
    usage = os.path.join(folder, "usage")
    times = {program.name: [] for program in programs}
    peaks = {}
    for _ in range(rounds):
        for program in programs:
            begin = time.perf_counter()
            subprocess.run(["/usr/bin/time", "-q", "-f", "%M", "-o", usage, *program.command, path], env=program.environment,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
            times[program.name].append(time.perf_counter() - begin)
            with open(usage, encoding="utf-8") as text_of:
                peaks[program.name] = max(peaks.get(program.name, 0), int(text_of.read().split()[-1]))
    ours = statistics.median(times["harcheck"])
    out("| program | seconds | times harcheck's | peak memory, MiB |")
    out("|---|---|---|---|")
    for program in programs:
        seconds = statistics.median(times[program.name])
        out(f"| {program.name} | {seconds:.2f} | {seconds / ours:.1f} | {peaks[program.name] / 1024:.0f} |")
    os.unlink(path)


INTRODUCTION = """# harcheck beside its peers

Written by `tests/peers/run.py`, which plants defects one by one into a HAR that is right, and lets each program look at each file. A cell is the
exit status, and what was said first about the defect.

- **har-validator** is the npm package (with har-schema, and ajv that does the work), asked for all errors; where it throws, the first line of that.
  Its command line, `har validate` of @har/cli, prints the same errors with exit status 0; it is not on npm any more, and neither is a package
  that it needs, so it could not be run.
- **hargo validate** reads the file into the structures of Go, and says "Valid HAR file!" if that went well and the version is "1.2". It has two
  exit statuses: 0, and 254 where the JSON can't be read.
- **harcheck** is run with its default profile, where only errors make a file invalid (`--fail-on warning` has warnings do that, too), and
  with `--profile strict`. Its messages also have the line, the column, the JSON Pointer, and what was expected; the table shows the rule.

## Planted defects
"""
HABITS_TEXT = """
## What recorders write

Files of everyday programs that are not to the letter of HAR 1.2. Refusing them helps nobody who wants to know whether a recording is broken,
so harcheck's default profile has notes and warnings for them, and `--profile strict` says what the letter says.
"""
SPEED_TEXT = """
## Time and memory

The check of one file of {size}B (`tests/bench/gen_har.py`), whole process, median of {rounds}, {cpus} processors; harcheck with `-j1`, one thread. Above 512 MB the
programs for Node.js end with an error, as a string can't be longer there.
"""
AGAIN = """
## Running it again

    npm install --prefix build/peers-npm har-validator@5
    apt-get install golang-go golang-github-{alessio-shellescape,blang-semver,influxdata-influxdb1-client,sirupsen-logrus,urfave-cli}-dev golang-golang-x-net-dev
    GO111MODULE=off GOPATH=$GOPATH:/usr/share/gocode go build -o build/hargo ./cmd/hargo    # in hargo's source, $GOPATH/src/github.com/mrichman/hargo
    tests/peers/run.py --har-validator build/peers-npm --hargo build/hargo -o docs/harcheck-peers.md
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default=os.path.join(ROOT, "build/release/bin"), help="the folder of the tools")
    parser.add_argument("--har-validator", help="a folder with node_modules/har-validator in it")
    parser.add_argument("--hargo", help="the program")
    parser.add_argument("--large", default="100M", help="the size of the file for time and memory; 0: no such table")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--check", action="store_true", help="exit with 1 if harcheck missed a defect or refused a habit")
    parser.add_argument("-o", "--output", help="write to this file")
    options = parser.parse_args()

    peers = [HarValidator(options.har_validator)] if options.har_validator else []
    if options.hargo:
        peers.append(Hargo(options.hargo))
    ours = Harcheck(options.bin, "default")
    programs = [*peers, ours, Harcheck(options.bin, "strict")]
    lines = []
    with tempfile.TemporaryDirectory(prefix="hartape-peers-") as folder:
        path = write(folder, "good.har", lambda har: None)
        for program in programs:
            status, said = program.judge(path)
            if status != 0 or (isinstance(program, Harcheck) and said):
                sys.exit(f"peers: error: {program.name} about the HAR that is right: {status}: {said}")
        lines.append(INTRODUCTION)
        missed = defects(programs, folder, lines.append)
        lines.append(HABITS_TEXT)
        wrong = habits(programs, folder, lines.append)
        if options.large != "0":
            lines.append(SPEED_TEXT.format(size=f"{options.large[:-1]} {options.large[-1]}", rounds=options.rounds, cpus=os.cpu_count()))
            speed([*peers, ours], folder, options.large, options.rounds, lines.append)
        lines.append(AGAIN)
    document = "\n".join(lines)
    if options.output:
        with open(options.output, "w", encoding="utf-8") as out:
            out.write(document)
    else:
        print(document, end="")
    for each in missed:
        print(f"peers: missed: {each}", file=sys.stderr)
    for each in wrong:
        print(f"peers: refused: {each}", file=sys.stderr)
    return 1 if options.check and (missed or wrong) else 0


if __name__ == "__main__":
    sys.exit(main())
