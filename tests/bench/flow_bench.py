#!/usr/bin/python3
"""Times harconv from mitmproxy's flows to HAR beside mitmproxy's own export, mitmdump with har_dump.py, on the same files, which mitmproxy's own library
makes: 10,000 flows of about 11 kB each, with bodies of JSON, of plain text, and of octets. Prints a table in Markdown.

The two run in turn, round after round; a ratio is taken round by round, and its median is what is reported. Wall time is what a user waits; user and
system time is what is told of a machine that does other things too. `har_dump.py` is where Debian's mitmproxy has its examples; --script names it elsewhere.

Memory is measured with GNU time, also for a file with one flow of 100 MB.
"""
import argparse
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
SCRIPT = "/usr/share/doc/mitmproxy/examples/contrib/har_dump.py"
GOAL = 40
WORDS = "alpha beta gamma delta order price item user session token value name".split()
REQUEST = {"Host": "api.example.com", "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
           "Accept": "application/json, text/plain, */*", "Accept-Language": "en-US,en;q=0.9", "Cookie": "session=0123456789abcdef; theme=dark",
           "Referer": "https://app.example.com/", "Sec-Fetch-Mode": "cors"}
RESPONSE = {"Date": "Sun, 29 Nov 2026 04:00:00 GMT", "Cache-Control": "no-cache", "Set-Cookie": "a=1; Path=/; HttpOnly", "Vary": "Accept-Encoding",
            "Server": "nginx", "Strict-Transport-Security": "max-age=31536000"}
MEDIA = {"json": "application/json; charset=utf-8", "text": "text/plain; charset=utf-8", "binary": "application/octet-stream"}


def body(kind, number, size, chance):
    if kind == "binary":
        return chance.randbytes(size)
    if kind == "text":
        return (" ".join(chance.choices(WORDS, k=size // 5)))[:size].encode()
    parts = []
    while sum(map(len, parts)) < size:
        parts.append('{"id": %d, "name": "é \\"%s\\"", "note": "%s", "price": %.2f}' %
                     (number * 1000 + len(parts), chance.choice(WORDS), " ".join(chance.choices(WORDS, k=6)), chance.random() * 100))
    return ("[%s]" % ", ".join(parts)).encode()


def make(path, kind, count, size):
    from mitmproxy import http, io
    from mitmproxy.test import tflow
    chance = random.Random(1)
    bodies = [body(kind, number, size, chance) for number in range(min(count, 50))]
    at = 1700000000.0
    with open(path, "wb") as out:
        writer = io.FlowWriter(out)
        for number in range(count):
            flow = tflow.tflow(resp=True)
            flow.client_conn.timestamp_start = at
            flow.server_conn.timestamp_start, flow.server_conn.timestamp_tcp_setup, flow.server_conn.timestamp_tls_setup = at + .001, at + .002, at + .005
            post = number % 10 == 0
            flow.request = http.Request.make("POST" if post else "GET", "https://api.example.com/v1/items/%d?page=%d&q=a%%20b" % (number, number % 7),
                                             b'{"q":"x"}' if post else b"", REQUEST)
            flow.response = http.Response.make(200, bodies[number % len(bodies)], {"Content-Type": MEDIA[kind], "X-Request-Id": "%032x" % number, **RESPONSE})
            flow.request.timestamp_start, flow.request.timestamp_end = at, at + .0005
            flow.response.timestamp_start, flow.response.timestamp_end = at + .025, at + .031
            flow.timestamp_created = at
            at += .01
            writer.add(flow)


def run(command):
    """Wall seconds, seconds of the processor, peak MiB."""
    before = os.times()
    begin = time.perf_counter()
    done = subprocess.run(["/usr/bin/time", "-q", "-f", "%M", *map(str, command)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    wall = time.perf_counter() - begin
    after = os.times()
    if done.returncode != 0:
        sys.exit(f"bench: error: exit status {done.returncode}: {command}\n{done.stderr}")
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return wall, used, int(done.stderr.split()[-1]) / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default=HERE.parents[1] / "build/release/bin", type=pathlib.Path, help="the folder of the tools")
    parser.add_argument("--data", default=HERE.parents[1] / "build/bench-data", type=pathlib.Path, help="where inputs and outputs go")
    parser.add_argument("--script", default=SCRIPT, help="mitmproxy's har_dump.py")
    parser.add_argument("--flows", type=int, default=10_000)
    parser.add_argument("--size", type=int, default=9000, help="bytes of a body")
    parser.add_argument("--bodies", default="json,text,binary")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--check", action="store_true", help="exit with 1 if a goal is missed")
    options = parser.parse_args()
    try:
        import mitmproxy  # noqa: F401
    except ImportError:
        sys.exit("bench: error: mitmproxy's library is not installed for this Python")
    theirs = shutil.which("mitmdump") is not None and os.path.exists(options.script)
    if not theirs:
        print(f"{options.script} is not there, or mitmdump is not: only harconv is measured (--script names it)")
    options.data.mkdir(parents=True, exist_ok=True)
    missed = []
    print("| bodies | input, MB | ours, s | ours, processor s | ours, MB/s | theirs, s | theirs, processor s | times as fast | by processor time | goal | met "
          "| ours, peak MiB | theirs |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|")
    for kind in options.bodies.split(","):
        path = options.data / f"flows-{kind}.mitm"
        ours_out, theirs_out = options.data / "flows-ours.har", options.data / "flows-theirs.har"
        make(path, kind, options.flows, options.size)
        ours, others = [], []
        for number in range(1 + options.rounds):
            ours_out.unlink(missing_ok=True)
            theirs_out.unlink(missing_ok=True)
            path.read_bytes()
            fast = run([options.bin / "harconv", path, "-o", ours_out])
            slow = run(["mitmdump", "-q", "-n", "-r", path, "-s", options.script, "--set", f"hardump={theirs_out}"]) if theirs else (0, 0, 0)
            if number > 0:  # the first round warms up
                ours.append(fast)
                others.append(slow)
        middle = [statistics.median(column) for column in zip(*ours)]
        other = [statistics.median(column) for column in zip(*others)]
        wall, used = (statistics.median(b[i] / a[i] for a, b in zip(ours, others)) for i in (0, 1))
        size = path.stat().st_size
        met = not theirs or min(wall, used) >= GOAL
        if not met:
            missed.append(kind)
        print(f"| {kind} | {size / 1e6:.0f} | {middle[0]:.3f} | {middle[1]:.3f} | {size / middle[0] / 1e6:.0f} | {other[0]:.2f} | {other[1]:.2f} | {wall:.0f} "
              f"| {used:.0f} | {GOAL} | {'yes' if met else '**no**'} | {middle[2]:.1f} | {other[2]:.0f} |", flush=True)
        for file in (path, ours_out, theirs_out):
            file.unlink(missing_ok=True)
    large = options.data / "flows-large.mitm"
    make(large, "text", 1, 100_000_000)
    peak = run([options.bin / "harconv", large, "-o", options.data / "flows-ours.har", "--overwrite"])[2]
    print(f"\nOne flow of {large.stat().st_size / 1e6:.0f} MB: {peak:.0f} MiB at the most")
    for file in (large, options.data / "flows-ours.har"):
        file.unlink()
    for kind in missed:
        print(f"bench: missed: {GOAL} times as fast, {kind}", file=sys.stderr)
    return 1 if options.check and missed else 0


if __name__ == "__main__":
    sys.exit(main())
