#!/usr/bin/python3
"""Minutes of mixed load on streamserve, with faults: good clients, odd ones and hostile ones at the same time, while recordings and
mocks are written anew, well and broken. Exits with 1 if anything was found.

    serve_soak.py [--bin DIR] [--seconds 600] [--seed N] [--clients 36] [--memory] [--keep FOLDER]

The server must never die, and say nothing that a sanitizer would say; what is answered without a fault must be right byte for byte; counters
never go back; at the end nothing is active any more, no descriptor and no thread is left over, and SIGTERM lets what goes on end.
--memory: it must not grow in the second half, either (no sanitizer may be in the build). How much is asked depends on the machine: each
client asks again when it has its answer. The seed decides what each client does, not when.

Needs python3-websockets; script/soak builds and starts this with a sanitizer.
"""
import argparse
import asyncio
import collections
import json
import logging
import os
import pathlib
import random
import re
import resource
import signal
import ssl
import sys
import tempfile
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--bin", type=pathlib.Path, default=HERE.parents[1] / "build/release/bin", help="the folder with streamserve")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--clients", type=int, default=36)
    parser.add_argument("--memory", action="store_true", help="memory must be flat in the second half")
    parser.add_argument("--keep", type=pathlib.Path, help="work in this folder, and leave it")
    return parser.parse_args()


OPTIONS = arguments()
os.environ["HARTAPE_BIN"] = str(OPTIONS.bin.resolve())  # for what is shared with the end-to-end tests

import good_clients  # noqa: E402
import hostile_clients  # noqa: E402
import socket_clients  # noqa: E402
from http_client import LIMIT, Connection  # noqa: E402
from material import HOST, Material  # noqa: E402
from origin import Origin  # noqa: E402

FAULTS = ["url=/f/* rate=0.05 reset", "url=/f/* rate=0.05 at=event:3 reset", "url=/f/* rate=0.05 within=event:5 truncate", "url=/f/* rate=0.05 at=byte:900 stall",
          "url=/f/* rate=0.05 at=30ms end", "url=/f/* rate=0.1 at=event:2 duplicate", "url=/f/* rate=0.1 at=event:4 reorder", "url=/f/* rate=0.05 at=event:6 drop",
          "url=/f/* rate=0.1 at=event:1 corrupt=5", "url=/f/* rate=0.05 malformed", "url=/f/* rate=0.05 at=event:2 malformed=length",
          "url=/f/* rate=0.1 status=503 retry-after=2", "url=/f/ws/* rate=0.1 after=event:2 close=1011:overloaded", "url=/f/ws/* rate=0.1 at=event:2 malformed=utf8",
          "url=/f/ws/* rate=0.1 at=event:1 malformed=masked", "url=/f/* rate=0.1 slow=20kB/s", "rate=0.03 latency=10..300ms", "rate=0.02 slow=5MB/s"]
SANITIZERS = re.compile(r"(ERROR|WARNING): \w+Sanitizer|SUMMARY: \w+Sanitizer|runtime error:")
SANITIZER_OPTIONS = {
    "ASAN_OPTIONS": "detect_leaks=1:halt_on_error=1:exitcode=99:strict_string_checks=1:detect_stack_use_after_return=1:check_initialization_order=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=0:exitcode=99",
    "TSAN_OPTIONS": "halt_on_error=0:exitcode=99:second_deadlock_stack=1:history_size=4",
}
MOST_FINDINGS = 30


class Soak:
    def __init__(self, folder, seed):
        self.folder, self.seed = folder, seed
        self.material = Material(folder, seed)
        self.counts = collections.Counter()
        self.findings = []
        self.stopping = asyncio.Event()
        self.memory = []   # (seconds since the start, KiB)
        self.generation = 0
        self.broken = set()  # generations that must never be served
        self.port = self.status_port = self.process = self.tls = None

    def count(self, what, number=1):
        self.counts[what] += number

    def wrong(self, text):
        self.findings.append(text)
        print("found: " + text, flush=True)
        if len(self.findings) >= MOST_FINDINGS:
            self.stopping.set()

    # ---- the server

    async def start(self, upstream):
        self.material.write_all(self.generation, random.Random(self.seed))
        (self.folder / "log.ndjson").unlink(missing_ok=True)
        program, authority = str(OPTIONS.bin / "streamserve"), self.folder / "ca"
        environment = {**os.environ, **SANITIZER_OPTIONS}
        command = [program, "--port", "0", "--status", "0", "--ws", "both", "--ws-max-message", "1MiB", "--log", "ndjson", "--log-file", self.folder / "log.ndjson",
                   "--miss", "upstream=http://127.0.0.1:%d" % upstream, "--timeout", "8s", "--keepalive", "200ms", "--jitter", "2ms", "--seed", self.seed,
                   "--encode", "accept", "--cors", "--drain", "30s", "--ca", authority, "--repeat", "sequence-last"]
        for fault in FAULTS:
            command += ["--fault", fault]
        for mocks in self.material.mocks:
            command += ["--mocks", mocks]
        command = [str(each) for each in [*command, *self.material.inputs]]
        with open(self.folder / "stderr.txt", "w") as errors:
            self.process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, stderr=errors, env=environment)
        first = (await asyncio.wait_for(self.process.stdout.readline(), LIMIT)).decode().strip()
        if not first.startswith("http://"):
            raise SystemExit("it did not start: " + (self.folder / "stderr.txt").read_text())
        self.port = int(first.rsplit(":", 1)[1])
        self.status_port = int(re.search(r"status: http://127.0.0.1:(\d+)", (self.folder / "stderr.txt").read_text()).group(1))
        printing = await asyncio.create_subprocess_exec(program, "--print-ca", "--ca", str(authority), stdout=asyncio.subprocess.PIPE, env=environment)
        trusted = (await printing.communicate())[0].decode().strip()
        self.tls = ssl.create_default_context(cafile=trusted)

    def proc(self, name):
        text = pathlib.Path("/proc/%d/status" % self.process.pid).read_text()
        return int(re.search(r"^%s:\s+(\d+)" % name, text, re.M).group(1))

    def descriptors(self):
        """What they are of, and how many each."""
        folder = pathlib.Path("/proc/%d/fd" % self.process.pid)
        counts = collections.Counter()
        for each in os.listdir(folder):
            try:
                counts[re.sub(r":.*", "", os.readlink(folder / each))] += 1
            except FileNotFoundError:  # closed meanwhile
                pass
        return counts

    # ---- what goes on meanwhile

    async def client(self, number, actions):
        rng = random.Random("%d client %d" % (self.seed, number))
        functions, weights = zip(*actions)
        while not self.stopping.is_set():
            action = rng.choices(functions, weights)[0]
            try:
                await asyncio.wait_for(action(self, rng), 3 * LIMIT)
            except Exception as error:  # whatever it is: none of them should be
                if self.process.returncode is None:
                    steps = ["%s:%d" % (pathlib.Path(step.filename).name, step.lineno) for step in traceback.extract_tb(error.__traceback__)
                             if str(HERE) in step.filename]
                    self.wrong("%s: %s: %s (%s)" % (action.__name__, type(error).__name__, error, ", ".join(steps[1:])))
            self.count("actions")
            await asyncio.sleep(rng.random() * 0.02)

    async def until(self, seconds):
        """Sleeps; false at the end."""
        try:
            await asyncio.wait_for(self.stopping.wait(), seconds)
            return False
        except asyncio.TimeoutError:
            return True

    async def disturb(self):
        """Writes the files anew, whole and broken, beside and in place, and asks for them to be read."""
        rng = random.Random("%d disturb" % self.seed)
        material = self.material
        while await self.until(rng.uniform(1, 4)):
            self.generation += 1
            broken = rng.random() < 0.25
            if broken:
                self.broken.add(self.generation)
            kind = rng.randrange(4)
            if kind == 0:
                material.put("main.rec.ndjson", material.recording(self.generation, broken))
            elif kind == 1:
                material.put("http.mocks.json", material.http_mocks(self.generation, broken))
                material.put("sockets.mocks.json", material.socket_mocks(self.generation, broken))
            elif kind == 2:
                # In place, with a pause: it is read when it is half.
                text = material.http_mocks(self.generation, broken)
                with open(self.folder / "http.mocks.json", "w", buffering=1) as file:
                    file.write(text[:500])
                    file.flush()
                    await asyncio.sleep(rng.choice((0, 0.7)))
                    file.write(text[500:])
            else:
                text = material.har_text(material.changing(self.generation, rng), broken)
                with open(self.folder / "changing.har", "w") as file:
                    file.write(text[:10000])
                    file.flush()
                    await asyncio.sleep(rng.choice((0, 0.3)))
                    file.write(text[10000:])
            if rng.random() < 0.7:
                self.process.send_signal(signal.SIGHUP)
                self.count("reloads asked for")
            self.count("files written")

    async def get(self, port, path):
        async with await Connection.open(port, "127.0.0.1:%d" % port, limit=2 ** 22) as connection:
            return await connection.ask("GET", path)

    async def metrics(self):
        answer = await self.get(self.status_port, "/metrics")
        lines = [line.rsplit(" ", 1) for line in answer.body.decode().splitlines() if not line.startswith("#")]
        return {name: float(value) for name, value in lines}

    async def poll(self):
        """What only grows must not go back; a generation neither, and a broken one must never come."""
        counters, generations = {}, {"/generation": 0, "/mock/generation": 0}
        while await self.until(1):
            try:
                now = await self.metrics()
                for name, value in now.items():
                    if re.search(r"_total|_bucket|_sum|_count", name):
                        if value < counters.get(name, 0):
                            self.wrong("%s went back from %s to %s" % (name, counters[name], value))
                        counters[name] = value
                state = json.loads((await self.get(self.status_port, "/status")).body)
                if state["connections"]["open"] < len(state["running"]) and len(state["running"]) < 200:
                    self.wrong("more answers go on than there are connections: %s" % state["connections"])
                if b"</html>" not in (await self.get(self.status_port, "/")).body:
                    self.wrong("the status page is not whole")
                for path, before in generations.items():
                    body = json.loads((await self.get(self.port, path)).body)
                    value = body["generation"] if isinstance(body, dict) else body
                    if value < before or value in self.broken or value > self.generation:
                        self.wrong("%s is %d behind %d" % (path, value, before))
                    generations[path] = value
                self.count("polls")
                self.memory.append((time.monotonic(), self.proc("VmRSS")))
            except Exception as error:
                if self.process.returncode is None:
                    self.wrong("poll: %s: %s" % (type(error).__name__, error))

    async def watch(self):
        status = await self.process.wait()
        if not self.stopping.is_set():
            self.wrong("the server ended with %s" % status)
            self.stopping.set()

    async def tell(self, begin):
        while await self.until(30):
            print("%4.0f s: %d actions, %d requests, %d messages, %d MiB" % (
                time.monotonic() - begin, self.counts["actions"], self.counts["requests"], self.counts["messages"], self.memory[-1][1] / 1024 if self.memory else 0), flush=True)

    # ---- the end

    async def calm_down(self, descriptors):
        """All that was asked for is over: the last files are served, and nothing is left."""
        self.generation += 1
        self.material.write_all(self.generation, random.Random(0))
        self.process.send_signal(signal.SIGHUP)
        end = time.monotonic() + LIMIT
        why = ""
        while time.monotonic() < end:
            served = [json.loads((await self.get(self.port, path)).body) for path in ("/generation", "/mock/generation")]
            now = await self.metrics()
            state = json.loads((await self.get(self.status_port, "/status")).body)
            active = {name: value for name, value in now.items() if name.endswith("_active") and value}
            left = self.descriptors() - descriptors
            why = "served: %s, active: %s, running: %s, descriptors: %s, threads: %d" % (served, active, state["running"], left, self.proc("Threads"))
            # Of the connections of the status page one may be open still.
            if served == [self.generation, {"generation": self.generation}] and not active and not state["running"] and left.total() <= 1 and self.proc("Threads") <= self.threads:
                return now
            await asyncio.sleep(0.2)
        self.wrong("it does not calm down: " + why)
        return now

    async def drain(self):
        """An answer that goes on ends well, and nobody else comes in."""
        stream = self.material.streams[0]
        async with await Connection.open(self.port, HOST) as connection:
            connection.send("GET", stream.path)
            head = await connection.head()
            self.process.send_signal(signal.SIGTERM)
            good_clients.check(stream, await asyncio.wait_for(connection.body("GET", head), LIMIT))
        return await asyncio.wait_for(self.process.wait(), LIMIT)

    def check_log(self, now):
        events = collections.Counter()
        with open(self.folder / "log.ndjson") as log:
            for number, line in enumerate(log, 1):
                try:
                    events[json.loads(line)["event"]] += 1
                except ValueError as error:
                    return self.wrong("log.ndjson:%d: %s: %s" % (number, error, line[:200]))
        print("log: " + ", ".join("%d %s" % (count, event) for event, count in sorted(events.items())))
        answered = sum(now['streamserve_requests_total{outcome="%s"}' % outcome] for outcome in ("complete", "client_left", "timed_out", "failed"))
        # The answers of the draining, and of asking whether it has calmed down, come behind `now`.
        if not 0 <= events["answer"] - answered <= 5:
            self.wrong("%d lines of answers in the log, but %d in the metrics" % (events["answer"], answered))
        if events["refused"] != now['streamserve_requests_total{outcome="refused"}']:
            self.wrong("%d lines of refusals in the log, but others in the metrics" % events["refused"])

    def check_memory(self):
        half = len(self.memory) // 2
        third, fourth = self.memory[half:half + half // 2], self.memory[half + half // 2:]
        if not third or not fourth:
            return print("memory: too few samples")
        before, after = (sorted(size for _, size in part)[len(part) // 2] for part in (third, fourth))
        print("memory in the third and the fourth quarter (median): %d KiB, %d KiB" % (before, after))
        if OPTIONS.memory and after > before * 1.05 + 4096:
            self.wrong("memory grows: %d KiB, then %d KiB" % (before, after))

    def check_errors(self):
        text = (self.folder / "stderr.txt").read_text(errors="replace")
        if SANITIZERS.search(text):
            self.wrong("a sanitizer speaks:\n" + text[:20000])
        print("standard error: %d lines" % text.count("\n"))

    async def run(self):
        origin = Origin()
        await self.start(await origin.start())
        begin = time.monotonic()
        descriptors, self.threads = self.descriptors(), self.proc("Threads")
        print("streamserve is process %d, seed %d, in %s" % (self.process.pid, self.seed, self.folder), flush=True)
        watching = asyncio.create_task(self.watch())
        groups = [good_clients.ACTIONS] * 4 + [socket_clients.ACTIONS] * 2 + [hostile_clients.ACTIONS] * 3
        tasks = [asyncio.create_task(self.client(n, groups[n % len(groups)])) for n in range(OPTIONS.clients)]
        tasks += [asyncio.create_task(each) for each in (self.disturb(), self.poll(), self.tell(begin))]
        await self.until(OPTIONS.seconds)
        dead = self.process.returncode is not None
        self.stopping.set()
        await asyncio.gather(*tasks)
        if not dead:
            try:
                now = await self.calm_down(descriptors)
                status = await self.drain()
                if status != 0:
                    self.wrong("it ended with %d" % status)
                self.check_log(now)
            except Exception as error:
                traceback.print_exc()
                self.wrong("at the end: %s: %s" % (type(error).__name__, error))
        if self.process.returncode is None:
            self.process.kill()
        await watching
        self.check_memory()
        self.check_errors()
        for what, count in sorted(self.counts.items()):
            print("%9d %s" % (count, what))
        print("%.0f s, %d answers of the origin, %d findings" % (time.monotonic() - begin, origin.answered, len(self.findings)))


def tell_unexpected(loop, context):
    if not isinstance(context.get("exception"), socket_clients.ENDED):
        loop.default_exception_handler(context)


def main():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))
    seed = OPTIONS.seed if OPTIONS.seed is not None else random.randrange(10 ** 6)
    with tempfile.TemporaryDirectory() as temporary:
        folder = OPTIONS.keep or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)

        async def run():
            # What comes of connections that are broken on purpose is looked at by those who break them.
            logging.getLogger("websockets").setLevel(logging.CRITICAL + 1)
            asyncio.get_running_loop().set_exception_handler(tell_unexpected)
            soak = Soak(folder.resolve(), seed)
            await soak.run()
            return 1 if soak.findings else 0

        return asyncio.run(run())


if __name__ == "__main__":
    sys.exit(main())
