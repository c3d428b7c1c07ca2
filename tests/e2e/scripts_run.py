"""What harconv makes of a recording is run by the programs that it is for, against a server that keeps what it got: bash and curl,
Python with requests, node with fetch, httpyac (if it is installed) and a stand-in for k6. The requests must be those of the
recording, and nothing else may happen, however hostile it is. And what harconv reads of command lines must be what curl sends.
"""

import base64
import glob
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

BIN = os.environ["HARTAPE_BIN"]
HERE = os.path.dirname(os.path.abspath(__file__))
# What clients make themselves.
OWN = {"host", "content-length", "connection", "transfer-encoding", "keep-alive", "expect"}
FETCH = {"accept", "accept-language", "sec-fetch-mode", "user-agent", "accept-encoding"}


def fail(message):
    sys.exit(f"failed: {message}")


class Server:
    """Keeps every request as (method, target, [(name, value)], body)."""

    def __init__(self):
        self.requests = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            peer, _ = self.socket.accept()
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        with peer, peer.makefile("rb") as lines:
            line = lines.readline().rstrip(b"\r\n")
            if not line:
                return
            method, target, _ = line.split(b" ", 2)
            fields = []
            while True:
                field = lines.readline().rstrip(b"\r\n")
                if not field:
                    break
                name, value = field.split(b":", 1)
                fields.append((name.decode("latin-1"), value.strip(b" \t")))
            have = {name.lower(): value for name, value in fields}
            if b"100-continue" in have.get("expect", b""):
                peer.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            body = b""
            if have.get("transfer-encoding") == b"chunked":
                while size := int(lines.readline(), 16):
                    body += lines.read(size)
                    lines.readline()
                lines.readline()
            else:
                body = lines.read(int(have.get("content-length", b"0")))
            self.requests.append((method.decode(), target.decode("latin-1"), fields, body))
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n" + (b"" if method == b"HEAD" else b"ok"))

    def take(self):
        taken, self.requests = self.requests, []
        return taken


SERVER = Server()
BASE = f"http://127.0.0.1:{SERVER.port}"
HOST = f"127.0.0.1:{SERVER.port}"


def harconv(*arguments, stdin=None, status=0):
    done = subprocess.run([os.path.join(BIN, "harconv"), *arguments], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != status:
        fail(f"harconv {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr.decode()}")
    return done.stdout


def entry(method, target, fields=(), body=None, version="HTTP/1.1"):
    request = {
        "method": method, "url": BASE + target, "httpVersion": version, "cookies": [], "queryString": [], "headersSize": -1, "bodySize": 0,
        "headers": [{"name": "Host", "value": HOST}] + [{"name": n, "value": v} for n, v in fields],
    }
    if body is not None:
        request["headers"].append({"name": "Content-Length", "value": str(len(body))})
        request["postData"] = {"mimeType": "", "text": base64.b64encode(body).decode(), "_encoding": "base64"}
        try:
            request["postData"] = {"mimeType": "", "text": body.decode()}
        except UnicodeDecodeError:
            pass
    return {
        "startedDateTime": "2026-11-22T09:15:30.000Z", "time": 1, "request": request, "cache": {},
        "response": {"status": 200, "statusText": "OK", "httpVersion": "HTTP/1.1", "cookies": [], "headers": [],
                     "content": {"size": 0, "mimeType": ""}, "redirectURL": "", "headersSize": -1, "bodySize": -1},
        "timings": {"send": 0, "wait": 1, "receive": 0},
    }


def har(entries):
    return json.dumps({"log": {"version": "1.2", "creator": {"name": "x", "version": "1"}, "entries": entries}}).encode()


def expected(given, own=OWN):
    request = given["request"]
    body = b""
    if post := request.get("postData"):
        body = base64.b64decode(post["text"]) if post.get("_encoding") else post["text"].encode()
    fields = [(h["name"], h["value"].encode()) for h in request["headers"] if h["name"].lower() not in own]
    return (request["method"], request["url"][len(BASE):], fields, body)


def without(got, own):
    return (got[0], got[1], [field for field in got[2] if field[0].lower() not in own], got[3])


def compare(what, entries, got, own=OWN, ordered=True):
    if len(got) != len(entries):
        fail(f"{what}: {len(entries)} requests in the recording, {len(got)} came")
    for i, (given, seen) in enumerate(zip(entries, got)):
        wanted, found = expected(given, own), without(seen, own)
        if not ordered:
            wanted, found = [(m, u, sorted((n.lower(), v) for n, v in f), b) for m, u, f, b in (wanted, found)]
        if wanted != found:
            fail(f"{what}, request {i + 1}:\n  expected {wanted}\n  found    {found}")


class Folder:
    """An empty folder that must stay so, but for the script itself, which is beside it."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="hartape-scripts-")
        self.work = os.path.join(self.path, "work")
        self.home = os.path.join(self.path, "home")
        os.mkdir(self.work)
        os.mkdir(self.home)
        return self

    def run(self, name, text, *command, cwd=None):
        script = os.path.join(self.path, name)
        with open(script, "wb") as file:
            file.write(text)
        environment = {"PATH": os.environ["PATH"], "HOME": self.home, "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}
        done = subprocess.run([*command, script], cwd=cwd or self.work, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=120)
        if done.returncode != 0:
            fail(f"{' '.join(command)} {name} ended with {done.returncode}:\n{done.stderr.decode()}\n{text.decode(errors='replace')[:300]}")
        if made := os.listdir(self.work):
            fail(f"{name} has made {made}")
        return done.stdout

    def __exit__(self, *_):
        shutil.rmtree(self.path)


AGENT = [("User-Agent", "a/1"), ("Accept", "*/*")]
PLAIN = [
    entry("GET", "/"),
    entry("GET", "/a?b=c&d=%20e", AGENT),
    entry("GET", "/accept", [*AGENT, ("Accept-Encoding", "gzip, br")]),
    entry("POST", "/json", [*AGENT, ("Content-Type", "application/json")], b'{"a": "b"}'),
    entry("POST", "/form", [("Content-Type", "application/x-www-form-urlencoded")], b"a=b&c=d+e"),
    entry("POST", "/untyped", AGENT, b"x"),
    entry("POST", "/empty", AGENT, b""),
    entry("PUT", "/put", [("Content-Type", "text/plain")], b"x\ny"),
    entry("DELETE", "/delete", AGENT),
    entry("PATCH", "/patch", [("Content-Type", "text/plain; charset=utf-8")], "é€😀".encode()),
    entry("OPTIONS", "/options", [("Access-Control-Request-Method", "PUT"), ("Origin", "https://a.example")]),
    entry("HEAD", "/head", AGENT),
    entry("GET", "/cookies", [("Cookie", "a=b; c=\"d e\""), ("Referer", "https://a.example/?q=1")]),
    entry("POST", "/bytes", [("Content-Type", "application/octet-stream")], bytes(range(256)) * 3),
    entry("POST", "/zeros", [("Content-Type", "application/octet-stream")], b"\0" * 10),
    entry("POST", "/no-utf8", [("Content-Type", "text/plain")], b"caf\xe9 \xff'\"\\ $(touch y) \x01f00"),
    entry("POST", "/long", [("Content-Type", "text/plain")], b"0123456789'" * 200000),
    entry("POST", "/multipart", [("Content-Type", "multipart/form-data; boundary=b")],
          b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nv\r\n--b--\r\n'),
]
ODD = [
    "$(touch x)", "`touch x`", "'; touch x; '", "\"; touch x; \"", "a'b", "a\"b", "\\", "\\\\'", "$HOME ${HOME} $$", "!!", "!x", "*", "~",
    "#", "&& touch x", "| touch x", "> x", "%s%n", "^", "</script><!--", "\u2028\u2029", "\u202egnp", "é€😀", "{{x}}", "@/etc/passwd",
    "-o x", "--config x", "<(touch x)", "\\n\\x41\\u0041", "${`", "//", "b''", "'''", '"""', "\"\"\" + __import__('os').system('touch x') + \"\"\"",
]
HOSTILE = [entry("POST", f"/{i}", [*AGENT, ("Content-Type", "text/plain"), ("X-Odd", text)], text.encode()) for i, text in enumerate(ODD)]
HOSTILE += [
    entry("POST", "/line-feeds", [("Content-Type", "text/plain")], b"a\nb\r\n\ttouch x\n'\n$(touch x)\nEOF\nEND_OF_BODY\ntouch x\n"),
    entry("POST", "/at", [("Content-Type", "text/plain")], b"@/etc/passwd"),
    entry("POST", "/at-stdin", [("Content-Type", "text/plain")], b"@-"),
    entry("POST", "/controls", [("Content-Type", "text/plain")], bytes(range(1, 32)) + b"\x7f'touch x'"),
    entry("GET", "/--config", [*AGENT, ("--config", "/etc/passwd"), ("-o", "x"), ("$(touch", "x)")]),
    entry("GET", "/-o?x=$(touch+x)&y=`touch`;touch%20x;'", AGENT),
    entry("GET", "/glob/[1-3]/{a,b}?c[]=d", AGENT),
    entry("GET", "/a/../b/./c", AGENT),
    entry("GET", "/version", AGENT, version="HTTP/1.1\nX-Injected: 1\n\n### \nGET http://h/"),
    entry("GET", "/semicolon", [*AGENT, ("X-Empty", ""), ("X-Semicolon", ";"), ("X-Colon", ":")]),
]
# Names of fields that none can send are left out, and that is said.
SENT = [json.loads(json.dumps(e)) for e in HOSTILE]
for e in SENT:
    e["request"]["headers"] = [h for h in e["request"]["headers"] if re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", h["name"])]


def run_curl(folder):
    for what, entries, sent in (("plain", PLAIN, PLAIN), ("hostile", HOSTILE, SENT)):
        script = harconv("-", "--to", "curl", stdin=har(entries))
        folder.run("requests.sh", script, "bash", "-eu")
        compare(f"curl, {what}", sent, SERVER.take())
        # And what it says is read again.
        again = json.loads(harconv("-", "--from", "curl", "--to", "har", stdin=script))["log"]["entries"]
        for given, found in zip(sent, again):
            if expected(given) != expected(found):
                fail(f"curl, {what}, read again:\n  expected {expected(given)}\n  found    {expected(found)}")
        assert len(again) == len(sent)
    # Nothing that is no URL of http becomes an argument.
    odd = [entry("GET", "/")]
    for url in ("-o", "--config", "file:///etc/passwd", "/x", "", "http://", "http://$(touch x)/", "http://a b/", "scp://h/x", "data:,x"):
        odd.append(entry("GET", "/"))
        odd[-1]["request"]["url"] = url
    script = harconv("-", "--to", "curl", stdin=har(odd))
    if script.count(b"curl") != 1:
        fail(f"curl has a URL that is none:\n{script.decode()}")


def spelled(entries, characters):
    """Without requests whose URL the client spells in another way, and such as it does not send."""
    return [e for e in entries if not set(e["request"]["url"][len(BASE):]) & set(characters) and "/../" not in e["request"]["url"]]


def run_python(folder):
    for what, entries, sent in (("plain", PLAIN, PLAIN), ("hostile", HOSTILE, SENT)):
        folder.run("requests.py", harconv("-", "--to", "python", stdin=har(spelled(entries, "\"<>\\^`{|}"))), sys.executable, "-I", "-B")
        compare(f"Python requests, {what}", spelled(sent, "\"<>\\^`{|}"), SERVER.take())


def run_fetch(folder):
    node = shutil.which("node")
    if not node:
        return skip("node is not installed")
    for what, entries, sent in (("plain", PLAIN, PLAIN), ("hostile", HOSTILE, SENT)):
        entries, sent = spelled(entries, "\"<>\\^`{}'"), spelled(sent, "\"<>\\^`{}'")
        script = harconv("-", "--to", "fetch", stdin=har(entries))
        folder.run("requests.mjs", script, node, "--check")
        folder.run("requests.mjs", script, node)
        own = OWN | FETCH
        compare(f"fetch, {what}", sent, SERVER.take(), own, ordered=False)
    # Those that fetch would send of its own are sent as recorded where there are such, but for Sec-Fetch-Mode.
    given = [entry("GET", "/own", [("Accept", "a/b"), ("Accept-Language", "de"), ("User-Agent", "c/1"), ("Accept-Encoding", "br")])]
    folder.run("requests.mjs", harconv("-", "--to", "fetch", stdin=har(given)), node)
    compare("fetch, its own", given, SERVER.take(), OWN | {"sec-fetch-mode"}, ordered=False)


STUBS = {
    "http.js": """
export const calls = [];
const one = (method, url, body, params) => {
  const binary = body instanceof ArrayBuffer;
  calls.push({method, url, body: binary ? Buffer.from(body).toString('base64') : body, binary, params});
  return {status: 200};
};
export default {request: one, batch: (list) => list.map((call) => one(...call))};
""",
    "ws.js": """
export const sockets = [];
export default {connect(url, params, callback) {
  const seen = {url, params, sent: []};
  sockets.push(seen);
  let now = 0;
  const timers = [];
  const socket = {
    on(name, handler) { if (name === 'open') handler(); },
    setTimeout(handler, ms) { if (!(ms > 0)) throw new Error('timer'); timers.push([ms, handler]); },
    send(text) { seen.sent.push([now, text]); },
    sendBinary(bytes) { seen.sent.push([now, Buffer.from(bytes).toString('hex')]); },
    ping() { seen.sent.push([now, 'ping']); },
    close(code) { seen.sent.push([now, 'close', code]); },
  };
  callback(socket);
  for (const [ms, handler] of timers.sort((a, b) => a[0] - b[0])) { now = ms; handler(); }
}};
""",
    "encoding.js": "export default {b64decode: (text) => new Uint8Array(Buffer.from(text, 'base64')).buffer};",
    "index.js": "export const sleeps = []; export const sleep = (s) => sleeps.push(s); export const check = (r, rules) => { for (const f of Object.values(rules)) f(r); };",
}


def run_k6(folder):
    node = shutil.which("node")
    if not node:
        return skip("node is not installed")
    modules = os.path.join(folder.path, "node_modules", "k6")
    os.makedirs(modules)
    for name, text in STUBS.items():
        with open(os.path.join(modules, name), "w", encoding="utf-8") as file:
            file.write(text)
    with open(os.path.join(modules, "package.json"), "w", encoding="utf-8") as file:
        json.dump({"name": "k6", "type": "module", "exports": {".": "./index.js", "./http": "./http.js", "./ws": "./ws.js", "./encoding": "./encoding.js"}}, file)
    runner = b"""
import run from './script.mjs';
import {calls} from 'k6/http';
import {sockets} from 'k6/ws';
import {sleeps} from 'k6';
run();
console.log(JSON.stringify({calls, sockets, sleeps}));
"""

    def run(text):
        folder.run("script.mjs", text, node, "--check")
        return json.loads(folder.run("runner.mjs", runner, node))

    for what, entries, sent in (("plain", PLAIN, PLAIN), ("hostile", HOSTILE, SENT)):
        calls = run(harconv("-", "--to", "k6", stdin=har(entries)))["calls"]
        got = []
        for call in calls:
            body = base64.b64decode(call["body"]) if call["binary"] else (call["body"] or "").encode()
            fields = [(name, value.encode()) for name, value in call["params"]["headers"].items()]
            got.append((call["method"], call["url"][len(BASE):], fields, body))
        compare(f"k6, {what}", sent, got, ordered=False)
    # One that stands alone, a pause, and two that overlap.
    times = [("2026-11-22T09:15:30.000Z", 100), ("2026-11-22T09:15:32.600Z", 50), ("2026-11-22T09:15:32.620Z", 10)]
    entries = []
    for start, time in times:
        entries.append(entry("GET", "/"))
        entries[-1].update(startedDateTime=start, time=time, timings={"send": 0, "wait": time, "receive": 0})
    text = harconv("-", "--to", "k6", stdin=har(entries))
    if text.count(b"http.request(") != 1 or text.count(b"http.batch(") != 1 or run(text)["sleeps"] != [2.5]:
        fail(f"k6: expected a request, a pause of 2.5 s and a batch:\n{text.decode()}")
    # A WebSocket.
    socket_entry = entry("GET", "/ws", [("Upgrade", "websocket"), ("Sec-WebSocket-Key", "x"), ("Sec-WebSocket-Protocol", "chat")])
    socket_entry["request"]["url"] = "wss://h.example/ws"
    socket_entry["request"]["headers"][0]["value"] = "h.example"
    socket_entry["response"]["status"] = 101
    socket_entry["_webSocketMessages"] = [
        {"type": "send", "time": 1795338930.501, "opcode": 1, "data": "</script>\u2028'$(x)"},
        {"type": "receive", "time": 1795338930.6, "opcode": 1, "data": "answer"},
        {"type": "send", "time": 1795338931.001, "opcode": 2, "data": "AAH/"},
    ]
    sockets = run(harconv("-", "--to", "k6", stdin=har([socket_entry])))["sockets"]
    seen = sockets[0]
    if seen["url"] != "wss://h.example/ws" or list(seen["params"]["headers"]) != ["Sec-WebSocket-Protocol"]:
        fail(f"k6: another WebSocket: {seen}")
    if [sent[1] for sent in seen["sent"][:2]] != ["</script>\u2028'$(x)", "0001ff"] or seen["sent"][1][0] - seen["sent"][0][0] != 500:
        fail(f"k6: other messages: {seen['sent']}")


def run_http_file(folder):
    entries = [e for e in PLAIN + SENT if e["request"]["url"][len(BASE):] not in ("/bytes", "/zeros", "/no-utf8", "/controls", "/line-feeds")
               and e["request"]["method"] not in ("OPTIONS",)]
    text = harconv("-", "--to", "http-file", stdin=har(entries))
    again = json.loads(harconv("-", "--from", "http-file", "--to", "har", stdin=text))["log"]["entries"]
    assert len(again) == len(entries), (len(again), len(entries))
    for given, found in zip(entries, again):
        wanted = expected(given)
        wanted = (wanted[0], wanted[1].replace("{", "%7B").replace("}", "%7D"), *wanted[2:])
        if wanted != expected(found):
            fail(f"http-file, read again:\n  expected {wanted}\n  found    {expected(found)}")
    httpyac = os.environ.get("HARTAPE_HTTPYAC", os.path.join(HERE, "node_modules", ".bin", "httpyac"))
    if not os.path.exists(httpyac):
        return skip("httpyac is not in tests/e2e/node_modules")
    # httpyac looks for variables again in what stood for one and reads cookies in its own way,
    # leaves out the last line end of a multipart body, and node sends no header beyond ISO 8859-1.
    entries = [e for e in entries if len(e["request"].get("postData", {}).get("text", "")) < 10000 and "{{" not in json.dumps(e) and not re.search("/cookies|/multipart", e["request"]["url"])
               and all(max(map(ord, h["value"] or "x")) < 256 for h in e["request"]["headers"])]
    text = harconv("-", "--to", "http-file", stdin=har(spelled(entries, "\"<>\\^`{}'[]")))
    folder.run("requests.http", text, "node", httpyac, "send", "--all", "--silent", cwd=folder.path)
    own = OWN | {"accept", "accept-encoding", "user-agent"}
    compare("httpyac", spelled(entries, "\"<>\\^`{}'[]"), SERVER.take(), own, ordered=False)


def skip(reason):
    if os.environ.get("HARTAPE_REQUIRE_E2E") == "1" and "httpyac" not in reason:
        fail(reason)
    print(f"skipped: {reason}")


# Command lines as people have them: of Chrome, Firefox, Postman and by hand. They are read, and run.
COMMANDS = [
    # Chrome, "Copy as cURL (bash)".
    r"""curl 'BASE/api/items?page=2' \
  -H 'accept: application/json' \
  -H 'accept-language: de-DE,de;q=0.9' \
  -b 'session=8d1f; theme=dark' \
  -H 'sec-ch-ua: "Chromium";v="131", "Not_A Brand";v="24"' \
  -H 'user-agent: Mozilla/5.0' \
  --data-raw $'{"text":"it\'s \\u0041\u0021\\n"}' ;""",
    # Firefox.
    r"""curl 'BASE/form' --compressed -X POST -H 'User-Agent: Mozilla/5.0' -H 'Accept: */*' -H 'Content-Type: application/x-www-form-urlencoded' -H 'Referer: BASE/' --data-raw 'a=1&b=%20'""",
    # Postman.
    "curl --location --request POST 'BASE/post' \\\n--header 'Content-Type: application/json' \\\n--data-raw '{\n    \"a\": 1\n}'",
    "curl --location --globoff 'BASE/get?a[]=1' --header 'X-A: b'",
    "curl --location 'BASE/upload' --form 'a=\"b c\"' --form 'd=\"e;f\"'",
    # By hand.
    "curl BASE",
    "curl BASE?a=b",
    "curl -s -S -X PUT -d a=1 -d b=2 BASE/x",
    "curl -sSXDELETE BASE/x",
    "curl -I BASE/head",
    "curl --head BASE/",
    "curl -d 'x y' --data-urlencode 'a=b c&é' --data-urlencode '=q r' --data-urlencode 's~t' BASE/",
    "curl -G -d a=1 --data-urlencode 'b=c d' 'BASE/x?z=1'",
    "curl --json '{\"a\":1}' BASE/json",
    "curl --json '{' --json '}' -H 'Accept: text/x' BASE/json",
    "curl -u me:secret BASE/",
    "curl -A agent -e 'http://r/;auto' BASE/",
    "curl -H 'Accept:' -H 'X-Empty;' -H 'X-Two: 1' -H 'X-Two: 2' -H 'User-Agent:' BASE/",
    "curl --oauth2-bearer abc BASE/",
    "curl -r 0-99 BASE/",
    "curl -b a=b -b 'c=d' BASE/",
    "curl -b 'a=b;c' -H 'X: y' BASE/",
    "curl --url BASE/ --next -d x BASE/second --next -X PURGE BASE/third",
    "curl BASE/a BASE/b -d x",
    "curl --data-binary $'a\\nb\\x01c'x BASE/",
    "curl -d @- BASE/ <<'E'\na\nb\nE",
    "curl --data-binary @- BASE/ <<'E'\na $x\n\nb\nE",
    "curl --data-binary @- BASE/ <<< 'x  y'",
    "printf %s 'a b' | curl -d @- BASE/",
    "echo abc | curl --data-binary @- BASE/",
    "# comment\ncurl BASE/1 && curl BASE/2; curl BASE/3 # another\ncurl BASE/4 | cat > /dev/null\ncurl BASE/5 >/dev/null 2>&1 &\nwait",
    "curl \"BASE/q\" -H \"X-Quote: \\\"a\\\" \\$b \\`c \\\\ d\" --data \"a\\\nb\"",
    "curl BASE/ -H X-Bare:\\ a\\'b",
    "curl -F a=b -F 'c=d;type=text/plain' -F 'e=f;filename=\"g\"' --form-string 'h=@i;j' BASE/",
    "curl --http1.0 BASE/",
    "curl -X POST BASE/",
    "curl -d '' BASE/",
    "curl -H 'Host: other.example' BASE/",
    "curl -H 'Content-Type: text/plain' -d x BASE/",
    "curl --url-query 'a=b c' --url-query +d=%20 'BASE/?z'",
    "curl --compressed BASE/",
    "curl -k -L -sS --retry 2 --max-time 5 -o /dev/null -w '%{http_code}' BASE/",
    "curl --user-ag x BASE/",
    "curl --no-progress-meter --no-compressed BASE/",
    "X=1 curl BASE/env",
    "curl --user-agent '' BASE/",
    "curl -G BASE/ -d a",
    "curl -GI -d a=b BASE/",
    "curl 'http://me:p%40w@HOST/user'",
    "curl --path-as-is BASE/a/../b",
    "curl --post301 -d 'a\nb' BASE/",
    "curl --data-ascii 'a' --data-raw '@b' BASE/",
]


def normalized(request):
    method, target, fields, body = request
    fields = [(name, re.sub(rb"^curl/.*", b"curl", value)) for name, value in fields]
    boundaries = [re.search(rb"boundary=(\S+)", value) for name, value in fields if name.lower() == "content-type"]
    for found in filter(None, boundaries):
        boundary = found[1]
        body = body.replace(boundary, b"BOUNDARY")
        fields = [(name, value.replace(boundary, b"BOUNDARY")) for name, value in fields]
        # The boundaries' lengths differ.
        fields = [(name, b"*" if name == "Content-Length" else value) for name, value in fields]
    return (method, target, fields, body)


def read_curl(folder):
    failures = []
    for command in COMMANDS:
        text = command.replace("BASE", BASE).replace("HOST", HOST).encode() + b"\n"
        subprocess.run(["bash", "-c", text], cwd=folder.work, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60,
                              env={"PATH": os.environ["PATH"], "HOME": folder.home})
        real = SERVER.take()
        entries = json.loads(harconv("-", "--from", "curl", "--to", "har", stdin=text))["log"]["entries"]
        read = []
        for e in entries:
            method, target, fields, body = expected(e, set())
            read.append((method, "/" + e["request"]["url"].split("/", 3)[3], fields, body))
        real, read = [normalized(r) for r in real], [normalized(r) for r in read]
        if command.count("curl") > 2:
            real.sort(key=lambda r: r[1])  # in the background
            read.sort(key=lambda r: r[1])
        if not real or real != read:
            failures.append(f"{command}\n  curl sends {real}\n  read were  {read}")
    if failures:
        fail("\n".join(failures))


def corpus(folder):
    """What real programs have recorded: all that is written of it is in its language, and stays the same when it is read again."""
    files = sorted(glob.glob(os.path.join(HERE, "../../samples/*.har")))
    if path := os.environ.get("HARTAPE_CORPUS"):
        files += [name for name in sorted(glob.glob(os.path.join(path, "har", "*.har"))) if os.path.getsize(name) < 200000][::3]
    node = shutil.which("node")
    requests = 0
    for name in files:
        def convert(to):
            return subprocess.run([os.path.join(BIN, "harconv"), name, "--to", to], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout

        def check(to, suffix, *command):
            script = os.path.join(folder.path, "x" + suffix)
            with open(script, "wb") as file:
                file.write(convert(to))
            done = subprocess.run([*command, script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            if done.returncode != 0:
                fail(f"{name}, {to}:\n{done.stdout.decode()[:2000]}")

        check("curl", ".sh", "bash", "-n")
        compile(convert("python"), "x.py", "exec")
        if node:
            check("fetch", ".mjs", node, "--check")
            check("k6", ".mjs", node, "--check")
        for to in ("curl", "http-file", "http1"):
            once = convert(to)
            if not once or (to == "http-file" and (b"###" not in once or b"\r" in once)):
                continue
            done = subprocess.run([os.path.join(BIN, "harconv"), "-", "--from", to, "--to", "har"], input=once, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            twice = harconv("-", "--to", to, stdin=done.stdout)
            if done.returncode != 0 or once != twice:
                fail(f"{name} as {to} is another when it was read again, {len(once)} and {len(twice)} bytes\n{done.stderr.decode()[:1000]}")
            requests += once.count(b"curl '") if to == "curl" else 0
    print(f"{len(files)} files, {requests} requests")


def main():
    only = sys.argv[1:]
    for step in (run_curl, read_curl, run_python, run_fetch, run_k6, run_http_file, corpus):
        if only and step.__name__ not in only:
            continue
        with Folder() as folder:
            step(folder)
        print(f"{step.__name__}: done")


main()
