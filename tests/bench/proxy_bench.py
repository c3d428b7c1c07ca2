#!/usr/bin/python3
"""harproxy, recording, beside haproxy, which records nothing, and mitmdump -w, in one run.

    proxy_bench.py [--bin DIR] [--output DIR] [--rounds 3] [--seconds 3] [--quick] [--real-time] [--only http,tls,websocket,memory,latency,large] [--check]

DIR holds harproxy and the load programs of this folder (build/release/bin). The relay under test runs on the second processor,
origin and load on the first. Rates are round by round beside each other and reported as medians; CPU is the relay's own, of all its threads and
processes, and of harproxy until everything is on the disk. Each recording is removed when it was measured. What is not
recorded whole is a goal missed. wrk, nginx, haproxy and mitmdump are Debian packages of these names (mitmproxy); without one of them its rows are left out,
and without wrk or nginx those of HTTP. With --check the exit status is 1 if a goal is missed.
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
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
MIB = 1 << 20
PINS = (os.cpu_count() or 1) > 1
RELAY, LOAD = 1, 0  # processors
REAL_TIME = False

NGINX = """worker_processes 1; daemon off; pid {run}/nginx.pid; error_log {run}/nginx.err;
events {{ worker_connections 4096; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; keepalive_timeout 600; open_file_cache max=100;
  client_body_temp_path {run}/t1; proxy_temp_path {run}/t2; fastcgi_temp_path {run}/t3; uwsgi_temp_path {run}/t4; scgi_temp_path {run}/t5;
  server {{
    listen 127.0.0.1:{http} backlog=4096; listen 127.0.0.1:{https} ssl backlog=4096;
    ssl_certificate {run}/cert.pem; ssl_certificate_key {run}/key.pem; root {run}/www;
  }}
}}
"""
HAPROXY = """global
  nbthread 1
  maxconn 8192
  ssl-server-verify none
defaults
  mode http
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  timeout tunnel 600s
  option http-keep-alive
  http-reuse always
frontend plain
  bind 127.0.0.1:{plain} backlog 4096
  default_backend plain
backend plain
  server origin 127.0.0.1:{http}
frontend kept
  bind 127.0.0.1:{kept} ssl crt {run}/both.pem alpn http/1.1
  default_backend kept
backend kept
  server origin 127.0.0.1:{https} ssl verify none
frontend new
  bind 127.0.0.1:{new} ssl crt {run}/both.pem alpn http/1.1 no-tls-tickets
  option httpclose
  default_backend new
backend new
  http-reuse never
  option httpclose
  server origin 127.0.0.1:{https} ssl verify none no-ssl-reuse
frontend websocket
  bind 127.0.0.1:{websocket}
  default_backend websocket
backend websocket
  server origin 127.0.0.1:{echo}
frontend stream
  bind 127.0.0.1:{stream}
  option http-no-delay
  default_backend stream
backend stream
  option http-no-delay
  server origin 127.0.0.1:{sse}
"""


def pinned(processor, command):
    words = [str(word) for word in command]
    if PINS:
        words = ["taskset", "-c", str(processor), *words]
    return ["chrt", "-f", "1", *words] if REAL_TIME else words


def free_ports(names):
    sockets = {name: socket.socket() for name in names}
    for each in sockets.values():
        each.bind(("127.0.0.1", 0))
    ports = {name: each.getsockname()[1] for name, each in sockets.items()}
    for each in sockets.values():
        each.close()
    return ports


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def processes(pid):
    """It and its children."""
    found = [pid]
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            for child in pathlib.Path(f"/proc/{pid}/task/{task}/children").read_text().split():
                found += processes(int(child))
    return found


def cpu_seconds(pid):
    total = 0
    for each in processes(pid):
        fields = pathlib.Path(f"/proc/{each}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def status_mib(pid, name):
    return max(int(re.search(name + r":\s+(\d+)", pathlib.Path(f"/proc/{each}/status").read_text())[1]) for each in processes(pid)) / 1024


def in_units(text):
    number, unit = re.fullmatch(r"([\d.]+)([a-zA-Z]*)", text).groups()
    return float(number) * {"us": 1e-3, "ms": 1, "s": 1e3, "m": 6e4}[unit]


class Harproxy:
    """One recording of one load."""

    def __init__(self, bench, form, arguments):
        self.bench, self.form = bench, form
        self.path = bench.out / ("harproxy." + {"ndjson": "rec.ndjson", "har": "har"}[form])
        command = [bench.options.bin / "harproxy", "--port", "0", "--progress", "never", "--overwrite", "-o", self.path, *bench.options.more.split(), *arguments]
        environment = dict(os.environ, XDG_DATA_HOME=str(bench.run), TMPDIR=str(bench.out))
        self.errors = open(bench.run / "harproxy.err", "w+", encoding="utf-8")
        self.process = subprocess.Popen(pinned(RELAY, command), stdout=subprocess.PIPE, stderr=self.errors, text=True, env=environment)
        line = self.process.stdout.readline()
        if ":" not in line:
            self.errors.seek(0)
            sys.exit("proxy_bench: error: harproxy does not start: " + self.errors.read())
        self.port = int(line.strip().rsplit(":", 1)[1])
        self.pid = self.process.pid
        self.before = cpu_seconds(self.pid)

    def stop(self):
        """CPU seconds since the start, peak MiB, and how much is not recorded."""
        peak = status_mib(self.pid, "VmHWM")
        self.process.send_signal(signal.SIGINT)
        while os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            with contextlib.suppress(OSError, TypeError):  # it has just ended
                peak = max(peak, status_mib(self.pid, "VmHWM"))
            time.sleep(0.005)
        _, status, usage = os.wait4(self.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self.errors.seek(0)
        text = self.errors.read()
        self.errors.close()
        lost = "; ".join(line for line in text.splitlines() if "warning" in line and "rec" in line)
        if self.process.returncode not in (0, 2):
            sys.exit(f"proxy_bench: error: harproxy ended with {self.process.returncode}: {text[-2000:]}")
        return usage.ru_utime + usage.ru_stime - self.before, peak, lost

    def remove(self):
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()


class Bench:
    def __init__(self, options):
        self.options = options
        self.run = pathlib.Path(tempfile.mkdtemp(prefix="hartape-proxy-"))  # configurations and certificates
        options.output.mkdir(parents=True, exist_ok=True)
        self.out = pathlib.Path(tempfile.mkdtemp(prefix="proxy-", dir=options.output))  # recordings
        self.started = []
        self.goals = []
        self.ports = free_ports(["http", "https", "plain", "kept", "new", "websocket", "stream", "echo", "sse", "mitm"])
        self.has = {name: shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin") for name in ("wrk", "nginx", "haproxy", "mitmdump")}
        for name, path in self.has.items():
            if path is None:
                print(f"proxy_bench: {name} is not installed: its rows are left out", file=sys.stderr)

    # Processes that stay.

    def start(self, name, processor, command, port):
        log = open(self.run / (name + ".log"), "wb")
        process = subprocess.Popen(pinned(processor, command), stdout=log, stderr=log, cwd=self.run, start_new_session=True)
        self.started.append(process)
        end = time.monotonic() + 20
        while not listens(port):
            if process.poll() is not None or time.monotonic() > end:
                sys.exit(f"proxy_bench: error: {name} does not listen: {(self.run / (name + '.log')).read_text()[-800:]}")
            time.sleep(0.05)
        return process

    def stop(self, process):
        self.started.remove(process)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(8)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def prepare(self):
        www = self.run / "www"
        www.mkdir()
        os.chmod(self.run, 0o755)
        block = b"0123456789abcdef" * 65536
        (www / "1k").write_bytes(block[:1024])
        (www / "1m").write_bytes(block)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", self.run / "key.pem", "-out", self.run / "cert.pem"],
                       check=True, stderr=subprocess.DEVNULL)
        (self.run / "both.pem").write_text((self.run / "cert.pem").read_text() + (self.run / "key.pem").read_text())
        (self.run / "nginx.conf").write_text(NGINX.format(run=self.run, **self.ports))
        (self.run / "haproxy.cfg").write_text(HAPROXY.format(run=self.run, **self.ports))
        self.start("echo", LOAD, [self.options.bin / "ws_load", "echo", self.ports["echo"]], self.ports["echo"])
        self.start("sse", LOAD, [self.options.bin / "sse_load", "origin", self.ports["sse"]], self.ports["sse"])
        if self.has["nginx"]:
            self.start("nginx", LOAD, [self.has["nginx"], "-c", self.run / "nginx.conf"], self.ports["http"])
        self.haproxy = None
        if self.has["haproxy"]:
            self.haproxy = self.start("haproxy", RELAY, [self.has["haproxy"], "-f", self.run / "haproxy.cfg"], self.ports["plain"])

    @contextlib.contextmanager
    def mitmdump(self, *arguments):
        """It, writing its flows; nothing where it is not installed."""
        if not self.has["mitmdump"]:
            yield None
            return
        command = [self.has["mitmdump"], "-q", "--listen-host", "127.0.0.1", "-p", self.ports["mitm"], "--ssl-insecure", "--set", f"confdir={self.run}/mitm",
                   "-w", self.out / "flows", *arguments]
        process = self.start("mitmdump", RELAY, command, self.ports["mitm"])
        try:
            yield process
        finally:
            self.stop(process)
            with contextlib.suppress(FileNotFoundError):
                (self.out / "flows").unlink()

    # Loads.

    def load(self, *command):
        done = subprocess.run(pinned(LOAD, [self.options.bin / command[0], *command[1:]]), stdout=subprocess.PIPE, text=True, check=True)
        return json.loads(done.stdout)

    def wrk(self, url, connections, *more):
        text = subprocess.run(pinned(LOAD, [self.has["wrk"], "-t1", f"-c{connections}", f"-d{self.options.seconds}s", "--latency", *more, url]),
                              stdout=subprocess.PIPE, text=True, check=True).stdout
        bad = re.search(r"Non-2xx.*|Socket errors: .*", text)
        # Of a relay that got nothing done in this time it is one, so that there are ratios.
        return {"count": max(1, int(re.search(r"(\d+) requests in", text)[1])),
                "per_s": max(1 / self.options.seconds, float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])),
                "p99_ms": in_units(re.search(r"\n\s+99%\s+(\S+)", text)[1]), "note": bad[0] if bad else ""}

    # Tables.

    def measure_harproxy(self, form, arguments, run):
        proxy = Harproxy(self, form, arguments)
        try:
            result = run(proxy.port)
        finally:
            cpu, peak, lost = proxy.stop()
            proxy.remove()
        return dict(result, cpu_us=cpu / result["count"] * 1e6, peak=peak, note=lost or result.get("note", ""))

    def measure_process(self, process, port, run):
        before = cpu_seconds(process.pid)
        result = run(port)
        result["cpu_us"] = (cpu_seconds(process.pid) - before) / result["count"] * 1e6
        result["peak"] = status_mib(process.pid, "VmHWM")
        with contextlib.suppress(FileNotFoundError):
            os.truncate(self.out / "flows", 0)
        return result

    def table(self, title, rows, goals, memory=True):
        """Rows: names and functions that measure. Goals: what is asked of "harproxy" beside another row."""
        results = {name: [] for name in rows}
        for number in range(self.options.rounds + (0 if self.options.quick else 1)):
            for name, measure in rows.items():
                result = measure()
                if number > 0 or self.options.quick:  # the first round warms up
                    results[name].append(result)
        middle = lambda name, key: statistics.median(result.get(key, float("nan")) for result in results[name])
        ratio = lambda name, other, key="per_s": statistics.median(a[key] / b[key] for a, b in zip(results[name], results[other]))
        print(f"\n| {title} | per s | of direct | of haproxy | times mitmdump | CPU µs each | p99 ms | peak MiB | |\n|---|---|---|---|---|---|---|---|---|")
        for name in rows:
            against = [f"{ratio(name, other):.{digits}f}" if other in rows else "" for other, digits in (("direct", 3), ("haproxy", 3), ("mitmdump -w", 1))]
            has_cpu = name != "direct"
            print(f"| {name} | {middle(name, 'per_s'):.0f} | {against[0]} | {against[1]} | {against[2]} | {middle(name, 'cpu_us'):.2f} | " * has_cpu
                  + f"| {name} | {middle(name, 'per_s'):.0f} | {against[0]} | {against[1]} | {against[2]} | | " * (not has_cpu)
                  + f"{middle(name, 'p99_ms'):.3f} | " + (f"{max(r['peak'] for r in results[name]):.1f} | " if has_cpu else "| ")
                  + f"{results[name][-1].get('note', '')} |", flush=True)
        for key, other, asked in goals:
            if other not in rows:
                continue
            least = key == "per_s"
            values = ratio("harproxy", other, key)
            what = f"{title}: {'rate' if least else 'CPU'} beside {other}"
            self.goal(what, f"{values:.2f}x", f"{'at least' if least else 'at most'} {asked}x", values >= asked if least else values <= asked)
        for name in rows:
            if not name.startswith("harproxy"):
                continue
            notes = [result["note"] for result in results[name] if result["note"]]
            if notes:
                self.goal(f"{title}: {name} records all", notes[0], "all", False)
            if memory:
                peak = max(result["peak"] for result in results[name])
                self.goal(f"{title}: {name}, memory", f"{peak:.1f} MiB", "below 64 MiB", peak < 64)

    def goal(self, what, measured, asked, met):
        self.goals.append((what, measured, asked, met))

    def rows(self, direct, haproxy, mitm, arguments, run):
        """`run(port, relay)` gives what a load measured."""
        rows = {"direct": lambda: run(direct, "direct")}
        if self.haproxy:
            rows["haproxy"] = lambda: self.measure_process(self.haproxy, haproxy, lambda port: run(port, "haproxy"))
        if mitm:
            rows["mitmdump -w"] = lambda: self.measure_process(mitm, self.ports["mitm"], lambda port: run(port, "mitmdump"))
        rows["harproxy"] = lambda: self.measure_harproxy("ndjson", arguments, lambda port: run(port, "harproxy"))
        rows["harproxy, HAR"] = lambda: self.measure_harproxy("har", arguments, lambda port: run(port, "harproxy"))
        return rows

    def http(self):
        if not self.has["wrk"] or not self.has["nginx"]:
            return
        target = f"http://127.0.0.1:{self.ports['http']}"
        with self.mitmdump("--mode", "reverse:" + target) as mitm:
            for name, connections, goals in (
                    ("1k", 32, [("per_s", "mitmdump -w", 25), ("per_s", "haproxy", 0.5), ("cpu_us", "haproxy", 2.5)]),
                    ("1m", 8, [("per_s", "mitmdump -w", 2.2), ("per_s", "haproxy", 0.4)])):
                run = lambda port, _: self.wrk(f"http://127.0.0.1:{port}/{name}", connections)
                self.table(f"HTTP, {name.upper()}B, {connections} connections", self.rows(self.ports["http"], self.ports["plain"], mitm, ["--target", target], run),
                           goals)

    def tls(self):
        if not self.has["wrk"] or not self.has["nginx"]:
            return
        origin = f"127.0.0.1:{self.ports['https']}"
        reverse = ["--target", "https://" + origin, "--tls", "--insecure", "127.0.0.1"]
        with self.mitmdump("--mode", f"reverse:https://{origin}") as mitm:
            run = lambda port, _: self.wrk(f"https://127.0.0.1:{port}/1k", 32)
            self.table("TLS on both sides, kept, 1KB, 32 connections", self.rows(self.ports["https"], self.ports["kept"], mitm, reverse, run), [("per_s", "haproxy", 0.5)])
            run = lambda port, _: self.wrk(f"https://127.0.0.1:{port}/1k", 8, "-H", "Connection: close")
            self.table("new TLS on both sides for each request", self.rows(self.ports["https"], self.ports["new"], mitm, reverse, run), [])
        with self.mitmdump() as mitm:
            for mode, goals in (("keep", []), ("new", [("per_s", "mitmdump -w", 4)])):
                run = lambda port, _: self.load("tunnel_load", port, origin, "/1k", "8", self.options.seconds, mode)
                rows = self.rows(0, 0, mitm, ["--insecure", "127.0.0.1"], run)
                rows = {name: rows[name] for name in rows if name not in ("direct", "haproxy")}
                self.table(f"CONNECT and TLS, {'kept' if mode == 'keep' else 'new for each request'}, 1KB, 8 at a time", rows, goals)

    def websocket(self):
        target = f"http://127.0.0.1:{self.ports['echo']}"
        seconds = self.options.seconds
        for size, window, goals, quick, slow in (
                (64, 64, [("per_s", "mitmdump -w", 300), ("per_s", "haproxy", 0.4)], 600000, 2500),
                (64, 1, [("per_s", "mitmdump -w", 15)], 15000, 1500),
                (16384, 64, [("per_s", "mitmdump -w", 12), ("per_s", "haproxy", 0.5)], 20000, 1200)):
            with self.mitmdump("--mode", "reverse:" + target) as mitm:  # it keeps the messages
                run = lambda port, relay: self.load("ws_load", "blast", port, (slow if relay == "mitmdump" else quick) * seconds, size, window, 4)
                self.table(f"WebSocket, {size} bytes, {window} in flight, 4 connections",
                           self.rows(self.ports["echo"], self.ports["websocket"], mitm, ["--target", target], run), goals)

    def memory(self):
        """Of many connections that do little, and of one that does much."""
        echo, sse = (["--target", f"http://127.0.0.1:{self.ports[name]}"] for name in ("echo", "sse"))
        count = 200 if self.options.quick else 1000
        for form in ("ndjson", "har"):
            for name, target, command in ((f"{count} idle WebSockets", echo, ["ws_load", "hold"]), (f"{count} slow SSE streams", sse, ["sse_load", "hold"])):
                proxy = Harproxy(self, form, target)
                more = ["1000"] if command[0] == "sse_load" else []
                with subprocess.Popen(pinned(LOAD, [self.options.bin / command[0], command[1], proxy.port, "4", *more]), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as warm:
                    warm.stdout.readline()
                    time.sleep(1)
                    before = status_mib(proxy.pid, "VmRSS")
                    held = subprocess.Popen(pinned(LOAD, [self.options.bin / command[0], command[1], proxy.port, count, *more]), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
                    held.stdout.readline()
                    time.sleep(3 if command[0] == "ws_load" else 6)
                    each = (status_mib(proxy.pid, "VmRSS") - before) * 1024 / count
                    held.stdin.close()
                    held.wait()
                    warm.stdin.close()
                peak, lost = proxy.stop()[1:]
                proxy.remove()
                self.goal(f"{name}, {form}: memory each", f"{each:.1f} KiB ({peak:.1f} MiB in all){lost}", "below 64 KiB", each < 64 and not lost)
            proxy = Harproxy(self, form, echo)
            samples, over = [], threading.Event()

            def sample():
                while not over.wait(0.05):
                    samples.append(status_mib(proxy.pid, "VmRSS"))

            watcher = threading.Thread(target=sample)
            watcher.start()
            messages = 200_000 if self.options.quick else 1_500_000
            self.load("ws_load", "blast", proxy.port, messages, 64, 64, 1)
            over.set()
            watcher.join()
            peak, lost = proxy.stop()[1:]
            proxy.remove()
            half = len(samples) // 2
            growth = max(samples[half:]) - max(samples[:half])
            self.goal(f"{2 * messages} messages on one socket, {form}: growth in the second half", f"{growth:.1f} MiB (peak {peak:.1f}){lost}", "below 2 MiB",
                      growth < 2 and peak < 64 and not lost)

    def latency(self):
        run = lambda port: self.load("sse_load", "listen", port, 100, 20, max(2, self.options.seconds))
        proxied = lambda form: self.measure_harproxy(form, ["--target", f"http://127.0.0.1:{self.ports['sse']}"], run)
        rows = {"direct": lambda: run(self.ports["sse"])}
        if self.haproxy:
            rows["haproxy"] = lambda: run(self.ports["stream"])
        rows.update({"harproxy": lambda: proxied("ndjson"), "harproxy, HAR": lambda: proxied("har")})
        results = {name: [] for name in rows}
        for _ in range(self.options.rounds):
            for name, measure in rows.items():
                results[name].append(measure())
        print("\n| 100 SSE streams, 50 events a second each | p50 ms | p99 ms | added at p99, ms |\n|---|---|---|---|")
        for name, measured in results.items():
            added = statistics.median(a["p99_ms"] - b["p99_ms"] for a, b in zip(measured, results["direct"]))
            print(f"| {name} | {statistics.median(r['p50_ms'] for r in measured):.3f} | {statistics.median(r['p99_ms'] for r in measured):.3f} | {added:.3f} |")
            if name.startswith("harproxy"):
                self.goal(f"added latency of an event, 100 streams, {name}", f"{added:.3f} ms at p99", "below 1 ms", added < 1)

    def large(self):
        size = (200 << 20) if self.options.quick else 2 << 30
        for form in ("ndjson", "har"):
            for verb, name in (("get", "download"), ("put", "upload")):
                proxy = Harproxy(self, form, ["--target", f"http://127.0.0.1:{self.ports['sse']}"])
                seconds = self.load("sse_load", verb, proxy.port, size)["seconds"]
                _, peak, lost = proxy.stop()
                recorded = proxy.path.stat().st_size
                proxy.remove()
                self.goal(f"{name} of {size >> 20} MiB, {form}: memory", f"{peak:.1f} MiB, {size / seconds / MIB:.0f} MiB/s, file of {recorded >> 20} MiB{lost}",
                          "recorded, below 128 MiB", peak < 128 and not lost and recorded > size)

    def finish(self):
        print("\n| goal | measured | asked | met |\n|---|---|---|---|")
        for what, measured, asked, met in self.goals:
            print(f"| {what} | {measured} | {asked} | {'yes' if met else '**no**'} |")
        missed = [what for what, _, _, met in self.goals if not met]
        for what in missed:
            print(f"proxy_bench: missed: {what}", file=sys.stderr)
        return 1 if missed and self.options.check else 0

    def close(self):
        for process in reversed(list(self.started)):
            self.stop(process)
        shutil.rmtree(self.run, ignore_errors=True)
        shutil.rmtree(self.out, ignore_errors=True)


PARTS = ("http", "tls", "websocket", "memory", "latency", "large")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build/release/bin", help="the folder of the tools")
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "build/bench-data", help="where the recordings are made")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3, help="how long each load lasts")
    parser.add_argument("--quick", action="store_true", help="short runs, for a look: one round of a second")
    parser.add_argument("--only", default=",".join(PARTS), help="parts, with commas between: " + " ".join(PARTS))
    parser.add_argument("--more", default="", help="more options for harproxy")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a goal is missed")
    parser.add_argument("--real-time", action="store_true", help="before all else that runs on this machine (root; it may stand still meanwhile)")
    options = parser.parse_args()
    global REAL_TIME
    REAL_TIME = options.real_time
    options.bin = options.bin.resolve()
    if options.quick:
        options.rounds, options.seconds = 1, 1
    # Many connections, and each is two.
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(8192, hard), hard))
    bench = Bench(options)
    try:
        bench.prepare()
        for part in options.only.split(","):
            if part not in PARTS:
                sys.exit(f"proxy_bench: error: --only: expected {', '.join(PARTS)}, found {part}")
            getattr(bench, part)()
        return bench.finish()
    finally:
        bench.close()


if __name__ == "__main__":
    sys.exit(main())
