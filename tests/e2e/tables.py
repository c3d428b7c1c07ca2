"""Recordings as tables, asked by programs that share nothing with harconv: the sqlite3 tool and Python's sqlite3 must give the numbers that
jq and harstat give, Python's csv must read what was written, and a database that was broken, or is somebody else's, does no harm.

The inputs are samples, and with HARTAPE_CORPUS the HARs of that folder."""

import base64
import csv
import hashlib
import io
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

BIN = os.environ["HARTAPE_BIN"]
SOURCE = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
SAMPLES = os.path.join(SOURCE, "samples")
failures = 0


def check(what, found, expected):
    global failures
    if found != expected:
        failures += 1
        print(f"{what}\n  expected: {str(expected)[:600]}\n  found:    {str(found)[:600]}")


def run(*command, stdin=None, status=(0,), env=None):
    done = subprocess.run(command, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)
    if done.returncode not in status:
        sys.exit(f"{' '.join(command)[:200]} ended with {done.returncode}:\n{done.stderr.decode(errors='replace')[:2000]}")
    return done.stdout


def tool(name):
    return os.path.join(BIN, name)


def harconv(*arguments, **more):
    return run(tool("harconv"), "-q", *arguments, **more)


def ask(path, sql):
    """By the sqlite3 tool."""
    return run("sqlite3", "-readonly", "-separator", "\t", path, sql).decode()


def document(text):
    """JSON with the order of members, all of them, and numbers as they are written."""
    return json.loads(text, object_pairs_hook=lambda pairs: ("object", pairs), parse_float=lambda n: ("number", n), parse_int=lambda n: ("number", n))


def entries(path_or_bytes, *options):
    stdin = path_or_bytes if isinstance(path_or_bytes, bytes) else None
    lines = harconv(*options, "--to", "harl", "-" if stdin is not None else path_or_bytes, stdin=stdin, status=(0, 2)).splitlines()
    values = [document(line) for line in lines]
    return [value for value in values if not (value[1] and value[1][0][0] == "log")]


def round_trips(folder):
    paths = [os.path.join(SAMPLES, name) for name in sorted(os.listdir(SAMPLES)) if name.endswith((".har", ".rec.ndjson"))]
    corpus = os.environ.get("HARTAPE_CORPUS")
    if corpus:
        for parent, _, names in os.walk(corpus):
            paths += [os.path.join(parent, name) for name in sorted(names) if name.endswith(".har")]
    else:
        print("no HARTAPE_CORPUS: its HARs are skipped")
    database = os.path.join(folder, "x.sqlite")
    count = 0
    for path in paths:
        if os.path.getsize(path) > 64 << 20:
            continue
        before = entries(path)
        if not before:
            continue
        if os.path.exists(database):
            os.unlink(database)
        harconv("--to", "sqlite", path, "-o", database, status=(0, 2))
        check(f"{path}: entries come back", entries(database) == before, True)
        with sqlite3.connect(database) as db:
            check(f"{path}: a sound database", db.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
            check(f"{path}: entries are counted", db.execute("SELECT count(*) FROM entries").fetchone()[0], len(before))
            for sha256, data in db.execute("SELECT sha256, CAST(data AS BLOB) FROM bodies"):
                check(f"{path}: a body is what its hash says", hashlib.sha256(data).hexdigest(), sha256)
        db.close()
        count += 1
    print(f"{count} recordings became databases and came back")


def same_numbers(folder, path):
    """SQL, jq and harstat of the same file."""
    database = os.path.join(folder, "numbers.sqlite")
    harconv("--to", "sqlite", path, "-o", database)
    jq = lambda program: run("jq", "-r", program, path).decode()
    check("methods and status", ask(database, "SELECT method, status, count(*) FROM entries GROUP BY 1, 2 ORDER BY 1, 2"),
          jq('[.log.entries[] | [.request.method, .response.status]] | group_by(.) | map([.[0][0], .[0][1], length])[] | @tsv'))
    check("headers", ask(database, "SELECT lower(name), count(*) FROM headers GROUP BY 1 ORDER BY 1"),
          jq('[.log.entries[] | (.request, .response).headers[].name | ascii_downcase] | group_by(.) | map([.[0], length])[] | @tsv'))
    check("the slowest", ask(database, "SELECT url FROM slowest LIMIT 5"), jq('[.log.entries[]] | sort_by(-.time)[:5][].request.url'))
    check("cookies", ask(database, "SELECT message, name, value FROM cookies ORDER BY entry, rowid"),
          jq('.log.entries[] | ["request", (.request.cookies[] | .name, .value)], ["response", (.response.cookies[] | .name, .value)] | . as $all'
             ' | range(1; length; 2) | [$all[0], $all[.], $all[. + 1]] | @tsv'))
    record = json.loads(run(tool("harstat"), "--json", "--group-by", "host", path).splitlines()[0])
    hosts = {tuple(row) for row in (line.split("\t") for line in ask(database, "SELECT host, entries FROM by_host").splitlines())}
    db = sqlite3.connect(database)
    check("entries, as harstat counts them", db.execute("SELECT count(*) FROM entries").fetchone()[0], find(record, "entries"))
    by_jq = jq('[.log.entries[].request.url | capture("^[a-z]+://(?<h>[^/:?#]+)").h] | group_by(.) | map([.[0], length])[] | @tsv')
    check("hosts", hosts, {tuple(line.split("\t")) for line in by_jq.splitlines()})
    check("times", db.execute("SELECT round(sum(time), 3) FROM entries").fetchone()[0],
          round(sum(e["time"] for e in json.load(open(path, encoding="utf-8"))["log"]["entries"]), 3))
    check("version", (db.execute("PRAGMA user_version").fetchone()[0], db.execute("PRAGMA application_id").fetchone()[0]), (1, 0x48415254))
    db.close()


def find(record, name):
    if isinstance(record, dict):
        if isinstance(record.get(name), int):
            return record[name]
        for value in record.values():
            found = find(value, name)
            if found is not None:
                return found
    return None


def messages(folder):
    database = os.path.join(folder, "messages.sqlite")
    recording = os.path.join(SAMPLES, "prices-ws.rec.ndjson")
    harconv(recording, "-o", database)
    lines = [json.loads(line) for line in open(recording, encoding="utf-8")]
    sent = [line["data"] for line in lines if line.get("ev") == "message" and line["dir"] == "send" and line["opcode"] == 1]
    db = sqlite3.connect(database)
    check("messages", [row[0] for row in db.execute("SELECT data FROM messages WHERE direction = 'send' AND opcode = 1")], sent)
    check("JSON in messages", db.execute("SELECT count(*) FROM messages WHERE opcode = 1 AND json_valid(data) AND data ->> '$.op' = 'price'").fetchone()[0],
          sum(1 for line in lines if line.get("ev") == "message" and line.get("opcode") == 1 and json.loads(line["data"]).get("op") == "price"))
    db.close()
    database = os.path.join(folder, "events.sqlite")
    harconv(os.path.join(SAMPLES, "chat-llm.rec.ndjson"), "-o", database)
    chunks = [json.loads(line) for line in open(os.path.join(SAMPLES, "chat-llm.rec.ndjson"), encoding="utf-8")]
    body = b"".join(base64.b64decode(chunk["data64"]) if "data64" in chunk else chunk["data"].encode() for chunk in chunks
                    if chunk.get("ev") == "data").decode()
    db = sqlite3.connect(database)
    check("events", [row[0] for row in db.execute("SELECT data FROM events ORDER BY rowid")],
          [line[6:] for line in body.split("\n") if line.startswith("data: ")])
    check("the body", db.execute("SELECT CAST(b.data AS TEXT) FROM entries e JOIN bodies b ON b.id = e.response_body").fetchone()[0], body)
    db.close()


def pipes(folder, path):
    whole = harconv("--to", "sqlite", path)
    check("from a pipe into a pipe", harconv("--from", "har", "--to", "sqlite", "-", stdin=open(path, "rb").read()), whole)
    packed = os.path.join(folder, "x.sqlite.gz")
    harconv(path, "-o", packed)
    check("compressed", run("gzip", "-dc", packed), whole)
    check("compressed, and back", entries(packed), entries(path))
    full = subprocess.run([tool("harconv"), path, "--to", "sqlite", "-o", "/dev/full"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    check("a full disk", (full.returncode, b"No space left" in full.stderr), (2, True))
    head = subprocess.run(["bash", "-c", f"{tool('harconv')} {path} --to sqlite | head -c 100 | wc -c; echo ${{PIPESTATUS[0]}}"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    check("| head", head.stderr, b"")
    env = dict(os.environ, TMPDIR="/nowhere/at/all")
    lost = subprocess.run([tool("harconv"), path, "--to", "sqlite"], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    check("no folder for temporary files", (lost.returncode, b"TMPDIR" in lost.stderr, lost.stdout), (2, True, b""))


def nothing_stays(folder):
    """A conversion that is broken off leaves nothing, neither under the output's name nor in TMPDIR."""
    scratch = os.path.join(folder, "scratch")
    os.mkdir(scratch)
    out = os.path.join(folder, "never.sqlite")
    for how in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        process = subprocess.Popen([tool("harconv"), "--from", "harl", "-", "-o", out], stdin=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=dict(os.environ, TMPDIR=scratch))
        line = harconv("--to", "harl", os.path.join(SAMPLES, "shop.har"))
        process.stdin.write(line)
        process.stdin.flush()
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and not any("(deleted)" in link and scratch in link for link in open_files(process.pid)):
            time.sleep(0.02)
        process.send_signal(how)
        process.wait()
        process.stdin.close()
        process.stderr.close()
        check(f"{how.name}: TMPDIR is empty", os.listdir(scratch), [])
        check(f"{how.name}: no output", os.path.exists(out), False)


def open_files(pid):
    out = []
    try:
        for name in os.listdir(f"/proc/{pid}/fd"):
            try:
                out.append(os.readlink(f"/proc/{pid}/fd/{name}"))
            except OSError:
                pass
    except OSError:
        pass
    return out


def hostile(folder):
    """Databases as only an enemy makes them: an answer soon, in bounded memory, and no crash."""
    path = os.path.join(folder, "hostile.sqlite")

    def made(sql):
        if os.path.exists(path):
            os.unlink(path)
        run("sqlite3", path, sql)

    def survives(what, expected=(0, 2), *options):
        begin = time.monotonic()
        # 1 GiB of address space is less than what these would like to have.
        done = subprocess.run(["bash", "-c", f"ulimit -v 1500000; exec timeout 60 {tool('harconv')} --max-entry 1MiB {' '.join(options)} --to harl {path}"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        check(f"{what}: status ({done.stderr[:200]})", done.returncode in expected, True)
        if time.monotonic() - begin > 50:
            check(f"{what}: soon", False, True)
        return done

    made("CREATE VIEW entries AS WITH RECURSIVE r(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM r) SELECT id FROM r")
    check("an endless view", survives("an endless view", (2,)).stdout, b"")
    made("CREATE TABLE entries (id INTEGER PRIMARY KEY, rest); INSERT INTO entries VALUES (1, zeroblob(500000000)), (2, '{}')")
    check("a huge value", survives("a huge value", (2,)).stdout.count(b"\n") >= 1, True)
    made("CREATE TABLE entries (id INTEGER PRIMARY KEY, rest TEXT GENERATED ALWAYS AS (hex(zeroblob(id * 100000000))) VIRTUAL);"
         "INSERT INTO entries VALUES (1), (2)")
    survives("a generated column")
    made("CREATE TABLE entries (id INTEGER PRIMARY KEY, rest, parts, response_body); CREATE TABLE bodies (id INTEGER PRIMARY KEY, data);"
         "INSERT INTO bodies VALUES (1, zeroblob(500000));"
         "INSERT INTO entries WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 100000) SELECT n, '{}', 64, 1 FROM r")
    check("a bomb", b"--max-expansion" in survives("a bomb", (2,), "--max-expansion", "40").stderr, True)
    made("CREATE TABLE entries (id INTEGER PRIMARY KEY, rest); INSERT INTO entries VALUES (1, '" + "[" * 100000 + "')")
    survives("nesting", (2,))
    made("CREATE TABLE entries (id INTEGER PRIMARY KEY, rest); INSERT INTO entries VALUES (1, '{}');"
         "CREATE TABLE headers (entry, message, name, value);"
         "INSERT INTO headers WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 300000) SELECT 300000 - n, 'request', 'n', 'v' FROM r")
    survives("rows without an index", (0,))
    whole = harconv("--to", "sqlite", os.path.join(SAMPLES, "shop.har"))
    chance = random.Random(7)
    for number in range(60):
        broken = bytearray(whole)
        for _ in range(1 + number % 20):
            broken[chance.randrange(len(broken)) if number % 2 else chance.randrange(len(broken)) // 8192 * 8192 + chance.randrange(120)] = chance.randrange(256)
        with open(path, "wb") as out:
            out.write(broken[: chance.randrange(len(broken))] if number % 3 == 0 else broken)
        survives(f"broken {number}")


def comma_separated(path):
    """What csv reads is what stands in the recording."""
    log = json.load(open(path, encoding="utf-8"))["log"]
    rows = list(csv.reader(io.StringIO(harconv("--to", "csv", path).decode(), newline="")))
    check("a CSV's head", rows[0], ["index", "start", "method", "url", "status", "mime", "body.size", "time"])
    check("a CSV's rows", [[row[0], row[2], row[3], row[4], float(row[7])] for row in rows[1:]],
          [[str(i), e["request"]["method"], e["request"]["url"], str(e["response"]["status"]), float(e["time"])] for i, e in enumerate(log["entries"])])
    lines = harconv("--to", "tsv", path).decode().splitlines()
    check("a TSV has as many cells", {line.count("\t") for line in lines}, {7})
    check("Markdown has as many rows", len(harconv("--to", "markdown", path).decode().splitlines()), len(rows) + 1)
    if b"--columns" not in run(tool("harconv"), "--help"):
        print("harconv has no --columns: skipped")
        return
    har = {"log": {"version": "1.2", "creator": {"name": "x", "version": "1"}, "entries": []}}
    texts = ["plain", 'say "hi"', "a,b", "two\nlines", "cr\r\nlf", " spaces ", "", "naïve 😀", "'", "tab\t", "semi;colon"]
    for text in texts:
        har["log"]["entries"].append({"startedDateTime": "2026-11-22T09:15:30Z", "time": 1, "request": {"method": "GET", "url": "http://a.test/", "headers": []},
                                      "response": {"status": 200, "headers": [], "content": {"mimeType": "text/plain", "text": text}}, "timings": {}})
    har["log"]["entries"].append(dict(har["log"]["entries"][0], response={"status": 200, "headers": [], "content": {"mimeType": "text/plain", "text": "=1+1"}}))
    out = harconv("--from", "har", "--to", "csv", "--columns", "index,body", "-", stdin=json.dumps(har).encode()).decode()
    check("texts come back", [row[1] for row in csv.reader(io.StringIO(out, newline=""))], ["body", *texts, "'=1+1"])
    out = harconv("--from", "har", "--to", "tsv", "--columns", "index,body", "-", stdin=json.dumps(har).encode()).decode()
    unescaped = [line.split("\t")[1].replace("\\\\", "\0").replace("\\t", "\t").replace("\\n", "\n").replace("\\r", "\r").replace("\0", "\\")
                 for line in out.split("\n")[1:-1]]
    check("texts come back from TSV", unescaped, [*texts, "'=1+1"])


def spans(path):
    """Against the messages of opentelemetry-proto, where Python has them."""
    found = json.loads(harconv("--to", "otlp", path))
    log = json.load(open(path, encoding="utf-8"))["log"]
    spans = found["resourceSpans"][0]["scopeSpans"][0]["spans"]
    clients = [span for span in spans if span["kind"] == 3]
    check("a span for each entry", len(clients), len(log["entries"]))
    check("identifiers", {(len(s["traceId"]), len(s["spanId"])) for s in spans}, {(32, 16)})
    check("no identifier twice", len({s["spanId"] for s in spans}), len(spans))
    check("parents that are there", {s["parentSpanId"] for s in spans if "parentSpanId" in s} <= {s["spanId"] for s in spans}, True)
    check("times are strings", {type(s["startTimeUnixNano"]) for s in spans} | {type(s["endTimeUnixNano"]) for s in spans}, {str})
    try:
        from google.protobuf import json_format
        from opentelemetry.proto.trace.v1 import trace_pb2
    except ImportError:
        print("no opentelemetry-proto for Python: its check is skipped")
        return
    for span in spans:  # OTLP has hexadecimal where JSON of protobuf has base64
        for name in ("traceId", "spanId", "parentSpanId"):
            if name in span:
                span[name] = base64.b64encode(bytes.fromhex(span[name])).decode()
    json_format.ParseDict(found, trace_pb2.TracesData())


def transcripts():
    text = harconv("--to", "transcript", os.path.join(SAMPLES, "prices-ws.rec.ndjson")).decode()
    lines = [json.loads(line) for line in open(os.path.join(SAMPLES, "prices-ws.rec.ndjson"), encoding="utf-8")]
    shown = [line for line in text.split("\n") if line[13:14] in "→←" and line[15:19] == "text"]
    check("a line for each message", len(shown), sum(1 for line in lines if line.get("ev") == "message" and line["opcode"] == 1))
    check("nothing for a terminal", [c for c in text if ord(c) < 0x20 and c != "\n"], [])


def main():
    for needed in ("sqlite3", "jq"):
        if subprocess.run(["sh", "-c", f"command -v {needed}"], stdout=subprocess.DEVNULL).returncode != 0:
            print(f"{needed} is not installed")
            sys.exit(1 if os.environ.get("HARTAPE_REQUIRE_E2E") == "1" else 77)
    shop = os.path.join(SAMPLES, "shop.har")
    with tempfile.TemporaryDirectory(prefix="hartape-tables-") as folder:
        same_numbers(folder, shop)
        messages(folder)
        pipes(folder, shop)
        nothing_stays(folder)
        comma_separated(shop)
        spans(shop)
        transcripts()
        hostile(folder)
        round_trips(folder)
    print(f"{failures} failed")
    sys.exit(1 if failures else 0)


main()
