# A stream out of an entry: its bytes, its payload.
cat >in.har <<'END'
{
  "log": {
    "version": "1.2",
    "creator": {"name": "hand", "version": "1.0"},
    "entries": [
      {"startedDateTime": "2026-11-22T09:00:00.000Z", "time": 30, "request": {"method": "GET", "url": "http://a/1"}, "response": {"status": 200, "content": {"size": 2, "mimeType": "text/plain", "text": "hi"}}, "cache": {}, "timings": {"send": 0, "wait": 10, "receive": 20}},
      {"startedDateTime": "2026-11-22T09:00:01.000Z", "time": 500, "request": {"method": "GET", "url": "http://a/2"}, "response": {"status": 503, "content": {"size": 40, "mimeType": "text/event-stream", "text": "data: {\"a\": 1}\n\ndata: [DONE]\n\n"}}, "cache": {}, "timings": {"send": 0, "wait": 1, "receive": 1}}
    ]
  }
}
END
harconv --entry 1 --to raw in.har
harconv --entry 1 --to sse in.har
harconv --entry 1 --to ndjson in.har
harconv --entry 1 --to text in.har
harconv --entry 0 --to raw in.har; echo
harconv --entry 0 --to sse in.har
echo "exit $?"
harconv --entry 7 --to raw in.har
echo "exit $?"
