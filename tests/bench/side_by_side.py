"""What the comparisons of whole tools have in common: inputs that are made once, commands that run in turn, and rows of a table.

The commands of a comparison run in turn, round after round (A B, A B, …), so that a change in the machine's speed strikes both;
a ratio is taken round by round, and its median is what is reported and compared with the goal. Each input is read once before
each run, so that it is in the page cache; outputs go to the file system that the inputs are on (--output: to another), and are
removed before the next run.

Memory is the peak resident set as the kernel accounts it (GNU time), from a file and from a pipe.
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
BYTES = {"10M": 10**7, "100M": 10**8, "1G": 10**9}
ROUNDS = {"10M": 15, "100M": 9, "1G": 5}
MEMORY_KIB = 32 << 10  # beyond the largest entry
ROWS = """| comparison | input | ours, s | ours, MB/s | theirs, s | times as fast (range) | goal | met | ours, peak MiB |
|---|---|---|---|---|---|---|---|---|"""
MEMORY_ROWS = """
| peak memory | input | from | MiB | limit | met |
|---|---|---|---|---|---|"""


class Bench:
    def __init__(self, options):
        self.options = options
        self.missed = []
        os.makedirs(options.data, exist_ok=True)
        self.out = tempfile.mkdtemp(prefix="hartape-bench-", dir=options.output or options.data)

    def input(self, size):
        """The file of that size, made if it is not there, and what is known of it."""
        path = os.path.join(self.options.data, f"{size}.har")
        facts = path + ".json"
        if not os.path.exists(facts):
            print(f"making {path}", file=sys.stderr)
            perf = os.environ.get("HARTAPE_PERF")
            if perf:
                subprocess.run(["python3", os.path.join(perf, "gen_har.py"), "--size", size, "-o", path, "--truth", facts], check=True)
            else:
                made = subprocess.run(["python3", os.path.join(HERE, "gen_har.py"), size, path], check=True, stdout=subprocess.PIPE)
                with open(facts, "wb") as out:
                    out.write(made.stdout)
        with open(facts, encoding="utf-8") as known:
            return path, json.load(known)

    def run(self, command, path, expected=(0,)):
        """Seconds, peak KiB, and standard output's name. Files in the output folder do not outlive the next run."""
        for name in os.listdir(self.out):
            os.unlink(os.path.join(self.out, name))
        with open(path, "rb", buffering=0) as warm:
            while warm.read(1 << 20):
                pass
        stdout, usage = os.path.join(self.out, "stdout"), os.path.join(self.out, "usage")
        if isinstance(command, str):
            command = ["/bin/sh", "-c", command]
        with open(stdout, "wb") as out:
            begin = time.perf_counter()
            # GNU time is the parent: a child of this process would have this process's peak as its floor.
            status = subprocess.run(["/usr/bin/time", "-q", "-f", "%M", "-o", usage, *command], stdin=subprocess.DEVNULL, stdout=out).returncode
            seconds = time.perf_counter() - begin
        if status not in expected:
            sys.exit(f"bench: error: exit status {status}: {command}")
        with open(usage, encoding="utf-8") as text:
            return seconds, int(text.read().split()[-1]), stdout

    def verdict(self, what, met):
        if not met:
            self.missed.append(what)
        return "yes" if met else "**no**"

    def compare(self, what, size, ours, theirs, goal, expected=(0,)):
        """Prints a row; `goal`: how many times as fast as theirs ours is to be at least, None: it is only shown. A command is a
        list of words, or one for the shell; in it {input}, {output} and {bin} are filled in."""
        path, _ = self.input(size)
        names = {"input": path, "output": os.path.join(self.out, "output"), "bin": self.options.bin}
        ours, theirs = (command.format(**names) if isinstance(command, str) else [part.format(**names) for part in command]
                        for command in (ours, theirs))
        ratios, times, peak = [], ([], []), 0
        for number in range(1 + (self.options.rounds or ROUNDS[size])):
            fast, memory, _ = self.run(ours, path, expected)
            slow, _, _ = self.run(theirs, path, expected)
            if number > 0:  # the first round warms up
                ratios.append(slow / fast)
                times[0].append(fast)
                times[1].append(slow)
                peak = max(peak, memory)
        ratio = statistics.median(ratios)
        length = os.path.getsize(path)
        ours_s, theirs_s = (statistics.median(part) for part in times)
        met = "" if goal is None else self.verdict(f"{what}, {size}", ratio >= goal)
        print(f"| {what} | {size} | {ours_s:.3f} | {length / ours_s / 1e6:.0f} | {theirs_s:.3f} | {ratio:.2f} ({min(ratios):.2f} to {max(ratios):.2f}) "
              f"| {'' if goal is None else f'{goal}'} | {met} | {peak / 1024:.1f} |", flush=True)

    def memory(self, size, form, tool, arguments, expected=(0,)):
        """Prints a row for a tool that reads a file, and one for the same from a pipe."""
        path, facts = self.input(size)
        limit = MEMORY_KIB + facts.get("largest_entry", 0) / 1024
        tool, arguments = os.path.join(self.options.bin, tool), " ".join(arguments)
        usage = os.path.join(self.out, "tool-usage")
        commands = {
            "file": f"exec /usr/bin/time -q -f %M -o {usage} {tool} {arguments} {path} >{self.out}/output",
            "pipe": f"cat {path} | /usr/bin/time -q -f %M -o {usage} {tool} {arguments} - >{self.out}/output",
        }
        for source, command in commands.items():
            self.run(command, path, expected)
            with open(usage, encoding="utf-8") as text:
                peak = int(text.read().split()[-1])
            met = self.verdict(f"memory, {form} from a {source}, {size}", peak < limit)
            print(f"| {form} | {size} | {source} | {peak / 1024:.1f} | {limit / 1024:.1f} | {met} |", flush=True)

    def finish(self):
        """Takes the outputs away and names the goals that were missed; the exit status."""
        shutil.rmtree(self.out)
        for what in self.missed:
            print(f"bench: missed: {what}", file=sys.stderr)
        return 1 if self.options.check and self.missed else 0


def parser_of(description):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default=os.path.join(ROOT, "build/release/bin"), help="the folder of the tools")
    parser.add_argument("--data", default=os.path.join(ROOT, "build/bench-data"), help="where the inputs are made and kept")
    parser.add_argument("--output", help="where the outputs go; without it into the folder of the inputs")
    parser.add_argument("--sizes", default="10M,100M,1G")
    parser.add_argument("--rounds", type=int, help="instead of 15 at 10 MB, 9 at 100 MB and 5 at 1 GB")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a goal is missed")
    return parser
