#!/usr/bin/env python3
"""Times harstat as a whole process beside `wc -l` and jq, one thread beside two, and adding partial summaries beside counting anew; prints
tables in Markdown. How it is measured: side_by_side.py."""

import os
import subprocess
import sys

import side_by_side
from side_by_side import BYTES

# One of the tables that harstat makes: how many entries took how long, in steps of 10 ms.
JQ = '[.log.entries[].time / 10 | floor] | group_by(.) | map([.[0] * 10, length])'


def harstat(threads, *more):
    return ["{bin}/harstat", f"-j{threads}", *more, "{input}"]


def compare(bench, sizes):
    print(side_by_side.ROWS)
    for size in sizes:
        # At 10 MB starting a process is a good part of the time; the goals are for files that take a while.
        goals = (lambda goal: None if size == "10M" else goal)
        row = (lambda what, ours, theirs, goal: bench.compare(what, size, ours, theirs, goal))
        row("everything, two threads, beside `wc -l`", harstat(2), ["wc", "-l", "{input}"], 0.35 if size == "1G" else None)
        row("everything, one thread, beside `wc -l`", harstat(1), ["wc", "-l", "{input}"], None)
        row("everything, two threads, beside one", harstat(2), harstat(1), goals(1.5))
        if BYTES[size] <= BYTES["100M"]:
            # jq's program has braces of its own in none of its parts, so that nothing is filled in there.
            row("everything, two threads, beside a histogram with jq", harstat(2), ["jq", "-c", JQ, "{input}"], goals(20))


def merging(bench, options):
    """1000 partial summaries of a small recording, beside counting it 1000 times."""
    path, _ = bench.input("10M")
    tool = os.path.join(options.bin, "harstat")
    parts = os.path.join(options.data, "1000.partials")
    line = subprocess.run([tool, "--partial", path], check=True, stdout=subprocess.PIPE).stdout
    with open(parts, "wb") as out:
        for _ in range(1000):
            out.write(line)
    seconds, peak, _ = bench.run([tool, "--merge", "--json", parts], parts)
    met = bench.verdict("memory, 1000 partials added", peak < side_by_side.MEMORY_KIB + len(line) / 1024)
    print(f"\n1000 partial summaries of {len(line) / 1e3:.0f} kB each are added in {seconds:.2f} s ({os.path.getsize(parts) / seconds / 1e6:.0f} MB/s), "
          f"in {peak / 1024:.1f} MiB; within the limit: {met}")
    os.unlink(parts)


def main():
    options = side_by_side.parser_of(__doc__).parse_args()
    sizes = options.sizes.split(",")
    bench = side_by_side.Bench(options)
    try:
        compare(bench, sizes)
        print(side_by_side.MEMORY_ROWS)
        for size in sizes:
            for threads in (1, 2):
                bench.memory(size, f"harstat -j{threads}", "harstat", [f"-j{threads}"])
        merging(bench, options)
    finally:
        status = bench.finish()
    return status


if __name__ == "__main__":
    sys.exit(main())
