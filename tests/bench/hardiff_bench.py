#!/usr/bin/env python3
"""Times hardiff on two recordings of one session, of which every time is shifted and one entry in 500 has changed, beside GNU diff of the two
files and beside diff of what `jq -cS` makes of them, and prints tables in Markdown; then the worst case, 10,000 entries with one URL of which
all bodies differ. How it is measured: side_by_side.py."""

import json
import os
import re
import subprocess
import sys

import side_by_side
from side_by_side import BYTES

DIFF_GOAL = 3
JQ_GOAL = 30
WORST_S = 10
DIFFER = (0, 1)


def second_recording(bench, size):
    """The same session again: what the generator makes of it, or the first file with other times and statuses."""
    path, _ = bench.input(size)
    again = os.path.join(bench.options.data, f"{size}-again.har")
    if os.path.exists(again):
        return again
    print(f"making {again}", file=sys.stderr)
    perf = os.environ.get("HARTAPE_PERF")
    if perf:
        generator = os.path.join(perf, "gen_har.py")
        subprocess.run(["python3", generator, "--size", size, "--shift-ms", "137.5", "--change-every", "500", "-o", again], check=True)
        return again
    entries = 0
    with open(path, encoding="utf-8") as old, open(again + ".part", "w", encoding="utf-8") as new:
        for line in old:
            if line.lstrip().startswith('"startedDateTime"'):
                line = re.sub(r"T(\d\d):", lambda hour: f"T{(int(hour[1]) + 1) % 24:02}:", line)
                entries += 1
            elif line.lstrip().startswith('"status"') and entries % 500 == 499:
                line = re.sub(r"\d+", "599", line)
            new.write(line)
    os.rename(again + ".part", again)
    return again


def worst_case(bench):
    """Two files of 10,000 entries with one URL and no body twice."""
    paths = []
    for side in ("old", "new"):
        path = os.path.join(bench.options.data, f"worst-{side}.har")
        paths.append(path)
        if os.path.exists(path):
            continue
        with open(path, "w", encoding="utf-8") as out:
            out.write('{"log":{"version":"1.2","creator":{"name":"bench","version":"1"},"entries":[\n')
            for number in range(10_000):
                words = " ".join(f"{side}{number * step % 9973}" for step in range(1, 60))
                entry = {"startedDateTime": "2026-11-22T09:00:00.000Z", "time": 1, "request": {"method": "POST", "url": "https://a.example/graphql", "headers": []},
                         "response": {"status": 200, "headers": [], "content": {"mimeType": "text/plain", "text": words}}, "timings": {"send": 0, "wait": 1, "receive": 0}}
                out.write((",\n" if number else "") + json.dumps(entry))
            out.write("\n]}}\n")
    command = [os.path.join(bench.options.bin, "hardiff"), "--stat", *paths]
    bench.run(command, paths[0], DIFFER)
    seconds, memory, _ = bench.run(command, paths[0], DIFFER)
    met = bench.verdict("the worst case", seconds < WORST_S)
    print(f"\n| worst case | s | limit | met | peak MiB |\n|---|---|---|---|---|\n| 10,000 entries of one URL, all bodies different | {seconds:.2f} | {WORST_S} | {met} | {memory / 1024:.1f} |")


def main():
    parser = side_by_side.parser_of(__doc__)
    options = parser.parse_args()
    bench = side_by_side.Bench(options)
    sizes = options.sizes.split(",")
    try:
        print(side_by_side.ROWS)
        for size in sizes:
            again = second_recording(bench, size)
            ours = ["{bin}/hardiff", "--stat", "{input}", again]
            goal = (lambda number: None if size == "10M" else number)  # there starting a process is a good part of the time
            bench.compare("two recordings, beside `diff`", size, ours, ["diff", "{input}", again], goal(DIFF_GOAL), DIFFER)
            bench.compare("the same with `-j1`", size, [*ours, "-j1"], ["diff", "{input}", again], None, DIFFER)
            if BYTES[size] <= BYTES["100M"]:
                jq = f"jq -cS .log.entries[] {{input}} >{{output}}.1; jq -cS .log.entries[] {again} >{{output}}.2; diff {{output}}.1 {{output}}.2"
                bench.compare("the same beside `jq -cS` of both and `diff`", size, ours, jq, goal(JQ_GOAL), DIFFER)
        print(side_by_side.MEMORY_ROWS)
        for size in sizes:
            # Beside what is read at once an index of about 50 bytes an entry.
            bench.memory(size, "two recordings", "hardiff", ["--stat", second_recording(bench, size)], DIFFER)
        worst_case(bench)
    finally:
        status = bench.finish()
    return status


if __name__ == "__main__":
    sys.exit(main())
