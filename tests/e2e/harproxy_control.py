#!/usr/bin/python3
"""What harproxy does when it is told to: signals, the status page and the metrics, rotation, outputs that break, crashes, mocks, the line of counts.

Needs curl, openssl and python3-prometheus-client; skipped (77) without, or failed where HARTAPE_REQUIRE_E2E=1 says that nothing may be.
"""
import json
import os
import pty
import resource
import signal
import subprocess
import time

from harproxy_process import BIN, HARPROXY, LIMIT, Origin, Proxy, check, curl, each_in_a_folder, entries, get, run, skip, until, urls

try:
    from prometheus_client.parser import text_string_to_metric_families
except ImportError:
    skip("python3-prometheus-client is not installed")


def endless(proxy, origin):
    client = subprocess.Popen(["curl", "-sN", "-x", proxy.url, origin.url + "/endless"], stdout=subprocess.PIPE)
    assert client.stdout.readline() == b"data: tick\n"
    return client


def signals_let_exchanges_end_and_the_second_does_not(folder):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        har = folder / ("%d.har" % number)
        with Origin() as origin, Proxy("-o", har) as proxy:
            client = subprocess.Popen(["curl", "-sN", "-x", proxy.url, origin.url + "/chunks"], stdout=subprocess.PIPE)
            assert client.stdout.readline() == b"data: 0\n"
            proxy.stop(number)
            assert client.stdout.read() == b"\ndata: 1\n\ndata: 2\n\n"
            client.wait()
        check(har)
        (entry,) = entries(har)
        assert "_incomplete" not in entry and "_error" not in entry, entry
    har = folder / "endless.har"
    for options, count in ((["--drain", "200ms"], 1), (["--drain", "1h"], 2)):
        with Origin() as origin, Proxy("-o", har, "--overwrite", *options) as proxy:
            client = endless(proxy, origin)
            begin = time.monotonic()
            for _ in range(count):
                proxy.process.send_signal(signal.SIGINT)
                time.sleep(0.1)  # two signals at once are one
            assert proxy.process.wait(LIMIT) == 0 and time.monotonic() - begin < 5, proxy.lines()
            client.wait()
        check(har)
        (entry,) = entries(har)
        assert entry["response"]["content"]["text"].startswith("data: tick"), entry


def the_status_page_tells_and_takes_orders(folder):
    har, recording = folder / "a.har", folder / "a.rec.ndjson"
    with Origin() as origin, Proxy("-o", har, "-o", recording, "--status", "0", "--ready-file", folder / "ready") as proxy:
        page = proxy.status_url()
        until((folder / "ready").exists, "there is no ready file")
        assert (folder / "ready").read_text() == "%s\n%s\n" % (proxy.url, page)
        curl("-x", proxy.url, origin.url + "/one")
        client = endless(proxy, origin)
        code, text = get(page + "/status")
        state = json.loads(text)
        assert code == 200 and state["address"] == proxy.url and state["recording"] is True, state
        assert state["exchanges"] == {"open": 1, "all": 2, "failed": 0} and state["bytes"]["down"] > 0, state
        assert [output["files"] for output in state["recorded"]["outputs"]] == [[str(har)], [str(recording)]], state
        (live,) = [each for each in json.loads(get(page + "/connections")[1]) if each["state"] == "response"]
        assert live["url"] == origin.url + "/endless" and live["origin"] == origin.url[7:] and live["bytes"]["down"] > 0, live
        code, text = get(page + "/metrics")
        families = {family.name: family for family in text_string_to_metric_families(text)}
        assert {family.type for family in families.values()} == {"gauge", "counter"}, families
        assert families["harproxy_exchanges_active"].samples[0].value == 1
        assert {sample.labels["output"] for sample in families["harproxy_output_bytes"].samples} == {str(har), str(recording)}
        # What is in the files when it has answered.
        assert get(page + "/flush", "POST")[0] == 200
        assert urls(har) == [origin.url + "/one"] and urls(recording) == [origin.url + "/one", origin.url + "/endless"]
        assert json.loads(get(page + "/stop", "POST")[1])["recording"] is False
        curl("-x", proxy.url, origin.url + "/unseen")
        assert json.loads(get(page + "/start", "POST")[1])["recording"] is True
        curl("-x", proxy.url, origin.url + "/seen")
        assert get(page + "/rotate", "POST")[0] == 200
        until((folder / "a-002.har").exists, "there is no second file")
        for method, path, expected in (("GET", "/", 200), ("GET", "/none", 404), ("POST", "/status", 405), ("GET", "/stop", 405)):
            assert get(page + path, method)[0] == expected, path
        # What a page in a browser could do.
        own = page[7:]
        assert get(page + "/status", Host="evil.example:80")[0] == 403
        assert get(page + "/status", Host="localhost:1")[0] == 200
        assert get(page + "/stop", "POST", Origin="https://evil.example")[0] == 403
        assert get(page + "/stop", "POST", Origin="null")[0] == 403
        assert get(page + "/stop", "POST", Sec_Fetch_Site="cross-site")[0] == 403
        assert get(page + "/start", "POST", Origin="http://" + own)[0] == 200
        client.kill()
        client.wait()
        proxy.stop()
    assert not (folder / "ready").exists()
    check(har, recording, folder / "a-002.har", folder / "a-002.rec.ndjson")
    assert origin.url + "/unseen" not in urls(har) + urls(folder / "a-002.har")
    assert origin.url + "/seen" in urls(har) + urls(folder / "a-002.har")
    with Proxy("--status", "0") as proxy:  # nothing is recorded
        assert get(proxy.status_url() + "/flush", "POST")[0] == 409
        proxy.stop()


def a_signal_or_a_size_begins_the_next_file(folder):
    har, recording = folder / "a.har", folder / "a.rec.ndjson"
    with Origin() as origin, Proxy("-o", har, "-o", recording) as proxy:
        curl("-x", proxy.url, origin.url + "/one")
        proxy.process.send_signal(signal.SIGUSR1)
        until(lambda: proxy.lines().count("the next file") == 2, proxy.lines)
        curl("-x", proxy.url, origin.url + "/two")
        log = proxy.stop()
        assert "and 1 more: " in log, log
    check(har, recording, folder / "a-002.har", folder / "a-002.rec.ndjson")
    assert urls(har) == [origin.url + "/one"] and urls(folder / "a-002.har") == [origin.url + "/two"]
    assert urls(folder / "a-002.rec.ndjson") == [origin.url + "/two"]
    recording = folder / "b.rec.ndjson"
    with Origin() as origin, Proxy("-o", recording, "--rotate", "300kB") as proxy:
        for _ in range(4):
            curl("-x", proxy.url, origin.url + "/large")
            time.sleep(0.1)
        proxy.stop()
    files = sorted(folder.glob("b-*.rec.ndjson"))
    assert len(files) >= 2, files
    check(*files)


def a_broken_output_is_told_and_the_relay_goes_on(folder):
    har, recording = folder / "a.har", folder / "a.rec.ndjson"

    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))

    with Origin() as origin, Proxy("-o", har, "-o", recording, popen={"preexec_fn": small_files}) as proxy:
        curl("-x", proxy.url, origin.url + "/small")
        for _ in range(3):
            assert len(curl("-x", proxy.url, origin.url + "/large")) == 200_000
        until(lambda: "%s: cannot write" % recording in proxy.lines() and "%s: entries are incomplete" % har in proxy.lines(), proxy.lines)
        # There is room again.
        resource.prlimit(proxy.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        until(lambda: "%s: can be written again" % recording in proxy.lines(), proxy.lines)
        curl("-x", proxy.url, origin.url + "/after")
        log = proxy.stop(expected=2)
        assert log.count("%s: cannot write" % recording) == 1, log
        assert "could not be written" in log, log
    check(har, recording)
    for file in (har, recording):
        found = urls(file)
        assert found[0] == origin.url + "/small" and found[-1] == origin.url + "/after", (file, found)


def a_recording_that_was_cut_by_a_crash_is_read(folder):
    har, recording = folder / "a.har", folder / "a.rec.ndjson"
    with Origin() as origin, Proxy("-o", har, "-o", recording, "--fsync", "always") as proxy:
        curl("-x", proxy.url, origin.url + "/one")
        client = endless(proxy, origin)
        time.sleep(0.3)  # the HAR is up to date within 100 ms
        proxy.process.kill()
        proxy.process.wait()
        client.wait()
    assert urls(har) == [origin.url + "/one"]
    check(har)
    run(BIN / "harconv", recording, "-o", folder / "of-it.har")
    check(folder / "of-it.har")
    one, endless_one = entries(folder / "of-it.har")
    assert "_incomplete" not in one and endless_one["_incomplete"] and endless_one["response"]["content"]["text"].startswith("data: tick")


def the_recording_may_be_a_pipe(folder):
    with Origin() as origin:
        process = subprocess.Popen([HARPROXY, "--port", "0", "-o", "-", "--ready-file", folder / "ready"], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        until((folder / "ready").exists, "it is not ready")
        curl("-x", (folder / "ready").read_text().strip(), origin.url + "/one")
        process.send_signal(signal.SIGINT)
        out, log = process.communicate(timeout=LIMIT)
        assert process.returncode == 0 and "listening: " in log, log
    lines = [json.loads(line) for line in out.splitlines()]
    assert lines[0]["recording"] == 1 and [line["ev"] for line in lines[1:]] == ["request", "response", "data", "end"], lines


def mocks_answer_in_the_place_of_origins(folder):
    har, mocks = folder / "a.har", folder / "mocks.json"
    with Origin() as origin:
        mock = {"request": {"url": origin.url + "/mocked"}, "response": {"body": "from a mock"}}
        mocks.write_text(json.dumps({"mocks": [mock]}))
        with Proxy("-o", har, "--mocks", mocks) as proxy:
            assert curl("-x", proxy.url, origin.url + "/mocked") == b"from a mock"
            assert curl("-x", proxy.url, origin.url + "/other") == b"hello from /other"
            mock["response"]["body"] = "another"
            beside = folder / "mocks.tmp"
            beside.write_text(json.dumps({"mocks": [mock]}))
            beside.rename(mocks)
            until(lambda: "was read anew" in proxy.lines(), proxy.lines)
            assert curl("-x", proxy.url, origin.url + "/mocked") == b"another"
            proxy.stop()
        check(har)
        assert [entry.get("_mocked", False) for entry in entries(har)] == [True, False, True]


def a_terminal_has_a_line_of_counts(folder):
    main, other = pty.openpty()
    with Origin() as origin:
        process = subprocess.Popen([HARPROXY, "--port", "0", "-o", folder / "a.har", "--ready-file", folder / "ready"],
                                   stdout=subprocess.DEVNULL, stderr=other, env={**os.environ, "TERM": "xterm"})
        os.close(other)
        until((folder / "ready").exists, "it is not ready")
        curl("-x", (folder / "ready").read_text().strip(), origin.url + "/one")
        seen = b""
        begin = time.monotonic()
        while b"1 exchange, 0 open" not in seen:
            seen += os.read(main, 4096)
            assert time.monotonic() - begin < LIMIT, seen
        process.send_signal(signal.SIGINT)
        assert process.wait(LIMIT) == 0
        assert b"1 exchange, 0 open, 0 messages" in seen and b"1 recorded" in seen, seen
        os.close(main)
    with Proxy("-o", folder / "b.har", "--progress", "always", "-q") as proxy:
        assert proxy.stop() == ""


if __name__ == "__main__":
    each_in_a_folder([signals_let_exchanges_end_and_the_second_does_not, the_status_page_tells_and_takes_orders,
                      a_signal_or_a_size_begins_the_next_file, a_broken_output_is_told_and_the_relay_goes_on,
                      a_recording_that_was_cut_by_a_crash_is_read, the_recording_may_be_a_pipe, mocks_answer_in_the_place_of_origins,
                      a_terminal_has_a_line_of_counts])
