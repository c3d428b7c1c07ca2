"""Rules for servers, as harconv makes them of a recording. WireMock loads them and must answer each request as it was recorded, one
after another; it is run where its jar is (HARTAPE_WIREMOCK_JAR, or the npm package wiremock in tests/e2e) and there is Java. A
simulation of Hoverfly is checked with the rules of its schema (core/handlers/v2/schema.json there), and answered from by the rules
of its matchers.
"""

import base64
import glob
import gzip
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

BIN = os.environ["HARTAPE_BIN"]
HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLES = os.path.join(HERE, "../../samples")


def fail(message):
    sys.exit(f"failed: {message}")


def harconv(*arguments, stdin=None):
    done = subprocess.run([os.path.join(BIN, "harconv"), *arguments], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode not in (0, 2):
        fail(f"harconv {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr.decode()}")
    return done.stdout


def entry(method, path, status, headers, body, sent=None, sent_type=None, time_ms=5):
    request = {"method": method, "url": "http://h.example" + path, "httpVersion": "HTTP/1.1", "cookies": [], "queryString": [],
               "headers": [], "headersSize": -1, "bodySize": 0}
    if sent is not None:
        request["headers"].append({"name": "Content-Type", "value": sent_type})
        request["postData"] = {"mimeType": sent_type, "text": base64.b64encode(sent).decode(), "_encoding": "base64"}
    return {
        "startedDateTime": "2026-11-22T09:15:30.000Z", "time": time_ms, "request": request, "cache": {},
        "response": {"status": status, "statusText": "As recorded", "httpVersion": "HTTP/1.1", "cookies": [], "redirectURL": "",
                     "headers": [{"name": n, "value": v} for n, v in headers], "headersSize": -1, "bodySize": len(body),
                     "content": {"size": len(body), "mimeType": "", "text": base64.b64encode(body).decode(), "encoding": "base64"}},
        "timings": {"send": 0, "wait": time_ms, "receive": 0},
    }


ENTRIES = [
    entry("GET", "/", 200, [("Content-Type", "text/plain"), ("X-A", "1")], b"root"),
    entry("GET", "/turn?a=b&a=c%20d", 200, [("Content-Type", "text/plain")], b"one"),
    entry("GET", "/turn?a=b&a=c%20d", 200, [("Content-Type", "text/plain")], b"two"),
    entry("GET", "/turn?a=b&a=c%20d", 404, [("Content-Type", "text/plain")], b"three"),
    entry("GET", "/turn?a=b&a=c%20d", 404, [("Content-Type", "text/plain")], b"three"),
    entry("GET", "/bytes", 200, [("Content-Type", "application/octet-stream")], bytes(range(256))),
    entry("GET", "/gzip", 200, [("Content-Type", "text/plain"), ("Content-Encoding", "gzip")], b"coded " * 50),
    entry("GET", "/cookies", 302, [("Set-Cookie", "a=b"), ("Set-Cookie", "c=d; Path=/"), ("Location", "/")], b""),
    entry("GET", "/none", 204, [], b""),
    entry("GET", "/slow", 200, [("Content-Type", "text/plain")], b"slow", time_ms=300),
    entry("GET", "/%C3%A9/a%2Fb", 200, [("Content-Type", "text/plain; charset=utf-8")], "é".encode()),
    entry("POST", "/body", 200, [("Content-Type", "text/plain")], b"json", b'{"a": 1, "b": [2]}', "application/json"),
    entry("POST", "/body", 200, [("Content-Type", "text/plain")], b"text", b"a=b", "application/x-www-form-urlencoded"),
    entry("POST", "/body", 200, [("Content-Type", "text/plain")], b"binary", b"\xff\x00", "application/octet-stream"),
    entry("POST", "/upload", 200, [("Content-Type", "text/plain")], b"form", b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nc\r\n--b--\r\n', "multipart/form-data; boundary=b"),
]
HAR = json.dumps({"log": {"version": "1.2", "creator": {"name": "x", "version": "1"}, "entries": ENTRIES}}).encode()


def play(port):
    """Asks for all, and compares. The last answer to a request stays."""
    for i, given in enumerate(ENTRIES + [ENTRIES[4]]):
        request, response = given["request"], given["response"]
        peer = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        body = base64.b64decode(request["postData"]["text"]) if "postData" in request else None
        begun = time.monotonic()
        peer.request(request["method"], request["url"][len("http://h.example"):], body, {h["name"]: h["value"] for h in request["headers"]})
        answer = peer.getresponse()
        got = answer.read()
        took = time.monotonic() - begun
        peer.close()
        if answer.getheader("Content-Encoding") == "gzip":
            got = gzip.decompress(got)
        wanted = base64.b64decode(response["content"]["text"])
        if answer.status != response["status"] or got != wanted:
            fail(f"answer {i + 1} ({request['url']}): expected {response['status']} {wanted}, found {answer.status} {got}")
        for name in {h["name"] for h in response["headers"]}:
            values = [h["value"] for h in response["headers"] if h["name"] == name]
            if answer.headers.get_all(name) != values:
                fail(f"answer {i + 1} ({request['url']}): expected {name}: {values}, found {answer.headers.get_all(name)}")
        if took * 1000 < given["time"] - 5:
            fail(f"answer {i + 1} came after {took * 1000:.0f} ms, and took {given['time']} when it was recorded")


def wiremock():
    jars = [os.environ[n] for n in ("HARTAPE_WIREMOCK_JAR",) if n in os.environ] or glob.glob(os.path.join(HERE, "node_modules/wiremock/build/*.jar"))
    if not jars or not shutil.which("java"):
        print("skipped: WireMock is not in tests/e2e/node_modules, or there is no java")
        return
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(os.path.join(folder, "mappings"))
        with open(os.path.join(folder, "mappings", "all.json"), "wb") as file:
            file.write(harconv("-", "--to", "wiremock", stdin=HAR))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        with open(os.path.join(folder, "log"), "wb") as log:
            server = subprocess.Popen(["java", "-jar", jars[0], "--port", str(port), "--bind-address", "127.0.0.1", "--root-dir", folder], stdout=log, stderr=log)
        try:
            for _ in range(600):
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    if server.poll() is not None:
                        fail(f"WireMock ended:\n{open(os.path.join(folder, 'log')).read()}")
                    time.sleep(0.1)
            play(port)
        finally:
            server.kill()
            server.wait()
    print("WireMock: done")


# The rules of Hoverfly's schema.

def matchers(value, where):
    if not isinstance(value, list):
        fail(f"{where}: expected an array")
    for matcher in value:
        if not isinstance(matcher, dict) or not isinstance(matcher.get("matcher"), str) or set(matcher) - {"matcher", "value", "config", "doMatch"}:
            fail(f"{where}: not a matcher: {matcher}")


def states(value, where):
    if not isinstance(value, dict) or not all(k and isinstance(v, str) for k, v in value.items()):
        fail(f"{where}: states are strings")


def check(simulation):
    if set(simulation) != {"data", "meta"} or not isinstance(simulation["meta"]["schemaVersion"], str) or not simulation["meta"]["schemaVersion"].startswith("v5"):
        fail("a simulation has data and meta")
    for name in ("delays", "delaysLogNormal"):
        assert isinstance(simulation["data"]["globalActions"][name], list)
    for i, pair in enumerate(simulation["data"]["pairs"]):
        where = f"pair {i + 1}"
        request, response = pair["request"], pair["response"]
        if unknown := set(request) - {"path", "method", "destination", "scheme", "body", "headers", "query", "requiresState"}:
            fail(f"{where}: {unknown}")
        for name in ("path", "method", "destination", "scheme", "body"):
            matchers(request.get(name, []), f"{where}: {name}")
        for name in ("query", "headers"):
            for value in request.get(name, {}).values():
                matchers(value, f"{where}: {name}")
        states(request.get("requiresState", {}), where)
        kinds = {"status": int, "body": str, "encodedBody": bool, "headers": dict, "templated": bool, "fixedDelay": int, "transitionsState": dict}
        for name, value in response.items():
            if name not in kinds or type(value) is not kinds[name]:
                fail(f"{where}: response.{name} is {value!r}")
        if not all(isinstance(v, list) and all(isinstance(x, str) for x in v) for v in response["headers"].values()):
            fail(f"{where}: headers are arrays of strings")
        states(response.get("transitionsState", {}), where)


def answers(simulation):
    """By the rules of its matchers and of sequences, which begin with 1."""
    state = {}
    for pair in simulation["data"]["pairs"]:
        for key in pair["request"].get("requiresState", {}):
            state.setdefault(key, "1")
    for given in ENTRIES + [ENTRIES[4]]:
        request = given["request"]
        body = base64.b64decode(request["postData"]["text"]) if "postData" in request else b""
        found = None
        for pair in simulation["data"]["pairs"]:
            rule = pair["request"]
            if rule["method"][0]["value"] != request["method"] or not request["url"].startswith("http://" + rule["destination"][0]["value"]):
                continue
            path, _, query = request["url"][len("http://h.example"):].partition("?")
            # Go's URL.Path is decoded, and kept as it was where that would not be written so again.
            wanted = {"/%C3%A9/a%2Fb": "/%C3%A9/a%2Fb"}.get(path, path)
            if rule["path"][0]["value"] != wanted or ({"a": [{"matcher": "exact", "value": "b;c d"}]} if query else {}) != rule["query"]:
                continue
            if "body" in rule:
                value = rule["body"][0]["value"].encode()
                same = json.loads(value) == json.loads(body) if rule["body"][0]["matcher"] == "json" and body[:1] == b"{" else value == body
                if not same:
                    continue
            if any(state[key] != value for key, value in rule.get("requiresState", {}).items()):
                continue
            # The strongest is the one with most that is compared; of equals the later.
            if found is None or len(rule) >= len(found["request"]):
                found = pair
        if found is None:
            fail(f"Hoverfly would have no answer to {request['method']} {request['url']}")
        state.update(found["response"].get("transitionsState", {}))
        got = found["response"]["body"].encode()
        if found["response"]["encodedBody"]:
            got = base64.b64decode(got)
        if "Content-Encoding" in found["response"]["headers"]:
            got = gzip.decompress(got)
        if got != base64.b64decode(given["response"]["content"]["text"]) or found["response"]["status"] != given["response"]["status"]:
            fail(f"Hoverfly would answer {request['method']} {request['url']} with {found['response']}")


def main():
    simulation = json.loads(harconv("-", "--to", "hoverfly", stdin=HAR))
    check(simulation)
    answers(simulation)
    inputs = sorted(glob.glob(os.path.join(SAMPLES, "*.har")))
    if corpus := os.environ.get("HARTAPE_CORPUS"):
        inputs += sorted(glob.glob(os.path.join(corpus, "har", "*.har")))
    for path in inputs:
        if text := harconv(path, "--to", "hoverfly"):
            check(json.loads(text))
    print(f"Hoverfly: done, with {len(inputs)} files")
    wiremock()


main()
