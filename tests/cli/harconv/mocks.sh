# Mocks that answer as a recording did: what repeats is counted, streams keep their pauses, bodies tell requests apart.
cat >in.har <<'END'
{"log": {"version": "1.2", "creator": {"name": "hand", "version": "1.0"}, "entries": [
{"startedDateTime": "2026-11-22T09:00:00.000Z", "time": 30, "request": {"method": "GET", "url": "http://a/1"}, "response": {"status": 200, "headers": [{"name": "Date", "value": "now"}, {"name": "Content-Type", "value": "application/json"}, {"name": "Content-Encoding", "value": "gzip"}], "content": {"size": 12, "mimeType": "application/json", "text": "{\"n\": 1.50}\n"}}, "cache": {}, "timings": {"send": 0, "wait": 10, "receive": 20}},
{"startedDateTime": "2026-11-22T09:00:01.000Z", "time": 30, "request": {"method": "GET", "url": "http://a/1"}, "response": {"status": 503, "headers": [], "content": {"size": 0, "mimeType": "x-unknown"}}, "cache": {}, "timings": {"send": 0, "wait": 10, "receive": 20}},
{"startedDateTime": "2026-11-22T09:00:02.000Z", "time": 30, "request": {"method": "GET", "url": "http://a/1"}, "response": {"status": 503, "headers": [], "content": {"size": 0, "mimeType": "x-unknown"}}, "cache": {}, "timings": {"send": 0, "wait": 10, "receive": 20}},
{"startedDateTime": "2026-11-22T09:00:03.000Z", "time": 30, "request": {"method": "POST", "url": "http://a/2", "postData": {"mimeType": "text/plain", "text": "one"}}, "response": {"status": 200, "content": {"size": 4, "mimeType": "text/plain", "text": "@ok!"}}, "cache": {}, "timings": {"send": 0, "wait": 10, "receive": 20}},
{"startedDateTime": "2026-11-22T09:00:04.000Z", "time": 30, "request": {"method": "POST", "url": "http://a/2", "postData": {"mimeType": "text/plain", "text": "someone (else)"}}, "response": {"status": 200, "content": {"size": 3, "mimeType": "image/png", "text": "/wAB", "encoding": "base64"}}, "cache": {}, "timings": {"send": 0, "wait": 10, "receive": 20}},
{"startedDateTime": "2026-11-22T09:00:05.000Z", "time": 0, "request": {"method": "GET", "url": "http://a/3"}, "response": {"status": 0, "content": {"size": 0, "mimeType": ""}}, "cache": {}, "timings": {"send": 0, "wait": 0, "receive": 0}}
]}}
END
harconv --to mocks in.har
echo "exit $?"
cat >in.rec.ndjson <<'END'
{"recording":1,"start":"2026-11-22T09:15:30Z"}
{"ev":"request","id":"1","t":0,"request":{"method":"GET","url":"http://a/sse"}}
{"ev":"response","id":"1","t":0.1,"kind":"sse","response":{"status":200,"headers":[{"name":"Content-Type","value":"text/event-stream"}]}}
{"ev":"data","id":"1","t":0.1,"data":": hb\n\nevent: a\nid: 7\nda"}
{"ev":"data","id":"1","t":0.15,"data":"ta: {\"x\":1}\n\ndata: b\n\n"}
{"ev":"data","id":"1","t":0.2,"data":"retry: 5\n\n"}
{"ev":"end","id":"1","t":0.2,"reason":"eof"}
{"ev":"request","id":"2","t":1,"request":{"method":"GET","url":"http://a/nd"}}
{"ev":"response","id":"2","t":1,"kind":"ndjson","response":{"status":200,"headers":[{"name":"Content-Type","value":"application/x-ndjson"}]}}
{"ev":"data","id":"2","t":1.0005,"data":"{\"a\":1}\n{\"a\""}
{"ev":"data","id":"2","t":1.5,"data":":2}\n"}
{"ev":"end","id":"2","t":1.5,"reason":"reset"}
{"ev":"request","id":"3","t":2,"request":{"method":"GET","url":"http://a/cut"}}
{"ev":"response","id":"3","t":2,"kind":"sse","response":{"status":200,"headers":[{"name":"Content-Type","value":"text/event-stream"}]}}
{"ev":"data","id":"3","t":2,"data":"data:x\n\n"}
{"ev":"data","id":"3","t":2.01,"data64":"/w=="}
{"ev":"end","id":"3","t":2.02,"reason":"eof"}
{"ev":"request","id":"4","t":3,"request":{"method":"GET","url":"ws://a/ws"}}
{"ev":"response","id":"4","t":3,"kind":"websocket","response":{"status":101}}
{"ev":"end","id":"4","t":4,"reason":"eof"}
END
harconv --to mocks -o out.mocks.json in.rec.ndjson
cat out.mocks.json
