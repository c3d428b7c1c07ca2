#!/usr/bin/env python3
"""Times harcheck as a whole process beside `wc -l`, `cat`, jq and other programs that check HARs, and prints tables in Markdown. How it
is measured: side_by_side.py. A program that is not there has no row."""

import os
import shutil
import statistics
import sys

import side_by_side
from side_by_side import BYTES

SHAPE = ["--rule", "*=off", "--rule", "json-*=error", "--rule", "har-*=error"]  # the JSON and the shape of HAR 1.2
NODE = "require('har-validator').har(JSON.parse(require('fs').readFileSync(process.argv[1], 'utf8'))).catch(() => { process.exitCode = 1; });"
ANSWERS = (0, 1, 254)  # the last one is hargo's for a file that it can't read


def harcheck(threads, *more):
    return ["{bin}/harcheck", f"-j{threads}", *more, "{input}"]


def peers(options):
    """Name, command and goal of each that is there."""
    module = os.path.join(os.path.abspath(options.har_validator), "node_modules")
    if os.path.isdir(os.path.join(module, "har-validator")):
        yield "har-validator", ["env", f"NODE_PATH={module}", "node", "-e", NODE.replace("{", "{{").replace("}", "}}"), "{input}"], 13
    else:
        print("check_bench: no row for har-validator: see --har-validator", file=sys.stderr)
    hargo = shutil.which(options.hargo) or shutil.which("hargo")
    if hargo:
        yield "hargo validate", [os.path.abspath(hargo), "validate", "{input}"], 18
    else:
        print("check_bench: no row for hargo: see --hargo", file=sys.stderr)


def compare(bench, options, sizes, others):
    print(side_by_side.ROWS)
    for size in sizes:
        # At 10 MB starting a process is a good part of the time; the goals are for files that take a while.
        goals = (lambda goal: None if size == "10M" else goal)
        row = (lambda what, ours, theirs, goal: bench.compare(what, size, ours, theirs, goal, ANSWERS))
        row("shape rules, one thread, beside `wc -l`", harcheck(1, *SHAPE), ["wc", "-l", "{input}"], goals(0.35))
        row("all rules, one thread, beside `wc -l`", harcheck(1), ["wc", "-l", "{input}"], goals(0.25))
        row("all rules, two threads, beside one", harcheck(2), harcheck(1), goals(1.5))
        row("all rules, one thread, beside `cat >/dev/null`", harcheck(1), "cat {input} >/dev/null", None)
        row("all rules, one thread, beside `cp`", harcheck(1), ["cp", "{input}", "{output}"], None)
        if BYTES[size] > BYTES["100M"]:
            continue
        row("all rules, one thread, beside `jq empty`", harcheck(1), ["jq", "empty", "{input}"], None)
        for name, command, goal in others:
            row(f"all rules, one thread, beside {name}", harcheck(1), command, goals(goal))


def growth(bench, options, sizes):
    """Time a byte, which must not grow with the file."""
    print("\n| all rules, one thread | s a GB | beside the file before | met |")
    print("|---|---|---|---|")
    before = None
    for size in sizes:
        path, _ = bench.input(size)
        command = [os.path.join(options.bin, "harcheck"), "-j1", path]
        times = [bench.run(command, path, ANSWERS)[0] for _ in range(options.rounds or side_by_side.ROUNDS[size])]
        per_gb = statistics.median(times) / os.path.getsize(path) * 1e9
        ratio = per_gb / (before or per_gb)
        print(f"| {size} | {per_gb:.3f} | {ratio:.2f} | {bench.verdict(f'time a byte, {size}', ratio < 1.25)} |", flush=True)
        before = per_gb


def main():
    parser = side_by_side.parser_of(__doc__)
    parser.add_argument("--har-validator", metavar="FOLDER", default=os.path.join(side_by_side.ROOT, "build/peers-npm"), help="where `npm install har-validator@5` was run")
    parser.add_argument("--hargo", metavar="PROGRAM", default=os.path.join(side_by_side.ROOT, "build/hargo"), help="if it is not in the PATH")
    options = parser.parse_args()
    sizes = options.sizes.split(",")
    bench = side_by_side.Bench(options)
    try:
        compare(bench, options, sizes, list(peers(options)))
        growth(bench, options, sizes)
        print(side_by_side.MEMORY_ROWS)
        for size in sizes:
            for threads in (1, 2):
                bench.memory(size, f"harcheck -j{threads}", "harcheck", [f"-j{threads}"], ANSWERS)
    finally:
        status = bench.finish()
    return status


if __name__ == "__main__":
    sys.exit(main())
