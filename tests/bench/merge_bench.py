#!/usr/bin/env python3
"""Times harmerge beside `cat a b > out` and a merge with jq, in the same run, and measures its peak memory; prints tables in Markdown.

The commands of a comparison run in turn, round after round; a ratio is taken round by round, and its median is reported and compared with
the goal. Both inputs are in the page cache, and the outputs on the file system of the inputs. See bench.py, whose inputs these are not: two
files of the same size, whose times interleave.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BYTES = {"5M": 5 * 10**6, "50M": 50 * 10**6, "500M": 500 * 10**6}
ROUNDS = {"5M": 15, "50M": 11, "500M": 9}
CAT_GOAL = 0.7
MEMORY_KIB = 32 << 10  # beyond the largest entry
JQ = '{log: (.[0].log + {entries: (map(.log.entries) | add | sort_by(.startedDateTime))})}'


class Bench:
    def __init__(self, options):
        self.options = options
        self.harmerge = os.path.join(options.bin, "harmerge")
        self.missed = []
        os.makedirs(options.data, exist_ok=True)
        self.out = tempfile.mkdtemp(prefix="hartape-bench-", dir=options.data)

    def inputs(self, size):
        """Two files of that size, and the bytes of their largest entry. The second's times are those of the first, half a step later."""
        paths = [os.path.join(self.options.data, f"{size}-{number}.har") for number in (1, 2)]
        facts = paths[0] + ".json"
        if not os.path.exists(facts) or not os.path.exists(paths[1]):
            print(f"making {paths[0]} and {paths[1]}", file=sys.stderr)
            made = subprocess.run(["python3", os.path.join(HERE, "gen_har.py"), size, paths[0]], check=True, stdout=subprocess.PIPE)
            subprocess.run([self.harmerge, "--no-provenance", "--shift", "1=+7ms", paths[0], "-o", paths[1], "--overwrite"], check=True)
            with open(facts, "wb") as out:
                out.write(made.stdout)
        with open(facts, encoding="utf-8") as known:
            return paths, json.load(known).get("largest_entry", 0)

    def run(self, command, paths):
        """Seconds and peak KiB of a shell command; what was in the output folder is gone before."""
        for name in os.listdir(self.out):
            os.unlink(os.path.join(self.out, name))
        for path in paths:
            with open(path, "rb", buffering=0) as warm:
                while warm.read(1 << 20):
                    pass
        usage = os.path.join(self.out, "usage")
        begin = time.perf_counter()
        status = subprocess.run(["/bin/sh", "-c", command.format(a=paths[0], b=paths[1], out=os.path.join(self.out, "output"), harmerge=self.harmerge,
                                                                 time=f"/usr/bin/time -q -f %M -o {usage}")],
                                stdin=subprocess.DEVNULL).returncode
        seconds = time.perf_counter() - begin
        if status != 0:
            sys.exit(f"bench: error: exit status {status}: {command}")
        with open(usage, encoding="utf-8") as text:
            return seconds, int(text.read().split()[-1])

    def verdict(self, what, met):
        if not met:
            self.missed.append(what)
        return "yes" if met else "**no**"

    def compare(self, what, size, ours, theirs, goal):
        paths, _ = self.inputs(size)
        ratios, times, peak = [], ([], []), 0
        for number in range(1 + (self.options.rounds or ROUNDS[size])):
            fast, memory = self.run(ours, paths)
            slow, _ = self.run(theirs, paths)
            if number > 0:  # the first round warms up
                ratios.append(slow / fast)
                times[0].append(fast)
                times[1].append(slow)
                peak = max(peak, memory)
        ratio = statistics.median(ratios)
        length = sum(os.path.getsize(path) for path in paths)
        ours_s, theirs_s = (statistics.median(part) for part in times)
        met = "" if goal is None else self.verdict(f"{what}, 2 x {size}", ratio >= goal)
        print(f"| {what} | 2 x {size} | {ours_s:.3f} | {length / ours_s / 1e6:.0f} | {theirs_s:.3f} | {ratio:.2f} ({min(ratios):.2f} to {max(ratios):.2f}) "
              f"| {'' if goal is None else goal} | {met} | {peak / 1024:.1f} |", flush=True)

    def memory(self, what, size, command):
        paths, largest = self.inputs(size)
        limit = MEMORY_KIB + largest / 1024
        _, peak = self.run(command, paths)
        met = self.verdict(f"memory, {what}, 2 x {size}", peak < limit)
        print(f"| {what} | 2 x {size} | {peak / 1024:.1f} | {limit / 1024:.1f} | {met} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default=os.path.join(ROOT, "build/release/bin"), help="the folder of the tools")
    parser.add_argument("--data", default=os.path.join(ROOT, "build/bench-data"), help="where the inputs are made and kept")
    parser.add_argument("--sizes", default="5M,50M,500M", help="of each of the two inputs")
    parser.add_argument("--rounds", type=int, help="instead of 15, 11 and 9")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a goal is missed")
    options = parser.parse_args()
    sizes = options.sizes.split(",")
    bench = Bench(options)
    try:
        print("| comparison | input | ours, s | ours, MB/s | theirs, s | times as fast (range) | goal | met | ours, peak MiB |")
        print("|---|---|---|---|---|---|---|---|---|")
        for size in sizes:
            # At 5 MB starting a process is a good part of the time.
            goal = None if size == "5M" else CAT_GOAL
            cat = "{time} cat {a} {b} >{out}"
            bench.compare("two sorted files, beside `cat a b > out`", size, "{time} {harmerge} {a} {b} -o {out}", cat, goal)
            bench.compare("the same with `-j1`", size, "{time} {harmerge} -j1 {a} {b} -o {out}", cat, None)
            bench.compare("the same with `--checksum`", size, "{time} {harmerge} --checksum {a} {b} -o {out} >{out}.sums", cat, None)
            bench.compare("from files to a pipe", size, "{time} {harmerge} {a} {b} | cat >{out}", "{time} cat {a} {b} | cat >{out}", None)
            bench.compare("one from a pipe", size, "cat {a} | {time} {harmerge} - {b} -o {out}", cat, None)
            if BYTES[size] <= BYTES["50M"]:
                bench.compare("beside jq: merge and sort_by", size, "{time} {harmerge} {a} {b} -o {out}", "{time} jq -cs '" + JQ.replace("{", "{{").replace("}", "}}") +
                              "' {a} {b} >{out}", 20)
        print("\n| peak memory | input | MiB | limit | met |")
        print("|---|---|---|---|---|")
        for size in sizes:
            if size == "5M":
                continue
            bench.memory("two files", size, "{time} {harmerge} {a} {b} -o {out}")
            bench.memory("two files, to a pipe", size, "{time} {harmerge} {a} {b} | cat >{out}")
            bench.memory("a pipe and a file", size, "cat {a} | {time} {harmerge} - {b} -o {out}")
            # The second before the first is in no order at all: all of it is sorted.
            bench.memory("entries that must be sorted", size,
                         "({harmerge} --to harl {b}; {harmerge} --to harl {a}) | {time} {harmerge} --from harl --to harl - -o {out}")
            bench.memory("to a recording", size, "{time} {harmerge} -q {a} {b} --to recording -o {out} 2>{out}.log")
    finally:
        shutil.rmtree(bench.out)
    for what in bench.missed:
        print(f"bench: missed: {what}", file=sys.stderr)
    return 1 if options.check and bench.missed else 0


if __name__ == "__main__":
    sys.exit(main())
