# mitmproxy's flow files: read as they stand, cut, broken and of other protocols; written, and read again.
cp "$SAMPLES/talk.mitm" two.mitm
tail -c +89 two.mitm >websocket
sed 's/2:id;2:f1;/2:id;2:f1#/' websocket >broken
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
