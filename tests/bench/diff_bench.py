#!/usr/bin/env python3
"""Times streamdiff beside cmp, diff and jq on the same pairs of NDJSON recordings, in the same run, and measures its peak memory; checks that
it finds what differs, and prints tables in Markdown.

The commands of a comparison run in turn, round after round; a ratio is taken round by round, and its median is reported and compared with
the goal. All inputs are in the page cache. gen_streams.py says what they hold.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
ROUNDS = {"10M": 15, "100M": 11, "1G": 5}
MEMORY_KIB = 32 << 10
DIFFERENCES = 34
ROWS = """| comparison | input | ours, s | ours, MB/s | theirs, s | times as fast (range) | goal | met | ours, peak MiB |
|---|---|---|---|---|---|---|---|---|"""


class Bench:
    def __init__(self, options):
        self.options = options
        self.streamdiff = os.path.join(options.bin, "streamdiff")
        self.missed = []

    def inputs(self, size):
        folder = os.path.join(self.options.data, f"streams-{size}")
        facts = os.path.join(folder, "facts.json")
        if not os.path.exists(facts):
            print(f"making {folder}", file=sys.stderr)
            made = subprocess.run(["python3", os.path.join(HERE, "gen_streams.py"), size, folder], check=True, stdout=subprocess.PIPE)
            with open(facts, "wb") as out:
                out.write(made.stdout)
        with open(facts, encoding="utf-8") as known:
            return folder, json.load(known)

    def run(self, command, folder, pair):
        """Seconds, peak KiB and standard output of a shell command; {e} and {a} are the pair, {s} is streamdiff, {time} measures."""
        paths = [os.path.join(folder, name + ".ndjson") for name in pair]
        for path in paths:
            with open(path, "rb", buffering=0) as warm:
                while warm.read(1 << 20):
                    pass
        usage = os.path.join(folder, "usage")
        text = command.replace("{e}", paths[0]).replace("{a}", paths[1]).replace("{s}", self.streamdiff).replace("{time}", f"/usr/bin/time -q -f %M -o {usage}")
        begin = time.perf_counter()
        done = subprocess.run(["/bin/bash", "-c", text], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        seconds = time.perf_counter() - begin
        if done.returncode not in (0, 1):
            sys.exit(f"bench: error: exit status {done.returncode}: {text}")
        peak = 0
        if "{time}" in command:
            with open(usage, encoding="utf-8") as measured:
                peak = int(measured.read().split()[-1])
        return seconds, peak, done.stdout

    def verdict(self, what, met):
        if not met:
            self.missed.append(what)
        return "yes" if met else "**no**"

    def found(self, output, expected, what):
        """The summary is the last line."""
        number = json.loads(output.splitlines()[-1])["differences"]
        if expected is not None and number != expected:
            sys.exit(f"bench: error: {what}: {number} differences instead of {expected}")

    def compare(self, what, size, pair, options, theirs, goal, differences, their_pair=None, rounds=None):
        folder, _ = self.inputs(size)
        ratios, times, peak = [], ([], []), 0
        ours = "{time} {s} --from ndjson --json " + options + " {e} {a}"
        for number in range(1 + (self.options.rounds or rounds or ROUNDS[size])):
            fast, memory, output = self.run(ours, folder, pair)
            self.found(output, differences, what)
            slow, _, _ = self.run(theirs, folder, their_pair or pair)
            if number > 0:  # the first round warms up
                ratios.append(slow / fast)
                times[0].append(fast)
                times[1].append(slow)
                peak = max(peak, memory)
        ratio = statistics.median(ratios)
        length = sum(os.path.getsize(os.path.join(folder, name + ".ndjson")) for name in pair)
        ours_s, theirs_s = (statistics.median(part) for part in times)
        met = "" if goal is None else self.verdict(f"{what}, 2 x {size}", ratio >= goal)
        print(f"| {what} | 2 x {size} | {ours_s:.3f} | {length / ours_s / 1e6:.0f} | {theirs_s:.3f} | {ratio:.2f} ({min(ratios):.2f} to {max(ratios):.2f}) "
              f"| {'' if goal is None else goal} | {met} | {peak / 1024:.1f} |", flush=True)

    def memory(self, what, size, command, pair):
        folder, _ = self.inputs(size)
        _, peak, _ = self.run(command, folder, pair)
        met = self.verdict(f"memory, {what}, 2 x {size}", peak < MEMORY_KIB)
        print(f"| {what} | 2 x {size} | {peak / 1024:.1f} | {MEMORY_KIB / 1024:.0f} | {met} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default=os.path.join(ROOT, "build/release/bin"), help="the folder of the tools")
    parser.add_argument("--data", default=os.path.join(ROOT, "build/bench-data"), help="where the inputs are made and kept")
    parser.add_argument("--sizes", default="10M,100M,1G", help="of each of the two inputs")
    parser.add_argument("--rounds", type=int, help="instead of 15, 11 and 5")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a goal is missed")
    options = parser.parse_args()
    sizes = options.sizes.split(",")
    bench = Bench(options)
    equal, changed, shifted, other = (("expected", name) for name in ("equal", "changed", "shifted", "other"))
    print(ROWS)
    for size in sizes:
        # At 10 MB starting a process is a good part of the time.
        goal = (lambda wanted: None) if size == "10M" else (lambda wanted: wanted)
        bench.compare("equal, beside `cmp`", size, equal, "", "{time} cmp {e} {a}", goal(1.5), 0)
        bench.compare("equal, beside `wc -l` of both", size, equal, "", "{time} wc -l {e} {a}", None, 0)
        bench.compare("50 changes, beside `cmp` of equal files", size, changed, "", "{time} cmp {e} {a}", goal(1.5), DIFFERENCES, equal)
        bench.compare("50 changes, beside `diff`", size, changed, "", "{time} diff {e} {a} >/dev/null", None, DIFFERENCES)
        bench.compare("every time differs, `--ignore /ts`, beside `diff`", size, shifted, "--ignore /ts", "{time} diff {e} {a} >/dev/null", goal(8), DIFFERENCES)
        bench.compare("every time differs, `--tolerance /ts=0.01`, beside `diff`", size, shifted, "--tolerance /ts=0.01", "{time} diff {e} {a} >/dev/null", None, DIFFERENCES)
        if size != "1G":
            jq = "diff <(jq -cS 'del(.ts)' {e}) <(jq -cS 'del(.ts)' {a}) >/dev/null"
            bench.compare("every time differs, `--ignore /ts`, beside jq and diff", size, shifted, "--ignore /ts", jq, goal(100), DIFFERENCES, rounds=3)
            # Ours beside ours: the worst case takes at most ten times as long.
            bench.compare("everything differs, beside an equal pair", size, other, "--max-diffs 100", "{time} {s} --from ndjson --json {e} {a}", goal(0.1), None, equal, rounds=5)
    print("\n| peak memory | input | MiB | limit | met |\n|---|---|---|---|---|")
    for size in sizes:
        bench.memory("50 changes", size, "{time} {s} --from ndjson {e} {a} >/dev/null", changed)
        bench.memory("every time differs, `--ignore /ts`", size, "{time} {s} --from ndjson --ignore /ts {e} {a} >/dev/null", shifted)
        bench.memory("50 changes, a pipe and a file", size, "cat {e} | {time} {s} --from ndjson - {a} >/dev/null", changed)
        if size != "1G":
            bench.memory("everything differs", size, "{time} {s} --from ndjson --max-diffs 100 {e} {a} >/dev/null", other)
    for what in bench.missed:
        print(f"bench: missed: {what}", file=sys.stderr)
    return 1 if options.check and bench.missed else 0


if __name__ == "__main__":
    sys.exit(main())
