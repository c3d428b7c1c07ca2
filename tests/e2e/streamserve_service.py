#!/usr/bin/python3
"""What streamserve does besides answering: its log, the status page and the metrics, --once, --verify, --ready-file, mocks that are
read anew, SIGHUP and SIGTERM.

Needs curl and python3-prometheus-client; skipped (77) without, or failed where HARTAPE_REQUIRE_E2E=1 says that nothing may be.
"""
import json
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request

from streamserve_process import SAMPLES, STREAMSERVE, Server, curl, har_entry, skip, write_har

try:
    from prometheus_client.parser import text_string_to_metric_families
except ImportError:
    skip("python3-prometheus-client is not installed")
if shutil.which("curl") is None:
    skip("curl is not installed")

LIMIT = 20  # seconds for what takes a moment


def until(condition, what):
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def get(url):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=LIMIT) as answer:
        return answer.read().decode()


def two_pages(folder):
    return write_har(folder / "two.har", [har_entry("GET", "https://a.example/x", "one"), har_entry("GET", "https://a.example/y", "two")])


def slow_stream(folder, seconds):
    recording = folder / "slow.rec.ndjson"
    lines = [{"ev": "request", "id": "1", "t": 0, "request": {"method": "GET", "url": "https://h.test/slow"}},
             {"ev": "response", "id": "1", "t": 0, "kind": "text", "response": {"status": 200, "headers": []}},
             {"ev": "data", "id": "1", "t": 0.01, "data": "first\n"},
             {"ev": "data", "id": "1", "t": seconds, "data": "last\n"},
             {"ev": "end", "id": "1", "t": seconds, "reason": "eof"}]
    recording.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return recording


def the_log_is_json_on_request(folder):
    log_file = folder / "log.ndjson"
    with Server("--log", "ndjson", "--log-file", log_file, "--fault", "url=/y at=byte:1 truncate", two_pages(folder)) as server:
        assert curl(server.url + "/x") == b"one"
        curl("-o", "/dev/null", server.url + "/y", status=18)
        curl(server.url + "/z")
        curl("-H", "Content-Length: 1, 2", server.url + "/x")
        assert server.stop() == ""
    lines = [json.loads(line) for line in log_file.read_text().splitlines()]
    assert [line["event"] for line in lines] == ["answer", "answer", "miss", "refused"], lines
    answer, fault, miss, refused = lines
    assert answer["method"] == "GET" and answer["target"] == "/x" and answer["status"] == 200 and answer["exchange"] == "1", answer
    assert answer["bytes"] == 3 and answer["outcome"] == "complete" and 0 <= answer["lateness"] < LIMIT, answer
    assert re.fullmatch(r"127\.0\.0\.1:\d+", answer["client"]) and answer["host"] == server.url[7:], answer
    assert "truncated" in fault["fault"], fault
    assert miss["status"] == 404 and miss["nearest"]["differences"][0]["field"] == "path", miss
    assert refused["status"] == 400, refused
    with Server("--log", "none", two_pages(folder)) as server:
        curl(server.url + "/x")
        assert server.stop() == ""


def the_status_page_tells_what_goes_on(folder):
    with Server("--status", "0", slow_stream(folder, 30), two_pages(folder)) as server:
        until(lambda: "status: " in server.lines(), "the status page has no address")
        status = re.search(r"status: (\S+)", server.lines()).group(1)
        client = subprocess.Popen(["curl", "-sN", "--noproxy", "*", server.url + "/slow"], stdout=subprocess.PIPE)
        assert client.stdout.readline() == b"first\n"
        curl(server.url + "/x")
        curl(server.url + "/none")
        state = json.loads(get(status + "/status"))
        assert state["address"] == server.url
        assert state["answers"]["complete"] == 1 and state["answers"]["missed"] == 1, state
        assert state["unasked"] == 1 and [each["asked"] for each in state["exchanges"]] == [1, 1, 0], state
        assert [each["target"] for each in state["running"]] == ["/slow"] and state["connections"]["open"] >= 1, state
        metrics = get(status + "/metrics")
        values = dict(line.rsplit(" ", 1) for line in metrics.splitlines() if not line.startswith("#"))
        assert values["streamserve_answers_active"] == "1" and values['streamserve_requests_total{outcome="missed"}'] == "1", metrics
        assert values["streamserve_exchanges_unasked"] == "1", metrics
        buckets = [float(value) for name, value in values.items() if "_bucket" in name]
        assert buckets == sorted(buckets) and buckets[-1] == float(values["streamserve_lateness_seconds_count"]) > 0, metrics
        page = get(status + "/")
        assert "/slow" in page and "exchanges" in page, page
        assert curl("-o", "/dev/null", "-w", "%{http_code}", status + "/x") == b"404"
        assert curl("-o", "/dev/null", "-w", "%{http_code}", "-d", "x", status + "/status") == b"405"
        client.kill()
        client.wait()
        until(lambda: json.loads(get(status + "/status"))["answers"]["client_left"] == 1, "the client's leaving is not noticed")
        server.stop()


def the_metrics_are_what_prometheus_reads(folder):
    """By the rules of its own Python client."""
    with Server("--status", "0", two_pages(folder)) as server:
        until(lambda: "status: " in server.lines(), "the status page has no address")
        status = re.search(r"status: (\S+)", server.lines()).group(1)
        families = list(text_string_to_metric_families(get(status + "/metrics")))
        assert {family.type for family in families} == {"gauge", "counter", "histogram"}, families
        server.stop()


def once_ends_when_all_was_given(folder):
    with Server("--once", two_pages(folder)) as server:
        assert curl(server.url + "/x") == b"one"
        assert b"all recorded answers were given" in curl(server.url + "/x")
        assert curl(server.url + "/y") == b"two"
        assert server.process.wait(LIMIT) == 0


def verify_tells_what_was_not_as_recorded(folder):
    with Server("--verify", two_pages(folder)) as server:
        curl(server.url + "/x")
        curl(server.url + "/y")
        assert "verified: all 2 exchanges were asked for, and nothing else\n" in server.stop()
    with Server("--verify", two_pages(folder)) as server:
        curl(server.url + "/x")
        curl(server.url + "/none")
        log = server.stop(expected=1)
        assert "never asked for: exchange 2: GET /y\n" in log and "not as recorded: GET /none: not recorded\n" in log, log
        assert "not verified: 1 of 2 exchanges were never asked for; 1 times a client did something else\n" in log, log
    with Server("--verify", "--log", "none", "--exit-after", "1", two_pages(folder)) as server:
        curl(server.url + "/x")
        assert server.process.wait(LIMIT) == 1
        assert "not verified: 1 of 2 exchanges" in server.lines(), server.lines()


def the_ready_file_is_there_as_long_as_the_server(folder):
    ready = folder / "ready"
    with Server("--ready-file", ready, two_pages(folder)) as server:
        until(ready.exists, "there is no ready file")
        assert ready.read_text() == server.url + "\n"
        server.stop()
    assert not ready.exists()


def a_hangup_reads_the_recordings_anew(folder):
    har = two_pages(folder)
    stream = slow_stream(folder, 2)
    with Server("--speed", "2", har, stream) as server:
        client = subprocess.Popen(["curl", "-sN", "--noproxy", "*", server.url + "/slow"], stdout=subprocess.PIPE)
        assert client.stdout.readline() == b"first\n"
        write_har(har, [har_entry("GET", "https://a.example/x", "new")])
        server.process.send_signal(signal.SIGHUP)
        until(lambda: "the recordings were read anew: 2 exchanges" in server.lines(), "nothing was read anew")
        assert curl(server.url + "/x") == b"new"
        descriptors = pathlib.Path("/proc/%d/fd" % server.process.pid)
        opened = [str(each.readlink()) for each in descriptors.iterdir()]
        assert opened.count(str(har)) == 1, opened  # the one that was read first is let go of
        har.write_text("{ broken")
        server.process.send_signal(signal.SIGHUP)
        until(lambda: "the recordings stay as they were" in server.lines(), "a broken file is not reported")
        assert str(har) in server.lines()
        assert curl(server.url + "/x") == b"new"
        assert client.stdout.read() == b"last\n"  # what goes on has nothing to do with it
        client.wait()
        server.stop()


def termination_lets_answers_end(folder):
    with Server(slow_stream(folder, 2)) as server:
        client = subprocess.Popen(["curl", "-sN", "--noproxy", "*", server.url + "/slow"], stdout=subprocess.PIPE)
        assert client.stdout.readline() == b"first\n"
        host, port = server.url.split("//")[1].split(":")
        idle = socket.create_connection((host, int(port)), LIMIT)
        until(lambda: curl("-o", "/dev/null", "-w", "%{http_code}", server.url + "/none") == b"404", "no answer")
        server.process.send_signal(signal.SIGTERM)
        assert idle.recv(1) == b"", "a connection without a request is still there"
        curl(server.url + "/none", status=7)  # nobody listens any more
        assert client.stdout.read() == b"last\n"
        assert server.process.wait(LIMIT) == 0
        assert "no more requests; 1 answers go on" in server.lines(), server.lines()
    for arguments, signals in (([], 2), (["--drain", "100ms"], 1)):
        with Server(*arguments, slow_stream(folder, 60)) as server:
            client = subprocess.Popen(["curl", "-sN", "--noproxy", "*", server.url + "/slow"], stdout=subprocess.PIPE)
            assert client.stdout.readline() == b"first\n"
            for _ in range(signals):
                server.process.send_signal(signal.SIGTERM)
                time.sleep(0.1)  # two signals at once are one
            assert server.process.wait(LIMIT) == 0
            client.wait()


def mocks_go_before_recordings_and_are_read_anew(folder):
    mocks = folder / "mocks.json"
    (folder / "body.txt").write_text("from a file")

    def write(*all):
        beside = folder / "mocks.tmp"
        beside.write_text(json.dumps({"mocks": list(all)}))
        beside.rename(mocks)

    mock = {"request": {"url": "https://a.example/x"}, "response": {"body": "mocked"}}
    file = {"request": {"url": "https://a.example/file"}, "response": {"body": "@body.txt"}}
    nth = {"request": {"url": "https://a.example/busy", "nth": 2}, "response": {"statusCode": 503, "body": {"error": "busy"}}}
    write(mock, file, nth)
    with Server("--mocks", mocks, two_pages(folder)) as server:
        assert curl(server.url + "/x") == b"mocked"
        assert curl(server.url + "/y") == b"two"
        assert curl(server.url + "/file") == b"from a file"
        assert [curl("-o", "/dev/null", "-w", "%{http_code}", server.url + "/busy") for _ in range(3)] == [b"404", b"503", b"404"]
        # A client that asks as it asks a proxy names the host.
        proxy = ["curl", "-sSN", "--noproxy", "", "-x", server.url]
        assert subprocess.run([*proxy, "http://b.example/x"], stdout=subprocess.PIPE).stdout != b"mocked"
        mock["response"]["body"] = "another"
        write(mock)
        until(lambda: str(mocks) + " was read anew" in server.lines(), "the mocks were not read anew")
        assert curl(server.url + "/x") == b"another"
        mocks.write_text('{"mocks": [{"request": {}}]}')
        until(lambda: "the mocks stay as they were" in server.lines(), "broken mocks are not reported")
        assert curl(server.url + "/x") == b"another"
        assert re.search(r" 200 mock \S*mocks\.json:\d+:\d+: /mocks/0, 6 bytes", server.lines()), server.lines()
        server.stop()
    write(mock)
    with Server("--mocks", mocks, "--fault", "status=503") as server:  # alone, and with a fault
        assert curl("-o", "/dev/null", "-w", "%{http_code}", server.url + "/x") == b"503"
        server.stop()
    mocks.write_text('{"mocks": [{"request": {"url": "https://a.example/x"}, "response": {"statusCode": 42}}]}')
    done = subprocess.run([STREAMSERVE, "--port", "0", "--mocks", str(mocks)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2 and done.stdout == "" and re.match(r"\S+mocks\.json:1:\d+: \S+: error: ", done.stderr), done


def many_clients_at_once_and_a_drain_in_between(folder):
    """Nobody's answer is cut by a reload or a drain."""
    with Server("--no-delay", two_pages(folder)) as server:
        results = []

        def client():
            for _ in range(20):
                results.append(curl(server.url + "/x"))

        threads = [threading.Thread(target=client) for _ in range(4)]
        for thread in threads:
            thread.start()
        for _ in range(5):
            server.process.send_signal(signal.SIGHUP)
            time.sleep(0.05)
        for thread in threads:
            thread.join()
        assert results == [b"one"] * 80
        server.stop(signal.SIGTERM)


def main():
    tests = [the_log_is_json_on_request, the_status_page_tells_what_goes_on, the_metrics_are_what_prometheus_reads,
             once_ends_when_all_was_given, verify_tells_what_was_not_as_recorded, the_ready_file_is_there_as_long_as_the_server,
             a_hangup_reads_the_recordings_anew, termination_lets_answers_end, mocks_go_before_recordings_and_are_read_anew,
             many_clients_at_once_and_a_drain_in_between]
    for test in tests:
        with tempfile.TemporaryDirectory() as folder:
            test(pathlib.Path(folder))


if __name__ == "__main__":
    main()
