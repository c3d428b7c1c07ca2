#!/usr/bin/env python3
"""Times HAR to SQLite and back as a whole process, beside `cat` of the same file and beside a Python program that fills the same tables;
prints tables in Markdown. How it is measured: side_by_side.py. The goal is 100 MB/s, and `cat` says how fast the machine is."""

import os
import subprocess
import sys
import time

import side_by_side
from side_by_side import BYTES

GOAL_MB_S = 100

# What a script of a few lines would do: the least that answers the same questions.
PYTHON = r"""
import hashlib, json, sqlite3, sys
log = json.load(open(sys.argv[1], encoding="utf-8"))["log"]
db = sqlite3.connect(sys.argv[2])
db.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; CREATE TABLE entries (id INTEGER PRIMARY KEY, started, time, method, url, status, body);"
                 "CREATE TABLE headers (entry, message, name, value); CREATE TABLE messages (entry, time, type, opcode, data);"
                 "CREATE TABLE bodies (sha256 PRIMARY KEY, data)")
for number, entry in enumerate(log["entries"]):
    text = entry["response"]["content"].get("text", "")
    key = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    db.execute("INSERT OR IGNORE INTO bodies VALUES (?,?)", (key, text))
    db.execute("INSERT INTO entries VALUES (?,?,?,?,?,?,?)", (number, entry["startedDateTime"], entry["time"], entry["request"]["method"],
                                                           entry["request"]["url"], entry["response"]["status"], key))
    for side in ("request", "response"):
        db.executemany("INSERT INTO headers VALUES (?,?,?,?)", [(number, side, h["name"], h["value"]) for h in entry[side]["headers"]])
    db.executemany("INSERT INTO messages VALUES (?,?,?,?,?)", [(number, m["time"], m["type"], m["opcode"], m["data"])
                                                             for m in entry.get("_webSocketMessages", [])])
db.execute("CREATE INDEX i ON headers (entry)")
db.commit()
"""


def to_sqlite(threads):
    return ["{bin}/harconv", "-q", f"-j{threads}", "--to", "sqlite", "{input}", "--overwrite", "-o", "{output}"]


def cpu(bench, size):
    """Processor seconds of one conversion: what the rate would be with two processors of one's own."""
    path, _ = bench.input(size)
    output = os.path.join(bench.out, "output")
    command = [os.path.join(bench.options.bin, "harconv"), "-q", "-j2", "--to", "sqlite", path, "--overwrite", "-o", output]
    before = os.times()
    begin = time.perf_counter()
    subprocess.run(command, check=True)
    seconds = time.perf_counter() - begin
    after = os.times()
    user, system = after.children_user - before.children_user, after.children_system - before.children_system
    rate = BYTES[size] / seconds / 1e6
    met = bench.verdict(f"{GOAL_MB_S} MB/s, {size}", rate >= GOAL_MB_S) if size != "10M" else ""
    print(f"| {size} | {seconds:.2f} | {rate:.0f} | {user:.2f} | {system:.2f} | {os.path.getsize(output) / BYTES[size]:.2f} | {met} |", flush=True)


def main():
    options = side_by_side.parser_of(__doc__).parse_args()
    sizes = options.sizes.split(",")
    bench = side_by_side.Bench(options)
    script = os.path.join(options.data, "to_sqlite.py")
    os.makedirs(options.data, exist_ok=True)
    with open(script, "w", encoding="utf-8") as out:
        out.write(PYTHON)
    try:
        print(side_by_side.ROWS)
        for size in sizes:
            bench.compare("to SQLite, two threads, beside `cat`", size, to_sqlite(2), "cat {input} >{output}", None)
            bench.compare("to SQLite, two threads, beside one", size, to_sqlite(2), to_sqlite(1), None)
            if BYTES[size] <= BYTES["100M"]:
                bench.compare("to SQLite, two threads, beside Python", size, to_sqlite(2), ["python3", script, "{input}", "{output}"], None)
        print("\n| to SQLite | seconds | MB/s | user s | system s | database / HAR | met |\n|---|---|---|---|---|---|---|")
        for size in sizes:
            cpu(bench, size)
        print(side_by_side.MEMORY_ROWS)
        for size in sizes:
            bench.memory(size, "harconv --to sqlite -j2", "harconv", ["-q", "-j2", "--to", "sqlite"])
    finally:
        os.unlink(script)
        status = bench.finish()
    return status


if __name__ == "__main__":
    sys.exit(main())
