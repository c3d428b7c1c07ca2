#!/usr/bin/python3
"""streamserve beside what else there is, in one run: prints tables in Markdown.

    serve_bench.py [--bin DIR] [--parts open,memory,streams,sockets,answers] [--clients 1000,2000] [--sizes 10M,100M,1G]
                   [--seconds 10] [--rounds 3] [--data FOLDER]

open      from the start to the address, with HARs of several sizes, beside harcheck -j2 of the same file; bytes an entry
memory    what an idle connection takes of the server's memory: after an answer, in an event stream, in a WebSocket
streams   lateness and processor time of event streams of 50 events a second, beside a bare epoll and timerfd server, Node and
          asyncio, of which some sleep from one event to the next and so fall behind ever more
sockets   the same for WebSockets of 50 messages a second
answers   answers a second of 1 KB out of a recording of 10,000 entries with --no-delay, beside nginx with the same bodies as files

$HARTAPE_PERF is a folder with the servers of `streams`: cpp/replay.cpp, node/sse.js, py/sse.py. What is not there has no row but a
line that says so; so it is with nginx, wrk and node. With two processors or more the server has the first and the client the second.
Rows that are compared are measured in turn, in the same minute; the load of the machine is printed with each.
"""
import argparse
import contextlib
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import replay_lateness
from replay_lateness import FIRST_NS, PAYLOAD, PERIOD_NS, cpu_seconds

HERE = pathlib.Path(__file__).resolve().parent
ENTRIES = 10_000
BODY = 1024
IDLE = 5_000


def pin(cpu):
    return ["taskset", "-c", str(cpu)] if (os.cpu_count() or 1) > 1 else []


def load():
    return "%.1f" % os.getloadavg()[0]


def skipped(what, why):
    print("\nskipped: %s: %s" % (what, why), flush=True)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def running(command, port=None):
    """A server that listens on `port`, or says on its first line where."""
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        if port is None:
            port = int(server.stdout.readline().strip().rsplit(":", 1)[1])
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        yield server, port
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(5)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def status_kib(pid, name):
    return int(re.search(r"^%s:\s+(\d+) kB" % name, pathlib.Path("/proc/%d/status" % pid).read_text(), re.M).group(1))


# ---- open

def har(options, size):
    path = options.data / ("serve-%s.har" % size)
    if not path.exists():
        subprocess.run([sys.executable, HERE / "gen_har.py", size, path], check=True, stdout=subprocess.DEVNULL)
    with open(path, "rb") as file:  # into the page cache
        while file.read(1 << 24):
            pass
    return path


def opened(options, path, *more):
    """Seconds to the first line, processor seconds, KiB, and what -v says."""
    begin = time.monotonic()
    server = subprocess.Popen([options.bin / "streamserve", "--port", "0", *more, path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    server.stdout.readline()
    took = time.monotonic() - begin
    cpu, peak = cpu_seconds(server.pid), status_kib(server.pid, "VmHWM")
    server.send_signal(signal.SIGTERM)
    return took, cpu, peak, server.communicate()[1]


def part_open(options):
    print("\n| HAR | open, s | harcheck -j2, s | beside it | the same in processor time | peak, MiB | bytes an entry | load |")
    print("|---|---|---|---|---|---|---|---|")
    for size in options.sizes.split(","):
        path = har(options, size)
        rows = []
        for _ in range(options.rounds):
            took, cpu, peak, _ = opened(options, path, "-q")
            before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
            subprocess.run([options.bin / "harcheck", "-q", "-j2", path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            check, after = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
            check_cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            rows.append((took, check, took / check, cpu / max(check_cpu, 0.001), peak / 1024))
        median = [statistics.median(column) for column in zip(*rows)]
        said = re.search(r"(\d+) exchanges, (\d+) bytes of memory for each", opened(options, path, "-v")[3])
        print("| %s | %.3f | %.3f | %.2fx | %.2fx | %.0f | %s | %s |" % (size, *median, said.group(2) if said else "?", load()), flush=True)


# ---- memory

def exchange(number, kind, url, events, end):
    request = {"method": "GET", "url": url, "httpVersion": "HTTP/1.1", "headers": [], "cookies": [], "queryString": [], "headersSize": -1, "bodySize": 0}
    status, mime = (101, "x-unknown") if kind == "websocket" else (200, "text/event-stream" if kind == "sse" else "text/plain")
    response = {"status": status, "statusText": "", "httpVersion": "HTTP/1.1", "cookies": [], "redirectURL": "", "headersSize": -1, "bodySize": -1,
                "headers": [{"name": "Content-Type", "value": mime}] if status == 200 else [], "content": {"size": -1, "mimeType": mime}}
    lines = [{"ev": "request", "id": number, "t": 0, "request": request}, {"ev": "response", "id": number, "t": 0, "kind": kind, "response": response}]
    for t in events:
        if kind == "websocket":
            lines.append({"ev": "message", "id": number, "t": t, "dir": "receive", "opcode": 1, "data": PAYLOAD})
        else:
            lines.append({"ev": "data", "id": number, "t": t, "data": "data: %s\n\n" % PAYLOAD})
    lines.append({"ev": "end", "id": number, "t": end, "reason": "eof"})
    return "".join(json.dumps(line) + "\n" for line in lines)


UPGRADE = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"


LARGE = "Content-Length: 60000\r\n"


def part_memory(options, folder):
    recording = folder / "idle.rec.ndjson"
    recording.write_text('{"recording":1,"start":"2026-11-22T09:15:30Z"}\n' + exchange("1", "http", "http://h.test/page", [0], 0) +
                         exchange("2", "sse", "http://h.test/events", [0, 600], 601) + exchange("3", "websocket", "http://h.test/socket", [0, 600], 601))
    print("\n| idle connections | KiB each | load |\n|---|---|---|")
    for what, path, more in (("keep-alive, after an answer", "/page", ""), ("keep-alive, after a request of 60 KB", "/page", LARGE), ("event stream", "/events", ""), ("WebSocket", "/socket", UPGRADE)):
        with running([options.bin / "streamserve", "-q", "--port", "0", "--timeout", "600s", recording]) as (server, port):
            request = ("GET %s HTTP/1.1\r\nHost: h.test\r\nUser-Agent: %s\r\n%s\r\n" % (path, "x" * 100, more)).encode()
            request += b"x" * 60_000 if more == LARGE else b""
            sockets = []
            before = 0
            for number in range(IDLE + 100):
                if number == 100:  # the first ones have warmed everything up
                    before = status_kib(server.pid, "VmRSS")
                one = socket.create_connection(("127.0.0.1", port))
                one.sendall(request)
                one.recv(65536)
                sockets.append(one)
            print("| %d, %s | %.1f | %s |" % (IDLE, what, (status_kib(server.pid, "VmRSS") - before) / IDLE, load()), flush=True)
            for one in sockets:
                one.close()


# ---- streams and sockets

def lateness(options, client, command, port, clients, more=()):
    with running([*pin(0), *map(str, command)], port) as (server, port):
        before, begin = cpu_seconds(server.pid), time.monotonic()
        done = subprocess.run([*pin(1), client, str(port), "/events", str(clients), str(options.seconds), str(FIRST_NS), str(PERIOD_NS), *more],
                              stdout=subprocess.PIPE, text=True)
        cpu = (cpu_seconds(server.pid) - before) / (time.monotonic() - begin)
        return {**json.loads(done.stdout), "cpu": cpu} if done.returncode == 0 else None


def peers(folder, seconds):
    """Name and command for a port."""
    perf = os.environ.get("HARTAPE_PERF")
    if not perf:
        skipped("the bare, Node and asyncio servers", "HARTAPE_PERF is not set")
        return
    source, bare = pathlib.Path(perf) / "cpp/replay.cpp", folder / "replay"
    if source.exists():
        subprocess.run([os.environ.get("CXX", "c++"), "-std=c++17", "-O3", "-w", "-o", bare, source], check=True)
        yield "bare epoll and timerfd", lambda port: [bare, "serve", port, seconds + 6, 20000]
    node, python = pathlib.Path(perf) / "node/sse.js", pathlib.Path(perf) / "py/sse.py"
    if node.exists() and shutil.which("node"):
        yield "Node, setTimeout to the due time", lambda port: ["node", node, port, seconds + 6, 20, "due"]
        yield "Node, setInterval", lambda port: ["node", node, port, seconds + 6, 20, "interval"]
    if python.exists():
        yield "asyncio, sleep to the due time", lambda port: [sys.executable, python, port, seconds + 6, 20, "due"]
        yield "asyncio, sleep between events", lambda port: [sys.executable, python, port, seconds + 6, 20, "sleep"]


def part_late(options, folder, kind):
    recording = folder / ("late-%s.rec.ndjson" % kind)
    count = int((options.seconds + 6) * 1e9 / PERIOD_NS)
    recording.write_text('{"recording":1,"start":"2026-11-22T09:15:30Z"}\n' + exchange(
        "1", kind, "http://h.test/events", [(FIRST_NS + i * PERIOD_NS) / 1e9 for i in range(count)], (FIRST_NS + count * PERIOD_NS) / 1e9))
    client = replay_lateness.lateness_client(folder, options.bin)
    more = ["websocket"] if kind == "websocket" else []
    servers = [("streamserve", None)] + ([] if more else list(peers(folder, options.seconds)))
    print("\n| clients | %s, 50 a second each | events a client a second | early | p50 ms | p99 ms | p99.9 ms | max ms | cores | cores beside bare | load |"
          % ("WebSockets" if more else "event streams"))
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for clients in map(int, options.clients.split(",")):
        rows = {}
        for _ in range(options.rounds):
            for name, command in servers:
                port = free_port() if command else None
                own = [options.bin / "streamserve", "-q", "--port", "0", recording]
                row = lateness(options, client, command(port) if command else own, port, clients, more)
                if row:
                    rows.setdefault(name, []).append(row)
        ratios = [ours["cpu"] / bare["cpu"] for ours, bare in zip(rows.get("streamserve", []), rows.get("bare epoll and timerfd", [])) if bare["cpu"]]
        for name, _ in servers:
            if name not in rows:
                skipped(name, "the client failed at %d clients" % clients)
                continue
            median = lambda key: statistics.median(row[key] for row in rows[name])
            ratio = "%.2fx" % statistics.median(ratios) if name == "streamserve" and ratios else ""
            print("| %d | %s | %.1f | %d | %.3f | %.3f | %.3f | %.3f | %.2f | %s | %s |" % (
                clients, name, 50 * median("of_wanted"), sum(row["early"] for row in rows[name]), median("p50_ms"), median("p99_ms"),
                median("p999_ms"), median("max_ms"), median("cpu"), ratio, load()), flush=True)


# ---- answers

def many(folder):
    """A HAR of many small answers, and the same bodies as files."""
    files = folder / "files"
    files.mkdir(exist_ok=True)
    entries = []
    for number in range(ENTRIES):
        body = ("%06d " % number) * (BODY // 7) + "." * (BODY % 7)
        (files / ("%d.txt" % number)).write_text(body)
        entries.append(json.dumps({
            "startedDateTime": "2026-11-22T09:15:30.000Z", "time": 12, "cache": {}, "timings": {"send": 1, "wait": 10, "receive": 1},
            "request": {"method": "GET", "url": "https://api.test/%d.txt" % number, "httpVersion": "HTTP/1.1", "cookies": [], "queryString": [],
                        "headers": [{"name": "Accept", "value": "*/*"}], "headersSize": -1, "bodySize": 0},
            "response": {"status": 200, "statusText": "OK", "httpVersion": "HTTP/1.1", "cookies": [], "redirectURL": "", "headersSize": -1, "bodySize": BODY,
                         "headers": [{"name": "Content-Type", "value": "text/plain"}, {"name": "Content-Length", "value": str(BODY)},
                                     {"name": "ETag", "value": '"%x"' % number}, {"name": "Last-Modified", "value": "Sun, 22 Nov 2026 09:15:30 GMT"}],
                         "content": {"size": BODY, "mimeType": "text/plain", "text": body}}}))
    path = folder / "many.har"
    path.write_text('{"log":{"version":"1.2","creator":{"name":"serve_bench","version":"1"},"entries":[\n' + ",\n".join(entries) + "\n]}}\n")
    return path, files


NGINX = """daemon off; worker_processes 1; pid %(folder)s/nginx.pid; error_log /dev/null; worker_rlimit_nofile 20000;
events { worker_connections 2048; }
http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; default_type text/plain;
       open_file_cache max=12000; client_body_temp_path %(folder)s/t1; proxy_temp_path %(folder)s/t2; fastcgi_temp_path %(folder)s/t3;
       server { listen 127.0.0.1:%(port)d; root %(files)s; } }
"""


def requests_a_second(port, seconds, script):
    done = subprocess.run([*pin(1), "wrk", "-t1", "-c32", "-d%ds" % seconds, "-s", script, "http://127.0.0.1:%d" % port], stdout=subprocess.PIPE, text=True)
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", done.stdout)
    found = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    if not found or bad:
        sys.exit("wrk: %s" % done.stdout)
    return float(found.group(1))


def part_answers(options, folder):
    if not shutil.which("wrk"):
        return skipped("answers", "wrk is not installed")
    recording, files = many(folder)
    os.chmod(folder, 0o755)  # nginx's worker is another user
    script = folder / "walk.lua"
    script.write_text('local n = 0\nrequest = function()\n  n = (n + 7919) %% %d\n  return wrk.format("GET", "/" .. n .. ".txt")\nend\n' % ENTRIES)
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    rates = {"streamserve, no log": [], "streamserve, log into a file": [], "nginx, the same bodies as files": []}
    for _ in range(options.rounds):
        command = [*pin(0), options.bin / "streamserve", "--no-delay", "--port", "0", recording]
        with running([*command, "-q"]) as (server, port):
            rates["streamserve, no log"].append(requests_a_second(port, options.seconds // 2, script))
        with open(folder / "log", "w") as log, running_logged(command, log) as port:
            rates["streamserve, log into a file"].append(requests_a_second(port, options.seconds // 2, script))
        if nginx:
            port = free_port()
            (folder / "nginx.conf").write_text(NGINX % {"folder": folder, "files": files, "port": port})
            with running([*pin(0), nginx, "-c", folder / "nginx.conf"], port) as (server, port):
                rates["nginx, the same bodies as files"].append(requests_a_second(port, options.seconds // 2, script))
    if not nginx:
        skipped("the row of nginx", "it is not installed")
    print("\n| answers of 1 KB out of %d | a second | beside nginx | load |\n|---|---|---|---|" % ENTRIES)
    base = rates["nginx, the same bodies as files"]
    for name, row in rates.items():
        if row:
            ratio = "%.2fx" % statistics.median(one / other for one, other in zip(row, base)) if base else ""
            print("| %s | %.0f | %s | %s |" % (name, statistics.median(row), ratio, load()), flush=True)


@contextlib.contextmanager
def running_logged(command, log):
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        yield int(server.stdout.readline().strip().rsplit(":", 1)[1])
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, default=HERE.parents[1] / "build/release/bin")
    parser.add_argument("--parts", default="open,memory,streams,sockets,answers")
    parser.add_argument("--clients", default="1000,2000")
    parser.add_argument("--sizes", default="10M,100M,1G")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--data", type=pathlib.Path, help="where the HARs of `open` are kept; without it they are made anew")
    options = parser.parse_args()
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    parts = options.parts.split(",")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        options.data = options.data or folder
        print("%d processors, load %s" % (os.cpu_count() or 1, load()))
        if "open" in parts:
            part_open(options)
        if "memory" in parts:
            part_memory(options, folder)
        if "streams" in parts:
            part_late(options, folder, "sse")
        if "sockets" in parts:
            part_late(options, folder, "websocket")
        if "answers" in parts:
            part_answers(options, folder)


if __name__ == "__main__":
    main()
