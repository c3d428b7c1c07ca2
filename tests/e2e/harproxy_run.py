#!/usr/bin/python3
"""harproxy run: what a command does on the wire is recorded, whatever the command is; its environment, signals and exit status.

Needs curl, openssl and node; skipped (77) without, or failed where HARTAPE_REQUIRE_E2E=1 says that nothing may be.
"""
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

from harproxy_process import HARPROXY, LIMIT, Origin, certificates, check, each_in_a_folder, entries, run, skip, until, urls

if shutil.which("node") is None:
    skip("node is not installed")

TLS = tempfile.TemporaryDirectory(prefix="hartape-origins-")
CERTIFICATES = certificates(pathlib.Path(TLS.name) / "tls")
OPTIONS = ("--trust", CERTIFICATES / "ca.pem", "--overwrite")

# A program of Node before 22.21 asks for the proxy itself, as the agents of npm do.
NODE = """
const http = require('node:http'), tls = require('node:tls'), https = require('node:https');
const proxy = new URL(process.env.HTTPS_PROXY), url = new URL(process.argv[1]);
http.request({host: proxy.hostname, port: proxy.port, method: 'CONNECT', path: url.host}).on('connect', (_, socket) => {
  const through = tls.connect({socket, servername: url.hostname}, () => {
    https.get(url, {createConnection: () => through}, (answer) => {
      answer.setEncoding('utf8').on('data', (text) => process.stdout.write(text)).on('end', () => socket.end());
    });
  });
}).end();
"""

PYTHON = """
import sys, urllib.request
for url in sys.argv[1:]:
    sys.stdout.write(urllib.request.urlopen(url).read().decode())
"""


def commands_are_led_to_the_proxy_and_trust_it(folder):
    har = folder / "a.har"
    with Origin(CERTIFICATES) as origin, Origin() as plain:
        for command in (["curl", "-sS", origin.url + "/s", plain.url + "/p"], ["/usr/bin/python3", "-c", PYTHON, origin.url + "/s", plain.url + "/p"]):
            assert run(HARPROXY, "run", "-o", har, *OPTIONS, "--", *command) == b"hello from /shello from /p", command
            check(har)
            assert urls(har) == [origin.url + "/s", plain.url + "/p"], (command, urls(har))
        assert run(HARPROXY, "run", "-o", har, *OPTIONS, "--", "node", "-e", NODE, origin.url + "/node") == b"hello from /node"
        check(har)
        assert urls(har) == [origin.url + "/node"]


def pythons_requests_do_too(folder):
    import importlib.util
    if importlib.util.find_spec("requests") is None:
        print("python3-requests is not installed: not tried")
        return
    har = folder / "a.har"
    with Origin(CERTIFICATES) as origin:
        program = "import requests, sys; sys.stdout.write(requests.get(sys.argv[1]).text)"
        assert run(HARPROXY, "run", "-o", har, *OPTIONS, "--", "/usr/bin/python3", "-c", program, origin.url + "/r") == b"hello from /r"
    assert urls(har) == [origin.url + "/r"]


def the_exit_status_is_that_of_the_command(folder):
    har = folder / "a.har"

    def status(*command):
        done = subprocess.run([HARPROXY, "run", "-o", har, "--overwrite", "--", *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        return done.returncode, done.stdout, done.stderr

    assert status("true") == (0, "", "")
    assert status("sh", "-c", "echo out; echo err >&2; exit 7") == (7, "out\n", "err\n")
    assert status("sh", "-c", "kill -9 $$")[0] == 128 + 9
    assert status("/nonexistent/command")[0] == 127
    assert status("no-such-command-here") == (127, "", "no-such-command-here: error: there is no such command\n")
    assert status(str(folder))[0] == 126
    assert status("printf", "%s\n", "--", "-o", "[a,b]", "", "{x}")[1] == "--\n-o\n[a,b]\n\n{x}\n"
    check(har)


def signals_go_to_the_command(folder):
    har = folder / "a.har"
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        script = "trap 'echo got it; exit 5' INT TERM HUP; echo ready; while :; do sleep 0.05; done"
        process = subprocess.Popen([HARPROXY, "run", "-o", har, "--overwrite", "--", "bash", "-c", script], stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        assert process.stdout.read() == "got it\n"
        assert process.wait(LIMIT) == 5
        check(har)


def what_is_in_flight_when_the_command_ends_is_recorded(folder):
    har = folder / "a.har"
    with Origin() as origin:
        begin = time.monotonic()
        # The client in the background outlives the command; the proxy does not wait for it for ever.
        script = "curl -sN %s/endless >/dev/null & sleep 0.5; exit 0" % origin.url
        run(HARPROXY, "run", "-o", har, "--overwrite", "--", "sh", "-c", script)
        assert time.monotonic() - begin < 10
    check(har)
    (entry,) = entries(har)
    assert entry["response"]["content"]["text"].startswith("data: tick"), entry


def a_usual_signal_rotates_while_the_command_runs(folder):
    har = folder / "a.har"
    with Origin() as origin:
        script = "curl -s %s/one; echo; read -r _; curl -s %s/two" % (origin.url, origin.url)
        process = subprocess.Popen([HARPROXY, "run", "-o", har, "--", "bash", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "hello from /one\n"
        process.send_signal(signal.SIGUSR1)
        until((folder / "a-002.har").exists, "there is no second file")
        assert process.communicate("go\n", LIMIT)[0] == "hello from /two" and process.returncode == 0
    check(har, folder / "a-002.har")
    assert urls(har) == [origin.url + "/one"] and urls(folder / "a-002.har") == [origin.url + "/two"]


def what_could_not_be_recorded_is_a_failure(folder):
    full = "/dev/full"
    done = subprocess.run([HARPROXY, "run", "-o", full, "--", "true"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2 and "No space left" in done.stderr, done


if __name__ == "__main__":
    each_in_a_folder([commands_are_led_to_the_proxy_and_trust_it, pythons_requests_do_too, the_exit_status_is_that_of_the_command,
                      signals_go_to_the_command, what_is_in_flight_when_the_command_ends_is_recorded,
                      a_usual_signal_rotates_while_the_command_runs, what_could_not_be_recorded_is_a_failure])
