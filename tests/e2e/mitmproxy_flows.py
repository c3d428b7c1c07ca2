#!/usr/bin/python3
"""Flow files between harconv and Debian's mitmproxy: what mitmdump -w has recorded of HTTP and WebSockets is read as mitmproxy's own library reads it;
what harconv writes is loaded by mitmdump and by that library, and says the same; and a flow that was a HAR is the flow that it was, member by member.

Needs curl, openssl, mitmproxy and python3-websockets; skipped (77) without, or failed where HARTAPE_REQUIRE_E2E=1 says that nothing may be. With
HARTAPE_CORPUS every HAR and every flow file there goes the same way.
"""
import asyncio
import base64
import calendar
import contextlib
import json
import os
import pathlib
import re
import socket
import subprocess
import tempfile
import time

import mitmproxy_process
from harproxy_process import BIN, LIMIT, Origin, certificates, each_in_a_folder, run, skip
from mitmproxy_process import BINARY, Mitmdump, fetch, recorded

try:
    import websockets
except ImportError:
    skip("python3-websockets is not installed")
try:
    from mitmproxy import io as mitm_io
    from mitmproxy import version as mitm_version
except ImportError:
    skip("mitmproxy is not installed")

HARCONV = BIN / "harconv"
HAR_DUMP = pathlib.Path("/usr/share/doc/mitmproxy/examples/contrib/har_dump.py")
TLS = tempfile.TemporaryDirectory(prefix="hartape-origins-")
CERTIFICATES = certificates(pathlib.Path(TLS.name) / "tls")


class Handler(mitmproxy_process.Handler):
    def do_GET(self):
        path = self.path.partition("?")[0]
        if path == "/binary":
            self.answer(200, BINARY, ("Content-Type", "application/octet-stream"), ("Set-Cookie", "a=1; Path=/"), ("Set-Cookie", "b=two; Secure; HttpOnly"))
        elif path == "/latin":
            self.answer(200, "é".encode("latin-1"), ("Content-Type", "text/plain; charset=iso-8859-1"), ("X-Name", "é"))
        elif path == "/short":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"only this")
            self.close_connection = True
        else:
            super().do_GET()

    do_HEAD = do_GET


async def echo(client, path="/"):
    with contextlib.suppress(websockets.ConnectionClosed):
        async for message in client:
            if message == "close":
                await client.close(4001, "the server, é")
                return
            await client.send(message)


async def talk(port):
    """Two conversations: one is closed by the client, one by the server."""
    async with websockets.serve(echo, "127.0.0.1", 0) as server:
        origin = server.sockets[0].getsockname()[1]
        for last in ("client", "server"):
            tunnel = socket.create_connection(("127.0.0.1", port), LIMIT)
            tunnel.sendall(b"CONNECT localhost:%d HTTP/1.1\r\nHost: localhost:%d\r\n\r\n" % (origin, origin))
            assert tunnel.recv(1000).startswith(b"HTTP/1.1 200")
            tunnel.setblocking(False)
            client = await websockets.connect("ws://localhost:%d/talk?%s" % (origin, last), sock=tunnel, ping_interval=None)
            for message in ("hello é 😀", b"\x00\xff\xfe", "", "x" * 70_000):
                await client.send(message)
                assert await asyncio.wait_for(client.recv(), LIMIT) == message
            if last == "client":
                await client.close(4002, "the client")
            else:
                await client.send("close")
                await asyncio.wait_for(client.wait_closed(), LIMIT)


def record(folder, flows):
    (folder / "upload").write_bytes(BINARY)
    with Origin(CERTIFICATES) as secure, Origin() as plain, Mitmdump(folder, CERTIFICATES / "ca.pem", "-w", flows) as mitmdump:
        for origin in (secure, plain):
            origin.server.RequestHandlerClass = Handler
            for path, *options in (("/hello?a=1&b=%C3%A9&a=2#no",), ("/gzip.json", "--compressed"), ("/binary",), ("/latin",), ("/empty",), ("/json", "-I"),
                                   ("/chunks",), ("/echo", "-d", "name=Ada+%26+co", "-d", "empty="), ("/echo", "-T", folder / "upload"),
                                   ("/hello", "-H", "X-Twice: a", "-H", "x-twice: b", "-H", "X-Name: \xe9"), ("/short",)):
                status, said = fetch(mitmdump.url, mitmdump.ca, origin.url + path, *options)
                assert status == 0 or path == "/short", (path, said)
        asyncio.run(talk(mitmdump.port))
        # Nobody listens there: an error.
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        subprocess.run(["curl", "-sS", "--max-time", "10", "-x", mitmdump.url, "http://127.0.0.1:%d/" % port],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        time.sleep(0.2)  # so that the last flow is over
        mitmdump.stop()


def flows_of(file):
    with open(file, "rb") as source:
        return list(mitm_io.FlowReader(source).stream())


def legible(octets):
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def facts_of_flow(flow):
    """What mitmproxy's library says of a flow, in the terms of HAR."""
    request, response = flow.request, flow.response
    latin = any(legible(octets) != octets.decode("utf-8", "replace") for pair in request.headers.fields for octets in pair)

    def fields(message):
        strict = [pair for pair in message.headers.fields]
        read = (lambda octets: octets.decode("latin-1")) if any(legible(o) != o.decode("utf-8", "replace") for p in strict for o in p) else bytes.decode
        return [(read(name), read(value)) for name, value in strict]

    out = {
        "method": request.method,
        "url": request.pretty_url if request.method != "CONNECT" else None,
        "fields": fields(request),
        "sent": request.get_content(strict=False) or b"",
        "started": request.timestamp_start,
        "latin": latin,
    }
    if response:
        out.update(status=response.status_code, reason=response.reason, answer=fields(response), received=response.get_content(strict=False) or b"")
    if flow.websocket:
        out["messages"] = [("send" if m.from_client else "receive", int(m.type), m.content, m.timestamp) for m in flow.websocket.messages]
        out["close"] = (flow.websocket.close_code, flow.websocket.close_reason or "", bool(flow.websocket.closed_by_client))
    if flow.error:
        out["error"] = flow.error.msg
    return out


def octets_of(part):
    if "base64" in (part.get("encoding"), part.get("_encoding")):
        return base64.b64decode(part["text"])
    charset = re.search("charset=([^;]+)", part.get("mimeType", ""))
    return part.get("text", "").encode(charset.group(1) if charset else "utf-8")


def the_same(flow, entry):
    facts = facts_of_flow(flow)
    request, response = entry["request"], entry["response"]
    what = (request["method"], request["url"])
    assert facts["method"] == request["method"], what
    if facts["url"] is not None and not facts["latin"]:
        assert facts["url"].partition("#")[0] == ("http" + request["url"][2:] if request["url"].startswith("ws") else request["url"]).partition("#")[0], (facts, what)
    assert facts["fields"] == [(each["name"], each["value"]) for each in request["headers"]], (what, facts["fields"], request["headers"])
    assert facts["sent"] == octets_of(request.get("postData", {})), what
    assert time_of(entry["startedDateTime"]) == round(facts["started"] * 1e6), (what, entry["startedDateTime"], facts["started"])
    assert response["status"] == facts.get("status", 0), what
    if "status" in facts:
        assert facts["reason"] == response["statusText"], what
        assert facts["answer"] == [(each["name"], each["value"]) for each in response["headers"]], (what, facts["answer"])
        assert facts["received"] == octets_of(response["content"]), (what, response["content"])
    assert facts.get("error") == entry.get("_error"), (what, facts.get("error"), entry.get("_error"))
    messages = [(m["type"], m["opcode"], m["data"].encode() if m["opcode"] == 1 else base64.b64decode(m["data"]), m["time"])
                for m in entry.get("_webSocketMessages", [])]
    assert facts.get("messages", []) == messages, (what, facts.get("messages"), messages)
    if facts.get("close", (None,))[0] is not None:
        close = entry["_webSocketClose"]
        assert facts["close"] == (close["code"], close["reason"], close.get("dir") == "send"), (what, close)


def time_of(text):
    """Microseconds since 1970."""
    seconds, _, fraction = text.rstrip("Z").partition(".")
    return round((calendar.timegm(time.strptime(seconds, "%Y-%m-%dT%H:%M:%S")) + float("0." + (fraction or "0"))) * 1e6)


def state(flow):
    """Everything that mitmproxy keeps of a flow, but for what a HAR changes: what is coded is coded again."""
    out = flow.get_state()
    out.pop("backup", None)
    for half in ("request", "response"):
        if out.get(half) and "content-encoding" in (name.decode("latin-1").lower() for name, _ in out[half]["headers"]):
            message = getattr(flow, half)
            out[half]["content"] = message.get_content(strict=False)
            out[half]["headers"] = tuple(pair for pair in out[half]["headers"] if pair[0].lower() != b"content-length")
    return json.loads(json.dumps(out, default=lambda value: value.decode("latin-1")))


def loads_in_mitmdump(file, count):
    """As mitmdump itself shows them."""
    done = subprocess.run(["mitmdump", "-n", "-q", "-r", file, "-s", SHOW.name], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
    assert done.returncode == 0 and "rror" not in done.stdout, done.stdout
    assert "flows: %d" % count in done.stdout, done.stdout


SHOW = tempfile.NamedTemporaryFile("w", suffix=".py", prefix="hartape-show-")
SHOW.write('''
class Count:
    def __init__(self):
        self.flows = 0
    def response(self, flow):
        self.flows += 1
    def error(self, flow):
        self.flows += not flow.response
    def done(self):
        print("flows: %d" % self.flows)
addons = [Count()]
''')
SHOW.flush()


def what_mitmdump_records_is_what_we_read_and_what_we_write_is_what_it_reads(folder):
    assert mitm_version.FLOW_FORMAT_VERSION >= 17
    stage = recorded(folder, lambda stage: record(stage, stage / "theirs.mitm"))
    theirs = stage / "theirs.mitm"
    flows = flows_of(theirs)
    har = json.loads(run(HARCONV, "--to", "har", theirs))["log"]["entries"]
    assert len(flows) == len(har) >= 2 * 11 + 2 + 1, (len(flows), len(har))
    for flow, entry in zip(flows, har):
        the_same(flow, entry)
    assert sum("_webSocketMessages" in entry for entry in har) == 2
    closes = {entry["_webSocketClose"]["code"]: entry["_webSocketClose"] for entry in har if "_webSocketClose" in entry}
    assert closes[4002]["reason"] == "the client" and closes[4002]["dir"] == "send", closes
    assert closes[4001]["reason"] == "the server, é" and "dir" not in closes[4001], closes
    assert any("_error" in entry for entry in har)

    # As a HAR, and back: the same states.
    har_file, ours = stage / "ours.har", stage / "ours.mitm"
    run(HARCONV, theirs, "-o", har_file)
    run(HARCONV, har_file, "-o", ours)
    again = flows_of(ours)
    assert len(again) == len(flows)
    for a, b in zip(flows, again):
        before, after = state(a), state(b)
        assert before == after, [(key, before[key], after[key]) for key in before if before[key] != after[key]]
    with_answer = sum(bool(flow.response or flow.error) for flow in again)
    loads_in_mitmdump(ours, with_answer)
    # By way of pipes, the same bytes.
    assert run(HARCONV, "-", "--to", "mitmproxy", input=har_file.read_bytes()) == ours.read_bytes()
    print("%d flows, %d of them WebSockets, are the same in both, there and back" % (len(flows), 2))

    if HAR_DUMP.exists():
        # Its own export of ours is that of theirs. (Of an answer that was cut off it makes none.)
        exported = []
        for file in (theirs, ours):
            dumped = stage / (file.stem + "-dumped.har")
            run("mitmdump", "-n", "-q", "-r", file, "-s", HAR_DUMP, "--set", "hardump=%s" % dumped)
            exported.append(json.loads(dumped.read_text())["log"]["entries"])
        assert len(exported[0]) == len(exported[1]) > 20
        for a, b in zip(*exported):
            if "compression" in a["response"]["content"] and a["response"]["content"]["compression"] != 0:
                continue  # the body was coded again
            assert a == b, (a, b)
    else:
        print("%s is not there: documents were left out when mitmproxy was installed" % HAR_DUMP)


def hars_become_flows_that_load(folder):
    """HARs of other programs: what mitmproxy's library says of the flows is what the HAR says."""
    source = pathlib.Path(__file__).resolve().parents[2] / "samples"
    files = sorted(source.glob("*.har")) + sorted(source.glob("*.rec.ndjson"))
    if "HARTAPE_CORPUS" in os.environ:
        corpus = pathlib.Path(os.environ["HARTAPE_CORPUS"])
        files += sorted((corpus / "har").glob("*.har"))
    else:
        print("HARTAPE_CORPUS is not set: only samples")
    count = 0
    for file in files:
        flow_file = folder / "x.mitm"
        done = subprocess.run([HARCONV, "-q", file, "--overwrite", "-o", flow_file], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        if done.returncode != 0:
            continue  # no HAR, or broken: harconv has said so
        flows = flows_of(flow_file)
        entries = json.loads(run(HARCONV, "--to", "har", "-q", flow_file))["log"]["entries"]
        assert len(flows) == len(entries), file
        for flow, entry in zip(flows, entries):
            the_same(flow, entry)
        count += len(flows)
        # And the HAR that it was has said so.
        lines = (json.loads(line) for line in run(HARCONV, "--to", "harl", "-q", file).decode("utf-8", "replace").split("\n") if line)
        sources = [entry for entry in lines if entry.get("request", {}).get("url", "").partition(":")[0].lower() in ("http", "https", "ws", "wss")]
        if len(sources) != len(flows):
            continue  # it has relative URLs
        for flow, entry in zip(flows, sources):
            answer = entry.get("response") or {}
            status = answer.get("status") or 0
            assert status <= 0 or flow.response.status_code == status, (file, entry["request"]["url"])
            assert flow.request.method == entry["request"]["method"], (file, entry["request"]["url"])
            assert len(flow.websocket.messages if flow.websocket else ()) == \
                sum(message.get("opcode") in (1, 2) for message in entry.get("_webSocketMessages", ())), (file, entry["request"]["url"])
            text = answer.get("content", {}).get("text")
            if flow.response and text and "encoding" not in answer["content"]:
                assert flow.response.get_content(strict=False) == text.encode("utf-8", "replace"), (file, entry["request"]["url"])
    print("%d flows of %d files load, and say the same" % (count, len(files)))
    assert count > 10


def flows_of_the_corpus_are_read(folder):
    if "HARTAPE_CORPUS" not in os.environ:
        print("HARTAPE_CORPUS is not set")
        return
    corpus = pathlib.Path(os.environ["HARTAPE_CORPUS"])
    compared = 0
    for file in sorted(corpus.glob("*/*.mitm")):
        ours = folder / "x.mitm"
        run(HARCONV, "-q", file, "--overwrite", "-o", folder / "x.har")
        run(HARCONV, "-q", folder / "x.har", "--overwrite", "-o", ours)
        again = flows_of(ours)
        try:
            flows = flows_of(file)
        except Exception as error:  # newer than this mitmproxy, or older than any still reads
            print("%s: %s" % (file.name, error))
            continue
        if len(flows) != len(again):  # it has what was two flows twice
            print("%s: %d flows of mitmproxy's, %d of ours" % (file.name, len(flows), len(again)))
            continue
        entries = json.loads((folder / "x.har").read_bytes())["log"]["entries"]
        for a, b, entry in zip(flows, again, entries):
            the_same(a, entry)
            the_same(b, entry)
            compared += 1
    assert compared > 100, compared
    print("%d flows" % compared)


if __name__ == "__main__":
    each_in_a_folder([what_mitmdump_records_is_what_we_read_and_what_we_write_is_what_it_reads, hars_become_flows_that_load, flows_of_the_corpus_are_read])
