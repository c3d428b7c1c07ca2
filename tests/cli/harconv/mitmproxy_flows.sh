# mitmproxy's flow files: read as they stand, cut, broken and of other protocols; written, and read again.
cat >flow.py <<'EOF'
import sys
def value(tag, payload): return b"%d:%s%s" % (len(payload), payload, tag)
def put(v):
    if v is None: return b"0:~"
    if isinstance(v, bool): return value(b"!", b"true" if v else b"false")
    if isinstance(v, int): return value(b"#", str(v).encode())
    if isinstance(v, float): return value(b"^", repr(v).encode())
    if isinstance(v, bytes): return value(b",", v)
    if isinstance(v, str): return value(b";", v.encode())
    if isinstance(v, list): return value(b"]", b"".join(map(put, v)))
    return value(b"}", b"".join(put(k) + put(v) for k, v in v.items()))
t = 1700000000.0
http = {"version": 21, "type": "http", "id": "f1", "error": None, "intercepted": False, "is_replay": None, "marked": ":red_circle:", "metadata": {},
        "comment": "look", "timestamp_created": t,
        "client_conn": {"id": "c1", "peername": ["127.0.0.1", 50000], "sockname": ["127.0.0.1", 8080], "timestamp_start": t - 1},
        "server_conn": {"id": "s1", "peername": ["192.0.2.7", 80], "address": ["chat.example", 80], "timestamp_start": t + 0.25,
                        "timestamp_tcp_setup": t + 0.375},
        "request": {"host": "chat.example", "port": 80, "method": b"GET", "scheme": b"http", "authority": b"", "path": b"/talk?room=1",
                    "http_version": b"HTTP/1.1", "headers": [[b"Host", b"chat.example"]], "content": b"", "trailers": None, "timestamp_start": t,
                    "timestamp_end": t + 0.125},
        "response": {"status_code": 101, "reason": b"Switching Protocols", "http_version": b"HTTP/1.1", "headers": [[b"Upgrade", b"websocket"]],
                     "content": b"", "trailers": None, "timestamp_start": t + 0.5, "timestamp_end": t + 0.5},
        "websocket": {"messages": [[1, True, "h\u00e9".encode(), t + 1, False, False], [2, False, b"\0\xff", t + 2, True, False]],
                      "closed_by_client": False, "close_code": 1001, "close_reason": "going away", "timestamp_end": t + 3}}
tcp = {"version": 21, "type": "tcp", "id": "t1", "messages": [[True, b"x", t]]}
sys.stdout.buffer.write(put({"websocket": http, "tcp": tcp, "broken": {**http, "id": 7}}[sys.argv[1]]))
EOF
for kind in websocket tcp broken; do python3 flow.py "$kind" >"$kind"; done
cat tcp websocket >two.mitm
harconv --no-provenance two.mitm
harconv --no-provenance two.mitm -o two.har -q && harconv two.har -o again.mitm && harconv --no-provenance again.mitm -o again.har
cmp <(head -c 900 two.har) <(head -c 900 again.har) && echo "the same again"
# By its content, whatever its name is, from a pipe and compressed.
cp websocket flows.har && harconv --count flows.har
gzip -c websocket | harconv --count -
# What is broken costs itself; what is cut off is not there.
cat broken websocket >three.mitm && head -c 100 websocket >>three.mitm
harconv three.mitm -o three.har
echo "exit $?, $(harconv --count three.har)"
: >empty.mitm && harconv --no-provenance empty.mitm
echo "exit $?"
echo hello | harconv --from mitmproxy -
echo "exit $?"
harconv --max-entry 100 websocket
echo "exit $?"
# What a flow has no place for.
cat >lost.har <<'EOF'
{"log":{"version":"1.2","creator":{"name":"me","version":"1"},"entries":[
{"startedDateTime":"2026-11-22T09:15:30.000Z","time":1,"pageref":"p1","request":{"method":"GET","url":"https://e.example/#top","httpVersion":"h2","cookies":[],"headers":[],"queryString":[],"headersSize":-1,"bodySize":0},"response":{"status":200,"statusText":"","httpVersion":"h2","cookies":[],"headers":[],"content":{"size":0,"mimeType":""},"redirectURL":"","headersSize":-1,"bodySize":0},"cache":{},"timings":{"send":0,"wait":1,"receive":0}},
{"startedDateTime":"2026-11-22T09:15:30.000Z","time":1,"request":{"method":"GET","url":"data:text/plain,x","httpVersion":"","cookies":[],"headers":[],"queryString":[],"headersSize":-1,"bodySize":0},"response":{"status":200,"statusText":"","httpVersion":"","cookies":[],"headers":[],"content":{"size":0,"mimeType":""},"redirectURL":"","headersSize":-1,"bodySize":0},"cache":{},"timings":{"send":0,"wait":1,"receive":0}}]}}
EOF
harconv lost.har -o lost.mitm
echo "exit $?, $(harconv --count lost.mitm)"
