#!/usr/bin/python3
"""How late is a replayed stream of 50 events a second?

    replay_lateness.py [--bin DIR] [--clients 1,100,1000] [--seconds 10] [--rounds 3] [--check]

DIR holds streamserve (build/release/bin), and lateness_client where the tests are built; otherwise it is compiled here. With
more than one processor the server runs on the first and the client on the second. Prints a table of medians over the rounds:
lateness in milliseconds, how many events came early (there may be none), and the processor time of the server in cores. With
--check the exit status is 1 if an event was early, or the 99th percentile of 100 clients is not below a millisecond.
"""
import argparse
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import time

FIRST_NS = 20_000_000
PERIOD_NS = 20_000_000
GOAL_MS = 1.0  # the 99th percentile of 100 clients
PAYLOAD = json.dumps({"object": "chat.completion.chunk", "model": "demo-1",
                      "choices": [{"index": 0, "delta": {"content": " token"}, "finish_reason": None}]}, separators=(",", ":"))


def write_recording(path, seconds):
    """One exchange; the data say nothing of time, so that nothing but the schedule can tell when they are due."""
    request = {"method": "GET", "url": "https://bench.test/events", "httpVersion": "HTTP/1.1", "headers": [], "cookies": [],
               "queryString": [], "headersSize": -1, "bodySize": 0}
    response = {"status": 200, "statusText": "OK", "httpVersion": "HTTP/1.1", "cookies": [], "redirectURL": "", "headersSize": -1,
                "bodySize": -1, "headers": [{"name": "Content-Type", "value": "text/event-stream"}],
                "content": {"size": -1, "mimeType": "text/event-stream"}}
    events = [{"recording": 1, "start": "2026-11-22T09:15:30Z", "creator": {"name": "replay_lateness", "version": "1"}},
              {"ev": "request", "id": "1", "t": 0, "request": request},
              {"ev": "response", "id": "1", "t": 0, "kind": "sse", "response": response}]
    count = int(seconds * 1e9 / PERIOD_NS)
    for i in range(count):
        events.append({"ev": "data", "id": "1", "t": (FIRST_NS + i * PERIOD_NS) / 1e9, "data": "data: %s\n\n" % PAYLOAD})
    events.append({"ev": "end", "id": "1", "t": (FIRST_NS + count * PERIOD_NS) / 1e9, "reason": "eof"})
    path.write_text("".join(json.dumps(event) + "\n" for event in events))


def lateness_client(folder, binaries):
    built = binaries / "lateness_client"
    if built.exists():
        return built
    client = pathlib.Path(folder) / "lateness_client"
    source = pathlib.Path(__file__).resolve().with_name("lateness_client.cpp")
    subprocess.run([os.environ.get("CXX", "c++"), "-std=c++20", "-O2", "-o", client, source], check=True)
    return client


def cpu_seconds(pid):
    fields = pathlib.Path("/proc/%d/stat" % pid).read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(options, client, recording, clients):
    pin = (lambda cpu: ["taskset", "-c", str(cpu)]) if (os.cpu_count() or 1) > 1 else (lambda cpu: [])
    server = subprocess.Popen([*pin(0), options.bin / "streamserve", "-q", "--port", "0", recording], stdout=subprocess.PIPE, text=True)
    try:
        port = server.stdout.readline().strip().rsplit(":", 1)[1]
        before, begin = cpu_seconds(server.pid), time.monotonic()
        done = subprocess.run([*pin(1), client, port, "/events", str(clients), str(options.seconds), str(FIRST_NS), str(PERIOD_NS)],
                              stdout=subprocess.PIPE, text=True, check=True)
        result = json.loads(done.stdout)
        result["cpu"] = (cpu_seconds(server.pid) - before) / (time.monotonic() - begin)
        return result
    finally:
        server.send_signal(signal.SIGINT)
        if server.wait() != 0:
            sys.exit("streamserve ended with %d" % server.returncode)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[2] / "build/release/bin")
    parser.add_argument("--clients", default="1,100,1000")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()

    missed = False
    print("| clients | events of wanted | early | p50 ms | p99 ms | p99.9 ms | max ms | server, cores |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        recording = pathlib.Path(folder) / "events.rec.ndjson"
        write_recording(recording, options.seconds + 4)
        client = lateness_client(folder, options.bin)
        for clients in map(int, options.clients.split(",")):
            rounds = [measure(options, client, recording, clients) for _ in range(options.rounds)]
            median = lambda key: statistics.median(result[key] for result in rounds)
            print("| %d | %.3f | %d | %.3f | %.3f | %.3f | %.3f | %.2f |" % (
                clients, median("of_wanted"), sum(result["early"] for result in rounds), median("p50_ms"), median("p99_ms"),
                median("p999_ms"), median("max_ms"), median("cpu")), flush=True)
            missed |= any(result["early"] for result in rounds) or (clients == 100 and median("p99_ms") >= GOAL_MS)
    return 1 if options.check and missed else 0


if __name__ == "__main__":
    sys.exit(main())
